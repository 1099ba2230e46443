#pragma once

// Integer expressions over a client's facts (events.v1.Expression): checked before they are published, evaluated ever
// after.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kefu/events/v1/segment.pb.h"

namespace kefu::rules {

// Facts are handed over by the number of their ClientFact; the one numbered 0 is not used.
inline constexpr size_t kFacts = events::v1::ClientFact_ARRAYSIZE;

inline constexpr int kMostNodes = 64;
inline constexpr int kMostDepth = 16;

enum class ExpressionFault {
  kNone,
  // A divisor that is 0 whatever the facts are: it names none of them and its value is 0.
  kDividesByZero,
  // A division with two operands: it does not say what it gives if the divisor is 0.
  kDivisionUnguarded,
  // Too deep, too large, empty; an unknown operator or fact; a wrong number of operands: NOT takes one, SUBTRACT and
  // comparisons two, DIVIDE three, the others two or more.
  kInvalid,
};

// The first fault in reading order (an operation before its operands). Looks at no more than kMostNodes nodes.
ExpressionFault CheckExpression(const events::v1::Expression& expression);

// The value of an expression without fault. `facts` by number; one that is not there counts as 0. Operations go from
// the left; each step saturates at 64 bits; comparisons and AND, OR, NOT give 1 or 0, and take everything but 0 as
// true. Cannot fail, not even with an expression that was never checked: what means nothing is 0.
int64_t Evaluate(const events::v1::Expression& expression, std::span<const int64_t> facts);

// The facts an expression names, each once, in the order of first naming; at most `most`.
std::vector<events::v1::ClientFact> FactsNamed(const events::v1::Expression& expression, size_t most);

// Saturating arithmetic, as in expressions.
int64_t AddSaturating(int64_t a, int64_t b);
int64_t SubtractSaturating(int64_t a, int64_t b);
int64_t MultiplySaturating(int64_t a, int64_t b);

}  // namespace kefu::rules

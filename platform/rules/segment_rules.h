#pragma once

// The rules of a scheme as a whole: what must be refused before they are published, and which of them decides.

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "kefu/events/v1/segment.pb.h"

namespace kefu::rules {

inline constexpr int kMostRules = 32;

// What admission refuses in published rules and models, in the order it looks for them.
enum class RulesFault {
  kNone,
  kDividesByZero,
  kDivisionUnguarded,
  // Also: a model's term on a fact that there is none of.
  kExpressionInvalid,
  // Two rules give the same segment; write one with OR.
  kSegmentTwice,
  // No rule at all, or one that names no segment.
  kWithoutSegment,
  kModelScaleInvalid,
  kModelUsesScore,
  // More than kMostRules.
  kTooManySegments,
};

// The rule's name as verdicts have it, such as "rule_divides_by_zero"; empty for kNone. Lives for ever.
std::string_view NameOf(RulesFault fault);

// Ids and versions are not looked at.
RulesFault CheckSegmentRules(const events::v1::SegmentRulesPublished& rules);

// The place of the first rule whose condition is not 0; nothing where none holds.
std::optional<int> DecidingRule(const events::v1::SegmentRulesPublished& rules, std::span<const int64_t> facts);

}  // namespace kefu::rules

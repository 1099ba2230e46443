#include "platform/rules/expression.h"

#include <algorithm>
#include <limits>

namespace kefu::rules {
namespace {

using events::v1::ClientFact;
using events::v1::Expression;
using events::v1::Operation;

constexpr int64_t kLowest = std::numeric_limits<int64_t>::min();
constexpr int64_t kHighest = std::numeric_limits<int64_t>::max();

bool IsFact(ClientFact fact) {
  return fact != events::v1::CLIENT_FACT_UNSPECIFIED && events::v1::ClientFact_IsValid(fact);
}

bool TakesOperands(events::v1::Operator op, int count) {
  switch (op) {
    case events::v1::OPERATOR_NOT:
      return count == 1;
    case events::v1::OPERATOR_SUBTRACT:
    case events::v1::OPERATOR_LESS:
    case events::v1::OPERATOR_LESS_OR_EQUAL:
    case events::v1::OPERATOR_EQUAL:
      return count == 2;
    case events::v1::OPERATOR_DIVIDE:
      // Two are a fault of their own.
      return count == 2 || count == 3;
    case events::v1::OPERATOR_ADD:
    case events::v1::OPERATOR_MULTIPLY:
    case events::v1::OPERATOR_AND:
    case events::v1::OPERATOR_OR:
    case events::v1::OPERATOR_MIN:
    case events::v1::OPERATOR_MAX:
      return count >= 2;
    default:
      return false;
  }
}

class Checker {
 public:
  ExpressionFault Check(const Expression& expression, int depth) {
    if (++nodes_ > kMostNodes || depth > kMostDepth) return ExpressionFault::kInvalid;
    switch (expression.kind_case()) {
      case Expression::kConstant:
        return ExpressionFault::kNone;
      case Expression::kFact:
        return IsFact(expression.fact()) ? ExpressionFault::kNone : ExpressionFault::kInvalid;
      case Expression::kOperation:
        return CheckOperation(expression.operation(), depth);
      default:
        return ExpressionFault::kInvalid;
    }
  }

 private:
  ExpressionFault CheckOperation(const Operation& operation, int depth) {
    if (!TakesOperands(operation.operator_(), operation.operands_size())) return ExpressionFault::kInvalid;
    if (operation.operator_() == events::v1::OPERATOR_DIVIDE) {
      if (IsAlwaysZero(operation.operands(1), depth + 1)) return ExpressionFault::kDividesByZero;
      if (operation.operands_size() == 2) return ExpressionFault::kDivisionUnguarded;
    }
    for (const Expression& operand : operation.operands())
      if (const auto fault = Check(operand, depth + 1); fault != ExpressionFault::kNone) return fault;
    return ExpressionFault::kNone;
  }

  static bool IsAlwaysZero(const Expression& divisor, int depth) {
    // What is itself at fault is told when its turn comes.
    return Checker().Check(divisor, depth) == ExpressionFault::kNone && FactsNamed(divisor, 1).empty() &&
           Evaluate(divisor, {}) == 0;
  }

  int nodes_ = 0;
};

int64_t Divide(int64_t a, int64_t b, int64_t if_zero) {
  if (b == 0) return if_zero;
  // The only quotient that does not fit.
  if (a == kLowest && b == -1) return kHighest;
  return a / b;
}

int64_t EvaluateOperation(const Operation& operation, std::span<const int64_t> facts) {
  const auto& operands = operation.operands();
  if (!TakesOperands(operation.operator_(), operands.size())) return 0;
  const auto value = [&](int i) { return Evaluate(operands[i], facts); };
  const auto fold = [&](auto step) {
    int64_t result = value(0);
    for (int i = 1; i < operands.size(); ++i) result = step(result, value(i));
    return result;
  };
  switch (operation.operator_()) {
    case events::v1::OPERATOR_ADD:
      return fold(AddSaturating);
    case events::v1::OPERATOR_SUBTRACT:
      return SubtractSaturating(value(0), value(1));
    case events::v1::OPERATOR_MULTIPLY:
      return fold(MultiplySaturating);
    case events::v1::OPERATOR_DIVIDE:
      return Divide(value(0), value(1), operands.size() > 2 ? value(2) : 0);
    case events::v1::OPERATOR_LESS:
      return value(0) < value(1) ? 1 : 0;
    case events::v1::OPERATOR_LESS_OR_EQUAL:
      return value(0) <= value(1) ? 1 : 0;
    case events::v1::OPERATOR_EQUAL:
      return value(0) == value(1) ? 1 : 0;
    case events::v1::OPERATOR_AND:
      return std::all_of(operands.begin(), operands.end(),
                         [&](const Expression& e) { return Evaluate(e, facts) != 0; });
    case events::v1::OPERATOR_OR:
      return std::any_of(operands.begin(), operands.end(),
                         [&](const Expression& e) { return Evaluate(e, facts) != 0; });
    case events::v1::OPERATOR_NOT:
      return value(0) == 0 ? 1 : 0;
    case events::v1::OPERATOR_MIN:
      return fold([](int64_t a, int64_t b) { return std::min(a, b); });
    case events::v1::OPERATOR_MAX:
      return fold([](int64_t a, int64_t b) { return std::max(a, b); });
    default:
      return 0;
  }
}

void AddFactsNamed(const Expression& expression, size_t most, std::vector<ClientFact>* facts) {
  if (facts->size() >= most) return;
  if (expression.kind_case() == Expression::kFact) {
    if (std::find(facts->begin(), facts->end(), expression.fact()) == facts->end()) facts->push_back(expression.fact());
  } else if (expression.kind_case() == Expression::kOperation) {
    for (const Expression& operand : expression.operation().operands()) AddFactsNamed(operand, most, facts);
  }
}

}  // namespace

int64_t AddSaturating(int64_t a, int64_t b) {
  int64_t sum;
  return __builtin_add_overflow(a, b, &sum) ? (b < 0 ? kLowest : kHighest) : sum;
}

int64_t SubtractSaturating(int64_t a, int64_t b) {
  int64_t difference;
  return __builtin_sub_overflow(a, b, &difference) ? (b > 0 ? kLowest : kHighest) : difference;
}

int64_t MultiplySaturating(int64_t a, int64_t b) {
  int64_t product;
  return __builtin_mul_overflow(a, b, &product) ? ((a < 0) != (b < 0) ? kLowest : kHighest) : product;
}

ExpressionFault CheckExpression(const Expression& expression) { return Checker().Check(expression, 1); }

int64_t Evaluate(const Expression& expression, std::span<const int64_t> facts) {
  switch (expression.kind_case()) {
    case Expression::kConstant:
      return expression.constant();
    case Expression::kFact: {
      const auto number = static_cast<size_t>(expression.fact());
      return number < facts.size() ? facts[number] : 0;
    }
    case Expression::kOperation:
      return EvaluateOperation(expression.operation(), facts);
    default:
      return 0;
  }
}

std::vector<ClientFact> FactsNamed(const Expression& expression, size_t most) {
  std::vector<ClientFact> facts;
  AddFactsNamed(expression, most, &facts);
  return facts;
}

}  // namespace kefu::rules

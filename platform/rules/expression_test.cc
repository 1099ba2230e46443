#include "platform/rules/expression.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <limits>
#include <random>
#include <string>

namespace kefu::rules {
namespace {

using namespace events::v1;  // NOLINT: operators and facts by their names

constexpr int64_t kLowest = std::numeric_limits<int64_t>::min();
constexpr int64_t kHighest = std::numeric_limits<int64_t>::max();

Expression C(int64_t value) {
  Expression expression;
  expression.set_constant(value);
  return expression;
}
Expression F(ClientFact fact) {
  Expression expression;
  expression.set_fact(fact);
  return expression;
}
template <class... Each>
Expression Op(Operator op, const Each&... operands) {
  Expression expression;
  expression.mutable_operation()->set_operator_(op);
  (void(*expression.mutable_operation()->add_operands() = operands), ...);
  return expression;
}

uint64_t Seed() {
  const char* given = std::getenv("KEFU_SEED");
  return given != nullptr ? std::strtoull(given, nullptr, 10) : 20260301;
}

TEST(Check, EachFaultIsToldByItsName) {
  const Expression trades = F(CLIENT_FACT_TRADES_3M);
  struct Line {
    const char* what;
    Expression expression;
    ExpressionFault fault;
  };
  Expression deep = C(1);
  for (int depth = 1; depth < kMostDepth; ++depth) deep = Op(OPERATOR_NOT, deep);
  Expression wide = Op(OPERATOR_ADD);
  for (int i = 1; i < kMostNodes; ++i) *wide.mutable_operation()->add_operands() = C(1);
  Expression too_wide = wide;
  *too_wide.mutable_operation()->add_operands() = C(1);
  const Line lines[] = {
      {"a number", C(0), ExpressionFault::kNone},
      {"a fact", trades, ExpressionFault::kNone},
      {"nothing", Expression(), ExpressionFault::kInvalid},
      {"no fact", F(CLIENT_FACT_UNSPECIFIED), ExpressionFault::kInvalid},
      {"a fact of a later version", F(static_cast<ClientFact>(999)), ExpressionFault::kInvalid},
      {"no operator", Op(OPERATOR_UNSPECIFIED, C(1), C(2)), ExpressionFault::kInvalid},
      {"an operator of a later version", Op(static_cast<Operator>(99), C(1), C(2)), ExpressionFault::kInvalid},
      {"guarded", Op(OPERATOR_DIVIDE, C(1), trades, C(0)), ExpressionFault::kNone},
      {"guarded by what is at fault", Op(OPERATOR_DIVIDE, C(1), trades, Expression()), ExpressionFault::kInvalid},
      {"not guarded", Op(OPERATOR_DIVIDE, C(1), trades), ExpressionFault::kDivisionUnguarded},
      {"not guarded, by a number", Op(OPERATOR_DIVIDE, C(1), C(2)), ExpressionFault::kDivisionUnguarded},
      {"by zero", Op(OPERATOR_DIVIDE, C(1), C(0), C(7)), ExpressionFault::kDividesByZero},
      {"by zero, not guarded either", Op(OPERATOR_DIVIDE, trades, C(0)), ExpressionFault::kDividesByZero},
      {"by zero in disguise", Op(OPERATOR_DIVIDE, trades, Op(OPERATOR_SUBTRACT, C(3), C(3)), C(1)),
       ExpressionFault::kDividesByZero},
      {"by what may be zero", Op(OPERATOR_DIVIDE, C(1), Op(OPERATOR_SUBTRACT, trades, C(3)), C(1)),
       ExpressionFault::kNone},
      {"by zero, far down", Op(OPERATOR_NOT, Op(OPERATOR_ADD, C(1), Op(OPERATOR_DIVIDE, C(1), C(0), C(1)))),
       ExpressionFault::kDividesByZero},
      {"one of four", Op(OPERATOR_DIVIDE, C(1), C(2), C(3), C(4)), ExpressionFault::kInvalid},
      {"one to divide", Op(OPERATOR_DIVIDE, C(1)), ExpressionFault::kInvalid},
      {"NOT of two", Op(OPERATOR_NOT, C(1), C(2)), ExpressionFault::kInvalid},
      {"LESS of three", Op(OPERATOR_LESS, C(1), C(2), C(3)), ExpressionFault::kInvalid},
      {"SUBTRACT of three", Op(OPERATOR_SUBTRACT, C(1), C(2), C(3)), ExpressionFault::kInvalid},
      {"EQUAL of one", Op(OPERATOR_EQUAL, C(1)), ExpressionFault::kInvalid},
      {"AND of one", Op(OPERATOR_AND, C(1)), ExpressionFault::kInvalid},
      {"MAX of none", Op(OPERATOR_MAX), ExpressionFault::kInvalid},
      {"ADD of three", Op(OPERATOR_ADD, C(1), C(2), C(3)), ExpressionFault::kNone},
      {"as deep as may be", deep, ExpressionFault::kNone},
      {"too deep", Op(OPERATOR_NOT, deep), ExpressionFault::kInvalid},
      {"as large as may be", wide, ExpressionFault::kNone},
      {"too large", too_wide, ExpressionFault::kInvalid},
  };
  for (const Line& line : lines) EXPECT_EQ(CheckExpression(line.expression), line.fault) << line.what;
}

TEST(Evaluate, SaturatesAndRoundsTowardsZero) {
  struct Line {
    Expression expression;
    int64_t value;
  };
  const Line lines[] = {
      {Op(OPERATOR_ADD, C(kHighest), C(1)), kHighest},
      {Op(OPERATOR_ADD, C(kLowest), C(-1)), kLowest},
      // From the left, each step by itself: the order counts once a step saturates.
      {Op(OPERATOR_ADD, C(kHighest), C(1), C(-1)), kHighest - 1},
      {Op(OPERATOR_SUBTRACT, C(0), C(kLowest)), kHighest},
      {Op(OPERATOR_SUBTRACT, C(-2), C(kHighest)), kLowest},
      {Op(OPERATOR_MULTIPLY, C(kLowest), C(-1)), kHighest},
      {Op(OPERATOR_MULTIPLY, C(kHighest), C(-2)), kLowest},
      {Op(OPERATOR_DIVIDE, C(7), C(2), C(0)), 3},
      {Op(OPERATOR_DIVIDE, C(-7), C(2), C(0)), -3},
      {Op(OPERATOR_DIVIDE, C(kLowest), C(-1), C(0)), kHighest},
      {Op(OPERATOR_DIVIDE, C(7), F(CLIENT_FACT_ASSETS), C(42)), 42},
      {Op(OPERATOR_LESS, C(1), C(2)), 1},
      {Op(OPERATOR_LESS, C(2), C(2)), 0},
      {Op(OPERATOR_LESS_OR_EQUAL, C(2), C(2)), 1},
      {Op(OPERATOR_EQUAL, C(2), C(-2)), 0},
      {Op(OPERATOR_AND, C(-5), C(7)), 1},
      {Op(OPERATOR_AND, C(-5), C(0)), 0},
      {Op(OPERATOR_OR, C(0), C(0), C(9)), 1},
      {Op(OPERATOR_NOT, C(-1)), 0},
      {Op(OPERATOR_MIN, C(3), C(kLowest), C(0)), kLowest},
      {Op(OPERATOR_MAX, C(3), C(kLowest), C(5)), 5},
  };
  for (const Line& line : lines) EXPECT_EQ(Evaluate(line.expression, {}), line.value) << line.expression.DebugString();
}

// --- the same in 128 bits, in the plainest way ---

__extension__ typedef __int128 Wide;

Wide Cut(Wide value) { return value < kLowest ? Wide{kLowest} : value > kHighest ? Wide{kHighest} : value; }

Wide Naive(const Expression& expression, const std::array<int64_t, kFacts>& facts) {
  if (expression.has_constant()) return expression.constant();
  if (expression.has_fact()) return facts[static_cast<size_t>(expression.fact())];
  std::vector<Wide> values;
  for (const Expression& operand : expression.operation().operands()) values.push_back(Naive(operand, facts));
  Wide result = values[0];
  switch (expression.operation().operator_()) {
    case OPERATOR_NOT:
      return result == 0;
    case OPERATOR_DIVIDE:
      return values[1] == 0 ? values[2] : Cut(values[0] / values[1]);
    case OPERATOR_LESS:
      return values[0] < values[1];
    case OPERATOR_LESS_OR_EQUAL:
      return values[0] <= values[1];
    case OPERATOR_EQUAL:
      return values[0] == values[1];
    case OPERATOR_AND:
      for (const Wide value : values)
        if (value == 0) return 0;
      return 1;
    case OPERATOR_OR:
      for (const Wide value : values)
        if (value != 0) return 1;
      return 0;
    default:
      break;
  }
  for (size_t i = 1; i < values.size(); ++i) {
    switch (expression.operation().operator_()) {
      case OPERATOR_ADD:
        result = Cut(result + values[i]);
        break;
      case OPERATOR_SUBTRACT:
        result = Cut(result - values[i]);
        break;
      case OPERATOR_MULTIPLY:
        result = Cut(result * values[i]);
        break;
      case OPERATOR_MIN:
        result = std::min(result, values[i]);
        break;
      default:
        result = std::max(result, values[i]);
    }
  }
  return result;
}

class RandomTrees {
 public:
  explicit RandomTrees(uint64_t seed) : random_(seed) {}

  int64_t Number() {
    switch (random_() % 8) {
      case 0:
        return kLowest + static_cast<int64_t>(random_() % 3);
      case 1:
        return kHighest - static_cast<int64_t>(random_() % 3);
      case 2:
      case 3:
        return static_cast<int64_t>(random_() % 5) - 2;
      case 4:
        return static_cast<int64_t>(random_());
      default:
        return static_cast<int64_t>(random_() % 2'000'001) - 1'000'000;
    }
  }

  // Any shape, faults included.
  Expression Tree(int depth) {
    const uint64_t pick = random_() % 100;
    if (pick == 0) return Expression();
    if (depth <= 1 || pick < 20) return C(Number());
    if (pick < 45) return F(static_cast<ClientFact>(1 + random_() % (kFacts - 1)));
    const auto op = static_cast<Operator>(1 + random_() % 12);
    Expression tree = Op(op);
    int operands = op == OPERATOR_NOT ? 1 : op == OPERATOR_DIVIDE ? 3 : 2;
    if (operands == 2 && random_() % 3 == 0 && op != OPERATOR_LESS) ++operands;
    for (int i = 0; i < operands; ++i) *tree.mutable_operation()->add_operands() = Tree(depth - 1);
    return tree;
  }

 private:
  std::mt19937_64 random_;
};

TEST(Evaluate, AgreesWithPlain128BitArithmeticOnRandomTrees) {
  const uint64_t seed = Seed();
  SCOPED_TRACE("KEFU_SEED=" + std::to_string(seed));
  RandomTrees random(seed);
  std::array<int64_t, kFacts> facts{};
  int compared = 0, nonzero = 0, saturated = 0;
  for (int made = 0; compared < 100'000; ++made) {
    ASSERT_LT(made, 1'000'000) << "hardly a tree passes the check";
    const Expression tree = random.Tree(6);
    if (CheckExpression(tree) != ExpressionFault::kNone) {
      // Whatever it gives: it must come back.
      Evaluate(tree, facts);
      continue;
    }
    for (int64_t& fact : facts) fact = random.Number();
    const Wide expected = Naive(tree, facts);
    const int64_t value = Evaluate(tree, facts);
    ASSERT_TRUE(value == expected) << value << " for " << tree.DebugString();
    ++compared;
    nonzero += value != 0;
    saturated += value == kLowest || value == kHighest;
  }
  EXPECT_GT(nonzero, 20'000);
  EXPECT_GT(saturated, 1'000) << "the edges were hardly met";
}

TEST(FactsNamed, AreInTheOrderOfFirstNamingAndAtMostSoMany) {
  const Expression expression = Op(OPERATOR_AND, Op(OPERATOR_LESS, F(CLIENT_FACT_TRADES_3M), F(CLIENT_FACT_ASSETS)),
                                   Op(OPERATOR_LESS, C(1), F(CLIENT_FACT_TRADES_3M)), F(CLIENT_FACT_KIND));
  EXPECT_EQ(FactsNamed(expression, 8),
            (std::vector<ClientFact>{CLIENT_FACT_TRADES_3M, CLIENT_FACT_ASSETS, CLIENT_FACT_KIND}));
  EXPECT_EQ(FactsNamed(expression, 2), (std::vector<ClientFact>{CLIENT_FACT_TRADES_3M, CLIENT_FACT_ASSETS}));
  EXPECT_TRUE(FactsNamed(C(4), 8).empty());
}

}  // namespace
}  // namespace kefu::rules

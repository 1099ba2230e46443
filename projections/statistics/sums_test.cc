#include "projections/statistics/sums.h"

#include <gtest/gtest.h>

namespace kefu::statistics {
namespace {

TEST(Sums, MergeInAnyOrderToTheSameBytes) {
  Cell a, b;
  AddSum("turnover.USD", 5, &a);
  AddSum("trades", 2, &a);
  AddSum("turnover.CNY", -7, &b);
  AddSum("trades", 40, &b);
  Cell ab = a, ba = b;
  MergeSums(b, &ab);
  MergeSums(a, &ba);
  EXPECT_EQ(ab.SerializeAsString(), ba.SerializeAsString());
  EXPECT_EQ(SumNamed(ab, "trades"), 42);
  EXPECT_EQ(SumNamed(ab, "turnover.CNY"), -7);
  EXPECT_EQ(SumNamed(ab, "turnover.USD"), 5);
  EXPECT_EQ(SumNamed(ab, "turnover.EUR"), 0);
  EXPECT_EQ(ab.sums(0).name(), "trades");
}

TEST(Sums, StopAtTheEnds) {
  Cell cell;
  AddSum("x", INT64_MAX - 1, &cell);
  AddSum("x", 5, &cell);
  EXPECT_EQ(SumNamed(cell, "x"), INT64_MAX);
  AddSum("y", INT64_MIN + 1, &cell);
  AddSum("y", -5, &cell);
  EXPECT_EQ(SumNamed(cell, "y"), INT64_MIN);
}

}  // namespace
}  // namespace kefu::statistics

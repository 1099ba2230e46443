#include "services/query/estimate_clients.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>

namespace kefu::query {
namespace {

std::string ClientId(int number) { return fmt::format("C-{}", number); }

statistics::DistinctClients SetOf(int from, int to) {
  statistics::DistinctClients set;
  for (int i = from; i < to; ++i) AddClient(ClientId(i), &set);
  return set;
}

TEST(EstimateClients, FewAreExact) {
  for (const int count : {0, 1, statistics::kExactClients}) EXPECT_EQ(EstimateClients(SetOf(0, count)), count);
}

// Each size ten times with other clients; the root of the mean square error must be what is stated.
TEST(EstimateClients, EstimatesAreWithinTheStatedError) {
  for (const int count : {200, 1000, 8000, 12000, 30000, 100000}) {
    double squares = 0;
    constexpr int kRounds = 10;
    for (int round = 0; round < kRounds; ++round) {
      const auto estimate = static_cast<double>(EstimateClients(SetOf(round * 1'000'000, round * 1'000'000 + count)));
      const double error = estimate / count - 1;
      EXPECT_LT(std::abs(error), 4 * kClientsError) << count;
      squares += error * error;
    }
    EXPECT_LT(std::sqrt(squares / kRounds), 1.7 * kClientsError) << count;
  }
}

}  // namespace
}  // namespace kefu::query

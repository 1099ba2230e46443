#include "projections/statistics/distinct.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace kefu::statistics {
namespace {

std::string Client(int number) { return fmt::format("C-{}", number); }

DistinctClients SetOf(int from, int to) {
  DistinctClients set;
  for (int i = from; i < to; ++i) AddClient(Client(i), &set);
  return set;
}

TEST(DistinctClients, FewAreCountedExactly) {
  for (const int count : {0, 1, 2, kExactClients - 1, kExactClients}) {
    const DistinctClients set = SetOf(0, count);
    EXPECT_TRUE(IsExact(set));
    EXPECT_EQ(set.hashes_size(), count);
  }
  EXPECT_FALSE(IsExact(SetOf(0, kExactClients + 1)));
}

TEST(DistinctClients, SeeingOneAgainChangesNothing) {
  for (const int count : {100, 5000}) {
    DistinctClients set = SetOf(0, count);
    const std::string before = set.SerializeAsString();
    for (int i = 0; i < count; ++i) AddClient(Client(i), &set);
    EXPECT_EQ(set.SerializeAsString(), before);
  }
}

TEST(DistinctClients, UnitingIsTheSameAsSeeingAllWhateverTheOrder) {
  for (const uint64_t seed : {1, 2, 3}) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::mt19937_64 random(seed);
    for (const int clients : {20, 120, 300, 20000}) {
      DistinctClients together;
      std::vector<DistinctClients> parts(7);
      for (int i = 0; i < clients * 2; ++i) {
        const std::string client = Client(static_cast<int>(random() % static_cast<uint64_t>(clients)));
        AddClient(client, &together);
        AddClient(client, &parts[random() % parts.size()]);
      }
      std::shuffle(parts.begin(), parts.end(), random);
      DistinctClients united;
      for (const DistinctClients& part : parts) Unite(part, &united);
      EXPECT_EQ(united.SerializeAsString(), together.SerializeAsString()) << clients;
    }
  }
}

}  // namespace
}  // namespace kefu::statistics

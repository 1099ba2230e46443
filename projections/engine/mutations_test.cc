#include "projections/engine/mutations.h"

#include <gmock/gmock.h>

namespace kefu::engine {
namespace {

// Notes what it is given.
class NotingBatch : public store::WriteBatch {
 public:
  void Put(store::TableId, std::string_view key, std::string_view value) override {
    notes.push_back(fmt::format("{}={}", key, value));
  }
  void Delete(store::TableId, std::string_view key) override { notes.push_back(fmt::format("-{}", key)); }
  size_t bytes() const override { return 0; }
  void Clear() override { notes.clear(); }
  std::vector<std::string> notes;
};

TEST(Mutations, AreHandedOverInKeyOrderAndTheLastOfEqualKeysWins) {
  Mutations mutations;
  mutations.Put("c", "1");
  mutations.Delete("a");
  mutations.Put("b", "2");
  mutations.Put("c", "3");
  NotingBatch batch;
  mutations.WriteTo(batch, 1);
  EXPECT_THAT(batch.notes, testing::ElementsAre("-a", "b=2", "c=3"));
}

TEST(Mutations, FindsWhatWasPutToBeFound) {
  Mutations mutations;
  for (int i = 0; i < 1000; ++i) mutations.PutFindable(fmt::format("k{}", i % 100), fmt::format("{}", i));
  EXPECT_EQ(mutations.Find("k7"), "907");
  mutations.Put("other", "x");
  EXPECT_EQ(mutations.Find("other"), std::nullopt);
  mutations.Clear();
  EXPECT_EQ(mutations.Find("k7"), std::nullopt);
}

TEST(Mutations, WhatWasPutBeforeAnyoneLookedIsFoundOnceSomeoneDoes) {
  Mutations mutations;
  for (int i = 0; i < 1000; ++i) mutations.Put(fmt::format("k{}", i % 100), fmt::format("{}", i));
  mutations.Put("other", "x");
  mutations.Put("", "y");
  EXPECT_EQ(mutations.Find("k7"), std::nullopt);
  mutations.MakeFindable('k');
  EXPECT_EQ(mutations.Find("k7"), "907");
  EXPECT_EQ(mutations.Find("other"), std::nullopt);
  mutations.PutFindable("k7", "later");
  EXPECT_EQ(mutations.Find("k7"), "later");
}

}  // namespace
}  // namespace kefu::engine

#include "projections/relation/relation.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "platform/base/hash.h"
#include "platform/base/time.h"
#include "platform/testkit/client_events.h"
#include "platform/testkit/golden.h"
#include "platform/testkit/projection_driver.h"

namespace kefu::relation {
namespace {

using namespace testkit;
using events::v1::Event;
using testing::ElementsAre;
using testing::IsEmpty;

class RelationTest : public testing::Test {
 protected:
  // "into S; has A B".
  std::string Links(const std::string& client_id) {
    const auto* row = test_.Row<Merges>(client_id);
    if (row == nullptr) return "";
    std::string text = row->surviving_client_id().empty() ? "" : "into " + row->surviving_client_id();
    for (const auto& each : row->merged()) text += (text.empty() ? "has " : " has ") + each.client_id();
    return text;
  }

  ProjectionDriver<RelationView> test_;
};

TEST_F(RelationTest, AMergeLinksBothRecordsAndASplitLeavesNoTraceInThem) {
  test_.Given(Merged("A", "B").Id("m1"));
  EXPECT_EQ(Links("A"), "has B");
  EXPECT_EQ(Links("B"), "into A");
  test_.Given(Split("m1").Id("s1").AtMinute(30));
  EXPECT_EQ(test_.Row<Merges>("A"), nullptr);
  EXPECT_EQ(test_.Row<Merges>("B"), nullptr);
  const auto& fact = *test_.Row<MergeFacts>("m1");
  EXPECT_EQ(fact.split_event_id(), "s1");
  EXPECT_EQ(FromProto(fact.split_at()), Beginning() + absl::Minutes(30));
}

TEST_F(RelationTest, ASplitTakesItsOwnLinkOnlyWhateverIsMergedAboveAndBelow) {
  test_.Given(Merged("B", "C").Id("m1"), Merged("A", "B").Id("m2"), Merged("A", "D").Id("m3"), Split("m2"));
  EXPECT_EQ(Links("A"), "has D");
  EXPECT_EQ(Links("B"), "has C");
  EXPECT_EQ(Links("C"), "into B");
  // The order of merging is not seen.
  test_.Given(Merged("A", "B").Id("m4"));
  EXPECT_EQ(Links("A"), "has B has D");
}

TEST_F(RelationTest, MergesAreListedByEitherRecordOldestFirst) {
  test_.Given(Merged("B", "C").Id("m1").AtMinute(10), Merged("A", "B").Id("m2").AtMinute(5));
  EXPECT_THAT(test_.Entries<MergesByClient>(),
              ElementsAre(testing::HasSubstr("A"), testing::AllOf(testing::HasSubstr("B"), testing::HasSubstr("m2")),
                          testing::AllOf(testing::HasSubstr("B"), testing::HasSubstr("m1")), testing::HasSubstr("C")));
}

TEST_F(RelationTest, ARelationIsAtBothEndsAndStaysWhenItHasEnded) {
  test_.Given(Related("r1", events::v1::RELATION_KIND_HOUSEHOLD, "A", "B").Id("e1").With([](Event& event) {
    auto* started = event.mutable_client_relation_started();
    started->set_detail("spouse");
    started->set_said_by("client");
    *started->mutable_true_since() = ToProto(Beginning() - absl::Hours(100));
  }));
  for (const char* end : {"A", "B"}) {
    const auto& row = *test_.Row<Relations>(end, "r1");
    EXPECT_EQ(row.detail(), "spouse");
    EXPECT_EQ(FromProto(row.true_since()), Beginning() - absl::Hours(100));
    EXPECT_EQ(FromProto(row.known_since()), test_.last().recorded_at);
    EXPECT_FALSE(row.has_true_until());
  }
  test_.Given(RelationEnded("r1").Id("e2").AtMinute(90));
  for (const char* end : {"A", "B"}) {
    const auto& row = *test_.Row<Relations>(end, "r1");
    EXPECT_EQ(FromProto(row.true_until()), Beginning() + absl::Minutes(90));
    EXPECT_EQ(row.ended_by_event_id(), "e2");
    EXPECT_EQ(row.started_by_event_id(), "e1");
  }
}

TEST_F(RelationTest, WhatPartitionZeroRefusesLeavesNothing) {
  test_.When(Merged("A", "A"), Split("no such"), RelationEnded("no such"),
             Related("r", events::v1::RELATION_KIND_PARENT, "A", "A"))
      .Then(Refused("merge_with_itself"), Refused("merge_unknown"), Refused("relation_unknown"),
            Refused("relation_with_itself"));
  EXPECT_EQ(test_.Dump(), "");
}

TEST_F(RelationTest, GoldenDump) {
  test_.Given(Merged("A", "B").Id("m1"), Merged("A", "C").Id("m2"),
              Related("r1", events::v1::RELATION_KIND_PARENT, "A", "D").Id("p1"),
              Related("r2", events::v1::RELATION_KIND_GUARDIAN, "E", "B").Id("p2"), RelationEnded("r2").Id("p3"),
              Split("m1").Id("s1"));
  ExpectGolden("projections/relation/golden/relation.txt", test_.Dump());
}

// One event in each of `partitions` stages, as the log gives it to them.
class Partitions {
 public:
  explicit Partitions(int32_t count) : count_(count) {
    for (int32_t p = 0; p < count; ++p) stages_.emplace_back(sdk::Describe<RelationView>());
  }
  void Fold(const Draft& draft) {
    const Event original = Finish(draft, number_);
    for (int32_t p = 0; p < count_; ++p) {
      const Event event = ForPartition(original, p, count_, number_);
      const sdk::RecordedEvent record{&event, "", Partition(p), Offset(number_),
                                      Beginning() + absl::Seconds(number_ + p), nullptr};
      stages_[static_cast<size_t>(p)].Begin();
      EXPECT_NE(sdk::Describe<RelationView>().Apply(record, stages_[static_cast<size_t>(p)]).kind(),
                sdk::Outcome::Kind::kParked);
    }
    ++number_;
  }
  // Of the partition where the client lives; null if it has none there. No other partition may have the row.
  template <class Table, class... Parts>
  std::shared_ptr<typename Table::Row> Row(const std::string& client_id, const Parts&... parts) {
    std::shared_ptr<typename Table::Row> found;
    for (int32_t p = 0; p < count_; ++p) {
      auto row = stages_[static_cast<size_t>(p)].Render(Table::kId, codec::Key(client_id, parts...));
      if (row == nullptr) continue;
      EXPECT_EQ(p, PartitionForKey(client_id, count_)) << client_id << " lives elsewhere";
      found.reset(static_cast<typename Table::Row*>(row.release()));
    }
    return found;
  }

 private:
  const int32_t count_;
  std::vector<MemoryStage> stages_;
  int64_t number_ = 0;
};

// Any order of merges and splits, against a list of pairs, over several partitions: rows lie where their client lives,
// and say the same as the list.
TEST(RelationProperty, LinksAreThoseInForceAndLieWhereTheClientLives) {
  for (const uint64_t seed : {91, 92, 93, 94, 95}) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::mt19937_64 random(seed);
    Partitions partitions(5);
    struct Pair {
      std::string surviving, merged;
    };
    std::map<std::string, Pair> in_force;
    for (int i = 0; i < 300; ++i) {
      if (!in_force.empty() && random() % 3 == 0) {
        const auto chosen = std::next(in_force.begin(), static_cast<int64_t>(random() % in_force.size()));
        partitions.Fold(Split(chosen->first));
        in_force.erase(chosen);
        continue;
      }
      const Pair pair{fmt::format("C{}", random() % 30), fmt::format("C{}", random() % 30)};
      bool taken = pair.surviving == pair.merged;
      for (const auto& [id, each] : in_force) taken |= each.merged == pair.merged;
      if (taken) continue;
      const std::string id = fmt::format("m{}", i);
      partitions.Fold(Merged(pair.surviving, pair.merged).Id(id));
      in_force[id] = pair;
    }
    for (int c = 0; c < 30; ++c) {
      const std::string client = fmt::format("C{}", c);
      std::string into;
      std::map<std::string, std::string> has;
      for (const auto& [id, pair] : in_force) {
        if (pair.merged == client) into = pair.surviving;
        if (pair.surviving == client) has[pair.merged] = id;
      }
      const auto row = partitions.Row<Merges>(client);
      ASSERT_EQ(row != nullptr, !into.empty() || !has.empty()) << client;
      if (row == nullptr) continue;
      EXPECT_EQ(row->surviving_client_id(), into);
      std::map<std::string, std::string> listed;
      std::vector<std::string> order;
      for (const auto& each : row->merged()) {
        listed[each.client_id()] = each.merge_event_id();
        order.push_back(each.client_id());
      }
      EXPECT_EQ(listed, has);
      EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
    }
  }
}

TEST(RelationProperty, RelationsLieAtBothEndsHomes) {
  Partitions partitions(5);
  for (int i = 0; i < 100; ++i)
    partitions.Fold(Related(fmt::format("r{}", i), events::v1::RELATION_KIND_RELATED_PARTY, fmt::format("C{}", i % 17),
                            fmt::format("D{}", i % 13)));
  for (int i = 0; i < 100; i += 2) partitions.Fold(RelationEnded(fmt::format("r{}", i)));
  for (int i = 0; i < 100; ++i) {
    for (const std::string& end : {fmt::format("C{}", i % 17), fmt::format("D{}", i % 13)}) {
      const auto row = partitions.Row<Relations>(end, fmt::format("r{}", i));
      ASSERT_NE(row, nullptr) << end << " r" << i;
      EXPECT_EQ(row->has_true_until(), i % 2 == 0);
    }
  }
}

TEST_F(RelationTest, TooManyMergedIntoOneStandAlone) {
  for (int i = 0; i <= kMergedKept; ++i) test_.Given(Merged("A", fmt::format("B{:04}", i)));
  EXPECT_EQ(test_.Row<Merges>("A")->merged_size(), kMergedKept);
}

}  // namespace
}  // namespace kefu::relation

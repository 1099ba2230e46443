// Groups of companies: the walk over relations against a map of parents, and admission against a brute-force set.

#include "services/query/client_group.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

#include "platform/base/time.h"
#include "platform/testkit/client_events.h"
#include "platform/testkit/view_run.h"
#include "projections/relation/relation.h"

namespace kefu::query {
namespace {

using namespace testkit;
using query::v1::ClientGroup;
using query::v1::Relation;
using testing::ElementsAre;

constexpr auto kParent = events::v1::RELATION_KIND_PARENT;

// The relations of one partition, judged and folded in memory.
class Relations {
 public:
  // The rule that refused it; empty if it was applied.
  std::string Take(const Draft& draft, int minute) {
    by_client_.reset();
    Delivery delivery{Finish(draft, ++number_), {}, Offset(number_), Beginning() + absl::Minutes(minute)};
    *delivery.event.mutable_occurred_at() = ToProto(Beginning() + absl::Minutes(minute));
    delivery.bytes = Recorded(delivery.event, delivery.recorded_at);
    return run_.Deliver(delivery).rule();
  }
  StatusOr<ClientGroup> Group(const std::string& client_id, absl::Time moment) {
    return GroupOf(client_id, moment,
                   [&](const std::string& client, const std::function<void(const Relation&)>& take) -> Status {
                     for (const auto& [key, row] : ByClient()) {
                       if (key != client) continue;
                       for (const Relation& relation : row) take(relation);
                     }
                     return OkStatus();
                   });
  }

 private:
  const std::map<std::string, std::vector<Relation>>& ByClient() {
    if (by_client_.has_value()) return *by_client_;
    by_client_.emplace();
    for (const auto& [key, row] : run_.view().Rows("relations")) {
      std::string_view rest = key;
      std::string client;
      EXPECT_TRUE(codec::TakePart(rest, &client));
      (*by_client_)[client].push_back(static_cast<const Relation&>(*row));
    }
    return *by_client_;
  }

  ViewRun run_{sdk::Describe<relation::RelationView>()};
  std::optional<std::map<std::string, std::vector<Relation>>> by_client_;
  int64_t number_ = 0;
};

// "C-1>C-2" for each member that has a parent.
std::vector<std::string> Lines(const ClientGroup& group) {
  std::vector<std::string> lines;
  for (const auto& member : group.members())
    lines.push_back(fmt::format("{} {}>{}", member.depth(), member.parent_client_id(), member.client_id()));
  return lines;
}

TEST(ClientGroup, IsTheTopAndAllBelowItParentsFirstAtAMoment) {
  Relations relations;
  EXPECT_EQ(relations.Take(Related("r1", kParent, "A", "C"), 0), "");
  EXPECT_EQ(relations.Take(Related("r2", kParent, "A", "B"), 10), "");
  EXPECT_EQ(relations.Take(Related("r3", kParent, "B", "D"), 20), "");
  EXPECT_EQ(relations.Take(RelationEnded("r2"), 30), "");
  const auto at = [](int minute) { return Beginning() + absl::Minutes(minute); };
  EXPECT_THAT(Lines(*relations.Group("D", at(25))), ElementsAre("0 >A", "1 A>B", "1 A>C", "2 B>D"));
  EXPECT_EQ(relations.Group("D", at(25))->name(), "clients/A");
  // From the very moment it ended.
  EXPECT_THAT(Lines(*relations.Group("D", at(30))), ElementsAre("0 >B", "1 B>D"));
  EXPECT_THAT(Lines(*relations.Group("A", at(30))), ElementsAre("0 >A", "1 A>C"));
  // From the very moment it began, and not before.
  EXPECT_THAT(Lines(*relations.Group("B", at(10))), ElementsAre("0 >A", "1 A>B", "1 A>C"));
  EXPECT_THAT(Lines(*relations.Group("B", at(9))), ElementsAre("0 >B"));
  EXPECT_THAT(Lines(*relations.Group("nobody", at(0))), ElementsAre("0 >nobody"));
}

TEST(ClientGroup, OtherRelationsMakeNoGroup) {
  Relations relations;
  relations.Take(Related("r1", events::v1::RELATION_KIND_HOUSEHOLD, "A", "B"), 0);
  relations.Take(Related("r2", events::v1::RELATION_KIND_BENEFICIAL_OWNER, "A", "C"), 0);
  EXPECT_THAT(Lines(*relations.Group("A", Beginning() + absl::Hours(1))), ElementsAre("0 >A"));
}

TEST(ClientGroup, ListsAThousandAndCountsAll) {
  const auto relations = [](const std::string& client, const std::function<void(const Relation&)>& take) -> Status {
    Relation relation;
    relation.set_kind(kParent);
    relation.set_client_id("top");
    for (int i = 0; i < 1500; ++i) {
      relation.set_other_client_id(fmt::format("C{}", i));
      relation.set_relation_id(fmt::format("r{}", i));
      if (client == "top" || client == relation.other_client_id()) take(relation);
    }
    return OkStatus();
  };
  const auto group = GroupOf("C7", Beginning(), relations);
  EXPECT_EQ(group->members_size(), kMostGroupMembers);
  EXPECT_EQ(group->members_total(), 1501);
}

TEST(ClientGroup, ACircleThatNobodyRefusedIsCutWhereItCloses) {
  const auto relations = [](const std::string& client, const std::function<void(const Relation&)>& take) -> Status {
    for (const auto& [parent, child] : {std::pair("A", "B"), std::pair("B", "C"), std::pair("C", "A")}) {
      Relation relation;
      relation.set_kind(kParent);
      relation.set_client_id(parent);
      relation.set_other_client_id(child);
      relation.set_relation_id(parent);
      if (client == parent || client == child) take(relation);
    }
    return OkStatus();
  };
  EXPECT_EQ(GroupOf("B", Beginning(), relations)->members_total(), 3);
}

// What the rules say, told with a set of pairs.
struct Brute {
  struct Each {
    events::v1::RelationKind kind;
    std::string client, other;
    bool ended = false;
  };
  std::map<std::string, Each> relations;
  std::map<std::string, std::string> parent;  // in force

  std::string Start(const std::string& id, events::v1::RelationKind kind, const std::string& client,
                    const std::string& other) {
    if (relations.contains(id)) return "relation_exists";
    if (client == other) return "relation_with_itself";
    if (kind == kParent) {
      if (parent.contains(other)) return "parent_exists";
      for (std::string up = client;; up = parent.at(up)) {
        if (up == other) return "tree_has_cycle";
        if (!parent.contains(up)) break;
      }
      parent[other] = client;
    }
    relations[id] = {kind, client, other};
    return "";
  }
  std::string End(const std::string& id) {
    const auto found = relations.find(id);
    if (found == relations.end()) return "relation_unknown";
    if (found->second.ended) return "relation_ended";
    found->second.ended = true;
    if (found->second.kind == kParent) parent.erase(found->second.other);
    return "";
  }
};

std::string TopOf(const std::map<std::string, std::string>& parent, std::string client) {
  while (parent.contains(client)) client = parent.at(client);
  return client;
}

TEST(ClientGroupProperty, RandomTreesHaveTheVerdictsAndTheGroupsOfABruteForceSet) {
  int refused = 0, largest = 0;
  for (uint64_t seed = 1; seed <= 500; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::mt19937_64 random(seed);
    const auto below = [&](uint64_t bound) { return random() % bound; };
    Relations relations;
    Brute brute;
    // How the tree was after each minute.
    std::vector<std::map<std::string, std::string>> history;
    const int clients = 3 + static_cast<int>(below(12));
    const int events = seed % 100 == 0 ? 2000 : 40;
    for (int minute = 0; minute < events; ++minute) {
      std::string expected, rule;
      const std::string id = fmt::format("r{}", below(static_cast<uint64_t>(events)));
      if (below(4) == 0) {
        expected = brute.End(id);
        rule = relations.Take(RelationEnded(id), minute);
      } else {
        const auto kind = below(5) == 0 ? events::v1::RELATION_KIND_HOUSEHOLD : kParent;
        const std::string client = fmt::format("C{}", below(static_cast<uint64_t>(clients)));
        const std::string other = fmt::format("C{}", below(static_cast<uint64_t>(clients)));
        expected = brute.Start(id, kind, client, other);
        rule = relations.Take(Related(id, kind, client, other), minute);
      }
      ASSERT_EQ(rule, expected) << "minute " << minute;
      refused += !rule.empty();
      history.push_back(brute.parent);
    }
    for (int look = 0; look < 6; ++look) {
      const auto minute = static_cast<int>(below(static_cast<uint64_t>(events)));
      const auto& parent = history[static_cast<size_t>(minute)];
      const std::string client = fmt::format("C{}", below(static_cast<uint64_t>(clients)));
      const auto group = relations.Group(client, Beginning() + absl::Minutes(minute));
      ASSERT_TRUE(group.ok());
      const std::string top = TopOf(parent, client);
      EXPECT_EQ(group->name(), "clients/" + top);
      std::map<std::string, std::string> members, expected;
      std::set<std::string> listed{""};
      for (const auto& member : group->members()) {
        members[member.client_id()] = member.parent_client_id();
        EXPECT_TRUE(listed.contains(member.parent_client_id())) << "a child before its parent";
        listed.insert(member.client_id());
      }
      for (int c = 0; c < clients; ++c) {
        const std::string each = fmt::format("C{}", c);
        if (TopOf(parent, each) == top) expected[each] = parent.contains(each) ? parent.at(each) : "";
      }
      EXPECT_EQ(members, expected) << client << " at minute " << minute;
      EXPECT_EQ(group->members_total(), static_cast<int64_t>(expected.size()));
      largest = std::max(largest, static_cast<int>(expected.size()));
    }
  }
  // The histories are worth comparing.
  EXPECT_GT(refused, 1000);
  EXPECT_GT(largest, 8);
}

}  // namespace
}  // namespace kefu::query

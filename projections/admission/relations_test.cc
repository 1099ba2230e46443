// Merges and relations against models that are lists, searched from front to back.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <random>

#include "platform/testkit/events.h"
#include "platform/testkit/memory_stage.h"
#include "projections/admission/admission.h"
#include "projections/admission/tables.h"

namespace kefu::admission {
namespace {

using events::v1::Event;

class Home {
 public:
  Home() : stage_(State()) {}

  std::string Judge(const Event& event) {
    stage_.Begin();
    const std::string bytes = testkit::Recorded(event, testkit::Beginning());
    const auto verdict = admission::Judge({&event, bytes, Partition(0), Offset(next_++), testkit::Beginning()}, stage_);
    return verdict.outcome() == events::v1::VERDICT_OUTCOME_APPLIED ? "" : verdict.rule();
  }
  std::vector<std::pair<std::string, std::string>> Edges(std::string_view table, std::string_view field) const {
    std::vector<std::pair<std::string, std::string>> edges;
    for (const auto& [key, row] : stage_.Rows(table)) {
      std::string_view rest = key;
      std::string from;
      EXPECT_TRUE(codec::TakePart(rest, &from));
      const auto* to = row->GetDescriptor()->FindFieldByName(std::string(field));
      edges.emplace_back(from, row->GetReflection()->GetString(*row, to));
    }
    return edges;
  }

 private:
  testkit::MemoryStage stage_;
  int64_t next_ = 0;
};

struct Relation {
  std::string id;
  bool is_parent;
  int from, to;
  bool ended = false;
};

class RelationModel {
 public:
  std::string Start(const Relation& started) {
    for (const Relation& old : all_)
      if (old.id == started.id) return "relation_exists";
    if (started.from == started.to) return "relation_with_itself";
    if (started.is_parent) {
      for (const Relation& old : all_)
        if (old.is_parent && !old.ended && old.to == started.to) return "parent_exists";
      if (IsBelow(started.from, started.to, 0) || LevelsAbove(started.from) >= 64) return "tree_has_cycle";
    }
    all_.push_back(started);
    return "";
  }
  std::string End(const std::string& id) {
    for (Relation& old : all_) {
      if (old.id != id) continue;
      if (old.ended) return "relation_ended";
      old.ended = true;
      return "";
    }
    return "relation_unknown";
  }
  std::vector<std::pair<std::string, std::string>> Parents() const {
    std::vector<std::pair<std::string, std::string>> edges;
    for (const Relation& each : all_)
      if (each.is_parent && !each.ended)
        edges.emplace_back(fmt::format("C-{}", each.to), fmt::format("C-{}", each.from));
    std::sort(edges.begin(), edges.end());
    return edges;
  }

 private:
  // Downwards, as admission does not walk.
  bool IsBelow(int sought, int from, int depth) const {
    if (sought == from) return true;
    if (depth > 1000) return true;
    for (const Relation& each : all_)
      if (each.is_parent && !each.ended && each.from == from && IsBelow(sought, each.to, depth + 1)) return true;
    return false;
  }
  int LevelsAbove(int client) const {
    for (const Relation& each : all_)
      if (each.is_parent && !each.ended && each.to == client) return 1 + LevelsAbove(each.from);
    return 0;
  }

  std::vector<Relation> all_;
};

struct TreeRun {
  int clients;
  int events;
  // Of 100 starts so many go to a client above the last one, which makes chains.
  int chains;
};

std::map<std::string, int> RunTrees(const TreeRun& run, uint64_t seed) {
  std::mt19937_64 random(seed);
  const auto below = [&](int bound) { return static_cast<int>(random() % static_cast<uint64_t>(bound)); };
  Home home;
  RelationModel model;
  std::map<std::string, int> verdicts;
  int last = 0;
  for (int i = 0; i < run.events; ++i) {
    Event event;
    event.set_event_id(fmt::format("e-{}", i));
    std::string expected;
    std::string id = fmt::format("R-{}", below(5) == 0 ? below(i + 2) : i);
    if (below(100) < 20) {
      event.mutable_client_relation_ended()->set_relation_id(id = fmt::format("R-{}", below(i + 2)));
      expected = model.End(id);
    } else {
      const bool chain = below(100) < run.chains;
      const Relation started{id, below(8) != 0, chain ? last : below(run.clients),
                             chain ? (last + 1) % run.clients : below(run.clients)};
      auto& body = *event.mutable_client_relation_started();
      body.set_relation_id(started.id);
      body.set_kind(started.is_parent ? events::v1::RELATION_KIND_PARENT : events::v1::RELATION_KIND_HOUSEHOLD);
      body.set_client_id(fmt::format("C-{}", started.from));
      body.set_other_client_id(fmt::format("C-{}", started.to));
      expected = model.Start(started);
      last = started.to;
    }
    const std::string verdict = home.Judge(event);
    EXPECT_EQ(verdict, expected) << "event " << i << " " << event.ShortDebugString();
    if (verdict != expected) break;
    ++verdicts[verdict];
  }
  EXPECT_EQ(home.Edges("parents", "parent_client_id"), model.Parents());
  return verdicts;
}

TEST(Relations, FiveHundredTreesAsAModelSays) {
  std::map<std::string, int> verdicts;
  for (uint64_t seed = 1; seed <= 500; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    const auto run = RunTrees({.clients = 12, .events = 60, .chains = 30}, seed);
    for (const auto& [rule, count] : run) verdicts[rule] += count;
    if (HasFailure()) return;
  }
  for (const char* rule : {"", "relation_exists", "relation_with_itself", "parent_exists", "tree_has_cycle",
                           "relation_unknown", "relation_ended"})
    EXPECT_GT(verdicts[rule], 100) << rule;
}

TEST(Relations, ALongHistoryWithDeepTrees) {
  for (uint64_t seed = 1001; seed <= 1003; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    RunTrees({.clients = 150, .events = 1000, .chains = 95}, seed);
  }
}

// A chain of 64 levels stands; the next one is taken for a cycle, as is what closes the ring.
TEST(Relations, SixtyFourLevelsAreTheMost) {
  Home home;
  const auto start = [&](int parent, int child) {
    Event event;
    event.set_event_id(fmt::format("e-{}-{}", parent, child));
    auto& body = *event.mutable_client_relation_started();
    body.set_relation_id(event.event_id());
    body.set_kind(events::v1::RELATION_KIND_PARENT);
    body.set_client_id(fmt::format("C-{}", parent));
    body.set_other_client_id(fmt::format("C-{}", child));
    return home.Judge(event);
  };
  for (int i = 1; i <= 64; ++i) EXPECT_EQ(start(i, i + 1), "") << i;
  EXPECT_EQ(start(65, 66), "tree_has_cycle");
  EXPECT_EQ(start(64, 66), "");
  EXPECT_EQ(start(64, 1), "tree_has_cycle");
}

struct Merge {
  std::string id;
  int surviving, merged;
  bool split = false;
};

class MergeModel {
 public:
  std::string Join(const Merge& merge) {
    if (merge.surviving == merge.merged) return "merge_with_itself";
    if (Survivor(merge.merged)) return "client_already_merged";
    if (Survivor(merge.surviving)) return "client_merged_away";
    all_.push_back(merge);
    return "";
  }
  std::string Split(const std::string& id) {
    for (Merge& merge : all_) {
      if (merge.id != id) continue;
      if (merge.split) return "merge_already_split";
      merge.split = true;
      return "";
    }
    return "merge_unknown";
  }
  std::optional<int> Survivor(int client) const {
    for (const Merge& merge : all_)
      if (!merge.split && merge.merged == client) return merge.surviving;
    return std::nullopt;
  }
  std::vector<std::pair<std::string, std::string>> Edges() const {
    std::vector<std::pair<std::string, std::string>> edges;
    for (const Merge& merge : all_)
      if (!merge.split) edges.emplace_back(fmt::format("C-{}", merge.merged), fmt::format("C-{}", merge.surviving));
    std::sort(edges.begin(), edges.end());
    return edges;
  }

 private:
  std::vector<Merge> all_;
};

TEST(Merges, AreAForestAsAModelSays) {
  std::map<std::string, int> verdicts;
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::mt19937_64 random(seed);
    const auto below = [&](int bound) { return static_cast<int>(random() % static_cast<uint64_t>(bound)); };
    constexpr int kClients = 10;
    Home home;
    MergeModel model;
    for (int i = 0; i < 80; ++i) {
      Event event;
      event.set_event_id(fmt::format("e-{}", i));
      std::string expected;
      if (below(100) < 30) {
        const std::string id = fmt::format("e-{}", below(i + 2));
        event.mutable_client_records_split()->set_merge_event_id(id);
        expected = model.Split(id);
      } else {
        const Merge merge{event.event_id(), below(kClients), below(kClients)};
        event.mutable_client_records_merged()->set_surviving_client_id(fmt::format("C-{}", merge.surviving));
        event.mutable_client_records_merged()->set_merged_client_id(fmt::format("C-{}", merge.merged));
        expected = model.Join(merge);
      }
      ASSERT_EQ(home.Judge(event), expected) << "event " << i << " " << event.ShortDebugString();
      ++verdicts[expected];
      // From every client a walk up ends at one root.
      for (int client = 0; client < kClients; ++client) {
        int at = client;
        int hops = 0;
        while (const auto up = model.Survivor(at)) {
          at = *up;
          ASSERT_LT(++hops, kClients) << "from " << client;
        }
      }
    }
    ASSERT_EQ(home.Edges("survivors", "surviving_client_id"), model.Edges());
  }
  for (const char* rule : {"", "merge_with_itself", "client_already_merged", "client_merged_away", "merge_unknown",
                           "merge_already_split"})
    EXPECT_GT(verdicts[rule], 100) << rule;
}

}  // namespace
}  // namespace kefu::admission

#pragma once

// Histories of every kind on a log in memory, the real engine over it, and that engine as a server to verify.

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "platform/base/files.h"
#include "platform/testkit/client_events.h"
#include "platform/testkit/recommendation_history.h"
#include "platform/testkit/wide_history.h"
#include "projections/admission/admission.h"
#include "projections/admission/rules_table_testing.h"
#include "projections/catalogue.h"
#include "projections/engine/running.h"
#include "services/cli/replayer/replay.h"
#include "services/cli/replayer/verify.h"

namespace kefu::replayer {

using events::v1::Event;
using testkit::MemoryLog;

// What the records of a partition are, told to `take` one after the other.
inline void EachRecord(MemoryLog& log, Partition partition,
                       const std::function<void(Offset offset, const std::string& bytes)>& take) {
  const Offset end = *log.EndOffset(partition);
  for (Offset offset; offset < end; offset = offset.Next()) take(offset, *log.ReadOne(partition, offset));
}

// Puts an event where it belongs; what is about no client into partition 0, and copies of what is broadcast everywhere
// else, as a door and the duty do.
inline void Record(MemoryLog& log, Event event, absl::Time recorded_at) {
  if (!event.client_id().empty() || !event.has_broadcast()) {
    const Partition partition(event.client_id().empty() ? 0 : PartitionForKey(event.client_id(), log.partitions()));
    log.Put(partition, testkit::Recorded(event, recorded_at));
    return;
  }
  if (event.broadcast().is_copy()) {
    log.Put(Partition(log.partitions() - 1), testkit::Recorded(event, recorded_at));
    return;
  }
  event.mutable_broadcast()->set_partitions(log.partitions());
  const Offset first = log.Put(Partition(0), testkit::Recorded(event, recorded_at));
  for (int32_t p = 1; p < log.partitions(); ++p)
    log.Put(Partition(p), testkit::Recorded(testkit::ForPartition(event, p, log.partitions(), first.value()), recorded_at));
}

// Records a second apart, but now and then one whose clock was slow.
inline void RecordAll(MemoryLog& log, const std::vector<Event>& history) {
  int64_t second = 0;
  for (const Event& event : history) {
    ++second;
    Record(log, event, testkit::Beginning() + absl::Seconds(second % 17 == 0 ? second - 40 : second));
  }
}

// What admission's rules are told with: each rule at least once, each body at least once.
inline std::vector<Event> RuleHistory() {
  std::vector<Event> history;
  int number = 0;
  for (auto& line : admission::ReadAllRuleLines()) {
    Event& event = line.event;
    if (event.body_case() == Event::BODY_NOT_SET) continue;
    if (event.rules_version_adopted().version() > admission::kRulesVersion) continue;
    // What a correction changes takes a second run, which Verify makes.
    if (event.has_event_corrected() || event.has_event_annulled()) continue;
    // Lines of several files have the same number.
    if (event.event_id().starts_with("line-")) event.set_event_id(fmt::format("rule-{}", ++number));
    history.push_back(std::move(event));
  }
  return history;
}

// A history of clients and cases with repeats and wrong ones, and what is about two clients or none.
inline std::vector<Event> MixedHistory(uint64_t seed, int events) {
  auto history = testkit::WideHistory(
      {.seed = seed, .clients = 12, .events = events, .repeats = 6, .wrong = 10, .undertakings = 6, .case_facts = 8});
  const size_t third = history.size() / 3;
  std::vector<Event> strewn;
  int64_t number = 0;
  for (const testkit::Draft& draft :
       {testkit::UnitTold("U-1"), testkit::Merged("C-0", "C-1").Id("m1"), testkit::Merged("C-0", "C-2").Id("m2"),
        testkit::Split("m1"), testkit::Related("r1", events::v1::RELATION_KIND_PARENT, "C-3", "C-4"),
        testkit::Related("r2", events::v1::RELATION_KIND_HOUSEHOLD, "C-3", "C-5"), testkit::RelationEnded("r2")}) {
    strewn.push_back(testkit::Finish(draft, 900'000 + number));
    ++number;
  }
  history.insert(history.begin() + static_cast<std::ptrdiff_t>(third), strewn.begin(), strewn.end());
  return history;
}

inline std::vector<Event> RecommendationHistory(uint64_t seed) {
  std::vector<Event> history;
  testkit::MakeRecommendationHistory({.seed = seed, .clients = 25, .recommendations = 300, .wrong = 40},
                                     [&](const Event& event) { history.push_back(event); },
                                     [](const testkit::RecommendationTruth&) {});
  return history;
}

// Folds a whole partition.
inline std::unique_ptr<PartitionReplay> Replayed(MemoryLog& log, Partition partition,
                                                 const std::vector<const sdk::Projection*>& views) {
  auto replay = std::make_unique<PartitionReplay>(partition, views);
  EachRecord(log, partition, [&](Offset offset, const std::string& bytes) {
    const auto verdict = replay->Take(offset, bytes);
    ASSERT_TRUE(verdict.ok()) << ToString(verdict.status());
  });
  return replay;
}

inline std::string DigestOf(const PartitionReplay& replay, std::string_view view) {
  const auto listing = replay.Find(view)->rows().List();
  EXPECT_TRUE(listing.ok()) << ToString(listing.status());
  return listing.ok() ? DigestOf(*listing) : "";
}

// A running engine as the server that is verified, with hands to make it lie.
class EngineServer final : public LiveServer {
 public:
  EngineServer(engine::Engine& engine, MemoryLog& log) : engine_(engine), log_(log) {}

  int32_t partitions() const override { return engine_.partitions(); }

  StatusOr<int32_t> VersionOf(std::string_view view) override {
    for (const auto& described : engine_.Describe())
      if (described.name() == fmt::format("views/{}", view)) return described.version() + lie_about_version;
    return NotFound("there is no view \"{}\"", view);
  }

  StatusOr<std::vector<Digest>> DigestsOf(std::string_view view) override {
    std::vector<Digest> digests;
    for (int32_t p = 0; p < partitions(); ++p) {
      ASSIGN_OR_RETURN(const auto digest, engine_.Digest(view, Partition(p)));
      digests.push_back({Partition(p), Offset(digest.next_offset()), digest.entries(), digest.digest()});
    }
    if (after_digests) after_digests();
    return digests;
  }

  Status Records(Partition partition, Offset from, Offset until,
                 const std::function<Status(const Record&)>& take) override {
    for (Offset offset = from; offset < until; offset = offset.Next()) {
      if (left_out == std::pair(partition, offset)) continue;
      ASSIGN_OR_RETURN(const std::string bytes, log_.ReadOne(partition, offset));
      ASSIGN_OR_RETURN(auto verdict, engine_.VerdictAt(partition, offset));
      if (lie_about_verdict == std::pair(partition, offset)) verdict.set_rule("made_up");
      const bool hides = counts_again && left_out && left_out->first == partition && left_out->second < offset;
      RETURN_IF_ERROR(take({offset, bytes, &verdict, offset.value() - hides}));
    }
    return OkStatus();
  }

  Status Stored(std::string_view name, Partition partition, const std::function<Status(Offset next)>& begin,
                const std::function<Status(std::string_view key, std::string_view value)>& take) override {
    ++stored_calls;
    const auto view = engine_.At(partition);
    RETURN_IF_ERROR(begin(view->next_offset(name)));
    std::map<uint8_t, std::string_view> tables;
    for (const auto* projection : engine_.projections()) {
      if (projection->name != name) continue;
      for (const auto& table : projection->tables) {
        tables[table.id] = table.name;
        for (const auto& index : table.indexes) tables[index.id] = index.name;
      }
    }
    for (const auto& [id, table] : tables) {
      ASSIGN_OR_RETURN(const auto cursor, view->Scan(name, table, "", ""));
      for (; cursor->Valid(); cursor->Next())
        RETURN_IF_ERROR(take(std::string(1, static_cast<char>(id)).append(cursor->key()), cursor->value()));
      RETURN_IF_ERROR(cursor->status());
    }
    return OkStatus();
  }

  // --- hands ---
  std::function<void()> after_digests;
  int32_t lie_about_version = 0;
  std::optional<std::pair<Partition, Offset>> left_out;
  // Hides that something is left out: the records behind it are numbered as if there had been nothing.
  bool counts_again = false;
  std::optional<std::pair<Partition, Offset>> lie_about_verdict;
  int stored_calls = 0;

 private:
  engine::Engine& engine_;
  MemoryLog& log_;
};

}  // namespace kefu::replayer

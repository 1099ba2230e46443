// The auditor's loop and the engine, over the same records: they must hold the same bytes, and where one of them is made
// to err they must not.

#include "services/cli/replayer/replay.h"

#include <gmock/gmock.h>

#include "services/cli/replayer/replayer_testing.h"

namespace kefu::replayer {
namespace {

using engine::Medicine;
using engine::Running;
using ::testing::HasSubstr;

// Of an engine and a loop that are at the same place: the first key that is not alike; empty if all are.
std::string FirstDifference(Running& running, MemoryLog& log, const sdk::Projection& view, const PartitionReplay& replay) {
  const auto listing = replay.Find(view.name)->rows().List();
  size_t at = 0;
  std::string found;
  EngineServer server(*running.engine, log);
  const Status read = server.Stored(
      view.name, replay.partition(), [](Offset) { return OkStatus(); },
      [&](std::string_view key, std::string_view value) {
        const bool here = at < listing->entries.size() && listing->entries[at].key == key;
        const std::string_view own = here ? listing->entries[at].value : std::string_view();
        if (found.empty() && (!here || own != value))
          found = fmt::format("\nkey {}\nengine {}\nloop   {}", Hex(key), EntryAsJson(view, key, value, nullptr),
                              EntryAsJson(view, key, own, nullptr));
        ++at;
        return OkStatus();
      });
  EXPECT_TRUE(read.ok()) << ToString(read);
  return found;
}

// What the engine holds of each view in each partition is what the loop holds, and their verdicts are alike.
void ExpectEqual(MemoryLog& log, const std::vector<const sdk::Projection*>& views, engine::EngineOptions options = {}) {
  const TempDirectory directory;
  Running running(log, directory.path(), views, options);
  running.CatchUp(log);
  for (int32_t p = 0; p < log.partitions(); ++p) {
    const Partition partition(p);
    PartitionReplay replay(partition, views);
    EachRecord(log, partition, [&](Offset offset, const std::string& bytes) {
      const auto verdict = replay.Take(offset, bytes);
      ASSERT_TRUE(verdict.ok()) << ToString(verdict.status());
      const auto live = running.engine->VerdictAt(partition, offset);
      ASSERT_TRUE(live.ok()) << ToString(live.status());
      EXPECT_EQ(live->outcome(), verdict->outcome()) << "offset " << offset.value();
      EXPECT_EQ(live->rule(), verdict->rule()) << "offset " << offset.value();
    });
    for (const auto* view : views) {
      EXPECT_EQ(running.engine->Digest(view->name, partition)->digest(), DigestOf(replay, view->name))
          << view->name << " in partition " << p << FirstDifference(running, log, *view, replay);
    }
  }
}

TEST(Replay, AnyHistoryGivesTheEnginesBytes) {
  for (const uint64_t seed : {101, 102}) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    MemoryLog log(3);
    RecordAll(log, MixedHistory(seed, 2500));
    for (int32_t p = 0; p < 3; ++p) log.Put(Partition(p), "\xff\xff no event");
    RecordAll(log, MixedHistory(seed + 1000, 300));
    ExpectEqual(log, projections::Catalogue(), {.max_batch_events = static_cast<int>(seed)});
  }
}

TEST(Replay, RecommendationsGiveTheEnginesBytes) {
  for (const uint64_t seed : {111}) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    MemoryLog log(1);
    RecordAll(log, RecommendationHistory(seed));
    ExpectEqual(log, projections::Catalogue());
  }
}

TEST(Replay, WhatEachRuleIsToldWithGivesTheEnginesBytes) {
  MemoryLog log(2);
  RecordAll(log, RuleHistory());
  ExpectEqual(log, projections::Catalogue());
}

// Takes every record there is, and keeps what is not in the event itself.
struct Everything {
  static constexpr std::string_view kName = "everything";
  static constexpr uint8_t kId = 1;
  using Key = codec::KeyOf<Offset>;
  using Row = sdk::RawBytes;
};
struct EverythingView {
  static constexpr std::string_view kName = "everything";
  static constexpr int32_t kVersion = 1;
  static constexpr bool kTakesAll = true;
  using Events = sdk::AllEvents;
  using Tables = sdk::TypeList<Everything>;
  using Indexes = sdk::TypeList<>;
  static sdk::Outcome Apply(const sdk::Recorded<Event>& recorded, sdk::View<EverythingView>& view) {
    const sdk::RecordedEvent& record = recorded.record;
    view.PutRaw<Everything>(fmt::format("{} {} {} {} {}", absl::ToUnixMicros(record.recorded_at), Hex(record.bytes),
                                        static_cast<int>(record.verdict->outcome()), record.verdict->rule(),
                                        record.event->client_id()),
                            record.offset);
    return sdk::Applied();
  }
};
// The same of what is an event and no duplicate.
struct RefusedView {
  static constexpr std::string_view kName = "refused";
  static constexpr int32_t kVersion = 1;
  static constexpr bool kTakesRefused = true;
  using Events = sdk::AllEvents;
  using Tables = sdk::TypeList<Everything>;
  using Indexes = sdk::TypeList<>;
  static sdk::Outcome Apply(const sdk::Recorded<Event>& recorded, sdk::View<RefusedView>& view) {
    view.PutRaw<Everything>(recorded.record.verdict->rule(), recorded.record.offset);
    return sdk::Applied();
  }
};

TEST(Replay, ViewsGetWhatTheyTakeRefusedOnesDuplicatesAndBytesThatAreNoEvent) {
  MemoryLog log(2);
  RecordAll(log, MixedHistory(121, 400));
  log.Put(Partition(1), "\x0a\xff");
  // Cut off within: what could be read of it is handed over.
  const std::string whole = testkit::Recorded(Finish(testkit::NoteFor("C-1", 1), 1), testkit::Beginning());
  log.Put(Partition(1), whole.substr(0, whole.size() - 3));
  RecordAll(log, MixedHistory(122, 100));
  const std::vector<const sdk::Projection*> views{&sdk::Describe<EverythingView>(), &sdk::Describe<RefusedView>()};
  ExpectEqual(log, views);
  // They saw the difference: all records, fewer, and fewer still.
  const auto replay = Replayed(log, Partition(1), views);
  int64_t refused = 0, duplicates = 0, undecodable = 0;
  PartitionReplay again(Partition(1), views);
  EachRecord(log, Partition(1), [&](Offset offset, const std::string& bytes) {
    const auto verdict = again.Take(offset, bytes);
    undecodable += verdict->rule() == "undecodable";
    refused += verdict->outcome() == events::v1::VERDICT_OUTCOME_REFUSED;
    duplicates += verdict->outcome() == events::v1::VERDICT_OUTCOME_DUPLICATE;
  });
  EXPECT_GT(refused, 2);
  EXPECT_GT(duplicates, 0);
  EXPECT_EQ(undecodable, 2);
  EXPECT_EQ(replay->Find("everything")->rows().stored(), static_cast<size_t>(replay->records()));
  EXPECT_EQ(replay->Find("refused")->rows().stored(), static_cast<size_t>(replay->records() - duplicates - undecodable));
}

class Poisoned : public testing::Test {
 protected:
  void SetUp() override { Medicine() = false; }
  void TearDown() override { Medicine() = true; }
};

TEST_F(Poisoned, WhatAViewCannotTakeWaitsWithAllLaterOnesOfItsClient) {
  MemoryLog log(2);
  for (int i = 0; i < 200; ++i) {
    const char* outcome = i == 30 || i == 90 ? "poison" : i == 60 ? "throw" : "";
    Record(log, engine::ContactOf(fmt::format("C-{}", i % 7), i, outcome), testkit::Beginning() + absl::Seconds(i));
  }
  const std::vector<const sdk::Projection*> views{&sdk::Describe<engine::CountView>(), &sdk::Describe<EverythingView>()};
  ExpectEqual(log, views);
  ExpectEqual(log, views, {.max_batch_events = 7});

  const TempDirectory directory;
  Running running(log, directory.path(), views);
  running.CatchUp(log);
  std::map<std::string, int64_t> waiting, expected;
  std::map<std::string, std::string> reasons;
  const auto listed = running.engine->ListParked("count", Partition(0), Offset(-1), 1000);
  ASSERT_TRUE(listed.ok()) << ToString(listed.status());
  for (const auto& parked : *listed) {
    ++expected[parked.client_id()];
    if (!parked.reason().empty()) reasons[parked.client_id()] = parked.reason();
  }
  for (int32_t p = 0; p < 2; ++p) {
    const auto replay = Replayed(log, Partition(p), views);
    EXPECT_TRUE(replay->Find("everything")->parked().empty());
    for (const auto& [client, waits] : replay->Find("count")->parked()) {
      waiting[client] = waits.events;
      EXPECT_EQ(waits.reason, reasons[client]) << client;
    }
  }
  EXPECT_EQ(waiting, expected);
  EXPECT_EQ(waiting.size(), 3u);
}

TEST(Replay, StopsBeforeWhatItDoesNotKnow) {
  PartitionReplay replay(Partition(0), {&sdk::Describe<EverythingView>()});
  ASSERT_TRUE(replay.Take(Offset(0), testkit::Recorded(Finish(testkit::NoteFor("C-1", 1), 1), testkit::Beginning())).ok());
  Event unknown = Finish(testkit::NoteFor("C-1", 2), 2);
  unknown.clear_body();
  const auto body = replay.Take(Offset(1), testkit::Recorded(unknown, testkit::Beginning()));
  EXPECT_EQ(body.status().code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(ToString(body.status()), HasSubstr("offset 1"));
  Offset offset(1);
  for (int32_t version = 2; version <= admission::kRulesVersion + 1; ++version) {
    Event rules = Finish(testkit::Draft().Client(""), 2 + version);
    rules.mutable_broadcast()->set_partitions(1);
    rules.mutable_rules_version_adopted()->set_version(version);
    const auto verdict = replay.Take(offset, testkit::Recorded(rules, testkit::Beginning()));
    if (version <= admission::kRulesVersion) {
      ASSERT_TRUE(verdict.ok()) << ToString(verdict.status());
      offset = offset.Next();
      continue;
    }
    EXPECT_EQ(verdict.status().code(), StatusCode::kFailedPrecondition);
    EXPECT_THAT(ToString(verdict.status()), HasSubstr("rules"));
  }
  EXPECT_EQ(replay.next(), offset);
  EXPECT_EQ(replay.Find("everything")->rows().stored(), static_cast<size_t>(offset.value()));
}

TEST(Replay, RecordsComeInOrderEachOnceAndOffsetsMayBeLeftOut) {
  PartitionReplay replay(Partition(0), {&sdk::Describe<EverythingView>()});
  const std::string record = testkit::Recorded(Finish(testkit::NoteFor("C-1", 1), 1), testkit::Beginning());
  ASSERT_TRUE(replay.Take(Offset(4), record).ok());
  EXPECT_EQ(replay.Take(Offset(4), record).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(replay.Take(Offset(3), record).status().code(), StatusCode::kInvalidArgument);
  EXPECT_TRUE(replay.Take(Offset(9), record).ok());
  EXPECT_EQ(replay.next(), Offset(10));
}

// What a correction does is told and not gone back to; begun again with it, the first event is folded as it stands, and what
// was said stays in views that show that.
TEST(Replay, BegunAgainWithCorrectionsItFoldsWhatStands) {
  MemoryLog said(1), meant(1);
  const std::vector<const sdk::Projection*> views{&sdk::Describe<engine::CountView>(), &sdk::Describe<EverythingView>()};
  for (int i = 0; i < 20; ++i) {
    const Event event = engine::ContactOf(fmt::format("C-{}", i % 3), i);
    Record(said, event, testkit::Beginning());
    Record(meant, i == 7 ? engine::ContactOf("C-0", i) : event, testkit::Beginning());
  }
  const std::string instead = engine::ContactOf("C-0", 7).SerializeAsString();
  const auto folded = [&](MemoryLog& log, Corrections corrections, std::optional<int64_t> left_out = {}) {
    auto replay = std::make_unique<PartitionReplay>(Partition(0), views, std::move(corrections));
    EachRecord(log, Partition(0), [&](Offset offset, const std::string& bytes) {
      if (offset.value() == left_out) return;
      ASSERT_TRUE(replay->Take(offset, bytes).ok());
    });
    EXPECT_TRUE(replay->CorrectionsBefore(Offset(100)).empty());
    return replay;
  };
  const auto plain = folded(said, {});
  const auto corrected = folded(said, {{Offset(7), instead}});
  const auto annulled = folded(said, {{Offset(7), std::nullopt}});
  EXPECT_NE(DigestOf(*corrected, "count"), DigestOf(*plain, "count"));
  EXPECT_EQ(DigestOf(*corrected, "count"), DigestOf(*folded(meant, {}), "count"));
  EXPECT_EQ(DigestOf(*annulled, "count"), DigestOf(*folded(said, {}, 7), "count"));
  EXPECT_EQ(DigestOf(*corrected, "everything"), DigestOf(*plain, "everything"));
  EXPECT_EQ(DigestOf(*annulled, "everything"), DigestOf(*plain, "everything"));
}

TEST(Replay, ViewsAreChosenByName) {
  EXPECT_EQ(*ViewsNamed({}), projections::Catalogue());
  const auto some = ViewsNamed({"journal", "client", "client"});
  ASSERT_TRUE(some.ok());
  ASSERT_EQ(some->size(), 2u);
  EXPECT_EQ((*some)[0]->name, "client");
  const auto none = ViewsNamed({"client", "clientele"});
  EXPECT_EQ(none.status().code(), StatusCode::kNotFound);
  EXPECT_THAT(ToString(none.status()), HasSubstr("clientele"));
}

// --- controls: what must not come out equal ---

const sdk::Projection& ViewOf(std::string_view name) { return *ViewsNamed({std::string(name)})->front(); }

TEST(ReplayControl, OneEventLeftOutOrTwoSwappedAreSeen) {
  MemoryLog log(1);
  RecordAll(log, MixedHistory(131, 400));
  const std::vector<const sdk::Projection*> views{&ViewOf("journal"), &ViewOf("client")};
  const auto whole = Replayed(log, Partition(0), views);
  const int64_t end = log.EndOffset(Partition(0))->value();
  for (const int64_t left_out : {int64_t{0}, end / 2, end - 1}) {
    PartitionReplay replay(Partition(0), views);
    EachRecord(log, Partition(0), [&](Offset offset, const std::string& bytes) {
      if (offset.value() == left_out) return;
      ASSERT_TRUE(replay.Take(offset, bytes).ok());
    });
    EXPECT_NE(DigestOf(replay, "journal"), DigestOf(*whole, "journal")) << left_out;
  }
  PartitionReplay swapped(Partition(0), views);
  EachRecord(log, Partition(0), [&](Offset offset, const std::string& bytes) {
    const int64_t at = offset.value();
    const int64_t other = at == end / 2 ? at + 1 : at == end / 2 + 1 ? at - 1 : at;
    ASSERT_TRUE(swapped.Take(offset, other == at ? bytes : *log.ReadOne(Partition(0), Offset(other))).ok());
  });
  EXPECT_NE(DigestOf(swapped, "journal"), DigestOf(*whole, "journal"));
}

// A stage with a fault: from the hundredth change on it forgets one.
class Forgetful final : public sdk::Stage {
 public:
  static inline int64_t changes_left = 0;
  explicit Forgetful(sdk::Stage& stage) : stage_(stage) {}
  const sdk::Row* Find(uint8_t table, std::string_view key) override { return stage_.Find(table, key); }
  sdk::Row* Edit(uint8_t table, std::string_view key) override {
    return stage_.Edit(table, changes_left-- == 0 ? std::string(key) + '\x01' : std::string(key));
  }
  void Erase(uint8_t table, std::string_view key) override { stage_.Erase(table, key); }
  std::optional<std::string_view> FindRaw(uint8_t table, std::string_view key) override {
    return stage_.FindRaw(table, key);
  }
  void PutRaw(uint8_t table, std::string_view key, std::string_view value) override {
    if (changes_left-- != 0) stage_.PutRaw(table, key, value);
  }

 private:
  sdk::Stage& stage_;
};

template <const char* name>
sdk::Outcome ThroughForgetful(const sdk::RecordedEvent& record, sdk::Stage& stage) {
  Forgetful forgetful(stage);
  static const sdk::Projection& real = ViewOf(name);
  return real.Apply(record, forgetful);
}

constexpr char kClient[] = "client";
constexpr char kText[] = "text";

TEST(ReplayControl, AStageWithAFaultIsSeen) {
  MemoryLog log(1);
  RecordAll(log, MixedHistory(141, 600));
  const auto right = Replayed(log, Partition(0), {&ViewOf(kClient), &ViewOf(kText)});
  const auto faulty = [&](const char* name, sdk::Projection::Fold fold, int64_t after) {
    sdk::Projection view = ViewOf(name);
    view.SetFoldOfAll(fold);
    Forgetful::changes_left = after;
    return DigestOf(*Replayed(log, Partition(0), {&view}), name) == DigestOf(*right, name);
  };
  EXPECT_FALSE(faulty(kClient, &ThroughForgetful<kClient>, 100));
  EXPECT_FALSE(faulty(kText, &ThroughForgetful<kText>, 100));
  // Without the fault the detour changes nothing.
  EXPECT_TRUE(faulty(kClient, &ThroughForgetful<kClient>, -1));
  EXPECT_TRUE(faulty(kText, &ThroughForgetful<kText>, -1));
}

}  // namespace
}  // namespace kefu::replayer

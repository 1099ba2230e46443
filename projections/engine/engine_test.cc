#include "projections/engine/engine.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <random>

#include "platform/base/files.h"
#include "projections/catalogue.h"
#include "projections/engine/running.h"

namespace kefu::engine {
namespace {

using testkit::MemoryLog;

constexpr int32_t kPartitions = 3;

std::map<std::string, std::string> CleanDigests(MemoryLog& log, EngineOptions options = {}) {
  const TempDirectory directory;
  Running running(log, directory.path(), projections::Catalogue(), options);
  running.CatchUp(log);
  return running.Digests();
}

TEST(Engine, AnyThreadsAndBatchesGiveTheSameBytes) {
  MemoryLog log(kPartitions);
  Fill(log, History(11, 4000));
  const auto expected = CleanDigests(log);
  struct Setting {
    int threads;
    int batch;
    int64_t cache;
    int64_t bulk;  // 0: every batch becomes sorted files; INT64_MAX: none does
  };
  for (const Setting& setting : {Setting{1, 1, 1 << 20, INT64_MAX}, Setting{3, 7, 1 << 30, INT64_MAX},
                                 Setting{2, 1'000'000, 0, INT64_MAX}, Setting{2, 1'000'000, 1 << 30, 0},
                                 Setting{3, 300, 0, 0}, Setting{1, 1000, 200 << 10, 64 << 10}}) {
    EngineOptions options;
    options.threads = setting.threads;
    options.max_batch_events = setting.batch;
    options.row_cache_bytes = setting.cache;
    options.bulk_bytes = setting.bulk;
    EXPECT_EQ(CleanDigests(log, options), expected)
        << setting.threads << " threads, batches of " << setting.batch << ", " << setting.cache << " bytes of rows, files from "
        << setting.bulk << " bytes on";
  }
}

TEST(Engine, RestartedAnywhereItGoesOnWhereItWas) {
  MemoryLog log(kPartitions);
  const TempDirectory directory;
  const auto history = History(12, 3000);
  std::mt19937 random(12);
  for (size_t at = 0; at < history.size();) {
    const size_t some = std::min(history.size() - at, size_t{1} + random() % 400);
    Fill(log, {history.begin() + at, history.begin() + at + some}, static_cast<int64_t>(at));
    at += some;
    Running running(log, directory.path(), projections::Catalogue());
    if (random() % 3 != 0) running.CatchUp(log);  // or stop somewhere on the way
  }
  Running running(log, directory.path(), projections::Catalogue());
  running.CatchUp(log);
  EXPECT_EQ(running.Digests(), CleanDigests(log));
}

// Two writers, whose clocks are less than a microsecond apart: which of two records is late must not depend on a restart.
TEST(Engine, RestartedItKnowsTheTimeToTheNanosecond) {
  MemoryLog log(1);
  const TempDirectory directory;
  for (int i = 1; i <= 4; ++i) {
    const absl::Time stamp = testkit::Beginning() + absl::Nanoseconds(i % 2 == 1 ? 900 + i : 500 + i);
    log.Put(Partition(0), testkit::Recorded(ContactOf("C-1", i), stamp));
    Running running(log, directory.path(), projections::Catalogue());
    running.CatchUp(log);
  }
  Running running(log, directory.path(), projections::Catalogue());
  running.CatchUp(log);
  EXPECT_EQ(running.Digests(), CleanDigests(log));
}

TEST(Engine, AWriterReadsWhatItWrote) {
  MemoryLog log(1);
  const TempDirectory directory;
  Running running(log, directory.path(), {&sdk::Describe<CountView>()});
  for (int i = 1; i <= 50; ++i) {
    const Offset offset = log.Put(Partition(0), testkit::Recorded(ContactOf("C-1", i), testkit::Beginning()));
    ASSERT_TRUE(running.engine->WaitFor(Partition(0), offset.Next(), Soon()).ok());
    EXPECT_EQ(CountOf(*running.engine, "C-1"), i);
    EXPECT_EQ(running.engine->VerdictAt(Partition(0), offset)->outcome(), events::v1::VERDICT_OUTCOME_APPLIED);
  }
  EXPECT_EQ(running.engine->VerdictAt(Partition(0), Offset(50)).status().code(), StatusCode::kOutOfRange);
  const Status late = running.engine->WaitFor(Partition(0), Offset(51), absl::Now() + absl::Milliseconds(20));
  EXPECT_EQ(late.code(), StatusCode::kDeadlineExceeded);
}

TEST(Engine, AnEventDeliveredTwiceCountsOnceAndIsCalledADuplicate) {
  MemoryLog log(1);
  const TempDirectory directory;
  const std::string record = testkit::Recorded(ContactOf("C-1", 1), testkit::Beginning());
  for (int i = 0; i < 5; ++i) log.Put(Partition(0), record);
  Running running(log, directory.path(), {&sdk::Describe<CountView>()});
  running.CatchUp(log);
  EXPECT_EQ(CountOf(*running.engine, "C-1"), 1);
  const auto verdict = running.engine->VerdictAt(Partition(0), Offset(4));
  EXPECT_EQ(verdict->outcome(), events::v1::VERDICT_OUTCOME_DUPLICATE);
  EXPECT_EQ(verdict->first_offset(), 0);
}

TEST(Engine, BytesThatAreNoEventAreRefusedAndTheNextGoOn) {
  MemoryLog log(1);
  const TempDirectory directory;
  log.Put(Partition(0), "\xff\xff\xff");
  log.Put(Partition(0), testkit::Recorded(ContactOf("C-1", 1), testkit::Beginning()));
  Running running(log, directory.path(), {&sdk::Describe<CountView>()});
  running.CatchUp(log);
  EXPECT_EQ(running.engine->VerdictAt(Partition(0), Offset(0))->rule(), "undecodable");
  EXPECT_EQ(CountOf(*running.engine, "C-1"), 1);
}

TEST(Engine, AnUnknownBodyStopsItsPartitionAndReadsGoOn) {
  MemoryLog log(1);
  const TempDirectory directory;
  log.Put(Partition(0), testkit::Recorded(ContactOf("C-1", 1), testkit::Beginning()));
  events::v1::Event newer = ContactOf("C-1", 2);
  newer.clear_body();
  log.Put(Partition(0), testkit::Recorded(newer, testkit::Beginning()));
  Running running(log, directory.path(), {&sdk::Describe<CountView>()});
  EXPECT_TRUE(running.Eventually("count", [](const auto& view) { return view.state() == admin::v1::VIEW_STATE_STOPPED; }));
  EXPECT_THAT(running.Described("count").reason(), testing::HasSubstr("upgrade this node"));
  EXPECT_EQ(CountOf(*running.engine, "C-1"), 1);
  const Status wait = running.engine->WaitFor(Partition(0), Offset(2), Soon());
  EXPECT_EQ(wait.code(), StatusCode::kFailedPrecondition);
  EXPECT_FALSE(running.engine->Health().ok());
}

TEST(Engine, ANewerVersionOfTheRulesStopsItsPartitionAndReadsGoOn) {
  MemoryLog log(1);
  const TempDirectory directory;
  log.Put(Partition(0), testkit::Recorded(ContactOf("C-1", 1), testkit::Beginning()));
  for (int32_t version = 2; version <= 3; ++version) {
    events::v1::Event adopted;
    adopted.set_event_id(fmt::format("rules/{}", version));
    adopted.mutable_rules_version_adopted()->set_version(version);
    log.Put(Partition(0), testkit::Recorded(adopted, testkit::Beginning()));
  }
  log.Put(Partition(0), testkit::Recorded(ContactOf("C-1", 2), testkit::Beginning()));
  Running running(log, directory.path(), {&sdk::Describe<CountView>()});
  const auto stopped = [](const auto& view) { return view.state() == admin::v1::VIEW_STATE_STOPPED; };
  EXPECT_TRUE(running.Eventually("count", stopped));
  EXPECT_THAT(running.Described("count").reason(), testing::HasSubstr("version 3 of the rules"));
  EXPECT_EQ(CountOf(*running.engine, "C-1"), 1);
  EXPECT_EQ(running.engine->VerdictAt(Partition(0), Offset(1))->outcome(), events::v1::VERDICT_OUTCOME_APPLIED);
  EXPECT_EQ(running.engine->WaitFor(Partition(0), Offset(4), Soon()).code(), StatusCode::kFailedPrecondition);
}

TEST(Engine, AShorterOrOtherLogIsNeverServedAsCurrent) {
  for (const bool cut : {true, false}) {
    MemoryLog log(1);
    const TempDirectory directory;
    for (int i = 1; i <= 10; ++i)
      log.Put(Partition(0), testkit::Recorded(ContactOf("C-1", i), testkit::Beginning()));
    {
      Running running(log, directory.path(), {&sdk::Describe<CountView>()});
      running.CatchUp(log);
    }
    if (cut) {
      log.Cut(Partition(0), Offset(7));
    } else {
      log.Replace(Partition(0), Offset(9), "another");
    }
    Running running(log, directory.path(), {&sdk::Describe<CountView>()});
    EXPECT_TRUE(
        running.Eventually("count", [](const auto& view) { return view.state() == admin::v1::VIEW_STATE_STOPPED; }));
    store::PinnedValue row;
    const auto read = running.engine->At(Partition(0))->Get("count", "counts", codec::Key("C-1"), &row);
    EXPECT_EQ(read.status().code(), StatusCode::kFailedPrecondition) << cut;
  }
}

TEST(Engine, ViewsOfAnotherLogAreRefusedAtTheDoor) {
  const TempDirectory directory;
  MemoryLog first(1, "first");
  first.Put(Partition(0), testkit::Recorded(ContactOf("C-1", 1), testkit::Beginning()));
  { Running(first, directory.path(), {&sdk::Describe<CountView>()}).CatchUp(first); }
  MemoryLog second(1, "second");
  Running running(second, directory.path(), {&sdk::Describe<CountView>()});
  store::PinnedValue row;
  EXPECT_EQ(running.engine->At(Partition(0))->Get("count", "counts", codec::Key("C-1"), &row).status().code(),
            StatusCode::kFailedPrecondition);
}

TEST(Engine, ADamagedViewStoreIsMovedAsideAndBuiltAnew) {
  MemoryLog log(1);
  const TempDirectory directory;
  Fill(log, History(14, 500));
  std::map<std::string, std::string> before;
  {
    Running running(log, directory.path(), projections::Catalogue());
    running.CatchUp(log);
    before = running.Digests();
  }
  for (const auto& file : std::filesystem::directory_iterator(directory.path() + "/p0"))
    if (file.path().filename() == "CURRENT") std::ofstream(file.path()) << "MANIFEST-999999\n";
  Running running(log, directory.path(), projections::Catalogue());
  running.CatchUp(log);
  EXPECT_EQ(running.Digests(), before);
  EXPECT_TRUE(std::filesystem::exists(directory.path() + "/p0.damaged-1"));
}

TEST(Engine, TheLogMayBeAwayForAWhile) {
  MemoryLog log(1);
  const TempDirectory directory;
  Running running(log, directory.path(), {&sdk::Describe<CountView>()});
  log.FailReads(Unavailable("no broker"));
  const Offset offset = log.Put(Partition(0), testkit::Recorded(ContactOf("C-1", 1), testkit::Beginning()));
  log.FailReads(OkStatus());
  EXPECT_TRUE(running.engine->WaitFor(Partition(0), offset.Next(), Soon()).ok());
}

TEST(Engine, AViewThatHangsIsStalledAndSaysSoAndRecovers) {
  MemoryLog log(1);
  const TempDirectory directory;
  EngineOptions impatient;
  impatient.stall_after = absl::Milliseconds(50);
  Running running(log, directory.path(), {&sdk::Describe<CountView>()}, impatient);
  const auto in = [](admin::v1::ViewState state) { return [state](const auto& view) { return view.state() == state; }; };
  {
    const std::lock_guard hold(Gate());
    log.Put(Partition(0), testkit::Recorded(ContactOf("C-1", 1), testkit::Beginning()));
    ASSERT_TRUE(running.Eventually("count", in(admin::v1::VIEW_STATE_STALLED)));
    EXPECT_THAT(running.Described("count").reason(), testing::HasSubstr("1 events wait"));
    EXPECT_EQ(running.engine->Health().code(), StatusCode::kUnavailable);
  }
  EXPECT_TRUE(running.Eventually("count", in(admin::v1::VIEW_STATE_LIVE)));
  EXPECT_TRUE(running.engine->Health().ok());
  // The control: with patience the same hang is no stall.
  EngineOptions patient;
  const TempDirectory other;
  Running calm(log, other.path(), {&sdk::Describe<CountView>()}, patient);
  const std::lock_guard hold(Gate());
  log.Put(Partition(0), testkit::Recorded(ContactOf("C-1", 2), testkit::Beginning()));
  EXPECT_TRUE(calm.Eventually("count", [](const auto& view) { return view.partitions(0).end_offset() == 2; }));
  EXPECT_EQ(calm.Described("count").state(), admin::v1::VIEW_STATE_LIVE);
}

TEST(Engine, AListenerHearsOfEveryChangedKeyAfterItCanBeRead) {
  MemoryLog log(1);
  const TempDirectory directory;
  Running running(log, directory.path(), {&sdk::Describe<CountView>()});
  std::mutex mutex;
  std::map<std::string, int64_t> seen;
  auto handle = running.engine->Listen("count", [&](Partition, Offset, const std::vector<Change>& changes) {
    const std::lock_guard lock(mutex);
    for (const Change& change : changes)
      for (const std::string& key : change.keys)
        seen[codec::KeyOf<std::string>::Describe(key)[0]] =
            CountOf(*running.engine, codec::KeyOf<std::string>::Describe(key)[0]);
  });
  for (int i = 1; i <= 20; ++i)
    log.Put(Partition(0), testkit::Recorded(ContactOf(i % 2 ? "C-1" : "C-2", i), testkit::Beginning()));
  running.CatchUp(log);
  running.engine->Stop();
  const std::lock_guard lock(mutex);
  EXPECT_THAT(seen, testing::UnorderedElementsAre(testing::Pair("C-1", 10), testing::Pair("C-2", 10)));
  handle.reset();
}

}  // namespace
}  // namespace kefu::engine

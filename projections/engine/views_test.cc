// Rebuilds, versions, and events that a view cannot take.

#include <gmock/gmock.h>

#include <atomic>
#include <random>
#include <thread>

#include "platform/base/files.h"
#include "platform/store/store.h"
#include "projections/admission/admission.h"
#include "projections/catalogue.h"
#include "projections/engine/frames.h"
#include "projections/engine/running.h"

namespace kefu::engine {
namespace {

using testkit::MemoryLog;

std::string RecordOf(std::string_view client, int i, std::string_view outcome = "") {
  return testkit::Recorded(ContactOf(client, i, outcome), testkit::Beginning() + absl::Seconds(i));
}

bool IsLive(const admin::v1::View& view) { return !view.has_rebuild() && view.state() == admin::v1::VIEW_STATE_LIVE; }

// Leaves marks, and looks for them.
struct Marks {
  static constexpr std::string_view kName = "marks";
  static constexpr uint8_t kId = 1;
  using Key = codec::KeyOf<std::string>;
  using Row = sdk::RawBytes;
};
struct Looks {
  static constexpr std::string_view kName = "looks";
  static constexpr uint8_t kId = 2;
  using Key = codec::KeyOf<std::string>;
  using Row = query::v1::Client;
};
struct MarkView {
  static constexpr std::string_view kName = "mark";
  static constexpr int32_t kVersion = 1;
  using Events = sdk::TypeList<events::v1::ContactRecorded>;
  using Tables = sdk::TypeList<Marks, Looks>;
  using Indexes = sdk::TypeList<>;
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::ContactRecorded>& contact, sdk::View<MarkView>& view) {
    const std::string& client = contact.event().client_id();
    if (contact.body.outcome().value() != "look") {
      view.PutRaw<Marks>(contact.body.outcome().value(), client);
    } else {
      const auto mark = view.FindRaw<Marks>(client);
      view.Edit<Looks>(client).set_display_name(mark.has_value() ? std::string(*mark) : "nothing");
    }
    return sdk::Applied();
  }
};

// What a batch puts is found by its later events, also by the first one that ever looks.
TEST(RawRows, AreFoundWithinTheBatchThatPutsThem) {
  MemoryLog log(1);
  int number = 0;
  for (const char* outcome : {"one", "two", "look"})
    log.Put(Partition(0), RecordOf("C-1", ++number, outcome));
  log.Put(Partition(0), RecordOf("C-2", ++number, "look"));
  for (const int batch : {1, 2, 1000}) {
    const TempDirectory directory;
    Running running(log, directory.path(), {&sdk::Describe<MarkView>()}, {.max_batch_events = batch});
    running.CatchUp(log);
    const auto name = [&](std::string_view client) {
      store::PinnedValue bytes;
      EXPECT_TRUE(*running.engine->At(Partition(0))->Get("mark", "looks", codec::Key(client), &bytes));
      query::v1::Client row;
      EXPECT_TRUE(row.ParseFromArray(bytes.view().data(), static_cast<int>(bytes.view().size())));
      return row.display_name();
    };
    EXPECT_EQ(name("C-1"), "two") << "batches of " << batch;
    EXPECT_EQ(name("C-2"), "nothing") << "batches of " << batch;
  }
}

class Poisoned : public testing::Test {
 protected:
  void SetUp() override { Medicine() = false; }
  void TearDown() override { Medicine() = true; }
};

TEST(Rebuild, GivesTheSameBytesWhileTheOldBuildServes) {
  for (const int events : {0, 1, 3000}) {
    MemoryLog log(3);
    const TempDirectory directory;
    Fill(log, History(21, events));
    Running running(log, directory.path(), projections::Catalogue());
    running.CatchUp(log);
    const auto before = running.Digests();
    for (const auto* view : projections::Catalogue()) {
      ASSERT_TRUE(running.engine->Rebuild(view->name).ok());
      ASSERT_TRUE(running.Eventually(view->name, IsLive)) << view->name << " with " << events;
    }
    EXPECT_EQ(running.Digests(), before) << events;
  }
}

TEST(Rebuild, GoesOnWhileEventsComeAndReadsNeverFail) {
  MemoryLog log(2);
  const TempDirectory directory;
  Fill(log, History(22, 5000));
  Running running(log, directory.path(), projections::Catalogue());
  running.CatchUp(log);
  std::atomic<bool> stop{false};
  std::atomic<int64_t> reads{0};
  std::thread reader([&] {
    store::PinnedValue row;
    while (!stop) {
      for (int32_t p = 0; p < 2; ++p)
        ASSERT_TRUE(running.engine->At(Partition(p))->Get("client", "clients", codec::Key("C-1"), &row).ok());
      ++reads;
    }
  });
  ASSERT_TRUE(running.engine->Rebuild("client").ok());
  for (int part = 0; part < 10; ++part) Fill(log, History(100 + part, 300), 10'000 + part * 300);
  ASSERT_TRUE(running.Eventually("client", IsLive));
  stop = true;
  reader.join();
  EXPECT_GT(reads.load(), 0);
  running.CatchUp(log);
  const TempDirectory clean;
  Running other(log, clean.path(), projections::Catalogue());
  other.CatchUp(log);
  EXPECT_EQ(running.Digests(), other.Digests());
}

TEST(Rebuild, OneAtATime) {
  MemoryLog log(2);
  const TempDirectory directory;
  Fill(log, History(25, 20'000));
  Running running(log, directory.path(), projections::Catalogue());
  running.CatchUp(log);
  const auto before = running.Digests();
  log.FailReads(Unavailable("so that the build cannot end"));
  ASSERT_TRUE(running.engine->Rebuild("client").ok());
  EXPECT_EQ(running.engine->Rebuild("client").code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(running.engine->Rebuild("nothing").code(), StatusCode::kNotFound);
  EXPECT_TRUE(running.Described("client").has_rebuild());
  log.FailReads(OkStatus());
  ASSERT_TRUE(running.Eventually("client", IsLive));
  EXPECT_EQ(running.Digests(), before);
}

TEST(Rebuild, ANewVersionIsBuiltBesideTheOldOneAndThenServes) {
  MemoryLog log(2);
  const TempDirectory directory;
  for (int i = 0; i < 100; ++i) log.Put(Partition(PartitionForKey("C-1", 2)), RecordOf("C-1", i));
  {
    Running running(log, directory.path(), {&sdk::Describe<CountView>()});
    running.CatchUp(log);
    EXPECT_EQ(CountOf(*running.engine, "C-1"), 100);
  }
  EngineOptions options;
  options.directory = directory.path();
  options.reserve_bytes = 0;
  {
    // Opened but not started: the old rows serve.
    auto opened = Engine::Open(options, log, {&sdk::Describe<CountViewV2>()});
    ASSERT_TRUE(opened.ok());
    EXPECT_EQ(CountOf(**opened, "C-1"), 100);
  }
  Running running(log, directory.path(), {&sdk::Describe<CountViewV2>()});
  ASSERT_TRUE(running.Eventually("count", IsLive));
  EXPECT_EQ(CountOf(*running.engine, "C-1"), 200);
  EXPECT_EQ(running.Described("count").version(), 2);
}

TEST(Rebuild, StoppedInTheMiddleItGoesOnAtTheNextStart) {
  MemoryLog log(2);
  const TempDirectory directory;
  Fill(log, History(23, 20'000));
  std::map<std::string, std::string> before;
  for (int round = 0; round < 3; ++round) {
    Running running(log, directory.path(), projections::Catalogue());
    running.CatchUp(log);
    before = running.Digests();
    IgnoreStatus(running.engine->Rebuild("case"), "from the second round on it is under way already, or done");
  }
  Running running(log, directory.path(), projections::Catalogue());
  ASSERT_TRUE(running.Eventually("case", IsLive));
  EXPECT_EQ(running.Digests(), before);
}

TEST(Rebuild, AViewAddedLaterCatchesUpAndJoins) {
  MemoryLog log(2);
  const TempDirectory directory;
  Fill(log, History(24, 4000));
  { Running(log, directory.path(), {projections::Catalogue()[0]}).CatchUp(log); }
  Running running(log, directory.path(), projections::Catalogue());
  for (const auto* view : projections::Catalogue())
    ASSERT_TRUE(running.Eventually(view->name, [&](const auto& seen) {
      for (const auto& p : seen.partitions())
        if (p.next_offset() != p.end_offset()) return false;
      return true;
    }));
  const TempDirectory clean;
  Running other(log, clean.path(), projections::Catalogue());
  other.CatchUp(log);
  EXPECT_EQ(running.Digests(), other.Digests());
}

// As a node finds its store after an upgrade: the rows are those of an older admission, the views are at the log's end.
TEST(Rebuild, AnotherVersionOfAdmissionJudgesAnewWhileTheViewsServe) {
  MemoryLog log(2);
  const TempDirectory directory;
  Fill(log, History(26, 3000));
  std::map<std::string, std::string> before;
  std::vector<events::v1::Verdict> verdicts;
  {
    Running running(log, directory.path(), projections::Catalogue());
    running.CatchUp(log);
    before = running.Digests();
    for (int64_t offset = 0; Offset(offset) < *log.EndOffset(Partition(1)); ++offset)
      verdicts.push_back(*running.engine->VerdictAt(Partition(1), Offset(offset)));
  }
  const sdk::Projection& state = admission::State();
  for (int32_t p = 0; p < 2; ++p) {
    auto opened = store::Store::Open(
        {fmt::format("{}/p{}", directory.path(), p), store::MakeSharedResources({}), 0});
    ASSERT_TRUE(opened.ok()) << ToString(opened.status());
    store::Store& store = **opened;
    const std::string now = TableName{std::string(state.name), state.version, 0}.Encode();
    const std::string older = TableName{std::string(state.name), state.version - 1, 0}.Encode();
    const auto meta = store.OpenTable(kMetaTable, store::TableKind::kRows);
    const auto verdict_table = store.OpenTable(kVerdictTable, store::TableKind::kRows);
    ASSERT_TRUE(meta.ok() && verdict_table.ok() && store.DropTable(now).ok());
    ASSERT_TRUE(store.OpenTable(older, store::TableKind::kRows).ok());
    const auto batch = store.NewBatch();
    store::PinnedValue place;
    ASSERT_TRUE(*store.Get(*meta, PlaceKey(now), &place));
    batch->Put(*meta, PlaceKey(older), place.view());
    batch->Delete(*meta, PlaceKey(now));
    // What the older one thought of the first event.
    events::v1::Verdict wrong;
    wrong.set_outcome(events::v1::VERDICT_OUTCOME_REFUSED);
    batch->Put(*verdict_table, codec::Key(Offset(0)), wrong.SerializeAsString());
    ASSERT_TRUE(store.Write(*batch).ok());
  }
  Running running(log, directory.path(), projections::Catalogue());
  running.CatchUp(log);
  for (const auto* view : projections::Catalogue()) ASSERT_TRUE(running.Eventually(view->name, IsLive)) << view->name;
  EXPECT_EQ(running.Digests(), before);
  for (size_t offset = 0; offset < verdicts.size(); ++offset)
    ASSERT_EQ(running.engine->VerdictAt(Partition(1), Offset(static_cast<int64_t>(offset)))->SerializeAsString(),
              verdicts[offset].SerializeAsString())
        << offset;
  // All go on together.
  Fill(log, History(27, 200), 5'000);
  running.CatchUp(log);
  for (const auto* view : projections::Catalogue()) ASSERT_TRUE(running.Eventually(view->name, IsLive)) << view->name;
}

TEST_F(Poisoned, AnEventThatCannotBeTakenHoldsUpItsClientAlone) {
  for (const std::string poison : {"poison", "throw"}) {
    MemoryLog log(1);
    const TempDirectory directory;
    log.Put(Partition(0), RecordOf("C-1", 1));
    log.Put(Partition(0), RecordOf("C-2", 2));
    log.Put(Partition(0), RecordOf("C-1", 3, poison));
    log.Put(Partition(0), RecordOf("C-1", 4));
    log.Put(Partition(0), RecordOf("C-2", 5));
    Running running(log, directory.path(), {&sdk::Describe<CountView>()});
    running.CatchUp(log);
    EXPECT_EQ(CountOf(*running.engine, "C-1"), 1);
    EXPECT_EQ(CountOf(*running.engine, "C-2"), 2);
    const auto gap = running.engine->At(Partition(0))->GapOf("count", "C-1");
    ASSERT_TRUE(gap.has_value());
    EXPECT_EQ(gap->events, 2);
    EXPECT_THAT(gap->reason, testing::AnyOf("no medicine", "exception: thrown"));
    EXPECT_FALSE(running.engine->At(Partition(0))->GapOf("count", "C-2").has_value());
    const auto parked = running.engine->ListParked("count", Partition(0), Offset(-1), 10);
    ASSERT_EQ(parked->size(), 2u);
    EXPECT_EQ((*parked)[0].offset(), 2);
    EXPECT_EQ((*parked)[1].reason(), "");
  }
}

// With batches of a few hundred events, and with one for all of them: then the lane has to ask for its records again.
class PoisonedInBatches : public Poisoned, public testing::WithParamInterface<int> {};
INSTANTIATE_TEST_SUITE_P(Of, PoisonedInBatches, testing::Values(500, 250'000));

TEST_P(PoisonedInBatches, AfterTheFixTheViewIsAsIfNothingHadHappened) {
  MemoryLog log(2);
  const TempDirectory directory;
  std::mt19937 random(31);
  for (int i = 0; i < 3000; ++i) {
    const std::string client = fmt::format("C-{}", random() % 300);
    log.Put(Partition(PartitionForKey(client, 2)), RecordOf(client, i, random() % 100 == 0 ? "poison" : ""));
  }
  EngineOptions small;
  small.max_batch_events = GetParam();
  {
    Running running(log, directory.path(), {&sdk::Describe<CountView>()}, small);
    running.CatchUp(log);
    EXPECT_GT(running.Described("count").parked_events(), 30);
    // Not fixed yet: retrying changes nothing.
    const std::string before = running.DigestOf("count");
    const auto retried = running.engine->RetryParked("count", "");
    EXPECT_EQ(retried->applied, 0);
    EXPECT_EQ(running.DigestOf("count"), before);
  }
  // Parked events outlive a restart, and the fix comes with it.
  Medicine() = true;
  Running running(log, directory.path(), {&sdk::Describe<CountView>()}, small);
  running.CatchUp(log);
  const auto retried = running.engine->RetryParked("count", "");
  EXPECT_EQ(retried->still_parked, 0);
  EXPECT_EQ(running.Described("count").parked_events(), 0);
  const TempDirectory clean;
  Running never(log, clean.path(), {&sdk::Describe<CountView>()});
  never.CatchUp(log);
  EXPECT_EQ(running.DigestOf("count"), never.DigestOf("count"));
}

TEST_F(Poisoned, RetryingTakesWhatItCanAndStopsAtTheNextOne) {
  MemoryLog log(1);
  const TempDirectory directory;
  log.Put(Partition(0), RecordOf("C-1", 1, "throw"));
  log.Put(Partition(0), RecordOf("C-1", 2));
  Running running(log, directory.path(), {&sdk::Describe<CountView>()});
  running.CatchUp(log);
  EXPECT_EQ(running.engine->RetryParked("count", "C-1")->applied, 0);
  Medicine() = true;
  EXPECT_EQ(running.engine->RetryParked("count", "C-9")->applied, 0);
  EXPECT_EQ(running.engine->RetryParked("count", "C-1")->applied, 2);
  EXPECT_EQ(CountOf(*running.engine, "C-1"), 2);
  EXPECT_EQ(running.engine->RetryParked("nothing", "").status().code(), StatusCode::kNotFound);
}

TEST_F(Poisoned, NoCheckpointMovesBecauseOfIt) {
  MemoryLog log(1);
  const TempDirectory directory;
  for (int i = 0; i < 100; ++i) log.Put(Partition(0), RecordOf("C-1", i, i == 0 ? "poison" : ""));
  Running running(log, directory.path(), {&sdk::Describe<CountView>()});
  running.CatchUp(log);
  const auto place = [&] { return running.engine->At(Partition(0))->next_offset("count"); };
  EXPECT_EQ(place(), Offset(100));
  Medicine() = true;
  EXPECT_EQ(running.engine->RetryParked("count", "")->applied, 100);
  EXPECT_EQ(place(), Offset(100));
  EXPECT_EQ(CountOf(*running.engine, "C-1"), 100);
}

}  // namespace
}  // namespace kefu::engine

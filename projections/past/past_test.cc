#include <absl/time/clock.h>
#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>
#include <random>

#include "kefu/query/v1/client.pb.h"
#include "platform/base/files.h"
#include "platform/base/reason.h"
#include "platform/base/time.h"
#include "platform/event/broadcast.h"
#include "platform/testkit/client_events.h"
#include "platform/testkit/memory_log.h"
#include "platform/testkit/wide_history.h"
#include "projections/catalogue.h"
#include "projections/engine/running.h"
#include "projections/past/cut_log.h"
#include "projections/past/moments.h"
#include "projections/past/past_engine.h"

namespace kefu::past {
namespace {

using engine::Running;
using testkit::MemoryLog;

constexpr int32_t kPartitions = 3;

uint64_t Seed() {
  const char* given = std::getenv("KEFU_SEED");
  return given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device()();
}

Status NoMatter(int64_t, int64_t) { return OkStatus(); }

absl::Time Second(int64_t second) { return testkit::Beginning() + absl::Seconds(second); }

// A log whose writers' clocks differ by some seconds.
void FillUnevenly(MemoryLog& log, uint64_t seed, int events) {
  std::mt19937_64 random(seed);
  int64_t second = 0;
  for (const auto& event : testkit::WideHistory({.seed = seed, .clients = 20, .events = events}))
    log.Put(Partition(PartitionForKey(event.client_id(), log.partitions())),
            testkit::Recorded(event, Second(second++ + static_cast<int64_t>(random() % 9))));
}

events::v1::Event EventAt(MemoryLog& log, int32_t partition, int64_t offset) {
  events::v1::Event event;
  EXPECT_TRUE(event.ParseFromString(*log.ReadOne(Partition(partition), Offset(offset))));
  return event;
}

// The records that `shows` says yes to, in a log of their own, with the same offsets where none is left out between.
template <class Shows>
std::unique_ptr<MemoryLog> Copy(MemoryLog& log, Shows shows) {
  auto copy = std::make_unique<MemoryLog>(log.partitions());
  for (int32_t p = 0; p < log.partitions(); ++p)
    for (int64_t offset = 0; offset < log.EndOffset(Partition(p))->value(); ++offset)
      if (shows(p, offset)) copy->Put(Partition(p), *log.ReadOne(Partition(p), Offset(offset)));
  return copy;
}

std::map<std::string, std::string> DigestsOf(const engine::Engine& engine) {
  std::map<std::string, std::string> digests;
  for (const auto* view : engine.projections())
    for (int32_t p = 0; p < engine.partitions(); ++p)
      digests[std::string(view->name)] += engine.Digest(view->name, Partition(p))->digest() + "\n";
  return digests;
}

std::map<std::string, std::string> DigestsOf(MemoryLog& log) {
  const TempDirectory directory;
  Running running(log, directory.path(), projections::Catalogue());
  running.CatchUp(log);
  return running.Digests();
}

// All clients' rows, without the places of events in the log.
std::string ClientsOf(const engine::Engine& engine) {
  std::string text;
  for (int32_t p = 0; p < engine.partitions(); ++p) {
    const auto partition = engine.At(Partition(p));
    for (const auto rows = *partition->Scan("client", "clients", {}, {}); rows->Valid(); rows->Next()) {
      query::v1::Client row;
      EXPECT_TRUE(row.ParseFromArray(rows->value().data(), static_cast<int>(rows->value().size())));
      row.clear_last_offset();
      text += row.DebugString();
    }
  }
  return text;
}

StatusOr<std::unique_ptr<engine::Engine>> OpenIn(const TempDirectory& directory, const Cut& cut, MemoryLog& log) {
  engine::EngineOptions options;
  options.directory = directory.path() + "/scratch";
  options.reserve_bytes = 0;
  return OpenAsOf(cut, log, projections::Catalogue(), options, &NoMatter);
}

log::Position RandomPosition(MemoryLog& log, std::mt19937_64& random) {
  log::Position position{log.identity().id, {}};
  for (int32_t p = 0; p < log.partitions(); ++p)
    position.next_offsets.push_back(
        static_cast<int64_t>(random() % (static_cast<uint64_t>(log.EndOffset(Partition(p))->value()) + 1)));
  return position;
}

TEST(AsOf, EveryViewIsWhatAFreshFoldOfThePrefixGives) {
  const uint64_t seed = Seed();
  SCOPED_TRACE(fmt::format("KEFU_SEED={}", seed));
  std::mt19937_64 random(seed);
  MemoryLog log(kPartitions);
  FillUnevenly(log, seed, 600);
  for (int round = 0; round < 2; ++round) {
    const log::Position position = RandomPosition(log, random);
    const auto cut = FindCut(log, {.position = position}, &NoMatter);
    ASSERT_TRUE(cut.ok()) << ToString(cut.status());
    const TempDirectory directory;
    const auto past = OpenIn(directory, *cut, log);
    ASSERT_TRUE(past.ok()) << ToString(past.status());
    const auto prefix = Copy(log, [&](int32_t p, int64_t offset) { return offset < position.next_offsets[p]; });
    EXPECT_EQ(DigestsOf(**past), DigestsOf(*prefix));
    EXPECT_EQ((*past)->CurrentPosition().next_offsets, position.next_offsets);
  }
}

// The control: a prefix that is one record shorter must not pass for it.
TEST(AsOf, AFoldOfOneRecordLessDiffers) {
  MemoryLog log(1);
  FillUnevenly(log, 5, 200);
  const auto cut = FindCut(log, {.position = log::Position{log.identity().id, {120}}}, &NoMatter);
  const TempDirectory directory;
  const auto past = OpenIn(directory, *cut, log);
  ASSERT_TRUE(past.ok()) << ToString(past.status());
  EXPECT_NE(DigestsOf(**past), DigestsOf(*Copy(log, [](int32_t, int64_t offset) { return offset < 119; })));
}

TEST(AsOf, ByRecordedTimeEachPartitionEndsBeforeTheFirstLaterRecord) {
  const uint64_t seed = Seed();
  SCOPED_TRACE(fmt::format("KEFU_SEED={}", seed));
  std::mt19937_64 random(seed);
  MemoryLog log(kPartitions);
  FillUnevenly(log, seed, 400);
  for (int round = 0; round < 20; ++round) {
    const absl::Time until = Second(static_cast<int64_t>(random() % 420));
    const auto cut = FindCut(log, {.recorded = until}, &NoMatter);
    ASSERT_TRUE(cut.ok()) << ToString(cut.status());
    EXPECT_EQ(cut->time, until);
    for (int32_t p = 0; p < kPartitions; ++p) {
      int64_t first_later = 0;
      const int64_t end = log.EndOffset(Partition(p))->value();
      while (first_later < end && FromProto(EventAt(log, p, first_later).recorded_at()) <= until) ++first_later;
      EXPECT_EQ(cut->next_offsets[static_cast<size_t>(p)], first_later) << "partition " << p;
    }
  }
}

TEST(AsOf, ByOccurredTimeLaterRecordsAreLeftOut) {
  const uint64_t seed = Seed();
  SCOPED_TRACE(fmt::format("KEFU_SEED={}", seed));
  MemoryLog log(1);
  FillUnevenly(log, seed, 300);
  const absl::Time until = FromProto(EventAt(log, 0, 150).occurred_at());
  const auto cut = FindCut(log, {.occurred = until}, &NoMatter);
  ASSERT_TRUE(cut.ok()) << ToString(cut.status());
  const TempDirectory directory;
  const auto past = OpenIn(directory, *cut, log);
  ASSERT_TRUE(past.ok()) << ToString(past.status());
  int left_out = 0;
  const auto rest = Copy(log, [&](int32_t p, int64_t offset) {
    const bool shown = FromProto(EventAt(log, p, offset).occurred_at()) <= until;
    if (!shown) ++left_out;
    return shown;
  });
  ASSERT_GT(left_out, 0);
  const TempDirectory of_rest;
  Running running(*rest, of_rest.path(), projections::Catalogue());
  running.CatchUp(*rest);
  EXPECT_EQ(ClientsOf(**past), ClientsOf(*running.engine));
}

TEST(AsOf, BeforeTheFirstRecordEverythingIsEmpty) {
  MemoryLog log(kPartitions);
  FillUnevenly(log, 3, 50);
  const auto cut = FindCut(log, {.recorded = Second(-1)}, &NoMatter);
  ASSERT_TRUE(cut.ok()) << ToString(cut.status());
  EXPECT_EQ(cut->Size(), 0);
  const TempDirectory directory;
  const auto past = OpenIn(directory, *cut, log);
  ASSERT_TRUE(past.ok()) << ToString(past.status());
  MemoryLog empty(kPartitions);
  EXPECT_EQ(DigestsOf(**past), DigestsOf(empty));
}

TEST(AsOf, APositionOfAnotherLogOrPastTheEndIsRefused) {
  MemoryLog log(kPartitions);
  FillUnevenly(log, 3, 50);
  const auto refused = [&](log::Position position) {
    return ReasonOf(FindCut(log, {.position = std::move(position)}, &NoMatter).status());
  };
  EXPECT_EQ(refused({"another log", {1, 1, 1}}), "POSITION_INVALID");
  EXPECT_EQ(refused({log.identity().id, {1, 1}}), "POSITION_INVALID");
  EXPECT_EQ(refused({log.identity().id, {0, 0, log.EndOffset(Partition(2))->value() + 1}}), "POSITION_INVALID");
}

TEST(AsOf, ThePastIsNotWrittenAndStandsStill) {
  MemoryLog log(1);
  FillUnevenly(log, 3, 50);
  const auto cut = FindCut(log, {.position = log::Position{log.identity().id, {20}}}, &NoMatter);
  const TempDirectory directory;
  const auto past = OpenIn(directory, *cut, log);
  ASSERT_TRUE(past.ok()) << ToString(past.status());
  EXPECT_EQ(ReasonOf((*past)->Rebuild("client")), "AS_OF_NOT_APPLICABLE");
  EXPECT_EQ((*past)->WaitFor(Partition(0), Offset(21), absl::InfiniteFuture()).code(), StatusCode::kDeadlineExceeded);
  EXPECT_EQ((*past)->moment(), cut->time);
  const auto cut_log = MakeCutLog(log, *cut);
  const auto appended = log::AppendAndWait(*cut_log, Partition(0), {{"", "x"}}, absl::InfiniteFuture());
  EXPECT_EQ(appended.status().code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(cut_log->ReadOne(Partition(0), Offset(20)).status().code(), StatusCode::kNotFound);
}

class MomentsTest : public testing::Test {
 protected:
  MomentsTest() : log_(1) {
    FillUnevenly(log_, 8, 60);
    std::filesystem::create_directories(directory_.path() + "/moments/left-over");
    Open({.most = 2});
  }
  void Open(MomentsOptions options) {
    options.directory = directory_.path() + "/moments";
    options.engine.reserve_bytes = 0;
    moments_.reset();
    moments_ = std::make_unique<Moments>(log_, projections::Catalogue(), options);
  }
  StatusOr<std::shared_ptr<OpenMoment>> OpenAt(int64_t offset) {
    return moments_->Open({.position = log::Position{log_.identity().id, {offset}}}, &NoMatter);
  }
  int Folders() const {
    std::error_code none;
    int count = 0;
    const std::filesystem::directory_iterator folders(directory_.path() + "/moments", none);
    if (!none) count = static_cast<int>(std::distance(begin(folders), end(folders)));
    return count;
  }

  const TempDirectory directory_;
  MemoryLog log_;
  std::unique_ptr<Moments> moments_;
};

TEST_F(MomentsTest, OneIsFoundByItsNameAndTheSameIsNotOpenedTwice) {
  EXPECT_EQ(Folders(), 0) << "leftovers";
  const auto opened = OpenAt(30);
  ASSERT_TRUE(opened.ok()) << ToString(opened.status());
  EXPECT_EQ(*moments_->Find((*opened)->name()), *opened);
  EXPECT_EQ(*OpenAt(30), *opened);
  EXPECT_EQ(Folders(), 1);
  EXPECT_EQ(ReasonOf(moments_->Find("moments/none").status()), "MOMENT_NOT_FOUND");
}

TEST_F(MomentsTest, MoreThanThereMayBeAreRefusedUntilOneIsUnused) {
  auto first = *OpenAt(10);
  const std::string name = first->name();
  auto second = *OpenAt(20);
  EXPECT_EQ(ReasonOf(OpenAt(30).status()), "MOMENTS_EXHAUSTED");
  // A call that runs keeps its moment, however long.
  second.reset();
  EXPECT_EQ(moments_->CloseUnused(absl::Now() + absl::Hours(1)), 1);
  EXPECT_TRUE(moments_->Find(name).ok());
  first.reset();
  EXPECT_EQ(moments_->CloseUnused(absl::Now()), 0) << "it was asked just now";
  EXPECT_EQ(moments_->CloseUnused(absl::Now() + absl::Hours(1)), 1);
  EXPECT_EQ(Folders(), 0);
  EXPECT_TRUE(OpenAt(30).ok());
}

TEST_F(MomentsTest, GivenBackByAllWhoOpenedItOneIsClosed) {
  const std::string name = (*OpenAt(10))->name();
  ASSERT_EQ((*OpenAt(10))->name(), name) << "another asks for the same";
  EXPECT_EQ(moments_->Close(name), OkStatus());
  EXPECT_TRUE(moments_->Find(name).ok()) << "the other has it still";
  auto asked = *moments_->Find(name);
  EXPECT_EQ(moments_->Close(name), OkStatus());
  EXPECT_EQ(Folders(), 1) << "a call is under way";
  asked.reset();
  EXPECT_EQ(moments_->CloseUnused(absl::Now()), 1);
  EXPECT_EQ(Folders(), 0);
  EXPECT_EQ(ReasonOf(moments_->Close(name)), "MOMENT_NOT_FOUND");
}

TEST_F(MomentsTest, GivenBackThereIsRoomForAnother) {
  for (const int64_t offset : {10, 20, 30, 40}) {
    const auto opened = OpenAt(offset);
    ASSERT_TRUE(opened.ok()) << offset << ToString(opened.status());
    const std::string name = (*opened)->name();
    EXPECT_EQ(moments_->Close(name), OkStatus()) << "still held";
  }
  EXPECT_LE(Folders(), 2);
}

TEST_F(MomentsTest, TheOneThatWasNotAskedForLongestMakesRoom) {
  Open({.most = 2, .keep_at_least = absl::ZeroDuration()});
  const std::string first = (*OpenAt(10))->name();
  const std::string second = (*OpenAt(20))->name();
  EXPECT_TRUE(moments_->Find(first).ok());
  ASSERT_TRUE(OpenAt(30).ok());
  EXPECT_TRUE(moments_->Find(first).ok());
  EXPECT_EQ(ReasonOf(moments_->Find(second).status()), "MOMENT_NOT_FOUND");
  EXPECT_EQ(Folders(), 2);
  // Not one that a call holds.
  const auto held = *moments_->Find(first);
  const std::string third = (*OpenAt(30))->name();
  ASSERT_TRUE(OpenAt(40).ok());
  EXPECT_EQ(ReasonOf(moments_->Find(third).status()), "MOMENT_NOT_FOUND");
  EXPECT_EQ(*moments_->Find(first), held);
}

TEST_F(MomentsTest, WhoGoesAwayEndsTheOpening) {
  const auto opened = moments_->Open({.position = log::Position{log_.identity().id, {30}}},
                                     [](int64_t, int64_t) { return Cancelled("gone"); });
  EXPECT_EQ(opened.status().code(), StatusCode::kCancelled);
  EXPECT_EQ(Folders(), 0);
}

}  // namespace
}  // namespace kefu::past

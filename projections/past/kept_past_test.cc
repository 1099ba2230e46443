// Moments that are folded from views that were kept.

#include <absl/time/clock.h>
#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>

#include "platform/base/files.h"
#include "platform/base/reason.h"
#include "platform/base/time.h"
#include "platform/testkit/client_events.h"
#include "platform/testkit/memory_log.h"
#include "platform/testkit/wide_history.h"
#include "projections/catalogue.h"
#include "projections/engine/frames.h"
#include "projections/engine/running.h"
#include "projections/kept/kept_views.h"
#include "projections/past/cut_log.h"
#include "projections/past/moments.h"
#include "projections/past/past_engine.h"

namespace kefu::past {
namespace {

using engine::Running;
using testkit::MemoryLog;

constexpr int32_t kPartitions = 2;

uint64_t Seed() {
  const char* given = std::getenv("KEFU_SEED");
  return given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device()();
}

absl::Time Second(int64_t second) { return testkit::Beginning() + absl::Seconds(second); }

// A log whose writers' clocks differ by some seconds, and nanoseconds, with events annulled.
class Growing {
 public:
  Growing(uint64_t seed, int events) : log(kPartitions), random_(seed) {
    for (auto& event : testkit::WideHistory({.seed = seed, .clients = 15, .events = events})) {
      history_.push_back(event);
      if (random_() % 12 != 0 || event.client_id().empty()) continue;
      const std::string id = event.event_id();
      history_.push_back(testkit::Finish(
          testkit::Draft().Client(event.client_id()).Id("annul-" + id).With([&](events::v1::Event& annulment) {
            annulment.mutable_event_annulled()->set_annulled_event_id(id);
            annulment.mutable_event_annulled()->set_reason("of another client");
          }),
          static_cast<int64_t>(history_.size())));
    }
  }

  int64_t size() const { return static_cast<int64_t>(history_.size()); }
  int64_t second() const { return second_; }
  void Grow(int64_t events) {
    for (; events > 0 && at_ < history_.size(); --events, ++at_) {
      const auto& event = history_[at_];
      const absl::Time at = Second(second_++ + static_cast<int64_t>(random_() % 9)) +
                            absl::Nanoseconds(static_cast<int64_t>(random_() % 1'000'000'000));
      log.Put(Partition(PartitionForKey(event.client_id(), kPartitions)), testkit::Recorded(event, at));
    }
  }

  MemoryLog log;

 private:
  std::mt19937_64 random_;
  std::vector<events::v1::Event> history_;
  size_t at_ = 0;
  int64_t second_ = 0;
};

class KeptPastTest : public testing::Test {
 protected:
  explicit KeptPastTest(int events = 500, uint64_t seed = Seed())
      : seed_(seed), growing_(seed, events), live_(growing_.log, Path("views"), projections::Catalogue()) {
    kept::KeptOptions options;
    options.directory = Path("kept");
    options.reserve_bytes = 0;
    kept_ = *kept::KeptViews::Open(options, *live_.engine);
  }

  std::string Path(const std::string& name) const { return directory_.path() + "/" + name; }
  void GrowAndKeep(int64_t events) {
    growing_.Grow(events);
    live_.CatchUp(growing_.log);
    const Status kept = kept_->Keep();
    ASSERT_TRUE(kept.ok()) << ToString(kept);
  }
  engine::EngineOptions Scratch() {
    engine::EngineOptions options;
    options.directory = Path(fmt::format("scratch-{}", ++scratch_));
    options.reserve_bytes = 0;
    return options;
  }

  struct Folded {
    StatusOr<std::unique_ptr<engine::Engine>> engine = Unavailable("not opened");
    int64_t left = -1;  // how many offsets were said to be left to fold
  };
  Folded Fold(const Cut& cut, const KeptStart& start) {
    Folded folded;
    folded.engine = OpenAsOf(
        cut, growing_.log, projections::Catalogue(), Scratch(),
        [&](int64_t, int64_t total) {
          folded.left = total;
          return OkStatus();
        },
        start);
    EXPECT_TRUE(folded.engine.ok()) << ToString(folded.engine.status());
    return folded;
  }
  StatusOr<Cut> Find(const Asked& asked, const KeptStart& start) {
    return FindCut(growing_.log, asked, [](int64_t, int64_t) { return OkStatus(); }, absl::Seconds(30),
                   KnownPlacesOf(start));
  }
  KeptStart StartOf(const Asked& asked) { return FindStart(kept_.get(), growing_.log.identity(), asked); }

  static std::map<std::string, std::string> DigestsOf(const engine::Engine& engine) {
    std::map<std::string, std::string> digests;
    for (const auto* view : engine.projections())
      for (int32_t p = 0; p < engine.partitions(); ++p)
        digests[std::string(view->name)] += engine.Digest(view->name, Partition(p))->digest() + "\n";
    return digests;
  }
  static std::string VerdictsOf(const engine::Engine& engine) {
    std::string text;
    const log::Position until = engine.CurrentPosition();
    for (int32_t p = 0; p < engine.partitions(); ++p) {
      const auto verdicts = engine.VerdictsBetween(Partition(p), Offset(0), Offset(until.next_offsets[p]));
      EXPECT_TRUE(verdicts.ok()) << ToString(verdicts.status());
      for (const auto& [offset, verdict] : verdicts.value())
        text += fmt::format("{}/{} {}\n", p, offset, verdict.ShortDebugString());
    }
    return text;
  }
  log::Position End() {
    log::Position end{growing_.log.identity().id, {}};
    for (int32_t p = 0; p < kPartitions; ++p) end.next_offsets.push_back(growing_.log.EndOffset(Partition(p))->value());
    return end;
  }

  const uint64_t seed_;
  const TempDirectory directory_;
  Growing growing_;
  Running live_;
  std::unique_ptr<kept::KeptViews> kept_;
  int scratch_ = 0;
};

TEST_F(KeptPastTest, EveryViewIsWhatAFoldFromTheBeginningGives) {
  SCOPED_TRACE(fmt::format("KEFU_SEED={}", seed_));
  std::mt19937_64 random(seed_);
  const int64_t part = growing_.size() / 5;
  for (int i = 0; i < 4; ++i) GrowAndKeep(part / 2 + static_cast<int64_t>(random() % static_cast<uint64_t>(part)));
  growing_.Grow(growing_.size());
  live_.CatchUp(growing_.log);
  int from_kept = 0;
  for (int round = 0; round < 4; ++round) {
    Asked asked;
    if (round % 2 == 0) {
      asked.position = End();
      // The last round is near the end of each partition, where something is kept before it.
      for (int64_t& next : asked.position->next_offsets)
        next -= static_cast<int64_t>(random() % static_cast<uint64_t>(round == 2 ? next / 8 + 1 : next + 1));
    } else {
      asked.recorded = Second(static_cast<int64_t>(random() % static_cast<uint64_t>(growing_.second())));
    }
    const KeptStart start = StartOf(asked);
    const auto cut = Find(asked, {});
    const auto cut_from_kept = Find(asked, start);
    ASSERT_TRUE(cut.ok() && cut_from_kept.ok()) << ToString(cut.status()) << ToString(cut_from_kept.status());
    EXPECT_EQ(cut_from_kept->next_offsets, cut->next_offsets);
    EXPECT_EQ(cut_from_kept->ends, cut->ends);
    EXPECT_EQ(cut_from_kept->time, cut->time);
    int64_t left = 0;
    for (size_t p = 0; p < kPartitions; ++p) {
      const bool kept = start.places[p].has_value();
      from_kept += kept ? 1 : 0;
      left += cut->ends[p] - (kept ? start.places[p]->next.value() : 0);
    }
    const Folded fresh = Fold(*cut, {});
    const Folded folded = Fold(*cut, start);
    EXPECT_EQ(folded.left, left) << "only the rest is folded";
    EXPECT_EQ(DigestsOf(**folded.engine), DigestsOf(**fresh.engine));
    EXPECT_EQ(VerdictsOf(**folded.engine), VerdictsOf(**fresh.engine));
    EXPECT_EQ((*folded.engine)->CurrentPosition().next_offsets, (*fresh.engine)->CurrentPosition().next_offsets);
  }
  EXPECT_GT(from_kept, 0);
}

// The control: views kept after the moment are of another time; they are not used, and would be seen.
TEST_F(KeptPastTest, WhatWasKeptAfterTheMomentDoesNotPassForIt) {
  SCOPED_TRACE(fmt::format("KEFU_SEED={}", seed_));
  GrowAndKeep(300);
  Asked asked{.position = End()};
  const KeptStart later = StartOf(asked);
  for (int64_t& next : asked.position->next_offsets) --next;
  for (const auto& place : StartOf(asked).places) EXPECT_FALSE(place.has_value());
  const auto cut = Find(asked, {});
  const auto right = DigestsOf(**Fold(*cut, {}).engine);
  const Folded folded = Fold(*cut, later);
  EXPECT_EQ(DigestsOf(**folded.engine), right) << "from the beginning, though told to begin too late";
  EXPECT_EQ(folded.left, cut->Size());
  // Opened as they are, they differ: the digests above would have told.
  for (int32_t p = 0; p < kPartitions; ++p)
    ASSERT_TRUE(kept_->CopyInto(*later.places[static_cast<size_t>(p)], Partition(p), growing_.log,
                                engine::StoreFolder(Path("control"), Partition(p)))
                    .ok());
  engine::EngineOptions options = Scratch();
  options.directory = Path("control");
  const auto control = engine::Engine::Open(options, growing_.log, projections::Catalogue());
  ASSERT_TRUE(control.ok());
  EXPECT_NE(DigestsOf(**control), right);
}

TEST_F(KeptPastTest, WhatWasTamperedWithIsNotUsed) {
  SCOPED_TRACE(fmt::format("KEFU_SEED={}", seed_));
  GrowAndKeep(200);
  const Asked asked{.position = End()};
  const KeptStart start = StartOf(asked);
  std::ofstream(fmt::format("{}/{:012}/p1/CURRENT", Path("kept"), kept_->All().front().first)) << "MANIFEST-000001\n";
  const auto cut = Find(asked, start);
  const Folded folded = Fold(*cut, start);
  EXPECT_EQ(DigestsOf(**folded.engine), DigestsOf(**Fold(*cut, {}).engine));
  EXPECT_GT(folded.left, 0) << "the second partition is folded from the beginning";
  EXPECT_THAT(kept_->All(), testing::IsEmpty());
}

// A log that was replaced by one of the same name.
TEST_F(KeptPastTest, WhatIsOfAnotherHistoryIsNotUsed) {
  SCOPED_TRACE(fmt::format("KEFU_SEED={}", seed_));
  GrowAndKeep(200);
  const Asked asked{.position = End()};
  const KeptStart start = StartOf(asked);
  for (int32_t p = 0; p < kPartitions; ++p) {
    const Offset last(asked.position->next_offsets[static_cast<size_t>(p)] - 1);
    if (last.value() < 0) continue;
    events::v1::Event event;
    ASSERT_TRUE(event.ParseFromString(*growing_.log.ReadOne(Partition(p), last)));
    event.set_source("another history");
    growing_.log.Replace(Partition(p), last, event.SerializeAsString());
  }
  const auto cut = Find(asked, start);
  const Folded folded = Fold(*cut, start);
  EXPECT_EQ(DigestsOf(**folded.engine), DigestsOf(**Fold(*cut, {}).engine));
  EXPECT_EQ(folded.left, cut->Size());
  EXPECT_THAT(kept_->All(), testing::IsEmpty());
}

TEST_F(KeptPastTest, ByOccurredTimeAndOfAnotherLogNothingIsKept) {
  GrowAndKeep(100);
  EXPECT_TRUE(StartOf({.occurred = Second(1'000'000)}).places.empty());
  EXPECT_TRUE(StartOf({.position = log::Position{"another log", {1, 1, 1}}}).places.empty());
  EXPECT_TRUE(StartOf({.position = log::Position{growing_.log.identity().id, {1}}}).places.empty());
  EXPECT_TRUE(StartOf({.recorded = Second(1'000'000)}).places[0].has_value());
  // Known places say nothing about what had occurred: all is read.
  const Asked occurred{.occurred = Second(50)};
  const auto whole = Find(occurred, {});
  const auto told = Find(occurred, StartOf({.recorded = Second(1'000'000)}));
  ASSERT_TRUE(whole.ok() && told.ok());
  EXPECT_EQ(told->ends, whole->ends);
}

TEST_F(KeptPastTest, MomentsBeginThere) {
  GrowAndKeep(400);
  growing_.Grow(30);
  MomentsOptions options;
  options.directory = Path("moments");
  options.engine.reserve_bytes = 0;
  options.kept = kept_.get();
  Moments moments(growing_.log, projections::Catalogue(), options);
  int64_t total = -1;
  const auto moment = moments.Open({.position = End()}, [&](int64_t done, int64_t of) {
    EXPECT_LE(done, of);
    total = of;
    return OkStatus();
  });
  ASSERT_TRUE(moment.ok()) << ToString(moment.status());
  EXPECT_EQ(total, 30);
  live_.CatchUp(growing_.log);
  EXPECT_EQ(DigestsOf((*moment)->engine()), DigestsOf(*live_.engine));
}

}  // namespace
}  // namespace kefu::past

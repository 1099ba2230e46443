#include "services/clock/clock_keeper.h"

#include <gmock/gmock.h>

#include <map>
#include <set>

#include "platform/base/time.h"
#include "projections/clock/clock.h"
#include "projections/clock/clock_testing.h"
#include "services/clock/duty_testing.h"

namespace kefu::duties {
namespace {

using clock::PackDraft;
using events::v1::Event;
using testing::ElementsAre;
using testing::IsEmpty;
using testkit::Draft;
using testkit::MemoryLog;

constexpr auto kResolved = events::v1::CASE_MOMENT_RESOLVED;

// What is broadcast, in every partition, as if it had been copied there.
void Broadcast(MemoryLog& log, const Draft& draft, int64_t number, absl::Time recorded_at) {
  Event event = testkit::Finish(draft, number);
  for (int32_t p = 0; p < log.partitions(); ++p) {
    event.mutable_broadcast()->set_partitions(log.partitions());
    event.mutable_broadcast()->set_is_copy(p != 0);
    event.mutable_broadcast()->set_first_offset(p == 0 ? 0 : number);
    log.Put(Partition(p), event::RecordedBytes(event, recorded_at));
  }
}

struct ToldFact {
  Event event;
  absl::Time recorded_at;
};

// Facts about clocks that the log holds, partition by partition, in its order; not those that admission found to be
// duplicates.
std::vector<std::vector<ToldFact>> Facts(MemoryLog& log) {
  std::vector<std::vector<ToldFact>> facts(static_cast<size_t>(log.partitions()));
  for (int32_t p = 0; p < log.partitions(); ++p) {
    for (int64_t offset = 0; offset < log.EndOffset(Partition(p))->value(); ++offset) {
      Event event;
      EXPECT_TRUE(event::ParseRecorded(*log.ReadOne(Partition(p), Offset(offset)), &event).ok());
      if (event.body_case() < Event::kClockStarted || event.body_case() > Event::kClockDropped) continue;
      facts[static_cast<size_t>(p)].push_back({event, FromProto(event.recorded_at())});
    }
  }
  return facts;
}

std::vector<std::string> Ids(MemoryLog& log) {
  std::vector<std::string> ids;
  for (const auto& partition : Facts(log))
    for (const ToldFact& fact : partition) ids.push_back(fact.event.event_id());
  return ids;
}

class ClockKeeperTest : public testing::Test {
 protected:
  explicit ClockKeeperTest(int32_t partitions = 1) : log_(partitions), node_(log_) {}

  void Publish(const PackDraft& pack) {
    Broadcast(log_, clock::Published(calendar::Shanghai()), ++number_, now_.Now());
    Broadcast(log_, clock::Published(pack), ++number_, now_.Now());
  }
  // It happened `after` the beginning.
  void Given(Draft draft, absl::Duration after) {
    Record(log_, testkit::Finish(draft.At(begins_ + after), ++number_), now_.Now());
  }
  // As the framework would, but at once: until there is nothing to do at this moment. The next time it wants to be
  // called.
  absl::Time Settle(ClockKeeper& keeper) {
    for (;;) {
      node_.CatchUp();
      const auto next = keeper.Step();
      EXPECT_TRUE(next.ok()) << ToString(next.status());
      node_.CatchUp();
      const auto again = keeper.Step();
      EXPECT_TRUE(again.ok()) << ToString(again.status());
      if (*again != absl::InfiniteFuture() || NothingWaits(keeper)) return *again;
    }
  }
  static bool NothingWaits(const ClockKeeper& keeper) {
    for (const auto& duty : keeper.Describe())
      if (duty.waiting() > 0) return false;
    return true;
  }

  MemoryLog log_;
  Node node_;
  HandClock now_;
  const absl::Time begins_ = now_.Now();
  int64_t number_ = 0;
};

TEST_F(ClockKeeperTest, TellsWhatClocksDidAndWhatWasMissed) {
  Publish(
      PackDraft("firm").Clock("resolve", clock::Minutes(60), {kResolved}).Pauses({events::v1::WAITING_ON_CLIENT}, 30));
  ClockKeeper keeper(node_.Context(log_, now_));
  Given(testkit::Opened("K-1"), absl::ZeroDuration());
  EXPECT_EQ(Settle(keeper), begins_ + absl::Minutes(60) + absl::Microseconds(1));
  now_.Move(absl::Minutes(20));
  Given(testkit::WaitStarted("K-1"), absl::Minutes(10));
  Given(testkit::Resumed("K-1"), absl::Minutes(20));
  EXPECT_EQ(Settle(keeper), begins_ + absl::Minutes(70) + absl::Microseconds(1));
  now_.Move(absl::Minutes(50));
  Settle(keeper);
  EXPECT_THAT(Ids(log_), ElementsAre("clock/started/K-1/firm/resolve/0", "clock/paused/K-1/firm/resolve/0/1",
                                     "clock/resumed/K-1/firm/resolve/0/1"))
      << "due at this moment is not missed yet";
  now_.Move(absl::Microseconds(1));
  EXPECT_EQ(Settle(keeper), absl::InfiniteFuture());
  const auto breach = Facts(log_)[0].back();
  EXPECT_EQ(breach.event.event_id(), "clock/breached/K-1/firm/resolve/0");
  EXPECT_EQ(FromProto(breach.event.occurred_at()), begins_ + absl::Minutes(70));
  now_.Move(absl::Minutes(10));
  Given(testkit::Resolved("K-1"), absl::Minutes(80));
  Settle(keeper);
  EXPECT_EQ(Facts(log_)[0].back().event.event_id(), "clock/met/K-1/firm/resolve/0");
  EXPECT_TRUE(Facts(log_)[0].back().event.clock_met().late());
  EXPECT_EQ(keeper.Describe()[0].written(), 5);
}

TEST_F(ClockKeeperTest, AnotherKeeperHasNothingToAdd) {
  Publish(PackDraft("firm").Clock("resolve", clock::Minutes(60), {kResolved}));
  {
    ClockKeeper keeper(node_.Context(log_, now_));
    Given(testkit::Opened("K-1"), absl::ZeroDuration());
    now_.Move(absl::Hours(2));
    Settle(keeper);
  }
  const auto told = Ids(log_);
  ClockKeeper other(node_.Context(log_, now_));
  Settle(other);
  EXPECT_EQ(Ids(log_), told);
}

TEST_F(ClockKeeperTest, TwoKeepersSayTheSameWords) {
  Publish(PackDraft("firm").Clock("resolve", clock::Minutes(60), {kResolved}));
  Given(testkit::Opened("K-1"), absl::ZeroDuration());
  node_.CatchUp();
  now_.Move(absl::Hours(2));
  ClockKeeper one(node_.Context(log_, now_)), other(node_.Context(log_, now_));
  // Both look before either has written.
  ASSERT_TRUE(one.Step().ok());
  ASSERT_TRUE(other.Step().ok());
  std::map<std::string, std::set<std::string>> bytes;
  auto facts = Facts(log_)[0];
  for (auto& fact : facts) {
    fact.event.clear_recorded_at();
    bytes[fact.event.event_id()].insert(fact.event.SerializeAsString());
  }
  EXPECT_EQ(bytes.size(), 2u);
  for (const auto& [id, ways] : bytes) EXPECT_EQ(ways.size(), 1u) << id;
  node_.CatchUp();
  for (int64_t offset = 0; offset < log_.EndOffset(Partition(0))->value(); ++offset)
    EXPECT_NE(node_.engine().VerdictAt(Partition(0), Offset(offset))->outcome(), events::v1::VERDICT_OUTCOME_REFUSED);
}

TEST_F(ClockKeeperTest, OfWhatWasImportedNothingIsTold) {
  Publish(PackDraft("firm").Clock("resolve", clock::Minutes(60), {kResolved}));
  ClockKeeper keeper(node_.Context(log_, now_));
  Given(testkit::Opened("K-1").With([](Event& event) { event.set_imported(true); }), -absl::Hours(24 * 30));
  now_.Move(absl::Hours(2));
  Settle(keeper);
  EXPECT_THAT(Ids(log_), IsEmpty());
}

class ManyClocksTest : public ClockKeeperTest {
 protected:
  ManyClocksTest() : ClockKeeperTest(3) {}

  static constexpr int kCases = 4'000;
  static constexpr int kImported = 200;

  // Five clocks a case, due within some two minutes; a fifth is done in time.
  void Live(std::mt19937_64& random) {
    PackDraft pack("firm");
    for (int i = 0; i < 5; ++i) {
      pack.Clock(fmt::format("c{}", i), clock::Minutes(60), {kResolved});
      // Those in the middle run until the case is closed.
      if (i > 0 && i < 4) pack.With([](auto& rule) { rule.clear_stops_at(); });
    }
    Publish(pack);
    for (int i = 0; i < kCases; ++i) {
      const std::string client = fmt::format("C-{}", i % 500);
      const bool imported = i % (kCases / kImported) == 0;
      const absl::Duration opened =
          -absl::Minutes(60) + absl::Microseconds(static_cast<int64_t>(random() % 120'000'000));
      Given(testkit::Opened(fmt::format("K-{}", i)).Client(client).With([&](Event& event) {
        event.set_imported(imported);
      }),
            opened);
      if (random() % 5 == 0) Given(testkit::Resolved(fmt::format("K-{}", i)).Client(client), opened + absl::Minutes(1));
    }
  }

  struct Due {
    absl::Time at;
    int32_t partition = 0;
  };
  // What must be told to be missed, by the events alone: id to due time.
  std::map<std::string, Due> Expected() {
    std::map<std::string, Due> expected;
    for (int32_t p = 0; p < log_.partitions(); ++p) {
      for (int64_t offset = 0; offset < log_.EndOffset(Partition(p))->value(); ++offset) {
        Event event;
        EXPECT_TRUE(event::ParseRecorded(*log_.ReadOne(Partition(p), Offset(offset)), &event).ok());
        const auto id = [&](const std::string& case_id, int i) {
          return fmt::format("clock/breached/{}/firm/c{}/0", case_id, i);
        };
        if (event.has_service_request_opened() && !event.imported())
          for (int i = 0; i < 5; ++i)
            expected[id(event.service_request_opened().case_id(), i)] = {
                FromProto(event.occurred_at()) + absl::Minutes(60), p};
        if (event.has_case_resolved())
          for (const int i : {0, 4}) expected.erase(id(event.case_resolved().case_id(), i));
      }
    }
    return expected;
  }
  // Empty if all is as it must be.
  std::string Wrong(const std::map<std::string, Due>& expected) {
    std::map<std::string, int> told;
    const auto facts = Facts(log_);
    for (size_t p = 0; p < facts.size(); ++p) {
      absl::Time last = absl::InfinitePast();
      for (const ToldFact& fact : facts[p]) {
        if (!fact.event.has_clock_breached()) continue;
        const std::string& id = fact.event.event_id();
        const auto found = expected.find(id);
        if (found == expected.end()) return id + " is not to be told";
        const absl::Time due = FromProto(fact.event.clock_breached().due_at());
        if (due != found->second.at) return id + " names another due time";
        if (fact.recorded_at <= due) return id + " is told before its time";
        if (fact.recorded_at - due > absl::Seconds(1)) return id + " is told late";
        if (due < last) return id + " is told out of order";
        last = due;
        if (++told[id] > 1) return id + " is told twice";
      }
    }
    if (told.size() != expected.size()) return fmt::format("{} are told, of {}", told.size(), expected.size());
    return {};
  }
};

// N4 at the size of a commit: each breach once, within a second of its due time, in the order of due times, through
// restarts.
TEST_F(ManyClocksTest, EachOfTwentyThousandIsToldOnceWithinASecondInOrderThroughTwentyRestarts) {
  const uint64_t seed = Seed();
  SCOPED_TRACE(fmt::format("KEFU_SEED={}", seed));
  std::mt19937_64 random(seed);
  Live(random);
  node_.CatchUp();
  // One second before the first is due.
  now_.Move(-absl::Seconds(1));
  std::unique_ptr<MortalLog> mortal;
  std::unique_ptr<ClockKeeper> keeper;
  int restarts = -1;
  const auto restart = [&] {
    keeper.reset();
    node_.CatchUp();
    mortal = std::make_unique<MortalLog>(log_);
    keeper = std::make_unique<ClockKeeper>(node_.Context(*mortal, now_));
    if (++restarts < 20)
      mortal->DieAt(static_cast<int>(5 + random() % 25), static_cast<MortalLog::Death>(random() % 3));
  };
  restart();
  int64_t steps = 0;
  for (const absl::Time ends = begins_ + absl::Seconds(125); now_.Now() < ends;) {
    ASSERT_LT(++steps, 100'000) << "it does not get on";
    if (mortal->dead()) restart();
    node_.CatchUp();
    const auto next = keeper->Step();
    ASSERT_TRUE(next.ok()) << ToString(next.status());
    // Time goes on only when nothing is left to do at this moment: how fast the machine is does not matter here.
    if (!mortal->dead() && NothingWaits(*keeper)) now_.Move(absl::Milliseconds(400));
  }
  EXPECT_GE(restarts, 20);
  node_.CatchUp();
  const auto expected = Expected();
  EXPECT_GT(expected.size(), 15'000u);
  EXPECT_EQ(Wrong(expected), "");

  // The control: what is missing, too much, or late is found.
  auto other = expected;
  other.erase(other.begin());
  EXPECT_NE(Wrong(other), "");
  other = expected;
  other["clock/breached/K-0/firm/c0/0"] = {begins_, 0};
  EXPECT_NE(Wrong(other), "");
}

}  // namespace
}  // namespace kefu::duties

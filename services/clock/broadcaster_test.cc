#include "services/clock/broadcaster.h"

#include <algorithm>
#include <deque>

#include "services/clock/duties.h"
#include "services/clock/duty_testing.h"

namespace kefu::duties {
namespace {

using events::v1::Event;
using testkit::MemoryLog;

constexpr int32_t kPartitions = 8;

// What is published: units, some of them refused (their parent was never published), some told twice.
std::vector<Event> Broadcasts(int count, std::mt19937_64& random) {
  std::vector<Event> all;
  for (int i = 1; i <= count; ++i) {
    const bool refused = random() % 5 == 0;
    all.push_back(UnitNamed(i, refused ? "nowhere" : ""));
    if (random() % 10 == 0) all.push_back(all.back());
  }
  return all;
}

struct Copied {
  std::string event_id;
  std::string body;
  int64_t first_offset;

  friend bool operator==(const Copied&, const Copied&) = default;
};

std::vector<Event> AllOf(MemoryLog& log, Partition partition) {
  std::vector<Event> events;
  for (int64_t offset = 0; offset < log.EndOffset(partition)->value(); ++offset)
    EXPECT_TRUE(event::ParseRecorded(*log.ReadOne(partition, Offset(offset)), &events.emplace_back()).ok());
  return events;
}

// What partition 0 applied, as copies should be.
std::vector<Copied> Wanted(MemoryLog& log, engine::Engine& engine) {
  std::vector<Copied> wanted;
  const auto events = AllOf(log, Partition(0));
  for (size_t i = 0; i < events.size(); ++i)
    if (engine.VerdictAt(Partition(0), Offset(static_cast<int64_t>(i)))->outcome() ==
        events::v1::VERDICT_OUTCOME_APPLIED)
      wanted.push_back(
          {events[i].event_id(), events[i].unit_published().SerializeAsString(), static_cast<int64_t>(i)});
  return wanted;
}

// Empty if every other partition applied `wanted`, each once, in that order, and holds nothing else; else what is
// wrong.
std::string Difference(MemoryLog& log, engine::Engine& engine, const std::vector<Copied>& wanted) {
  for (int32_t p = 1; p < log.partitions(); ++p) {
    std::vector<Copied> applied;
    const auto events = AllOf(log, Partition(p));
    for (size_t i = 0; i < events.size(); ++i) {
      const Event& event = events[i];
      if (!event.broadcast().is_copy() || event.broadcast().partitions() != log.partitions())
        return fmt::format("partition {} offset {}: no copy", p, i);
      const Copied copied{event.event_id(), event.unit_published().SerializeAsString(),
                          event.broadcast().first_offset()};
      if (std::ranges::find(wanted, copied) == wanted.end())
        return fmt::format("partition {} offset {}: {} was not applied in partition 0", p, i, event.event_id());
      const auto verdict = *engine.VerdictAt(Partition(p), Offset(static_cast<int64_t>(i)));
      if (verdict.outcome() == events::v1::VERDICT_OUTCOME_APPLIED) applied.push_back(copied);
      if (verdict.outcome() == events::v1::VERDICT_OUTCOME_REFUSED)
        return fmt::format("partition {} offset {}: refused, {}", p, i, verdict.rule());
    }
    if (applied.size() != wanted.size())
      return fmt::format("partition {} applied {} of {}", p, applied.size(), wanted.size());
    for (size_t i = 0; i < wanted.size(); ++i)
      if (applied[i] != wanted[i])
        return fmt::format("partition {}: {} in place of {}", p, applied[i].event_id, wanted[i].event_id);
  }
  return {};
}

// A service with the duty, which dies and comes back.
class Service {
 public:
  Service(MemoryLog& log, HandClock& clock, size_t batch) : log_(log), clock_(clock), batch_(batch), node_(log) {
    Live();
  }

  void Live() {
    duty_.reset();
    mortal_ = std::make_unique<MortalLog>(log_);
    duty_ = std::make_unique<Broadcaster>(node_.Context(*mortal_, clock_), batch_);
  }
  void Step() { ASSERT_TRUE(duty_->Step().ok()); }
  MortalLog& mortal() { return *mortal_; }
  Node& node() { return node_; }
  Broadcaster& duty() { return *duty_; }

 private:
  MemoryLog& log_;
  HandClock& clock_;
  const size_t batch_;
  Node node_;
  std::unique_ptr<MortalLog> mortal_;
  std::unique_ptr<Broadcaster> duty_;
};

bool AllWritten(const Broadcaster& duty) {
  return std::ranges::all_of(duty.Describe(), [](const admin::v1::Duty& each) { return each.waiting() == 0; });
}

// Steps until nothing is left to copy. The views are up to date before each step, and again after it.
void Settle(Service& service) {
  for (int round = 0; round < 10'000; ++round) {
    service.node().CatchUp();
    service.Step();
    service.node().CatchUp();
    service.Step();
    if (AllWritten(service.duty())) return;
  }
  FAIL() << "it never ends";
}

TEST(Broadcaster, WhatPartitionZeroAppliedReachesAllOthersInItsOrderAndWhatItRefusedNone) {
  const uint64_t seed = Seed();
  SCOPED_TRACE(testing::Message() << "KEFU_SEED=" << seed);
  std::mt19937_64 random(seed);
  MemoryLog log(kPartitions);
  HandClock clock;
  const auto broadcasts = Broadcasts(60, random);
  for (const Event& event : broadcasts) Record(log, event, clock.Now());
  Service service(log, clock, 256);
  Settle(service);
  const auto wanted = Wanted(log, service.node().engine());
  EXPECT_GT(wanted.size(), 20u);
  EXPECT_LT(wanted.size(), broadcasts.size());
  EXPECT_EQ(Difference(log, service.node().engine(), wanted), "");
  EXPECT_EQ(service.duty().Describe()[3].written(), static_cast<int64_t>(wanted.size()));
}

TEST(Broadcaster, ACopyIsTheEventWithTheServersStampAndTheSameFromAnyService) {
  MemoryLog log(2);
  HandClock clock;
  Event unit = UnitNamed(1);
  unit.mutable_actor()->set_id("S-1");
  unit.set_correlation_id("conversation");
  Record(log, unit, clock.Now());
  Service one(log, clock, 256);
  Settle(one);
  Event copy;
  ASSERT_TRUE(event::ParseRecorded(*log.ReadOne(Partition(1), Offset(0)), &copy).ok());
  Event expected = unit;
  expected.mutable_broadcast()->set_partitions(2);
  expected.mutable_broadcast()->set_is_copy(true);
  expected.mutable_broadcast()->set_first_offset(0);
  const std::string content = event::RecordedBytes(expected, clock.Now());
  EXPECT_EQ(*log.ReadOne(Partition(1), Offset(0)), content);

  // A second service that found the first one's copy missing.
  MemoryLog same(2);
  clock.Move(absl::Hours(1));
  Record(same, unit, clock.Now());
  Service other(same, clock, 256);
  Settle(other);
  const std::string again = *same.ReadOne(Partition(1), Offset(0));
  EXPECT_NE(again, content) << "recorded at another time";
  Event copy_again;
  ASSERT_TRUE(event::ParseRecorded(again, &copy_again).ok());
  EXPECT_EQ(event::ContentOf(again, copy_again), event::ContentOf(content, copy));
}

// The test of the design: 500 broadcasts, two services at once, each of them killed at every few appends, before, after
// and in the middle of storing.
TEST(Broadcaster, KilledAnywhereAndRunTwiceEachCopyCountsOnceAndInOrder) {
  const uint64_t seed = Seed();
  SCOPED_TRACE(testing::Message() << "KEFU_SEED=" << seed);
  std::mt19937_64 random(seed);
  MemoryLog log(kPartitions);
  HandClock clock;
  const auto broadcasts = Broadcasts(500, random);
  Service services[] = {Service(log, clock, 16), Service(log, clock, 23)};
  const auto arm = [&](Service& service) {
    service.Live();
    service.mortal().DieAt(static_cast<int>(1 + random() % 12), static_cast<MortalLog::Death>(random() % 3));
  };
  for (Service& service : services) arm(service);
  int deaths = 0;
  size_t published = 0;
  while (published < broadcasts.size()) {
    for (size_t some = random() % 40; some > 0 && published < broadcasts.size(); --some)
      Record(log, broadcasts[published++], clock.Now());
    clock.Move(absl::Milliseconds(5));
    for (Service& service : services) {
      // Sometimes it sees the newest rows, sometimes older ones.
      if (random() % 2 == 0) service.node().CatchUp();
      service.Step();
      if (!service.mortal().dead()) continue;
      ++deaths;
      arm(service);
    }
  }
  for (Service& service : services) service.Live();
  for (Service& service : services) Settle(service);
  for (Service& service : services) service.node().CatchUp();
  EXPECT_GT(deaths, 10);
  const auto wanted = Wanted(log, services[0].node().engine());
  EXPECT_GT(wanted.size(), 300u);
  for (Service& service : services) EXPECT_EQ(Difference(log, service.node().engine(), wanted), "");
}

// The checks above must see what they are for.
TEST(Broadcaster, ControlALostASwappedAndAnInventedCopyAreFound) {
  struct Control {
    std::string name;
    std::function<void(std::vector<log::AppendRecord>&)> distort;
    std::string found;
  };
  const std::vector<Control> controls = {
      {"lost", [](auto& records) { records.erase(records.begin() + 1); }, "applied 2 of 3"},
      {"swapped", [](auto& records) { std::swap(records[0], records[1]); }, "in place of"},
      {"invented",
       [](auto& records) {
         Event event = UnitNamed(99);
         event.mutable_broadcast()->set_partitions(2);
         event.mutable_broadcast()->set_is_copy(true);
         records.push_back({"", event::RecordedBytes(event, testkit::Beginning())});
       },
       "was not applied in partition 0"},
  };
  for (const Control& control : controls) {
    SCOPED_TRACE(control.name);
    MemoryLog log(2);
    HandClock clock;
    for (int i = 1; i <= 3; ++i) Record(log, UnitNamed(i), clock.Now());
    Service service(log, clock, 256);
    service.mortal().Distort(control.distort);
    service.node().CatchUp();
    service.Step();
    service.node().CatchUp();
    EXPECT_THAT(Difference(log, service.node().engine(), Wanted(log, service.node().engine())),
                testing::HasSubstr(control.found));
  }
}

TEST(Broadcaster, AfterAnUnknownOutcomeItBeginsWhereTheLostBatchBegan) {
  MemoryLog log(2);
  HandClock clock;
  for (int i = 1; i <= 4; ++i) Record(log, UnitNamed(i), clock.Now());
  Service service(log, clock, 256);
  service.node().CatchUp();
  // The log kept the last record only, and does not say so.
  const std::string bytes = [&] {
    Event copy = UnitNamed(4);
    copy.mutable_broadcast()->set_partitions(2);
    copy.mutable_broadcast()->set_is_copy(true);
    copy.mutable_broadcast()->set_first_offset(3);
    return event::RecordedBytes(copy, clock.Now());
  }();
  log.FailAppends(Unavailable("the broker went away"));
  service.Step();
  log.FailAppends(OkStatus());
  log.Put(Partition(1), bytes);
  service.node().CatchUp();
  service.Step();
  EXPECT_THAT(service.duty().Describe()[1].trouble(), testing::HasSubstr("the broker went away"));
  clock.Move(absl::Seconds(2));
  Settle(service);
  EXPECT_EQ(AllOf(log, Partition(1)).size(), 5u);
  EXPECT_EQ(service.duty().Describe()[1].trouble(), "");
}

TEST(Broadcaster, OnItsThreadItCopiesWithoutBeingAsked) {
  MemoryLog log(3);
  Node node(log);
  Duties duties;
  duties.Add(std::make_unique<Broadcaster>(node.Context(log, *Clock::Real())));
  duties.Start();
  for (int i = 1; i <= 20; ++i) Record(log, UnitNamed(i), absl::Now());
  for (int32_t p = 1; p < 3; ++p) EXPECT_TRUE(node.engine().WaitFor(Partition(p), Offset(20), Soon()).ok());
  duties.Stop();
  EXPECT_EQ(Difference(log, node.engine(), Wanted(log, node.engine())), "");
}

}  // namespace
}  // namespace kefu::duties

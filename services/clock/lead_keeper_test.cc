#include "services/clock/lead_keeper.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <set>

#include "platform/base/time.h"
#include "projections/lead/lead.h"
#include "projections/lead/lead_testing.h"
#include "services/clock/duty_testing.h"

namespace kefu::duties {
namespace {

using events::v1::Event;
using testing::ElementsAre;
using testing::IsEmpty;
using testkit::Draft;
using testkit::MemoryLog;

struct Told {
  Event event;
  absl::Time recorded_at;
};

// What the log holds of passed due times, in its order. Duplicates too: the views count them once.
std::vector<Told> Escalations(MemoryLog& log) {
  std::vector<Told> told;
  for (int32_t p = 0; p < log.partitions(); ++p) {
    for (int64_t offset = 0; offset < log.EndOffset(Partition(p))->value(); ++offset) {
      Event event;
      EXPECT_TRUE(event::ParseRecorded(*log.ReadOne(Partition(p), Offset(offset)), &event).ok());
      if (event.has_lead_escalated()) told.push_back({event, FromProto(event.recorded_at())});
    }
  }
  return told;
}

std::vector<std::string> Ids(MemoryLog& log) {
  std::vector<std::string> ids;
  for (const Told& each : Escalations(log)) ids.push_back(each.event.event_id());
  return ids;
}

std::string IdOf(std::string_view lead_id, absl::Time due) {
  return fmt::format("lead/escalated/{}/{}", lead_id, absl::ToUnixMicros(due));
}

class LeadKeeperTest : public testing::Test {
 protected:
  explicit LeadKeeperTest(int32_t partitions = 1) : log_(partitions), node_(log_) {
    Broadcast(UnitNamed(1));
    Broadcast(testkit::Finish(lead::Hired("S-8"), ++number_));
  }

  // In every partition, as if it had been copied there.
  void Broadcast(Event event) {
    event.set_event_id(fmt::format("b-{}", ++number_));
    for (int32_t p = 0; p < log_.partitions(); ++p) {
      event.mutable_broadcast()->set_partitions(log_.partitions());
      event.mutable_broadcast()->set_is_copy(p != 0);
      event.mutable_broadcast()->set_first_offset(p == 0 ? 0 : number_);
      log_.Put(Partition(p), event::RecordedBytes(event, now_.Now()));
    }
  }

  // It happened now.
  void Given(Draft draft) {
    Record(log_, testkit::Finish(draft.At(now_.Now()), ++number_), now_.Now());
  }
  absl::Time In(absl::Duration after) { return now_.Now() + after; }
  // As the framework would, but at once: until there is nothing to do at this moment. The next time it wants to be
  // called.
  absl::Time Settle(LeadKeeper& keeper) {
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
  static bool NothingWaits(const LeadKeeper& keeper) {
    for (const auto& duty : keeper.Describe())
      if (duty.waiting() > 0) return false;
    return true;
  }
  query::v1::Lead Row(const std::string& lead_id) {
    node_.CatchUp();
    query::v1::Lead row;
    for (int32_t p = 0; p < log_.partitions(); ++p) {
      store::PinnedValue stored;
      const auto found = node_.engine().At(Partition(p))->Get("lead", "leads", codec::Key(lead_id), &stored);
      if (!found.ok() || !*found) continue;
      EXPECT_TRUE(row.ParseFromString(std::string(stored.view())));
    }
    return row;
  }

  MemoryLog log_;
  Node node_;
  HandClock now_;
  int64_t number_ = 0;
};

TEST_F(LeadKeeperTest, TellsOnceWhenNobodyAcceptedInTimeAndOnceMoreWhenItDidNotEndInTime) {
  const absl::Time first = In(absl::Hours(1)), second = In(absl::Hours(5));
  LeadKeeper keeper(node_.Context(log_, now_));
  Given(lead::RaisedForService("L-1", first));
  EXPECT_EQ(Settle(keeper), first + absl::Microseconds(1));
  now_.Move(absl::Hours(1));
  Settle(keeper);
  EXPECT_THAT(Ids(log_), IsEmpty()) << "due at this moment is not late yet";
  now_.Move(absl::Microseconds(1));
  EXPECT_EQ(Settle(keeper), absl::InfiniteFuture());
  ASSERT_THAT(Ids(log_), ElementsAre(IdOf("L-1", first)));
  EXPECT_FALSE(Escalations(log_)[0].event.lead_escalated().was_accepted());
  EXPECT_EQ(FromProto(Escalations(log_)[0].event.occurred_at()), first);
  EXPECT_EQ(Row("L-1").escalations(), 1);

  Given(lead::Accepted("L-1", "S-8", second));
  EXPECT_EQ(Settle(keeper), second + absl::Microseconds(1));
  now_.Move(absl::Hours(6));
  Settle(keeper);
  ASSERT_THAT(Ids(log_), ElementsAre(IdOf("L-1", first), IdOf("L-1", second)));
  EXPECT_TRUE(Escalations(log_)[1].event.lead_escalated().was_accepted());
  EXPECT_EQ(Row("L-1").escalations(), 2);
  EXPECT_EQ(keeper.Describe()[0].written(), 2);
  EXPECT_EQ(keeper.Describe()[0].kind(), admin::v1::DUTY_KIND_LEADS);
}

TEST_F(LeadKeeperTest, WhatEndedInTimeIsNotTold) {
  LeadKeeper keeper(node_.Context(log_, now_));
  Given(lead::RaisedForService("L-1", In(absl::Hours(1))));
  Given(lead::RaisedForService("L-2", In(absl::Hours(1))));
  Given(lead::RaisedForService("L-3", In(absl::Hours(1))));
  Given(lead::Declined("L-1"));
  Given(lead::Accepted("L-2", "S-8"));
  Given(lead::Lost("L-2"));
  now_.Move(absl::Hours(2));
  Settle(keeper);
  EXPECT_EQ(Escalations(log_).size(), 1u);
  EXPECT_EQ(Row("L-3").escalations(), 1);
}

TEST_F(LeadKeeperTest, AnotherKeeperHasNothingToAddAndTwoAtOnceSayTheSameWords) {
  Given(lead::RaisedForService("L-1", In(absl::Hours(1))));
  Given(lead::RaisedForService("L-2", In(absl::Hours(1))));
  node_.CatchUp();
  now_.Move(absl::Hours(2));
  {
    LeadKeeper one(node_.Context(log_, now_)), other(node_.Context(log_, now_));
    // Both look before either has written.
    ASSERT_TRUE(one.Step().ok());
    ASSERT_TRUE(other.Step().ok());
  }
  node_.CatchUp();
  std::map<std::string, std::set<std::string>> words;
  for (Told& each : Escalations(log_)) {
    each.event.clear_recorded_at();
    words[each.event.event_id()].insert(each.event.SerializeAsString());
  }
  ASSERT_EQ(words.size(), 2u);
  for (const auto& [id, ways] : words) EXPECT_EQ(ways.size(), 1u) << id;
  EXPECT_EQ(Row("L-1").escalations(), 1);
  EXPECT_EQ(Row("L-2").escalations(), 1);
  const auto told = Ids(log_);
  LeadKeeper third(node_.Context(log_, now_));
  Settle(third);
  EXPECT_EQ(Ids(log_), told);
}

TEST_F(LeadKeeperTest, BatchesAreBoundedAndInTheOrderOfDueTimes) {
  for (int i = 0; i < 50; ++i)
    Given(lead::RaisedForService(fmt::format("L-{}", i), In(absl::Minutes(1 + (i * 37) % 50))));
  now_.Move(absl::Hours(2));
  LeadKeeper keeper(node_.Context(log_, now_), 7);
  Settle(keeper);
  const auto told = Escalations(log_);
  ASSERT_EQ(told.size(), 50u);
  EXPECT_TRUE(std::is_sorted(told.begin(), told.end(), [](const Told& a, const Told& b) {
    return FromProto(a.event.occurred_at()) < FromProto(b.event.occurred_at());
  }));
}

class ManyLeadsTest : public LeadKeeperTest {
 protected:
  ManyLeadsTest() : LeadKeeperTest(3) {}

  // One lead by the naive model: the time it is due now, whether that was told, and how it stands.
  struct Model {
    std::string client;
    absl::Time due;
    bool open = true, accepted = false;
    // Due times that passed while it was open, and whether it was accepted then.
    std::map<absl::Time, bool> passed;
  };

  // A random step of the branch at this moment, on the log and in the model.
  void Live(std::mt19937_64& random) {
    const auto below = [&](int bound) { return static_cast<int>(random() % static_cast<uint64_t>(bound)); };
    if (model_.empty() || below(2) == 0) {
      const std::string id = fmt::format("L-{}", model_.size());
      Model lead{.client = fmt::format("C-{}", below(60)), .due = In(absl::Milliseconds(1 + below(60'000)))};
      Given(lead::RaisedForService(id, lead.due).Client(lead.client));
      model_[id] = lead;
      return;
    }
    auto& [id, lead] = *std::next(model_.begin(), below(static_cast<int>(model_.size())));
    if (!lead.open) return;
    if (!lead.accepted && below(2) == 0) {
      lead.accepted = true;
      if (below(3) == 0) {
        Given(lead::Accepted(id, "S-8").Client(lead.client));
        return;
      }
      lead.due = In(absl::Milliseconds(1 + below(60'000)));
      Given(lead::Accepted(id, "S-8", lead.due).Client(lead.client));
    } else if (below(3) == 0) {
      lead.open = false;
      Given((lead.accepted ? lead::Lost(id) : lead::Declined(id)).Client(lead.client));
    }
  }

  // The naive model: looks at every lead, at every moment.
  void LetPass() {
    for (auto& [id, lead] : model_)
      if (lead.open && lead.due < now_.Now()) lead.passed.emplace(lead.due, lead.accepted);
  }

  // Empty if the log says what the model says, and each of it counted once.
  std::string Wrong(const std::map<std::string, Model>& model) {
    std::map<std::string, bool> expected;
    for (const auto& [id, lead] : model)
      for (const auto& [due, accepted] : lead.passed) expected[IdOf(id, due)] = accepted;
    std::set<std::string> told;
    for (const Told& each : Escalations(log_)) {
      const auto found = expected.find(each.event.event_id());
      if (found == expected.end()) return each.event.event_id() + " is not to be told";
      const absl::Time due = FromProto(each.event.lead_escalated().due_at());
      if (each.recorded_at <= due) return each.event.event_id() + " is told before its time";
      if (each.recorded_at - due > absl::Seconds(1)) return each.event.event_id() + " is told late";
      if (each.event.lead_escalated().was_accepted() != found->second)
        return each.event.event_id() + " does not say how it stood";
      if (!told.insert(each.event.event_id()).second) return each.event.event_id() + " is told twice";
    }
    if (told.size() != expected.size()) return fmt::format("{} are told, of {}", told.size(), expected.size());
    for (const auto& [id, lead] : model)
      if (Row(id).escalations() != static_cast<int>(lead.passed.size())) return id + " is not counted right";
    return {};
  }

  std::map<std::string, Model> model_;
};

TEST_F(ManyLeadsTest, TheNaiveModelAndTheLogAgreeThroughTwentyRestarts) {
  const uint64_t seed = Seed();
  SCOPED_TRACE(fmt::format("KEFU_SEED={}", seed));
  std::mt19937_64 random(seed);
  std::unique_ptr<MortalLog> mortal;
  std::unique_ptr<LeadKeeper> keeper;
  int restarts = -1;
  const auto restart = [&] {
    keeper.reset();
    node_.CatchUp();
    mortal = std::make_unique<MortalLog>(log_);
    keeper = std::make_unique<LeadKeeper>(node_.Context(*mortal, now_), 16);
    if (++restarts < 20)
      mortal->DieAt(static_cast<int>(1 + random() % 8), static_cast<MortalLog::Death>(random() % 3));
  };
  restart();
  int64_t steps = 0;
  for (const absl::Time ends = In(absl::Seconds(150)); now_.Now() < ends;) {
    ASSERT_LT(++steps, 20'000) << "it does not get on";
    if (mortal->dead()) restart();
    node_.CatchUp();
    const auto next = keeper->Step();
    ASSERT_TRUE(next.ok()) << ToString(next.status());
    if (mortal->dead() || !NothingWaits(*keeper)) continue;
    // Time goes on only when nothing is left to do at this moment: how fast the machine is does not matter here.
    for (int i = 0; i < 6; ++i) Live(random);
    now_.Move(absl::Milliseconds(400));
    LetPass();
  }
  while (!NothingWaits(*keeper) || mortal->dead()) {
    if (mortal->dead()) restart();
    Settle(*keeper);
  }
  Settle(*keeper);
  EXPECT_GE(restarts, 20);
  EXPECT_EQ(Wrong(model_), "");

  // The control: what is missing, too much, or says something else is found.
  auto other = model_;
  const auto any =
      std::find_if(other.begin(), other.end(), [](const auto& each) { return !each.second.passed.empty(); });
  ASSERT_NE(any, other.end());
  auto& passed = any->second.passed;
  const auto kept = passed;
  passed.begin()->second = !passed.begin()->second;
  EXPECT_NE(Wrong(other), "");
  passed.erase(passed.begin());
  EXPECT_NE(Wrong(other), "");
  passed = kept;
  passed[In(absl::Hours(1))] = false;
  EXPECT_NE(Wrong(other), "");
}

}  // namespace
}  // namespace kefu::duties

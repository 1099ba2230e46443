// From the opening of a handover on nothing is given to the leaver, in any partition, whatever is tried and in whatever
// order copies come.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>

#include "platform/base/time.h"
#include "platform/event/broadcast.h"
#include "platform/testkit/events.h"
#include "platform/testkit/memory_stage.h"
#include "projections/admission/admission.h"

namespace kefu::admission {
namespace {

using events::v1::Event;

constexpr int kPartitions = 3;
constexpr int kStaff = 5;
constexpr int kEvents = 1'500;

// Who holds what in one partition, by a fold that knows no rule: what was applied is believed.
class Holdings {
 public:
  void Take(const Event& event) {
    switch (event.body_case()) {
      case Event::kClientAssignedToBroker: {
        const auto& assigned = event.client_assigned_to_broker();
        const std::string role = events::v1::BrokerRole_Name(assigned.role());
        owners_[fmt::format("{} of {}", role, event.client_id())] = assigned.staff_id();
        return;
      }
      case Event::kClientStatusChanged:
        owners_.erase(fmt::format("BROKER_ROLE_PRIMARY of {}", event.client_id()));
        owners_.erase(fmt::format("BROKER_ROLE_BACKUP of {}", event.client_id()));
        return;
      case Event::kCaseAssigned:
        owners_["1/" + event.case_assigned().case_id()] = event.case_assigned().assignee_id();
        return;
      case Event::kCaseNextActionSet:
        owners_["action/" + event.case_next_action_set().case_id()] = event.case_next_action_set().owner_id();
        return;
      case Event::kCaseResolved:
        owners_.erase("1/" + event.case_resolved().case_id());
        owners_.erase("action/" + event.case_resolved().case_id());
        return;
      case Event::kPromiseMade:
        owners_["2/" + event.promise_made().promise_id()] = event.promise_made().owner_id();
        return;
      case Event::kCallBackPlanned:
        owners_["3/" + event.call_back_planned().call_back_id()] = event.call_back_planned().owner_id();
        return;
      case Event::kLeadRaised:
        owners_["4/" + event.lead_raised().lead_id()] = event.lead_raised().owner_id();
        return;
      case Event::kLeadAccepted:
        owners_["4/" + event.lead_accepted().lead_id()] = event.lead_accepted().staff_id();
        return;
      case Event::kRecommendationMade:
        owners_["5/" + event.recommendation_made().recommendation_id()] = event.recommendation_made().staff_id();
        return;
      case Event::kWorkReassigned: {
        const auto& moved = event.work_reassigned();
        owners_[fmt::format("{}/{}", static_cast<int>(moved.kind()), moved.work_id())] = moved.to_staff_id();
        return;
      }
      default:
        return;
    }
  }
  std::set<std::string> Of(const std::string& staff_id) const {
    std::set<std::string> held;
    for (const auto& [item, owner] : owners_)
      if (owner == staff_id) held.insert(item);
    return held;
  }

 private:
  std::map<std::string, std::string> owners_;
};

// One partition: its admission, what is held there, and what each leaver held when it was last looked at.
class Place {
 public:
  explicit Place(int number) : number_(number), stage_(State()) {}

  // Whether it was applied. `hides_openings`: admission does not learn that anyone leaves; the model does.
  bool Deliver(const Event& event, bool hides_openings) {
    bool applied = true;
    if (!hides_openings || event.body_case() != Event::kHandoverOpened) {
      stage_.Begin();
      const std::string bytes = testkit::Recorded(event, testkit::Beginning());
      const auto verdict = Judge({&event, bytes, Partition(number_), Offset(next_++), testkit::Beginning()}, stage_);
      applied = verdict.outcome() == events::v1::VERDICT_OUTCOME_APPLIED;
      ++verdicts_[applied ? "applied" : verdict.rule()];
    }
    if (!applied) return false;
    holdings_.Take(event);
    if (event.body_case() == Event::kHandoverOpened) {
      const auto& opened = event.handover_opened();
      leaver_of_[opened.handover_id()] = opened.from_staff_id();
      left_to_.emplace(opened.from_staff_id(), holdings_.Of(opened.from_staff_id()));
    } else if (event.body_case() == Event::kHandoverCancelled) {
      left_to_.erase(leaver_of_[event.handover_cancelled().handover_id()]);
    }
    return true;
  }
  // What leavers hold that they did not hold a moment ago.
  std::set<std::string> Gained() {
    std::set<std::string> gained;
    for (auto& [staff_id, before] : left_to_) {
      std::set<std::string> now = holdings_.Of(staff_id);
      for (const std::string& item : now)
        if (!before.contains(item)) gained.insert(staff_id + " gained " + item);
      before = std::move(now);
    }
    return gained;
  }
  int Held() const {
    size_t held = 0;
    for (const auto& [staff_id, items] : left_to_) held += items.size();
    return static_cast<int>(held);
  }
  const std::map<std::string, int>& verdicts() const { return verdicts_; }

 private:
  int number_;
  testkit::MemoryStage stage_;
  Holdings holdings_;
  std::map<std::string, std::string> leaver_of_;
  std::map<std::string, std::set<std::string>> left_to_;
  std::map<std::string, int> verdicts_;
  int64_t next_ = 0;
};

// What may happen in a branch, most of it possible, some of it not.
class Dice {
 public:
  explicit Dice(uint64_t seed) : random_(seed) {}

  int Below(int bound) { return static_cast<int>(random_() % static_cast<uint64_t>(bound)); }
  std::string Staff() { return fmt::format("S-{}", Below(kStaff)); }
  std::string Handover() { return fmt::format("H-{}", Below(8)); }

  Event Next(int number) {
    Event event;
    Body(event);
    event.set_event_id(fmt::format("e-{}", number));
    event.set_source("test");
    *event.mutable_occurred_at() = ToProto(testkit::Beginning() + absl::Minutes(number));
    if (event::IsBroadcast(event.body_case())) event.mutable_broadcast()->set_partitions(kPartitions);
    return event;
  }

 private:
  // A client has works of its own numbers, so that most events fit.
  std::string Work(Event& event) { return fmt::format("{}-{}", event.client_id(), Below(4)); }

  void Body(Event& event) {
    const int what = Below(40);
    if (what < 4) return Broadcast(what, event);
    event.set_client_id(fmt::format("C-{}", Below(15)));
    switch (what) {
      case 4:
      case 5:
      case 6:
      case 7: {
        auto& assigned = *event.mutable_client_assigned_to_broker();
        assigned.set_staff_id(Staff());
        assigned.set_role(Below(3) > 0 ? events::v1::BROKER_ROLE_PRIMARY : events::v1::BROKER_ROLE_BACKUP);
        if (Below(4) == 0) assigned.set_handover_id(Handover());
        return;
      }
      case 8:
        if (Below(6) == 0) event.mutable_client_status_changed()->set_status(events::v1::CLIENT_STATUS_CLOSED);
        else
          event.mutable_client_informed_of_handover()->set_handover_id(Handover());
        return;
      case 9:
      case 10:
        return event.mutable_complaint_received()->set_case_id(Work(event));
      case 11:
      case 12:
      case 13:
        event.mutable_case_assigned()->set_case_id(Work(event));
        return event.mutable_case_assigned()->set_assignee_id(Staff());
      case 14:
        event.mutable_case_next_action_set()->set_case_id(Work(event));
        return event.mutable_case_next_action_set()->set_owner_id(Staff());
      case 15:
        return event.mutable_case_resolved()->set_case_id(Work(event));
      case 16:
        return event.mutable_case_reopened()->set_case_id(Work(event));
      case 17:
      case 18:
      case 19:
        event.mutable_promise_made()->set_promise_id(fmt::format("P-{}", Below(400)));
        return event.mutable_promise_made()->set_owner_id(Staff());
      case 20:
      case 21:
        event.mutable_call_back_planned()->set_call_back_id(fmt::format("B-{}", Below(400)));
        return event.mutable_call_back_planned()->set_owner_id(Staff());
      case 22:
      case 23:
      case 24: {
        auto& raised = *event.mutable_lead_raised();
        raised.set_lead_id(Work(event));
        raised.set_direction(events::v1::LEAD_DIRECTION_MARKETING_TO_SERVICE);
        raised.set_team("desk");
        if (Below(2) == 0) raised.set_owner_id(Staff());
        return;
      }
      case 25:
      case 26:
        event.mutable_lead_accepted()->set_lead_id(Work(event));
        return event.mutable_lead_accepted()->set_staff_id(Staff());
      case 27:
      case 28:
      case 29:
        event.mutable_recommendation_made()->set_recommendation_id(fmt::format("R-{}", Below(400)));
        event.mutable_recommendation_made()->set_product_id("F-1");
        return event.mutable_recommendation_made()->set_staff_id(Staff());
      default: {
        auto& moved = *event.mutable_work_reassigned();
        const int kind = 1 + Below(5);
        moved.set_kind(static_cast<events::v1::WorkKind>(kind));
        moved.set_work_id(kind == 1 || kind == 4 ? Work(event) : fmt::format("{}-{}", " PB R"[kind - 1], Below(400)));
        moved.set_to_staff_id(Staff());
        if (Below(4) == 0) moved.set_handover_id(Handover());
        return;
      }
    }
  }
  void Broadcast(int what, Event& event) {
    if (what == 0) {
      auto& opened = *event.mutable_handover_opened();
      opened.set_handover_id(Handover());
      opened.set_from_staff_id(Staff());
      opened.set_book_clients(1);
    } else if (what == 1) {
      event.mutable_handover_cancelled()->set_handover_id(Handover());
    } else if (what == 2) {
      event.mutable_handover_share_settled()->set_handover_id(Handover());
      event.mutable_handover_share_settled()->set_partition(Below(kPartitions));
    } else if (Below(2) == 0) {
      event.mutable_handover_successor_named()->set_handover_id(Handover());
      event.mutable_handover_successor_named()->set_to_staff_id(Staff());
    } else {
      event.mutable_handover_completed()->set_handover_id(Handover());
    }
  }

  std::mt19937_64 random_;
};

// All that makes everything else possible: staff with every qualification, a product that suits everyone, clients.
std::vector<Event> Setting() {
  std::vector<Event> all;
  all.emplace_back().mutable_unit_published()->set_unit_id("B-1");
  for (int i = 0; i < kStaff; ++i) {
    auto& staff = *all.emplace_back().mutable_staff_published();
    staff.set_staff_id(fmt::format("S-{}", i));
    staff.set_unit_id("B-1");
    auto& qualified = *all.emplace_back().mutable_qualification_recorded();
    qualified.set_staff_id(fmt::format("S-{}", i));
    qualified.mutable_valid_from()->set_year(2020);
    qualified.mutable_valid_from()->set_month(1);
    qualified.mutable_valid_from()->set_day(1);
    for (int act = 1; act < events::v1::StaffAct_ARRAYSIZE; ++act)
      qualified.add_permitted_acts(static_cast<events::v1::StaffAct>(act));
  }
  auto& fund = *all.emplace_back().mutable_service_product_published();
  fund.set_product_id("F-1");
  fund.set_version(1);
  fund.set_name("Cash Fund");
  fund.set_kind(events::v1::PRODUCT_KIND_INSTRUMENT);
  fund.set_risk(events::v1::RISK_LEVEL_R1);
  auto& pack = *all.emplace_back().mutable_suitability_pack_published();
  pack.set_pack_id("p");
  pack.set_version(1);
  auto& row = *pack.add_rows();
  row.set_investor_class(events::v1::INVESTOR_CLASS_C1);
  row.set_highest_risk(events::v1::RISK_LEVEL_R1);
  for (int i = 0; i < 15; ++i) {
    Event& registered = all.emplace_back();
    registered.set_client_id(fmt::format("C-{}", i));
    registered.mutable_client_registered()->set_kind(events::v1::CLIENT_KIND_PERSON);
    Event& assessed = all.emplace_back();
    assessed.set_client_id(fmt::format("C-{}", i));
    assessed.mutable_risk_assessed()->set_investor_class(events::v1::INVESTOR_CLASS_C1);
  }
  int number = 0;
  for (Event& event : all) {
    event.set_event_id(fmt::format("set-{}", number++));
    *event.mutable_occurred_at() = ToProto(testkit::Beginning());
    if (event::IsBroadcast(event.body_case())) event.mutable_broadcast()->set_partitions(kPartitions);
  }
  return all;
}

// What a history showed: what leavers gained, and whether there was anything to gain.
struct Shown {
  std::set<std::string> gained;
  std::map<std::string, int> verdicts;
  int held = 0;
};

Shown Play(uint64_t seed, bool hides_openings) {
  Dice dice(seed);
  std::vector<std::unique_ptr<Place>> places;
  for (int i = 0; i < kPartitions; ++i) places.push_back(std::make_unique<Place>(i));
  std::vector<std::deque<Event>> copies(kPartitions);
  Shown shown;
  const auto look = [&](Place& place) {
    for (const std::string& each : place.Gained()) shown.gained.insert(each);
    shown.held += place.Held();
  };
  const auto copy_one = [&](int to) {
    if (copies[to].empty()) return;
    places[to]->Deliver(copies[to].front(), hides_openings);
    copies[to].pop_front();
    look(*places[to]);
  };
  int64_t offset = 0;
  const auto happen = [&](const Event& event) {
    const bool everywhere = event::IsBroadcast(event.body_case());
    const int home = everywhere ? 0 : event.client_id().back() % kPartitions;
    const bool applied = places[home]->Deliver(event, hides_openings);
    look(*places[home]);
    if (!everywhere || !applied) return;
    Event copy = event;
    copy.mutable_broadcast()->set_is_copy(true);
    copy.mutable_broadcast()->set_first_offset(offset++);
    for (int to = 1; to < kPartitions; ++to) copies[to].push_back(copy);
  };
  for (const Event& event : Setting()) {
    happen(event);
    for (int to = 1; to < kPartitions; ++to) copy_one(to);
  }
  for (int i = 0; i < kEvents; ++i) {
    happen(dice.Next(i));
    // Copies come late, in bursts, in order.
    for (int to = 1; to < kPartitions; ++to)
      while (dice.Below(3) == 0 && !copies[to].empty()) copy_one(to);
  }
  for (const auto& place : places)
    for (const auto& [verdict, count] : place->verdicts()) shown.verdicts[verdict] += count;
  return shown;
}

TEST(HandoverProperty, FromItsOpeningOnNothingIsGivenToTheLeaver) {
  std::map<std::string, int> verdicts;
  int held = 0;
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    const Shown shown = Play(seed, false);
    EXPECT_TRUE(shown.gained.empty()) << *shown.gained.begin();
    held += shown.held;
    for (const auto& [verdict, count] : shown.verdicts) verdicts[verdict] += count;
  }
  // Else it would show nothing.
  EXPECT_GT(held, 1'000);
  for (const char* verdict :
       {"applied", "staff_leaving", "staff_left", "handover_not_settled", "client_not_in_handover"})
    EXPECT_GT(verdicts[verdict], 100) << verdict;
}

// Where admission does not know who leaves, leavers are given things: the test would see it.
TEST(HandoverProperty, ControlWithoutTheRuleLeaversGain) {
  int found = 0;
  for (uint64_t seed = 1; seed <= 10; ++seed) found += !Play(seed, true).gained.empty();
  EXPECT_EQ(found, 10);
}

}  // namespace
}  // namespace kefu::admission

#pragma once

// A branch of several partitions in which staff comes and goes, for tests of what becomes of books and work.

#include <fmt/format.h>

#include <array>
#include <deque>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "platform/base/time.h"
#include "platform/event/broadcast.h"
#include "platform/testkit/events.h"
#include "platform/testkit/memory_stage.h"
#include "projections/admission/admission.h"

namespace kefu::admission {

using events::v1::Event;

inline constexpr int kPartitions = 3;
inline constexpr int kStaff = 5;

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
  // Whether the opening of the handover came here, whatever admission was told of it.
  bool Knows(const std::string& handover_id) const { return leaver_of_.contains(handover_id); }
  // Whom `staff_id` is in charge of here, closed ones apart.
  std::vector<std::string> ClientsOf(const std::string& staff_id) const {
    constexpr std::string_view kPrimary = "BROKER_ROLE_PRIMARY of ";
    std::vector<std::string> clients;
    for (const std::string& item : holdings_.Of(staff_id))
      if (item.starts_with(kPrimary)) clients.push_back(item.substr(kPrimary.size()));
    return clients;
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

inline void Finish(const std::string& event_id, absl::Time occurred_at, Event& event);

// What may happen in a branch, most of it possible, some of it not.
class Dice {
 public:
  explicit Dice(uint64_t seed) : random_(seed) {}

  int Below(int bound) { return static_cast<int>(random_() % static_cast<uint64_t>(bound)); }
  std::string Staff() { return fmt::format("S-{}", Below(staff)); }
  std::string Handover() { return fmt::format("H-{}", Below(handovers)); }

  // How many of each there are to speak of.
  int staff = kStaff;
  int handovers = 8;

  Event Next(int number) {
    Event event;
    Body(event);
    // Told late, now and then: what counts is when the log learns it.
    Finish(fmt::format("e-{}", number), testkit::Beginning() + absl::Minutes(number - Below(3) * Below(200)), event);
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

// Someone new, with every qualification.
inline std::vector<Event> Hired(const std::string& staff_id) {
  std::vector<Event> both(2);
  auto& staff = *both[0].mutable_staff_published();
  staff.set_staff_id(staff_id);
  staff.set_unit_id("B-1");
  auto& qualified = *both[1].mutable_qualification_recorded();
  qualified.set_staff_id(staff_id);
  qualified.mutable_valid_from()->set_year(2020);
  qualified.mutable_valid_from()->set_month(1);
  qualified.mutable_valid_from()->set_day(1);
  for (int act = 1; act < events::v1::StaffAct_ARRAYSIZE; ++act)
    qualified.add_permitted_acts(static_cast<events::v1::StaffAct>(act));
  return both;
}

// What every event has besides its body.
inline void Finish(const std::string& event_id, absl::Time occurred_at, Event& event) {
  event.set_event_id(event_id);
  event.set_source("test");
  *event.mutable_occurred_at() = ToProto(occurred_at);
  if (event::IsBroadcast(event.body_case())) event.mutable_broadcast()->set_partitions(kPartitions);
}

// All that makes everything else possible: staff with every qualification, a product that suits everyone, clients.
inline std::vector<Event> Setting() {
  std::vector<Event> all;
  all.emplace_back().mutable_unit_published()->set_unit_id("B-1");
  for (int i = 0; i < kStaff; ++i)
    for (const Event& event : Hired(fmt::format("S-{}", i))) all.push_back(event);
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
  for (Event& event : all) Finish(fmt::format("set-{}", number++), testkit::Beginning(), event);
  return all;
}

// The partitions with their copies under way.
class Branch {
 public:
  // `hides_openings`: in the partitions that say so, admission never learns that someone leaves.
  Branch(uint64_t seed, std::array<bool, kPartitions> hides_openings)
      : dice(seed), hides_openings_(hides_openings), copies_(kPartitions) {
    for (int i = 0; i < kPartitions; ++i) places_.push_back(std::make_unique<Place>(i));
    for (const Event& event : Setting()) {
      Happen(event);
      Settle();
    }
  }

  // Whether it was applied where it is judged.
  bool Happen(const Event& event) {
    const bool everywhere = event::IsBroadcast(event.body_case());
    const int home = everywhere ? 0 : event.client_id().back() % kPartitions;
    const bool applied = places_[home]->Deliver(event, hides_openings_[home]);
    Look(home);
    if (!everywhere || !applied) return applied;
    Event copy = event;
    copy.mutable_broadcast()->set_is_copy(true);
    copy.mutable_broadcast()->set_first_offset(offset_++);
    for (int to = 1; to < kPartitions; ++to) copies_[to].push_back(copy);
    return true;
  }
  // Copies come late, in bursts, in order.
  void CopySome() {
    for (int to = 1; to < kPartitions; ++to)
      while (dice.Below(3) == 0 && !copies_[to].empty()) CopyOne(to);
  }
  void Settle() {
    for (int to = 1; to < kPartitions; ++to)
      while (!copies_[to].empty()) CopyOne(to);
  }
  const Place& place(int number) const { return *places_[number]; }

  Dice dice;
  // What leavers gained, and how much there was to gain.
  std::set<std::string> gained;
  int64_t held = 0;

 private:
  void CopyOne(int to) {
    places_[to]->Deliver(copies_[to].front(), hides_openings_[to]);
    copies_[to].pop_front();
    Look(to);
  }
  void Look(int number) {
    for (const std::string& each : places_[number]->Gained()) gained.insert(each);
    held += places_[number]->Held();
  }

  const std::array<bool, kPartitions> hides_openings_;
  std::vector<std::unique_ptr<Place>> places_;
  std::vector<std::deque<Event>> copies_;
  int64_t offset_ = 0;
};

}  // namespace kefu::admission

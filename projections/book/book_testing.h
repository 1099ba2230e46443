#pragma once

// Drafts of events about staff, books and handovers.

#include <initializer_list>
#include <map>
#include <string>
#include <string_view>

#include "platform/base/time.h"
#include "platform/testkit/client_events.h"
#include "platform/testkit/events.h"

namespace kefu::book {

using events::v1::Event;
using testkit::Draft;

inline events::v1::CalendarDate Day(int year, int month, int day) {
  events::v1::CalendarDate date;
  date.set_year(year);
  date.set_month(month);
  date.set_day(day);
  return date;
}

// About no client, stamped for a log of one partition, as a door stamps it.
template <class Change>
Draft Broadcast(Change change) {
  Draft draft = testkit::UnitTold("B-1");
  return draft.With([&](Event& event) {
    event.clear_body();
    change(event);
  });
}

inline Draft StaffTold(std::string_view staff_id, std::string_view unit = "B-1") {
  return Broadcast([&](Event& event) {
    auto* body = event.mutable_staff_published();
    body->set_staff_id(std::string(staff_id));
    body->set_unit_id(std::string(unit));
    body->set_name("王小明");
    body->add_roles("broker");
  });
}
inline Draft Qualified(std::string_view staff_id, std::string_view what, events::v1::CalendarDate from,
                       events::v1::CalendarDate until, std::initializer_list<events::v1::StaffAct> acts) {
  return Broadcast([&](Event& event) {
    auto* body = event.mutable_qualification_recorded();
    body->set_staff_id(std::string(staff_id));
    body->mutable_qualification()->set_scheme("kefu.qualification");
    body->mutable_qualification()->set_value(std::string(what));
    *body->mutable_valid_from() = from;
    if (until.year() != 0) *body->mutable_valid_until() = until;
    for (const auto act : acts) body->add_permitted_acts(act);
  });
}
// Qualified without end for what brokers do.
inline Draft Licensed(std::string_view staff_id) {
  return Qualified(staff_id, "securities_practice", Day(2020, 1, 1), {},
                   {events::v1::STAFF_ACT_SERVE, events::v1::STAFF_ACT_MARKET, events::v1::STAFF_ACT_CALL_BACK,
                    events::v1::STAFF_ACT_RECOMMEND});
}
inline Draft Trained(std::string_view staff_id, int year, int minutes, int law) {
  return Broadcast([&](Event& event) {
    auto* body = event.mutable_training_recorded();
    body->set_staff_id(std::string(staff_id));
    body->mutable_course()->set_value("products");
    *body->mutable_completed() = Day(year, 5, 1);
    body->set_minutes(minutes);
    body->set_law_and_ethics_minutes(law);
  });
}
inline Draft HandoverOpened(std::string_view handover_id, std::string_view from, int64_t clients = 1) {
  return Broadcast([&](Event& event) {
    auto* body = event.mutable_handover_opened();
    body->set_handover_id(std::string(handover_id));
    body->set_from_staff_id(std::string(from));
    *body->mutable_last_day() = Day(2026, 4, 30);
    body->set_book_clients(clients);
  });
}
inline Draft SuccessorNamed(std::string_view handover_id, std::string_view to,
                            std::initializer_list<std::string_view> clients = {}) {
  return Broadcast([&](Event& event) {
    auto* body = event.mutable_handover_successor_named();
    body->set_handover_id(std::string(handover_id));
    body->set_to_staff_id(std::string(to));
    for (const auto client : clients) body->add_client_ids(std::string(client));
  });
}
inline Draft HandoverCancelled(std::string_view handover_id) {
  return Broadcast(
      [&](Event& event) { event.mutable_handover_cancelled()->set_handover_id(std::string(handover_id)); });
}
inline Draft ShareSettled(std::string_view handover_id, int32_t partition) {
  return Broadcast([&](Event& event) {
    auto* body = event.mutable_handover_share_settled();
    body->set_handover_id(std::string(handover_id));
    body->set_partition(partition);
    body->set_digest(std::string(32, 'd'));
  });
}
inline Draft HandoverCompleted(std::string_view handover_id, std::string_view from) {
  return Broadcast([&](Event& event) {
    auto* body = event.mutable_handover_completed();
    body->set_handover_id(std::string(handover_id));
    body->set_from_staff_id(std::string(from));
    body->set_digest(std::string(32, 'D'));
  });
}

inline Draft GivenTo(std::string_view client_id, std::string_view staff_id, testkit::MaybeTime from = {},
                     events::v1::BrokerRole role = events::v1::BROKER_ROLE_PRIMARY) {
  return Draft().Client(client_id).With([&](Event& event) {
    auto* body = event.mutable_client_assigned_to_broker();
    body->set_staff_id(std::string(staff_id));
    body->set_role(role);
    if (from.has_value()) *body->mutable_effective_from() = ToProto(*from);
  });
}
inline Draft Informed(std::string_view client_id, std::string_view handover_id,
                      events::v1::HandoverChoice choice = events::v1::HANDOVER_CHOICE_STAY) {
  return Draft().Client(client_id).With([&](Event& event) {
    auto* body = event.mutable_client_informed_of_handover();
    body->set_handover_id(std::string(handover_id));
    body->set_channel(events::v1::CHANNEL_PHONE);
    body->set_choice(choice);
  });
}
inline Draft Reassigned(events::v1::WorkKind kind, std::string_view work_id, std::string_view to) {
  return Draft().With([&](Event& event) {
    auto* body = event.mutable_work_reassigned();
    body->set_kind(kind);
    body->set_work_id(std::string(work_id));
    body->set_to_staff_id(std::string(to));
  });
}
inline Draft LeadTold(std::string_view lead_id, std::string_view owner, testkit::MaybeTime due = {}) {
  return Draft().With([&](Event& event) {
    auto* body = event.mutable_lead_raised();
    body->set_lead_id(std::string(lead_id));
    body->set_direction(events::v1::LEAD_DIRECTION_MARKETING_TO_SERVICE);
    body->set_owner_id(std::string(owner));
    if (due.has_value()) *body->mutable_due_at() = ToProto(*due);
  });
}
inline Draft LeadTaken(std::string_view lead_id, std::string_view staff_id, testkit::MaybeTime due = {}) {
  return Draft().With([&](Event& event) {
    auto* body = event.mutable_lead_accepted();
    body->set_lead_id(std::string(lead_id));
    body->set_staff_id(std::string(staff_id));
    if (due.has_value()) *body->mutable_due_at() = ToProto(*due);
  });
}
inline Draft LeadEnded(std::string_view lead_id, std::string_view how) {
  return Draft().With([&](Event& event) {
    if (how == "won") event.mutable_lead_won()->set_lead_id(std::string(lead_id));
    if (how == "lost") event.mutable_lead_lost()->set_lead_id(std::string(lead_id));
    if (how == "declined") event.mutable_lead_declined()->set_lead_id(std::string(lead_id));
  });
}
// What recommendations stand on: a fund, a pack, and that a client may bear it.
inline Draft FundTold(std::string_view product_id = "fund-1") {
  return Broadcast([&](Event& event) {
    auto* body = event.mutable_service_product_published();
    body->set_product_id(std::string(product_id));
    body->set_version(1);
    body->set_name("Balanced Fund");
    body->set_kind(events::v1::PRODUCT_KIND_INSTRUMENT);
    body->set_risk(events::v1::RISK_LEVEL_R3);
  });
}
inline Draft SuitabilityTold() {
  return Broadcast([&](Event& event) {
    auto* body = event.mutable_suitability_pack_published();
    body->set_pack_id("p");
    body->set_version(1);
    body->set_assessment_valid_months(12);
    auto* row = body->add_rows();
    row->set_investor_class(events::v1::INVESTOR_CLASS_C3);
    row->set_highest_risk(events::v1::RISK_LEVEL_R3);
  });
}
inline Draft RiskTold() {
  return Draft().With([&](Event& event) {
    event.mutable_risk_assessed()->set_assessment_id("A-1");
    event.mutable_risk_assessed()->set_investor_class(events::v1::INVESTOR_CLASS_C3);
  });
}
inline Draft Recommended(std::string_view id, std::string_view staff_id) {
  return Draft().With([&](Event& event) {
    event.mutable_recommendation_made()->set_recommendation_id(std::string(id));
    event.mutable_recommendation_made()->set_staff_id(std::string(staff_id));
    event.mutable_recommendation_made()->set_product_id("fund-1");
  });
}
inline Draft FollowedUp(std::string_view id, events::v1::RecommendationResult result) {
  return Draft().With([&](Event& event) {
    event.mutable_recommendation_followed_up()->set_recommendation_id(std::string(id));
    event.mutable_recommendation_followed_up()->set_result(result);
  });
}
inline Draft LevelsTold(std::string_view pack, int32_t version, std::map<std::string, int32_t> days) {
  return Broadcast([&](Event& event) {
    auto* body = event.mutable_service_levels_published();
    body->set_pack_id(std::string(pack));
    body->set_version(version);
    *body->mutable_effective_from() = ToProto(testkit::Beginning());
    for (const auto& [tier, every] : days) {
      auto* level = body->add_levels();
      level->set_tier(tier);
      level->set_contact_every_days(every);
    }
  });
}

}  // namespace kefu::book

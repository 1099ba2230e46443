#pragma once

// What tests of leads share: terse events about them.

#include <absl/time/time.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "platform/base/time.h"
#include "platform/testkit/events.h"

namespace kefu::lead {

inline absl::Time Hour(int hour) { return testkit::Beginning() + absl::Hours(hour); }

inline testkit::Draft Raised(std::string_view lead_id, absl::Time due_at, std::string_view owner_id = {},
                             std::string_view team = {}) {
  return testkit::Draft().With([&](events::v1::Event& event) {
    auto& body = *event.mutable_lead_raised();
    body.set_lead_id(std::string(lead_id));
    body.set_direction(events::v1::LEAD_DIRECTION_SERVICE_TO_MARKETING);
    body.mutable_need()->set_scheme("kefu.need");
    body.mutable_need()->set_value("idle_cash");
    body.set_raised_by("S-1");
    body.set_owner_id(std::string(owner_id));
    // Someone has to take it.
    body.set_team(owner_id.empty() && team.empty() ? "T-1" : std::string(team));
    *body.mutable_due_at() = ToProto(due_at);
  });
}

// What marketing promised: needs neither the client's consent nor a qualification.
inline testkit::Draft RaisedForService(std::string_view lead_id, absl::Time due_at, std::string_view owner_id = {},
                                       std::string_view team = {}) {
  return Raised(lead_id, due_at, owner_id, team).With([](events::v1::Event& event) {
    event.mutable_lead_raised()->set_direction(events::v1::LEAD_DIRECTION_MARKETING_TO_SERVICE);
  });
}

inline testkit::Draft Accepted(std::string_view lead_id, std::string_view staff_id, testkit::MaybeTime due_at = {}) {
  return testkit::Draft().With([&](events::v1::Event& event) {
    auto& body = *event.mutable_lead_accepted();
    body.set_lead_id(std::string(lead_id));
    body.set_staff_id(std::string(staff_id));
    if (due_at.has_value()) *body.mutable_due_at() = ToProto(*due_at);
  });
}

inline testkit::Draft Declined(std::string_view lead_id, std::string_view cause = "no_need") {
  return testkit::Draft().With([&](events::v1::Event& event) {
    event.mutable_lead_declined()->set_lead_id(std::string(lead_id));
    event.mutable_lead_declined()->mutable_cause()->set_value(std::string(cause));
  });
}

inline testkit::Draft Worked(std::string_view lead_id, std::string_view activity = "called") {
  return testkit::Draft().With([&](events::v1::Event& event) {
    event.mutable_lead_worked()->set_lead_id(std::string(lead_id));
    event.mutable_lead_worked()->mutable_activity()->set_scheme("kefu.lead_activity");
    event.mutable_lead_worked()->mutable_activity()->set_value(std::string(activity));
  });
}

// Staff and shares of 10,000.
using Shares = std::vector<std::pair<std::string, int32_t>>;

inline testkit::Draft Won(std::string_view lead_id, int64_t minor_units, const Shares& shares,
                          std::string_view currency = "CNY") {
  return testkit::Draft().With([&](events::v1::Event& event) {
    auto& body = *event.mutable_lead_won();
    body.set_lead_id(std::string(lead_id));
    body.mutable_amount()->set_minor_units(minor_units);
    body.mutable_amount()->set_currency(std::string(currency));
    for (const auto& [staff_id, share_bp] : shares) {
      auto& credit = *body.add_credits();
      credit.set_staff_id(staff_id);
      credit.set_share_bp(share_bp);
    }
  });
}

inline testkit::Draft Lost(std::string_view lead_id, std::string_view cause = "went_elsewhere") {
  return testkit::Draft().With([&](events::v1::Event& event) {
    event.mutable_lead_lost()->set_lead_id(std::string(lead_id));
    event.mutable_lead_lost()->mutable_cause()->set_value(std::string(cause));
  });
}

inline testkit::Draft Escalated(std::string_view lead_id, absl::Time due_at) {
  return testkit::Draft().With([&](events::v1::Event& event) {
    event.mutable_lead_escalated()->set_lead_id(std::string(lead_id));
    *event.mutable_lead_escalated()->mutable_due_at() = ToProto(due_at);
  });
}

inline testkit::Draft Reassigned(std::string_view work_id, std::string_view to_staff_id,
                                 events::v1::WorkKind kind = events::v1::WORK_KIND_LEAD) {
  return testkit::Draft().With([&](events::v1::Event& event) {
    auto& body = *event.mutable_work_reassigned();
    body.set_kind(kind);
    body.set_work_id(std::string(work_id));
    body.set_to_staff_id(std::string(to_staff_id));
  });
}

inline testkit::Draft Answered(std::string_view action_id, events::v1::NextActionAnswer answer) {
  return testkit::Draft().With([&](events::v1::Event& event) {
    event.mutable_next_action_answered()->set_action_id(std::string(action_id));
    event.mutable_next_action_answered()->set_rules_version(1);
    event.mutable_next_action_answered()->set_answer(answer);
  });
}

// Of no client: who may hold leads at all. Its unit is "U-1".
inline testkit::Draft Hired(std::string_view staff_id) {
  return testkit::Draft().Client("").With([&](events::v1::Event& event) {
    event.mutable_staff_published()->set_staff_id(std::string(staff_id));
    event.mutable_staff_published()->set_unit_id("U-1");
  });
}

// Serves clients and takes leads, since 2020.
inline testkit::Draft Qualified(std::string_view staff_id) {
  return testkit::Draft().Client("").With([&](events::v1::Event& event) {
    auto& body = *event.mutable_qualification_recorded();
    body.set_staff_id(std::string(staff_id));
    body.mutable_qualification()->set_scheme("kefu.qualification");
    body.mutable_qualification()->set_value("adviser");
    body.mutable_valid_from()->set_year(2020);
    body.mutable_valid_from()->set_month(1);
    body.mutable_valid_from()->set_day(1);
    body.add_permitted_acts(events::v1::STAFF_ACT_SERVE);
    body.add_permitted_acts(events::v1::STAFF_ACT_MARKET);
  });
}

}  // namespace kefu::lead

#pragma once

// Drafts about staff, books and handovers.

#include <fmt/format.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "platform/base/time.h"
#include "platform/testkit/events.h"

namespace kefu::testkit {

inline Draft Firm(const std::function<void(events::v1::Event&)>& body) {
  return Draft().Client("").With(body);
}

inline Draft StaffTold(std::string_view staff_id) {
  return Firm([&](events::v1::Event& event) {
    auto& staff = *event.mutable_staff_published();
    staff.set_staff_id(std::string(staff_id));
    staff.set_name(fmt::format("name of {}", staff_id));
    staff.set_unit_id("U-1");
    staff.set_contract(events::v1::STAFF_CONTRACT_EMPLOYEE);
  });
}

// May do all there is, from 2020 on; until `until_year`'s end.
inline Draft QualifiedTold(std::string_view staff_id, int until_year = 2090) {
  return Firm([&](events::v1::Event& event) {
    auto& told = *event.mutable_qualification_recorded();
    told.set_staff_id(std::string(staff_id));
    told.mutable_qualification()->set_scheme("kefu.qualification");
    told.mutable_qualification()->set_value("securities_practice");
    told.set_number("S0000000000000");
    for (auto* date : {told.mutable_valid_from(), told.mutable_valid_until()}) {
      date->set_month(12);
      date->set_day(31);
    }
    told.mutable_valid_from()->set_year(2019);
    told.mutable_valid_until()->set_year(until_year);
    for (int act = events::v1::STAFF_ACT_SERVE; act <= events::v1::STAFF_ACT_CALL_BACK; ++act)
      told.add_permitted_acts(static_cast<events::v1::StaffAct>(act));
  });
}

inline Draft Assigns(std::string_view client_id, std::string_view staff_id) {
  return Draft().Client(client_id).With([&](events::v1::Event& event) {
    event.mutable_client_assigned_to_broker()->set_staff_id(std::string(staff_id));
    event.mutable_client_assigned_to_broker()->set_role(events::v1::BROKER_ROLE_PRIMARY);
  });
}

inline Draft HandoverOpens(std::string_view handover_id, std::string_view staff_id, int64_t clients = 1) {
  return Firm([&](events::v1::Event& event) {
    auto& opened = *event.mutable_handover_opened();
    opened.set_handover_id(std::string(handover_id));
    opened.set_from_staff_id(std::string(staff_id));
    opened.mutable_last_day()->set_year(2027);
    opened.mutable_last_day()->set_month(6);
    opened.mutable_last_day()->set_day(30);
    opened.set_book_clients(clients);
  });
}

inline Draft SuccessorNamed(std::string_view handover_id, std::string_view staff_id,
                                     const std::vector<std::string>& client_ids = {}) {
  return Firm([&](events::v1::Event& event) {
    auto& named = *event.mutable_handover_successor_named();
    named.set_handover_id(std::string(handover_id));
    named.set_to_staff_id(std::string(staff_id));
    named.mutable_client_ids()->Assign(client_ids.begin(), client_ids.end());
  });
}

inline Draft HandoverCancels(std::string_view handover_id) {
  return Firm([&](events::v1::Event& event) {
    event.mutable_handover_cancelled()->set_handover_id(std::string(handover_id));
  });
}

inline Draft Informs(std::string_view client_id, std::string_view handover_id,
                              events::v1::HandoverChoice choice = events::v1::HANDOVER_CHOICE_STAY) {
  return Draft().Client(client_id).With([&](events::v1::Event& event) {
    auto& informed = *event.mutable_client_informed_of_handover();
    informed.set_handover_id(std::string(handover_id));
    informed.set_channel(events::v1::CHANNEL_PHONE);
    informed.set_choice(choice);
  });
}

}  // namespace kefu::testkit

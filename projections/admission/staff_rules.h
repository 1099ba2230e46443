#pragma once

// What a member of staff must be for what an event has it do. Each gives the first rule that refuses, or kNone.

#include <absl/time/civil_time.h>

#include <cstdint>
#include <string>

#include "kefu/events/v1/event.pb.h"
#include "kefu/events/v1/staff.pb.h"
#include "projections/admission/judges.h"

namespace kefu::admission {

// Published and not gone: kStaffUnknown, kStaffLeft.
Rule JudgeIsStaff(const std::string& staff_id, Memory& memory);

// Something is given to it: also not leaving, kStaffLeaving.
Rule JudgeHolder(const std::string& staff_id, Memory& memory);

// The same of bodies that were there before staff was published at all: of whom nobody published, or nobody named,
// nothing is known.
Rule JudgeHolderIfPublished(const std::string& staff_id, Memory& memory);

// kActNotPermitted unless a qualification permits `act` on the event's day at its branch. First and last day count.
Rule JudgeAct(const events::v1::Event& event, const std::string& staff_id, events::v1::StaffAct act, Memory& memory);

// In whatever role.
bool Serves(const ClientState& client, const std::string& staff_id);

// As QualificationState counts days. Any date, also one that is none.
int32_t DayNumberOf(const events::v1::CalendarDate& date);
int32_t DayNumberOf(absl::CivilDay day);

}  // namespace kefu::admission

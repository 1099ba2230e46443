#include "projections/admission/staff_rules.h"

#include <algorithm>
#include <limits>

#include "platform/base/time.h"

namespace kefu::admission {

namespace {

template <class List, class Value>
bool Has(const List& list, const Value& value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

bool Permits(const QualificationState& qualification, events::v1::StaffAct act, int32_t day) {
  return Has(qualification.acts(), act) && qualification.first_day() <= day &&
         (!qualification.has_last_day() || day <= qualification.last_day());
}

Rule JudgePresence(const StaffState& staff) { return staff.left() ? Rule::kStaffLeft : Rule::kNone; }

Rule JudgeMayHold(const StaffState& staff) {
  if (staff.left()) return Rule::kStaffLeft;
  return staff.open_handover_id().empty() ? Rule::kNone : Rule::kStaffLeaving;
}

}  // namespace

Rule JudgeIsStaff(const std::string& staff_id, Memory& memory) {
  const StaffState* staff = memory.Find<Staff>(staff_id);
  return staff == nullptr ? Rule::kStaffUnknown : JudgePresence(*staff);
}

Rule JudgeHolder(const std::string& staff_id, Memory& memory) {
  const StaffState* staff = memory.Find<Staff>(staff_id);
  return staff == nullptr ? Rule::kStaffUnknown : JudgeMayHold(*staff);
}

Rule JudgeHolderIfPublished(const std::string& staff_id, Memory& memory) {
  const StaffState* staff = staff_id.empty() ? nullptr : memory.Find<Staff>(staff_id);
  return staff == nullptr ? Rule::kNone : JudgeMayHold(*staff);
}

Rule JudgeAct(const events::v1::Event& event, const std::string& staff_id, events::v1::StaffAct act, Memory& memory) {
  const StaffState* staff = memory.Find<Staff>(staff_id);
  if (staff == nullptr) return Rule::kActNotPermitted;
  const absl::Time time = FromProto(event.occurred_at());
  const absl::Time local = time + absl::Seconds(OffsetOfUnit(event.branch_id(), time, memory));
  const int32_t day = DayNumberOf(absl::ToCivilDay(local, absl::UTCTimeZone()));
  for (const QualificationState& qualification : staff->qualifications())
    if (Permits(qualification, act, day)) return Rule::kNone;
  return Rule::kActNotPermitted;
}

bool Serves(const ClientState& client, const std::string& staff_id) {
  const ServingState& serving = client.serving();
  return serving.broker_id() == staff_id || Has(serving.backup_ids(), staff_id) ||
         Has(serving.specialist_ids(), staff_id);
}

int32_t DayNumberOf(const events::v1::CalendarDate& date) {
  return DayNumberOf(absl::CivilDay(date.year(), date.month(), date.day()));
}

int32_t DayNumberOf(absl::CivilDay day) {
  constexpr int64_t kLeast = std::numeric_limits<int32_t>::min();
  constexpr int64_t kMost = std::numeric_limits<int32_t>::max();
  return static_cast<int32_t>(std::clamp<int64_t>(day - absl::CivilDay(1970, 1, 1), kLeast, kMost));
}

}  // namespace kefu::admission

#include <algorithm>
#include <string>

#include "projections/admission/judges.h"
#include "projections/admission/lifecycle.h"
#include "projections/admission/reference_rules.h"
#include "projections/admission/staff_rules.h"

namespace kefu::admission {

namespace {

using events::v1::Event;
using events::v1::HandoverOpened;
using events::v1::HandoverSuccessorNamed;
using events::v1::QualificationRecorded;
using events::v1::StaffPublished;

constexpr int kQualificationsKept = 32;

// Of the handover that the event is about; empty if it is about none.
const std::string& HandoverIdOf(const Event& event) {
  static const std::string none;
  switch (event.body_case()) {
    case Event::kHandoverOpened:
      return event.handover_opened().handover_id();
    case Event::kHandoverSuccessorNamed:
      return event.handover_successor_named().handover_id();
    case Event::kHandoverCancelled:
      return event.handover_cancelled().handover_id();
    case Event::kHandoverShareSettled:
      return event.handover_share_settled().handover_id();
    case Event::kHandoverCompleted:
      return event.handover_completed().handover_id();
    default:
      return none;
  }
}

Rule JudgeStaffPublished(const StaffPublished& published, Memory& memory) {
  if (!IsUnitId(published.staff_id())) return Rule::kReferenceIdInvalid;
  if (memory.Find<Units>(published.unit_id()) == nullptr) return Rule::kUnitUnknown;
  const StaffState* staff = memory.Find<Staff>(published.staff_id());
  return staff != nullptr && staff->left() ? Rule::kStaffLeft : Rule::kNone;
}

Rule JudgeOpening(const HandoverOpened& opened, Memory& memory) {
  if (!IsUnitId(opened.handover_id())) return Rule::kReferenceIdInvalid;
  const Rule rule = JudgeIsStaff(opened.from_staff_id(), memory);
  if (rule != Rule::kNone) return rule;
  if (!memory.Find<Staff>(opened.from_staff_id())->open_handover_id().empty()) return Rule::kHandoverExists;
  return opened.book_clients() < 1 ? Rule::kHandoverOfEmptyBook : Rule::kNone;
}

// Before all else that it is not the leaver, who is leaving, too.
Rule JudgeSuccessor(const Event& event, const HandoverSuccessorNamed& named, const HandoverState& handover,
                    Memory& memory) {
  if (named.to_staff_id() == handover.from_staff_id()) return Rule::kHandoverToOneself;
  const Rule rule = JudgeHolder(named.to_staff_id(), memory);
  if (rule != Rule::kNone) return rule;
  return JudgeAct(event, named.to_staff_id(), events::v1::STAFF_ACT_SERVE, memory);
}

// The log's partitions are 0 to their number − 1; without a number nothing is known to be complete.
Rule JudgeCompletion(const Event& event, const HandoverState& handover) {
  const int32_t partitions = event.broadcast().partitions();
  int32_t settled = 0;
  for (const int32_t partition : handover.settled_partitions()) settled += partition >= 0 && partition < partitions;
  return partitions > 0 && settled == partitions ? Rule::kNone : Rule::kHandoverNotSettled;
}

Rule JudgeContent(const Event& event, const HandoverState& handover, Memory& memory) {
  switch (event.body_case()) {
    case Event::kStaffPublished:
      return JudgeStaffPublished(event.staff_published(), memory);
    case Event::kQualificationRecorded:
      return JudgeIsStaff(event.qualification_recorded().staff_id(), memory);
    case Event::kTrainingRecorded:
      return JudgeIsStaff(event.training_recorded().staff_id(), memory);
    case Event::kHandoverOpened:
      return JudgeOpening(event.handover_opened(), memory);
    case Event::kHandoverSuccessorNamed:
      return JudgeSuccessor(event, event.handover_successor_named(), handover, memory);
    case Event::kHandoverCompleted:
      return JudgeCompletion(event, handover);
    case Event::kHandoverCancelled:
    case Event::kHandoverShareSettled:
      return Rule::kNone;
    default:
      return Rule::kBodyUnknown;
  }
}

void KeepQualification(const QualificationRecorded& recorded, StaffState& staff) {
  auto& all = *staff.mutable_qualifications();
  const events::v1::Code& code = recorded.qualification();
  for (int i = all.size() - 1; i >= 0; --i)
    if (all[i].scheme() == code.scheme() && all[i].value() == code.value()) all.DeleteSubrange(i, 1);
  QualificationState& kept = *all.Add();
  kept.set_scheme(code.scheme());
  kept.set_value(code.value());
  kept.set_first_day(DayNumberOf(recorded.valid_from()));
  if (recorded.has_valid_until()) kept.set_last_day(DayNumberOf(recorded.valid_until()));
  *kept.mutable_acts() = recorded.permitted_acts();
  if (all.size() > kQualificationsKept) all.DeleteSubrange(0, all.size() - kQualificationsKept);
}

void KeepShare(int32_t partition, HandoverState& handover) {
  auto& settled = *handover.mutable_settled_partitions();
  const auto at = std::lower_bound(settled.begin(), settled.end(), partition);
  if (at != settled.end() && *at == partition) return;
  const auto place = at - settled.begin();
  settled.Add(partition);
  std::rotate(settled.begin() + place, settled.end() - 1, settled.end());
}

void MoveHandoverOf(const Event& event, const std::string& handover_id, Memory& memory) {
  HandoverState& handover = memory.Edit<Handovers>(handover_id);
  handover.set_status(MoveHandover(event.body_case(), handover.status()).next);
  switch (event.body_case()) {
    case Event::kHandoverOpened:
      handover.set_from_staff_id(event.handover_opened().from_staff_id());
      memory.Edit<Staff>(handover.from_staff_id()).set_open_handover_id(handover_id);
      return;
    case Event::kHandoverCancelled:
      memory.Edit<Staff>(handover.from_staff_id()).clear_open_handover_id();
      return;
    case Event::kHandoverShareSettled:
      KeepShare(event.handover_share_settled().partition(), handover);
      return;
    case Event::kHandoverCompleted: {
      StaffState& leaver = memory.Edit<Staff>(handover.from_staff_id());
      leaver.clear_open_handover_id();
      leaver.set_left(true);
      return;
    }
    default:
      return;
  }
}

void MoveStaff(const Event& event, Memory& memory) {
  if (const std::string& handover_id = HandoverIdOf(event); !handover_id.empty())
    return MoveHandoverOf(event, handover_id, memory);
  if (event.body_case() == Event::kStaffPublished) memory.Edit<Staff>(event.staff_published().staff_id());
  if (event.body_case() == Event::kQualificationRecorded)
    KeepQualification(event.qualification_recorded(), memory.Edit<Staff>(event.qualification_recorded().staff_id()));
}

}  // namespace

Decision TakeStaff(const Event& copy, Memory& memory) {
  MoveStaff(copy, memory);
  return {};
}

Decision JudgeStaff(const Event& event, Memory& memory) {
  const std::string& handover_id = HandoverIdOf(event);
  const HandoverState* found = handover_id.empty() ? nullptr : memory.Find<Handovers>(handover_id);
  const HandoverState& handover = found != nullptr ? *found : HandoverState::default_instance();
  Rule rule = Rule::kNone;
  if (IsAboutHandover(event.body_case())) rule = MoveHandover(event.body_case(), handover.status()).refusal;
  if (rule == Rule::kNone) rule = JudgeContent(event, handover, memory);
  rule = OrPrecondition(rule, event);
  if (rule == Rule::kNone) MoveStaff(event, memory);
  return {rule, 0};
}

}  // namespace kefu::admission

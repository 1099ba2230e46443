#include <algorithm>
#include <optional>
#include <string>

#include "projections/admission/judges.h"
#include "projections/admission/lifecycle.h"
#include "projections/admission/staff_rules.h"

namespace kefu::admission {

namespace {

using events::v1::BrokerRole;
using events::v1::ClientAssignedToBroker;
using events::v1::ClientInformedOfHandover;
using events::v1::Event;
using events::v1::WorkKind;
using events::v1::WorkReassigned;
using Ids = google::protobuf::RepeatedPtrField<std::string>;

constexpr int kOfEachRole = 8;
constexpr int kPastKept = 16;

bool Has(const Ids& ids, const std::string& id) { return std::find(ids.begin(), ids.end(), id) != ids.end(); }

void Drop(const std::string& id, Ids& ids) {
  for (int i = ids.size() - 1; i >= 0; --i)
    if (ids[i] == id) ids.DeleteSubrange(i, 1);
}

void AddNewest(const std::string& id, int most, Ids& ids) {
  Drop(id, ids);
  *ids.Add() = id;
  if (ids.size() > most) ids.DeleteSubrange(0, ids.size() - most);
}

bool ServesAs(const ServingState& serving, BrokerRole role, const std::string& staff_id) {
  if (role == events::v1::BROKER_ROLE_PRIMARY) return serving.broker_id() == staff_id;
  return Has(role == events::v1::BROKER_ROLE_BACKUP ? serving.backup_ids() : serving.specialist_ids(), staff_id);
}

// The handover must be under way; null in `found` where the event belongs to none.
Rule JudgeUnderHandover(const std::string& handover_id, Memory& memory, const HandoverState** found) {
  *found = nullptr;
  if (handover_id.empty()) return Rule::kNone;
  *found = memory.Find<Handovers>(handover_id);
  if (*found == nullptr) return Rule::kHandoverUnknown;
  return (*found)->status() == HANDOVER_STATUS_OPEN ? Rule::kNone : Rule::kHandoverNotOpen;
}

Rule JudgeAssignment(const Event& event, const ClientAssignedToBroker& assigned, Memory& memory) {
  Rule rule = JudgeIsClient(event.client_id(), memory);
  if (rule == Rule::kNone) rule = JudgeHolder(assigned.staff_id(), memory);
  if (rule == Rule::kNone && assigned.role() == events::v1::BROKER_ROLE_PRIMARY)
    rule = JudgeAct(event, assigned.staff_id(), events::v1::STAFF_ACT_SERVE, memory);
  const HandoverState* handover = nullptr;
  if (rule == Rule::kNone) rule = JudgeUnderHandover(assigned.handover_id(), memory, &handover);
  if (rule != Rule::kNone) return rule;
  const ServingState& serving = memory.Find<Clients>(event.client_id())->serving();
  if (handover != nullptr && !ServesAs(serving, assigned.role(), handover->from_staff_id()))
    return Rule::kClientNotInHandover;
  return ServesAs(serving, assigned.role(), assigned.staff_id()) ? Rule::kBrokerAlreadyAssigned : Rule::kNone;
}

// The leaver's place goes to the successor; else the one before leaves only where there is one at a time.
void Assign(const ClientAssignedToBroker& assigned, const std::string& client_id, Memory& memory) {
  const HandoverState* handover =
      assigned.handover_id().empty() ? nullptr : memory.Find<Handovers>(assigned.handover_id());
  ServingState& serving = *memory.Edit<Clients>(client_id).mutable_serving();
  if (assigned.role() == events::v1::BROKER_ROLE_PRIMARY) {
    if (!serving.broker_id().empty()) AddNewest(serving.broker_id(), kPastKept, *serving.mutable_past_broker_ids());
    serving.set_broker_id(assigned.staff_id());
    // Its place among the backups is free again.
    Drop(assigned.staff_id(), *serving.mutable_backup_ids());
    return;
  }
  const bool is_backup = assigned.role() == events::v1::BROKER_ROLE_BACKUP;
  Ids& ids = is_backup ? *serving.mutable_backup_ids() : *serving.mutable_specialist_ids();
  if (handover != nullptr) {
    Drop(handover->from_staff_id(), ids);
    AddNewest(handover->from_staff_id(), kPastKept, *serving.mutable_past_broker_ids());
  }
  AddNewest(assigned.staff_id(), kOfEachRole, ids);
}

// That a client was told is a fact whatever has become of the handover since.
Rule JudgeInformed(const Event& event, const ClientInformedOfHandover& informed, Memory& memory) {
  const HandoverState* handover = memory.Find<Handovers>(informed.handover_id());
  if (handover == nullptr) return Rule::kHandoverUnknown;
  const ClientState* client = memory.Find<Clients>(event.client_id());
  const bool served = client != nullptr && (Serves(*client, handover->from_staff_id()) ||
                                            Has(client->serving().past_broker_ids(), handover->from_staff_id()));
  return served ? Rule::kNone : Rule::kClientNotInHandover;
}

// A piece of work, wherever it is kept. Borrowed.
struct Work {
  const std::string& client_id;
  const std::string& owner_id;
  bool is_open;
};

std::optional<Work> FindUndertaking(const std::string& id, bool is_call_back, Memory& memory) {
  const UndertakingState* found = memory.Find<Undertakings>(id);
  if (found == nullptr || found->is_call_back() != is_call_back) return std::nullopt;
  return Work{found->client_id(), found->owner_id(), !found->settled()};
}

std::optional<Work> FindWork(WorkKind kind, const std::string& id, Memory& memory) {
  switch (kind) {
    case events::v1::WORK_KIND_CASE: {
      const CaseState* found = memory.Find<Cases>(id);
      if (found == nullptr) return std::nullopt;
      return Work{found->client_id(), found->assignee_id(), found->status() <= events::v1::CASE_STATUS_PROPOSED};
    }
    case events::v1::WORK_KIND_PROMISE:
      return FindUndertaking(id, false, memory);
    case events::v1::WORK_KIND_CALL_BACK:
      return FindUndertaking(id, true, memory);
    case events::v1::WORK_KIND_LEAD: {
      const LeadState* found = memory.Find<Leads>(id);
      if (found == nullptr) return std::nullopt;
      return Work{found->client_id(), found->owner_id(), IsOpen(found->status())};
    }
    case events::v1::WORK_KIND_RECOMMENDATION: {
      const RecommendationState* found = memory.Find<Recommendations>(id);
      if (found == nullptr) return std::nullopt;
      return Work{found->client_id(), found->owner_id(), found->status() == RECOMMENDATION_STATUS_OPEN};
    }
    default:
      return std::nullopt;
  }
}

Rule JudgeReassignment(const Event& event, const WorkReassigned& reassigned, Memory& memory) {
  const auto work = FindWork(reassigned.kind(), reassigned.work_id(), memory);
  if (!work) return Rule::kWorkUnknown;
  if (work->client_id != event.client_id()) return Rule::kWorkOfOtherClient;
  if (!work->is_open) return Rule::kWorkNotOpen;
  Rule rule = JudgeHolder(reassigned.to_staff_id(), memory);
  const HandoverState* handover = nullptr;
  if (rule == Rule::kNone) rule = JudgeUnderHandover(reassigned.handover_id(), memory, &handover);
  if (rule != Rule::kNone) return rule;
  const std::string& from = reassigned.from_staff_id();
  return !from.empty() && from != work->owner_id ? Rule::kWorkNotHeld : Rule::kNone;
}

void Reassign(const WorkReassigned& reassigned, Memory& memory) {
  const std::string& id = reassigned.work_id();
  switch (reassigned.kind()) {
    case events::v1::WORK_KIND_CASE:
      return memory.Edit<Cases>(id).set_assignee_id(reassigned.to_staff_id());
    case events::v1::WORK_KIND_PROMISE:
    case events::v1::WORK_KIND_CALL_BACK:
      return memory.Edit<Undertakings>(id).set_owner_id(reassigned.to_staff_id());
    case events::v1::WORK_KIND_LEAD:
      return memory.Edit<Leads>(id).set_owner_id(reassigned.to_staff_id());
    case events::v1::WORK_KIND_RECOMMENDATION:
      return memory.Edit<Recommendations>(id).set_owner_id(reassigned.to_staff_id());
    default:
      return;
  }
}

Rule JudgeContent(const Event& event, Memory& memory) {
  switch (event.body_case()) {
    case Event::kClientAssignedToBroker:
      return JudgeAssignment(event, event.client_assigned_to_broker(), memory);
    case Event::kClientInformedOfHandover:
      return JudgeInformed(event, event.client_informed_of_handover(), memory);
    case Event::kWorkReassigned:
      return JudgeReassignment(event, event.work_reassigned(), memory);
    default:
      return Rule::kBodyUnknown;
  }
}

}  // namespace

Decision JudgeBook(const Event& event, Memory& memory) {
  const Rule rule = OrPrecondition(JudgeContent(event, memory), event);
  if (rule != Rule::kNone) return {rule, 0};
  if (event.body_case() == Event::kClientAssignedToBroker)
    Assign(event.client_assigned_to_broker(), event.client_id(), memory);
  else if (event.body_case() == Event::kWorkReassigned)
    Reassign(event.work_reassigned(), memory);
  return {};
}

}  // namespace kefu::admission

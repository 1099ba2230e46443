#include "projections/cases/next_action.h"

#include <google/protobuf/util/time_util.h>

#include "projections/cases/cases.h"

namespace kefu::cases {

namespace {

using events::v1::CaseStatus;
using google::protobuf::Timestamp;

const char* ActionOf(CaseStatus status) {
  switch (status) {
    case events::v1::CASE_STATUS_OPEN:
      return "acknowledge";
    case events::v1::CASE_STATUS_ACKNOWLEDGED:
      return "start";
    case events::v1::CASE_STATUS_IN_PROGRESS:
      return "resolve";
    case events::v1::CASE_STATUS_WAITING:
      return "follow_up";
    case events::v1::CASE_STATUS_PROPOSED:
      return "confirm";
    default:
      return "";
  }
}

void SetOwner(Case& row) {
  if (!row.assignee_id().empty()) {
    row.set_owner(row.assignee_id());
  } else if (!row.team().empty()) {
    row.set_owner(row.team());
  } else if (!row.branch_id().empty()) {
    row.set_owner("branch:" + row.branch_id());
  } else {
    row.set_owner("source:" + row.source());
  }
}

// The first due time of the clocks that are not settled; null if none has one.
const Timestamp* FirstDue(const Case& row) {
  const Timestamp* first = nullptr;
  for (const auto& clock : row.clocks()) {
    if (IsSettled(clock.state()) || !clock.has_due_at()) continue;
    if (first == nullptr || clock.due_at() < *first) first = &clock.due_at();
  }
  return first;
}

const Timestamp& DueOf(const Case& row) {
  if (row.has_set_action_due_at()) return row.set_action_due_at();
  if (row.status() == events::v1::CASE_STATUS_WAITING && row.has_waiting_until()) return row.waiting_until();
  if (const Timestamp* due = FirstDue(row)) return *due;
  if (row.has_due_at()) return row.due_at();
  return row.status_since();
}

}  // namespace

void CompleteNextAction(Case& row) {
  if (!IsOpen(row.status())) {
    ForgetSetAction(row);
    row.clear_owner();
    row.clear_next_action();
    row.clear_next_action_owner_id();
    row.clear_next_action_due_at();
    return;
  }
  SetOwner(row);
  if (!row.next_action_is_set()) {
    auto& action = *row.mutable_next_action();
    action.set_scheme(kActionScheme);
    action.clear_version();
    action.set_value(ActionOf(row.status()));
  }
  row.set_next_action_owner_id(row.set_action_owner_id().empty() ? row.owner() : row.set_action_owner_id());
  *row.mutable_next_action_due_at() = DueOf(row);
}

void ForgetSetAction(Case& row) {
  row.clear_next_action_is_set();
  row.clear_set_action_owner_id();
  row.clear_set_action_due_at();
}

}  // namespace kefu::cases

#include "platform/base/time.h"
#include "projections/cases/cases.h"

namespace kefu::cases {

namespace {

// A case is listed under a text only where it has one.
template <class Index>
void AddByText(const std::string& text, const Case& row, sdk::IndexKeys& out) {
  if (!text.empty()) out.AddEncoded(Index::Key::Encode(text, static_cast<int32_t>(row.status()), row.case_id()));
}

}  // namespace

void CasesByClient::Keys(const Case& row, sdk::IndexKeys& out) {
  out.AddEncoded(Key::Encode(row.client_id(), row.case_id()));
}

void CasesByStatus::Keys(const Case& row, sdk::IndexKeys& out) {
  out.AddEncoded(Key::Encode(static_cast<int32_t>(row.status()), row.case_id()));
}

void CasesByDue::Keys(const Case& row, sdk::IndexKeys& out) {
  if (row.has_due_at() && IsOpen(row.status())) out.AddEncoded(Key::Encode(FromProto(row.due_at()), row.case_id()));
}

void CasesByAssignee::Keys(const Case& row, sdk::IndexKeys& out) {
  AddByText<CasesByAssignee>(row.assignee_id(), row, out);
}

void CasesByTeam::Keys(const Case& row, sdk::IndexKeys& out) { AddByText<CasesByTeam>(row.team(), row, out); }

void CasesByBranch::Keys(const Case& row, sdk::IndexKeys& out) { AddByText<CasesByBranch>(row.branch_id(), row, out); }

void CasesByCategory::Keys(const Case& row, sdk::IndexKeys& out) {
  AddByText<CasesByCategory>(row.category().value(), row, out);
}

void CasesByKind::Keys(const Case& row, sdk::IndexKeys& out) {
  out.AddEncoded(Key::Encode(static_cast<int32_t>(row.kind()), static_cast<int32_t>(row.status()), row.case_id()));
}

void CasesByChange::Keys(const Case& row, sdk::IndexKeys& out) {
  out.AddEncoded(Key::Encode(Offset(row.last_offset()), row.case_id()));
}

void CasesByNextAction::Keys(const Case& row, sdk::IndexKeys& out) {
  if (row.has_next_action_due_at() && IsOpen(row.status()))
    out.AddEncoded(Key::Encode(FromProto(row.next_action_due_at()), row.case_id()));
}

void CasesByMatter::Keys(const Case& row, sdk::IndexKeys& out) {
  if (!row.matter_id().empty()) out.AddEncoded(Key::Encode(row.matter_id(), row.case_id()));
}

void CasesByExternal::Keys(const Case& row, sdk::IndexKeys& out) {
  const auto& all = row.external_references();
  for (int i = 0; i < all.size(); ++i) {
    // Two who use one number: one entry.
    bool named = all[i].number().empty();
    for (int before = 0; before < i; ++before) named = named || all[before].number() == all[i].number();
    if (!named) out.AddEncoded(Key::Encode(all[i].number(), row.case_id()));
  }
}

}  // namespace kefu::cases

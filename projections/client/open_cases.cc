#include "projections/client/open_cases.h"

namespace kefu::client {

using events::v1::CaseKind;
using query::v1::OpenCase;

namespace {

const std::string kRingEnds;

}  // namespace

void OpenCases::Open(const OpenCase& entry) {
  *Known(entry.case_id()).mutable_entry() = entry;
  Append(entry);
}

OpenCase* OpenCases::Find(const std::string& case_id) {
  if (const int place = PlaceOf(case_id); place >= 0) return row_.mutable_open_cases(place);
  if (!SomeWait()) return nullptr;
  const KnownCase* known = view_.Find<KnownCases>(row_.client_id(), case_id);
  return known != nullptr && known->waits() ? Known(case_id).mutable_entry() : nullptr;
}

bool OpenCases::Reclassify(const events::v1::CaseReclassified& body) {
  if (view_.Find<KnownCases>(row_.client_id(), body.case_id()) == nullptr) return false;
  const auto change = [&](OpenCase& entry) {
    if (body.has_category()) entry.set_category(body.category().value());
    if (body.has_due_at()) *entry.mutable_due_at() = body.due_at();
  };
  if (body.has_category() || body.has_due_at()) change(*Known(body.case_id()).mutable_entry());
  if (const int place = PlaceOf(body.case_id()); place >= 0) change(*row_.mutable_open_cases(place));
  return true;
}

std::optional<CaseKind> OpenCases::Settle(const std::string& case_id) {
  const int place = PlaceOf(case_id);
  if (place < 0) {
    const KnownCase* found = view_.Find<KnownCases>(row_.client_id(), case_id);
    if (found == nullptr || !found->waits()) return std::nullopt;
    KnownCase& known = Known(case_id);
    LeaveRing(known);
    AddToTotal(known.entry().kind(), -1);
    return static_cast<CaseKind>(known.entry().kind());
  }
  const int kind = row_.open_cases(place).kind();
  const bool some_wait = SomeWait();
  row_.mutable_open_cases()->DeleteSubrange(place, 1);
  AddToTotal(kind, -1);
  if (some_wait) {
    KnownCase& oldest = Known(Known(kRingEnds).next());
    *row_.add_open_cases() = oldest.entry();
    LeaveRing(oldest);
  }
  return static_cast<CaseKind>(kind);
}

std::optional<CaseKind> OpenCases::Reopen(const std::string& case_id) {
  const KnownCase* known = view_.Find<KnownCases>(row_.client_id(), case_id);
  if (known == nullptr) return std::nullopt;
  OpenCase entry = known->entry();
  entry.set_status(events::v1::CASE_STATUS_OPEN);
  Append(entry);
  return static_cast<CaseKind>(entry.kind());
}

int OpenCases::PlaceOf(const std::string& case_id) const {
  // From the end: what moves is mostly young.
  for (int i = row_.open_cases_size() - 1; i >= 0; --i)
    if (row_.open_cases(i).case_id() == case_id) return i;
  return -1;
}

void OpenCases::Append(const OpenCase& entry) {
  AddToTotal(entry.kind(), +1);
  if (row_.open_cases_size() < kOpenCasesListed) {
    *row_.add_open_cases() = entry;
    return;
  }
  KnownCase& known = Known(entry.case_id());
  *known.mutable_entry() = entry;
  JoinRing(entry.case_id(), known);
}

void OpenCases::AddToTotal(int kind, int64_t difference) {
  if (kind == events::v1::CASE_KIND_COMPLAINT) {
    row_.set_open_complaints_total(row_.open_complaints_total() + difference);
  } else {
    row_.set_open_requests_total(row_.open_requests_total() + difference);
  }
}

bool OpenCases::SomeWait() const {
  return row_.open_complaints_total() + row_.open_requests_total() > row_.open_cases_size();
}

void OpenCases::JoinRing(const std::string& case_id, KnownCase& known) {
  KnownCase& ends = Known(kRingEnds);
  const std::string last = ends.previous();
  known.set_waits(true);
  known.set_previous(last);
  known.set_next(kRingEnds);
  // In an empty ring the last entry is the ends' own.
  Known(last).set_next(case_id);
  ends.set_previous(case_id);
}

void OpenCases::LeaveRing(KnownCase& known) {
  Known(known.previous()).set_next(known.next());
  Known(known.next()).set_previous(known.previous());
  known.clear_waits();
  known.clear_previous();
  known.clear_next();
  if (Known(kRingEnds).next() == kRingEnds) view_.Erase<KnownCases>(row_.client_id(), kRingEnds);
}

}  // namespace kefu::client

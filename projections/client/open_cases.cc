#include "projections/client/open_cases.h"

#include <google/protobuf/util/time_util.h>

namespace kefu::client {

using events::v1::CaseKind;
using query::v1::OpenCase;

namespace {

const std::string kRingEnds;

OpenCase Parse(std::string_view payload) {
  OpenCase entry;
  entry.ParseFromArray(payload.data(), static_cast<int>(payload.size()));
  return entry;
}

}  // namespace

template <class Change>
void OpenCases::ChangeListed(const ClientRow::OpenList::Entry& place, Change change) {
  OpenCase entry = Parse(place.payload);
  change(entry);
  row_.open_cases.Replace(place, entry.SerializeAsString());
}

void BringForward(const events::v1::ExternalReference& external, OpenCase& entry) {
  if (external.has_due_at() && (!entry.has_due_at() || external.due_at() < entry.due_at()))
    *entry.mutable_due_at() = external.due_at();
}

void OpenCases::Open(const OpenCase& entry) {
  *Known(entry.case_id()).mutable_entry() = entry;
  Append(entry);
}

bool OpenCases::SetStatus(const std::string& case_id, events::v1::CaseStatus status) {
  if (const auto place = PlaceOf(case_id)) {
    ChangeListed(*place, [&](OpenCase& entry) { entry.set_status(status); });
    return true;
  }
  if (!SomeWait()) return false;
  const KnownCase* known = view_.Find<KnownCases>(client_id_, case_id);
  if (known == nullptr || !known->waits()) return false;
  Known(case_id).mutable_entry()->set_status(status);
  return true;
}

template <class Change>
bool OpenCases::ChangeKnown(const std::string& case_id, bool changes, Change change) {
  if (view_.Find<KnownCases>(client_id_, case_id) == nullptr) return false;
  if (!changes) return true;
  change(*Known(case_id).mutable_entry());
  if (const auto place = PlaceOf(case_id)) ChangeListed(*place, change);
  return true;
}

bool OpenCases::Reclassify(const events::v1::CaseReclassified& body) {
  return ChangeKnown(body.case_id(), body.has_category() || body.has_due_at(), [&](OpenCase& entry) {
    if (body.has_category()) entry.set_category(body.category().value());
    if (body.has_due_at()) *entry.mutable_due_at() = body.due_at();
  });
}

bool OpenCases::Refer(const events::v1::CaseReferred& body) {
  return ChangeKnown(body.case_id(), body.external().has_due_at(),
                     [&](OpenCase& entry) { BringForward(body.external(), entry); });
}

std::optional<CaseKind> OpenCases::Settle(const std::string& case_id) {
  const auto place = PlaceOf(case_id);
  if (!place) {
    const KnownCase* found = view_.Find<KnownCases>(client_id_, case_id);
    if (found == nullptr || !found->waits()) return std::nullopt;
    KnownCase& known = Known(case_id);
    LeaveRing(known);
    AddToTotal(known.entry().kind(), -1);
    return static_cast<CaseKind>(known.entry().kind());
  }
  const int kind = Parse(place->payload).kind();
  const bool some_wait = SomeWait();
  row_.open_cases.Erase(*place);
  AddToTotal(kind, -1);
  if (some_wait) {
    KnownCase& oldest = Known(Known(kRingEnds).next());
    row_.open_cases.Append(oldest.entry().SerializeAsString());
    LeaveRing(oldest);
  }
  return static_cast<CaseKind>(kind);
}

std::optional<CaseKind> OpenCases::Reopen(const std::string& case_id) {
  const KnownCase* known = view_.Find<KnownCases>(client_id_, case_id);
  if (known == nullptr) return std::nullopt;
  OpenCase entry = known->entry();
  entry.set_status(events::v1::CASE_STATUS_OPEN);
  Append(entry);
  return static_cast<CaseKind>(entry.kind());
}

std::optional<ClientRow::OpenList::Entry> OpenCases::PlaceOf(const std::string& case_id) const {
  const auto& list = row_.open_cases;
  for (size_t at = list.begin(); at < list.end();) {
    const auto entry = list.At(at);
    if (CaseIdIn(entry.payload) == case_id) return entry;
    at = entry.end;
  }
  return std::nullopt;
}

void OpenCases::Append(const OpenCase& entry) {
  AddToTotal(entry.kind(), +1);
  if (row_.open_cases.size() < kOpenCasesListed) {
    row_.open_cases.Append(entry.SerializeAsString());
    return;
  }
  KnownCase& known = Known(entry.case_id());
  *known.mutable_entry() = entry;
  JoinRing(entry.case_id(), known);
}

void OpenCases::AddToTotal(int kind, int64_t difference) {
  if (kind == events::v1::CASE_KIND_COMPLAINT) {
    row_.open_complaints_total += difference;
  } else {
    row_.open_requests_total += difference;
  }
}

bool OpenCases::SomeWait() const {
  return row_.open_complaints_total + row_.open_requests_total > row_.open_cases.size();
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
  if (Known(kRingEnds).next() == kRingEnds) view_.Erase<KnownCases>(client_id_, kRingEnds);
}

}  // namespace kefu::client

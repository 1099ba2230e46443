#include "projections/book/tables.h"

#include "platform/base/time.h"
#include "projections/book/book.h"
#include "projections/sdk/case_id.h"

namespace kefu::book {

void ClientsByBroker::Keys(const BookClient& row, sdk::IndexKeys& out) {
  if (row.closed() || (row.broker_id().empty() && !row.registered())) return;
  out.AddEncoded(Key::Encode(row.broker_id(), row.client_id()));
}

void ClientsByNeglect::Keys(const BookClient& row, sdk::IndexKeys& out) {
  if (row.closed() || row.broker_id().empty()) return;
  out.AddEncoded(Key::Encode(row.broker_id(), FromProto(row.last_served_at()), row.client_id()));
}

void ItemsByOwner::Keys(const BookItem& row, sdk::IndexKeys& out) {
  if (row.ended() || row.owner_id().empty()) return;
  const absl::Time due = row.has_due_at() ? FromProto(row.due_at()) : absl::InfiniteFuture();
  out.AddEncoded(Key::Encode(row.owner_id(), static_cast<int32_t>(row.kind()), due, row.work_id()));
}

void OpenHandovers::Keys(const Handover& row, sdk::IndexKeys& out) {
  if (row.state() == query::v1::HANDOVER_STATE_OPEN) out.AddEncoded(Key::Encode(row.handover_id()));
}

void TenuresByBroker::Keys(const TenureRow& row, sdk::IndexKeys& out) {
  const auto& tenure = row.tenure();
  out.AddEncoded(Key::Encode(tenure.staff_id(), static_cast<int32_t>(tenure.role()), tenure.client_id(),
                             FromProto(tenure.from()), Offset(row.offset())));
}

int64_t CountOf(const Workload& load, int32_t kind) {
  switch (kind) {
    case kClientKind:
      return load.clients();
    case events::v1::WORK_KIND_CASE:
      return load.cases();
    case events::v1::WORK_KIND_PROMISE:
      return load.promises();
    case events::v1::WORK_KIND_CALL_BACK:
      return load.call_backs();
    case events::v1::WORK_KIND_LEAD:
      return load.leads();
    case events::v1::WORK_KIND_RECOMMENDATION:
      return load.recommendations();
    default:
      return 0;
  }
}

bool HoldsNothing(const Workload& load) {
  return load.clients() == 0 && load.cases() == 0 && load.promises() == 0 && load.call_backs() == 0 &&
         load.leads() == 0 && load.recommendations() == 0;
}

void BookView::Ahead(const events::v1::Event& event, sdk::RowsAhead& rows) {
  using events::v1::Event;
  switch (event.body_case()) {
    case Event::kContactRecorded:
    case Event::kServiceConfigurationChanged:
    case Event::kClientAssignedToBroker:
      return rows.Add<Clients>(event.client_id());
    case Event::kCaseAssigned:
    case Event::kCaseResolved:
    case Event::kCaseClosed:
    case Event::kCaseReopened:
    case Event::kCaseWithdrawn:
      return rows.Add<Items>(static_cast<int32_t>(events::v1::WORK_KIND_CASE), sdk::CaseIdOf(event));
    default:
      return;
  }
}

}  // namespace kefu::book

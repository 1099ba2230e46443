#include "platform/base/hash.h"
#include "platform/base/reason.h"
#include "platform/base/time.h"
#include "platform/codec/key.h"
#include "services/query/book_calls.h"
#include "services/query/book_rows.h"
#include "services/query/filter.h"
#include "services/query/filter_fields.h"
#include "services/query/gap.h"
#include "services/query/list_plan.h"
#include "services/query/names.h"
#include "services/query/page.h"
#include "services/query/request_time.h"
#include "services/query/units.h"

namespace kefu::query {
namespace {

// All rows of a plan that `passes` takes.
template <class Row>
StatusOr<int64_t> CountRows(const BookCall& call, const Moment& moment, const ScanPlan& plan,
                            const std::function<bool(Row&)>& passes) {
  ASSIGN_OR_RETURN(const auto scan, MergedScan::Open(moment, plan, {}));
  Row row;
  int64_t count = 0;
  for (int64_t examined = 1;; ++examined) {
    ASSIGN_OR_RETURN(const bool found, scan->Next());
    if (!found) return count;
    if (examined % kRowsBetweenChecks == 0) RETURN_IF_ERROR(call.keeps_going());
    ASSIGN_OR_RETURN(const std::string_view stored, scan->Row());
    if (!row.ParseFromArray(stored.data(), static_cast<int>(stored.size()))) return UnreadableRow(*scan);
    count += passes(row);
  }
}

StatusOr<bool> IsByNeglect(const std::string& order_by) {
  if (order_by.empty() || order_by == "neglect") return true;
  if (order_by == "client_id") return false;
  return WithReason(InvalidArgument("order_by \"{}\": say neglect or client_id", order_by.substr(0, 80)),
                    "ORDER_INVALID", "order_by");
}

// A book of a day is made of tenures: what else is known of a client is of today, and would mislead.
v1::BookClient OfTenure(const v1::Tenure& tenure) {
  v1::BookClient row;
  row.set_client_id(tenure.client_id());
  row.set_broker_id(tenure.staff_id());
  *row.mutable_since() = tenure.from();
  row.set_assigned_by_event_id(tenure.event_id());
  row.set_handover_id(tenure.handover_id());
  return row;
}

Status ListBookOfDay(const BookCall& call, const v1::ListBookRequest& request, const std::string& staff_id,
                     const Filter& filter, v1::ListBookResponse* response) {
  ASSIGN_OR_RETURN(const int32_t size, PageSize(request.page_size()));
  ASSIGN_OR_RETURN(const DaySpan day, DaySpanOf(request.on_day(), "on_day"));
  if (staff_id.empty())
    return WithReason(InvalidArgument("on_day: name a member of staff; who had nobody on a day is not kept"),
                      "PARENT_INVALID", "parent");
  const std::string hash =
      PageTokens::QueryHash({"ListBookOfDay", request.parent(), filter.normal_form(), request.on_day()});
  ASSIGN_OR_RETURN(const std::string after, call.tokens.Open(request.page_token(), hash));
  const Moment moment = Moment::Now(call.engine);
  ScanPlan plan;
  plan.view = kBook;
  plan.rows = book::Tenures::kName;
  plan.table = book::TenuresByBroker::kName;
  const std::string prefix = codec::Key(staff_id, static_cast<int32_t>(events::v1::BROKER_ROLE_PRIMARY));
  plan.ranges.push_back({prefix, prefix.size()});
  v1::BookClient made;
  const std::function<bool(book::TenureRow&)> passes = [&](book::TenureRow& row) {
    if (!HeldOn(row.tenure(), day)) return false;
    made = OfTenure(row.tenure());
    return filter.Matches(made);
  };
  ASSIGN_OR_RETURN(const auto scan, MergedScan::Open(moment, plan, after));
  book::TenureRow row;
  const auto take = [&](std::string_view stored) -> StatusOr<bool> {
    if (!row.ParseFromArray(stored.data(), static_cast<int>(stored.size()))) return UnreadableRow(*scan);
    if (!passes(row)) return false;
    *response->add_clients() = made;
    return true;
  };
  ASSIGN_OR_RETURN(const std::string cursor, WalkPage(*scan, LimitsOf(call.options, size, call.keeps_going), take));
  if (!cursor.empty()) response->set_next_page_token(call.tokens.Make(hash, cursor));
  if (request.show_total_size()) {
    ASSIGN_OR_RETURN(const int64_t total, CountRows<book::TenureRow>(call, moment, plan, passes));
    response->set_total_size(total);
  }
  response->set_position(moment.PositionOf(kBook));
  return OkStatus();
}

}  // namespace

Status ListBook(const BookCall& call, const v1::ListBookRequest& request, v1::ListBookResponse* response) {
  ASSIGN_OR_RETURN(const std::string staff_id, StaffOf(request.parent(), "parent", /*may_be_nobody=*/true));
  ASSIGN_OR_RETURN(const Filter filter, Filter::Parse(request.filter(), BookFields()));
  if (!request.on_day().empty()) return ListBookOfDay(call, request, staff_id, filter, response);
  ASSIGN_OR_RETURN(const int32_t size, PageSize(request.page_size()));
  ASSIGN_OR_RETURN(bool by_neglect, IsByNeglect(request.order_by()));
  // Nobody neglects who nobody serves.
  if (staff_id.empty()) by_neglect = false;
  ASSIGN_OR_RETURN(const absl::Time as_of, TimeOrNow(call.engine, request.has_as_of(), request.as_of(), "as_of"));
  const std::string hash =
      PageTokens::QueryHash({"ListBook", request.parent(), filter.normal_form(), by_neglect ? "neglect" : "client_id",
                             request.has_as_of() ? codec::Key(as_of) : ""});
  ASSIGN_OR_RETURN(const std::string after, call.tokens.Open(request.page_token(), hash));
  const Moment moment = Moment::Now(call.engine);
  ASSIGN_OR_RETURN(const ServiceLevels levels, ServiceLevels::Read(*call.engine.At(kReferenceHome), as_of));
  const ScanPlan plan =
      PlanBook(staff_id, by_neglect,
               Demands(filter, "neglected") ? levels.NeglectedBefore(as_of).value_or(absl::InfinitePast())
                                            : std::optional<absl::Time>());
  const std::function<bool(v1::BookClient&)> passes = [&](v1::BookClient& row) {
    levels.Judge(as_of, &row);
    return filter.Matches(row);
  };
  ASSIGN_OR_RETURN(const auto scan, MergedScan::Open(moment, plan, after));
  const auto accepts = [&](v1::BookClient& row, const engine::PartitionView& partition) {
    if (!passes(row)) return false;
    SetGap(partition, kBook, row.client_id(), &row);
    return true;
  };
  ASSIGN_OR_RETURN(const std::string cursor,
                   FillPage<v1::BookClient>(*scan, LimitsOf(call.options, size, call.keeps_going), accepts,
                                            response->mutable_clients()));
  if (!cursor.empty()) response->set_next_page_token(call.tokens.Make(hash, cursor));
  if (request.show_total_size()) {
    ASSIGN_OR_RETURN(const int64_t total, CountRows<v1::BookClient>(call, moment, plan, passes));
    response->set_total_size(total);
  }
  response->set_position(moment.PositionOf(kBook));
  return OkStatus();
}

Status ListWork(const BookCall& call, const v1::ListWorkRequest& request, v1::ListWorkResponse* response) {
  ASSIGN_OR_RETURN(const int32_t size, PageSize(request.page_size()));
  ASSIGN_OR_RETURN(const std::string staff_id, StaffOf(request.parent(), "parent"));
  ASSIGN_OR_RETURN(const Filter filter, Filter::Parse(request.filter(), WorkFields()));
  const std::string hash = PageTokens::QueryHash({"ListWork", request.parent(), filter.normal_form()});
  ASSIGN_OR_RETURN(const std::string after, call.tokens.Open(request.page_token(), hash));
  const Moment moment = Moment::Now(call.engine);
  ScanPlan plan;
  plan.view = kBook;
  plan.rows = book::Items::kName;
  plan.table = book::ItemsByOwner::kName;
  const std::string owner = codec::Key(staff_id);
  const auto kinds = filter.MustBeOneOf("kind");
  if (kinds.empty()) plan.ranges.push_back({owner, owner.size()});
  for (const FilterLiteral& kind : kinds)
    plan.ranges.push_back({owner + codec::Key(static_cast<int32_t>(kind.number)), owner.size()});
  ASSIGN_OR_RETURN(const auto scan, MergedScan::Open(moment, plan, after));
  const auto accepts = [&](v1::BookItem& row, const engine::PartitionView&) { return filter.Matches(row); };
  ASSIGN_OR_RETURN(const std::string cursor,
                   FillPage<v1::BookItem>(*scan, LimitsOf(call.options, size, call.keeps_going), accepts,
                                          response->mutable_items()));
  if (!cursor.empty()) response->set_next_page_token(call.tokens.Make(hash, cursor));
  if (request.show_total_size()) {
    const std::function<bool(v1::BookItem&)> passes = [&](v1::BookItem& row) { return filter.Matches(row); };
    ASSIGN_OR_RETURN(const int64_t total, CountRows<v1::BookItem>(call, moment, plan, passes));
    response->set_total_size(total);
  }
  response->set_position(moment.PositionOf(kBook));
  return OkStatus();
}

Status ListTenures(const BookCall& call, const v1::ListTenuresRequest& request, v1::ListTenuresResponse* response) {
  ASSIGN_OR_RETURN(const std::string client_id, ClientOf(request.parent(), "parent"));
  std::optional<DaySpan> day;
  if (!request.on_day().empty()) {
    ASSIGN_OR_RETURN(day, DaySpanOf(request.on_day(), "on_day"));
  }
  const Moment moment = Moment::Now(call.engine, Partition(PartitionForKey(client_id, call.engine.partitions())));
  const std::string prefix = codec::Key(client_id);
  ASSIGN_OR_RETURN(const auto cursor,
                   moment.front().Scan(kBook, book::Tenures::kName, prefix, codec::PrefixEnd(prefix)));
  book::TenureRow row;
  for (; cursor->Valid(); cursor->Next()) {
    if (!row.ParseFromArray(cursor->value().data(), static_cast<int>(cursor->value().size())))
      return UnreadableBook(moment.front());
    if (!day.has_value() || HeldOn(row.tenure(), *day)) *response->add_tenures() = row.tenure();
  }
  RETURN_IF_ERROR(cursor->status());
  response->set_position(moment.PositionOf(kBook));
  return OkStatus();
}

}  // namespace kefu::query

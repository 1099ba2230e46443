#include <map>
#include <set>
#include <utility>

#include "kefu/query/v1/segment.pb.h"
#include "platform/base/reason.h"
#include "platform/base/time.h"
#include "platform/codec/key.h"
#include "projections/segment/segment.h"
#include "services/query/book_calls.h"
#include "services/query/book_rows.h"
#include "services/query/filter.h"
#include "services/query/filter_fields.h"
#include "services/query/page.h"
#include "services/query/request_time.h"
#include "services/query/units.h"

namespace kefu::query {
namespace {

// The segment that says a client may leave, by the rules that come with the product.
constexpr std::string_view kChurnScheme = "churn_risk";
constexpr std::string_view kAtRisk = "high";
// Of orphans, so many are named.
constexpr int64_t kOrphansNamed = 1000;

// Clients of the book whose promise is missed.
StatusOr<int64_t> CountNeglected(const BookCall& call, const Moment& moment, const std::string& staff_id,
                                 const ServiceLevels& levels, absl::Time as_of) {
  const auto below = levels.NeglectedBefore(as_of);
  if (!below.has_value()) return 0;
  ASSIGN_OR_RETURN(const auto scan, MergedScan::Open(moment, PlanBook(staff_id, true, below), {}));
  v1::BookClient row;
  int64_t count = 0;
  for (int64_t examined = 1;; ++examined) {
    ASSIGN_OR_RETURN(const bool found, scan->Next());
    if (!found) return count;
    if (examined % kRowsBetweenChecks == 0) RETURN_IF_ERROR(call.keeps_going());
    ASSIGN_OR_RETURN(const std::string_view stored, scan->Row());
    if (!row.ParseFromArray(stored.data(), static_cast<int>(stored.size()))) return UnreadableRow(*scan);
    levels.Judge(as_of, &row);
    count += row.neglected();
  }
}

// Open work whose time is over.
StatusOr<int64_t> CountOverdue(const BookCall& call, const Moment& moment, const std::string& staff_id,
                               absl::Time as_of) {
  int64_t count = 0;
  for (int32_t kind = 1; kind < events::v1::WorkKind_ARRAYSIZE; ++kind) {
    const std::string from = codec::Key(staff_id, kind);
    for (const auto& partition : moment.partitions())
      RETURN_IF_ERROR(EachKey(*partition, book::ItemsByOwner::kName, from, from + codec::Key(as_of), call.keeps_going,
                              [&](std::string_view) { return ++count > 0; }));
  }
  return count;
}

StatusOr<bool> IsAtRisk(const engine::PartitionView& partition, const std::string& client_id) {
  store::PinnedValue stored;
  ASSIGN_OR_RETURN(const bool found, partition.Get(segment::SegmentView::kName, segment::ClientsBySegment::kName,
                                                   codec::Key(kChurnScheme, kAtRisk, client_id), &stored));
  return found;
}

StatusOr<int64_t> CountAtRisk(const BookCall& call, const Moment& moment, const std::string& staff_id) {
  int64_t count = 0;
  const std::string prefix = codec::Key(staff_id);
  for (const auto& partition : moment.partitions()) {
    Status failed;
    RETURN_IF_ERROR(EachKey(*partition, book::ClientsByBroker::kName, prefix, codec::PrefixEnd(prefix),
                            call.keeps_going, [&](std::string_view key) {
                              key.remove_prefix(prefix.size());
                              std::string client_id;
                              if (!codec::TakePart(key, &client_id)) return true;
                              const auto at_risk = IsAtRisk(*partition, client_id);
                              if (!at_risk.ok()) failed = at_risk.status();
                              count += at_risk.ok() && *at_risk;
                              return at_risk.ok();
                            }));
    RETURN_IF_ERROR(failed);
  }
  return count;
}

const engine::PartitionView& HomeOf(const Moment& moment) {
  return *moment.partitions()[static_cast<size_t>(kReferenceHome.value())];
}

}  // namespace

Status GetBroker(const BookCall& call, const v1::GetBrokerRequest& request, v1::Broker* response) {
  ASSIGN_OR_RETURN(const std::string staff_id, StaffOf(request.name(), "name"));
  ASSIGN_OR_RETURN(const absl::Time as_of, TimeOrNow(call.engine, request.has_as_of(), request.as_of(), "as_of"));
  const Moment moment = Moment::Now(call.engine);
  ASSIGN_OR_RETURN(const bool known,
                   GetBookRow<book::Staff>(HomeOf(moment), codec::Key(staff_id), response->mutable_staff()));
  if (!known)
    return WithReason(NotFound("member of staff \"{}\" was never published", staff_id), "STAFF_NOT_FOUND", "name");
  CompleteStaff(as_of, response->mutable_staff());
  ASSIGN_OR_RETURN(const ServiceLevels levels, ServiceLevels::Read(HomeOf(moment), as_of));
  v1::Workload& load = *response->mutable_workload();
  ASSIGN_OR_RETURN(load, HoldingsOf(moment, staff_id));
  ASSIGN_OR_RETURN(const int64_t neglected, CountNeglected(call, moment, staff_id, levels, as_of));
  ASSIGN_OR_RETURN(const int64_t overdue, CountOverdue(call, moment, staff_id, as_of));
  ASSIGN_OR_RETURN(const int64_t at_risk, CountAtRisk(call, moment, staff_id));
  load.set_neglected(neglected);
  load.set_overdue(overdue);
  load.set_at_risk(at_risk);
  response->set_position(moment.PositionOf(kBook));
  return OkStatus();
}

Status ListStaff(const BookCall& call, const v1::ListStaffRequest& request, v1::ListStaffResponse* response) {
  ASSIGN_OR_RETURN(const int32_t size, PageSize(request.page_size()));
  ASSIGN_OR_RETURN(const Filter filter, Filter::Parse(request.filter(), StaffFields()));
  ASSIGN_OR_RETURN(const absl::Time as_of, TimeOrNow(call.engine, request.has_as_of(), request.as_of(), "as_of"));
  const std::string hash = PageTokens::QueryHash(
      {"ListStaff", filter.normal_form(), request.has_as_of() ? codec::Key(as_of) : std::string()});
  ASSIGN_OR_RETURN(const std::string after, call.tokens.Open(request.page_token(), hash));
  // Every partition has all staff.
  const Moment moment = Moment::Now(call.engine, kReferenceHome);
  ScanPlan plan;
  plan.view = kBook;
  plan.rows = book::Staff::kName;
  plan.table = book::Staff::kName;
  plan.ranges.push_back({});
  const auto accepts = [&](v1::StaffMember& row, const engine::PartitionView&) {
    CompleteStaff(as_of, &row);
    return filter.Matches(row);
  };
  ASSIGN_OR_RETURN(const auto scan, MergedScan::Open(moment, plan, after));
  ASSIGN_OR_RETURN(const std::string cursor,
                   FillPage<v1::StaffMember>(*scan, LimitsOf(call.options, size, call.keeps_going), accepts,
                                             response->mutable_staff()));
  if (!cursor.empty()) response->set_next_page_token(call.tokens.Make(hash, cursor));
  if (request.show_total_size()) {
    ASSIGN_OR_RETURN(const auto all, MergedScan::Open(moment, plan, {}));
    v1::StaffMember row;
    int64_t total = 0;
    for (;;) {
      ASSIGN_OR_RETURN(const bool found, all->Next());
      if (!found) break;
      ASSIGN_OR_RETURN(const std::string_view stored, all->Row());
      if (!row.ParseFromArray(stored.data(), static_cast<int>(stored.size()))) return UnreadableRow(*all);
      total += accepts(row, all->partition());
    }
    response->set_total_size(total);
  }
  response->set_position(moment.PositionOf(kBook));
  return OkStatus();
}

Status ReportServiceLevels(const BookCall& call, const v1::ReportServiceLevelsRequest& request,
                           v1::ReportServiceLevelsResponse* response) {
  if (!v1::ServiceLevelGroup_IsValid(request.group_by()))
    return WithReason(InvalidArgument("group_by {} is none", static_cast<int>(request.group_by())), "ENUM_UNKNOWN",
                      "group_by");
  ASSIGN_OR_RETURN(const Filter filter, Filter::Parse(request.filter(), BookFields()));
  ASSIGN_OR_RETURN(const absl::Time as_of, TimeOrNow(call.engine, request.has_as_of(), request.as_of(), "as_of"));
  const Moment moment = Moment::Now(call.engine);
  ASSIGN_OR_RETURN(const ServiceLevels levels, ServiceLevels::Read(HomeOf(moment), as_of));
  const auto count = [](const v1::BookClient& row, v1::ServiceLevelCount* sum) {
    sum->set_clients(sum->clients() + 1);
    if (!row.has_promised_by()) return;
    sum->set_promised(sum->promised() + 1);
    if (row.neglected())
      sum->set_missed(sum->missed() + 1);
    else
      sum->set_kept(sum->kept() + 1);
  };
  std::map<std::pair<std::string, std::string>, v1::ServiceLevelCount> counts;
  v1::BookClient row;
  for (const auto& partition : moment.partitions()) {
    ASSIGN_OR_RETURN(const auto cursor, partition->Scan(kBook, book::Clients::kName, {}, {}));
    for (int64_t examined = 1; cursor->Valid(); cursor->Next(), ++examined) {
      if (examined % kRowsBetweenChecks == 0) RETURN_IF_ERROR(call.keeps_going());
      if (!row.ParseFromArray(cursor->value().data(), static_cast<int>(cursor->value().size())))
        return UnreadableBook(*partition);
      if (row.closed() || row.broker_id().empty()) continue;
      levels.Judge(as_of, &row);
      if (!filter.Matches(row)) continue;
      const std::string group = request.group_by() == v1::SERVICE_LEVEL_GROUP_BROKER   ? row.broker_id()
                                : request.group_by() == v1::SERVICE_LEVEL_GROUP_BRANCH ? row.branch_id()
                                                                                       : std::string();
      count(row, &counts[{group, row.tier()}]);
      count(row, response->mutable_total());
    }
    RETURN_IF_ERROR(cursor->status());
  }
  response->mutable_total();
  for (auto& [key, sum] : counts) {
    sum.set_group(key.first);
    sum.set_tier(key.second);
    sum.set_contact_every_days(levels.DaysOf(key.second));
    *response->add_counts() = std::move(sum);
  }
  for (std::string& name : levels.Names()) response->add_packs(std::move(name));
  response->set_position(moment.PositionOf(kBook));
  return OkStatus();
}

Status CheckOrphans(const BookCall& call, const v1::CheckOrphansRequest&, v1::CheckOrphansResponse* response) {
  const Moment moment = Moment::Now(call.engine);
  int64_t orphans = 0, unassigned = 0, in_handovers = 0, clients = 0;
  std::set<std::string> named;
  for (const auto& partition : moment.partitions()) {
    // Keys come by broker: each is looked up once.
    std::string broker_id, present;
    bool is_first = true;
    v1::StaffMember staff;
    Status failed;
    RETURN_IF_ERROR(EachKey(
        *partition, book::ClientsByBroker::kName, {}, {}, call.keeps_going, [&](std::string_view key) {
          std::string client_id;
          if (!codec::TakePart(key, &broker_id) || !codec::TakePart(key, &client_id)) {
            failed = UnreadableBook(*partition);
            return false;
          }
          ++clients;
          if (broker_id.empty()) {
            ++unassigned;
            return true;
          }
          if (is_first || broker_id != present) {
            staff.Clear();
            // This partition's own record: what it assigned by.
            const auto found = GetBookRow<book::Staff>(*partition, codec::Key(broker_id), &staff);
            if (!found.ok()) failed = found.status();
            if (!found.ok()) return false;
            present = broker_id;
            is_first = false;
          }
          in_handovers += staff.status() == v1::STAFF_STATUS_LEAVING;
          if (staff.status() == v1::STAFF_STATUS_ACTIVE || staff.status() == v1::STAFF_STATUS_LEAVING) return true;
          ++orphans;
          // The first by their ids, over all partitions.
          named.insert(client_id);
          if (static_cast<int64_t>(named.size()) > kOrphansNamed) named.erase(std::prev(named.end()));
          return true;
        }));
    RETURN_IF_ERROR(failed);
  }
  for (const std::string& client_id : named) response->add_orphans(client_id);
  response->set_orphans_total(orphans);
  response->set_unassigned_total(unassigned);
  response->set_in_open_handovers_total(in_handovers);
  response->set_clients_total(clients);
  response->set_position(moment.PositionOf(kBook));
  return OkStatus();
}

}  // namespace kefu::query

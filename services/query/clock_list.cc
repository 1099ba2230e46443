#include "services/query/clock_list.h"

#include <algorithm>

#include "platform/base/reason.h"
#include "platform/base/time.h"
#include "platform/codec/key.h"
#include "services/query/clock_rows.h"
#include "services/query/filter_fields.h"
#include "services/query/merged_scan.h"
#include "services/query/names.h"

namespace kefu::query {
namespace {

using clock::CaseClock;
using clock::CaseClocks;
using clock::ClockView;
using query::v1::Clock;

constexpr std::string_view kCaseView = "case";
constexpr std::string_view kCasesByClient = "by_client";

Status BrokenToken() {
  return WithReason(InvalidArgument("page_token: broken; start again without one"), "PAGE_TOKEN_INVALID", "page_token");
}

// A row's clocks by name.
std::vector<const CaseClock*> ByName(const CaseClocks& row) {
  std::vector<const CaseClock*> clocks;
  for (const CaseClock& clock : row.clocks()) clocks.push_back(&clock);
  std::sort(clocks.begin(), clocks.end(), [](const CaseClock* a, const CaseClock* b) {
    const int order = a->clock_id().compare(b->clock_id());
    return order != 0 ? order < 0 : a->run() < b->run();
  });
  return clocks;
}

ScanPlan PlanOf(const ClockQuery& query) {
  ScanPlan plan;
  plan.view = std::string(ClockView::kName);
  plan.rows = std::string(clock::Cases::kName);
  plan.table = std::string(query.by_name ? clock::Cases::kName : clock::ClocksByDue::kName);
  plan.ranges.push_back({});
  return plan;
}

// The clock that an entry of the index by due time names; null if the row has changed meanwhile.
StatusOr<const CaseClock*> ClockOfEntry(const MergedScan& scan, const CaseClocks& row) {
  std::string_view key = scan.order_key();
  absl::Time due;
  std::string case_id, clock_id;
  int32_t run = 0;
  if (!codec::TakePart(key, &due) || !codec::TakePart(key, &case_id) || !codec::TakePart(key, &clock_id) ||
      !codec::TakePart(key, &run))
    return UnreadableRow(scan);
  return clock::FindClock(row, clock_id, run);
}

StatusOr<std::string> FillByDue(const Moment& moment, const ClockQuery& query, const PageLimits& limits,
                                std::string_view cursor, v1::ListClocksResponse* response) {
  ASSIGN_OR_RETURN(const auto scan, MergedScan::Open(moment, PlanOf(query), cursor));
  CaseClocks row;
  return WalkPage(*scan, limits, [&](std::string_view stored) -> StatusOr<bool> {
    RETURN_IF_ERROR(ParseClocks(stored, scan->partition(), &row));
    ASSIGN_OR_RETURN(const CaseClock* clock, ClockOfEntry(*scan, row));
    if (clock == nullptr) return false;
    Clock shown = ShowClock(row, *clock, query.as_of);
    if (!query.Passes(shown)) return false;
    *response->add_clocks() = std::move(shown);
    return true;
  });
}

// A cursor names the place before a case, and how many of its clocks were looked at.
StatusOr<std::string> FillByName(const Moment& moment, const ClockQuery& query, const PageLimits& limits,
                                 std::string_view cursor, v1::ListClocksResponse* response) {
  std::string place;
  int32_t seen = 0;
  if (!cursor.empty() && (!codec::TakePart(cursor, &place) || !codec::TakePart(cursor, &seen) || !cursor.empty()))
    return BrokenToken();
  ASSIGN_OR_RETURN(const auto scan, MergedScan::Open(moment, PlanOf(query), place));
  CaseClocks row;
  int32_t rows = 0;
  size_t bytes = 0;
  for (int64_t examined = 1;; ++examined) {
    ASSIGN_OR_RETURN(const bool found, scan->Next());
    if (!found) return std::string();
    if (examined % kRowsBetweenChecks == 0) RETURN_IF_ERROR(limits.keeps_going());
    ASSIGN_OR_RETURN(const std::string_view stored, scan->Row());
    RETURN_IF_ERROR(ParseClocks(stored, scan->partition(), &row));
    const auto clocks = ByName(row);
    for (size_t i = static_cast<size_t>(seen); i < clocks.size(); ++i) {
      if (rows == limits.rows || bytes >= limits.bytes) return codec::Key(place, static_cast<int32_t>(i));
      Clock shown = ShowClock(row, *clocks[i], query.as_of);
      if (!query.Passes(shown)) continue;
      ++rows;
      bytes += shown.ByteSizeLong();
      *response->add_clocks() = std::move(shown);
    }
    seen = 0;
    place = scan->Cursor();
    if (examined >= limits.examined) return codec::Key(place, int32_t{0});
  }
}

// Calls take(row) for the case, or for each case of the client.
Status EachCase(const Moment& moment, const ClockQuery& query, const std::function<Status()>& keeps_going,
                const std::function<void(const CaseClocks&)>& take) {
  CaseClocks row;
  const auto read = [&](const engine::PartitionView& partition, std::string_view key) -> Status {
    store::PinnedValue stored;
    ASSIGN_OR_RETURN(const bool found, partition.Get(ClockView::kName, clock::Cases::kName, key, &stored));
    if (!found) return OkStatus();
    RETURN_IF_ERROR(ParseClocks(stored.view(), partition, &row));
    if (query.client_id.empty() || row.client_id() == query.client_id) take(row);
    return OkStatus();
  };
  for (const auto& partition : moment.partitions()) {
    if (!query.case_id.empty()) {
      RETURN_IF_ERROR(read(*partition, codec::Key(query.case_id)));
      continue;
    }
    const std::string prefix = codec::Key(query.client_id);
    ASSIGN_OR_RETURN(const auto cursor, partition->Scan(kCaseView, kCasesByClient, prefix, codec::PrefixEnd(prefix)));
    for (int64_t examined = 1; cursor->Valid(); cursor->Next(), ++examined) {
      if (examined % kRowsBetweenChecks == 0) RETURN_IF_ERROR(keeps_going());
      RETURN_IF_ERROR(read(*partition, cursor->value()));
    }
    RETURN_IF_ERROR(cursor->status());
  }
  return OkStatus();
}

StatusOr<std::string> FillSorted(const Moment& moment, const ClockQuery& query, const PageLimits& limits,
                                 std::string_view cursor, v1::ListClocksResponse* response) {
  std::vector<std::pair<std::string, Clock>> all;
  RETURN_IF_ERROR(EachCase(moment, query, limits.keeps_going, [&](const CaseClocks& row) {
    for (const CaseClock& clock : row.clocks()) {
      Clock shown = ShowClock(row, clock, query.as_of);
      if (!query.Passes(shown)) continue;
      const absl::Time due = shown.has_due_at() ? FromProto(shown.due_at()) : absl::InfiniteFuture();
      std::string key = query.by_name ? codec::Key(row.case_id(), clock.clock_id(), clock.run())
                                      : codec::Key(due, row.case_id(), clock.clock_id(), clock.run());
      all.emplace_back(std::move(key), std::move(shown));
    }
  }));
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  auto place = std::upper_bound(all.begin(), all.end(), cursor,
                                [](std::string_view after, const auto& entry) { return after < entry.first; });
  for (; place != all.end() && response->clocks_size() < limits.rows; ++place) {
    cursor = place->first;
    *response->add_clocks() = std::move(place->second);
  }
  return place == all.end() ? std::string() : std::string(cursor);
}

}  // namespace

StatusOr<ClockQuery> ClockQuery::Read(const v1::ListClocksRequest& request, absl::Time now) {
  ClockQuery query;
  ASSIGN_OR_RETURN(const CaseName parent, CaseOf(request.parent(), "parent"));
  query.client_id = parent.client_id;
  if (parent.case_id != "-") query.case_id = parent.case_id;
  ASSIGN_OR_RETURN(query.filter, Filter::Parse(request.filter(), ClockFields()));
  query.as_of = request.has_as_of() ? FromProto(request.as_of()) : now;
  if (const auto states = query.filter.MustBeOneOf("state"); !states.empty()) {
    const auto settled = [](const FilterLiteral& state) {
      return state.number == v1::CLOCK_STATE_MET || state.number == v1::CLOCK_STATE_DROPPED;
    };
    query.takes_settled = std::any_of(states.begin(), states.end(), settled);
    query.takes_unsettled = !std::all_of(states.begin(), states.end(), settled);
  }
  const bool of_all = query.client_id.empty() && query.case_id.empty();
  if (!request.order_by().empty() && request.order_by() != "due_time" && request.order_by() != "name")
    return WithReason(
        InvalidArgument("order_by \"{}\": there are \"due_time\" and \"name\"", request.order_by().substr(0, 80)),
        "ORDER_BY_INVALID", "order_by");
  if (of_all && query.takes_settled && request.order_by() == "due_time")
    return WithReason(InvalidArgument("clocks that are met or dropped are listed by name; leave order_by out"),
                      "ORDER_BY_INVALID", "order_by");
  query.by_name = request.order_by() == "name" || (of_all && query.takes_settled);
  query.hash = PageTokens::QueryHash(
      {"ListClocks", request.parent(), query.filter.normal_form(), query.by_name ? "name" : "due_time"});
  return query;
}

bool ClockQuery::Passes(const Clock& clock) const {
  const bool is_settled = clock.state() == v1::CLOCK_STATE_MET || clock.state() == v1::CLOCK_STATE_DROPPED;
  return (is_settled ? takes_settled : takes_unsettled) && filter.Matches(clock);
}

StatusOr<std::string> FillClocks(const Moment& moment, const ClockQuery& query, const PageLimits& limits,
                                 std::string_view cursor, v1::ListClocksResponse* response) {
  if (!query.client_id.empty() || !query.case_id.empty()) return FillSorted(moment, query, limits, cursor, response);
  return query.by_name ? FillByName(moment, query, limits, cursor, response)
                       : FillByDue(moment, query, limits, cursor, response);
}

StatusOr<int64_t> CountClocks(const Moment& moment, const ClockQuery& query,
                              const std::function<Status()>& keeps_going) {
  int64_t count = 0;
  const bool of_all = query.client_id.empty() && query.case_id.empty();
  const auto add = [&](const CaseClocks& row) {
    for (const CaseClock& clock : row.clocks())
      if (clock.has_due_at() || query.by_name || !of_all) count += query.Passes(ShowClock(row, clock, query.as_of));
  };
  if (!of_all) {
    RETURN_IF_ERROR(EachCase(moment, query, keeps_going, add));
    return count;
  }
  ClockQuery all = query;
  all.by_name = true;
  ASSIGN_OR_RETURN(const auto scan, MergedScan::Open(moment, PlanOf(all), {}));
  CaseClocks row;
  for (int64_t examined = 1;; ++examined) {
    ASSIGN_OR_RETURN(const bool found, scan->Next());
    if (!found) return count;
    if (examined % kRowsBetweenChecks == 0) RETURN_IF_ERROR(keeps_going());
    ASSIGN_OR_RETURN(const std::string_view stored, scan->Row());
    RETURN_IF_ERROR(ParseClocks(stored, scan->partition(), &row));
    add(row);
  }
}

}  // namespace kefu::query

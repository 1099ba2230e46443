#include "services/query/case_plan.h"

#include <algorithm>

#include "kefu/events/v1/case.pb.h"
#include "platform/base/hash.h"
#include "platform/base/reason.h"
#include "platform/codec/key.h"

namespace kefu::query {
namespace {

// More ranges than this are worse than walking everything.
constexpr size_t kMostRanges = 64;

constexpr std::string_view kView = "case";
constexpr std::string_view kTable = "cases";

// Indexes by a field, then status, then case id; the best first.
struct FieldIndex {
  std::string_view field;
  std::string_view index;
};
constexpr FieldIndex kFieldIndexes[] = {{"assignee_id", "by_assignee"},
                                        {"team", "by_team"},
                                        {"category", "by_category"},
                                        {"branch_id", "by_branch"},
                                        {"kind", "by_kind"}};

bool IsOpen(int32_t status) {
  return status >= events::v1::CASE_STATUS_OPEN && status <= events::v1::CASE_STATUS_PROPOSED;
}

// Those that a passing row may have.
std::vector<int32_t> Statuses(const Filter& filter) {
  const auto wanted = filter.MustBeOneOf("status");
  const auto open = filter.MustBeOneOf("open");
  const auto* type = events::v1::CaseStatus_descriptor();
  std::vector<int32_t> statuses;
  for (int i = 0; i < type->value_count(); ++i) {
    const int32_t status = type->value(i)->number();
    const auto is_status = [&](const FilterLiteral& literal) { return literal.number == status; };
    const auto is_open = [&](const FilterLiteral& literal) { return (literal.number != 0) == IsOpen(status); };
    if (!wanted.empty() && std::none_of(wanted.begin(), wanted.end(), is_status)) continue;
    if (!open.empty() && std::none_of(open.begin(), open.end(), is_open)) continue;
    statuses.push_back(status);
  }
  return statuses;
}

void AddRange(std::string prefix, ScanPlan* scan) {
  const size_t skip = prefix.size();
  scan->ranges.push_back({std::move(prefix), skip});
}

// Indexes by a text, then case id.
constexpr FieldIndex kTextIndexes[] = {{"matter_id", "by_matter"}, {"external_number", "by_external"}};

// False if the filter does not say, or says too much. One value only: a case may stand under several.
bool PlanByText(const FieldIndex& by, const Filter& filter, ScanPlan* scan) {
  const auto values = filter.MustBeOneOf(by.field);
  if (values.size() != 1 || values.front().text.empty()) return false;
  scan->table = by.index;
  AddRange(codec::Key(values.front().text), scan);
  return true;
}

// Open cases in the order of a time, up to the one the filter names.
void PlanByTime(std::string_view index, std::string_view field, const Filter& filter, ScanPlan* scan) {
  scan->table = index;
  const absl::Time before = filter.MustBeBefore(field);
  // A key has whole microseconds; the row's time may lie a little behind it.
  scan->ranges.push_back(
      {{}, 0, before == absl::InfiniteFuture() ? std::string() : codec::Key(before + absl::Microseconds(1))});
}

// False if the filter does not say, or says too much, for this index.
bool PlanByField(const FieldIndex& by, const Filter& filter, const std::vector<int32_t>& statuses, ScanPlan* scan) {
  const auto values = filter.MustBeOneOf(by.field);
  if (values.empty() || values.size() * statuses.size() > kMostRanges) return false;
  const bool is_number = by.field == "kind";
  for (const FilterLiteral& value : values) {
    // Rows without a value are not in the index.
    if (is_number ? value.number == 0 : value.text.empty()) return false;
  }
  scan->table = by.index;
  for (const FilterLiteral& value : values)
    for (const int32_t status : statuses)
      AddRange(is_number ? codec::Key(static_cast<int32_t>(value.number), status) : codec::Key(value.text, status),
               scan);
  return true;
}

void PlanByClient(std::string_view client_id, ScanPlan* scan) {
  scan->table = "by_client";
  AddRange(codec::Key(client_id), scan);
}

void PlanByFilter(const Filter& filter, CasePlan* plan) {
  ScanPlan& scan = plan->scan;
  if (const auto ids = filter.MustBeOneOf("case_id"); !ids.empty() && ids.size() <= kMostRanges) {
    for (const FilterLiteral& id : ids) scan.ranges.push_back({codec::Key(id.text), 0});
    plan->exact = filter.IsOnly({"case_id"});
    return;
  }
  for (const FieldIndex& by : kTextIndexes) {
    if (!PlanByText(by, filter, &scan)) continue;
    plan->exact = filter.IsOnly({by.field});
    return;
  }
  const std::vector<int32_t> statuses = Statuses(filter);
  for (const FieldIndex& by : kFieldIndexes) {
    if (!PlanByField(by, filter, statuses, &scan)) continue;
    plan->exact = filter.IsOnly({by.field, "status", "open"});
    return;
  }
  if (!filter.MustBeOneOf("status").empty() || !filter.MustBeOneOf("open").empty()) {
    scan.table = "by_status";
    for (const int32_t status : statuses) AddRange(codec::Key(status), &scan);
    plan->exact = filter.IsOnly({"status", "open"});
    return;
  }
  scan.ranges.push_back({});
  plan->exact = filter.empty();
}

}  // namespace

StatusOr<CaseOrder> ReadCaseOrder(std::string_view order_by) {
  for (const CaseOrder order :
       {CaseOrder::kCaseId, CaseOrder::kDueTime, CaseOrder::kNextActionTime, CaseOrder::kUpdateTimeDesc})
    if (order_by == NameOf(order)) return order;
  if (order_by.empty()) return CaseOrder::kCaseId;
  return WithReason(InvalidArgument("order_by \"{}\": there are \"case_id\", \"due_time\", \"next_action_time\" and "
                                    "\"update_time desc\"",
                                    order_by.substr(0, 80)),
                    "ORDER_BY_INVALID", "order_by");
}

std::string_view NameOf(CaseOrder order) {
  switch (order) {
    case CaseOrder::kCaseId:
      return "case_id";
    case CaseOrder::kDueTime:
      return "due_time";
    case CaseOrder::kNextActionTime:
      return "next_action_time";
    case CaseOrder::kUpdateTimeDesc:
      return "update_time desc";
  }
  return "?";
}

CasePlan PlanCases(std::string_view client_id, const Filter& filter, CaseOrder order, int32_t partitions) {
  CasePlan plan;
  plan.scan.view = kView;
  plan.scan.rows = kTable;
  plan.scan.table = kTable;
  const auto named = filter.MustBeOneOf("client_id");
  const bool of_parent = !client_id.empty();
  const std::string client = of_parent ? std::string(client_id) : named.size() == 1 ? named.front().text : "";
  if (!client.empty()) plan.only = Partition(PartitionForKey(client, partitions));
  if (order == CaseOrder::kCaseId && !client.empty()) {
    PlanByClient(client, &plan.scan);
    plan.exact = of_parent ? filter.empty() : filter.IsOnly({"client_id"});
  } else if (order == CaseOrder::kCaseId) {
    PlanByFilter(filter, &plan);
  } else if (order == CaseOrder::kDueTime) {
    PlanByTime("by_due", "due_time", filter, &plan.scan);
  } else if (order == CaseOrder::kNextActionTime) {
    PlanByTime("by_next_action", "next_action_time", filter, &plan.scan);
  } else {
    plan.scan.table = "by_change";
    plan.scan.order = ScanPlan::Order::kNewest;
    plan.scan.ranges.push_back({});
  }
  return plan;
}

CasePlan PlanCases(const Union& records, const Filter& filter, CaseOrder order, int32_t partitions) {
  CasePlan plan = PlanCases(records.root, filter, order, partitions);
  if (records.alone()) return plan;
  plan.only.reset();
  if (order != CaseOrder::kCaseId) return plan;
  plan.scan.ranges.clear();
  AddRanges(records, &plan.scan);
  return plan;
}

}  // namespace kefu::query

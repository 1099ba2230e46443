#pragma once

// Rows of the view `book`, as BookService reads them.

#include <absl/time/time.h>

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "kefu/query/v1/book.pb.h"
#include "platform/base/status.h"
#include "projections/book/book.h"
#include "services/query/merged_scan.h"
#include "services/query/reader.h"
#include "services/query/service_levels.h"

namespace kefu::query {

inline constexpr std::string_view kBook = book::BookView::kName;

// "staff/{staff}": the id; "staff/-" is the empty id where `may_be_nobody`. kInvalidArgument (NAME_INVALID).
StatusOr<std::string> StaffOf(std::string_view name, std::string_view field, bool may_be_nobody = false);
// "handovers/{handover}".
StatusOr<std::string> HandoverOf(std::string_view name, std::string_view field);

Status UnreadableBook(const engine::PartitionView& partition);

// False: no such row.
template <class Table>
StatusOr<bool> GetBookRow(const engine::PartitionView& partition, std::string_view key, typename Table::Row* row) {
  store::PinnedValue stored;
  ASSIGN_OR_RETURN(const bool found, partition.Get(kBook, Table::kName, key, &stored));
  if (!found) return false;
  if (!row->ParseFromArray(stored.view().data(), static_cast<int>(stored.view().size())))
    return UnreadableBook(partition);
  return true;
}

// The keys of a table or index in [from, to), until `take` says false.
Status EachKey(const engine::PartitionView& partition, std::string_view table, std::string_view from,
               std::string_view to, const std::function<Status()>& keeps_going,
               const std::function<bool(std::string_view key)>& take);

// What all partitions have of one member of staff. `neglected`, `overdue` and `at_risk` stay 0.
StatusOr<v1::Workload> HoldingsOf(const Moment& moment, const std::string& staff_id);
void AddWorkload(const v1::Workload& more, v1::Workload* sum);

// A handover as all partitions have it. kNotFound (HANDOVER_NOT_FOUND).
StatusOr<v1::Handover> ReadHandover(const Moment& moment, const std::string& handover_id);

// Fills what a day decides: permitted acts, and when the first qualification that is valid runs out.
void CompleteStaff(absl::Time as_of, v1::StaffMember* member);

// The clients of a book in one order. `below`: in the order of neglect, only those served last before.
ScanPlan PlanBook(const std::string& staff_id, bool by_neglect, std::optional<absl::Time> below = std::nullopt);

// In branch time: the first moment of the day, and of the next.
struct DaySpan {
  absl::Time from, until;
};
// "2026-03-01". kInvalidArgument (DAY_INVALID).
StatusOr<DaySpan> DaySpanOf(std::string_view day, std::string_view field);
bool HeldOn(const v1::Tenure& tenure, const DaySpan& day);

}  // namespace kefu::query

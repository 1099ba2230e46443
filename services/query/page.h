#pragma once

// Walks rows into pages and counts.

#include <google/protobuf/repeated_field.h>

#include <functional>
#include <string>

#include "platform/base/status.h"
#include "services/query/merged_scan.h"
#include "services/query/page_token.h"
#include "services/query/query_services.h"

namespace kefu::query {

// After how many rows a walk asks whether it should go on.
inline constexpr int64_t kRowsBetweenChecks = 256;

// The bounds of one list call.
struct PageLimits {
  int32_t rows = kDefaultPageSize;
  int64_t examined = 20'000;
  size_t bytes = size_t{3} << 20;
  std::function<Status()> keeps_going;
};

inline PageLimits LimitsOf(const QueryOptions& options, int32_t page_size, std::function<Status()> keeps_going) {
  return {page_size, options.max_rows_examined, options.max_page_bytes, std::move(keeps_going)};
}

// Puts the rows that `accepts` takes into `rows`, until the page is full or has cost enough. Returns the cursor to go
// on from; empty at the end. `accepts` may change the row it is given.
template <class Row>
StatusOr<std::string> FillPage(MergedScan& scan, const PageLimits& limits,
                               const std::function<bool(Row& row, const engine::PartitionView& partition)>& accepts,
                               google::protobuf::RepeatedPtrField<Row>* rows) {
  size_t bytes = 0;
  for (int64_t examined = 1;; ++examined) {
    ASSIGN_OR_RETURN(const bool found, scan.Next());
    if (!found) return std::string();
    if (examined % kRowsBetweenChecks == 0) RETURN_IF_ERROR(limits.keeps_going());
    ASSIGN_OR_RETURN(const std::string_view stored, scan.Row());
    Row* row = rows->Add();
    if (!row->ParseFromArray(stored.data(), static_cast<int>(stored.size())))
      return DataLoss("a row of partition {} cannot be read; rebuild the view", scan.partition().partition());
    if (accepts(*row, scan.partition()))
      bytes += stored.size();
    else
      rows->RemoveLast();
    if (rows->size() < limits.rows && examined < limits.examined && bytes < limits.bytes) continue;
    std::string cursor = scan.Cursor();
    ASSIGN_OR_RETURN(const bool more, scan.Next());
    return more ? cursor : std::string();
  }
}

}  // namespace kefu::query

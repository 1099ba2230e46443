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

// A row that is not a message of its view.
Status UnreadableRow(const MergedScan& scan);

// Shows stored rows to `take`, which says whether it put the row on the page, until the page is full or has cost
// enough. Returns the cursor to go on from; empty at the end.
StatusOr<std::string> WalkPage(MergedScan& scan, const PageLimits& limits,
                               const std::function<StatusOr<bool>(std::string_view stored)>& take);

// Puts the rows that `accepts` takes into `rows`, decoded. `accepts` may change the row it is given.
template <class Row>
StatusOr<std::string> FillPage(MergedScan& scan, const PageLimits& limits,
                               const std::function<bool(Row& row, const engine::PartitionView& partition)>& accepts,
                               google::protobuf::RepeatedPtrField<Row>* rows) {
  return WalkPage(scan, limits, [&](std::string_view stored) -> StatusOr<bool> {
    Row* row = rows->Add();
    if (!row->ParseFromArray(stored.data(), static_cast<int>(stored.size()))) return UnreadableRow(scan);
    const bool accepted = accepts(*row, scan.partition());
    if (!accepted) rows->RemoveLast();
    return accepted;
  });
}

}  // namespace kefu::query

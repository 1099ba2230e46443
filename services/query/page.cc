#include "services/query/page.h"

namespace kefu::query {

Status UnreadableRow(const MergedScan& scan) {
  return DataLoss("a row of partition {} cannot be read; rebuild the view", scan.partition().partition());
}

StatusOr<std::string> WalkPage(MergedScan& scan, const PageLimits& limits,
                               const std::function<StatusOr<bool>(std::string_view stored)>& take) {
  int32_t rows = 0;
  size_t bytes = 0;
  for (int64_t examined = 1;; ++examined) {
    ASSIGN_OR_RETURN(const bool found, scan.Next());
    if (!found) return std::string();
    if (examined % kRowsBetweenChecks == 0) RETURN_IF_ERROR(limits.keeps_going());
    ASSIGN_OR_RETURN(const std::string_view stored, scan.Row());
    ASSIGN_OR_RETURN(const bool taken, take(stored));
    if (taken) {
      ++rows;
      bytes += stored.size();
    }
    if (rows < limits.rows && examined < limits.examined && bytes < limits.bytes) continue;
    std::string cursor = scan.Cursor();
    ASSIGN_OR_RETURN(const bool more, scan.Next());
    return more ? cursor : std::string();
  }
}

}  // namespace kefu::query

#pragma once

#include <string>

#include "kefu/admin/v1/view.pb.h"

namespace kefu::cli {

// "views/client" for "client".
std::string ViewName(const std::string& view);

// How a view is, over its partitions.
struct ViewSummary {
  int64_t done = 0;
  int64_t total = 0;
  // Recorded time of the oldest event that is not in the view yet, as "4s" or "2m"; empty if there is none.
  std::string behind;
};
ViewSummary Summarise(const admin::v1::View& view);

void PrintView(const admin::v1::View& view);

}  // namespace kefu::cli

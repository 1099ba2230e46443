#pragma once

// A report as one page of HTML.

#include <string>

#include "kefu/query/v1/report.pb.h"

namespace kefu::cli {

// A whole page: nothing is fetched, nothing runs, and all that comes from the report is escaped. Good on paper too.
std::string ReportHtml(const query::v1::Report& report);

}  // namespace kefu::cli

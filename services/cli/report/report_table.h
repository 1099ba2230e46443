#pragma once

#include <string>

#include "kefu/query/v1/report.pb.h"

namespace kefu::cli {

// Each table with its title, cut to the terminal's width; 0: never cut. What clients said stands below its table. Data
// is made printable.
std::string ReportTables(const query::v1::Report& report, int max_width);

}  // namespace kefu::cli

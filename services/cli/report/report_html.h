#pragma once

// A report as one page of HTML.

#include <string>
#include <string_view>

#include "kefu/query/v1/report.pb.h"

namespace kefu::cli {

// `text` as HTML text or as the value of an attribute in quotes. Control characters become U+FFFD.
std::string HtmlText(std::string_view text);

// A whole page: nothing is fetched, nothing runs, and all that comes from the report is escaped. Good on paper too.
std::string ReportHtml(const query::v1::Report& report);

}  // namespace kefu::cli

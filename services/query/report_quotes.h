#pragma once

// What clients said, beside the numbers of a report.

#include <vector>

#include "services/query/report.h"

namespace kefu::query {

// Adds the words of the newest complaints behind a line to it, as many as the question wants: by when they came, the
// newest first. `places`: cells of openings or of later steps. A text longer than kLongestQuote is cut. kUnavailable
// (POSITION_NOT_REACHED) if the journal is behind.
Status AddQuotes(const ReportQuestion& question, std::vector<CellPlace> places, query::v1::ReportRow* row);

inline constexpr size_t kLongestQuote = 600;  // bytes

}  // namespace kefu::query

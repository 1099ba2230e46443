#pragma once

// What makes a return differ from the same one made later: figures, and the events behind them.

#include <functional>
#include <string>
#include <vector>

#include "kefu/audit/v1/audit.pb.h"
#include "kefu/query/v1/client.pb.h"
#include "kefu/query/v1/report.pb.h"
#include "platform/base/status.h"

namespace kefu::returns {

// The events that a cell's token opens.
using OpenCell = std::function<StatusOr<std::vector<query::v1::TimelineEntry>>(const std::string& cell_token)>;

// Cells are the same if table, row (its texts) and column have the same names. Differences are in the order of the restated
// tables, then what is only in the filed ones. Of a figure that is made of counted events the events that only one of the two
// counts; `record` fills the recorded bytes.
Status AddDifferences(const query::v1::Report& filed, const query::v1::Report& restated, const OpenCell& open_filed,
                      const OpenCell& open_restated, const std::function<Status(audit::v1::RecordedEvent*)>& record,
                      audit::v1::GetFiledReturnResponse* response);

}  // namespace kefu::returns

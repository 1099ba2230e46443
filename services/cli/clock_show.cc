#include "services/cli/clock_show.h"

#include <fmt/format.h>

#include "services/cli/output.h"

namespace kefu::cli {

const std::vector<std::string> kClockHeadings = {"DUE",  "STATE",  "CLOCK",   "CASE", "CLIENT",
                                                 "KIND", "BRANCH", "STARTED", "BASIS"};

std::string ClockStateText(const query::v1::Clock& clock) {
  std::string text = EnumText(clock.state());
  if (clock.late()) text += " late";
  if (clock.overdue() && clock.state() != query::v1::CLOCK_STATE_BREACHED) text += " overdue";
  if (clock.has_limit_at()) text += " until " + TimeText(clock.limit_at());
  return text;
}

std::vector<std::string> ClockCells(const query::v1::Clock& clock) {
  return {TimeText(clock.due_at()),
          ClockStateText(clock),
          clock.run() == 0 ? clock.clock_id() : fmt::format("{} #{}", clock.clock_id(), clock.run()),
          clock.case_id(),
          clock.client_id(),
          EnumText(clock.kind()),
          clock.branch_id(),
          TimeText(clock.started_at()),
          fmt::format("v{}, {} v{}{}", clock.policy().version(), clock.calendar().calendar_id(),
                      clock.calendar().version(), clock.confirmed() ? "" : ", unconfirmed")};
}

}  // namespace kefu::cli

#pragma once

// How clocks look in tables.

#include <string>
#include <vector>

#include "kefu/query/v1/clock.pb.h"

namespace kefu::cli {

extern const std::vector<std::string> kClockHeadings;
std::vector<std::string> ClockCells(const query::v1::Clock& clock);

// "running", "met late", "paused until 2026-03-02 12:30:00".
std::string ClockStateText(const query::v1::Clock& clock);

}  // namespace kefu::cli

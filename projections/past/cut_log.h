#pragma once

#include <memory>

#include "platform/log/log.h"
#include "projections/past/cut.h"

namespace kefu::past {

// `log` as it ended at the cut, with what the cut leaves out left out (its offsets are skipped, as Kafka skips some).
// Appends are refused (kFailedPrecondition). `log` must outlive it. Thread-safe.
std::unique_ptr<log::EventLog> MakeCutLog(log::EventLog& log, const Cut& cut);

}  // namespace kefu::past

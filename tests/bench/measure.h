#pragma once

#include <absl/time/time.h>

#include <cstdint>

namespace kefu::bench {

// Processor time of this process so far, all threads.
absl::Duration CpuTime();

// The most memory this process had resident at any moment.
int64_t PeakRssMib();

}  // namespace kefu::bench

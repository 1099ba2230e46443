#pragma once

#include <absl/time/time.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace kefu::bench {

// Processor time of this process so far, all threads.
absl::Duration CpuTime();

// The most memory this process had resident at any moment.
int64_t PeakRssMib();

// Bytes of the files below a folder by what they are: "sst", "log", "other".
std::map<std::string, int64_t> DiskBytes(const std::string& folder);

// The value below which `share` of them lie; 0 of none. Sorts them.
double Percentile(std::vector<double>& values, double share);

}  // namespace kefu::bench

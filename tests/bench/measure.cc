#include "tests/bench/measure.h"

#include <sys/resource.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace kefu::bench {

absl::Duration CpuTime() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return absl::DurationFromTimeval(usage.ru_utime) + absl::DurationFromTimeval(usage.ru_stime);
}

int64_t PeakRssMib() {
  // Not ru_maxrss: that begins with what the parent had when it forked.
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmHWM:")) return std::strtoll(line.c_str() + 6, nullptr, 10) / 1024;
  return 0;
}

std::map<std::string, int64_t> DiskBytes(const std::string& folder) {
  std::map<std::string, int64_t> bytes;
  std::error_code error;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder, error)) {
    if (!entry.is_regular_file(error)) continue;
    const std::string ending = entry.path().extension().string();
    bytes[ending == ".sst" || ending == ".log" ? ending.substr(1) : "other"] +=
        static_cast<int64_t>(entry.file_size(error));
  }
  return bytes;
}

double Percentile(std::vector<double>& values, double share) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[std::min(values.size() - 1, static_cast<size_t>(share * static_cast<double>(values.size())))];
}

}  // namespace kefu::bench

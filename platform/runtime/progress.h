#pragma once

// How far something is, on stderr: a bar on a terminal, a plain line every 5 s elsewhere, or JSON lines for programs.

#include <absl/time/time.h>

#include <cstdint>
#include <cstdio>
#include <mutex>
#include <string>
#include <string_view>

#include "platform/base/status.h"
#include "platform/base/time.h"

namespace kefu::runtime {

enum class ProgressMode { kAuto, kJson, kNone };

// "auto", "json" or "none".
StatusOr<ProgressMode> ParseProgressMode(std::string_view text);

struct ProgressOptions {
  // What is going on, such as "importing incidents.csv".
  std::string label;
  // What is counted, in the plural.
  std::string unit = "events";
  // How many there will be; 0 where nobody knows.
  int64_t total = 0;
  // How many were done before; they do not count into the rate.
  int64_t already_done = 0;
  ProgressMode mode = ProgressMode::kAuto;
  // Nothing is shown before this much time has passed, so that short work stays silent.
  absl::Duration quiet_for = absl::ZeroDuration();

  std::FILE* out = stderr;
  Clock* clock = Clock::Real();
};

// Concurrency: thread-safe. Update is cheap enough to call for every event: it draws ten times a second at most.
class Progress {
 public:
  explicit Progress(ProgressOptions options);
  // Finishes, if nobody did.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void Update(int64_t done);
  void SetTotal(int64_t total);
  // A few words at the end of the line, such as "3 refused".
  void SetNote(std::string note);
  // The last line, with the totals; nothing is drawn after it.
  void Finish();

 private:
  enum class Style { kBar, kLines, kJson, kNone };
  void Draw(absl::Time now, bool last);
  std::string BarLine(absl::Time now, int width) const;
  std::string PlainLine(absl::Time now, bool last) const;
  std::string JsonLine(absl::Time now, bool last) const;
  double Rate(absl::Time now) const;
  absl::Duration Remaining(absl::Time now) const;

  const ProgressOptions options_;
  const Style style_;
  const absl::Time started_at_;

  mutable std::mutex mutex_;
  int64_t done_;
  int64_t total_;
  std::string note_;
  absl::Time last_drawn_ = absl::InfinitePast();
  // A sliding start for the rate, so that it follows what happens now.
  absl::Time window_start_;
  int64_t window_done_;
  double window_rate_ = 0;
  bool finished_ = false;
  bool drew_ = false;
};

}  // namespace kefu::runtime

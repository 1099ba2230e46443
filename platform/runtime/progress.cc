#include "platform/runtime/progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "platform/runtime/text.h"

namespace kefu::runtime {
namespace {

constexpr absl::Duration kBarEvery = absl::Milliseconds(100);
constexpr absl::Duration kLineEvery = absl::Seconds(5);
constexpr absl::Duration kJsonEvery = absl::Seconds(1);
// The rate shown is that of the last few seconds.
constexpr absl::Duration kRateWindow = absl::Seconds(3);

// "1:02:03" or "2:03".
std::string Clockwise(absl::Duration duration) {
  const int64_t seconds = std::max<int64_t>(0, absl::ToInt64Seconds(duration));
  if (seconds >= 3600) return fmt::format("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
  return fmt::format("{}:{:02}", seconds / 60, seconds % 60);
}

}  // namespace

StatusOr<ProgressMode> ParseProgressMode(std::string_view text) {
  if (text == "auto") return ProgressMode::kAuto;
  if (text == "json") return ProgressMode::kJson;
  if (text == "none") return ProgressMode::kNone;
  return InvalidArgument("\"{}\" is no way to show progress: auto, json or none", text);
}

Progress::Progress(ProgressOptions options)
    : options_(std::move(options)),
      style_(options_.mode == ProgressMode::kNone   ? Style::kNone
             : options_.mode == ProgressMode::kJson ? Style::kJson
             : IsTerminal(options_.out)             ? Style::kBar
                                                    : Style::kLines),
      started_at_(options_.clock->Now()),
      done_(options_.already_done),
      total_(options_.total),
      last_drawn_(started_at_),
      window_start_(started_at_),
      window_done_(options_.already_done) {}

Progress::~Progress() { Finish(); }

void Progress::Update(int64_t done) {
  std::lock_guard lock(mutex_);
  done_ = done;
  if (style_ == Style::kNone || finished_) return;
  const absl::Time now = options_.clock->Now();
  if (now - window_start_ >= kRateWindow) {
    window_rate_ = static_cast<double>(done_ - window_done_) / absl::ToDoubleSeconds(now - window_start_);
    window_start_ = now;
    window_done_ = done_;
  }
  const absl::Duration every = style_ == Style::kBar ? kBarEvery : style_ == Style::kJson ? kJsonEvery : kLineEvery;
  if (now - started_at_ >= options_.quiet_for && now - last_drawn_ >= every) Draw(now, false);
}

void Progress::SetTotal(int64_t total) {
  std::lock_guard lock(mutex_);
  total_ = total;
}

void Progress::SetNote(std::string note) {
  std::lock_guard lock(mutex_);
  note_ = std::move(note);
}

void Progress::Finish() {
  std::lock_guard lock(mutex_);
  if (finished_) return;
  finished_ = true;
  const absl::Time now = options_.clock->Now();
  const bool was_silent = !drew_ && now - started_at_ < options_.quiet_for;
  if (style_ != Style::kNone && !was_silent) Draw(now, true);
}

double Progress::Rate(absl::Time now) const {
  if (window_rate_ > 0 && !finished_) return window_rate_;
  const double seconds = absl::ToDoubleSeconds(now - started_at_);
  return seconds > 0 ? static_cast<double>(done_ - options_.already_done) / seconds : 0;
}

absl::Duration Progress::Remaining(absl::Time now) const {
  const double rate = Rate(now);
  if (rate <= 0 || total_ <= done_) return absl::ZeroDuration();
  return absl::Seconds(static_cast<double>(total_ - done_) / rate);
}

void Progress::Draw(absl::Time now, bool last) {
  last_drawn_ = now;
  drew_ = true;
  switch (style_) {
    case Style::kBar:
      // Over the old line, then clear what was longer.
      fmt::print(options_.out, "\r{}\x1b[K{}", BarLine(now, TerminalWidth(options_.out) - 1), last ? "\n" : "");
      break;
    case Style::kLines:
      fmt::print(options_.out, "{}\n", PlainLine(now, last));
      break;
    case Style::kJson:
      fmt::print(options_.out, "{}\n", JsonLine(now, last));
      break;
    case Style::kNone:
      return;
  }
  std::fflush(options_.out);
}

std::string Progress::BarLine(absl::Time now, int width) const {
  const std::string tail = PlainLine(now, finished_).substr(options_.label.size());
  if (total_ <= 0) return CutToWidth(options_.label + tail, width);
  const int room = std::clamp(width - DisplayWidth(options_.label) - DisplayWidth(tail) - 4, 0, 30);
  const double share = std::clamp(static_cast<double>(done_) / static_cast<double>(total_), 0.0, 1.0);
  const int filled = static_cast<int>(share * room);
  const std::string bar =
      room < 5 ? "" : fmt::format(" [{}{}]", std::string(filled, '#'), std::string(room - filled, '.'));
  return CutToWidth(options_.label + bar + tail, width);
}

std::string Progress::PlainLine(absl::Time now, bool last) const {
  std::string line = options_.label;
  if (total_ > 0) {
    const int percent = static_cast<int>(100.0 * static_cast<double>(done_) / static_cast<double>(total_));
    line += fmt::format("  {:3}%  {} of {} {}", percent, WithThousands(done_), WithThousands(total_), options_.unit);
  } else {
    line += fmt::format("  {} {}", WithThousands(done_), options_.unit);
  }
  line += fmt::format("  {}/s", WithThousands(static_cast<int64_t>(Rate(now))));
  if (last) {
    line += fmt::format("  in {}", Clockwise(now - started_at_));
  } else if (total_ > done_ && Rate(now) > 0) {
    line += fmt::format("  {} left", Clockwise(Remaining(now)));
  }
  if (!note_.empty()) line += fmt::format("  {}", note_);
  return line;
}

std::string Progress::JsonLine(absl::Time now, bool last) const {
  nlohmann::ordered_json line;
  line["progress"] = options_.label;
  line["done"] = done_;
  if (total_ > 0) line["total"] = total_;
  line["unit"] = options_.unit;
  line["rate"] = static_cast<int64_t>(Rate(now));
  line["elapsed_seconds"] = absl::ToInt64Seconds(now - started_at_);
  if (!last && total_ > done_ && Rate(now) > 0) line["remaining_seconds"] = absl::ToInt64Seconds(Remaining(now));
  if (!note_.empty()) line["note"] = note_;
  line["finished"] = last;
  return line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace kefu::runtime

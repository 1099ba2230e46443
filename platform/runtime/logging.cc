#include "platform/runtime/logging.h"

#include <spdlog/formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <span>

#include "platform/base/time.h"
#include "platform/runtime/text.h"

namespace kefu::runtime {
namespace {

using Fields = std::span<const LogField>;

std::string_view NameOf(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarning:
      return "warning";
    case LogLevel::kError:
      return "error";
  }
  return "info";
}

spdlog::level::level_enum ToSpdlog(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

LogLevel FromSpdlog(spdlog::level::level_enum level) {
  if (level <= spdlog::level::debug) return LogLevel::kDebug;
  if (level == spdlog::level::info) return LogLevel::kInfo;
  if (level == spdlog::level::warn) return LogLevel::kWarning;
  return LogLevel::kError;
}

// nlohmann escapes; spdlog's own patterns do not, and a quote or a line break in a message would break the line.
std::string JsonLine(LogLevel level, std::string_view time, std::string_view message, Fields fields) {
  nlohmann::ordered_json line;
  line["time"] = time;
  line["level"] = NameOf(level);
  line["message"] = message;
  for (const LogField& field : fields) {
    // A field must not overwrite what every line has.
    const std::string name = line.contains(field.name) ? fmt::format("field_{}", field.name) : std::string(field.name);
    std::visit([&](const auto& value) { line[name] = value; }, field.value);
  }
  return line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

std::string TextOf(const LogValue& value) {
  if (const auto* text = std::get_if<std::string>(&value)) {
    const std::string printable = Printable(*text);
    return printable.find_first_of(" \"=") == std::string::npos && !printable.empty()
               ? printable
               : fmt::format("\"{}\"", printable);
  }
  if (const auto* number = std::get_if<double>(&value)) return fmt::format("{}", *number);
  if (const auto* number = std::get_if<int64_t>(&value)) return fmt::format("{}", *number);
  return std::get<bool>(value) ? "true" : "false";
}

std::string TextLine(LogLevel level, std::string_view time, std::string_view message, Fields fields) {
  // The time of day is enough on a terminal.
  const std::string_view clock = time.size() >= 19 ? time.substr(11, 8) : time;
  std::string line = fmt::format("{} {:<7} {}", clock, NameOf(level), Printable(message));
  for (const LogField& field : fields) line += fmt::format("  {}={}", field.name, TextOf(field.value));
  return line + "\n";
}

std::string Line(LogFormat format, LogLevel level, std::string_view time, std::string_view message, Fields fields) {
  return format == LogFormat::kJson ? JsonLine(level, time, message, fields) : TextLine(level, time, message, fields);
}

// spdlog carries only a message; the fields of the line that this thread is writing are handed around it.
thread_local Fields fields_in_hand;

class Formatter final : public spdlog::formatter {
 public:
  explicit Formatter(LogFormat format) : format_(format) {}

  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& out) override {
    const std::string time = FormatRfc3339(absl::FromChrono(message.time));
    const std::string_view text(message.payload.data(), message.payload.size());
    const std::string line = Line(format_, FromSpdlog(message.level), time, text, fields_in_hand);
    out.append(line.data(), line.data() + line.size());
  }

  std::unique_ptr<spdlog::formatter> clone() const override { return std::make_unique<Formatter>(format_); }

 private:
  const LogFormat format_;
};

std::shared_ptr<spdlog::logger> MakeLogger(LogLevel level, LogFormat format) {
  if (format == LogFormat::kAuto) format = IsTerminal(stderr) ? LogFormat::kText : LogFormat::kJson;
  auto logger = std::make_shared<spdlog::logger>("kefu", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_formatter(std::make_unique<Formatter>(format));
  logger->set_level(ToSpdlog(level));
  logger->flush_on(spdlog::level::debug);
  return logger;
}

std::shared_ptr<spdlog::logger>& Logger() {
  // Never destroyed: threads may log while the process ends.
  static auto* logger = new std::shared_ptr<spdlog::logger>(MakeLogger(LogLevel::kInfo, LogFormat::kText));
  return *logger;
}

}  // namespace

StatusOr<LogLevel> ParseLogLevel(std::string_view text) {
  for (LogLevel level : {LogLevel::kDebug, LogLevel::kInfo, LogLevel::kWarning, LogLevel::kError}) {
    if (text == NameOf(level)) return level;
  }
  return InvalidArgument("\"{}\" is no log level: debug, info, warning or error", text);
}

StatusOr<LogFormat> ParseLogFormat(std::string_view text) {
  if (text == "auto") return LogFormat::kAuto;
  if (text == "text") return LogFormat::kText;
  if (text == "json") return LogFormat::kJson;
  return InvalidArgument("\"{}\" is no log format: auto, text or json", text);
}

void SetUpLogging(LogLevel level, LogFormat format) {
  Logger() = MakeLogger(level, format);
  spdlog::set_default_logger(Logger());
}

void Log(LogLevel level, std::string_view message, std::initializer_list<LogField> fields) {
  fields_in_hand = Fields(fields.begin(), fields.size());
  Logger()->log(ToSpdlog(level), spdlog::string_view_t(message.data(), message.size()));
  fields_in_hand = {};
}

std::string FormatLogLine(LogFormat format, LogLevel level, std::string_view time, std::string_view message,
                          std::initializer_list<LogField> fields) {
  return Line(format, level, time, message, Fields(fields.begin(), fields.size()));
}

}  // namespace kefu::runtime

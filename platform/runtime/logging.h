#pragma once

// What the process says about itself, on stderr: one JSON object a line for machines, readable lines on a terminal.
// Personal data is never logged; ids are.

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "platform/base/status.h"

namespace kefu::runtime {

enum class LogLevel { kDebug, kInfo, kWarning, kError };
enum class LogFormat {
  kAuto,  // text if stderr is a terminal, else JSON
  kText,
  kJson,
};

StatusOr<LogLevel> ParseLogLevel(std::string_view text);
StatusOr<LogFormat> ParseLogFormat(std::string_view text);

// Until it is called, text at level info goes to stderr. Call it before other threads run.
void SetUpLogging(LogLevel level, LogFormat format);

using LogValue = std::variant<std::string, int64_t, double, bool>;

// One named value of a log line.
struct LogField {
  LogField(std::string_view field_name, std::string_view text) : name(field_name), value(std::string(text)) {}
  LogField(std::string_view field_name, const std::string& text) : name(field_name), value(text) {}
  LogField(std::string_view field_name, const char* text) : name(field_name), value(std::string(text)) {}
  LogField(std::string_view field_name, bool flag) : name(field_name), value(flag) {}
  LogField(std::string_view field_name, double number) : name(field_name), value(number) {}
  LogField(std::string_view field_name, int64_t number) : name(field_name), value(number) {}
  LogField(std::string_view field_name, int number) : name(field_name), value(int64_t{number}) {}
  LogField(std::string_view field_name, const Status& status) : name(field_name), value(ToString(status)) {}

  std::string_view name;
  LogValue value;
};

// Log(LogLevel::kInfo, "view caught up", {{"view", "client"}, {"events", 12}});
// Thread-safe. The message is a constant sentence; what varies goes into fields.
void Log(LogLevel level, std::string_view message, std::initializer_list<LogField> fields = {});

// One line as Log would write it, with its line break. For tests, and for writers of other files.
std::string FormatLogLine(LogFormat format, LogLevel level, std::string_view time, std::string_view message,
                          std::initializer_list<LogField> fields);

}  // namespace kefu::runtime

#pragma once

// Words on the command line as the protos have them: days, and values of enums in small letters.

#include <string>
#include <string_view>
#include <vector>

#include "kefu/events/v1/common.pb.h"
#include "services/cli/output.h"

namespace kefu::cli {

// "2026-03-01" into `date`, which stays as it is if `text` is empty. kInvalidArgument naming the flag.
Status SetDay(std::string_view flag, const std::string& text, events::v1::CalendarDate* date);
// "2026-03-01"; empty for a date without a year.
std::string DayText(const events::v1::CalendarDate& date);

// The words of an enum but its zero value, as EnumText shows them: for CLI::IsMember.
template <class Enum>
std::vector<std::string> WordsOf() {
  std::vector<std::string> words;
  const auto* type = google::protobuf::GetEnumDescriptor<Enum>();
  for (int i = 0; i < type->value_count(); ++i)
    if (type->value(i)->number() != 0) words.push_back(EnumText(type, type->value(i)->number()));
  return words;
}
// The zero value if there is no such word.
template <class Enum>
Enum ValueOf(std::string_view word) {
  const auto* type = google::protobuf::GetEnumDescriptor<Enum>();
  for (int i = 0; i < type->value_count(); ++i)
    if (EnumText(type, type->value(i)->number()) == word) return static_cast<Enum>(type->value(i)->number());
  return Enum{};
}

}  // namespace kefu::cli

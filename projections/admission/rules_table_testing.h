#pragma once

// testdata/rules.txt and its like, which tell rules as lines of text, read for tests of several folders.

#include <fmt/format.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <array>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kefu/events/v1/event.pb.h"
#include "platform/base/time.h"
#include "platform/testkit/events.h"

namespace kefu::admission {

inline std::string Trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return "";
  return std::string(text.substr(begin, text.find_last_not_of(" \t") + 1 - begin));
}

// The lines of a table below the checkout that are neither empty nor remarks, with their numbers.
inline std::vector<std::pair<int, std::string>> LinesOf(const std::string& path) {
  std::ifstream file(path);
  EXPECT_TRUE(file.good()) << path << " is missing: run from the top of the checkout";
  std::vector<std::pair<int, std::string>> lines;
  std::string line;
  for (int number = 1; std::getline(file, line); ++number)
    if (!Trimmed(line).empty() && line.front() != '#') lines.emplace_back(number, line);
  return lines;
}

inline std::vector<std::string> ColumnsOf(const std::string& line) {
  std::vector<std::string> columns;
  std::stringstream stream(line);
  for (std::string column; std::getline(stream, column, '|');) columns.push_back(Trimmed(column));
  return columns;
}

// The files of such lines. Stories have names of their own over all of them.
inline constexpr std::array kRuleFiles = {
    "projections/admission/testdata/rules.txt",
    "projections/admission/testdata/staff.txt",
    "projections/admission/testdata/suitability.txt",
    "projections/admission/testdata/products.txt",
    "projections/admission/testdata/leads.txt",
    "projections/admission/testdata/corrections.txt",
};

// One line of such a file: the event and the verdict it must get.
struct RuleLine {
  // "projections/admission/testdata/rules.txt:12".
  std::string place;
  std::string story;
  // "applied", "duplicate", or the rule that refuses.
  std::string verdict;
  events::v1::Event event;
};

namespace internal {

inline std::string Expanded(std::string text, const std::map<std::string, std::string>& names) {
  // Longer names first, so that $days is not taken for $day.
  for (auto name = names.rbegin(); name != names.rend(); ++name)
    for (size_t at; (at = text.find("$" + name->first)) != std::string::npos;)
      text.replace(at, name->first.size() + 1, name->second);
  return text;
}

// In these lines the event that a correction holds is told in text, too; with a bang in front it stays as it is.
inline void FillCorrection(events::v1::Event& event) {
  if (!event.has_event_corrected() || event.event_corrected().event().starts_with("!")) return;
  events::v1::Event corrected;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(event.event_corrected().event(), &corrected));
  event.mutable_event_corrected()->set_event(corrected.SerializeAsString());
}

}  // namespace internal

// Events without an id get one of their line, and a time that rises; with an id, always the same time, so that a line
// told again is the same event.
inline std::vector<RuleLine> ReadRuleLines(const std::string& path) {
  std::vector<RuleLine> lines;
  std::map<std::string, std::string> names;
  std::string story;
  for (const auto& [number, text] : LinesOf(path)) {
    if (text.starts_with("== ")) {
      story = text.substr(3);
      continue;
    }
    if (text.starts_with("let ")) {
      const size_t equals = text.find(" = ");
      names[text.substr(4, equals - 4)] = internal::Expanded(text.substr(equals + 3), names);
      continue;
    }
    const size_t bar = text.find('|');
    RuleLine line{fmt::format("{}:{}", path, number), story, Trimmed(text.substr(0, bar)), {}};
    const std::string event = internal::Expanded(text.substr(bar + 1), names);
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(event, &line.event)) << path << ":" << number;
    internal::FillCorrection(line.event);
    const bool has_id = !line.event.event_id().empty();
    if (!has_id) line.event.set_event_id(fmt::format("line-{}", number));
    if (line.event.source().empty()) line.event.set_source("test");
    if (!line.event.has_occurred_at())
      *line.event.mutable_occurred_at() = ToProto(testkit::Beginning() + absl::Minutes(has_id ? 0 : number));
    lines.push_back(std::move(line));
  }
  return lines;
}

inline std::vector<RuleLine> ReadAllRuleLines() {
  std::vector<RuleLine> all;
  for (const char* path : kRuleFiles)
    for (RuleLine& line : ReadRuleLines(path)) all.push_back(std::move(line));
  return all;
}

}  // namespace kefu::admission

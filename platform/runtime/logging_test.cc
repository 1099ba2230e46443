#include "platform/runtime/logging.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

namespace kefu::runtime {
namespace {

using ::testing::HasSubstr;

nlohmann::json ParseLine(const std::string& line) {
  EXPECT_EQ(line.find('\n'), line.size() - 1) << "one line, and whole: " << line;
  return nlohmann::json::parse(line);
}

TEST(Logging, AJsonLineParsesWhateverTheTextHolds) {
  for (const std::string& text :
       {std::string("he said \"hi\"\nline2"), std::string("王小明\t客服"), std::string("back\\slash \x01 bell\a"),
        std::string("broken \xff utf-8"), std::string("nul\0inside", 10), std::string()}) {
    const auto line = ParseLine(FormatLogLine(LogFormat::kJson, LogLevel::kWarning, "2026-03-01T09:30:00Z", text,
                                              {{"field", text}, {"count", 3}, {"on", true}, {"share", 0.5}}));
    EXPECT_EQ(line["time"], "2026-03-01T09:30:00Z");
    EXPECT_EQ(line["level"], "warning");
    EXPECT_EQ(line["count"], 3);
    EXPECT_EQ(line["on"], true);
    EXPECT_EQ(line["message"], line["field"]);
    if (text.find('\xff') == std::string::npos) {
      EXPECT_EQ(line["message"], text);
    }
  }
}

TEST(Logging, AFieldCannotOverwriteWhatEveryLineHas) {
  const auto line = ParseLine(FormatLogLine(LogFormat::kJson, LogLevel::kInfo, "t", "m", {{"level", "fatal"}}));
  EXPECT_EQ(line["level"], "info");
  EXPECT_EQ(line["field_level"], "fatal");
}

TEST(Logging, ATextLineStaysOneLineAndCannotSteerTheTerminal) {
  const std::string line = FormatLogLine(LogFormat::kText, LogLevel::kInfo, "2026-03-01T09:30:00.5Z", "two\nlines",
                                         {{"name", "a b\x1b[2J"}, {"path", "/x"}});
  EXPECT_THAT(line, HasSubstr("09:30:00 info    two lines  name=\"a b"));
  EXPECT_THAT(line, HasSubstr("path=/x\n"));
  EXPECT_EQ(line.find('\x1b'), std::string::npos);
}

TEST(Logging, WhatIsWrittenGoesToStderrAsJsonWhereNoTerminalIs) {
  ::testing::internal::CaptureStderr();
  SetUpLogging(LogLevel::kInfo, LogFormat::kJson);
  Log(LogLevel::kDebug, "not shown");
  Log(LogLevel::kInfo, "started {}", {{"listen", "127.0.0.1:7800"}});
  const auto line = ParseLine(::testing::internal::GetCapturedStderr());
  EXPECT_EQ(line["message"], "started {}");
  EXPECT_EQ(line["listen"], "127.0.0.1:7800");
}

TEST(Logging, UnknownLevelsAndFormatsAreRefused) {
  EXPECT_TRUE(ParseLogLevel("debug").ok());
  EXPECT_FALSE(ParseLogLevel("loud").ok());
  EXPECT_TRUE(ParseLogFormat("json").ok());
  EXPECT_FALSE(ParseLogFormat("xml").ok());
}

}  // namespace
}  // namespace kefu::runtime

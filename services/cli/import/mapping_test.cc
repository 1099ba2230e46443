#include "services/cli/import/mapping.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "platform/base/status.h"

namespace kefu::cli {
namespace {

using ::testing::HasSubstr;

constexpr char kWell[] = R"(mapping: desk
rows:
  case: "{number}"
tables:
  channels: {Phone: CHANNEL_PHONE}
times:
  minute: {format: "%d/%m/%Y %H:%M", zone: Asia/Taipei}
each_row:
  at: "{when | time: minute}"
event:
  client_id: "c-{caller | slug}"
  occurred_at: "{at}"
rules:
  - rule: open
    emit: service_request_opened
    set:
      case_id: "{number}"
      opening:
        channel: "{contact | table: channels}"
        category: {scheme: desk, value: "{category}"}
)";

// The message for kWell with `part` put in place of `was`.
std::string Complaint(const std::string& was, const std::string& part) {
  std::string text = kWell;
  const size_t at = text.find(was);
  EXPECT_NE(at, std::string::npos) << was;
  text.replace(at, was.size(), part);
  const auto mapping = ParseMapping(text, "m.yaml");
  EXPECT_FALSE(mapping.ok());
  EXPECT_EQ(mapping.status().code(), StatusCode::kInvalidArgument);
  return std::string(MessageOf(mapping.status()));
}

TEST(Mapping, LoadsAndBindsToTheFilesColumns) {
  const auto mapping = ParseMapping(kWell, "m.yaml");
  ASSERT_TRUE(mapping.ok()) << mapping.status();
  EXPECT_EQ((*mapping)->rules.size(), 1u);
  const auto places = BindColumns(**mapping, {"when", "unused", "caller", "number", "contact", "category"});
  ASSERT_TRUE(places.ok()) << places.status();
  EXPECT_EQ((*places)[1], -1);
  const auto missing = BindColumns(**mapping, {"when", "callers", "number", "contact", "category"});
  EXPECT_THAT(std::string(MessageOf(missing.status())), HasSubstr("line 11"));
  EXPECT_THAT(std::string(MessageOf(missing.status())), HasSubstr("no column \"caller\"; did you mean \"callers\"?"));
  EXPECT_FALSE(BindColumns(**mapping, {"when", "when", "caller", "number", "contact", "category"}).ok());
}

TEST(Mapping, ATypoNamesTheLineAndTheNearestName) {
  EXPECT_THAT(Complaint("opening:", "opneing:"),
              HasSubstr("m.yaml:18: ServiceRequestOpened has no field \"opneing\"; did you mean \"opening\"?"));
  EXPECT_THAT(Complaint("client_id:", "cliend_id:"), HasSubstr("m.yaml:11: Event has no field"));
  EXPECT_THAT(Complaint("service_request_opened", "service_request_open"),
              HasSubstr("did you mean \"service_request_opened\"?"));
  EXPECT_THAT(Complaint("table: channels}", "table: chanels}"), HasSubstr("did you mean \"channels\"?"));
  EXPECT_THAT(Complaint("| slug}", "| slog}"), HasSubstr("no function \"slog\"; did you mean \"slug\"?"));
  EXPECT_THAT(Complaint("emit:", "emits:"), HasSubstr("unknown key \"emits\"; did you mean \"emit\"?"));
  EXPECT_THAT(Complaint("Asia/Taipei", "Asia/Taipeh"), HasSubstr("m.yaml:7: no time zone"));
}

TEST(Mapping, ValuesOfTablesAndConstantsAreCheckedAgainstTheField) {
  EXPECT_THAT(Complaint("Phone: CHANNEL_PHONE", "Phone: CHANNEL_PHON"), HasSubstr("did you mean \"CHANNEL_PHONE\"?"));
  EXPECT_THAT(Complaint("occurred_at: \"{at}\"", "occurred_at: yesterday"), HasSubstr("must be a time"));
  EXPECT_THAT(Complaint("category: {scheme: desk, value: \"{category}\"}", "category: \"{category}\""),
              HasSubstr("is a message"));
}

TEST(Mapping, WhatIsNoYamlSaysWhere) {
  EXPECT_THAT(Complaint("rows:", "rows: [\n"), HasSubstr("m.yaml:"));
  EXPECT_FALSE(ParseMapping("", "m.yaml").ok());
  EXPECT_FALSE(ParseMapping("- 1", "m.yaml").ok());
  EXPECT_EQ(LoadMapping("/nowhere/m.yaml").status().code(), StatusCode::kNotFound);
}

TEST(Template, FunctionsRunFromLeftToRight) {
  Vocabulary vocabulary;
  vocabulary.tables["t"].values["a b"] = "found";
  vocabulary.times["ny"].format = "%m/%d/%Y %H:%M";
  ASSERT_TRUE(absl::LoadTimeZone("America/New_York", &vocabulary.times["ny"].zone));
  vocabulary.times["iso"].format = "%Y-%m-%dT%H:%M:%E*S%Ez";
  const auto run = [&](const std::string& text, const std::string& cell) {
    Symbols symbols;
    const auto made = Template::Parse(text, &symbols, vocabulary);
    if (!made.ok()) return std::string("! ") + std::string(MessageOf(made.status()));
    Values values(static_cast<size_t>(symbols.size()), cell);
    if (symbols.Find("later") >= 0) values[static_cast<size_t>(symbols.Find("later"))] = "2025-01-01T00:01:00.500Z";
    const auto value = made->Evaluate(values);
    return value.ok() ? *value : "! " + std::string(MessageOf(value.status()));
  };
  EXPECT_EQ(run("x-{c | slug}", "Awaiting  User/Info!"), "x-awaiting-user-info");
  EXPECT_EQ(run("{c | lower}", "ÄB客"), "Äb客");
  EXPECT_EQ(run("{c | default: none}", ""), "none");
  EXPECT_EQ(run("x-{c}", ""), "");
  EXPECT_EQ(run("{{{c}}}", "1"), "{1}");
  EXPECT_EQ(run("{c | table: t | upper}", "a b"), "FOUND");
  EXPECT_THAT(run("{c | table: t}", "secret"), ::testing::Not(HasSubstr("secret")));
  EXPECT_EQ(run("{c | hash: 8}", "abc"), "ba7816bf");
  EXPECT_EQ(run("{c | minor_units: 2}", "20000"), "2000000");
  EXPECT_EQ(run("{c | minor_units: 2}", "-1.5"), "-150");
  EXPECT_EQ(run("{c | minor_units: 2}", "1.50000"), "150");
  EXPECT_EQ(run("{c | minor_units: 2}", "1.005").substr(0, 1), "!");
  EXPECT_EQ(run("{c | minor_units: 2}", "1e3").substr(0, 1), "!");
  EXPECT_EQ(run("{c | until: later}", "2025-01-01T00:00:00Z"), "60.500000000s");
  EXPECT_EQ(run("{c | until: later}", "2025-01-02T00:00:00Z"), "");
  EXPECT_EQ(run("{c | or: later}", ""), "2025-01-01T00:01:00.500Z");
  // Winter and summer, and an hour that did not exist.
  EXPECT_EQ(run("{c | time: ny}", "3/8/2025 2:30"), "2025-03-08T07:30:00Z");
  EXPECT_EQ(run("{c | time: ny}", "3/10/2025 2:30"), "2025-03-10T06:30:00Z");
  EXPECT_THAT(run("{c | time: ny}", "3/9/2025 2:30"), HasSubstr("skipped"));
  EXPECT_EQ(run("{c | time: ny}", "11/2/2025 1:30"), "2025-11-02T05:30:00Z");
  EXPECT_THAT(run("{c | time: ny}", "31/2/2025 1:30"), HasSubstr("no time"));
  EXPECT_EQ(run("{c | time: iso}", "2011-10-01T00:38:44.546+02:00"), "2011-09-30T22:38:44.546Z");
  EXPECT_THAT(run("{c", ""), HasSubstr("does not close"));
}

}  // namespace
}  // namespace kefu::cli

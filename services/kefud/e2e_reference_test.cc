// Reference data through the server: published by verbs, copied to every partition, shown.

#include "services/kefud/e2e_testing.h"

namespace kefu {
namespace {

TEST_F(KefudTest, APublishedCalendarReachesEveryPartition) {
  StartServer();
  const std::string file = folder_ + "/calendar.json";
  const auto write = [&](const json& changed) {
    json calendar = {{"calendarId", "uk.business"},
                     {"kind", "CALENDAR_KIND_BUSINESS"},
                     {"zone", {{"name", "Europe/London"}}},
                     {"week", json::array({{{"weekday", "WEEKDAY_MONDAY"},
                                            {"spans", json::array({{{"fromMinute", 540}, {"untilMinute", 1020}}})}}})},
                     {"coversFrom", {{"year", 2026}, {"month", 1}, {"day", 1}}},
                     {"coversUntil", {{"year", 2026}, {"month", 12}, {"day", 31}}}};
    calendar.update(changed);
    std::ofstream(file) << calendar.dump();
  };
  write(json::object());
  const json published = KefuJson({"calendar", "publish", file, "--wait", "30s", "--output", "json"});
  EXPECT_EQ(published["name"], "references/calendar/uk.business/1");
  EXPECT_FALSE(published.contains("missingPartitions")) << published.dump();

  // Without a version it is the next one; one that skips some is refused by name.
  EXPECT_EQ(KefuJson({"calendar", "publish", file, "--wait", "30s", "--output", "json"})["version"], "2");
  write({{"version", 7}});
  const Ran refused = Kefu({"calendar", "publish", file, "--output", "table"});
  EXPECT_EQ(refused.code, 1);
  EXPECT_THAT(refused.out, HasSubstr("calendar uk.business 7  refused: version_not_next"));

  const json shown = KefuJson({"calendar", "show", "uk.business", "--output", "json"});
  EXPECT_EQ(shown["event"]["calendarPublished"]["zone"]["shifts"].size(), 2u) << "the zone was looked up";
  EXPECT_EQ(shown["event"]["source"], "kefu-cli");
  const Ran list = Kefu({"reference", "list", "--kind", "calendar", "--output", "table"});
  EXPECT_EQ(list.code, 0) << list.err;
  EXPECT_THAT(list.out, HasSubstr("uk.business"));
  EXPECT_THAT(list.out, HasSubstr("all"));

  // Each of the eight partitions but the first one says how far it is: at the second version.
  int copied = 0;
  const Ran rows = Kefu({"view", "browse", "reference", "--table", "progress", "--output", "json"});
  std::istringstream lines(rows.out);
  for (std::string line; std::getline(lines, line);) ++copied;
  EXPECT_EQ(copied, 7) << rows.out;
  const Ran duties = Kefu({"duty", "list", "--output", "json"});
  std::istringstream entries(duties.out);
  int written = 0;
  for (std::string line; std::getline(entries, line);) {
    const json duty = json::parse(line);
    if (duty["kind"] != "DUTY_KIND_BROADCAST") continue;
    EXPECT_FALSE(duty.contains("trouble")) << line;
    if (duty.contains("written")) written += std::stoi(duty["written"].get<std::string>());
  }
  EXPECT_EQ(written, 2 * 7);

  EXPECT_EQ(Kefu({"rules", "adopt", "2", "--wait", "30s"}).code, 0);
  EXPECT_EQ(StopServer(), 0);

  // A restart finds nothing left to copy.
  StartServer();
  const json again = KefuJson({"reference", "show", "references/rules_version/admission/2", "--output", "json"});
  EXPECT_FALSE(again.contains("missingPartitions")) << again.dump();
}

TEST_F(KefudTest, FilesOfReferenceDataAreRefusedWithTheirNameAndPlace) {
  StartServer();
  const auto publish = [&](const std::vector<std::string>& verb, const std::string& text) {
    const std::string file = folder_ + "/body.json";
    std::ofstream(file) << text;
    std::vector<std::string> arguments = verb;
    arguments.push_back(file);
    return Kefu(arguments);
  };
  const Ran misspelt = publish({"calendar", "publish"}, R"({"calenderId": "x"})");
  EXPECT_EQ(misspelt.code, 2);
  EXPECT_THAT(misspelt.err, ::testing::AllOf(HasSubstr("body.json is not a calendar"), HasSubstr("calenderId")));
  const Ran in_list =
      publish({"unit", "publish"}, R"([{"unitId": "HQ", "level": "UNIT_LEVEL_COMPANY"}, {"unitId": 5}])");
  EXPECT_EQ(in_list.code, 2);
  EXPECT_THAT(in_list.err, HasSubstr("item 2"));
  const Ran nowhere = publish({"calendar", "publish"}, R"({"calendarId": "x", "zone": {"name": "Mars/Base"}})");
  EXPECT_EQ(nowhere.code, 2);
  EXPECT_THAT(nowhere.err, HasSubstr("Mars/Base"));
  EXPECT_EQ(Kefu({"calendar", "publish", folder_ + "/missing.json"}).code, 2);
  EXPECT_EQ(Kefu({"calendar", "show", "never.published"}).code, 1);
  EXPECT_EQ(StopServer(), 0);
}

}  // namespace
}  // namespace kefu

// A broker leaves (交接), through the server: everything it had finds other hands, and a certificate says so. Killed in the
// middle, the server goes on where it was.

#include <chrono>
#include <map>

#include "services/kefud/e2e_testing.h"

namespace kefu {
namespace {

constexpr int kClients = 60;
constexpr const char* kDue = "2027-04-01T09:00:00Z";

class HandoverTest : public KefudTest {
 protected:
  struct Line {
    std::string id;
    std::string client;
    json body;
  };

  // Each must be applied.
  void Publish(const std::vector<Line>& lines) {
    const std::string file = folder_ + "/events.ndjson";
    std::ofstream out(file);
    for (const Line& line : lines) {
      json event = {{"eventId", line.id}, {"occurredAt", "2026-03-01T09:00:00Z"}, {"source", "e2e"}};
      if (!line.client.empty()) event["clientId"] = line.client;
      event.update(line.body);
      out << event.dump() << "\n";
    }
    out.close();
    const Ran ran = Kefu({"publish", "--wait", "applied", "--output", "json"}, file);
    ASSERT_EQ(ran.code, 0) << ran.out.substr(0, 2000) << ran.err;
  }
  // Until everything that was broadcast before is in every partition: copies keep their order.
  void AwaitCopies() {
    const std::string file = folder_ + "/unit.json";
    std::ofstream(file) << json({{"unitId", "U-1"}, {"name", "branch"}, {"level", "UNIT_LEVEL_BRANCH"}}).dump();
    const Ran ran = Kefu({"unit", "publish", file, "--wait", "30s"});
    ASSERT_EQ(ran.code, 0) << ran.err;
  }
  static json Person(int number, const std::string& staff) {
    return {{"staffPublished", {{"staffId", staff}, {"name", "broker " + std::to_string(number)}, {"unitId", "U-1"}}}};
  }
  static json Qualified(const std::string& staff) {
    return {{"qualificationRecorded",
             {{"staffId", staff},
              {"qualification", {{"scheme", "kefu.qualification"}, {"value", "securities_practice"}}},
              {"number", "S0000000000000"},
              {"validFrom", {{"year", 2020}, {"month", 1}, {"day", 1}}},
              {"permittedActs", {"STAFF_ACT_SERVE", "STAFF_ACT_HANDLE_COMPLAINTS", "STAFF_ACT_CALL_BACK"}}}}};
  }
  static std::string Client(int number) { return "C-" + std::to_string(100 + number); }

  // Two brokers; the first serves everybody, works on a case of each, and promised something to every second one.
  void Fill() {
    AwaitCopies();
    Publish({{"s1", "", Person(1, "S-1")},
             {"s2", "", Person(2, "S-2")},
             {"q1", "", Qualified("S-1")},
             {"q2", "", Qualified("S-2")}});
    AwaitCopies();
    std::vector<Line> lines;
    for (int i = 0; i < kClients; ++i) {
      const std::string client = Client(i);
      lines.push_back({"r" + client, client,
                       {{"clientRegistered", {{"kind", "CLIENT_KIND_PERSON"}, {"displayName", "王小明"}}}}});
      lines.push_back({"a" + client, client,
                       {{"clientAssignedToBroker", {{"staffId", "S-1"}, {"role", "BROKER_ROLE_PRIMARY"}}}}});
      const std::string case_id = "K" + client;
      lines.push_back({"o" + client, client,
                       {{"serviceRequestOpened", {{"caseId", case_id}, {"opening", {{"channel", "CHANNEL_PHONE"}}}}}}});
      lines.push_back({"c" + client, client, {{"caseAssigned", {{"caseId", case_id}, {"assigneeId", "S-1"}}}}});
      if (i % 2 == 0)
        lines.push_back({"p" + client, client,
                         {{"promiseMade",
                           {{"promiseId", "P" + client}, {"text", "寄對帳單"}, {"ownerId", "S-1"}, {"dueAt", kDue}}}}});
    }
    Publish(lines);
  }
  void Open() {
    Publish({{"h1", "",
              {{"handoverOpened",
                {{"handoverId", "H-1"},
                 {"fromStaffId", "S-1"},
                 {"lastDay", {{"year", 2026}, {"month", 3}, {"day", 31}}},
                 {"bookClients", kClients}}}}}});
    AwaitCopies();
  }
  void Name() { Publish({{"n1", "", {{"handoverSuccessorNamed", {{"handoverId", "H-1"}, {"toStaffId", "S-2"}}}}}}); }
  void Inform() {
    std::vector<Line> lines;
    for (int i = 0; i < kClients; ++i)
      lines.push_back({"i" + Client(i), Client(i),
                       {{"clientInformedOfHandover",
                         {{"handoverId", "H-1"}, {"channel", "CHANNEL_PHONE"}, {"choice", "HANDOVER_CHOICE_STAY"}}}}});
    Publish(lines);
  }

  std::vector<json> Rows(const std::string& view, const std::string& table) {
    const Ran ran = Kefu({"view", "browse", view, "--table", table, "--limit", "5000", "--output", "json"});
    EXPECT_EQ(ran.code, 0) << ran.err;
    std::vector<json> rows;
    std::istringstream lines(ran.out);
    for (std::string line; std::getline(lines, line);)
      rows.push_back(json::parse(json::parse(line)["json"].get<std::string>()));
    return rows;
  }
  // How many clients each one serves.
  std::map<std::string, int> Books() {
    std::map<std::string, int> books;
    for (const json& row : Rows("book", "clients")) ++books[row.value("brokerId", "")];
    return books;
  }
  // Asks until it is so; half a minute is more than any of it takes.
  template <class Is>
  void Await(const char* what, Is is) {
    using Clock = std::chrono::steady_clock;
    for (const auto ends = Clock::now() + std::chrono::seconds(30); !is();)
      ASSERT_TRUE(Clock::now() < ends) << what << "\n" << Kefu({"duty", "list", "--output", "table"}).out;
  }
  void AwaitAllMoved() {
    Await("everything has moved", [&] { return Rows("book", "handover_items").size() == kClients * 5 / 2; });
  }
  // As partition 0 has it.
  json HandoverAtHome() {
    const Ran ran =
        Kefu({"view", "browse", "book", "--table", "handovers", "--partition", "0", "--output", "json"});
    return json::parse(json::parse(ran.out)["json"].get<std::string>());
  }
  void AwaitCertificate() {
    Await("the certificate", [&] { return HandoverAtHome()["state"] == "HANDOVER_STATE_COMPLETED"; });
  }
};

TEST_F(HandoverTest, ABrokerLeavesAndAllItHadFindsOtherHandsThroughAKill) {
  StartServer();
  ASSERT_NO_FATAL_FAILURE(Fill());
  EXPECT_EQ(Books(), (std::map<std::string, int>{{"S-1", kClients}}));
  ASSERT_NO_FATAL_FAILURE(Open());

  // Nothing goes to it any more.
  const std::string file = folder_ + "/late.ndjson";
  std::ofstream(file) << json({{"eventId", "late"},
                               {"clientId", Client(0)},
                               {"occurredAt", "2026-03-01T09:00:00Z"},
                               {"source", "e2e"},
                               {"promiseMade",
                                {{"promiseId", "P-late"}, {"text", "x"}, {"ownerId", "S-1"}, {"dueAt", kDue}}}})
                             .dump()
                      << "\n";
  EXPECT_THAT(Kefu({"publish", "--wait", "applied", "--output", "json"}, file).out, HasSubstr("staff_leaving"));

  ASSERT_NO_FATAL_FAILURE(Name());
  // In the middle of it, wherever that is.
  server_->Signal(SIGKILL);
  server_->Wait();
  server_.reset();
  StartServer();
  AwaitAllMoved();
  EXPECT_EQ(Books(), (std::map<std::string, int>{{"S-2", kClients}}));
  for (const json& row : Rows("book", "items")) EXPECT_EQ(row["ownerId"], "S-2") << row.dump();
  EXPECT_NE(HandoverAtHome()["state"], "HANDOVER_STATE_COMPLETED") << "nobody was told";

  ASSERT_NO_FATAL_FAILURE(Inform());
  AwaitCertificate();
  std::map<std::string, int> counts;
  for (const json& row : Rows("book", "handovers"))
    for (const auto& [what, number] : row["moved"].items()) counts[what] += std::stoi(number.get<std::string>());
  EXPECT_EQ(counts, (std::map<std::string, int>{{"clients", kClients},
                                                {"cases", kClients},
                                                {"promises", kClients / 2},
                                                {"informed", kClients},
                                                {"stay", kClients}}));
  EXPECT_EQ(HandoverAtHome()["digest"].get<std::string>().size(), 44u) << "32 bytes";

  // The hand it passed to stands in each client's timeline, once.
  for (const int number : {0, 7, kClients - 1}) {
    const Ran timeline = Kefu({"client", "timeline", Client(number), "--output", "json"});
    int assigned = 0;
    std::istringstream lines(timeline.out);
    for (std::string line; std::getline(lines, line);)
      assigned += line.find("\"clientAssignedToBroker\"") != std::string::npos &&
                  line.find("\"S-2\"") != std::string::npos && line.find("DUPLICATE") == std::string::npos;
    EXPECT_EQ(assigned, 1) << timeline.out;
  }
  // It has left; what is left of it is history.
  AwaitCopies();
  for (const json& row : Rows("book", "staff")) {
    if (row["staffId"] == "S-1") {
      EXPECT_EQ(row["status"], "STAFF_STATUS_LEFT");
    }
  }
  EXPECT_EQ(Rows("book", "owners").size(), 8u) << "the successor, in each partition";
  EXPECT_EQ(StopServer(), 0);

  // After all of it, a restart finds nothing to do.
  StartServer();
  EXPECT_EQ(Books(), (std::map<std::string, int>{{"S-2", kClients}}));
  EXPECT_EQ(StopServer(), 0);
}

}  // namespace
}  // namespace kefu

// Reports: golden files of a small history with round numbers, every number opened, units, bad questions.

#include <map>

#include "platform/base/time.h"
#include "platform/testkit/golden.h"
#include "services/query/query_testing.h"

namespace kefu::query {
namespace {

using events::v1::Event;
using query::v1::Report;
using query::v1::ReportCell;
using query::v1::RunReportRequest;
using testkit::Draft;

constexpr int kDay = 24 * 60;

RunReportRequest Asked(std::string_view name, std::string_view from = "2026-03-02",
                       std::string_view to = "2026-03-08") {
  RunReportRequest request;
  request.set_name(fmt::format("reports/{}", name));
  request.set_from_day(std::string(from));
  request.set_to_day(std::string(to));
  *request.mutable_as_of() = ToProto(testkit::Beginning() + absl::Hours(24 * 10));
  return request;
}

grpc::Status RunIt(QueryServer& server, const RunReportRequest& request, Report* report) {
  Patient context;
  report->Clear();
  return server.reports->RunReport(&context, request, report);
}

Report MustRun(QueryServer& server, const RunReportRequest& request) {
  Report report;
  const auto status = RunIt(server, request, &report);
  EXPECT_TRUE(status.ok()) << status.error_message() << " " << request.ShortDebugString();
  return report;
}

std::string Text(const ReportCell& cell) {
  std::string text = "-";
  if (cell.value_case() == ReportCell::kText) text = fmt::format("\"{}\"", cell.text());
  if (cell.value_case() == ReportCell::kNumber) text = std::to_string(cell.number());
  if (cell.value_case() == ReportCell::kTime) text = FormatRfc3339(FromProto(cell.time()));
  if (cell.has_trend_bp()) text += fmt::format(" ({:+})", cell.trend_bp());
  return text + (cell.cell_token().empty() ? "" : " *");
}

// Tokens are not told, but where there is one; positions are not told.
std::string Text(const Report& report) {
  std::string text =
      fmt::format("{}: {}, {} to {}\n", report.name(), report.title(), report.from_day(), report.to_day());
  for (const auto& table : report.tables()) {
    text += fmt::format("\n{}, {} rows\n", table.title(), table.rows_total());
    for (const auto& column : table.columns()) text += fmt::format("  {}", column.title());
    text += "\n";
    for (const auto& row : table.rows()) {
      for (const auto& cell : row.cells()) text += "  " + Text(cell);
      text += "\n";
      for (const auto& quote : row.quotes())
        text += fmt::format("    {} {} {}: {}\n", quote.client_id(), quote.case_id(), quote.event_id(), quote.text());
    }
  }
  return text;
}

Draft About(Draft draft, std::string_view product, std::string_view words) {
  return draft.With([&](Event& event) {
    auto& opening = *event.mutable_complaint_received()->mutable_opening();
    opening.set_product_id(std::string(product));
    opening.set_description(std::string(words));
  });
}

Draft Settled(std::string_view case_id, events::v1::CaseOutcome outcome, std::string_view cause, int64_t redress,
              const char* currency = "CNY") {
  return testkit::Resolved(case_id, outcome).With([&](Event& event) {
    auto& body = *event.mutable_case_resolved();
    body.mutable_root_cause()->set_value(std::string(cause));
    if (redress == 0) return;
    body.mutable_redress()->set_minor_units(redress);
    body.mutable_redress()->set_currency(currency);
  });
}

// Two weeks: a quiet one, 2026-02-23 to 03-01, and one with trouble.
void Live(QueryServer& server) {
  const auto publish = [&](Draft draft, std::string_view client, int day, int minute) {
    server.Publish(draft.Client(client).AtMinute(day * kDay + minute));
  };
  using testkit::Complained;
  publish(About(Complained("K-1", "fees").Branch("0001"), "fund-7", "老問題"), "C-1", -7, 0);
  publish(Settled("K-1", events::v1::CASE_OUTCOME_DECLINED, "client", 0), "C-1", -6, 0);
  publish(About(Complained("K-2", "fees").Branch("0001"), "fund-7", "多收手續費"), "C-1", 0, 0);
  publish(About(Complained("K-3", "advice").Branch("0001"), "fund-7", "風險沒有說清楚"), "C-2", 1, 0);
  publish(About(Complained("K-4", "app").Branch("0002"), "margin", "<b>登不進去</b>"), "C-3", 1, 30);
  publish(About(Complained("K-5", "app").Branch("0002"), "margin", ""), "C-4", 2, 0);
  publish(testkit::Acknowledged("K-2"), "C-1", 0, 60);
  publish(testkit::Acknowledged("K-3"), "C-2", 1, 120);
  publish(Settled("K-2", events::v1::CASE_OUTCOME_FULFILLED, "system", 12'000), "C-1", 1, 0);
  publish(Settled("K-3", events::v1::CASE_OUTCOME_PARTLY, "advice", 300'000), "C-2", 3, 0);
  publish(Settled("K-4", events::v1::CASE_OUTCOME_DECLINED, "client", 0), "C-3", 3, 30);
  publish(testkit::Reopened("K-4"), "C-3", 4, 0);
  using testkit::Contacted;
  const auto lasting = [](Draft draft, int seconds) {
    return draft.With(
        [&](Event& event) { event.mutable_contact_recorded()->mutable_duration()->set_seconds(seconds); });
  };
  publish(Contacted(events::v1::CHANNEL_PHONE, events::v1::DIRECTION_INBOUND).Branch("0001"), "C-1", -3, 0);
  for (const int client : {1, 2, 2, 3})
    publish(lasting(Contacted(events::v1::CHANNEL_PHONE, events::v1::DIRECTION_INBOUND).Branch("0001"), client * 60),
            fmt::format("C-{}", client), 1, 10 + client);
  publish(Contacted(events::v1::CHANNEL_APP, events::v1::DIRECTION_OUTBOUND).Branch("0002"), "C-3", 2, 10);
  const auto rated = [](events::v1::SatisfactionScale scale, int score) {
    return Draft().Branch("0001").With([&](Event& event) {
      event.mutable_satisfaction_rated()->set_scale(scale);
      event.mutable_satisfaction_rated()->set_score(score);
    });
  };
  for (const int score : {5, 4, 2}) publish(rated(events::v1::SATISFACTION_SCALE_CSAT, score), "C-1", 2, score);
  for (const int score : {10, 9, 8, 3}) publish(rated(events::v1::SATISFACTION_SCALE_NPS, score), "C-2", 3, score);
  const auto promised = [](const char* id) {
    return Draft().Branch("0001").With([&](Event& event) {
      event.mutable_promise_made()->set_promise_id(id);
      event.mutable_promise_made()->set_owner_id("S-1");
      *event.mutable_promise_made()->mutable_due_at() = ToProto(testkit::Beginning() + absl::Hours(48));
    });
  };
  const auto kept = [](const char* id) {
    return Draft().With([&](Event& event) { event.mutable_promise_kept()->set_promise_id(id); });
  };
  for (const char* id : {"P-1", "P-2", "P-3"}) publish(promised(id), "C-1", 0, 100);
  publish(kept("P-1"), "C-1", 1, 100);
  publish(kept("P-2"), "C-1", 3, 100);
  server.CatchUp();
}

TEST(RunReport, ComplaintsAreAsReviewed) {
  QueryServer server;
  Live(server);
  auto request = Asked("complaints");
  request.set_quotes(2);
  testkit::ExpectGolden("services/query/testdata/report_complaints.txt", Text(MustRun(server, request)));
}

TEST(RunReport, ServiceQualityIsAsReviewed) {
  QueryServer server;
  Live(server);
  testkit::ExpectGolden("services/query/testdata/report_service_quality.txt",
                        Text(MustRun(server, Asked("service_quality"))));
}

TEST(RunReport, ChannelMixIsAsReviewedByDayAndAsAWhole) {
  QueryServer server;
  Live(server);
  auto request = Asked("channel_mix");
  request.set_granularity(query::v1::GRANULARITY_DAY);
  testkit::ExpectGolden("services/query/testdata/report_channel_mix.txt", Text(MustRun(server, request)));
}

int64_t CountBehind(QueryServer& server, const std::string& token) {
  query::v1::ListCellEventsRequest request;
  request.set_cell_token(token);
  request.set_page_size(3);
  int64_t count = 0;
  do {
    Patient context;
    query::v1::ListCellEventsResponse response;
    const auto status = server.statistics->ListCellEvents(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    count += response.events_size();
    request.set_page_token(response.next_page_token());
  } while (!request.page_token().empty());
  return count;
}

// Counts, and the two sides of every share, are as many events as their tokens open, though others have come since.
TEST(RunReport, EveryNumberOpensAndAddsUp) {
  QueryServer server;
  Live(server);
  for (const char* name : {"complaints", "service_quality", "channel_mix"}) {
    auto request = Asked(name, "2026-02-20", "2026-03-15");
    request.set_granularity(query::v1::GRANULARITY_WEEK);
    const Report report = MustRun(server, request);
    server.Publish(testkit::Contacted(events::v1::CHANNEL_PHONE, events::v1::DIRECTION_INBOUND)
                       .Branch("0001")
                       .Client("C-1")
                       .AtMinute(kDay));
    server.Publish(testkit::Complained(fmt::format("K-new-{}", name), "fees").Client("C-1").AtMinute(kDay));
    server.CatchUp();
    int opened = 0;
    for (const auto& table : report.tables()) {
      for (const auto& row : table.rows()) {
        for (int i = 0; i < row.cells_size(); ++i) {
          const ReportCell& cell = row.cells(i);
          SCOPED_TRACE(fmt::format("{} {} {}", name, table.title(), table.columns(i).title()));
          EXPECT_EQ(cell.value_case() == ReportCell::kNumber, !cell.cell_token().empty());
          if (cell.cell_token().empty()) continue;
          const int64_t behind = CountBehind(server, cell.cell_token());
          ++opened;
          if (table.columns(i).title() == "Different clients") continue;
          if (table.columns(i).kind() == query::v1::REPORT_COLUMN_KIND_COUNT) {
            EXPECT_EQ(behind, cell.number());
          }
          if (table.columns(i).kind() != query::v1::REPORT_COLUMN_KIND_SHARE) continue;
          const int64_t whole = CountBehind(server, cell.whole_cell_token());
          EXPECT_EQ((behind * 10'000 + whole / 2) / whole, cell.number());
        }
      }
    }
    EXPECT_GT(opened, 15) << name;
  }
}

// A table's rows as text, from column `first` on.
std::vector<std::string> RowsOf(const query::v1::ReportTable& table, int first) {
  std::vector<std::string> rows;
  for (const auto& row : table.rows()) {
    std::string text;
    for (int i = first; i < row.cells_size(); ++i) text += (i == first ? "" : " ") + Text(row.cells(i));
    rows.push_back(std::move(text));
  }
  return rows;
}

TEST(RunReport, SatisfactionIsByBrokerProductBranchAndChannelAndLoyaltyByYearsAsAClient) {
  QueryServer server;
  const auto rated = [&](const char* client, events::v1::SatisfactionScale scale, int score, const char* staff,
                         const char* product) {
    server.Publish(Draft().Client(client).Branch("0001").AtMinute(kDay).With([&](Event& event) {
      auto& body = *event.mutable_satisfaction_rated();
      body.set_scale(scale);
      body.set_score(score);
      body.set_staff_id(staff);
      body.set_product_id(product);
    }));
  };
  const int kYear = 366 * kDay;
  const std::pair<const char*, int> kClients[] = {{"C-1", -20 * kDay}, {"C-2", -2 * kYear}, {"C-3", -2 * kYear},
                                                  {"C-4", -11 * kYear}, {"C-later", 60 * kDay}};
  for (const auto& [client, minute] : kClients)
    server.Publish(testkit::Registered("Wang").Client(client).Branch("0001").AtMinute(minute));
  using events::v1::SATISFACTION_SCALE_CSAT;
  using events::v1::SATISFACTION_SCALE_NPS;
  rated("C-1", SATISFACTION_SCALE_CSAT, 5, "S-1", "fund");
  rated("C-2", SATISFACTION_SCALE_CSAT, 2, "S-1", "bond");
  rated("C-3", SATISFACTION_SCALE_CSAT, 4, "S-2", "");
  rated("C-2", SATISFACTION_SCALE_NPS, 10, "S-1", "fund");
  rated("C-2", SATISFACTION_SCALE_NPS, 3, "S-2", "fund");
  server.Publish(testkit::StatusChanged(events::v1::CLIENT_STATUS_CLOSED).Client("C-3").AtMinute(3 * kDay));
  server.CatchUp();
  const Report report = MustRun(server, Asked("satisfaction"));
  ASSERT_EQ(report.tables_size(), 5);
  using testing::ElementsAre;
  EXPECT_THAT(RowsOf(report.tables(0), 2), ElementsAre("\"S-1\" 2 * 3500 * 5000 * 1 * 100000 *",
                                                       "\"S-2\" 1 * 4000 * 10000 * 1 * -100000 *"));
  EXPECT_THAT(RowsOf(report.tables(1), 2),
              ElementsAre("\"\" 1 * 4000 * 10000 * 0 * -", "\"bond\" 1 * 2000 * 0 * 0 * -",
                          "\"fund\" 1 * 5000 * 10000 * 2 * 0 *"));
  EXPECT_EQ(report.tables(2).rows_size(), 1);
  EXPECT_THAT(RowsOf(report.tables(4), 0),
              ElementsAre("\"under 1 year\" 1 10000 1 10000 10000", "\"1 to 2 years\" 2 5000 2 5000 5000",
                          "\"3 to 4 years\" 0 - 0 - -", "\"5 to 9 years\" 0 - 0 - -",
                          "\"10 years and more\" 1 10000 0 - 0"));
}

TEST(RunReport, CallBacksProveWhatEachProgrammeReached) {
  QueryServer server;
  const auto publish = [&](const char* programme, events::v1::CallBackSelection selection, int share_bp) {
    server.Publish(Draft().Client("").AtMinute(-400 * kDay).With([&](Event& event) {
      auto& body = *event.mutable_call_back_programme_published();
      body.set_programme(programme);
      body.set_version(1);
      body.set_selection(selection);
      body.set_share_bp(share_bp);
      body.set_within_days(30);
    }));
  };
  publish("new_account", events::v1::CALL_BACK_SELECTION_NEW_ACCOUNT, 0);
  publish("yearly_sample", events::v1::CALL_BACK_SELECTION_YEARLY_SAMPLE, 2500);
  for (int i = 0; i < 8; ++i)
    server.Publish(
        testkit::Registered("Wang").Client(fmt::format("C-{}", i)).Branch(i < 6 ? "0001" : "0002").AtMinute(-300 * kDay));
  server.Publish(testkit::Registered("Wang").Client("C-new").Branch("0001").AtMinute(0));
  const auto planned = [&](const char* id, const char* programme, const char* client) {
    const absl::Time due = testkit::Beginning() + absl::Hours(24 * 20);
    server.Publish(testkit::CallBackPlanned(id, due).Client(client).AtMinute(kDay).With([&](Event& event) {
      auto& code = *event.mutable_call_back_planned()->mutable_programme();
      code.set_scheme("kefu.callback");
      code.set_value(programme);
    }));
  };
  const auto done = [&](const char* id, const char* client, int day, bool independent) {
    server.Publish(testkit::CallBackDone(id).Client(client).AtMinute(day * kDay).With(
        [&](Event& event) { event.mutable_call_back_done()->set_caller_is_independent(independent); }));
  };
  planned("B-new", "new_account", "C-new");
  for (const char* client : {"C-0", "C-1", "C-6"}) planned(client, "yearly_sample", client);
  done("C-0", "C-0", 2, true);
  done("C-1", "C-1", 30, false);
  server.CatchUp();
  const Report report = MustRun(server, Asked("call_backs"));
  // Population, chosen, share of it, done, wanted, reached, whether, late, not independent, cancelled, open.
  using testing::ElementsAre;
  EXPECT_THAT(RowsOf(report.tables(0), 0),
              ElementsAre("\"new_account\" \"2026\" 1 1 10000 0 10000 0 \"no\" 0 0 0 1",
                          "\"yearly_sample\" \"2026\" 8 3 3750 2 2500 2500 \"yes\" 1 1 0 1"));
  auto of_branch = Asked("call_backs", "2025-01-01", "2026-12-31");
  of_branch.set_unit_id("0002");
  EXPECT_THAT(RowsOf(MustRun(server, of_branch).tables(0), 0),
              ElementsAre("\"new_account\" \"2025\" 2 0 0 0 10000 0 \"no\" 0 0 0 0",
                          "\"new_account\" \"2026\" 0 0 - 0 10000 - \"no\" 0 0 0 0",
                          "\"yearly_sample\" \"2025\" 0 0 - 0 2500 - \"no\" 0 0 0 0",
                          "\"yearly_sample\" \"2026\" 2 1 5000 0 2500 0 \"no\" 0 0 0 1"));
}

TEST(RunReport, QuotesAreOfTheNewestComplaintsAndOnlyWhereAskedFor) {
  QueryServer server(1);
  for (int i = 0; i < 30; ++i)
    server.Publish(About(testkit::Complained(fmt::format("K-{}", i), fmt::format("c{}", i % 7)), "p",
                         i == 27 ? "" : fmt::format("words {}", i))
                       .Client("C-1")
                       .AtMinute(i * 100));
  server.CatchUp();
  auto request = Asked("complaints", "2026-03-01", "2026-03-31");
  const Report silent = MustRun(server, request);
  for (const auto& table : silent.tables())
    for (const auto& row : table.rows()) EXPECT_EQ(row.quotes_size(), 0);
  request.set_quotes(3);
  const Report report = MustRun(server, request);
  ASSERT_EQ(report.tables(1).rows_size(), 1);
  std::vector<std::string> words;
  for (const auto& quote : report.tables(1).rows(0).quotes()) words.push_back(quote.text());
  EXPECT_THAT(words, testing::ElementsAre("words 29", "words 28", "words 26"));
}

// The moment asked for is ten days after the beginning.
TEST(RunReport, OpenCasesAreAsReviewed) {
  QueryServer server;
  const auto after = [](int hours) { return testkit::Beginning() + absl::Hours(hours); };
  server.Publish(testkit::Complained("K-1", "fees").Client("C-1").At(after(0)));
  server.Publish(testkit::NextActionSet("K-1", "call_client", "S-1", after(24)).Client("C-1").At(after(1)));
  server.Publish(testkit::ClockStarted("K-1", "firm/acknowledge", after(8)).Client("C-1").At(after(0)));
  server.Publish(testkit::ClockStarted("K-1", "firm/answer", after(24 * 20)).Client("C-1").At(after(0)));
  server.Publish(testkit::Opened("K-2").Client("C-2").At(after(2)));
  server.Publish(testkit::NextActionSet("K-2", "send_answer", "S-2", after(24 * 11)).Client("C-2").At(after(3)));
  server.Publish(testkit::Complained("K-3", "app").Client("C-3").At(after(4)));
  server.Publish(testkit::Resolved("K-3").Client("C-3").At(after(5)));
  server.Publish(testkit::Complained("K-4", "app").Client("C-3").At(after(6)));
  server.CatchUp();
  testkit::ExpectGolden("services/query/testdata/report_open_cases.txt", Text(MustRun(server, Asked("open_cases"))));
}

TEST(RunReport, BadQuestionsAreRefusedByNameAndField) {
  QueryServer server(1);
  struct Bad {
    RunReportRequest request;
    std::string reason, field;
    grpc::StatusCode code = grpc::StatusCode::INVALID_ARGUMENT;
  };
  auto no_granularity = Asked("complaints");
  no_granularity.set_granularity(static_cast<query::v1::Granularity>(99));
  auto many_quotes = Asked("complaints");
  many_quotes.set_quotes(6);
  auto no_time = Asked("complaints");
  no_time.mutable_as_of()->set_nanos(-1);
  auto no_position = Asked("complaints");
  no_position.set_min_position("x");
  auto no_prefix = Asked("complaints");
  no_prefix.set_name("complaints");
  const Bad kBad[] = {
      {Asked("no_such"), "REPORT_NOT_FOUND", "name", grpc::StatusCode::NOT_FOUND},
      {no_prefix, "REPORT_NOT_FOUND", "name", grpc::StatusCode::NOT_FOUND},
      {Asked("complaints", "", "2026-03-01"), "DAY_INVALID", "from_day"},
      {Asked("complaints", "2026-03-02", "2026-03-01"), "DAYS_REVERSED", "from_day"},
      {Asked("channel_mix", "2000-03-02", "2026-03-01"), "DAYS_TOO_MANY", "to_day"},
      {no_granularity, "GRANULARITY_INVALID", "granularity"},
      {many_quotes, "QUOTES_INVALID", "quotes"},
      {no_time, "TIME_INVALID", "as_of"},
      {no_position, "POSITION_INVALID", "min_position"},
  };
  for (const Bad& bad : kBad) {
    SCOPED_TRACE(bad.request.ShortDebugString());
    Report report;
    const auto status = RunIt(server, bad.request, &report);
    ExpectRefused(status, bad.code, bad.reason);
    EXPECT_EQ(FieldOf(rpc::FromGrpc(status)), bad.field);
  }
}

TEST(ListReports, NamesEachReportThatRuns) {
  QueryServer server(1);
  Patient context;
  query::v1::ListReportsResponse response;
  ASSERT_TRUE(server.reports->ListReports(&context, {}, &response).ok());
  EXPECT_EQ(response.reports_size(), 6);
  for (const auto& report : response.reports()) {
    EXPECT_FALSE(report.title().empty());
    EXPECT_FALSE(report.description().empty());
    MustRun(server, Asked(report.name().substr(report.name().find('/') + 1)));
  }
}

}  // namespace
}  // namespace kefu::query

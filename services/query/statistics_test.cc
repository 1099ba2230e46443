// Statistics: figures against the events themselves, every figure opened and counted, bad questions.

#include <map>
#include <set>

#include "services/query/cell_token.h"
#include "services/query/days.h"
#include "services/query/query_testing.h"

namespace kefu::query {
namespace {

using query::v1::GetStatisticsRequest;
using query::v1::GetStatisticsResponse;
using query::v1::ListCellEventsRequest;
using query::v1::StatisticsCell;
using testing::ElementsAre;

GetStatisticsRequest Ask(std::string cube, std::string from, std::string to, std::vector<std::string> group_by = {},
                         std::string filter = {}, query::v1::Granularity granularity = {}) {
  GetStatisticsRequest request;
  request.set_cube(std::move(cube));
  request.set_from_day(std::move(from));
  request.set_to_day(std::move(to));
  for (std::string& name : group_by) request.add_group_by(std::move(name));
  request.set_filter(std::move(filter));
  request.set_granularity(granularity);
  return request;
}

grpc::Status Get(QueryServer& server, const GetStatisticsRequest& request, GetStatisticsResponse* response) {
  Patient context;
  return server.statistics->GetStatistics(&context, request, response);
}

GetStatisticsResponse MustGet(QueryServer& server, const GetStatisticsRequest& request) {
  GetStatisticsResponse response;
  const auto status = Get(server, request, &response);
  EXPECT_TRUE(status.ok()) << status.error_message() << " " << request.ShortDebugString();
  return response;
}

// All pages of a cell's events, as "partition@offset".
std::vector<query::v1::TimelineEntry> EventsOf(QueryServer& server, const std::string& cube, const StatisticsCell& cell,
                                               int page_size) {
  std::vector<query::v1::TimelineEntry> all;
  ListCellEventsRequest request;
  request.set_cube(cube);
  request.set_from_day(cell.from_day());
  request.set_to_day(cell.to_day());
  request.set_filter(cell.filter());
  request.set_page_size(page_size);
  do {
    Patient context;
    query::v1::ListCellEventsResponse response;
    const auto status = server.statistics->ListCellEvents(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message() << " " << request.ShortDebugString();
    if (!status.ok()) return all;
    EXPECT_LE(response.events_size(), page_size);
    all.insert(all.end(), response.events().begin(), response.events().end());
    request.set_page_token(response.next_page_token());
  } while (!request.page_token().empty());
  return all;
}

std::vector<std::string> Lines(const GetStatisticsResponse& response) {
  std::vector<std::string> lines;
  for (const auto& cell : response.cells()) {
    std::string line = cell.from_day() + " " + cell.to_day();
    for (const auto& dimension : cell.dimensions()) line += " " + dimension.dimension() + "=" + dimension.value();
    lines.push_back(line + fmt::format(" {} of {}", cell.count(), cell.clients().estimate()));
  }
  return lines;
}

testkit::Draft Called(int minute, std::string_view client, events::v1::Channel channel = events::v1::CHANNEL_PHONE) {
  auto draft = testkit::Contacted(channel, events::v1::DIRECTION_INBOUND, "fee");
  return draft.Client(client).AtMinute(minute);
}

constexpr int kDay = 24 * 60;

TEST(GetStatistics, RollsDaysAndDimensionsUpOverAllPartitions) {
  QueryServer server(4);
  for (int day : {0, 1, 6, 7, 29, 30})  // Monday 2026-03-02 to 2026-04-01
    for (int client = 0; client < 5; ++client)
      server.Publish(Called(day * kDay, fmt::format("C-{}", client),
                            client < 2 ? events::v1::CHANNEL_APP : events::v1::CHANNEL_PHONE));
  server.CatchUp();
  EXPECT_THAT(Lines(MustGet(server, Ask("contacts", "2026-03-02", "2026-04-30"))),
              ElementsAre("2026-03-02 2026-04-30 30 of 5"));
  EXPECT_THAT(
      Lines(MustGet(server, Ask("contacts", "2026-03-03", "2026-03-09", {}, {}, query::v1::GRANULARITY_DAY))),
      ElementsAre("2026-03-03 2026-03-03 5 of 5", "2026-03-08 2026-03-08 5 of 5", "2026-03-09 2026-03-09 5 of 5"));
  EXPECT_THAT(
      Lines(MustGet(server, Ask("contacts", "2026-03-03", "2026-03-31", {}, {}, query::v1::GRANULARITY_WEEK))),
      ElementsAre("2026-03-03 2026-03-08 10 of 5", "2026-03-09 2026-03-15 5 of 5", "2026-03-30 2026-03-31 5 of 5"));
  EXPECT_THAT(Lines(MustGet(server, Ask("contacts", "2026-01-01", "2026-12-31", {"channel"}, "topic = fee",
                                        query::v1::GRANULARITY_MONTH))),
              ElementsAre("2026-03-01 2026-03-31 channel=app 10 of 2", "2026-03-01 2026-03-31 channel=phone 15 of 3",
                          "2026-04-01 2026-04-30 channel=app 2 of 2", "2026-04-01 2026-04-30 channel=phone 3 of 3"));
  EXPECT_THAT(Lines(MustGet(server, Ask("contacts", "2025-01-01", "2026-12-31", {}, "channel = app",
                                        query::v1::GRANULARITY_QUARTER))),
              ElementsAre("2026-01-01 2026-03-31 10 of 2", "2026-04-01 2026-06-30 2 of 2"));
  EXPECT_EQ(MustGet(server, Ask("contacts", "2026-03-02", "2026-04-30", {"channel"})).total().count(), 30);
}

TEST(GetStatistics, ReadsWhatTheCallerHasWritten) {
  QueryServer server;
  auto request = Ask("contacts", "2026-03-02", "2026-03-02");
  request.set_min_position(server.Publish(Called(0, "C-1")));
  EXPECT_EQ(MustGet(server, request).total().count(), 1);
}

TEST(GetStatistics, ManyClientsAreEstimatedAndDurationsMeasuredAcrossPartitions) {
  QueryServer server(4);
  for (int i = 0; i < 1000; ++i)
    server.Publish(Called(i % 600, fmt::format("C-{}", i)).With([&](events::v1::Event& event) {
      event.mutable_contact_recorded()->mutable_duration()->set_seconds(i + 1);
    }));
  server.CatchUp();
  const auto total = MustGet(server, Ask("contacts", "2026-03-02", "2026-03-02")).total();
  EXPECT_EQ(total.count(), 1000);
  EXPECT_GT(total.clients().standard_error(), 0);
  EXPECT_NEAR(static_cast<double>(total.clients().estimate()), 1000, 4 * 1000 * total.clients().standard_error());
  EXPECT_EQ(total.durations().count(), 1000);
  EXPECT_EQ(total.durations().sum().seconds(), 1000 * 1001 / 2);
  const double bound = total.durations().relative_error();
  EXPECT_NEAR(static_cast<double>(total.durations().p50().seconds()), 500, 500 * bound + 1);
  EXPECT_NEAR(static_cast<double>(total.durations().p90().seconds()), 900, 900 * bound + 1);
  EXPECT_NEAR(static_cast<double>(total.durations().p99().seconds()), 990, 990 * bound + 1);
}

// Every figure, at several groupings and filters, leads to exactly its events: as many, each once, of as many clients,
// and all cells of a grouping together to the total's.
TEST(ListCellEvents, EveryFigureOpensItsEventsAndTheyAddUp) {
  const uint64_t seed = Seed();
  SCOPED_TRACE(fmt::format("KEFU_SEED={}", seed));
  QueryServer server(3);
  server.Live(seed, 3000);
  struct Case {
    GetStatisticsRequest request;
    int page_size;
  };
  const std::string from = "2026-02-28", to = "2026-03-09";
  const Case kCases[] = {
      {Ask("contacts", from, to, {"branch", "channel", "direction", "topic", "outcome"}), 7},
      {Ask("contacts", from, to, {"channel"}, "topic = fee OR topic = margin", query::v1::GRANULARITY_DAY), 100},
      {Ask("cases", from, to, {"step", "kind"}, {}, query::v1::GRANULARITY_WEEK), 13},
      {Ask("cases", from, to, {"branch", "step", "kind", "channel", "category", "outcome", "product"}), 50},
      {Ask("cases", from, to, {"outcome"}, "step = resolved AND NOT category = fees"), 1},
      {Ask("offers", from, to, {"stage"}, "branch:*", query::v1::GRANULARITY_MONTH), 3},
  };
  for (const Case& one : kCases) {
    SCOPED_TRACE(one.request.ShortDebugString());
    const auto response = MustGet(server, one.request);
    EXPECT_GT(response.cells_size(), 1);
    std::set<std::string> seen;
    for (const StatisticsCell& cell : response.cells()) {
      std::set<std::string> clients;
      const auto events = EventsOf(server, one.request.cube(), cell, one.page_size);
      EXPECT_EQ(static_cast<int64_t>(events.size()), cell.count()) << cell.ShortDebugString();
      for (const auto& entry : events) {
        EXPECT_TRUE(seen.insert(fmt::format("{}@{}", entry.partition(), entry.offset())).second);
        EXPECT_EQ(entry.verdict().outcome(), events::v1::VERDICT_OUTCOME_APPLIED);
        clients.insert(entry.event().client_id());
      }
      EXPECT_EQ(static_cast<int64_t>(clients.size()), cell.clients().estimate()) << cell.ShortDebugString();
    }
    EXPECT_EQ(static_cast<int64_t>(seen.size()), response.total().count());
    EXPECT_EQ(static_cast<int64_t>(EventsOf(server, one.request.cube(), response.total(), 1000).size()),
              response.total().count());
  }
}

TEST(GetStatistics, AValueWithQuotesAndStarsCanBeOpened) {
  QueryServer server;
  const std::string odd = "a \"b\" \\ * 手續費";
  server.Publish(testkit::Contacted(events::v1::CHANNEL_PHONE, events::v1::DIRECTION_INBOUND, odd).AtMinute(1));
  server.CatchUp();
  const auto response = MustGet(server, Ask("contacts", "2026-03-02", "2026-03-02", {"topic", "outcome"}));
  ASSERT_EQ(response.cells_size(), 1);
  EXPECT_EQ(response.cells(0).dimensions(0).value(), odd);
  EXPECT_EQ(EventsOf(server, "contacts", response.cells(0), 10).size(), 1u);
}

TEST(GetStatistics, BadQuestionsAreRefusedByNameAndField) {
  QueryServer server(1);
  struct Bad {
    GetStatisticsRequest request;
    std::string reason, field;
  };
  auto no_granularity = Ask("contacts", "2026-03-02", "2026-03-02");
  no_granularity.set_granularity(static_cast<query::v1::Granularity>(77));
  auto no_position = Ask("contacts", "2026-03-02", "2026-03-02");
  no_position.set_min_position("nonsense");
  const Bad kBad[] = {
      {Ask("contact", "2026-03-02", "2026-03-02"), "CUBE_UNKNOWN", "cube"},
      {Ask("", "2026-03-02", "2026-03-02"), "CUBE_UNKNOWN", "cube"},
      {Ask("contacts", "", "2026-03-02"), "DAY_INVALID", "from_day"},
      {Ask("contacts", "2026-02-29", "2026-03-02"), "DAY_INVALID", "from_day"},
      {Ask("contacts", "2026-03-02", "2026-3-2"), "DAY_INVALID", "to_day"},
      {Ask("contacts", "2026-03-02", "-026-03-02"), "DAY_INVALID", "to_day"},
      {Ask("contacts", "2026-03-02", "2026-03-01"), "DAYS_REVERSED", "from_day"},
      {Ask("contacts", "2000-01-01", "2026-03-01"), "DAYS_TOO_MANY", "to_day"},
      {Ask("contacts", "2026-03-02", "2026-03-02", {"step"}), "DIMENSION_UNKNOWN", "group_by"},
      {Ask("contacts", "2026-03-02", "2026-03-02", {"topic", "topic"}), "DIMENSION_TWICE", "group_by"},
      {Ask("contacts", "2026-03-02", "2026-03-02", {}, "step = opened"), "FILTER_FIELD_UNKNOWN", "filter"},
      {Ask("contacts", "2026-03-02", "2026-03-02", {}, "channel ="), "FILTER_INVALID", "filter"},
      {no_granularity, "GRANULARITY_INVALID", "granularity"},
      {no_position, "POSITION_INVALID", "min_position"},
  };
  for (const Bad& bad : kBad) {
    SCOPED_TRACE(bad.request.ShortDebugString());
    GetStatisticsResponse response;
    const auto status = Get(server, bad.request, &response);
    ExpectRefused(status, grpc::StatusCode::INVALID_ARGUMENT, bad.reason);
    EXPECT_EQ(FieldOf(rpc::FromGrpc(status)), bad.field);
  }
}

TEST(ListCellEvents, ATokenIsGoodForItsOwnQuestionOnly) {
  QueryServer server(1);
  for (int i = 0; i < 5; ++i) server.Publish(Called(i, "C-1"));
  server.CatchUp();
  ListCellEventsRequest request;
  request.set_cube("contacts");
  request.set_from_day("2026-03-02");
  request.set_to_day("2026-03-02");
  request.set_page_size(2);
  Patient first_context;
  query::v1::ListCellEventsResponse first;
  ASSERT_TRUE(server.statistics->ListCellEvents(&first_context, request, &first).ok());
  ASSERT_FALSE(first.next_page_token().empty());
  const auto refused = [&](ListCellEventsRequest changed, std::string_view reason) {
    Patient context;
    query::v1::ListCellEventsResponse response;
    ExpectRefused(server.statistics->ListCellEvents(&context, changed, &response), grpc::StatusCode::INVALID_ARGUMENT,
                  reason);
  };
  request.set_page_token(first.next_page_token() + "x");
  refused(request, "PAGE_TOKEN_INVALID");
  request.set_page_token(first.next_page_token());
  request.set_to_day("2026-03-03");
  refused(request, "PAGE_TOKEN_INVALID");
  request.set_to_day("2026-03-02");
  request.set_filter("channel = phone");
  refused(request, "PAGE_TOKEN_INVALID");
  request.set_page_token("");
  request.set_page_size(-1);
  refused(request, "PAGE_SIZE_NEGATIVE");
}

TEST(GetStatistics, ABranchThatNobodyPublishedIsItsOwnUnit) {
  QueryServer server;
  for (const char* branch : {"0001", "0001", "0002", ""}) server.Publish(Called(1, "C-1").Branch(branch));
  server.CatchUp();
  auto request = Ask("contacts", "2026-03-02", "2026-03-02", {"unit"});
  GetStatisticsResponse response;
  ExpectRefused(Get(server, request, &response), grpc::StatusCode::INVALID_ARGUMENT, "DIMENSION_UNKNOWN");
  request.set_unit_level("planet");
  ExpectRefused(Get(server, request, &response), grpc::StatusCode::INVALID_ARGUMENT, "UNIT_LEVEL_UNKNOWN");
  request.set_unit_level("region");
  response = MustGet(server, request);
  EXPECT_THAT(Lines(response),
              ElementsAre("2026-03-02 2026-03-02 unit= 1 of 1", "2026-03-02 2026-03-02 unit=0001 2 of 1",
                          "2026-03-02 2026-03-02 unit=0002 1 of 1"));
  for (const StatisticsCell& cell : response.cells())
    EXPECT_EQ(static_cast<int64_t>(EventsOf(server, "contacts", cell, 10).size()), cell.count());
  request.set_unit_id("0001");
  EXPECT_THAT(Lines(MustGet(server, request)), ElementsAre("2026-03-02 2026-03-02 unit=0001 2 of 1"));
  request.set_unit_id("no such");
  EXPECT_EQ(MustGet(server, request).total().count(), 0);
}

testkit::Draft Published(std::string_view id, std::string_view parent, events::v1::UnitLevel level) {
  return testkit::Draft().Client("").With([&](events::v1::Event& event) {
    event.mutable_broadcast()->set_partitions(1);
    auto& unit = *event.mutable_unit_published();
    unit.set_unit_id(std::string(id));
    unit.set_parent_unit_id(std::string(parent));
    unit.set_level(level);
  });
}

TEST(GetStatistics, BranchesAddUpToUnitsAsTheTreeIsAndATokenKeepsTheTreeItWasMadeWith) {
  QueryServer server(1);
  server.Publish(Published("firm", "", events::v1::UNIT_LEVEL_COMPANY));
  server.Publish(Published("north", "firm", events::v1::UNIT_LEVEL_REGION));
  server.Publish(Published("south", "firm", events::v1::UNIT_LEVEL_REGION));
  server.Publish(Published("0001", "north", events::v1::UNIT_LEVEL_BRANCH));
  server.Publish(Published("0002", "north", events::v1::UNIT_LEVEL_BRANCH));
  server.Publish(Published("0003", "south", events::v1::UNIT_LEVEL_BRANCH));
  for (const char* branch : {"0001", "0002", "0002", "0003", "0099"})
    server.Publish(Called(1, "C-1").Branch(branch));
  server.CatchUp();
  auto request = Ask("contacts", "2026-03-02", "2026-03-02", {"unit"});
  request.set_unit_level("region");
  const auto by_region = MustGet(server, request);
  EXPECT_THAT(Lines(by_region),
              ElementsAre("2026-03-02 2026-03-02 unit=0099 1 of 1", "2026-03-02 2026-03-02 unit=north 3 of 1",
                          "2026-03-02 2026-03-02 unit=south 1 of 1"));
  request.set_unit_id("north");
  EXPECT_THAT(Lines(MustGet(server, request)), ElementsAre("2026-03-02 2026-03-02 unit=north 3 of 1"));
  request.set_unit_id("firm");
  request.set_unit_level("company");
  EXPECT_THAT(Lines(MustGet(server, request)), ElementsAre("2026-03-02 2026-03-02 unit=firm 4 of 1"));
  // A branch moves, and more is counted: the figure of before still opens what it was made of.
  server.Publish(Published("0002", "south", events::v1::UNIT_LEVEL_BRANCH));
  server.Publish(Called(2, "C-2").Branch("0001"));
  server.CatchUp();
  ListCellEventsRequest open;
  open.set_cell_token(by_region.cells(1).cell_token());
  Patient context;
  query::v1::ListCellEventsResponse opened;
  ASSERT_TRUE(server.statistics->ListCellEvents(&context, open, &opened).ok());
  std::vector<std::string> branches;
  for (const auto& entry : opened.events()) branches.push_back(entry.event().branch_id());
  EXPECT_THAT(branches, ElementsAre("0001", "0002", "0002"));
  request.set_unit_id("north");
  request.set_unit_level("region");
  EXPECT_THAT(Lines(MustGet(server, request)), ElementsAre("2026-03-02 2026-03-02 unit=north 2 of 2"));
}

query::v1::ListCellEventsRequest OpenRequest(const StatisticsCell& cell, int page_size = 0) {
  ListCellEventsRequest request;
  request.set_cell_token(cell.cell_token());
  request.set_page_size(page_size);
  return request;
}

TEST(CellToken, ListsWhatWasCountedThenAndPagesGoOn) {
  QueryServer server(3);
  for (int i = 0; i < 20; ++i) server.Publish(Called(i, fmt::format("C-{}", i)));
  server.CatchUp();
  const auto total = MustGet(server, Ask("contacts", "2026-03-02", "2026-03-02", {}, "channel = phone")).total();
  std::set<std::string> listed;
  auto request = OpenRequest(total, 3);
  int more = 0;
  do {
    // Between any two pages.
    server.Publish(Called(1, fmt::format("C-{}", ++more)));
    server.CatchUp();
    Patient context;
    query::v1::ListCellEventsResponse response;
    ASSERT_TRUE(server.statistics->ListCellEvents(&context, request, &response).ok());
    EXPECT_EQ(response.total_size(), request.page_token().empty() ? 20 : 0);
    for (const auto& entry : response.events()) EXPECT_TRUE(listed.insert(entry.event().event_id()).second);
    request.set_page_token(response.next_page_token());
  } while (!request.page_token().empty());
  EXPECT_EQ(listed.size(), 20u);
  EXPECT_EQ(MustGet(server, Ask("contacts", "2026-03-02", "2026-03-02")).total().count(), 20 + more);
}

TEST(CellToken, StandsAloneAndIsSigned) {
  QueryServer server(1);
  server.Publish(Called(1, "C-1"));
  server.CatchUp();
  const auto total = MustGet(server, Ask("contacts", "2026-03-02", "2026-03-02")).total();
  const auto refused = [&](const ListCellEventsRequest& request, std::string_view reason) {
    SCOPED_TRACE(request.ShortDebugString());
    Patient context;
    query::v1::ListCellEventsResponse response;
    ExpectRefused(server.statistics->ListCellEvents(&context, request, &response), grpc::StatusCode::INVALID_ARGUMENT,
                  reason);
  };
  auto request = OpenRequest(total);
  request.set_cube("contacts");
  refused(request, "CELL_TOKEN_NOT_ALONE");
  request = OpenRequest(total);
  request.set_filter("channel = phone");
  refused(request, "CELL_TOKEN_NOT_ALONE");
  for (size_t i = 0; i < total.cell_token().size(); ++i) {
    request = OpenRequest(total);
    char& changed = (*request.mutable_cell_token())[i];
    changed = changed == 'A' ? 'B' : 'A';
    refused(request, "CELL_TOKEN_INVALID");
  }
  // A page token is no cell token, nor the other way round.
  for (int i = 0; i < 3; ++i) server.Publish(Called(i, "C-1"));
  server.CatchUp();
  ListCellEventsRequest plain;
  plain.set_cube("contacts");
  plain.set_from_day("2026-03-02");
  plain.set_to_day("2026-03-02");
  plain.set_page_size(1);
  Patient context;
  query::v1::ListCellEventsResponse first;
  ASSERT_TRUE(server.statistics->ListCellEvents(&context, plain, &first).ok());
  request.set_cell_token(first.next_page_token());
  refused(request, "CELL_TOKEN_INVALID");
  plain.set_page_token(total.cell_token());
  refused(plain, "PAGE_TOKEN_INVALID");
}

TEST(CellToken, SaysWhatWasCountedAndIsOfOneLogAndOneKey) {
  CountedCells counted;
  counted.cells = *ReadCubeCells("cases", "1969-12-31", "1970-03-02", "step = resolved");
  counted.cells.values = {{2, "complaint"}, {8, ""}};
  counted.cells.branches = std::set<std::string>{"", "0001"};
  counted.next_offsets = {7, 0, INT64_MAX};
  counted.count = 12;
  const CellTokens tokens("key", "log-1");
  const std::string token = tokens.Make(counted);
  const auto opened = tokens.Open(token);
  ASSERT_TRUE(opened.ok()) << ToString(opened.status());
  EXPECT_EQ(opened->cells.cube, counted.cells.cube);
  EXPECT_EQ(opened->cells.from_day, -1);
  EXPECT_EQ(opened->cells.filter.normal_form(), counted.cells.filter.normal_form());
  EXPECT_EQ(opened->cells.values, counted.cells.values);
  EXPECT_EQ(opened->cells.branches, counted.cells.branches);
  EXPECT_EQ(opened->next_offsets, counted.next_offsets);
  EXPECT_EQ(opened->count, 12);
  EXPECT_EQ(ReasonOf(CellTokens("key", "log-2").Open(token).status()), "CELL_TOKEN_INVALID");
  EXPECT_EQ(ReasonOf(CellTokens("other", "log-1").Open(token).status()), "CELL_TOKEN_INVALID");
  EXPECT_EQ(ReasonOf(tokens.Open("").status()), "CELL_TOKEN_INVALID");
}

TEST(Days, PeriodsBeginAndEndWhereCalendarsSay) {
  const auto period = [](const char* day, query::v1::Granularity granularity) {
    const int32_t number = *ParseDay(day, "day");
    return DayText(PeriodStart(number, granularity)) + " " + DayText(PeriodEnd(number, granularity));
  };
  EXPECT_EQ(period("2026-03-02", query::v1::GRANULARITY_DAY), "2026-03-02 2026-03-03");
  EXPECT_EQ(period("2026-03-02", query::v1::GRANULARITY_WEEK), "2026-03-02 2026-03-09");
  EXPECT_EQ(period("2026-03-01", query::v1::GRANULARITY_WEEK), "2026-02-23 2026-03-02");
  EXPECT_EQ(period("2024-02-29", query::v1::GRANULARITY_MONTH), "2024-02-01 2024-03-01");
  EXPECT_EQ(period("2026-12-31", query::v1::GRANULARITY_MONTH), "2026-12-01 2027-01-01");
  EXPECT_EQ(period("2026-11-15", query::v1::GRANULARITY_QUARTER), "2026-10-01 2027-01-01");
  EXPECT_EQ(period("1969-12-31", query::v1::GRANULARITY_YEAR), "1969-01-01 1970-01-01");
  EXPECT_EQ(*ParseDay("1970-01-01", "day"), 0);
  EXPECT_EQ(DayText(-1), "1969-12-31");
}

}  // namespace
}  // namespace kefu::query

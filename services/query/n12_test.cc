// Every number opens its events: random questions to every cube, each cell against the events that were counted by
// hand, opened after more events have come. With a control: where one posting is lost, opening finds it.

#include <algorithm>
#include <cmath>
#include <map>
#include <random>
#include <set>

#include "platform/testkit/wide_history.h"
#include "projections/statistics/distinct.h"
#include "projections/statistics/durations.h"
#include "projections/statistics/recount_testing.h"
#include "projections/statistics/statistics.h"
#include "services/query/days.h"
#include "services/query/estimate_clients.h"
#include "services/query/query_testing.h"

namespace kefu::query {
namespace {

using query::v1::GetStatisticsRequest;
using query::v1::GetStatisticsResponse;
using query::v1::StatisticsCell;
using statistics::Recount;
using Line = Recount::Line;

// A filter as text, and what it means to a line.
struct Predicate {
  std::string text;
  std::function<bool(const Line&)> holds = [](const Line&) { return true; };
};

class Questioner {
 public:
  explicit Questioner(uint64_t seed) : random_(seed) {}

  uint64_t Below(uint64_t bound) { return random_() % bound; }
  bool Chance(int percent) { return Below(100) < static_cast<uint64_t>(percent); }

  // Values are taken from lines, so that filters find something.
  Predicate Filter(const statistics::Cube& cube, const std::vector<const Line*>& lines, int depth = 0) {
    if (lines.empty()) return {};
    const std::string name(cube.dimensions[Below(cube.size())].name);
    const std::string value = lines[Below(lines.size())]->Value(name);
    switch (Below(depth < 2 ? 7 : 4)) {
      case 0:
      case 1:
        if (value.empty()) return {name + ":*", [=](const Line& line) { return !line.Value(name).empty(); }};
        return {fmt::format("{} = \"{}\"", name, value), [=](const Line& line) { return line.Value(name) == value; }};
      case 2:
        if (value.empty()) return {"NOT " + name + ":*", [=](const Line& line) { return line.Value(name).empty(); }};
        return {fmt::format("{} != \"{}\"", name, value), [=](const Line& line) { return line.Value(name) != value; }};
      case 3: {
        const std::string part = value.substr(0, 2);
        if (part.empty()) return {};
        return {fmt::format("{} = \"{}*\"", name, part),
                [=](const Line& line) { return line.Value(name).starts_with(part); }};
      }
      case 4: {
        const Predicate a = Filter(cube, lines, depth + 1);
        if (a.text.empty()) return {};
        return {fmt::format("NOT ({})", a.text), [=](const Line& line) { return !a.holds(line); }};
      }
      default: {
        const Predicate a = Filter(cube, lines, depth + 1), b = Filter(cube, lines, depth + 1);
        if (a.text.empty()) return b;
        if (b.text.empty()) return a;
        if (Chance(50))
          return {fmt::format("({}) AND ({})", a.text, b.text),
                  [=](const Line& line) { return a.holds(line) && b.holds(line); }};
        return {fmt::format("(({}) OR ({}))", a.text, b.text),
                [=](const Line& line) { return a.holds(line) || b.holds(line); }};
      }
    }
  }

 private:
  std::mt19937_64 random_;
};

// A server with a history, and the same history counted by hand.
class CountedServer {
 public:
  explicit CountedServer(int32_t partitions, const std::vector<const sdk::Projection*>& projections)
      : server_(partitions, {}, projections) {}

  // Publishes, folds, and counts what was applied.
  void Tell(const std::vector<events::v1::Event>& events) {
    std::vector<std::pair<Partition, Offset>> places;
    for (const auto& event : events) {
      const Partition partition(PartitionForKey(event.client_id(), server_.log().partitions()));
      places.emplace_back(partition, *server_.log().EndOffset(partition));
      server_.Publish(event);
    }
    server_.CatchUp();
    for (size_t i = 0; i < events.size(); ++i) {
      const auto verdict = server_.engine().VerdictAt(places[i].first, places[i].second);
      ASSERT_TRUE(verdict.ok());
      if (verdict->outcome() != events::v1::VERDICT_OUTCOME_APPLIED) continue;
      // A case id that two clients use is two cases, if they live apart.
      Recount& recount = recounts_[places[i].first.value()];
      const size_t before = recount.lines().size();
      recount.Fold(events[i]);
      lines_.insert(lines_.end(), recount.lines().begin() + static_cast<std::ptrdiff_t>(before), recount.lines().end());
    }
  }

  QueryServer& server() { return server_; }
  const std::vector<Line>& lines() const { return lines_; }

 private:
  QueryServer server_;
  // By partition.
  std::map<int32_t, Recount> recounts_;
  std::vector<Line> lines_;
};

struct Question {
  GetStatisticsRequest request;
  Predicate filter;
  GetStatisticsResponse response;
  // By cell: the lines that it counted when it was asked.
  std::vector<std::vector<const Line*>> behind;
};

std::vector<const Line*> LinesOf(const std::vector<Line>& all, size_t known, const std::string& cube) {
  std::vector<const Line*> lines;
  for (size_t i = 0; i < known; ++i)
    if (all[i].cube == cube) lines.push_back(&all[i]);
  return lines;
}

Question Ask(Questioner& random, const statistics::Cube& cube, const std::vector<const Line*>& lines) {
  Question question;
  GetStatisticsRequest& request = question.request;
  request.set_cube(std::string(cube.name));
  int32_t days[2] = {static_cast<int32_t>(lines[random.Below(lines.size())]->day),
                     static_cast<int32_t>(lines[random.Below(lines.size())]->day)};
  std::sort(std::begin(days), std::end(days));
  request.set_from_day(DayText(days[0]));
  request.set_to_day(DayText(days[1]));
  request.set_granularity(static_cast<query::v1::Granularity>(random.Below(6)));
  std::set<std::string> group_by;
  for (uint64_t i = random.Below(4); i > 0; --i)
    group_by.insert(std::string(cube.dimensions[random.Below(cube.size())].name));
  for (const std::string& name : group_by) request.add_group_by(name);
  if (random.Chance(75)) question.filter = random.Filter(cube, lines);
  request.set_filter(question.filter.text);
  return question;
}

// Puts every line of the filter and the days into its cell; false if one has none, or two.
bool Sort(Question& question, const std::vector<const Line*>& lines) {
  std::map<std::pair<std::string, std::vector<std::string>>, size_t> cells;
  for (int i = 0; i < question.response.cells_size(); ++i) {
    const StatisticsCell& cell = question.response.cells(i);
    std::vector<std::string> values;
    for (const auto& dimension : cell.dimensions()) values.push_back(dimension.value());
    for (int32_t day = *ParseDay(cell.from_day(), "x"); day <= *ParseDay(cell.to_day(), "x"); ++day)
      if (!cells.emplace(std::pair(DayText(day), values), i).second) return false;
  }
  question.behind.resize(static_cast<size_t>(question.response.cells_size()));
  for (const Line* line : lines) {
    const std::string day = DayText(static_cast<int32_t>(line->day));
    if (day < question.request.from_day() || day > question.request.to_day() || !question.filter.holds(*line)) continue;
    std::vector<std::string> values;
    for (const std::string& name : question.request.group_by()) values.push_back(line->Value(name));
    const auto found = cells.find({day, values});
    if (found == cells.end()) return false;
    question.behind[found->second].push_back(line);
  }
  return true;
}

int64_t Ms(const google::protobuf::Duration& duration) {
  return duration.seconds() * 1000 + duration.nanos() / 1'000'000;
}

// Every measure of the cell, from the lines alone.
void ExpectNumbers(const StatisticsCell& cell, const std::vector<const Line*>& behind) {
  EXPECT_EQ(cell.count(), static_cast<int64_t>(behind.size()));
  std::set<std::string> clients;
  statistics::DistinctClients sketch;
  std::vector<int64_t> milliseconds;
  std::map<std::string, int64_t> sums;
  for (const Line* line : behind) {
    clients.insert(line->client);
    statistics::AddClient(line->client, &sketch);
    if (line->milliseconds >= 0) milliseconds.push_back(line->milliseconds);
    for (const auto& [name, value] : line->sums) sums[name] += value;
  }
  EXPECT_EQ(cell.clients().estimate(), EstimateClients(sketch));
  if (cell.clients().standard_error() == 0) {
    EXPECT_EQ(cell.clients().estimate(), static_cast<int64_t>(clients.size()));
  }
  EXPECT_LE(std::abs(static_cast<double>(cell.clients().estimate()) - static_cast<double>(clients.size())),
            3 * cell.clients().standard_error() * static_cast<double>(clients.size()));
  for (const auto& sum : cell.sums()) {
    EXPECT_EQ(sum.sum(), sums[sum.name()]) << sum.name();
    sums.erase(sum.name());
  }
  for (const auto& [name, value] : sums) EXPECT_EQ(value, 0) << name;
  EXPECT_EQ(cell.durations().count(), static_cast<int64_t>(milliseconds.size()));
  if (milliseconds.empty()) return;
  std::sort(milliseconds.begin(), milliseconds.end());
  int64_t all = 0;
  for (const int64_t one : milliseconds) all += one;
  EXPECT_EQ(Ms(cell.durations().sum()), all);
  const auto expect_quantile = [&](size_t per_mille, const google::protobuf::Duration& given) {
    const size_t rank = std::max<size_t>((milliseconds.size() * per_mille + 999) / 1000, 1) - 1;
    const auto exact = static_cast<double>(milliseconds[rank]);
    EXPECT_NEAR(static_cast<double>(Ms(given)), exact, exact / 128 + 1) << per_mille;
  };
  expect_quantile(500, cell.durations().p50());
  expect_quantile(900, cell.durations().p90());
  expect_quantile(990, cell.durations().p99());
}

// The event ids behind a token, all pages.
grpc::Status Open(QueryServer& server, const std::string& token, std::vector<std::string>* ids, int64_t* total_size) {
  query::v1::ListCellEventsRequest request;
  request.set_cell_token(token);
  request.set_page_size(1000);
  do {
    Patient context;
    query::v1::ListCellEventsResponse response;
    const auto status = server.statistics->ListCellEvents(&context, request, &response);
    if (!status.ok()) return status;
    if (request.page_token().empty()) *total_size = response.total_size();
    for (const auto& entry : response.events()) ids->push_back(entry.event().event_id());
    request.set_page_token(response.next_page_token());
  } while (!request.page_token().empty());
  return grpc::Status::OK;
}

void ExpectOpens(QueryServer& server, const StatisticsCell& cell, const std::vector<const Line*>& behind) {
  std::vector<std::string> ids, wanted;
  int64_t total_size = -1;
  const auto status = Open(server, cell.cell_token(), &ids, &total_size);
  ASSERT_TRUE(status.ok()) << status.error_message();
  for (const Line* line : behind) wanted.push_back(line->event_id);
  std::sort(ids.begin(), ids.end());
  std::sort(wanted.begin(), wanted.end());
  EXPECT_EQ(ids, wanted);
  EXPECT_EQ(total_size, cell.count());
}

TEST(EveryNumber, IsItsEventsWhateverComesBetweenAskingAndOpening) {
  const uint64_t seed = Seed();
  SCOPED_TRACE(fmt::format("KEFU_SEED={}", seed));
  Questioner random(seed);
  CountedServer counted(3, projections::Catalogue());
  const auto history = testkit::WideHistory({.seed = seed, .clients = 400, .events = 21'000});
  counted.Tell({history.begin(), history.begin() + 20'000});
  // In ten rounds: all cubes are asked, a hundred events come, then cells of what was asked are opened.
  constexpr int kRounds = 10, kQuestions = 10;
  for (int round = 0; round < kRounds; ++round) {
    const size_t known = counted.lines().size();
    std::vector<Question> questions;
    for (const statistics::Cube& cube : statistics::kCubes) {
      const auto lines = LinesOf(counted.lines(), known, std::string(cube.name));
      ASSERT_FALSE(lines.empty()) << cube.name << ": the history has no events for it";
      for (int i = 0; i < kQuestions; ++i) {
        Question question = Ask(random, cube, lines);
        SCOPED_TRACE(question.request.ShortDebugString());
        Patient context;
        const auto status = counted.server().statistics->GetStatistics(&context, question.request, &question.response);
        ASSERT_TRUE(status.ok()) << status.error_message();
        ASSERT_TRUE(Sort(question, lines)) << "an event has no cell of its own";
        std::vector<const Line*> all;
        for (int c = 0; c < question.response.cells_size(); ++c) {
          const auto& behind = question.behind[static_cast<size_t>(c)];
          ExpectNumbers(question.response.cells(c), behind);
          all.insert(all.end(), behind.begin(), behind.end());
        }
        ExpectNumbers(question.response.total(), all);
        if (testing::Test::HasFailure()) return;
        questions.push_back(std::move(question));
      }
    }
    // Lines may move in memory: the ids of what is opened are taken before more come.
    struct Opening {
      StatisticsCell cell;
      std::vector<Line> lines;
      std::string asked;
    };
    std::vector<Opening> openings;
    for (const Question& question : questions) {
      if (question.response.cells().empty()) continue;
      const size_t at = random.Below(static_cast<uint64_t>(question.response.cells_size()));
      Opening one{question.response.cells(static_cast<int>(at)), {}, question.request.ShortDebugString()};
      for (const Line* line : question.behind[at]) one.lines.push_back(*line);
      openings.push_back(std::move(one));
      if (!random.Chance(10)) continue;
      Opening all{question.response.total(), {}, "all of " + question.request.ShortDebugString()};
      for (const auto& behind : question.behind)
        for (const Line* line : behind) all.lines.push_back(*line);
      openings.push_back(std::move(all));
    }
    const auto from = history.begin() + 20'000 + round * 100;
    counted.Tell({from, from + 100});
    for (const Opening& one : openings) {
      SCOPED_TRACE(one.asked);
      std::vector<const Line*> behind;
      for (const Line& line : one.lines) behind.push_back(&line);
      ExpectOpens(counted.server(), one.cell, behind);
      if (testing::Test::HasFailure()) return;
    }
  }
}

// Loses the posting of one event and keeps everything else.
class LossyStage final : public sdk::Stage {
 public:
  explicit LossyStage(sdk::Stage& inner) : inner_(inner) {}
  const sdk::Row* Find(uint8_t table, std::string_view key) override { return inner_.Find(table, key); }
  sdk::Row* Edit(uint8_t table, std::string_view key) override { return inner_.Edit(table, key); }
  void Erase(uint8_t table, std::string_view key) override { inner_.Erase(table, key); }
  std::optional<std::string_view> FindRaw(uint8_t table, std::string_view key) override {
    return inner_.FindRaw(table, key);
  }
  void PutRaw(uint8_t table, std::string_view key, std::string_view value) override {
    if (table != statistics::Postings::kId) inner_.PutRaw(table, key, value);
  }

 private:
  sdk::Stage& inner_;
};

sdk::Outcome LosesOne(const sdk::RecordedEvent& record, sdk::Stage& stage) {
  LossyStage lossy(stage);
  const bool lost = record.event->event_id() == "lost";
  return sdk::Describe<statistics::StatisticsView>().Apply(record, lost ? static_cast<sdk::Stage&>(lossy) : stage);
}

TEST(EveryNumber, ThatHasLostAnEventSaysSoWhenItIsOpened) {
  for (const bool loses : {false, true}) {
    SCOPED_TRACE(loses);
    sdk::Projection faulty = sdk::Describe<statistics::StatisticsView>();
    if (loses) faulty.SetFold(events::v1::Event::kContactRecorded, &LosesOne);
    std::vector<const sdk::Projection*> projections;
    for (const auto* each : projections::Catalogue())
      projections.push_back(each->name == faulty.name ? &faulty : each);
    QueryServer server(1, {}, projections);
    for (const char* id : {"kept-1", "lost", "kept-2"})
      server.Publish(testkit::Contacted(events::v1::CHANNEL_PHONE, events::v1::DIRECTION_INBOUND, "fee")
                         .Id(id)
                         .AtMinute(1));
    server.CatchUp();
    GetStatisticsRequest request;
    request.set_cube("contacts");
    request.set_from_day("2026-01-01");
    request.set_to_day("2027-12-31");
    GetStatisticsResponse response;
    Patient context;
    ASSERT_TRUE(server.statistics->GetStatistics(&context, request, &response).ok());
    EXPECT_EQ(response.total().count(), 3);
    std::vector<std::string> ids;
    int64_t total_size = 0;
    const auto status = Open(server, response.total().cell_token(), &ids, &total_size);
    EXPECT_EQ(status.error_code(), loses ? grpc::StatusCode::DATA_LOSS : grpc::StatusCode::OK)
        << status.error_message();
  }
}

}  // namespace
}  // namespace kefu::query

#include "projections/statistics/statistics.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "platform/testkit/history.h"
#include "platform/testkit/projection_driver.h"
#include "projections/statistics/distinct.h"
#include "projections/statistics/durations.h"

namespace kefu::statistics {
namespace {

using namespace testkit;
using events::v1::Event;
using testing::ElementsAre;
using testing::IsEmpty;

// A cell as text: "cases 2026-… [0001 opened complaint …] 3 events, 2 clients".
class StatisticsTest : public testing::Test {
 protected:
  std::vector<std::string> Lines() {
    std::vector<std::string> lines;
    for (const auto& [key, message] : test_.run().view().Rows("cells")) {
      const auto& cell = static_cast<const Cell&>(*message);
      const std::vector<std::string> parts = Cells::Key::Describe(key);
      std::vector<std::string> said;
      for (size_t i = 1; i < parts.size(); ++i)
        if (!parts[i].empty()) said.push_back(parts[i]);
      lines.push_back(fmt::format("{}: {} of {}", fmt::join(said, " "), cell.count(), cell.clients().hashes_size()));
    }
    return lines;
  }
  size_t PostingCount() { return test_.run().view().RawRows("postings").size(); }

  ProjectionDriver<StatisticsView> test_;
};

// 2026-03-02, the day of Beginning(), in days since 1970.
constexpr int32_t kMonday = 20514;

TEST(StatisticsDay, EndsAtMidnightOfTheBranchesZone) {
  EXPECT_EQ(DayOf(Beginning()), kMonday);
  EXPECT_EQ(DayOf(absl::FromUnixSeconds(0)), 0);
  EXPECT_EQ(DayOf(absl::FromUnixSeconds(-8 * 3600)), 0);
  EXPECT_EQ(DayOf(absl::FromUnixSeconds(-8 * 3600 - 1)), -1);
  EXPECT_EQ(DayOf(absl::FromUnixSeconds(16 * 3600 - 1)), 0);
  EXPECT_EQ(DayOf(absl::FromUnixSeconds(16 * 3600)), 1);
}

TEST(StatisticsCubes, AreWellFormed) {
  std::set<int32_t> ids;
  std::set<Family> families;
  for (const Cube& cube : kCubes) {
    EXPECT_TRUE(ids.insert(cube.id).second);
    EXPECT_TRUE(families.insert(cube.family).second) << "an event would be counted twice";
    EXPECT_EQ(FindCube(cube.name), &cube);
    std::set<std::string_view> names;
    for (size_t i = 0; i < cube.size(); ++i) EXPECT_TRUE(names.insert(cube.dimensions[i].name).second);
  }
  EXPECT_EQ(FindCube("no such"), nullptr);
}

TEST_F(StatisticsTest, ContactsCountByWhatTheySay) {
  test_.Given(Contacted(events::v1::CHANNEL_PHONE, events::v1::DIRECTION_INBOUND, "fee").Branch("0001"),
              Contacted(events::v1::CHANNEL_PHONE, events::v1::DIRECTION_INBOUND, "fee").Branch("0001"),
              Contacted(events::v1::CHANNEL_PHONE, events::v1::DIRECTION_INBOUND, "fee").Branch("0001").Client("C-2"),
              Contacted(events::v1::CHANNEL_APP, events::v1::DIRECTION_OUTBOUND));
  EXPECT_THAT(Lines(), ElementsAre("20514 app outbound: 1 of 1", "20514 0001 phone inbound fee: 3 of 2"));
  EXPECT_EQ(PostingCount(), 4u);
}

TEST_F(StatisticsTest, StepsOfACaseCountUnderWhatTheCaseIsThen) {
  test_.Given(Complained("K-1", "fees").Branch("0001"), Escalated("K-1", "desk").Branch("0009"),
              Reclassified("K-1", events::v1::CASE_PRIORITY_HIGH, "advice"),
              Resolved("K-1", events::v1::CASE_OUTCOME_DECLINED), Reopened("K-1"), Withdrawn("K-1"));
  EXPECT_THAT(Lines(), ElementsAre("20514 0001 escalated complaint phone fees: 1 of 1",
                                   "20514 0001 opened complaint phone fees: 1 of 1",
                                   "20514 0001 reopened complaint phone advice: 1 of 1",
                                   "20514 0001 resolved complaint phone advice declined: 1 of 1",
                                   "20514 0001 withdrawn complaint phone advice: 1 of 1"));
}

TEST_F(StatisticsTest, ADurationRunsFromTheOpening) {
  test_.Given(Opened("K-1").AtMinute(0), Resolved("K-1").AtMinute(90), Closed("K-1").AtMinute(-5));
  std::vector<int64_t> sums;
  for (const auto& [key, message] : test_.run().view().Rows("cells"))
    sums.push_back(static_cast<const Cell&>(*message).durations().sum_milliseconds());
  std::sort(sums.begin(), sums.end());
  EXPECT_THAT(sums, ElementsAre(0, 0, 90 * 60 * 1000)) << "of what ended before it began there is none";
}

TEST_F(StatisticsTest, AContactsLengthMayBeAnything) {
  const auto lasting = [](int64_t seconds) {
    return Contacted(events::v1::CHANNEL_PHONE, events::v1::DIRECTION_INBOUND).With([=](Event& event) {
      event.mutable_contact_recorded()->mutable_duration()->set_seconds(seconds);
    });
  };
  test_.Given(lasting(60), lasting(315'576'000'000), lasting(-7));
  const auto cell = test_.run().view().Rows("cells");
  ASSERT_EQ(cell.size(), 1u);
  const auto& durations = static_cast<const Cell&>(*cell.front().second).durations();
  EXPECT_EQ(CountOf(durations), 2);
  EXPECT_EQ(durations.sum_milliseconds(), 60'000 + kLongestMilliseconds);
}

TEST_F(StatisticsTest, WhatIsRefusedOrDuplicateDoesNotCount) {
  test_.Given(Opened("K-1").Id("one").AtMinute(0))
      .When(Opened("K-1"), Opened("K-1").Id("one").AtMinute(0), Closed("K-9"))
      .Then(Refused("case_exists"), Duplicate(), Refused("case_unknown"));
  EXPECT_EQ(PostingCount(), 1u);
}

TEST_F(StatisticsTest, LongAndEverNewValuesCountAsOther) {
  const auto about = [](const std::string& topic) {
    return Contacted(events::v1::CHANNEL_PHONE, events::v1::DIRECTION_INBOUND, topic);
  };
  test_.Given(about(std::string(kMostValueBytes + 1, 'x')), about(std::string(kMostValueBytes, 'y')));
  EXPECT_THAT(Lines(), ElementsAre("20514 phone inbound other: 1 of 1",
                                   "20514 phone inbound " + std::string(kMostValueBytes, 'y') + ": 1 of 1"));
  ProjectionDriver<StatisticsView> many;
  for (int i = 0; i < kMostValues + 20; ++i) many.Given(about(fmt::format("t{}", i)).AtMinute(1));
  many.Given(about("t3").AtMinute(1).Id("known"));
  int64_t other = 0, all = 0, known = 0;
  for (const auto& [key, message] : many.run().view().Rows("cells")) {
    const int64_t count = static_cast<const Cell&>(*message).count();
    const std::string topic = Cells::Key::Describe(key)[5];
    all += count;
    if (topic == kOther) other += count;
    if (topic == "t3") known += count;
  }
  EXPECT_EQ(all, kMostValues + 21);
  EXPECT_EQ(other, 20);
  EXPECT_EQ(known, 2);
}

// The same counted by hand, from the events and nothing of the view.
struct Plain {
  int64_t count = 0;
  std::set<std::string> clients;
  std::vector<int64_t> milliseconds;
};

std::string Short(const std::string& name, size_t prefix) {
  std::string word = name.substr(prefix);
  std::transform(word.begin(), word.end(), word.begin(), [](unsigned char c) { return std::tolower(c); });
  return word == "unspecified" ? "" : word;
}

struct PlainCase {
  std::string branch, kind, channel, category;
  int64_t opened = 0;
};

class ByHand {
 public:
  void Fold(const Event& event) {
    const int64_t at = event.occurred_at().seconds();
    if (event.has_contact_recorded()) {
      const auto& body = event.contact_recorded();
      Add(event, 1,
          {event.branch_id(), Short(Channel_Name(body.channel()), 8), Short(Direction_Name(body.direction()), 10),
           body.topic().value(), body.outcome().value()},
          body.has_duration() ? body.duration().seconds() : -1);
    } else if (event.has_offer_progressed()) {
      Add(event, 3,
          {event.branch_id(), Short(OfferStage_Name(event.offer_progressed().stage()), 12),
           event.offer_progressed().product_id()},
          -1);
    } else if (event.has_complaint_received() || event.has_service_request_opened()) {
      const bool complaint = event.has_complaint_received();
      const auto& opening = complaint ? event.complaint_received().opening() : event.service_request_opened().opening();
      const auto& id = complaint ? event.complaint_received().case_id() : event.service_request_opened().case_id();
      cases_[id] = {event.branch_id(), complaint ? "complaint" : "request", Short(Channel_Name(opening.channel()), 8),
                    opening.category().value(), at};
      AddStep(event, id, "opened", "", false);
    } else if (event.has_case_reclassified()) {
      if (!event.case_reclassified().category().value().empty())
        cases_[event.case_reclassified().case_id()].category = event.case_reclassified().category().value();
    } else if (event.has_case_resolved()) {
      AddStep(event, event.case_resolved().case_id(), "resolved",
              Short(CaseOutcome_Name(event.case_resolved().outcome()), 13), true);
    } else if (event.has_case_acknowledged()) {
      AddStep(event, event.case_acknowledged().case_id(), "acknowledged", "", true);
    } else if (event.has_case_escalated()) {
      AddStep(event, event.case_escalated().case_id(), "escalated", "", true);
    } else if (event.has_case_closed()) {
      AddStep(event, event.case_closed().case_id(), "closed", "", true);
    } else if (event.has_case_reopened()) {
      AddStep(event, event.case_reopened().case_id(), "reopened", "", true);
    } else if (event.has_case_withdrawn()) {
      AddStep(event, event.case_withdrawn().case_id(), "withdrawn", "", true);
    }
  }
  const std::map<std::vector<std::string>, Plain>& cells() const { return cells_; }

 private:
  void AddStep(const Event& event, const std::string& id, const std::string& step, const std::string& outcome,
               bool timed) {
    const PlainCase& one = cases_[id];
    Add(event, 2,
        {one.branch.empty() ? event.branch_id() : one.branch, step, one.kind, one.channel, one.category, outcome, ""},
        timed ? event.occurred_at().seconds() - one.opened : -1);
  }
  void Add(const Event& event, int cube, std::vector<std::string> values, int64_t seconds) {
    const int64_t day = (event.occurred_at().seconds() + 8 * 3600) / 86400;
    std::vector<std::string> key{std::to_string(cube), std::to_string(day)};
    values.resize(7);
    key.insert(key.end(), values.begin(), values.end());
    Plain& cell = cells_[key];
    ++cell.count;
    cell.clients.insert(event.client_id());
    if (seconds >= 0) cell.milliseconds.push_back(seconds * 1000);
  }
  std::map<std::string, PlainCase> cases_;
  std::map<std::vector<std::string>, Plain> cells_;
};

TEST(StatisticsProperty, CellsAreWhatCountingByHandGivesAndPostingsAddUp) {
  for (const uint64_t seed : {41, 42, 43}) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    ProjectionDriver<StatisticsView> test;
    const auto history = RandomHistory({.seed = seed, .clients = 60, .events = 2500});
    const auto verdicts = test.Play(history);
    ByHand plain;
    for (size_t i = 0; i < history.size(); ++i)
      if (verdicts[i].outcome() == events::v1::VERDICT_OUTCOME_APPLIED) plain.Fold(history[i]);
    EXPECT_THAT(test.run().parked(), IsEmpty());
    std::map<std::vector<std::string>, int64_t> postings;
    for (const auto& [key, client] : test.run().view().RawRows("postings")) {
      std::vector<std::string> parts = Postings::Key::Describe(key);
      parts.pop_back();
      ++postings[parts];
    }
    const auto rows = test.run().view().Rows("cells");
    ASSERT_EQ(rows.size(), plain.cells().size());
    ASSERT_EQ(rows.size(), postings.size());
    for (const auto& [key, message] : rows) {
      const std::vector<std::string> parts = Cells::Key::Describe(key);
      SCOPED_TRACE(fmt::format("{}", fmt::join(parts, " ")));
      const auto& cell = static_cast<const Cell&>(*message);
      ASSERT_TRUE(plain.cells().contains(parts));
      Plain wanted = plain.cells().at(parts);
      EXPECT_EQ(cell.count(), wanted.count);
      EXPECT_EQ(cell.count(), postings[parts]);
      ASSERT_LE(wanted.clients.size(), static_cast<size_t>(kExactClients));
      EXPECT_EQ(cell.clients().hashes_size(), static_cast<int>(wanted.clients.size()));
      EXPECT_EQ(CountOf(cell.durations()), static_cast<int64_t>(wanted.milliseconds.size()));
      if (wanted.milliseconds.empty()) continue;
      std::sort(wanted.milliseconds.begin(), wanted.milliseconds.end());
      const auto median = static_cast<double>(wanted.milliseconds[(wanted.milliseconds.size() - 1) / 2]);
      EXPECT_NEAR(static_cast<double>(QuantileMilliseconds(cell.durations(), 500)), median,
                  median * kDurationsErrorPerMille / 1000);
    }
  }
}

}  // namespace
}  // namespace kefu::statistics

#include "projections/subscription/subscription.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <random>
#include <set>
#include <sstream>

#include "platform/base/time.h"
#include "platform/testkit/events.h"
#include "platform/testkit/golden.h"
#include "platform/testkit/view_run.h"

namespace kefu::subscription {
namespace {

using namespace testkit;
using events::v1::Channel;
using events::v1::Event;
using testing::ElementsAre;
using testing::IsEmpty;

absl::Time Minute(int minute) { return Beginning() + absl::Minutes(minute); }

// The product of testdata/steps.txt.
ServiceProductPublished Plan(std::string_view product_id = "P-1", int32_t version = 1) {
  ServiceProductPublished product;
  product.set_product_id(std::string(product_id));
  product.set_version(version);
  product.set_name("理財規劃" + std::string(product_id));
  product.set_kind(events::v1::PRODUCT_KIND_SERVICE);
  product.set_risk(events::v1::RISK_LEVEL_R1);
  product.add_channels(events::v1::CHANNEL_PHONE);
  product.add_channels(events::v1::CHANNEL_VISIT);
  const auto add = [&](const char* id, int within, Channel channel) {
    auto& step = *product.add_steps();
    step.set_step_id(id);
    step.set_within_minutes(within);
    if (channel != events::v1::CHANNEL_UNSPECIFIED) step.add_channels(channel);
  };
  add("welcome", 60, events::v1::CHANNEL_PHONE);
  add("plan", 120, events::v1::CHANNEL_UNSPECIFIED);
  add("review", 0, events::v1::CHANNEL_VISIT);
  return product;
}

Draft Published(const ServiceProductPublished& product) {
  return Draft().Client("").AtMinute(0).With([&](Event& event) {
    event.mutable_broadcast()->set_partitions(1);
    *event.mutable_service_product_published() = product;
  });
}

Draft Subscribed(std::string_view id, std::string_view product_id = "P-1") {
  return Draft().AtMinute(0).With([&](Event& event) {
    event.mutable_service_subscribed()->set_subscription_id(std::string(id));
    event.mutable_service_subscribed()->set_product_id(std::string(product_id));
  });
}

Draft Delivered(std::string_view id, std::string_view step, Channel channel = events::v1::CHANNEL_PHONE) {
  return Draft().With([&](Event& event) {
    auto& body = *event.mutable_service_delivered();
    body.set_subscription_id(std::string(id));
    body.set_step_id(std::string(step));
    body.set_channel(channel);
  });
}

Draft Ended(std::string_view id, std::string_view cause = "") {
  return Draft().With([&](Event& event) {
    event.mutable_service_ended()->set_subscription_id(std::string(id));
    if (!cause.empty()) event.mutable_service_ended()->mutable_cause()->set_value(std::string(cause));
  });
}

events::v1::Verdict Passed() {
  events::v1::Verdict verdict;
  verdict.set_outcome(events::v1::VERDICT_OUTCOME_APPLIED);
  return verdict;
}

// The view alone, of events that admission let through: what may follow what is tested there. When it ends, the same
// events are folded from zero with a restart after each, and must give the same rows.
class Folded {
 public:
  ~Folded() {
    ViewRun again(sdk::Describe<SubscriptionView>());
    for (const Delivery& delivery : deliveries_) {
      again.Fold(delivery, Passed());
      again.Restart();
    }
    EXPECT_EQ(run_.Dump(), again.Dump()) << "the rows differ when folded with restarts";
  }

  Folded& Fold(const Event& event) {
    Delivery delivery{event, {}, Offset(static_cast<int64_t>(deliveries_.size())), Beginning(), Partition(0)};
    delivery.bytes = Recorded(event, Beginning());
    run_.Fold(delivery, Passed());
    deliveries_.push_back(std::move(delivery));
    return *this;
  }
  template <class... Drafts>
  Folded& Given(const Drafts&... drafts) {
    (Fold(Finish(drafts, static_cast<int64_t>(deliveries_.size()))), ...);
    return *this;
  }
  Subscription Row(const std::string& id) {
    const auto row = run_.view().Render(Subscriptions::kId, codec::Key(id));
    return row == nullptr ? Subscription() : static_cast<const Subscription&>(*row);
  }
  ViewRun& run() { return run_; }

 private:
  ViewRun run_{sdk::Describe<SubscriptionView>()};
  std::vector<Delivery> deliveries_;
};

TEST(Subscription, AClientTakesAProductAndItsFirstStepIsDue) {
  Folded test;
  test.Given(Published(Plan("P-1", 3)), Subscribed("B-1").Client("C-7").Branch("0001").AtMinute(5).With([](Event& event) {
    event.mutable_service_subscribed()->set_bundle_id("gold");
    event.mutable_service_subscribed()->set_staff_id("S-7");
  }));
  const Subscription row = test.Row("B-1");
  EXPECT_EQ(row.name(), "clients/C-7/subscriptions/B-1");
  EXPECT_EQ(row.client_id(), "C-7");
  EXPECT_EQ(row.product_id(), "P-1");
  EXPECT_EQ(row.product_version(), 3);
  EXPECT_EQ(row.bundle_id(), "gold");
  EXPECT_EQ(row.staff_id(), "S-7");
  EXPECT_EQ(row.branch_id(), "0001");
  EXPECT_EQ(row.state(), query::v1::SUBSCRIPTION_STATE_ACTIVE);
  EXPECT_EQ(FromProto(row.subscribed_at()), Minute(5));
  EXPECT_EQ(row.next_step_id(), "welcome");
  EXPECT_EQ(FromProto(row.next_due_at()), Minute(65));
  EXPECT_EQ(row.deviations(), 0);
}

TEST(Subscription, AProductWithoutStepsHasNothingDue) {
  ServiceProductPublished fund = Plan();
  fund.set_kind(events::v1::PRODUCT_KIND_INSTRUMENT);
  fund.clear_steps();
  Folded test;
  test.Given(Published(fund), Subscribed("B-1"));
  EXPECT_EQ(test.Row("B-1").next_step_id(), "");
  EXPECT_FALSE(test.Row("B-1").has_next_due_at());
}

TEST(Subscription, WhatWasDoneIsKeptWithWhoDidItAndWhen) {
  Folded test;
  test.Given(Published(Plan()), Subscribed("B-1"), Delivered("B-1", "welcome").AtMinute(10).Id("w").With([](Event& event) {
    event.mutable_service_delivered()->set_staff_id("S-9");
  }));
  ASSERT_EQ(test.Row("B-1").steps_size(), 1);
  const auto step = test.Row("B-1").steps(0);
  EXPECT_EQ(step.step_id(), "welcome");
  EXPECT_EQ(step.staff_id(), "S-9");
  EXPECT_EQ(step.event_id(), "w");
  EXPECT_EQ(step.channel(), events::v1::CHANNEL_PHONE);
  EXPECT_EQ(FromProto(step.at()), Minute(10));
}

TEST(Subscription, OfManyStepsTheLatestAreKeptAndAllAreCounted) {
  Folded test;
  test.Given(Published(Plan()), Subscribed("B-1"), Delivered("B-1", "welcome"));
  for (int i = 0; i < kStepsKept; ++i) test.Given(Delivered("B-1", "plan").Id("plan-" + std::to_string(i)));
  const Subscription row = test.Row("B-1");
  ASSERT_EQ(row.steps_size(), kStepsKept);
  EXPECT_EQ(row.steps(0).event_id(), "plan-0") << "the oldest went";
  EXPECT_EQ(row.step_count(), kStepsKept + 1);
  EXPECT_EQ(row.next_step_id(), "review") << "what went is not forgotten to be done";
  EXPECT_THAT(row.done_step_ids(), ElementsAre("welcome", "plan"));
}

TEST(Subscription, EndedItKeepsWhatWasDoneAndNothingIsDue) {
  Folded test;
  test.Given(Published(Plan()), Subscribed("B-1"), Delivered("B-1", "welcome").AtMinute(9),
             Ended("B-1", "client_wish").AtMinute(30));
  const Subscription row = test.Row("B-1");
  EXPECT_EQ(row.state(), query::v1::SUBSCRIPTION_STATE_ENDED);
  EXPECT_EQ(FromProto(row.ended_at()), Minute(30));
  EXPECT_EQ(row.cause().value(), "client_wish");
  EXPECT_EQ(row.next_step_id(), "");
  EXPECT_FALSE(row.has_next_due_at());
  EXPECT_EQ(row.steps_size(), 1);
}

TEST(Subscription, ANewVersionOfTheProcessHoldsFromTheNextStepOn) {
  ServiceProductPublished shorter = Plan("P-1", 2);
  shorter.mutable_steps()->DeleteSubrange(1, 1);
  shorter.mutable_steps(1)->set_within_minutes(30);
  Folded test;
  test.Given(Published(Plan()), Subscribed("B-1"), Published(shorter), Subscribed("B-2"));
  EXPECT_EQ(test.Row("B-1").product_version(), 1);
  EXPECT_EQ(test.Row("B-2").product_version(), 2);
  test.Given(Delivered("B-1", "welcome").AtMinute(10));
  EXPECT_EQ(test.Row("B-1").next_step_id(), "review");
  EXPECT_EQ(FromProto(test.Row("B-1").next_due_at()), Minute(40));
}

TEST(Subscription, EachStandsInTheOrderOfItsDateUnderClientProductAndState) {
  Folded test;
  test.Given(Published(Plan("P-1")), Published(Plan("P-2")), Subscribed("B-1").AtMinute(30),
             Subscribed("B-2", "P-2").AtMinute(0), Subscribed("B-3").Client("C-2").AtMinute(10),
             Delivered("B-3", "welcome").AtMinute(20), Subscribed("B-4").AtMinute(1), Ended("B-4").AtMinute(2));
  EXPECT_THAT(test.run().view().IndexLines("by_due"),
              ElementsAre("1, 2026-03-02T02:00:00Z, B-2", "1, 2026-03-02T02:30:00Z, B-1", "1, 2026-03-02T03:20:00Z, B-3",
                          "2, 2026-03-02T01:01:00Z, B-4"))
      << "B-4 has nothing due and stands where it was subscribed";
  EXPECT_THAT(test.run().view().IndexLines("by_client"),
              ElementsAre("C-1, 1, 2026-03-02T02:00:00Z, B-2", "C-1, 1, 2026-03-02T02:30:00Z, B-1",
                          "C-1, 2, 2026-03-02T01:01:00Z, B-4", "C-2, 1, 2026-03-02T03:20:00Z, B-3"));
  EXPECT_THAT(test.run().view().IndexLines("by_product"),
              ElementsAre("P-1, 1, 2026-03-02T02:30:00Z, B-1", "P-1, 1, 2026-03-02T03:20:00Z, B-3",
                          "P-1, 2, 2026-03-02T01:01:00Z, B-4", "P-2, 1, 2026-03-02T02:00:00Z, B-2"));
}

TEST(Subscription, WhatTheViewLostIsParked) {
  for (const auto& [draft, reason] : std::vector<std::pair<Draft, std::string>>{
           {Subscribed("B-1", "P-9"), "product_unknown"},
           {Delivered("B-1", "welcome"), "subscription_unknown"},
           {Ended("B-1"), "subscription_unknown"}}) {
    Folded test;
    test.Given(draft);
    ASSERT_EQ(test.run().parked().count("C-1"), 1u);
    EXPECT_EQ(test.run().parked().at("C-1").reason, reason);
    EXPECT_THAT(test.run().view().Rows("subscriptions"), IsEmpty());
  }
}

Channel ChannelOf(const std::string& word) {
  static const std::map<std::string, Channel> channels = {{"phone", events::v1::CHANNEL_PHONE},
                                                          {"visit", events::v1::CHANNEL_VISIT},
                                                          {"email", events::v1::CHANNEL_EMAIL},
                                                          {"none", events::v1::CHANNEL_UNSPECIFIED}};
  return channels.at(word);
}

std::string Marks(const query::v1::DeliveredStep& step) {
  std::string marks;
  if (step.out_of_order()) marks += 'o';
  if (step.late()) marks += 'l';
  if (step.other_channel()) marks += 'c';
  return marks.empty() ? "." : marks;
}

std::vector<std::string> WordsOf(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

TEST(SubscriptionSteps, OrderTimeAndChannelAreJudgedAsTheTableSays) {
  std::ifstream file("projections/subscription/testdata/steps.txt");
  ASSERT_TRUE(file.is_open()) << "run from the top of the checkout";
  int rows = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#') continue;
    SCOPED_TRACE(line);
    ++rows;
    std::vector<std::vector<std::string>> cells;
    std::istringstream in(line);
    for (std::string cell; std::getline(in, cell, '|');) cells.push_back(WordsOf(cell));
    ASSERT_EQ(cells.size(), 5u);
    Folded test;
    test.Given(Published(Plan()), Subscribed("B-1"));
    const bool none = cells[0] == std::vector<std::string>{"-"};
    if (!none) {
      for (const std::string& word : cells[0]) {
        const size_t at = word.find('@'), slash = word.find('/');
        ASSERT_NE(slash, word.npos) << word;
        test.Given(Delivered("B-1", word.substr(0, at), ChannelOf(word.substr(slash + 1)))
                       .AtMinute(std::stoi(word.substr(at + 1, slash - at - 1))));
      }
    }
    const Subscription row = test.Row("B-1");
    std::vector<std::string> marks;
    for (const auto& step : row.steps()) marks.push_back(Marks(step));
    if (marks.empty()) marks.push_back("-");
    EXPECT_EQ(marks, cells[1]);
    EXPECT_EQ(row.next_step_id().empty() ? "-" : row.next_step_id(), cells[2][0]);
    EXPECT_EQ(row.has_next_due_at()
                  ? std::to_string(absl::ToInt64Minutes(FromProto(row.next_due_at()) - Beginning()))
                  : "-",
              cells[3][0]);
    EXPECT_EQ(std::to_string(row.deviations()), cells[4][0]);
  }
  EXPECT_GE(rows, 20);
}

// Products with a few steps, subscriptions of several clients, steps in any order at any time.
std::vector<Event> History(uint64_t seed, int events) {
  std::mt19937_64 random(seed);
  const auto below = [&](int n) { return static_cast<int>(random() % static_cast<uint64_t>(n)); };
  std::vector<Event> history;
  const auto add = [&](const Draft& draft) { history.push_back(Finish(draft, static_cast<int64_t>(history.size()))); };
  for (const char* product : {"P-1", "P-2", "P-3"}) add(Published(Plan(product)));
  int subscriptions = 0;
  std::map<int, std::string> active;  // by number: the client
  while (static_cast<int>(history.size()) < events) {
    const int what = below(10);
    if (active.empty() || what < 3) {
      const std::string client = fmt::format("C-{}", below(5));
      add(Subscribed(fmt::format("B-{}", subscriptions), fmt::format("P-{}", 1 + below(3)))
              .Client(client).AtMinute(below(2000)));
      active[subscriptions++] = client;
    } else {
      const auto one = std::next(active.begin(), below(static_cast<int>(active.size())));
      const std::string id = fmt::format("B-{}", one->first);
      if (what < 9) {
        const char* steps[] = {"welcome", "plan", "review"};
        const Channel channels[] = {events::v1::CHANNEL_PHONE, events::v1::CHANNEL_VISIT, events::v1::CHANNEL_EMAIL};
        add(Delivered(id, steps[below(3)], channels[below(3)]).Client(one->second).AtMinute(below(2000)));
      } else {
        add(Ended(id).Client(one->second).AtMinute(below(2000)));
        active.erase(one);
      }
    }
  }
  return history;
}

TEST(SubscriptionProperty, RowsAreWhatCountingByHandGives) {
  for (const uint64_t seed : {41, 42, 43}) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    const auto history = History(seed, 400);
    Folded test;
    for (const Event& event : history) test.Fold(event);
    EXPECT_THAT(test.run().parked(), IsEmpty());
    // The steps of each subscription, in the order of the log.
    std::map<std::string, std::vector<const Event*>> plain;
    for (const Event& event : history) {
      if (event.has_service_subscribed()) plain[event.service_subscribed().subscription_id()].push_back(&event);
      if (event.has_service_delivered()) plain[event.service_delivered().subscription_id()].push_back(&event);
      if (event.has_service_ended()) plain[event.service_ended().subscription_id()].push_back(&event);
    }
    ASSERT_EQ(test.run().view().Rows("subscriptions").size(), plain.size());
    const std::vector<std::string> process = {"welcome", "plan", "review"};
    const int within[] = {60, 120, 0};
    int64_t deviated = 0, followed = 0;
    std::vector<std::string> active;
    for (const auto& [id, events] : plain) {
      SCOPED_TRACE(id);
      std::set<std::string> done;
      absl::Time since = FromProto(events[0]->occurred_at());
      size_t next = 0;
      int deviations = 0, steps = 0;
      bool ended = false;
      for (const Event* event : events) {
        ended = event->has_service_ended();
        if (!event->has_service_delivered()) continue;
        const auto& body = event->service_delivered();
        ++steps;
        const absl::Time at = FromProto(event->occurred_at());
        bool deviates = false;
        if (next < process.size()) {
          if (body.step_id() != process[next])
            deviates = true;
          else if (within[next] > 0 && at > since + absl::Minutes(within[next]))
            deviates = true;
        }
        if (body.channel() == events::v1::CHANNEL_EMAIL) deviates = true;
        if (body.step_id() == "welcome" && body.channel() != events::v1::CHANNEL_PHONE) deviates = true;
        if (body.step_id() == "review" && body.channel() != events::v1::CHANNEL_VISIT) deviates = true;
        deviations += deviates;
        done.insert(body.step_id());
        const size_t before = next;
        while (next < process.size() && done.contains(process[next])) ++next;
        if (next != before) since = at;
      }
      const Subscription row = test.Row(id);
      EXPECT_EQ(row.step_count(), steps);
      EXPECT_EQ(row.deviations(), deviations);
      EXPECT_EQ(row.state() == query::v1::SUBSCRIPTION_STATE_ENDED, ended);
      const bool due = !ended && next < process.size();
      EXPECT_EQ(row.next_step_id(), due ? process[next] : "");
      ASSERT_EQ(row.has_next_due_at(), due && within[next] > 0);
      if (row.has_next_due_at()) {
        EXPECT_EQ(FromProto(row.next_due_at()), since + absl::Minutes(within[next]));
      }
      (deviations > 0 ? deviated : followed) += 1;
      active.push_back(fmt::format("{}, {}, {}", ended ? 2 : 1, FormatRfc3339(DateOf(row)), id));
    }
    EXPECT_GT(deviated, 0);
    EXPECT_GT(followed, 0);
    EXPECT_THAT(test.run().view().IndexLines("by_due"), testing::UnorderedElementsAreArray(active));
  }
}

TEST(Subscription, GoldenDump) {
  Folded test;
  for (const Event& event : History(5, 40)) test.Fold(event);
  ExpectGolden("projections/subscription/golden/subscription.txt", test.run().Dump());
}

}  // namespace
}  // namespace kefu::subscription

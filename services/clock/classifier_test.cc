#include "services/clock/classifier.h"

#include <map>
#include <mutex>

#include "kefu/query/v1/segment.pb.h"
#include "platform/base/reason.h"
#include "platform/testkit/view_run.h"
#include "projections/activity/activity.h"
#include "projections/activity/classify.h"
#include "projections/segment/segment.h"
#include "services/clock/duty_testing.h"

namespace kefu::duties {
namespace {

using events::v1::Event;
using events::v1::SegmentRulesPublished;
using testkit::MemoryLog;

constexpr int32_t kPartitions = 3;
constexpr int kClients = 40;

// "rare" below `limit` trades in three months, else "often".
SegmentRulesPublished Frequency(int32_t version, int64_t limit) {
  SegmentRulesPublished rules;
  rules.set_scheme("trading_frequency");
  rules.set_version(version);
  auto& rare = *rules.add_rules();
  rare.set_segment("rare");
  auto& less = *rare.mutable_condition()->mutable_operation();
  less.set_operator_(events::v1::OPERATOR_LESS);
  less.add_operands()->set_fact(events::v1::CLIENT_FACT_TRADES_3M);
  less.add_operands()->set_constant(limit);
  auto& often = *rules.add_rules();
  often.set_segment("often");
  often.mutable_condition()->set_constant(1);
  return rules;
}

class ClassifierTest : public testing::Test {
 protected:
  ClassifierTest() : log_(kPartitions), node_(std::make_unique<Node>(log_)), classifier_(Make(log_)) {}

  std::unique_ptr<Classifier> Make(log::EventLog& log) {
    return std::make_unique<Classifier>(node_->Context(log, clock_),
                                        ClassifierOptions{.rows_a_step = 7, .share_percent = 100});
  }

  Event Told(const testkit::Draft& draft) { return testkit::Finish(draft, ++told_); }

  void Publish(const SegmentRulesPublished& rules) {
    Record(
        log_,
        Told(testkit::Draft().Client("").With([&](Event& event) { *event.mutable_segment_rules_published() = rules; })),
        clock_.Now());
  }

  // Client n trades n times yesterday.
  void Trade() {
    for (int client = 0; client < kClients; ++client) {
      Record(log_,
             Told(testkit::Draft()
                      .Client("C-" + std::to_string(client))
                      .At(clock_.Now() - absl::Hours(20))
                      .With([&](Event& event) {
                        auto& body = *event.mutable_trading_day_summarised();
                        const auto day = absl::ToCivilDay(clock_.Now() - absl::Hours(20), absl::UTCTimeZone());
                        body.mutable_day()->set_year(static_cast<int32_t>(day.year()));
                        body.mutable_day()->set_month(day.month());
                        body.mutable_day()->set_day(day.day());
                        body.set_trades(client);
                      })),
             clock_.Now());
    }
  }

  // Steps until it has nothing to do, and all views have folded what it wrote.
  void Settle(Classifier& classifier) {
    for (int quiet = 0, steps = 0; quiet < 3; ++steps) {
      ASSERT_LT(steps, 3000);
      const auto before = Ends();
      const auto next = classifier.Step();
      node_->CatchUp();
      quiet = next.ok() && *next > clock_.Now() + absl::Milliseconds(500) && Ends() == before ? quiet + 1 : 0;
    }
  }
  void Settle() { Settle(*classifier_); }

  std::vector<Offset> Ends() {
    std::vector<Offset> ends;
    for (int32_t p = 0; p < kPartitions; ++p) ends.push_back(*log_.EndOffset(Partition(p)));
    return ends;
  }

  // Who is in what, by client.
  std::map<std::string, query::v1::Classification> All() {
    std::map<std::string, query::v1::Classification> all;
    for (int32_t p = 0; p < kPartitions; ++p) {
      const auto cursor = node_->engine().At(Partition(p))->Scan("segment", "clients", "", "");
      EXPECT_TRUE(cursor.ok());
      for (; (*cursor)->Valid(); (*cursor)->Next()) {
        query::v1::Classification row;
        EXPECT_TRUE(row.ParseFromString(std::string((*cursor)->value())));
        all[row.client_id()] = row;
      }
    }
    return all;
  }
  std::string SegmentOf(int client) {
    const auto all = All();
    const auto found = all.find("C-" + std::to_string(client));
    return found == all.end() || found->second.current().empty() ? "" : found->second.current(0).classified().segment();
  }

  // The answer to a run asked for.
  StatusOr<admin::v1::RunClassificationResponse> RunNow(const admin::v1::RunClassificationRequest& request = {}) {
    std::optional<StatusOr<admin::v1::RunClassificationResponse>> answer;
    classifier_->Run(request, [&](StatusOr<admin::v1::RunClassificationResponse> given) { answer = std::move(given); });
    if (!answer.has_value()) Settle();
    if (!answer.has_value()) return Internal("it was never answered");
    return *std::move(answer);
  }

  MemoryLog log_;
  HandClock clock_;
  std::unique_ptr<Node> node_;
  std::unique_ptr<Classifier> classifier_;
  int64_t told_ = 0;
};

TEST_F(ClassifierTest, StatesTheSegmentOfEveryClientOnceRulesArePublished) {
  Trade();
  node_->CatchUp();
  Settle();
  EXPECT_TRUE(All().empty()) << "without rules there is nothing to say";
  Publish(Frequency(1, 10));
  node_->CatchUp();
  Settle();
  const auto all = All();
  ASSERT_EQ(all.size(), static_cast<size_t>(kClients));
  for (int client = 0; client < kClients; ++client) {
    const auto& entry = all.at("C-" + std::to_string(client)).current(0);
    EXPECT_EQ(entry.classified().segment(), client < 10 ? "rare" : "often") << client;
    EXPECT_EQ(entry.classified().previous_segment(), "");
    EXPECT_EQ(FromProto(entry.classified().as_of()), clock_.Now()) << "the moment the rules were recorded";
    // The rule "often" looks at nothing.
    ASSERT_EQ(entry.classified().reasons_size(), client < 10 ? 1 : 0);
    if (client < 10) {
      EXPECT_EQ(entry.classified().reasons(0).value(), client);
    }
  }
}

TEST_F(ClassifierTest, WhatDoesNotChangeIsNotStatedAgain) {
  Trade();
  Publish(Frequency(1, 10));
  node_->CatchUp();
  Settle();
  const auto ends = Ends();
  Settle();
  EXPECT_EQ(Ends(), ends) << "nothing happened";
  clock_.Move(absl::Hours(24));
  Settle();
  EXPECT_EQ(Ends(), ends) << "a day later all is as it was";
  classifier_ = Make(log_);
  Settle();
  EXPECT_EQ(Ends(), ends) << "after a restart";
  const auto again = RunNow();
  ASSERT_TRUE(again.ok()) << ToString(again.status());
  EXPECT_EQ(again->clients(), kClients);
  EXPECT_EQ(again->changed(), 0);
  EXPECT_EQ(Ends(), ends);
  // The same rules once more, as the next version.
  Publish(Frequency(2, 10));
  node_->CatchUp();
  const auto with_rules = Ends();
  Settle();
  EXPECT_EQ(Ends(), with_rules);
}

TEST_F(ClassifierTest, OtherRulesMoveClientsAndKeepTheirPast) {
  Trade();
  Publish(Frequency(1, 10));
  node_->CatchUp();
  Settle();
  clock_.Move(absl::Minutes(5));
  Publish(Frequency(2, 20));
  node_->CatchUp();
  Settle();
  for (int client = 0; client < kClients; ++client) {
    const auto row = All().at("C-" + std::to_string(client));
    EXPECT_EQ(row.current(0).classified().segment(), client < 20 ? "rare" : "often") << client;
    const bool moved = client >= 10 && client < 20;
    ASSERT_EQ(row.history_size(), moved ? 1 : 0) << client;
    if (!moved) continue;
    EXPECT_EQ(row.current(0).classified().previous_segment(), "often");
    EXPECT_EQ(FromProto(row.history(0).until()), clock_.Now());
  }
}

// By itself it looks again at midnight of the branches' zone, and not before.
TEST_F(ClassifierTest, ADayLaterFactsHaveMovedOn) {
  Trade();
  Publish(Frequency(1, 10));
  node_->CatchUp();
  Settle();
  Record(log_, Told(testkit::Draft().Client("C-3").At(clock_.Now()).With([&](Event& event) {
           auto& body = *event.mutable_trading_day_summarised();
           const auto day = absl::ToCivilDay(clock_.Now(), absl::UTCTimeZone());
           body.mutable_day()->set_year(static_cast<int32_t>(day.year()));
           body.mutable_day()->set_month(day.month());
           body.mutable_day()->set_day(day.day());
           body.set_trades(100);
         })),
         clock_.Now());
  node_->CatchUp();
  Settle();
  EXPECT_EQ(SegmentOf(3), "rare");
  const auto described = classifier_->Describe();
  ASSERT_EQ(described.size(), static_cast<size_t>(kPartitions));
  const absl::Time midnight = FromProto(described[0].next_at());
  EXPECT_EQ(absl::FormatTime("%H:%M:%S", midnight, absl::FixedTimeZone(8 * 3600)), "00:00:00");
  clock_.Move(midnight - clock_.Now() - absl::Seconds(1));
  Settle();
  EXPECT_EQ(SegmentOf(3), "rare");
  clock_.Move(absl::Seconds(1));
  Settle();
  EXPECT_EQ(SegmentOf(3), "often");
  EXPECT_EQ(FromProto(All().at("C-3").current(0).since()), midnight);
}

TEST_F(ClassifierTest, OnDemandAsOfAnyMomentThatIsPast) {
  admin::v1::RunClassificationRequest request;
  auto none = RunNow();
  EXPECT_EQ(ReasonOf(none.status()), "SEGMENT_RULES_MISSING");
  Trade();
  Publish(Frequency(1, 10));
  node_->CatchUp();
  *request.mutable_as_of() = ToProto(clock_.Now() + absl::Seconds(1));
  EXPECT_EQ(ReasonOf(RunNow(request).status()), "AS_OF_IN_FUTURE");
  request.mutable_as_of()->set_seconds(-1);
  EXPECT_EQ(ReasonOf(RunNow(request).status()), "TIME_INVALID");
  request.mutable_as_of()->set_seconds(1);
  request.mutable_as_of()->set_nanos(-1);
  EXPECT_EQ(ReasonOf(RunNow(request).status()), "TIME_INVALID");
  *request.mutable_as_of() = ToProto(clock_.Now() - absl::Hours(2));
  const auto past = RunNow(request);
  ASSERT_TRUE(past.ok()) << ToString(past.status());
  EXPECT_EQ(past->clients(), kClients);
  EXPECT_EQ(past->changed(), kClients);
  EXPECT_EQ(FromProto(past->as_of()), clock_.Now() - absl::Hours(2));
  // What is stated of a later moment stands.
  clock_.Move(absl::Hours(1));
  Publish(Frequency(2, 30));
  node_->CatchUp();
  Settle();
  const auto ends = Ends();
  *request.mutable_as_of() = ToProto(clock_.Now() - absl::Minutes(30));
  EXPECT_EQ(RunNow(request)->changed(), 0);
  EXPECT_EQ(Ends(), ends);
}

TEST_F(ClassifierTest, RunsThatWaitAreBoundedAndAnsweredAtTheEnd) {
  std::mutex mutex;
  std::map<StatusCode, int> answers;
  for (int i = 0; i < 20; ++i)
    classifier_->Run({}, [&](const StatusOr<admin::v1::RunClassificationResponse>& given) {
      const std::lock_guard lock(mutex);
      ++answers[given.status().code()];
    });
  EXPECT_EQ(answers[StatusCode::kResourceExhausted], 4);
  classifier_.reset();
  EXPECT_EQ(answers[StatusCode::kUnavailable], 16);
}

// The log hiccups; what was not written is written in the end, and nothing twice.
TEST_F(ClassifierTest, AnAppendThatFailsIsMadeUpFor) {
  Trade();
  Publish(Frequency(1, 10));
  node_->CatchUp();
  const auto ends = Ends();
  log_.FailAppends(Unavailable("no broker"));
  for (int i = 0; i < 20; ++i) IgnoreStatus(classifier_->Step().status(), "the log is down");
  EXPECT_EQ(Ends(), ends);
  bool troubled = false;
  for (const auto& duty : classifier_->Describe()) troubled |= !duty.trouble().empty();
  EXPECT_TRUE(troubled);
  log_.FailAppends(OkStatus());
  clock_.Move(absl::Seconds(40));
  Settle();
  EXPECT_EQ(All().size(), static_cast<size_t>(kClients));
  int64_t written = 0;
  for (size_t p = 0; p < ends.size(); ++p) written += Ends()[p] - ends[p];
  EXPECT_EQ(written, kClients);
}

// Killed at any append, before, after or half way through it; another one takes over. Every client is classified, once.
TEST_F(ClassifierTest, AnotherGoesOnWhereOneDied) {
  Trade();
  Publish(Frequency(1, 10));
  node_->CatchUp();
  struct Life {
    int appends;
    MortalLog::Death death;
  };
  for (const Life& life : {Life{1, MortalLog::Death::kBeforeAppend}, Life{1, MortalLog::Death::kAfterAppend},
                           Life{2, MortalLog::Death::kHalfway}}) {
    MortalLog mortal(log_);
    mortal.DieAt(life.appends, life.death);
    const auto doomed = Make(mortal);
    for (int step = 0; step < 200 && !mortal.dead(); ++step) {
      ASSERT_TRUE(doomed->Step().ok());
      node_->CatchUp();
    }
    ASSERT_TRUE(mortal.dead());
  }
  EXPECT_GT(All().size(), 0u);
  EXPECT_LT(All().size(), static_cast<size_t>(kClients)) << "control: the dead leave something to do";
  Settle();
  const auto all = All();
  ASSERT_EQ(all.size(), static_cast<size_t>(kClients));
  for (const auto& [client, row] : all) {
    EXPECT_EQ(row.current_size(), 1) << client;
    EXPECT_EQ(row.history_size(), 0) << client;
  }
}

TEST_F(ClassifierTest, TwoAtOnceSayTheSame) {
  Trade();
  Publish(Frequency(1, 10));
  node_->CatchUp();
  const auto other = Make(log_);
  for (int i = 0; i < 40; ++i) {
    ASSERT_TRUE(classifier_->Step().ok());
    ASSERT_TRUE(other->Step().ok());
    if (i % 3 == 0) node_->CatchUp();
  }
  Settle();
  Settle(*other);
  for (int client = 0; client < kClients; ++client) {
    const auto row = All().at("C-" + std::to_string(client));
    EXPECT_EQ(row.current(0).classified().segment(), client < 10 ? "rare" : "often");
    EXPECT_EQ(row.history_size(), 0) << "no one wavered";
  }
}

// What is stated says where it looked: whoever folds the log up to there, and asks the same rules, finds the same.
TEST_F(ClassifierTest, TheSamePositionGivesTheSameClassification) {
  Trade();
  Publish(Frequency(3 - 2, 10));
  node_->CatchUp();
  Settle();
  clock_.Move(absl::Hours(30));
  Trade();
  node_->CatchUp();
  Settle();
  int compared = 0;
  for (int32_t p = 0; p < kPartitions; ++p) {
    testkit::ViewRun fold(sdk::Describe<activity::ActivityView>());
    const int64_t end = log_.EndOffset(Partition(p))->value();
    std::map<int64_t, std::vector<Event>> by_offset;
    std::vector<testkit::Delivery> deliveries;
    for (int64_t offset = 0; offset < end; ++offset) {
      testkit::Delivery delivery{{}, *log_.ReadOne(Partition(p), Offset(offset)), Offset(offset), clock_.Now()};
      ASSERT_TRUE(event::ParseRecorded(delivery.bytes, &delivery.event).ok());
      if (delivery.event.has_client_classified())
        by_offset[delivery.event.client_classified().as_of_offset()].push_back(delivery.event);
      deliveries.push_back(std::move(delivery));
    }
    int64_t next = 0;
    for (const auto& [as_of_offset, events] : by_offset) {
      for (; next < as_of_offset; ++next) fold.Deliver(deliveries[static_cast<size_t>(next)]);
      for (const Event& event : events) {
        const auto& classified = event.client_classified();
        const auto row = fold.view().Render(activity::Clients::kId, codec::Key(event.client_id()));
        ASSERT_NE(row, nullptr);
        const absl::Time as_of = FromProto(classified.as_of());
        const auto facts = activity::FactsAt(static_cast<const query::v1::ClientActivity&>(*row), nullptr, as_of);
        auto again = activity::Classify(Frequency(1, 10), nullptr, facts, as_of);
        again.set_previous_segment(classified.previous_segment());
        again.set_as_of_offset(as_of_offset);
        EXPECT_EQ(again.DebugString(), classified.DebugString());
        ++compared;
      }
    }
  }
  // All of them at first; those with five to nine trades once more, when they had ten.
  EXPECT_EQ(compared, kClients + 5);
}

}  // namespace
}  // namespace kefu::duties

#include "projections/undertaking/undertaking.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <map>
#include <random>
#include <set>
#include <sstream>

#include "platform/base/time.h"
#include "platform/testkit/golden.h"
#include "platform/testkit/projection_driver.h"

namespace kefu::undertaking {
namespace {

using namespace testkit;
using events::v1::Event;
using testing::ElementsAre;
using testing::IsEmpty;

absl::Time Hour(int hour) { return Beginning() + absl::Hours(hour); }

class UndertakingTest : public testing::Test {
 protected:
  const Undertaking& Row(const std::string& id) {
    const Undertaking* row = test_.Row<Undertakings>(id);
    return row != nullptr ? *row : Undertaking::default_instance();
  }

  ProjectionDriver<UndertakingView> test_;
};

TEST_F(UndertakingTest, APromiseIsMadeAndKeptInTime) {
  test_.Given(Promised("P-1", Hour(4), "S-7").Branch("0001").With([](Event& event) {
                event.mutable_promise_made()->set_text("月底前寄出對帳單");
                event.mutable_promise_made()->set_contact_id("X-1");
                event.mutable_promise_made()->set_case_id("K-1");
              }),
              PromiseKept("P-1").At(Hour(3)).With(
                  [](Event& event) { event.mutable_promise_kept()->set_contact_id("X-2"); }));
  const Undertaking& row = Row("P-1");
  EXPECT_EQ(row.name(), "clients/C-1/undertakings/P-1");
  EXPECT_EQ(row.kind(), query::v1::UNDERTAKING_KIND_PROMISE);
  EXPECT_EQ(row.state(), query::v1::UNDERTAKING_STATE_DONE);
  EXPECT_EQ(row.text(), "月底前寄出對帳單");
  EXPECT_EQ(row.contact_id(), "X-1");
  EXPECT_EQ(row.case_id(), "K-1");
  EXPECT_EQ(row.owner_id(), "S-7");
  EXPECT_EQ(row.branch_id(), "0001");
  EXPECT_EQ(FromProto(row.made_at()), Beginning());
  EXPECT_EQ(FromProto(row.settled_at()), Hour(3));
  EXPECT_EQ(row.settled_in_contact_id(), "X-2");
  EXPECT_EQ(row.event_id(), "e-0");
  EXPECT_FALSE(row.late());
}

TEST_F(UndertakingTest, LateIsWhatWasDoneAfterItsDateNotWhatWasToldAfterIt) {
  test_.Given(Promised("P-1", Hour(4)), Promised("P-2", Hour(4)), Promised("P-3", Hour(4)), Promised("P-4"),
              PromiseKept("P-1").At(Hour(4)), PromiseKept("P-2").At(Hour(4) + absl::Microseconds(1)),
              // Told a day later, done in time.
              Contacted(events::v1::CHANNEL_PHONE, events::v1::DIRECTION_INBOUND).At(Hour(28)),
              PromiseKept("P-3").At(Hour(1)), PromiseKept("P-4").At(Hour(99)));
  EXPECT_FALSE(Row("P-1").late());
  EXPECT_TRUE(Row("P-2").late());
  EXPECT_FALSE(Row("P-3").late());
  EXPECT_FALSE(Row("P-4").late()) << "nobody named a date";
}

TEST_F(UndertakingTest, AReleasedPromiseIsVoidAndKeepsWhy) {
  test_.Given(Promised("P-1", Hour(1)), PromiseReleased("P-1").At(Hour(9)).With([](Event& event) {
    event.mutable_promise_released()->mutable_cause()->set_value("client_waived");
  }));
  EXPECT_EQ(Row("P-1").state(), query::v1::UNDERTAKING_STATE_VOID);
  EXPECT_EQ(Row("P-1").outcome().value(), "client_waived");
  EXPECT_FALSE(Row("P-1").late()) << "it was not done at all";
}

TEST_F(UndertakingTest, ACallBackIsPlannedForATeamAndDoneByAnIndependentCaller) {
  test_.Given(CallBackPlanned("B-1", Hour(48)).With([](Event& event) {
                auto* body = event.mutable_call_back_planned();
                body->set_team("T-2");
                body->mutable_programme()->set_value("new_account");
                body->add_questions()->set_value("knows_risks");
              }),
              CallBackDone("B-1").At(Hour(24)).With([](Event& event) {
                auto* body = event.mutable_call_back_done();
                body->set_contact_id("X-9");
                body->set_caller_id("S-3");
                body->set_caller_is_independent(true);
                auto* answer = body->add_answers();
                answer->mutable_question()->set_value("knows_risks");
                answer->set_answer("不清楚");
                answer->set_is_finding(true);
                body->mutable_outcome()->set_value("finding");
              }));
  const Undertaking& row = Row("B-1");
  EXPECT_EQ(row.kind(), query::v1::UNDERTAKING_KIND_CALL_BACK);
  EXPECT_EQ(row.state(), query::v1::UNDERTAKING_STATE_DONE);
  EXPECT_EQ(row.team(), "T-2");
  EXPECT_EQ(row.programme().value(), "new_account");
  EXPECT_EQ(row.questions(0).value(), "knows_risks");
  EXPECT_EQ(row.caller_id(), "S-3");
  EXPECT_TRUE(row.caller_is_independent());
  EXPECT_TRUE(row.answers(0).is_finding());
  EXPECT_EQ(row.outcome().value(), "finding");
  EXPECT_EQ(row.settled_in_contact_id(), "X-9");
  EXPECT_FALSE(row.late());
}

TEST_F(UndertakingTest, EachStandsInTheOrderOfItsDateUnderClientStateAndOwner) {
  test_.Given(Promised("P-1", Hour(9), "S-7"), Promised("P-2", Hour(2), "S-7"), Promised("P-3").Client("C-2"),
              CallBackPlanned("B-1", Hour(1), "S-7").With(
                  [](Event& event) { event.mutable_call_back_planned()->set_team("T-2"); }),
              PromiseKept("P-2").At(Hour(1)));
  EXPECT_THAT(test_.Entries<UndertakingsByDue>(),
              ElementsAre("1, 2026-03-02T01:02:00Z, P-3", "1, 2026-03-02T02:00:00Z, B-1",
                          "1, 2026-03-02T10:00:00Z, P-1", "2, 2026-03-02T03:00:00Z, P-2"))
      << "P-3 has no date and stands where it was made";
  EXPECT_THAT(test_.Entries<UndertakingsByClient>(),
              ElementsAre("C-1, 1, 2026-03-02T02:00:00Z, B-1", "C-1, 1, 2026-03-02T10:00:00Z, P-1",
                          "C-1, 2, 2026-03-02T03:00:00Z, P-2", "C-2, 1, 2026-03-02T01:02:00Z, P-3"));
  EXPECT_THAT(test_.Entries<UndertakingsByOwner>(),
              ElementsAre("S-7, 1, 2026-03-02T02:00:00Z, B-1", "S-7, 1, 2026-03-02T10:00:00Z, P-1",
                          "S-7, 2, 2026-03-02T03:00:00Z, P-2", "T-2, 1, 2026-03-02T02:00:00Z, B-1"));
}

TEST_F(UndertakingTest, AnotherClientCannotSettleIt) {
  test_.Given(Promised("P-1"))
      .When(PromiseKept("P-1").Client("C-2"), Promised("P-1").Client("C-2"), Promised(""))
      .Then(Refused("undertaking_of_other_client"), Refused("undertaking_exists"), Refused("undertaking_id_missing"));
  EXPECT_EQ(Row("P-1").state(), query::v1::UNDERTAKING_STATE_OPEN);
}

TEST_F(UndertakingTest, PassedOnItIsSomebodyElses) {
  const auto pass = [](events::v1::WorkKind kind, const char* id) {
    return Draft().With([=](Event& event) {
      event.mutable_work_reassigned()->set_kind(kind);
      event.mutable_work_reassigned()->set_work_id(id);
      event.mutable_work_reassigned()->set_to_staff_id("S-8");
    });
  };
  events::v1::Verdict applied;
  applied.set_outcome(events::v1::VERDICT_OUTCOME_APPLIED);
  ViewRun run(sdk::Describe<UndertakingView>());
  int64_t offset = 0;
  for (const Draft& draft : {Promised("P-1", Hour(4), "S-7"), CallBackPlanned("B-1", Hour(5), "S-7"),
                             pass(events::v1::WORK_KIND_PROMISE, "P-1"), pass(events::v1::WORK_KIND_CALL_BACK, "B-1"),
                             pass(events::v1::WORK_KIND_CASE, "P-1")}) {
    ++offset;
    run.Fold({Finish(draft, offset), "", Offset(offset), Beginning()}, applied);
  }
  EXPECT_THAT(run.view().IndexLines(UndertakingsByOwner::kName),
              ElementsAre("S-8, 1, 2026-03-02T05:00:00Z, P-1", "S-8, 1, 2026-03-02T06:00:00Z, B-1"));
  EXPECT_THAT(run.parked(), IsEmpty());
}

TEST_F(UndertakingTest, WhatTheViewLostIsParked) {
  const Delivery kept{Finish(PromiseKept("P-1"), 1), "", Offset(1), Beginning()};
  events::v1::Verdict applied;
  applied.set_outcome(events::v1::VERDICT_OUTCOME_APPLIED);
  ViewRun run(sdk::Describe<UndertakingView>());
  run.Fold(kept, applied);
  EXPECT_EQ(run.parked().at("C-1").reason, "undertaking_unknown");
  EXPECT_THAT(run.view().Rows("undertakings"), IsEmpty());
}

const std::map<std::string, std::function<Draft(std::string_view)>>& Bodies() {
  static const auto* bodies = new std::map<std::string, std::function<Draft(std::string_view)>>{
      {"promise_made", [](std::string_view id) { return Promised(id); }},
      {"promise_kept", [](std::string_view id) { return PromiseKept(id); }},
      {"promise_released", [](std::string_view id) { return PromiseReleased(id); }},
      {"call_back_planned", [](std::string_view id) { return CallBackPlanned(id); }},
      {"call_back_done", [](std::string_view id) { return CallBackDone(id); }},
      {"call_back_cancelled", [](std::string_view id) { return CallBackCancelled(id); }}};
  return *bodies;
}

// How each state of the table is reached.
const std::map<std::string, std::vector<std::string>>& Ways() {
  static const auto* ways = new std::map<std::string, std::vector<std::string>>{
      {"none", {}},
      {"promise_open", {"promise_made"}},
      {"promise_kept", {"promise_made", "promise_kept"}},
      {"promise_released", {"promise_made", "promise_released"}},
      {"call_back_open", {"call_back_planned"}},
      {"call_back_done", {"call_back_planned", "call_back_done"}},
      {"call_back_cancelled", {"call_back_planned", "call_back_cancelled"}}};
  return *ways;
}

std::string StateOf(const Undertaking* row) {
  if (row == nullptr) return "none";
  const bool promise = row->kind() == query::v1::UNDERTAKING_KIND_PROMISE;
  switch (row->state()) {
    case query::v1::UNDERTAKING_STATE_OPEN:
      return promise ? "promise_open" : "call_back_open";
    case query::v1::UNDERTAKING_STATE_DONE:
      return promise ? "promise_kept" : "call_back_done";
    case query::v1::UNDERTAKING_STATE_VOID:
      return promise ? "promise_released" : "call_back_cancelled";
    default:
      return "?";
  }
}

TEST(UndertakingStates, EveryStateAndEventAreAsTheTableSays) {
  std::ifstream file("projections/undertaking/testdata/states.txt");
  ASSERT_TRUE(file.is_open()) << "run from the top of the checkout";
  std::set<std::pair<std::string, std::string>> seen;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#') continue;
    SCOPED_TRACE(line);
    std::istringstream words(line);
    std::string state, body, verdict, after;
    ASSERT_TRUE(words >> state >> body >> verdict >> after);
    EXPECT_TRUE(seen.emplace(state, body).second) << "twice";
    ProjectionDriver<UndertakingView> test;
    for (const std::string& step : Ways().at(state)) test.Given(Bodies().at(step)("U-1"));
    ASSERT_EQ(StateOf(test.Row<Undertakings>("U-1")), state);
    test.When(Bodies().at(body)("U-1")).Then(verdict == "applied" ? Applied() : Refused(verdict));
    EXPECT_EQ(StateOf(test.Row<Undertakings>("U-1")), after);
  }
  EXPECT_EQ(seen.size(), Ways().size() * Bodies().size()) << "a pair is missing";
}

// Made, settled, settled again, of others, in any order.
std::vector<Event> History(uint64_t seed, int events) {
  std::mt19937_64 random(seed);
  std::vector<Event> history;
  for (int i = 0; i < events; ++i) {
    const uint64_t number = random() % (1 + static_cast<uint64_t>(events) / 3);
    const std::string id = "U-" + std::to_string(number);
    // Half of them make something.
    auto body = Bodies().find(random() % 2 == 0 ? "promise_made" : "call_back_planned");
    if (random() % 2 == 0) body = std::next(Bodies().begin(), static_cast<int>(random() % Bodies().size()));
    Draft draft = body->second(id);
    draft.With([&](Event& event) {
      if (event.has_promise_made() && random() % 3 != 0)
        *event.mutable_promise_made()->mutable_due_at() = ToProto(Hour(static_cast<int>(random() % 200)));
      if (event.has_promise_made()) event.mutable_promise_made()->set_owner_id("S-" + std::to_string(random() % 4));
      if (event.has_call_back_planned()) {
        *event.mutable_call_back_planned()->mutable_due_at() = ToProto(Hour(static_cast<int>(random() % 200)));
        if (random() % 2 == 0) event.mutable_call_back_planned()->set_team("T-" + std::to_string(random() % 3));
      }
    });
    draft.Client("C-" + std::to_string(random() % 20 == 0 ? random() % 7 : number % 7));
    draft.At(Hour(static_cast<int>(random() % 200)));
    history.push_back(Finish(draft, i));
  }
  return history;
}

TEST(UndertakingProperty, RowsAndIndexesAreWhatCountingByHandGives) {
  for (const uint64_t seed : {71, 72, 73}) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    ProjectionDriver<UndertakingView> test;
    const auto history = History(seed, 600);
    const auto verdicts = test.Play(history);
    EXPECT_THAT(test.run().parked(), IsEmpty());
    std::map<std::string, std::pair<const Event*, const Event*>> plain;  // by id: what made and what settled it
    for (size_t i = 0; i < history.size(); ++i) {
      if (verdicts[i].outcome() != events::v1::VERDICT_OUTCOME_APPLIED) continue;
      const Event& event = history[i];
      if (event.has_promise_made())
        plain[event.promise_made().promise_id()].first = &event;
      else if (event.has_call_back_planned())
        plain[event.call_back_planned().call_back_id()].first = &event;
      else if (event.has_promise_kept())
        plain[event.promise_kept().promise_id()].second = &event;
      else if (event.has_promise_released())
        plain[event.promise_released().promise_id()].second = &event;
      else if (event.has_call_back_done())
        plain[event.call_back_done().call_back_id()].second = &event;
      else
        plain[event.call_back_cancelled().call_back_id()].second = &event;
    }
    ASSERT_EQ(test.run().view().Rows("undertakings").size(), plain.size());
    std::vector<std::string> by_due;
    size_t late = 0;
    for (const auto& [id, made_and_settled] : plain) {
      const auto& [made, settled] = made_and_settled;
      const Undertaking& row = *test.Row<Undertakings>(id);
      const bool done = settled != nullptr && (settled->has_promise_kept() || settled->has_call_back_done());
      EXPECT_EQ(row.state(), settled == nullptr ? query::v1::UNDERTAKING_STATE_OPEN
                             : done             ? query::v1::UNDERTAKING_STATE_DONE
                                                : query::v1::UNDERTAKING_STATE_VOID)
          << id;
      const auto& due = made->has_promise_made() ? made->promise_made().due_at() : made->call_back_planned().due_at();
      const bool dated = made->has_promise_made() ? made->promise_made().has_due_at() : true;
      EXPECT_EQ(row.late(), done && dated && FromProto(settled->occurred_at()) > FromProto(due)) << id;
      late += row.late();
      by_due.push_back(fmt::format("{}, {}, {}", static_cast<int>(row.state()),
                                   FormatRfc3339(FromProto(dated ? due : made->occurred_at())), id));
    }
    EXPECT_GT(late, 0u);
    EXPECT_THAT(test.Entries<UndertakingsByDue>(), testing::UnorderedElementsAreArray(by_due));
    EXPECT_EQ(test.Entries<UndertakingsByClient>().size(), plain.size());
  }
}

TEST_F(UndertakingTest, GoldenDump) {
  test_.Play(History(5, 60));
  ExpectGolden("projections/undertaking/golden/undertaking.txt", test_.Dump());
}

}  // namespace
}  // namespace kefu::undertaking

#include "projections/lead/answers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "projections/lead/lead_run_testing.h"
#include "projections/lead/lead_testing.h"

namespace kefu::lead {
namespace {

using events::v1::Event;
using events::v1::NEXT_ACTION_ANSWER_DISMISSED;
using events::v1::NEXT_ACTION_ANSWER_DONE;
using events::v1::NEXT_ACTION_ANSWER_POSTPONED;

TEST(NextActionAnswers, TheNewestByWhenItWasGivenCountsAndAllAreCounted) {
  LeadRun run;
  run.Given(Answered("call", NEXT_ACTION_ANSWER_POSTPONED).At(Hour(5)),
            Answered("call", NEXT_ACTION_ANSWER_DONE).At(Hour(9)).With([](Event& event) {
              auto& body = *event.mutable_next_action_answered();
              body.set_contact_id("X-1");
              body.set_lead_id("L-1");
              body.mutable_outcome()->set_value("lead_raised");
            }),
            // Told last, given first.
            Answered("call", NEXT_ACTION_ANSWER_DISMISSED).At(Hour(1)),
            Answered("offer", NEXT_ACTION_ANSWER_DISMISSED).At(Hour(2)));
  const AnsweredActions& row = run.AnswersOf("C-1");
  ASSERT_EQ(row.actions_size(), 2);
  const AnsweredAction* call = FindAnswer(row, "call");
  ASSERT_NE(call, nullptr);
  EXPECT_EQ(call->answer(), NEXT_ACTION_ANSWER_DONE);
  EXPECT_EQ(FromProto(call->answered_at()), Hour(9));
  EXPECT_EQ(call->contact_id(), "X-1");
  EXPECT_EQ(call->lead_id(), "L-1");
  EXPECT_EQ(call->outcome().value(), "lead_raised");
  EXPECT_EQ(call->event_id(), "e-1");
  EXPECT_EQ(call->done(), 1);
  EXPECT_EQ(call->postponed(), 1);
  EXPECT_EQ(call->dismissed(), 1);
  EXPECT_EQ(FindAnswer(row, "offer")->answer(), NEXT_ACTION_ANSWER_DISMISSED);
  EXPECT_EQ(FindAnswer(row, "ca"), nullptr);
  EXPECT_EQ(FindAnswer(row, "zzz"), nullptr);
}

TEST(NextActionAnswers, AnActionRestsFromItsAnswerOnAndNotAtTheEnd) {
  LeadRun run;
  run.Given(Answered("call", NEXT_ACTION_ANSWER_DONE).At(Hour(10)));
  const AnsweredActions& row = run.AnswersOf("C-1");
  struct Case {
    absl::Time as_of;
    int32_t days;
    bool rests;
  };
  const Case cases[] = {
      {Hour(10), 1, true},
      {Hour(10) - absl::Microseconds(1), 1, false},
      {Hour(34) - absl::Microseconds(1), 1, true},
      {Hour(34), 1, false},
      {Hour(34), 2, true},
      {Hour(10), 0, false},
      {Hour(10 + 24 * 3660) - absl::Seconds(1), 3660, true},
  };
  for (const Case& each : cases)
    EXPECT_EQ(Rests(row, "call", each.days, each.as_of), each.rests) << each.days << " " << FormatRfc3339(each.as_of);
  EXPECT_FALSE(Rests(row, "other", 30, Hour(11)));
  EXPECT_FALSE(Rests(AnsweredActions(), "call", 30, Hour(11)));
}

TEST(NextActionAnswers, KeepsSixtyFourActionsAndForgetsTheOldest) {
  LeadRun run;
  for (int i = 0; i < kActionsKept; ++i)
    run.Given(Answered(fmt::format("a{:03}", (i * 37) % kActionsKept), NEXT_ACTION_ANSWER_DONE).At(Hour(100 - i)));
  run.Given(Answered("zz", NEXT_ACTION_ANSWER_DONE).At(Hour(200)));
  const AnsweredActions& row = run.AnswersOf("C-1");
  ASSERT_EQ(row.actions_size(), kActionsKept);
  EXPECT_NE(FindAnswer(row, "zz"), nullptr);
  EXPECT_EQ(FindAnswer(row, fmt::format("a{:03}", (63 * 37) % kActionsKept)), nullptr) << "the oldest";
  for (int i = 1; i < row.actions_size(); ++i) EXPECT_LT(row.actions(i - 1).action_id(), row.actions(i).action_id());
}

}  // namespace
}  // namespace kefu::lead

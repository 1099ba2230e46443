#include "services/audit/case_life.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <functional>
#include <vector>

namespace kefu::audit {
namespace {

using events::v1::Event;

// The ids of those events that are the life of case K-1.
std::vector<std::string> Taken(const std::vector<std::function<void(Event&)>>& edits) {
  std::vector<Event> events;
  for (const auto& edit : edits) {
    Event& event = events.emplace_back();
    event.set_event_id(fmt::format("e{}", events.size()));
    edit(event);
  }
  CaseLife life("K-1");
  for (const Event& event : events) life.Learn(event);
  std::vector<std::string> taken;
  for (const Event& event : events)
    if (life.Takes(event)) taken.push_back(event.event_id());
  return taken;
}

using Ids = std::vector<std::string>;

TEST(CaseLife, WhatNamesTheCaseIsItsLifeAndAnotherCaseIsNot) {
  EXPECT_EQ(Taken({[](Event& e) { e.mutable_complaint_received()->set_case_id("K-1"); },
                   [](Event& e) { e.mutable_complaint_received()->set_case_id("K-2"); },
                   [](Event& e) { e.mutable_case_closed()->set_case_id("K-1"); },
                   [](Event& e) { e.mutable_clock_breached()->set_case_id("K-1"); },
                   [](Event& e) { e.mutable_satisfaction_rated()->set_case_id("K-1"); },
                   [](Event& e) { e.mutable_client_registered(); }}),
            (Ids{"e1", "e3", "e4", "e5"}));
}

TEST(CaseLife, TheContactItCameByIsThereAlthoughItWasRecordedBefore) {
  EXPECT_EQ(Taken({[](Event& e) { e.mutable_contact_recorded()->set_contact_id("T-1"); },
                   [](Event& e) { e.mutable_contact_recorded()->set_contact_id("T-2"); },
                   [](Event& e) {
                     e.mutable_complaint_received()->set_case_id("K-1");
                     e.mutable_complaint_received()->mutable_opening()->set_contact_id("T-1");
                   },
                   [](Event& e) { e.mutable_contact_recorded()->set_case_id("K-1"); }}),
            (Ids{"e1", "e3", "e4"}));
}

TEST(CaseLife, PromisesAndCallBacksAreFollowedToTheirEnd) {
  EXPECT_EQ(Taken({[](Event& e) {
                     e.mutable_promise_made()->set_promise_id("P-1");
                     e.mutable_promise_made()->set_case_id("K-1");
                   },
                   [](Event& e) { e.mutable_promise_kept()->set_promise_id("P-1"); },
                   [](Event& e) { e.mutable_promise_kept()->set_promise_id("P-2"); },
                   [](Event& e) {
                     e.mutable_call_back_planned()->set_call_back_id("B-1");
                     e.mutable_call_back_planned()->set_case_id("K-1");
                   },
                   [](Event& e) { e.mutable_contact_recorded()->set_call_back_id("B-1"); },
                   [](Event& e) { e.mutable_call_back_cancelled()->set_call_back_id("B-1"); },
                   [](Event& e) { e.mutable_contact_recorded(); }}),
            (Ids{"e1", "e2", "e4", "e5", "e6"}));
}

TEST(CaseLife, EveryHandItPassedIsThere) {
  EXPECT_EQ(Taken({[](Event& e) {
                     e.mutable_work_reassigned()->set_kind(events::v1::WORK_KIND_CASE);
                     e.mutable_work_reassigned()->set_work_id("K-1");
                   },
                   [](Event& e) {
                     e.mutable_work_reassigned()->set_kind(events::v1::WORK_KIND_LEAD);
                     e.mutable_work_reassigned()->set_work_id("K-1");
                   }}),
            (Ids{"e1"}));
}

TEST(CaseLife, WhatCorrectsItAndWhatCorrectsThatIsThere) {
  EXPECT_EQ(Taken({[](Event& e) { e.mutable_case_resolved()->set_case_id("K-1"); },
                   [](Event& e) { e.mutable_event_corrected()->set_corrected_event_id("e1"); },
                   [](Event& e) { e.mutable_event_annulled()->set_annulled_event_id("e2"); },
                   [](Event& e) { e.mutable_event_annulled()->set_annulled_event_id("e9"); },
                   [](Event& e) {
                     e.mutable_legal_hold_placed()->set_hold_id("H");
                     e.mutable_legal_hold_placed()->set_case_id("K-1");
                   },
                   [](Event& e) { e.mutable_legal_hold_lifted()->set_hold_id("H"); }}),
            (Ids{"e1", "e2", "e3", "e5", "e6"}));
}

}  // namespace
}  // namespace kefu::audit

#include "projections/admission/admission.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "platform/base/hash.h"
#include "platform/testkit/history.h"
#include "platform/testkit/projection_driver.h"
#include "projections/admission/aggregate.h"
#include "projections/admission/seen.h"
#include "projections/admission/tables.h"
#include "projections/sdk/case_id.h"

namespace kefu::admission {
namespace {

using namespace testkit;
using events::v1::Event;
using events::v1::Verdict;

// Admission alone; a view with no folds stands behind it.
using Scenario = ProjectionDriver<Admission>;

TEST(Admission, TwoAgentsResolveAtOnceAndOneIsToldToLookAgain) {
  Scenario test;
  test.Given(Opened("K-1"), Assigned("K-1", "S-7"))
      .When(NoteAdded("K-1", "called back").IfRevision(2), NoteAdded("K-1", "wrote a mail").IfRevision(2))
      .Then(Applied(3), Refused("revision_moved", 3));
  test.When(Resolved("K-1").IfRevision(3), Resolved("K-1").IfRevision(3)).Then(Applied(4), Refused("case_not_open", 4));
}

TEST(Admission, TheSameEventAThousandTimesCountsOnce) {
  Scenario test;
  test.Given(Opened("K-1").Id("once").AtMinute(1));
  for (int i = 0; i < 1000; ++i) test.When(Opened("K-1").Id("once").AtMinute(1)).Then(Duplicate());
  test.When(Opened("K-1").Id("once").AtMinute(1)).Then(Duplicate());
}

TEST(Admission, ADuplicateNamesTheFirstDeliveryAndThePresentRevision) {
  Scenario test;
  test.Given(Opened("K-1").Id("first").AtMinute(0), Started("K-1"));
  const auto verdicts = test.Play({Finish(Opened("K-1").Id("first").AtMinute(0), 0)});
  EXPECT_EQ(verdicts[0].outcome(), events::v1::VERDICT_OUTCOME_DUPLICATE);
  EXPECT_EQ(verdicts[0].first_offset(), 0);
  EXPECT_EQ(verdicts[0].revision(), 2);
}

TEST(Admission, OneIdWithOtherContentIsRefusedWhateverItSays) {
  Scenario test;
  test.Given(Opened("K-1").Id("same"))
      .When(Opened("K-1").Id("same").Client("C-2"), Opened("K-2").Id("same"), Opened("K-1").Id("same").AtMinute(77))
      .Then(Refused("event_id_reused"), Refused("event_id_reused"), Refused("event_id_reused"));
}

TEST(Admission, ARefusedEventSentAgainIsADuplicateAndSaysWhyTheFirstWasRefused) {
  Scenario test;
  test.When(Resolved("K-1").Id("early").AtMinute(5)).Then(Refused("case_unknown", 0));
  test.Given(Opened("K-1"));
  test.When(Resolved("K-1").Id("early").AtMinute(5)).Then(Duplicate("case_unknown"));
  test.When(Resolved("K-1")).Then(Applied(2));
}

TEST(Admission, EventsOfACaseOutOfOrderAreRefusedByName) {
  Scenario test;
  test.When(Started("K-1"), Opened("K-1"), Complained("K-1"), Closed("K-1"), Resumed("K-1"), Reopened("K-1"))
      .Then(Refused("case_unknown", 0), Applied(1), Refused("case_exists", 1), Refused("case_not_resolved", 1),
            Refused("case_not_waiting", 1), Refused("case_still_open", 1));
}

TEST(Admission, NotesWorkAndTimelinessAreFactsInEveryState) {
  Scenario test;
  test.Given(Opened("K-1"), Resolved("K-1"), NoteAdded("K-1", "n"), Closed("K-1"), NoteAdded("K-1", "n"),
             WorkRecorded("K-1", "check", events::v1::WORK_PHASE_COMPLETED), TimelinessReported("K-1", true),
             Reopened("K-1"), Withdrawn("K-1"), NoteAdded("K-1", "n"));
}

TEST(Admission, ACaseBelongsToOneClient) {
  Scenario test;
  test.Given(Opened("K-1"))
      .When(Started("K-1").Client("C-2"), Opened("K-1").Client("C-2"))
      .Then(Refused("case_of_other_client", 1), Refused("case_exists", 1));
}

TEST(Admission, ContactsOffersAndCasesComeBeforeRegistrationProfilesDoNot) {
  Scenario test;
  test.Given(Contacted(events::v1::CHANNEL_PHONE, events::v1::DIRECTION_INBOUND),
             OfferMoved(events::v1::OFFER_STAGE_SENT), Complained("K-1"))
      .When(Configured("gold"), StatusChanged(events::v1::CLIENT_STATUS_DORMANT), ProfileChanged({"location"}, {}),
            IdentifiersChanged({}))
      .Then(Refused("client_unknown"), Refused("client_unknown"), Refused("client_unknown"), Refused("client_unknown"));
  test.When(Registered("王小明"), Registered("王小明"), Configured("gold"))
      .Then(Applied(1), Refused("client_exists", 1), Applied(2));
}

TEST(Admission, AClosedClientTakesNoProfileButMayStillComplain) {
  Scenario test;
  test.Given(Registered("王小明"), StatusChanged(events::v1::CLIENT_STATUS_CLOSED))
      .When(Configured("gold"), StatusChanged(events::v1::CLIENT_STATUS_ACTIVE), Registered("王小明"),
            Complained("K-1"))
      .Then(Refused("client_closed", 2), Refused("client_closed", 2), Refused("client_exists", 2), Applied(1));
}

TEST(Admission, APatchOfAFieldThatDoesNotExistIsRefused) {
  Scenario test;
  test.Given(Registered("王小明"))
      .When(ProfileChanged({"person.no_such_field"}, {}), ProfileChanged({"location", ""}, {}),
            ProfileChanged({"organisation.industry"}, {}), ProfileChanged({"person.employment.employer"}, {}))
      .Then(Refused("unknown_field_path", 1), Refused("unknown_field_path", 1), Refused("profile_of_other_kind", 1),
            Applied(2));
}

TEST(Admission, APreconditionIsOnTheAggregateAndOnNothingElse) {
  Scenario test;
  test.When(Opened("K-1").IfRevision(0), Opened("K-2").IfRevision(1), Registered("王").IfRevision(0),
            Configured("gold").IfRevision(7),
            Contacted(events::v1::CHANNEL_APP, events::v1::DIRECTION_INBOUND).IfRevision(0))
      .Then(Applied(1), Refused("revision_moved", 0), Applied(1), Refused("revision_moved", 1),
            Refused("precondition_not_applicable", 0));
}

TEST(Admission, WhatHasNoIdNoClientNoCaseOrNoBodyIsRefused) {
  MemoryStage stage(State());
  const auto judge = [&](const Event& event) {
    return Judge({&event, event.SerializeAsString(), Partition(0), Offset(0), Beginning()}, stage).rule();
  };
  Event event;
  EXPECT_EQ(judge(event), "event_id_missing");
  event.set_event_id("e-1");
  EXPECT_EQ(judge(event), "client_id_missing");
  event.set_event_id("e-2");
  event.set_client_id("C-1");
  EXPECT_EQ(judge(event), "body_unknown");
  event.set_event_id("e-3");
  event.mutable_case_started();
  EXPECT_EQ(judge(event), "case_id_missing");
}

TEST(Admission, ARefusalChangesNothingButTheMemoryOfItsId) {
  ViewRun run(sdk::Describe<Admission>());
  int64_t offset = 0;
  const auto deliver = [&](const Draft& draft) {
    const Event event = Finish(draft, offset);
    return run.Judge({event, Recorded(event, Beginning()), Offset(offset++), Beginning()});
  };
  deliver(Opened("K-1"));
  const auto rows = [&] {
    std::string text;
    for (const char* table : {"clients", "cases"})
      for (const auto& [key, row] : run.admission().Rows(table)) text += row->ShortDebugString() + "\n";
    return text;
  };
  const std::string before = rows();
  EXPECT_EQ(deliver(Closed("K-1")).rule(), "case_not_resolved");
  EXPECT_EQ(deliver(Started("K-9")).rule(), "case_unknown");
  EXPECT_EQ(deliver(Configured("gold")).rule(), "client_unknown");
  EXPECT_EQ(rows(), before);
  EXPECT_EQ(run.admission().RawRows("seen").size(), 4u);
}

// These bytes are on disks.
TEST(SeenEvent, BytesAreFrozen) {
  SeenEvent seen{Offset(258), 0x0102030405060708, Rule::kCaseNotOpen, 310, false, 0x0a0b0c0d, 0x11121314};
  EXPECT_EQ(Hex(seen.Encode()), "000000000000010201020304050607082c01360a0b0c0d11121314");
  seen.corrected = true;
  EXPECT_EQ(Hex(seen.Encode()), "000000000000010201020304050607082c81360a0b0c0d11121314");
  const auto back = SeenEvent::Decode(seen.Encode());
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(back->first_offset, Offset(258));
  EXPECT_EQ(back->content_hash, seen.content_hash);
  EXPECT_EQ(back->rule, Rule::kCaseNotOpen);
  EXPECT_EQ(back->body, 310);
  EXPECT_TRUE(back->corrected);
  EXPECT_EQ(back->client_hash, seen.client_hash);
  EXPECT_EQ(back->stands_on, seen.stands_on);
  EXPECT_FALSE(SeenEvent::Decode("short").has_value());
}

TEST(AggregateOf, KnowsEveryBodyAndNothingElse) {
  const auto* oneof = Event::descriptor()->FindOneofByName("body");
  for (int i = 0; i < oneof->field_count(); ++i) {
    const int tag = oneof->field(i)->number();
    const AggregateKind kind = AggregateOf(static_cast<Event::BodyCase>(tag));
    EXPECT_NE(kind, AggregateKind::kUnknown) << oneof->field(i)->name();
  }
  for (const int tag : {0, 99, 403, 506, 509, 511, 605, 609, 613, 726, 729, 737, 789, 741, 792, 861, 886, 904})
    EXPECT_EQ(AggregateOf(static_cast<Event::BodyCase>(tag)), AggregateKind::kUnknown) << tag;
}

// Every body that is about a case must give its id: one that is forgotten would be refused for ever.
TEST(CaseIdOf, KnowsEveryCaseEvent) {
  const auto* oneof = Event::descriptor()->FindOneofByName("body");
  for (int i = 0; i < oneof->field_count(); ++i) {
    const auto* body = oneof->field(i);
    Event event;
    auto* message = event.GetReflection()->MutableMessage(&event, body);
    if (AggregateOf(event.body_case()) != AggregateKind::kCase) continue;
    message->GetReflection()->SetString(message, message->GetDescriptor()->FindFieldByName("case_id"), "K-1");
    EXPECT_EQ(sdk::CaseIdOf(event), "K-1") << body->name();
  }
}

TEST(AdmissionProperty, RevisionsCountExactlyWhatWasApplied) {
  for (const uint64_t seed : {1, 2, 3, 4, 5}) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    Scenario test;
    const auto history = RandomHistory({.seed = seed, .clients = 30, .events = 2000});
    const auto verdicts = test.Play(history);
    std::map<std::string, int64_t> clients, cases, first_offsets;
    for (size_t i = 0; i < history.size(); ++i) {
      const bool is_case = AggregateOf(history[i].body_case()) == AggregateKind::kCase;
      const bool is_client = AggregateOf(history[i].body_case()) == AggregateKind::kClient;
      const bool applied = verdicts[i].outcome() == events::v1::VERDICT_OUTCOME_APPLIED;
      if (applied && is_case) ++cases[sdk::CaseIdOf(history[i])];
      if (applied && is_client) ++clients[history[i].client_id()];
      const int64_t now = is_case ? cases[sdk::CaseIdOf(history[i])] : is_client ? clients[history[i].client_id()] : 0;
      ASSERT_EQ(verdicts[i].revision(), now) << i;
      const bool is_first = first_offsets.emplace(history[i].event_id(), test.deliveries()[i].offset.value()).second;
      ASSERT_FALSE(applied && !is_first) << "applied twice: " << history[i].event_id();
      if (verdicts[i].outcome() == events::v1::VERDICT_OUTCOME_DUPLICATE) {
        ASSERT_EQ(verdicts[i].first_offset(), first_offsets[history[i].event_id()]);
      }
    }
  }
}

}  // namespace
}  // namespace kefu::admission

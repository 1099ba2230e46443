#include "projections/text/text.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "kefu/privacy/v1/privacy.pb.h"
#include "platform/base/hash.h"
#include "platform/testkit/golden.h"
#include "platform/testkit/history.h"
#include "platform/testkit/projection_driver.h"
#include "projections/text/event_texts.h"

namespace kefu::text {
namespace {

using namespace testkit;
using events::v1::Event;
using testing::ElementsAre;
using testing::IsEmpty;

// The offsets of a driver's events have holes; tests count events.
size_t NumberOf(const Driver& test, int64_t place) {
  for (size_t i = 0; i < test.deliveries().size(); ++i)
    if (test.deliveries()[i].offset == OffsetOf(place)) return i;
  ADD_FAILURE() << "no event at " << OffsetOf(place).value();
  return SIZE_MAX;
}

std::vector<size_t> Found(Driver& test, std::string_view term) {
  std::vector<size_t> events;
  for (const auto& [key, value] : test.run().view().RawRows("postings")) {
    std::string_view rest = key;
    int64_t number = 0, place = 0;
    EXPECT_TRUE(codec::TakePart(rest, &number) && codec::TakePart(rest, &place) && rest.empty() && value.empty());
    if (number == TermNumber(term)) events.push_back(NumberOf(test, place));
  }
  return events;
}

std::vector<std::string> Documented(Driver& test) {
  std::vector<std::string> lines;
  for (const auto& [key, value] : test.run().view().RawRows("documents")) {
    std::string_view rest = key;
    int64_t place = 0;
    EXPECT_TRUE(codec::TakePart(rest, &place) && rest.empty());
    const auto document = Document::Decode(value);
    EXPECT_TRUE(document.has_value());
    lines.push_back(fmt::format("{} {} {}", NumberOf(test, place), document->client_id,
                                Event::descriptor()->FindFieldByNumber(document->body)->name()));
  }
  return lines;
}

Draft ContactedAbout(std::string_view summary) {
  return Contacted(events::v1::CHANNEL_PHONE, events::v1::DIRECTION_INBOUND).With([&](Event& event) {
    event.mutable_contact_recorded()->set_summary(std::string(summary));
  });
}

Draft ComplainedAbout(std::string_view case_id, std::string_view subject, std::string_view description) {
  return Complained(case_id).With([&](Event& event) {
    auto* opening = event.mutable_complaint_received()->mutable_opening();
    opening->set_subject(std::string(subject));
    opening->set_description(std::string(description));
  });
}

TEST(Text, AnEventIsFoundByEachOfItsWordsNewestFirst) {
  ProjectionDriver<TextView> test;
  test.Given(ContactedAbout("要求退款 refund"), ContactedAbout("退款已辦"), ContactedAbout("ok"));
  EXPECT_THAT(Found(test, "退款"), ElementsAre(1, 0));
  EXPECT_THAT(Found(test, "refund"), ElementsAre(0));
  EXPECT_THAT(Found(test, "要求"), ElementsAre(0));
  EXPECT_THAT(Found(test, "要"), IsEmpty());
  EXPECT_THAT(Documented(test),
              ElementsAre("2 C-1 contact_recorded", "1 C-1 contact_recorded", "0 C-1 contact_recorded"));
}

TEST(Text, BothScriptsOfAWordAreOneTerm) {
  ProjectionDriver<TextView> test;
  test.Given(ContactedAbout("客戶投訴"), ContactedAbout("客户投诉"));
  EXPECT_THAT(Found(test, "投诉"), ElementsAre(1, 0));
}

TEST(Text, SubjectAndDescriptionAndNoteAndResolutionAreIndexed) {
  ProjectionDriver<TextView> test;
  test.Given(ComplainedAbout("K-1", "subjectword", "descriptionword"), NoteAdded("K-1", "noteword"),
             ResolutionProposed("K-1", "proposalword"),
             Resolved("K-1").With([](Event& event) { event.mutable_case_resolved()->set_text("resolutionword"); }));
  EXPECT_THAT(Found(test, "subjectword"), ElementsAre(0));
  EXPECT_THAT(Found(test, "descriptionword"), ElementsAre(0));
  EXPECT_THAT(Found(test, "noteword"), ElementsAre(1));
  EXPECT_THAT(Found(test, "proposalword"), ElementsAre(2));
  EXPECT_THAT(Found(test, "resolutionword"), ElementsAre(3));
}

TEST(Text, EventsWithoutWordsLeaveNothing) {
  ProjectionDriver<TextView> test;
  test.Given(ContactedAbout("，，😀"), Registered("王小明"),
             Opened("K-1").With([](Event& event) { event.mutable_service_request_opened()->clear_opening(); }));
  EXPECT_THAT(Documented(test), IsEmpty());
}

TEST(Text, AnAttemptThatWasRefusedIsNotFound) {
  ProjectionDriver<TextView> test;
  test.When(NoteAdded("K-9", "ghost")).Then(Refused("case_unknown"));
  EXPECT_THAT(Found(test, "ghost"), IsEmpty());
}

TEST(Text, OfACorrectedEventTheWordsThatStandAreFoundOfAnAnnulledOneNone) {
  ProjectionDriver<TextView> test;
  const auto told = [](std::string_view summary) { return ContactedAbout(summary).Id("talk").AtMinute(1); };
  const auto corrected = [&](const char* id, const char* named, std::string_view summary) {
    return Draft().Id(id).With([&](Event& event) {
      event.mutable_event_corrected()->set_corrected_event_id(named);
      event.mutable_event_corrected()->set_reason("misheard");
      event.mutable_event_corrected()->set_event(told(summary).Client("C-1").event().SerializeAsString());
    });
  };
  test.Given(told("退款 refund"), ContactedAbout("refund, another"));
  test.Given(corrected("fix", "talk", "開戶 transfer"));
  EXPECT_THAT(Found(test, "退款"), IsEmpty());
  EXPECT_THAT(Found(test, "refund"), ElementsAre(1));
  EXPECT_THAT(Found(test, "开户"), ElementsAre(0));
  EXPECT_THAT(Found(test, "misheard"), ElementsAre(2));
  test.Given(Draft().Id("gone").With([](Event& event) { event.mutable_event_annulled()->set_annulled_event_id("fix"); }));
  EXPECT_THAT(Found(test, "开户"), IsEmpty());
  EXPECT_THAT(Found(test, "transfer"), IsEmpty());
  EXPECT_THAT(Documented(test), ElementsAre("2 C-1 event_corrected", "1 C-1 contact_recorded"));
}

TEST(Text, OnlyTheFirstUnitsOfAnEventAreIndexed) {
  std::string longer;
  for (size_t i = 0; i <= kMostUnits; ++i) longer += fmt::format("w{} ", i);
  ProjectionDriver<TextView> test;
  test.Given(ComplainedAbout("K-1", longer, "late"));
  EXPECT_THAT(Found(test, fmt::format("w{}", kMostUnits - 1)), ElementsAre(0));
  EXPECT_THAT(Found(test, fmt::format("w{}", kMostUnits)), IsEmpty());
  EXPECT_THAT(Found(test, "late"), IsEmpty());
  EXPECT_EQ(test.run().view().RawRows("postings").size(), kMostUnits);
}

// A field that is marked tomorrow is searched without a line of code: every marked field of every body is walked to.
TEST(EventTexts, HoldEveryFieldMarkedAsFreeText) {
  const auto* bodies = Event::descriptor()->FindOneofByName("body");
  std::set<std::string> found;
  for (int i = 0; i < bodies->field_count(); ++i) {
    const auto* body = bodies->field(i);
    Event event;
    auto* message = event.GetReflection()->MutableMessage(&event, body);
    bool marked = false;
    const std::function<void(google::protobuf::Message*, int)> fill = [&](google::protobuf::Message* into, int depth) {
      const auto* type = into->GetDescriptor();
      for (int f = 0; f < type->field_count() && depth < 6; ++f) {
        const auto* field = type->field(f);
        const auto* reflection = into->GetReflection();
        if (field->cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE) {
          fill(field->is_repeated() ? reflection->AddMessage(into, field) : reflection->MutableMessage(into, field),
               depth + 1);
        } else if (field->options().GetExtension(privacy::v1::sensitivity) == privacy::v1::SENSITIVITY_FREE_TEXT) {
          marked = true;
          ASSERT_FALSE(field->is_repeated());
          reflection->SetString(into, field, "x");
        }
      }
    };
    fill(message, 0);
    EXPECT_EQ(MayHoldText(body->number()), marked) << body->name();
    for (const EventText& text : TextsOf(event)) found.insert(fmt::format("{}.{}", body->name(), text.field));
  }
  // Facts about the log are of no client: their texts are found, and the view ignores them.
  EXPECT_THAT(found, ElementsAre("audit_accessed.query", "audit_accessed.reason", "call_back_done.answers.answer",
                                 "case_note_added.text", "case_resolution_proposed.text", "case_resolved.text",
                                 "checkpoint_loss_accepted.reason", "complaint_received.opening.description",
                                 "complaint_received.opening.subject", "contact_recorded.summary",
                                 "event_annulled.reason", "event_corrected.reason", "lead_raised.note",
                                 "legal_hold_lifted.reason", "legal_hold_placed.reason", "needs_assessed.note",
                                 "promise_made.text", "recommendation_made.rationale", "regulatory_return_filed.note",
                                 "satisfaction_rated.comment",
                                 "service_request_opened.opening.description",
                                 "service_request_opened.opening.subject", "view_switched.reason"));
}

// These bytes are on disks.
TEST(Document, BytesAreFrozen) {
  const Document document{310, Beginning(), "C-1"};
  EXPECT_EQ(Hex(document.Encode()), "8000013680064c001b2e6400432d310001");
  EXPECT_EQ(Document::Decode(document.Encode())->client_id, "C-1");
  EXPECT_FALSE(Document::Decode("").has_value());
  EXPECT_FALSE(Document::Decode(document.Encode() + "x").has_value());
}

TEST(Text, GoldenDump) {
  ProjectionDriver<TextView> test;
  test.Play(RandomHistory({.seed = 3, .clients = 4, .events = 80}));
  ExpectGolden("projections/text/golden/text.txt", test.Dump());
}

TEST(TextProperty, PostingsAreTheTermsOfEveryAppliedEventAndNothingElse) {
  for (const uint64_t seed : {31, 32, 33}) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    ProjectionDriver<TextView> test;
    const auto history = RandomHistory({.seed = seed, .clients = 10, .events = 600});
    const auto verdicts = test.Play(history);
    std::set<std::string> expected;
    for (size_t i = 0; i < history.size(); ++i) {
      if (verdicts[i].outcome() != events::v1::VERDICT_OUTCOME_APPLIED) continue;
      for (const EventText& text : TextsOf(history[i]))
        for (const std::string& term : TermsOf(text.units))
          expected.insert(Postings::Key::Encode(TermNumber(term), PlaceOf(test.deliveries()[i].offset)));
    }
    std::set<std::string> kept;
    for (const auto& [key, value] : test.run().view().RawRows("postings")) kept.insert(key);
    EXPECT_FALSE(kept.empty());
    EXPECT_EQ(kept, expected);
  }
}

}  // namespace
}  // namespace kefu::text

#include "services/cli/audit_correct.h"

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

namespace kefu::cli {
namespace {

using events::v1::Event;

Event Parsed(const char* text) {
  Event event;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &event)) << text;
  return event;
}

constexpr char kTold[] = R"(event_id: "e-1" client_id: "C-1" source: "cti" occurred_at { seconds: 100 nanos: 5 }
                            case_note_added { case_id: "K-1" text: "calld" })";

TEST(TellOtherwise, PutsFieldsInPlaceAndLeavesTheRest) {
  Event event = Parsed(kTold);
  ASSERT_TRUE(TellOtherwise(Parsed(R"(occurred_at { seconds: 90 } case_note_added { text: "called" })"), &event).ok());
  EXPECT_EQ(event.DebugString(), Parsed(R"(event_id: "e-1" client_id: "C-1" source: "cti" occurred_at { seconds: 90 }
                                           case_note_added { case_id: "K-1" text: "called" })")
                                     .DebugString());
}

TEST(TellOtherwise, ListsAreReplacedNotAddedTo) {
  Event event = Parsed(R"(event_id: "e-1" client_registered { kind: CLIENT_KIND_PERSON phones: "1" phones: "2" })");
  ASSERT_TRUE(TellOtherwise(Parsed(R"(client_registered { phones: "3" })"), &event).ok());
  ASSERT_EQ(event.client_registered().phones_size(), 1);
  EXPECT_EQ(event.client_registered().phones(0), "3");
  EXPECT_EQ(event.client_registered().kind(), events::v1::CLIENT_KIND_PERSON);
}

TEST(TellOtherwise, KeepsKindClientAndId) {
  for (const char* changes : {R"(contact_recorded { summary: "no note" })", R"(client_id: "C-2")", R"(event_id: "e-2")"}) {
    Event event = Parsed(kTold);
    EXPECT_EQ(TellOtherwise(Parsed(changes), &event).code(), StatusCode::kInvalidArgument) << changes;
  }
  Event event = Parsed(kTold);
  EXPECT_TRUE(TellOtherwise(Parsed(R"(client_id: "C-1" event_id: "e-1")"), &event).ok());
  EXPECT_EQ(event.DebugString(), Parsed(kTold).DebugString());
}

}  // namespace
}  // namespace kefu::cli

#include "platform/event/record.h"

#include <google/protobuf/descriptor.h>
#include <gtest/gtest.h>

#include <set>

#include "kefu/events/v1/event.pb.h"
#include "platform/base/hash.h"
#include "platform/base/time.h"

namespace kefu::event {
namespace {

using events::v1::Event;

Event SampleEvent() {
  Event event;
  event.set_event_id("E-1");
  event.set_client_id("C-1");
  event.mutable_occurred_at()->set_seconds(1'700'000'000);
  event.set_source("cti");
  event.mutable_case_note_added()->set_case_id("K-1");
  event.mutable_case_note_added()->set_text("called back");
  return event;
}

const absl::Time kRecorded = absl::FromUnixSeconds(1'700'000'005) + absl::Milliseconds(250);

std::string_view ContentOf(std::string_view bytes) {
  Event parsed;
  EXPECT_TRUE(ParseRecorded(bytes, &parsed).ok());
  return event::ContentOf(bytes, parsed);
}

void ExpectNoMaps(const google::protobuf::Descriptor* type, std::set<const google::protobuf::Descriptor*>& seen) {
  if (!seen.insert(type).second) return;
  for (int i = 0; i < type->field_count(); ++i) {
    EXPECT_FALSE(type->field(i)->is_map()) << type->field(i)->full_name();
    if (type->field(i)->message_type() != nullptr) ExpectNoMaps(type->field(i)->message_type(), seen);
  }
}

// The order of a map's entries in serialised bytes is left to chance, so one content could have two digests.
TEST(RecordedBytes, EventsHoldNoMaps) {
  std::set<const google::protobuf::Descriptor*> seen;
  ExpectNoMaps(Event::descriptor(), seen);
  EXPECT_GT(seen.size(), 20u);
}

// On disk; must never change.
TEST(RecordedBytes, GoldenBytes) {
  EXPECT_EQ(Hex(RecordedBytes(SampleEvent(), kRecorded)),
            "0a03452d311203432d311a060880e2cfaa062a03637469b21312"
            "0a034b2d31120b63616c6c6564206261636b"
            "827d0b0885e2cfaa061080e59a77");
}

TEST(RecordedBytes, ReadBackAsTheEventWithItsStamp) {
  Event parsed;
  ASSERT_TRUE(ParseRecorded(RecordedBytes(SampleEvent(), kRecorded), &parsed).ok());
  EXPECT_EQ(FromProto(parsed.recorded_at()), kRecorded);
  parsed.clear_recorded_at();
  EXPECT_EQ(parsed.SerializeAsString(), SampleEvent().SerializeAsString());
}

TEST(RecordedBytes, AStampThatIsThereAlreadyIsReplaced) {
  Event stamped = SampleEvent();
  *stamped.mutable_recorded_at() = ToProto(kRecorded - absl::Hours(1));
  EXPECT_EQ(RecordedBytes(stamped, kRecorded), RecordedBytes(SampleEvent(), kRecorded));
}

TEST(ContentOf, IsWhatTheProducerSaidWhateverTheStamp) {
  const std::string said = SampleEvent().SerializeAsString();
  for (const absl::Time recorded :
       {kRecorded, absl::UnixEpoch(), absl::FromUnixSeconds(1), absl::FromUnixNanos(1), absl::FromUnixNanos(-1),
        absl::FromUnixSeconds(-5'000'000), absl::FromUnixSeconds(253402300799) + absl::Nanoseconds(999'999'999)}) {
    const std::string bytes = RecordedBytes(SampleEvent(), recorded);
    EXPECT_EQ(ContentOf(bytes), said) << recorded;
  }
}

TEST(ContentOf, ARecordWithoutAStampIsContentAltogether) {
  const std::string bytes = SampleEvent().SerializeAsString();
  EXPECT_EQ(ContentOf(bytes), bytes);
}

TEST(ContentOf, AStampBeforeOtherFieldsIsNotTakenOff) {
  Event stamp;
  *stamp.mutable_recorded_at() = ToProto(kRecorded);
  const std::string bytes = stamp.SerializeAsString() + SampleEvent().SerializeAsString();
  EXPECT_EQ(ContentOf(bytes), bytes);
}

TEST(ContentOf, TwoStampsAreNotTakenOff) {
  Event stamp;
  *stamp.mutable_recorded_at() = ToProto(kRecorded);
  const std::string bytes = stamp.SerializeAsString() + RecordedBytes(SampleEvent(), kRecorded);
  EXPECT_EQ(ContentOf(bytes), bytes);
}

// The stamp stands in front, and a digest at the end has the very same bytes.
TEST(ContentOf, AnInnerFieldThatLooksLikeTheStampIsNotTakenOff) {
  Event stamp;
  *stamp.mutable_recorded_at() = ToProto(absl::FromUnixSeconds(100));
  Event event = SampleEvent();
  event.mutable_case_note_added()->add_evidence()->set_sha256(stamp.SerializeAsString());
  const std::string bytes = stamp.SerializeAsString() + event.SerializeAsString();
  ASSERT_TRUE(bytes.ends_with(stamp.SerializeAsString()));
  EXPECT_EQ(ContentOf(bytes), bytes);
}

TEST(ParseRecorded, BytesThatAreNoEventAreDataLoss) {
  Event event;
  EXPECT_EQ(ParseRecorded("\x0a\xff", &event).code(), StatusCode::kDataLoss);
  EXPECT_EQ(ParseRecorded(std::string_view("\0", 1), &event).code(), StatusCode::kDataLoss);
  // A string that is not UTF-8.
  EXPECT_EQ(ParseRecorded("\x0a\x01\xff", &event).code(), StatusCode::kDataLoss);
}

TEST(HasUnknownBody, SeesABodyOfANewerProducer) {
  EXPECT_FALSE(HasUnknownBody(SampleEvent()));
  EXPECT_FALSE(HasUnknownBody(Event()));
  Event event = SampleEvent();
  event.clear_body();
  EXPECT_FALSE(HasUnknownBody(event));
  event.GetReflection()->MutableUnknownFields(&event)->AddLengthDelimited(950)->assign("\x0a\x01x");
  EXPECT_TRUE(HasUnknownBody(event));
  // Beside a body that is known: a newer reader would take the later one.
  event.mutable_case_started()->set_case_id("K-1");
  EXPECT_TRUE(HasUnknownBody(event));
  // A new attribute is no body.
  Event attribute = SampleEvent();
  attribute.GetReflection()->MutableUnknownFields(&attribute)->AddVarint(12, 1);
  EXPECT_FALSE(HasUnknownBody(attribute));
}

}  // namespace
}  // namespace kefu::event

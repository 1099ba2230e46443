#include "platform/event/decode.h"

#include <gtest/gtest.h>

#include "platform/base/reason.h"
#include "platform/event/sample_events.h"

namespace kefu::event {
namespace {

using events::v1::Event;

std::string RefusalOf(std::string_view bytes) {
  Event event;
  const Status status = DecodeProtobuf(bytes, "event", &event);
  return status.ok() ? "accepted" : ReasonOf(status) + " " + FieldOf(status);
}

std::string JsonRefusalOf(std::string_view json) {
  Event event;
  const Status status = DecodeJson(json, "event", &event);
  return status.ok() ? "accepted" : ReasonOf(status) + " " + FieldOf(status);
}

TEST(DecodeProtobuf, SaysWhereATextIsNotUtf8) {
  Event event = SampleContact();
  event.mutable_contact_recorded()->mutable_topic()->set_value("\xff");
  EXPECT_EQ(RefusalOf(event.SerializeAsString()), "TEXT_NOT_UTF8 event.contact_recorded.topic.value");
}

TEST(DecodeProtobuf, SaysThatBytesAreNoEvent) {
  EXPECT_EQ(RefusalOf(SampleContact().SerializeAsString()), "accepted");
  EXPECT_EQ(RefusalOf("hello, world"), "PROTOBUF_INVALID event");
  EXPECT_EQ(RefusalOf(std::string(12, '\0')), "PROTOBUF_INVALID event");
  const std::string cut = SampleContact().SerializeAsString();
  EXPECT_EQ(RefusalOf(std::string_view(cut).substr(0, cut.size() - 3)), "PROTOBUF_INVALID event");
}

TEST(DecodeProtobuf, AHundredLevelsAreReadAndOneMoreIsRefused) {
  const auto nested = [](int groups) {
    // Tag 60 (unknown to Event) opens and ends a group.
    std::string bytes;
    for (int i = 0; i < groups; ++i) bytes += "\xe3\x03";
    for (int i = 0; i < groups; ++i) bytes += "\xe4\x03";
    return bytes;
  };
  EXPECT_EQ(RefusalOf(nested(100)), "accepted");
  EXPECT_EQ(RefusalOf(nested(101)), "NESTED_TOO_DEEP event");
  EXPECT_EQ(RefusalOf(nested(100'000)), "NESTED_TOO_DEEP event");
}

TEST(DecodeProtobuf, EveryTruncationAndEveryFlippedByteGivesAnAnswer) {
  const std::string whole = SampleComplaint().SerializeAsString();
  for (size_t i = 0; i < whole.size(); ++i) {
    RefusalOf(std::string_view(whole).substr(0, i));
    for (int bit = 0; bit < 8; ++bit) {
      std::string flipped = whole;
      flipped[i] = static_cast<char>(flipped[i] ^ (1 << bit));
      const std::string refusal = RefusalOf(flipped);
      EXPECT_FALSE(refusal.empty());
    }
  }
}

TEST(DecodeJson, NamesTheMemberAndNeverItsValue) {
  Event event;
  EXPECT_TRUE(DecodeJson(R"({"eventId":"E-1","contactRecorded":{"channel":"CHANNEL_APP"}})", "event", &event).ok());
  EXPECT_EQ(event.contact_recorded().channel(), events::v1::CHANNEL_APP);
  EXPECT_EQ(JsonRefusalOf("{"), "JSON_INVALID event");
  EXPECT_EQ(JsonRefusalOf("\"text\""), "JSON_INVALID event");
  EXPECT_EQ(JsonRefusalOf("{\"eventId\":\"\xff\"}"), "TEXT_NOT_UTF8 event");
  EXPECT_EQ(JsonRefusalOf(R"({"nonsense":1})"), "FIELD_UNKNOWN event.nonsense");
  EXPECT_EQ(JsonRefusalOf(R"({"contactRecorded":{"channel":"CHANNEL_FAX"}})"),
            "JSON_MISMATCH event.contact_recorded.channel");
  const Status status = DecodeJson(R"({"contactRecorded":{"startedAt":"secret"}})", "event", &event);
  EXPECT_FALSE(status.ok());
  EXPECT_EQ(MessageOf(status).find("secret"), std::string_view::npos) << status;
}

TEST(DecodeJson, DepthIsBoundedBeforeAnythingIsParsed) {
  EXPECT_EQ(JsonRefusalOf(std::string(101, '[')), "NESTED_TOO_DEEP event");
  EXPECT_EQ(JsonRefusalOf(std::string(1'000'000, '{')), "NESTED_TOO_DEEP event");
  // Brackets within texts are no nesting.
  EXPECT_EQ(JsonRefusalOf("{\"eventId\":\"\\\"" + std::string(200, '[') + "\"}"), "accepted");
}

TEST(StripRegistryFraming, TakesMagicIdAndMessagePathOff) {
  const auto stripped = [](std::string_view value) {
    const Status status = StripRegistryFraming(&value);
    return status.ok() ? std::string(value) : ReasonOf(status);
  };
  using namespace std::string_view_literals;
  EXPECT_EQ(stripped("\x0aplain"sv), "\x0aplain");
  EXPECT_EQ(stripped(""sv), "");
  EXPECT_EQ(stripped("\0\0\0\0\7\0rest"sv), "rest");
  // [0] written out; [1]; [1, 0].
  EXPECT_EQ(stripped("\0\0\0\0\7\2\0rest"sv), "rest");
  EXPECT_EQ(stripped("\0\0\0\0\7\2\2rest"sv), "rest");
  EXPECT_EQ(stripped("\0\0\0\0\7\4\2\0rest"sv), "rest");
  EXPECT_EQ(stripped("\0\0\0\0\7{\"a\":1}"sv), "{\"a\":1}");
  EXPECT_EQ(stripped("\0"sv), "FRAMING_INVALID");
  EXPECT_EQ(stripped("\0\0\0\0\7"sv), "FRAMING_INVALID");
  EXPECT_EQ(stripped("\0\0\0\0\7\4\2"sv), "FRAMING_INVALID");
  EXPECT_EQ(stripped("\0\0\0\0\7\1rest"sv), "FRAMING_INVALID");
  EXPECT_EQ(stripped("\0\0\0\0\7\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"sv), "FRAMING_INVALID");
}

}  // namespace
}  // namespace kefu::event

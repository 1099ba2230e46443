#include "platform/event/cloudevents.h"

#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include "platform/base/reason.h"
#include "platform/base/time.h"
#include "platform/event/sample_events.h"

namespace kefu::event {
namespace {

using events::v1::Event;
using google::protobuf::util::MessageDifferencer;
using namespace std::string_literals;

std::string JsonOf(const google::protobuf::Message& message) {
  std::string json;
  EXPECT_TRUE(google::protobuf::util::MessageToJsonString(message, &json).ok());
  return json;
}

void ExpectDecodes(const Headers& headers, std::string_view key, std::string_view value, const Event& expected) {
  const auto event = DecodeInbox(headers, key, value);
  ASSERT_TRUE(event.ok()) << event.status();
  EXPECT_TRUE(MessageDifferencer::Equals(*event, expected)) << event->DebugString() << expected.DebugString();
}

std::string RefusalOf(const Headers& headers, std::string_view value, std::string_view key = "") {
  const auto event = DecodeInbox(headers, key, value);
  return event.ok() ? "accepted" : ReasonOf(event.status()) + " " + FieldOf(event.status());
}

// Everything that attributes can carry.
Event FullEvent() {
  Event event = SampleContact();
  event.mutable_actor()->set_team("desk 3");
  event.set_correlation_id("conversation-7");
  event.set_causation_id("E-0");
  event.mutable_precondition()->set_revision(4);
  event.set_imported(true);
  return event;
}

Headers BinaryHeaders(const std::string& type, const std::string& content_type = "application/protobuf") {
  return {{"ce_specversion", "1.0"},     {"ce_id", "E-7"},
          {"ce_source", "crm"},          {"ce_type", type},
          {"ce_subject", "C-1"},         {"ce_time", "2026-03-01T17:30:00+08:00"},
          {"content-type", content_type}};
}

TEST(DecodeInbox, PlainEventsAsProtobufAndAsJson) {
  const Event event = FullEvent();
  ExpectDecodes({}, "C-1", event.SerializeAsString(), event);
  ExpectDecodes({}, "", JsonOf(event), event);
  ExpectDecodes({{"Content-Type", "Application/JSON; charset=utf-8"}}, "", " " + JsonOf(event), event);
  ExpectDecodes({{"content-type", "application/x-protobuf"}}, "", event.SerializeAsString(), event);
}

TEST(DecodeInbox, RegistryFramingBeforeProtobufAndJson) {
  const Event event = FullEvent();
  ExpectDecodes({}, "", "\0\0\0\0\7\0"s + event.SerializeAsString(), event);
  ExpectDecodes({}, "", "\0\0\0\0\7\2\0"s + event.SerializeAsString(), event);
  ExpectDecodes({}, "", "\0\0\0\0\7"s + JsonOf(event), event);
  ExpectDecodes({{"__value_schema_id", "\0\0\0\0\7"s}}, "", event.SerializeAsString(), event);
  EXPECT_EQ(RefusalOf({{"__value_schema_id", "\0\0\0\0\7"s}}, "\0\0\0\0\7\0"s + event.SerializeAsString()),
            "PROTOBUF_INVALID event");
}

TEST(DecodeInbox, CloudEventsBinaryWithABareBody) {
  const auto contact = SampleContact().contact_recorded();
  Event expected;
  expected.set_event_id("E-7");
  expected.set_source("crm");
  expected.set_client_id("C-1");
  *expected.mutable_occurred_at() = ToProto(*ParseRfc3339("2026-03-01T09:30:00Z"));
  *expected.mutable_contact_recorded() = contact;
  const Headers headers = BinaryHeaders("kefu.events.v1.ContactRecorded");
  ExpectDecodes(headers, "other-key", contact.SerializeAsString(), expected);
  ExpectDecodes(headers, "", "\0\0\0\0\7\0"s + contact.SerializeAsString(), expected);
  ExpectDecodes(BinaryHeaders("kefu.events.v1.ContactRecorded", "application/json"), "", JsonOf(contact), expected);

  Headers shouting = headers;
  for (auto& [name, value] : shouting)
    for (char& c : name) c = static_cast<char>(std::toupper(c));
  ExpectDecodes(shouting, "", contact.SerializeAsString(), expected);

  Headers without_subject = headers;
  std::erase_if(without_subject, [](const auto& header) { return header.first == "ce_subject"; });
  ExpectDecodes(without_subject, "C-1", contact.SerializeAsString(), expected);
}

TEST(DecodeInbox, CloudEventsBinaryWithAWholeEventMustAgreeWithIt) {
  Event event = SampleContact();
  event.set_event_id("E-7");
  event.set_client_id("C-1");
  event.set_source("crm");
  event.clear_occurred_at();
  Event expected = event;
  *expected.mutable_occurred_at() = ToProto(*ParseRfc3339("2026-03-01T09:30:00Z"));
  const Headers headers = BinaryHeaders("kefu.events.v1.Event");
  ExpectDecodes(headers, "", event.SerializeAsString(), expected);
  for (const auto& [attribute, change] : std::vector<std::pair<std::string, std::function<void(Event&)>>>{
           {"ce_id", [](Event& e) { e.set_event_id("E-8"); }},
           {"ce_subject", [](Event& e) { e.set_client_id("C-2"); }},
           {"ce_source", [](Event& e) { e.set_source("cti"); }},
           {"ce_time", [](Event& e) { e.mutable_occurred_at()->set_seconds(1); }}}) {
    Event other = event;
    change(other);
    EXPECT_EQ(RefusalOf(headers, other.SerializeAsString()), "CE_ATTRIBUTE_CONFLICT " + attribute);
  }
}

TEST(DecodeInbox, ExtensionsBecomeAttributesOfTheEvent) {
  Headers headers = BinaryHeaders("kefu.events.v1.CaseStarted");
  headers.insert(headers.end(), {{"ce_branchid", "B-1"},
                                 {"ce_actorid", "S-1"},
                                 {"ce_actorkind", "staff"},
                                 {"ce_correlationid", "x"},
                                 {"ce_causationid", "y"},
                                 {"ce_imported", "true"},
                                 {"ce_preconditionrevision", "3"},
                                 {"ce_traceparent", "ignored"}});
  events::v1::CaseStarted started;
  started.set_case_id("K-1");
  const auto event = DecodeInbox(headers, "", started.SerializeAsString());
  ASSERT_TRUE(event.ok()) << event.status();
  EXPECT_EQ(event->branch_id(), "B-1");
  EXPECT_EQ(event->actor().kind(), events::v1::ACTOR_KIND_STAFF);
  EXPECT_EQ(event->actor().id(), "S-1");
  EXPECT_EQ(event->correlation_id(), "x");
  EXPECT_EQ(event->causation_id(), "y");
  EXPECT_TRUE(event->imported());
  EXPECT_EQ(event->precondition().revision(), 3);
}

TEST(DecodeInbox, CloudEventsStructuredWithDataAndWithBase64) {
  const Event event = FullEvent();
  const auto structured = ToStructuredCloudEvent(event);
  ASSERT_TRUE(structured.ok());
  ExpectDecodes({{"content-type", "application/cloudevents+json; charset=UTF-8"}}, "", *structured, event);

  const std::string base64 = R"({"specversion":"1.0","id":"E-7","source":"crm","type":"kefu.events.v1.CaseStarted",
      "subject":"C-1","datacontenttype":"application/protobuf","data_base64":"CgNLLTE=","imported":true})";
  const auto decoded = DecodeInbox({{"content-type", "application/cloudevents+json"}}, "", base64);
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(decoded->case_started().case_id(), "K-1");
  EXPECT_TRUE(decoded->imported());
}

TEST(DecodeInbox, WhatIsNoCloudEventIsRefusedWithAReason) {
  const Headers structured = {{"content-type", "application/cloudevents+json"}};
  EXPECT_EQ(RefusalOf(structured, "[]"), "JSON_INVALID value");
  EXPECT_EQ(RefusalOf(structured, "{\"id\":"), "JSON_INVALID value");
  EXPECT_EQ(RefusalOf(structured, std::string(100'000, '[')), "NESTED_TOO_DEEP value");
  EXPECT_EQ(RefusalOf(structured, "{\"id\":\"\xff\"}"), "TEXT_NOT_UTF8 value");
  EXPECT_EQ(RefusalOf(structured, R"({"id":["a"]})"), "CE_ATTRIBUTE_INVALID id");
  EXPECT_EQ(RefusalOf(structured, R"({"id":"a"})"), "VALUE_EMPTY data");
  EXPECT_EQ(RefusalOf(structured, R"({"id":"a","data":{}})"), "CE_ATTRIBUTE_MISSING specversion");
  EXPECT_EQ(RefusalOf(structured, R"({"specversion":"0.3","data":{}})"), "CE_ATTRIBUTE_INVALID specversion");
  EXPECT_EQ(RefusalOf(structured, R"({"specversion":"1.0","data":{}})"), "CE_ATTRIBUTE_MISSING type");
  EXPECT_EQ(RefusalOf(structured, R"({"specversion":"1.0","data":"text"})"), "JSON_INVALID data");
  EXPECT_EQ(RefusalOf(structured, R"({"specversion":"1.0","data_base64":"%%%"})"), "JSON_INVALID data_base64");
  EXPECT_EQ(RefusalOf(structured, R"({"specversion":"1.0","type":"com.example.Other","data":{}})"),
            "BODY_UNKNOWN type");
  EXPECT_EQ(RefusalOf({{"content-type", "application/cloudevents-batch+json"}}, "[]"),
            "CONTENT_TYPE_UNSUPPORTED content-type");
  EXPECT_EQ(RefusalOf({{"content-type", "text/plain"}}, "x"), "CONTENT_TYPE_UNSUPPORTED content-type");
  EXPECT_EQ(RefusalOf({{"ce_id", "x"}}, "x"), "CE_ATTRIBUTE_MISSING ce_specversion");
  EXPECT_EQ(RefusalOf(BinaryHeaders("kefu.events.v1.Money"), "x"), "BODY_UNKNOWN ce_type");
  EXPECT_EQ(RefusalOf({{"ce_id", "\xff"}}, "x"), "TEXT_NOT_UTF8 ce_id");
  EXPECT_EQ(RefusalOf({}, ""), "VALUE_EMPTY value");
  EXPECT_EQ(RefusalOf({}, std::string((1 << 20) + 1, 'x')), "VALUE_TOO_LARGE value");
  Headers bad_time = BinaryHeaders("kefu.events.v1.ContactRecorded");
  bad_time[5].second = "yesterday";
  EXPECT_EQ(RefusalOf(bad_time, SampleContact().contact_recorded().SerializeAsString()),
            "CE_ATTRIBUTE_INVALID ce_time");
}

TEST(ToCloudEvents, BothModesComeBackAsTheSameEvent) {
  for (const Event& event : {FullEvent(), SampleContact(), SampleComplaint()}) {
    const auto binary = ToBinaryCloudEvent(event);
    ASSERT_TRUE(binary.ok());
    ExpectDecodes(binary->headers, binary->key, binary->value, event);
    const auto structured = ToStructuredCloudEvent(event);
    ASSERT_TRUE(structured.ok());
    ExpectDecodes({{"content-type", "application/cloudevents+json"}}, "", *structured, event);
  }
}

TEST(ToCloudEvents, TheRecordedTimeGoesOutAndIsNotTakenIn) {
  Event event = SampleContact();
  *event.mutable_recorded_at() = ToProto(absl::FromUnixSeconds(1'700'000'001));
  const auto structured = ToStructuredCloudEvent(event);
  ASSERT_TRUE(structured.ok());
  EXPECT_NE(structured->find("\"recordedtime\":\"2023-11-14T22:13:21Z\""), std::string::npos) << *structured;
  ExpectDecodes({{"content-type", "application/cloudevents+json"}}, "", *structured, SampleContact());
}

TEST(ToCloudEvents, AnEventThatHasNoJsonFormIsRefused) {
  Event event = SampleContact();
  event.mutable_contact_recorded()->mutable_started_at()->set_seconds(INT64_MAX);
  EXPECT_EQ(ToStructuredCloudEvent(event).status().code(), StatusCode::kInvalidArgument);
  event = SampleContact();
  event.set_source("\xff");
  EXPECT_EQ(ReasonOf(ToStructuredCloudEvent(event).status()), "TEXT_NOT_UTF8");
}

}  // namespace
}  // namespace kefu::event

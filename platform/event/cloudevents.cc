#include "platform/event/cloudevents.h"

#include <absl/strings/escaping.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <google/protobuf/util/json_util.h>

#include <nlohmann/json.hpp>
#include <optional>

#include "kefu/events/v1/event.pb.h"
#include "platform/base/reason.h"
#include "platform/event/attributes.h"
#include "platform/event/decode.h"
#include "platform/event/utf8.h"

namespace kefu::event {

namespace {

using events::v1::Event;
using internal::Attributes;
using Json = nlohmann::json;

constexpr std::string_view kAttributePrefix = "ce_";
constexpr char kContentType[] = "content-type";
constexpr char kSchemaIdHeader[] = "__value_schema_id";

Status Refuse(const char* reason, const std::string& field, std::string_view explanation) {
  return WithReason(InvalidArgument("{} {}", field, explanation), reason, field);
}

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return lower;
}

// "Application/JSON; charset=utf-8" is "application/json".
std::string MediaType(std::string_view content_type) {
  std::string type = Lower(content_type.substr(0, content_type.find(';')));
  while (!type.empty() && type.back() == ' ') type.pop_back();
  return type;
}

bool IsJsonType(std::string_view type) { return type == "application/json" || type.ends_with("+json"); }

bool IsProtobufType(std::string_view type) {
  return type == "application/protobuf" || type == "application/x-protobuf" ||
         type == "application/vnd.google.protobuf" || type == "application/octet-stream";
}

// A payload and what it says it is. An empty type is told by the first byte.
struct Payload {
  std::string_view bytes;
  std::string media_type;
  // The header for errors about the type.
  std::string type_field;
  bool may_be_framed = true;
};

Status DecodePayload(const Payload& payload, const std::string& path, google::protobuf::Message* message) {
  std::string_view bytes = payload.bytes;
  if (payload.may_be_framed) RETURN_IF_ERROR(StripRegistryFraming(&bytes));
  const bool json = IsJsonType(payload.media_type);
  if (!json && !payload.media_type.empty() && !IsProtobufType(payload.media_type))
    return Refuse("CONTENT_TYPE_UNSUPPORTED", payload.type_field,
                  "must be application/protobuf, application/json or application/cloudevents+json");
  if (json || (payload.media_type.empty() && bytes.starts_with("{"))) return DecodeJson(bytes, path, message);
  return DecodeProtobuf(bytes, path, message);
}

// The event out of attributes and data. `prefix` is how attributes are called where they came from.
StatusOr<Event> Assemble(Attributes attributes, const std::string& prefix, std::string_view key,
                         const Payload& payload) {
  const auto version = attributes.find("specversion");
  if (version == attributes.end())
    return Refuse("CE_ATTRIBUTE_MISSING", prefix + "specversion", "is missing; it is \"1.0\"");
  if (version->second != "1.0") return Refuse("CE_ATTRIBUTE_INVALID", prefix + "specversion", "must be \"1.0\"");
  const auto type = attributes.find("type");
  if (type == attributes.end())
    return Refuse("CE_ATTRIBUTE_MISSING", prefix + "type",
                  "is missing; it is a body's full name, such as kefu.events.v1.ContactRecorded");
  Event event;
  if (type->second == internal::kWholeEvent) {
    RETURN_IF_ERROR(DecodePayload(payload, "event", &event));
  } else {
    const auto* field = internal::BodyNamed(type->second);
    if (field == nullptr)
      return Refuse("BODY_UNKNOWN", prefix + "type", "names no body that this server knows; upgrade the server");
    auto* body = event.GetReflection()->MutableMessage(&event, field);
    RETURN_IF_ERROR(DecodePayload(payload, "event." + field->name(), body));
    if (!key.empty()) attributes.try_emplace("subject", key);
  }
  RETURN_IF_ERROR(internal::Apply(attributes, prefix, &event));
  return event;
}

// Attributes are strings; those of ours that have another JSON type are written as such by some clients.
std::optional<std::string> AttributeText(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_boolean()) return value.get<bool>() ? "true" : "false";
  if (value.is_number_integer()) return value.dump();
  return std::nullopt;
}

StatusOr<Event> DecodeStructured(std::string_view key, std::string_view value) {
  if (!JsonDepthIsBounded(value)) return Refuse("NESTED_TOO_DEEP", "value", "is nested deeper than 100 levels");
  if (!IsUtf8(value)) return Refuse("TEXT_NOT_UTF8", "value", "is not valid UTF-8");
  const Json envelope = Json::parse(value.begin(), value.end(), nullptr, /*allow_exceptions=*/false);
  if (envelope.is_discarded()) return Refuse("JSON_INVALID", "value", "is no JSON");
  if (!envelope.is_object()) return Refuse("JSON_INVALID", "value", "is no CloudEvent: it must be one JSON object");
  Attributes attributes;
  for (const auto& [name, member] : envelope.items()) {
    if (name == "data" || name == "data_base64" || member.is_null()) continue;
    auto text = AttributeText(member);
    if (!text.has_value()) return Refuse("CE_ATTRIBUTE_INVALID", name.substr(0, 40), "must be a string");
    attributes[name] = *std::move(text);
  }
  const std::string type = attributes.contains("datacontenttype") ? MediaType(attributes["datacontenttype"]) : "";
  Payload payload{{}, type, "datacontenttype"};
  std::string bytes;
  if (const auto encoded = envelope.find("data_base64"); encoded != envelope.end()) {
    if (!encoded->is_string() || !absl::Base64Unescape(encoded->get_ref<const std::string&>(), &bytes))
      return Refuse("JSON_INVALID", "data_base64", "is no base64 text");
  } else if (const auto data = envelope.find("data"); data != envelope.end()) {
    if (!data->is_object()) return Refuse("JSON_INVALID", "data", "must be an object; bytes go into data_base64");
    bytes = data->dump();
    payload.media_type = "application/json";
    payload.may_be_framed = false;
  } else {
    return Refuse("VALUE_EMPTY", "data", "is missing");
  }
  payload.bytes = bytes;
  return Assemble(std::move(attributes), "", key, payload);
}

StatusOr<std::string> ToJson(const google::protobuf::Message& message) {
  std::string json;
  const auto status = google::protobuf::util::MessageToJsonString(message, &json);
  if (!status.ok()) return InvalidArgument("the event has no JSON form: a time, duration or field mask in it is none");
  return json;
}

const google::protobuf::Message& DataOf(const Event& event) {
  const auto* body = Event::descriptor()->FindFieldByNumber(event.body_case());
  return body == nullptr ? event : event.GetReflection()->GetMessage(event, body);
}

}  // namespace

StatusOr<Event> DecodeInbox(const Headers& headers, std::string_view key, std::string_view value) {
  if (value.empty()) return Refuse("VALUE_EMPTY", "value", "is empty");
  if (value.size() > kMaxInboxValueBytes)
    return Refuse("VALUE_TOO_LARGE", "value",
                  fmt::format("has {} bytes; at most {}", value.size(), kMaxInboxValueBytes));
  Attributes attributes;
  Payload payload{value, {}, kContentType};
  for (const auto& [raw_name, text] : headers) {
    const std::string name = Lower(raw_name);
    if (name == kContentType) {
      payload.media_type = MediaType(text);
    } else if (name == kSchemaIdHeader) {
      payload.may_be_framed = false;
    } else if (name.starts_with(kAttributePrefix)) {
      if (!IsUtf8(text)) return Refuse("TEXT_NOT_UTF8", name.substr(0, 40), "is not valid UTF-8");
      attributes[name.substr(kAttributePrefix.size())] = text;
    }
  }
  if (payload.media_type == "application/cloudevents+json") return DecodeStructured(key, value);
  if (payload.media_type.starts_with("application/cloudevents"))
    return Refuse("CONTENT_TYPE_UNSUPPORTED", kContentType,
                  "names a CloudEvents format other than application/cloudevents+json");
  if (!attributes.empty()) return Assemble(std::move(attributes), std::string(kAttributePrefix), key, payload);
  Event event;
  RETURN_IF_ERROR(DecodePayload(payload, "event", &event));
  return event;
}

StatusOr<BinaryCloudEvent> ToBinaryCloudEvent(const Event& event) {
  BinaryCloudEvent made;
  for (const auto& [name, value] : internal::AttributesOf(event))
    made.headers.emplace_back(std::string(kAttributePrefix) + name, value);
  made.headers.emplace_back(kContentType, "application/protobuf");
  made.key = event.client_id();
  made.value = DataOf(event).SerializeAsString();
  return made;
}

StatusOr<std::string> ToStructuredCloudEvent(const Event& event) {
  nlohmann::ordered_json made;
  // The attributes that every CloudEvent has come first, for the reader's sake.
  const Attributes attributes = internal::AttributesOf(event);
  for (const char* name : {"specversion", "id", "source", "type"}) made[name] = attributes.at(name);
  for (const auto& [name, value] : attributes) {
    if (!IsUtf8(value)) return Refuse("TEXT_NOT_UTF8", name, "is not valid UTF-8");
    made[name] = value;
  }
  made["datacontenttype"] = "application/json";
  ASSIGN_OR_RETURN(const std::string json, ToJson(DataOf(event)));
  made["data"] = nlohmann::ordered_json::parse(json, nullptr, /*allow_exceptions=*/false);
  if (made["data"].is_discarded()) return Refuse("TEXT_NOT_UTF8", "data", "holds a text that is not valid UTF-8");
  return made.dump();
}

}  // namespace kefu::event

#include "platform/event/decode.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/message.h>
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/wire_format_lite.h>

#include "platform/base/reason.h"
#include "platform/event/utf8.h"

namespace kefu::event {

namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;

std::string Join(const std::string& path, const std::string& name) { return path.empty() ? name : path + "." + name; }

std::string Called(const std::string& path) { return path.empty() ? "the message" : path; }

// Follows the wire format of bytes that protobuf's parser refused, to find the first thing that is wrong.
class Diagnosis {
 public:
  static Status Of(const Descriptor* type, std::string_view bytes, const std::string& path) {
    const Status found = Message(type, bytes, path, 1);
    return found.ok() ? Broken(path) : found;
  }

 private:
  static Status Broken(const std::string& path) {
    return WithReason(InvalidArgument("{} is not the protobuf wire format of its message", Called(path)),
                      "PROTOBUF_INVALID", path);
  }
  static Status TooDeep(const std::string& path) {
    return WithReason(InvalidArgument("{} is nested deeper than {} levels", Called(path), kMaxDepth), "NESTED_TOO_DEEP",
                      path);
  }

  static Status Message(const Descriptor* type, std::string_view bytes, const std::string& path, int depth) {
    if (depth > kMaxDepth) return TooDeep(path);
    CodedInputStream in(reinterpret_cast<const uint8_t*>(bytes.data()), static_cast<int>(bytes.size()));
    while (static_cast<size_t>(in.CurrentPosition()) < bytes.size()) {
      const uint32_t tag = in.ReadTag();
      const int number = WireFormatLite::GetTagFieldNumber(tag);
      const auto wire_type = WireFormatLite::GetTagWireType(tag);
      if (tag == 0 || number == 0) return Broken(path);
      if (wire_type == WireFormatLite::WIRETYPE_START_GROUP) {
        RETURN_IF_ERROR(Group(in, path, depth));
        continue;
      }
      if (wire_type != WireFormatLite::WIRETYPE_LENGTH_DELIMITED) {
        if (!WireFormatLite::SkipField(&in, tag)) return Broken(path);
        continue;
      }
      uint32_t length;
      if (!in.ReadVarint32(&length) || length > bytes.size() - in.CurrentPosition()) return Broken(path);
      const std::string_view value = bytes.substr(in.CurrentPosition(), length);
      in.Skip(static_cast<int>(length));
      const FieldDescriptor* field = type->FindFieldByNumber(number);
      if (field == nullptr) continue;
      const std::string below = Join(path, field->name());
      if (field->type() == FieldDescriptor::TYPE_STRING && !IsUtf8(value))
        return WithReason(InvalidArgument("{} is not valid UTF-8", below), "TEXT_NOT_UTF8", below);
      if (field->type() == FieldDescriptor::TYPE_MESSAGE)
        RETURN_IF_ERROR(Message(field->message_type(), value, below, depth + 1));
    }
    return OkStatus();
  }

  // After the tag that opens a group; no message of ours has one, so only its depth and its end matter.
  static Status Group(CodedInputStream& in, const std::string& path, int depth) {
    for (int open = 1; open > 0;) {
      if (depth + open > kMaxDepth) return TooDeep(path);
      const uint32_t tag = in.ReadTag();
      const auto wire_type = WireFormatLite::GetTagWireType(tag);
      if (tag == 0) return Broken(path);
      if (wire_type == WireFormatLite::WIRETYPE_START_GROUP) {
        ++open;
      } else if (wire_type == WireFormatLite::WIRETYPE_END_GROUP) {
        --open;
      } else if (!WireFormatLite::SkipField(&in, tag)) {
        return Broken(path);
      }
    }
    return OkStatus();
  }
};

// The leading path of a message of protobuf's JSON parser, such as "(caseNoteAdded.evidence[0].sha256)"; empty if there
// is none. What follows the path may hold values, so it is never passed on.
std::string JsonPath(std::string_view message) {
  // "INVALID_ARGUMENT:" or nothing, then "(path): ", or "path: ".
  if (const size_t colon = message.find(':'); colon != std::string_view::npos) {
    if (message.substr(0, colon) == "INVALID_ARGUMENT") message.remove_prefix(colon + 1);
  }
  while (!message.empty() && (message.front() == ' ' || message.front() == '(')) message.remove_prefix(1);
  size_t end = 0;
  const auto is_path = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
           c == '[' || c == ']';
  };
  while (end < message.size() && is_path(message[end])) ++end;
  if (end == 0 || end > 200 || end == message.size() || (message[end] != ')' && message[end] != ':')) return {};
  return std::string(message.substr(0, end));
}

}  // namespace

Status DecodeProtobuf(std::string_view bytes, std::string_view path, google::protobuf::Message* message) {
  if (bytes.size() <= INT32_MAX && message->ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    return OkStatus();
  return Diagnosis::Of(message->GetDescriptor(), bytes, std::string(path));
}

bool JsonDepthIsBounded(std::string_view json) {
  int depth = 0;
  bool in_text = false;
  for (size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (in_text) {
      if (c == '\\') {
        ++i;
      } else if (c == '"') {
        in_text = false;
      }
    } else if (c == '"') {
      in_text = true;
    } else if (c == '{' || c == '[') {
      if (++depth > kMaxDepth) return false;
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return true;
}

Status DecodeJson(std::string_view json, std::string_view path, google::protobuf::Message* message) {
  const auto refuse = [&](const char* reason, const std::string& field, std::string_view explanation) {
    return WithReason(InvalidArgument("{} {}", field, explanation), reason, field);
  };
  const std::string root(path);
  if (!JsonDepthIsBounded(json)) return refuse("NESTED_TOO_DEEP", root, "is nested deeper than 100 levels");
  if (!IsUtf8(json)) return refuse("TEXT_NOT_UTF8", root, "is not valid UTF-8");
  message->Clear();
  const auto parsed = google::protobuf::util::JsonStringToMessage(
      google::protobuf::StringPiece(json.data(), static_cast<ptrdiff_t>(json.size())), message);
  if (parsed.ok()) return OkStatus();
  const std::string_view said(parsed.message().data(), parsed.message().size());
  const std::string below = JsonPath(said);
  if (said.find("Cannot find field") != std::string_view::npos)
    return refuse("FIELD_UNKNOWN", below.empty() ? root : root + "." + below,
                  "is no field that this server knows; check its spelling, or upgrade the server");
  if (!below.empty()) return refuse("JSON_MISMATCH", root + "." + below, "has a value that does not fit the field");
  return refuse("JSON_INVALID", root, "is no JSON of its message");
}

Status StripRegistryFraming(std::string_view* value) {
  constexpr size_t kMagicAndId = 5;
  // Deeper than any schema nests messages; it bounds the work.
  constexpr int64_t kMaxIndexes = 100;
  if (value->empty() || value->front() != '\0') return OkStatus();
  const auto broken = [] {
    return WithReason(InvalidArgument("the value begins like a schema registry's framing, and breaks off"),
                      "FRAMING_INVALID", "value");
  };
  if (value->size() <= kMagicAndId) return broken();
  value->remove_prefix(kMagicAndId);
  // JSON has no path of a message in its file, and no such path begins with a brace.
  if (value->front() == '{') return OkStatus();
  CodedInputStream in(reinterpret_cast<const uint8_t*>(value->data()), static_cast<int>(value->size()));
  const auto read = [&](int64_t* number) {
    uint64_t raw;
    if (!in.ReadVarint64(&raw)) return false;
    *number = WireFormatLite::ZigZagDecode64(raw);
    return true;
  };
  int64_t count;
  if (!read(&count) || count < 0 || count > kMaxIndexes) return broken();
  for (int64_t i = 0, index; i < count; ++i)
    if (!read(&index) || index < 0) return broken();
  value->remove_prefix(in.CurrentPosition());
  return OkStatus();
}

}  // namespace kefu::event

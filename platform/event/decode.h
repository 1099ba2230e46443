#pragma once

// Bytes of strangers into messages. Protobuf says only "no"; these say what is wrong and where.

#include <string>
#include <string_view>

#include "platform/base/status.h"

namespace google::protobuf {
class Message;
}

namespace kefu::event {

// Reads protobuf bytes into `message` (replacing what is in it). kInvalidArgument with a reason and the path of the
// field, beginning with `path` (empty: with the message's own fields):
//   TEXT_NOT_UTF8     a string holds other bytes
//   NESTED_TOO_DEEP   more than 100 levels
//   PROTOBUF_INVALID  anything else that is not this message's wire format
Status DecodeProtobuf(std::string_view bytes, std::string_view path, google::protobuf::Message* message);

// Reads protobuf's JSON form likewise; members that the message does not have are refused:
//   NESTED_TOO_DEEP, TEXT_NOT_UTF8, JSON_INVALID (no JSON), JSON_MISMATCH (does not fit the message)
// The error names the member by its path where protobuf says it, never its value.
Status DecodeJson(std::string_view json, std::string_view path, google::protobuf::Message* message);

// The levels to which input may be nested, as in protobuf's own parser.
inline constexpr int kMaxDepth = 100;

// True if the objects and arrays of `json` are never nested deeper than kMaxDepth. Does not check anything else.
bool JsonDepthIsBounded(std::string_view json);

// Takes the framing of a schema registry off `value`: a zero byte, four bytes of schema id, and (before protobuf) the
// path of the message in its file. A value without it is left as it is: a zero byte begins neither protobuf nor JSON.
// kInvalidArgument FRAMING_INVALID if it begins so and then breaks off.
// Source: docs.confluent.io, Schema Registry, "Wire format".
Status StripRegistryFraming(std::string_view* value);

}  // namespace kefu::event

#pragma once

// How verbs that change something do it: one event, through the door that every channel uses, and its verdict told.

#include <google/protobuf/timestamp.pb.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "kefu/events/v1/event.pb.h"
#include "kefu/ingest/v1/ingest.pb.h"
#include "services/cli/verb.h"

namespace kefu::cli {

// What every such verb can be told.
struct RecordFlags {
  std::string event_id, by, branch, at;
  // Negative: none.
  int64_t if_revision = -1;
};
void AddRecordFlags(CLI::App& verb, RecordFlags& flags);

// Fills what a person at a keyboard leaves out: id, source, time.
void CompleteEvent(events::v1::Event* event);

// A line about one published event, or JSON. `line` is its place in a file; 0 if it came alone.
void PrintResult(const Tool& tool, int64_t line, const ingest::v1::PublishResult& result);

// Publishes, waits until it is decided and visible, and prints the verdict. Not OK if it was refused.
Status RecordEvent(Tool& tool, const RecordFlags& flags, events::v1::Event event);

// "now", a time from now such as "24h", or RFC 3339. kInvalidArgument naming the flag.
StatusOr<absl::Time> TimeOf(std::string_view flag, const std::string& text);
// The same into a field, which stays absent if `text` is empty.
template <class Message>
Status SetTime(std::string_view flag, const std::string& text,
               google::protobuf::Timestamp* (Message::*field)(), Message* message);

// "value", or "scheme:value"; a value alone is of `scheme`.
events::v1::Code CodeOf(std::string_view scheme, const std::string& text);

namespace internal {
Status ReadTime(std::string_view flag, const std::string& text, google::protobuf::Timestamp* time);
}

template <class Message>
Status SetTime(std::string_view flag, const std::string& text,
               google::protobuf::Timestamp* (Message::*field)(), Message* message) {
  if (text.empty()) return OkStatus();
  return internal::ReadTime(flag, text, (message->*field)());
}

}  // namespace kefu::cli

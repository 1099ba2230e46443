#pragma once

// What a rule writes into one message, checked against the protobuf descriptors when the mapping is loaded.

#include <google/protobuf/message.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "platform/base/status.h"
#include "services/cli/import/template.h"

namespace kefu::cli {

// Values for the fields of one message type. A value that comes out empty leaves its field unset. A message inside, or
// an element of a list, whose values from cells are all empty is left out, whatever constants stand beside them.
class MessagePlan {
 public:
  explicit MessagePlan(const google::protobuf::Descriptor* type) : type_(type) {}

  // Plans `value` for the field at `path` ("opening.category.value"). kInvalidArgument names the nearest field, or says
  // what a constant (or a value in a table it takes) should have been.
  Status Set(std::string_view path, Template value);
  // Plans one more element for the repeated message field at `path`, or the message at `path` if it is single; the
  // caller fills it.
  StatusOr<MessagePlan*> Open(std::string_view path);
  // The field `path` leads to; kInvalidArgument names the nearest.
  StatusOr<const google::protobuf::FieldDescriptor*> Resolve(std::string_view path) const;

  // Writes the fields of `message`. Reasons: those of Template::Evaluate, and BAD_NUMBER, BAD_VALUE.
  Status Fill(const Values& values, google::protobuf::Message* message) const;

  const google::protobuf::Descriptor* type() const { return type_; }
  bool empty() const { return entries_.empty(); }

 private:
  struct Entry {
    const google::protobuf::FieldDescriptor* field;
    Template value;                      // of a plain field
    std::unique_ptr<MessagePlan> inner;  // of a message
  };
  StatusOr<const google::protobuf::FieldDescriptor*> Field(std::string_view name) const;
  // The plan that holds the last part of `path`, which is left in `path`.
  StatusOr<MessagePlan*> Descend(std::string_view* path);
  MessagePlan* Inner(const google::protobuf::FieldDescriptor* field);
  // True if the message says something: see above.
  StatusOr<bool> FillIn(const Values& values, google::protobuf::Message* message) const;

  const google::protobuf::Descriptor* type_;
  std::vector<Entry> entries_;
};

// Sets (or appends to) one field from text: enums by name, times as RFC 3339, durations as "12.5s", booleans as "true"
// or "false". Reasons: BAD_NUMBER, BAD_VALUE.
Status SetFromText(google::protobuf::Message* message, const google::protobuf::FieldDescriptor* field,
                   const std::string& text);

}  // namespace kefu::cli

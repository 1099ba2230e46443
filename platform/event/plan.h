#pragma once

// What to check of each message type below Event, worked out once from its descriptor and the rules in plan.cc.

#include <google/protobuf/descriptor.h>

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "platform/base/status.h"

namespace google::protobuf {
class Message;
}

namespace kefu::event::internal {

// What a field must be beyond what its type says.
enum class Rule {
  kNone,
  // Present: a message that is set, an enum that is not UNSPECIFIED, a text or list that is not empty.
  kRequired,
  // 1 to 64 visible ASCII characters.
  kCaseId,
  // The same, or empty.
  kCaseIdIfAny,
  // Empty or 32 bytes.
  kSha256,
  // Between the bounds.
  kRange,
};

struct MessagePlan;

struct FieldPlan {
  const google::protobuf::FieldDescriptor* field = nullptr;
  Rule rule = Rule::kNone;
  int64_t min = std::numeric_limits<int64_t>::min();
  int64_t max = std::numeric_limits<int64_t>::max();
  // Of the message in it; null for other types.
  const MessagePlan* message = nullptr;
};

// Checks a message as a whole: reason and explanation, or null if it is well.
struct Fault {
  const char* reason;
  const char* explanation;
  // The field within the message; empty for the message itself.
  std::string field;
};
using WholeCheck = bool (*)(const google::protobuf::Message& message, Fault* fault);

struct OneofPlan {
  const google::protobuf::OneofDescriptor* oneof = nullptr;
  // By the field's index in the oneof.
  std::vector<FieldPlan> fields;
};

struct MessagePlan {
  // Fields that need a look: texts, enums, messages, and numbers with a rule.
  std::vector<FieldPlan> fields;
  std::vector<OneofPlan> oneofs;
  WholeCheck whole = nullptr;
};

// The plan of Event. Lives for ever.
const MessagePlan& EventPlan();

// Names in the rules that no field has; for the test.
std::vector<std::string> RulesWithoutField();

bool IsVisibleAscii(std::string_view text);

}  // namespace kefu::event::internal

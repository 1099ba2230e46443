#include "platform/event/validate.h"

#include <google/protobuf/message.h>

#include "kefu/events/v1/event.pb.h"
#include "platform/base/reason.h"
#include "platform/base/time.h"
#include "platform/event/broadcast.h"
#include "platform/event/plan.h"
#include "platform/event/record.h"
#include "platform/event/utf8.h"

namespace kefu::event {

namespace {

using events::v1::Event;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using internal::FieldPlan;
using internal::MessagePlan;
using internal::Rule;

constexpr size_t kMaxEventIdBytes = 128;
constexpr size_t kMaxIdBytes = 64;

// 1900-01-01T00:00:00Z.
const absl::Time kEarliest = absl::FromUnixSeconds(-2'208'988'800);

// Where the walk is. A chain on the stack, turned into a path only when something is wrong.
struct Where {
  const Where* parent;
  const FieldDescriptor* field;
  int index = -1;
};

class Walk {
 public:
  Walk(const EventLimits& limits, std::string_view root) : limits_(limits), root_(root) {}

  Status CheckMessage(const MessagePlan& plan, const Message& message, const Where* at) const {
    const Reflection& reflection = *message.GetReflection();
    if (const auto& unknown = reflection.GetUnknownFields(message); !unknown.empty())
      return Refuse(
          at, "FIELD_UNKNOWN",
          fmt::format("has field {}, which this server does not know; upgrade the server", unknown.field(0).number()));
    if (internal::Fault fault; plan.whole != nullptr && !plan.whole(message, &fault))
      return Refuse(at, fault.reason, fault.explanation, fault.field);
    for (const FieldPlan& field : plan.fields) RETURN_IF_ERROR(CheckField(field, message, reflection, at));
    for (const internal::OneofPlan& oneof : plan.oneofs) {
      const FieldDescriptor* set = reflection.GetOneofFieldDescriptor(message, oneof.oneof);
      if (set != nullptr) RETURN_IF_ERROR(CheckField(oneof.fields[set->index_in_oneof()], message, reflection, at));
    }
    return OkStatus();
  }

 private:
  Status CheckField(const FieldPlan& plan, const Message& message, const Reflection& reflection,
                    const Where* parent) const {
    if (plan.field->is_repeated()) return CheckList(plan, message, reflection, parent);
    const Where at{parent, plan.field};
    switch (plan.field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_MESSAGE:
        if (reflection.HasField(message, plan.field))
          return CheckMessage(*plan.message, reflection.GetMessage(message, plan.field), &at);
        return plan.rule == Rule::kRequired ? Missing(&at) : OkStatus();
      case FieldDescriptor::CPPTYPE_STRING: {
        std::string scratch;
        return CheckText(plan, reflection.GetStringReference(message, plan.field, &scratch), &at);
      }
      case FieldDescriptor::CPPTYPE_ENUM:
        return CheckEnum(plan, reflection.GetEnumValue(message, plan.field), &at);
      case FieldDescriptor::CPPTYPE_INT32:
        return CheckNumber(plan, reflection.GetInt32(message, plan.field), &at);
      case FieldDescriptor::CPPTYPE_INT64:
        return CheckNumber(plan, reflection.GetInt64(message, plan.field), &at);
      default:
        return OkStatus();
    }
  }

  Status CheckList(const FieldPlan& plan, const Message& message, const Reflection& reflection,
                   const Where* parent) const {
    const int size = reflection.FieldSize(message, plan.field);
    Where at{parent, plan.field};
    if (size == 0) return plan.rule == Rule::kRequired ? Missing(&at) : OkStatus();
    for (at.index = 0; at.index < size; ++at.index) {
      switch (plan.field->cpp_type()) {
        case FieldDescriptor::CPPTYPE_MESSAGE:
          RETURN_IF_ERROR(
              CheckMessage(*plan.message, reflection.GetRepeatedMessage(message, plan.field, at.index), &at));
          break;
        case FieldDescriptor::CPPTYPE_STRING: {
          std::string scratch;
          RETURN_IF_ERROR(
              CheckText(plan, reflection.GetRepeatedStringReference(message, plan.field, at.index, &scratch), &at));
          break;
        }
        case FieldDescriptor::CPPTYPE_ENUM:
          RETURN_IF_ERROR(CheckEnum(plan, reflection.GetRepeatedEnumValue(message, plan.field, at.index), &at));
          break;
        default:
          break;
      }
    }
    return OkStatus();
  }

  Status CheckText(const FieldPlan& plan, const std::string& text, const Where* at) const {
    if (text.size() > limits_.max_text_bytes)
      return Refuse(at, "TEXT_TOO_LONG", fmt::format("has {} bytes; at most {}", text.size(), limits_.max_text_bytes));
    if (plan.field->type() == FieldDescriptor::TYPE_STRING && !IsUtf8(text))
      return Refuse(at, "TEXT_NOT_UTF8", "is not valid UTF-8");
    switch (plan.rule) {
      case Rule::kRequired:
        return text.empty() ? Missing(at) : OkStatus();
      case Rule::kCaseId:
        if (text.empty()) return Refuse(at, "CASE_ID_MISSING", "is missing");
        [[fallthrough]];
      case Rule::kCaseIdIfAny:
        if (text.size() <= kMaxIdBytes && internal::IsVisibleAscii(text)) return OkStatus();
        return Refuse(at, "CASE_ID_INVALID", "must be 1 to 64 visible ASCII characters");
      case Rule::kSha256:
        if (text.empty() || text.size() == 32) return OkStatus();
        return Refuse(at, "DIGEST_INVALID", fmt::format("has {} bytes; a SHA-256 digest has 32", text.size()));
      default:
        return OkStatus();
    }
  }

  Status CheckEnum(const FieldPlan& plan, int value, const Where* at) const {
    if (value == 0) return plan.rule == Rule::kRequired ? Missing(at) : OkStatus();
    if (plan.field->enum_type()->FindValueByNumber(value) != nullptr) return OkStatus();
    return Refuse(
        at, "ENUM_UNKNOWN",
        fmt::format("is {}, which is no value of {} that this server knows", value, plan.field->enum_type()->name()));
  }

  Status CheckNumber(const FieldPlan& plan, int64_t value, const Where* at) const {
    if (value >= plan.min && value <= plan.max) return OkStatus();
    if (plan.max == std::numeric_limits<int64_t>::max())
      return Refuse(at, "NUMBER_OUT_OF_RANGE", fmt::format("must be at least {}", plan.min));
    return Refuse(at, "NUMBER_OUT_OF_RANGE", fmt::format("must be {} to {}", plan.min, plan.max));
  }

  Status Missing(const Where* at) const { return Refuse(at, "FIELD_MISSING", "is missing"); }

  Status Refuse(const Where* at, const char* reason, const std::string& explanation,
                const std::string& below = {}) const {
    std::string path = PathOf(at);
    if (!below.empty()) path.append(".").append(below);
    return WithReason(InvalidArgument("{} {}", path, explanation), reason, path);
  }

  std::string PathOf(const Where* at) const {
    if (at == nullptr) return std::string(root_);
    std::string path = PathOf(at->parent).append(".").append(at->field->name());
    if (at->index >= 0) path.append(fmt::format("[{}]", at->index));
    return path;
  }

  const EventLimits& limits_;
  std::string_view root_;
};

// Checks of the event's own attributes, before its body.
class Attributes {
 public:
  Attributes(const Event& event, std::string_view path) : event_(event), path_(path) {}

  Status Check(absl::Time now, const EventLimits& limits) const {
    if (const size_t size = event_.ByteSizeLong(); size > limits.max_event_bytes)
      return Refuse("", "EVENT_TOO_LARGE", fmt::format("has {} bytes; at most {}", size, limits.max_event_bytes));
    if (event_.has_recorded_at())
      return Refuse("recorded_at", "RECORDED_AT_SET", "is stamped by the server; leave it empty");
    RETURN_IF_ERROR(CheckId("event_id", event_.event_id(), kMaxEventIdBytes, "EVENT_ID_MISSING", "EVENT_ID_INVALID"));
    RETURN_IF_ERROR(CheckClientId());
    RETURN_IF_ERROR(CheckOccurredAt(now, limits));
    if (event_.source().empty()) return Refuse("source", "SOURCE_MISSING", "is missing");
    if (HasUnknownBody(event_))
      return Refuse("body", "BODY_UNKNOWN", "is one that this server does not know; upgrade the server");
    if (event_.body_case() == Event::BODY_NOT_SET) return Refuse("body", "BODY_MISSING", "is missing");
    if (IsReserved(event_.body_case()) && !limits.reserved_allowed)
      return Refuse("body", "BODY_RESERVED", "is a fact that only the server's own services state");
    if (event_.has_broadcast() && !limits.reserved_allowed)
      return Refuse("broadcast", "BROADCAST_SET", "is stamped by the server; leave it empty");
    return OkStatus();
  }

 private:
  Status CheckId(const char* field, const std::string& id, size_t max, const char* missing, const char* invalid) const {
    if (id.empty()) return Refuse(field, missing, "is missing");
    if (id.size() <= max && internal::IsVisibleAscii(id)) return OkStatus();
    return Refuse(field, invalid, fmt::format("must be 1 to {} visible ASCII characters", max));
  }

  Status CheckClientId() const {
    if (!IsBroadcast(event_.body_case()) && !IsAboutLog(event_.body_case()))
      return CheckId("client_id", event_.client_id(), kMaxIdBytes, "CLIENT_ID_MISSING", "CLIENT_ID_INVALID");
    if (event_.client_id().empty()) return OkStatus();
    return Refuse("client_id", "CLIENT_ID_NOT_ALLOWED", "must be empty: this body is about no single client");
  }

  Status CheckOccurredAt(absl::Time now, const EventLimits& limits) const {
    if (!event_.has_occurred_at()) return Refuse("occurred_at", "OCCURRED_AT_MISSING", "is missing");
    const auto& time = event_.occurred_at();
    // The walk refuses nanoseconds and years that are none; here they must only not confuse the comparison.
    const absl::Time occurred = FromProto(time);
    if (time.nanos() < 0 || time.nanos() > 999'999'999)
      return Refuse("occurred_at", "TIME_INVALID", "is no time: nanos must be 0 to 999,999,999");
    if (occurred > now + limits.max_future)
      return Refuse(
          "occurred_at", "OCCURRED_AT_IN_FUTURE",
          fmt::format("is more than {} seconds ahead of the server's clock", absl::ToInt64Seconds(limits.max_future)));
    if (occurred < kEarliest) return Refuse("occurred_at", "OCCURRED_AT_TOO_OLD", "is before 1900");
    return OkStatus();
  }

  Status Refuse(std::string_view field, const char* reason, const std::string& explanation) const {
    const std::string path = field.empty() ? std::string(path_) : fmt::format("{}.{}", path_, field);
    return WithReason(InvalidArgument("{} {}", path, explanation), reason, path);
  }

  const Event& event_;
  std::string_view path_;
};

// The event that a correction holds must be one by itself, and one that can be corrected.
Status ValidateCorrection(const Event& event, absl::Time now, const EventLimits& limits, std::string_view path) {
  const std::string below = fmt::format("{}.event_corrected.event", path);
  const auto refuse = [&](const char* reason, const char* explanation) {
    return WithReason(InvalidArgument("{} {}", below, explanation), reason, below);
  };
  Event corrected;
  if (!corrected.ParseFromString(event.event_corrected().event()))
    return refuse("CORRECTION_INVALID", "is no serialised event");
  if (corrected.has_event_corrected() || corrected.has_event_annulled())
    return refuse("CORRECTION_INVALID", "is itself a correction; name the newest one in corrected_event_id instead");
  if (corrected.client_id() != event.client_id())
    return refuse("CORRECTION_INVALID", "is of another client than the correction");
  return Validate(corrected, now, limits, below);
}

}  // namespace

Status Validate(const Event& event, absl::Time now, const EventLimits& limits, std::string_view path) {
  RETURN_IF_ERROR(Attributes(event, path).Check(now, limits));
  RETURN_IF_ERROR(Walk(limits, path).CheckMessage(internal::EventPlan(), event, nullptr));
  return event.has_event_corrected() ? ValidateCorrection(event, now, limits, path) : OkStatus();
}

}  // namespace kefu::event

#include "services/cli/import/message_plan.h"

#include <google/protobuf/duration.pb.h>
#include <google/protobuf/timestamp.pb.h>
#include <google/protobuf/util/time_util.h>

#include <charconv>

#include "platform/base/reason.h"
#include "platform/base/time.h"
#include "platform/runtime/suggest.h"

namespace kefu::cli {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::Duration;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using google::protobuf::Timestamp;

bool IsTextual(const Descriptor* type) { return type == Timestamp::descriptor() || type == Duration::descriptor(); }

Status BadValue(const FieldDescriptor* field, std::string_view what) {
  return WithReason(InvalidArgument("{} must be {}", field->full_name(), what), "BAD_VALUE", field->name());
}

template <class Number>
StatusOr<Number> ParseNumber(const FieldDescriptor* field, const std::string& text) {
  Number number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size()) return number;
  return WithReason(InvalidArgument("{} must be a whole number", field->full_name()), "BAD_NUMBER", field->name());
}

Status SetEnum(Message* message, const FieldDescriptor* field, const std::string& text) {
  const EnumDescriptor* type = field->enum_type();
  const auto* value = type->FindValueByName(text);
  if (value == nullptr) {
    std::vector<std::string> names;
    for (int i = 0; i < type->value_count(); ++i) names.push_back(type->value(i)->name());
    return WithReason(InvalidArgument("{} has no value of that name{}", type->name(), runtime::DidYouMean(text, names)),
                      "BAD_VALUE", field->name());
  }
  const Reflection& reflection = *message->GetReflection();
  if (field->is_repeated()) {
    reflection.AddEnum(message, field, value);
  } else {
    reflection.SetEnum(message, field, value);
  }
  return OkStatus();
}

Status SetTime(Message* message, const FieldDescriptor* field, const std::string& text) {
  Message* target = field->is_repeated() ? message->GetReflection()->AddMessage(message, field)
                                         : message->GetReflection()->MutableMessage(message, field);
  if (field->message_type() == Timestamp::descriptor()) {
    const auto time = ParseRfc3339(text);
    if (!time.ok()) return BadValue(field, "a time; put the cell through `time`");
    static_cast<Timestamp*>(target)->CopyFrom(ToProto(*time));
    return OkStatus();
  }
  if (!google::protobuf::util::TimeUtil::FromString(text, static_cast<Duration*>(target)))
    return BadValue(field, "a duration such as 12.5s");
  return OkStatus();
}

}  // namespace

Status SetFromText(Message* message, const FieldDescriptor* field, const std::string& text) {
  const Reflection& reflection = *message->GetReflection();
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      if (field->is_repeated()) {
        reflection.AddString(message, field, text);
      } else {
        reflection.SetString(message, field, text);
      }
      return OkStatus();
    case FieldDescriptor::CPPTYPE_ENUM:
      return SetEnum(message, field, text);
    case FieldDescriptor::CPPTYPE_BOOL:
      if (text != "true" && text != "false") return BadValue(field, "true or false");
      reflection.SetBool(message, field, text == "true");
      return OkStatus();
    case FieldDescriptor::CPPTYPE_INT32: {
      ASSIGN_OR_RETURN(const int32_t number, ParseNumber<int32_t>(field, text));
      reflection.SetInt32(message, field, number);
      return OkStatus();
    }
    case FieldDescriptor::CPPTYPE_INT64: {
      ASSIGN_OR_RETURN(const int64_t number, ParseNumber<int64_t>(field, text));
      reflection.SetInt64(message, field, number);
      return OkStatus();
    }
    case FieldDescriptor::CPPTYPE_MESSAGE:
      if (IsTextual(field->message_type())) return SetTime(message, field, text);
      break;
    default:
      break;
  }
  return BadValue(field, "given field by field");
}

StatusOr<const FieldDescriptor*> MessagePlan::Field(std::string_view name) const {
  if (const auto* field = type_->FindFieldByName(std::string(name))) return field;
  std::vector<std::string> names;
  for (int i = 0; i < type_->field_count(); ++i) names.push_back(type_->field(i)->name());
  return InvalidArgument("{} has no field \"{}\"{}", type_->name(), name, runtime::DidYouMean(name, names));
}

StatusOr<const FieldDescriptor*> MessagePlan::Resolve(std::string_view path) const {
  const size_t dot = path.find('.');
  ASSIGN_OR_RETURN(const FieldDescriptor* field, Field(path.substr(0, dot)));
  if (dot == std::string_view::npos) return field;
  if (field->message_type() == nullptr) return InvalidArgument("{} is no message", field->full_name());
  return MessagePlan(field->message_type()).Resolve(path.substr(dot + 1));
}

MessagePlan* MessagePlan::Inner(const FieldDescriptor* field) {
  if (!field->is_repeated()) {
    for (Entry& entry : entries_)
      if (entry.field == field && entry.inner != nullptr) return entry.inner.get();
  }
  entries_.push_back({field, {}, std::make_unique<MessagePlan>(field->message_type())});
  return entries_.back().inner.get();
}

StatusOr<MessagePlan*> MessagePlan::Descend(std::string_view* path) {
  MessagePlan* plan = this;
  for (size_t dot = path->find('.'); dot != std::string_view::npos; dot = path->find('.')) {
    ASSIGN_OR_RETURN(const FieldDescriptor* field, plan->Field(path->substr(0, dot)));
    if (field->message_type() == nullptr) return InvalidArgument("{} is no message", field->full_name());
    plan = plan->Inner(field);
    path->remove_prefix(dot + 1);
  }
  return plan;
}

StatusOr<MessagePlan*> MessagePlan::Open(std::string_view path) {
  ASSIGN_OR_RETURN(MessagePlan * plan, Descend(&path));
  ASSIGN_OR_RETURN(const FieldDescriptor* field, plan->Field(path));
  if (field->message_type() == nullptr || IsTextual(field->message_type()))
    return InvalidArgument("{} takes one value, not fields", field->full_name());
  return plan->Inner(field);
}

Status MessagePlan::Set(std::string_view path, Template value) {
  ASSIGN_OR_RETURN(MessagePlan * plan, Descend(&path));
  ASSIGN_OR_RETURN(const FieldDescriptor* field, plan->Field(path));
  if (field->message_type() != nullptr && !IsTextual(field->message_type()))
    return InvalidArgument("{} is a message: give its fields below it", field->full_name());
  // What can be known now is tried now, on a message that is thrown away.
  const std::unique_ptr<Message> scratch(
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(plan->type_)->New());
  for (const std::string& text : value.PossibleValues())
    if (!text.empty()) RETURN_IF_ERROR(SetFromText(scratch.get(), field, text));
  plan->entries_.push_back({field, std::move(value), nullptr});
  return OkStatus();
}

Status MessagePlan::Fill(const Values& values, Message* message) const { return FillIn(values, message).status(); }

StatusOr<bool> MessagePlan::FillIn(const Values& values, Message* message) const {
  const Reflection& reflection = *message->GetReflection();
  bool has_cells = false;
  bool wrote_cell = false;
  bool wrote_constant = false;
  bool kept_inner = false;
  for (const Entry& entry : entries_) {
    if (entry.inner == nullptr) {
      ASSIGN_OR_RETURN(const std::string text, entry.value.Evaluate(values));
      if (!text.empty()) RETURN_IF_ERROR(SetFromText(message, entry.field, text));
      has_cells |= !entry.value.constant();
      (entry.value.constant() ? wrote_constant : wrote_cell) |= !text.empty();
      continue;
    }
    Message* inner = entry.field->is_repeated() ? reflection.AddMessage(message, entry.field)
                                                : reflection.MutableMessage(message, entry.field);
    ASSIGN_OR_RETURN(const bool kept, entry.inner->FillIn(values, inner));
    if (!kept && entry.field->is_repeated()) reflection.RemoveLast(message, entry.field);
    if (!kept && !entry.field->is_repeated()) reflection.ClearField(message, entry.field);
    kept_inner |= kept;
  }
  return wrote_cell || kept_inner || (wrote_constant && !has_cells);
}

}  // namespace kefu::cli

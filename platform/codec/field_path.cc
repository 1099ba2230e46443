#include "platform/codec/field_path.h"

#include <memory>
#include <string>

namespace kefu::codec {

namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// Takes the part before the first dot off the front of `path`.
std::string TakeSegment(std::string_view& path) {
  const size_t dot = path.find('.');
  std::string segment(path.substr(0, dot));
  path = dot == std::string_view::npos ? std::string_view() : path.substr(dot + 1);
  return segment;
}

bool IsSet(const Message& message, const FieldDescriptor* field) {
  const Reflection* reflection = message.GetReflection();
  return field->is_repeated() ? reflection->FieldSize(message, field) > 0 : reflection->HasField(message, field);
}

void CopyField(const Message& from, const FieldDescriptor* field, Message* to) {
  if (!IsSet(from, field)) {
    to->GetReflection()->ClearField(to, field);
    return;
  }
  // Reflection swaps any kind of field but copies none, so the copy is of the parent.
  std::unique_ptr<Message> copy(from.New());
  copy->CopyFrom(from);
  to->GetReflection()->SwapFields(to, copy.get(), {field});
}

}  // namespace

bool IsFieldPath(const Descriptor* message, std::string_view path) {
  if (path.empty() || path.back() == '.') return false;
  while (!path.empty()) {
    if (message == nullptr) return false;
    const FieldDescriptor* field = message->FindFieldByName(TakeSegment(path));
    if (field == nullptr) return false;
    // Null for numbers and texts: nothing may follow them.
    message = field->is_repeated() ? nullptr : field->message_type();
  }
  return true;
}

bool CopyFieldPath(std::string_view path, const Message& from, Message* to) {
  if (!IsFieldPath(to->GetDescriptor(), path)) return false;
  const Message* source = &from;
  while (true) {
    const FieldDescriptor* field = to->GetDescriptor()->FindFieldByName(TakeSegment(path));
    if (path.empty()) {
      CopyField(*source, field, to);
      return true;
    }
    // Nothing here and nothing to bring: do not leave an empty message behind.
    if (!IsSet(*source, field) && !IsSet(*to, field)) return true;
    source = &source->GetReflection()->GetMessage(*source, field);
    to = to->GetReflection()->MutableMessage(to, field);
  }
}

}  // namespace kefu::codec

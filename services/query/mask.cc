#include "services/query/mask.h"

#include <google/protobuf/descriptor.h>

#include <vector>

#include "kefu/privacy/v1/privacy.pb.h"

namespace kefu::query {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

void MaskField(const FieldDescriptor& field, Message* message) {
  const auto* reflection = message->GetReflection();
  if (field.cpp_type() != FieldDescriptor::CPPTYPE_STRING || field.type() == FieldDescriptor::TYPE_BYTES)
    return reflection->ClearField(message, &field);
  if (!field.is_repeated()) return reflection->SetString(message, &field, kMasked);
  for (int i = 0; i < reflection->FieldSize(*message, &field); ++i)
    reflection->SetRepeatedString(message, &field, i, kMasked);
}

void Descend(const FieldDescriptor& field, Message* message) {
  if (field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) return;
  const auto* reflection = message->GetReflection();
  if (!field.is_repeated()) return MaskPersonalData(reflection->MutableMessage(message, &field));
  for (int i = 0; i < reflection->FieldSize(*message, &field); ++i)
    MaskPersonalData(reflection->MutableRepeatedMessage(message, &field, i));
}

}  // namespace

bool IsPersonal(const FieldDescriptor& field) {
  return field.options().GetExtension(privacy::v1::sensitivity) != privacy::v1::SENSITIVITY_UNSPECIFIED;
}

void MaskPersonalData(Message* message) {
  const auto* reflection = message->GetReflection();
  reflection->MutableUnknownFields(message)->Clear();
  std::vector<const FieldDescriptor*> set;
  reflection->ListFields(*message, &set);
  for (const FieldDescriptor* field : set) {
    if (IsPersonal(*field))
      MaskField(*field, message);
    else
      Descend(*field, message);
  }
}

}  // namespace kefu::query

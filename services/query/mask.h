#pragma once

#include <google/protobuf/message.h>

namespace kefu::query {

// What stands where personal text was.
inline constexpr char kMasked[] = "***";

// Hides every field marked with kefu.privacy.v1.sensitivity, at any depth: texts that are set become kMasked, each
// element of a list too; numbers, bytes, enums and messages are cleared. Fields nobody marked stay as they are, and
// unknown fields are dropped, for nobody can say what they are.
void MaskPersonalData(google::protobuf::Message* message);

// Is the field marked?
bool IsPersonal(const google::protobuf::FieldDescriptor& field);

}  // namespace kefu::query

#pragma once

// Paths of a field mask ("person.employment.employer") checked and applied by reflection.

#include <google/protobuf/message.h>

#include <string_view>

namespace kefu::codec {

// Whether `path` names a field below `message`: every part a field, all but the last a single message.
bool IsFieldPath(const google::protobuf::Descriptor* message, std::string_view path);

// Makes the field that `path` names in `to` as it is in `from`, unset included; a message or list is replaced whole.
// False, and `to` as it was, if there is no such field. Both are of one type. Costs a copy of the field's parent.
bool CopyFieldPath(std::string_view path, const google::protobuf::Message& from, google::protobuf::Message* to);

}  // namespace kefu::codec

#pragma once

// The contracts as text, and sample events, for golden files.

#include <google/protobuf/descriptor.h>

#include <string>
#include <vector>

#include "kefu/events/v1/event.pb.h"

namespace kefu::contract {

// One line for each thing that is on the wire or in generated names: fields with number, type and privacy class, enum
// values, methods. Sorted by full name and number. A line that was published never changes and never goes.
std::vector<std::string> DumpContracts();

// The files that were dumped, such as "kefu/query/v1/case.proto", sorted.
std::vector<std::string> DumpedFiles();

// The bodies an event can have, in tag order.
std::vector<const google::protobuf::FieldDescriptor*> Bodies();

// An event with this body and every field filled: texts with the field's name, numbers with its tag. Always the same.
events::v1::Event SampleEvent(const google::protobuf::FieldDescriptor* body);

// Serialised with map entries sorted; we have no maps, so these are the only bytes.
std::string Serialize(const events::v1::Event& event);

}  // namespace kefu::contract

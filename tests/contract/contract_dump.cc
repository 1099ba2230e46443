#include "tests/contract/contract_dump.h"

#include <fmt/format.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <functional>
#include <map>

#include "kefu/admin/v1/duty.pb.h"
#include "kefu/admin/v1/view.pb.h"
#include "kefu/audit/v1/audit.pb.h"
#include "kefu/ingest/v1/ingest.pb.h"
#include "kefu/privacy/v1/privacy.pb.h"
#include "kefu/query/v1/book.pb.h"
#include "kefu/query/v1/case.pb.h"
#include "kefu/query/v1/client.pb.h"
#include "kefu/query/v1/clock.pb.h"
#include "kefu/query/v1/contact.pb.h"
#include "kefu/query/v1/lead.pb.h"
#include "kefu/query/v1/product.pb.h"
#include "kefu/query/v1/reference.pb.h"
#include "kefu/query/v1/relation.pb.h"
#include "kefu/query/v1/report.pb.h"
#include "kefu/query/v1/search.pb.h"
#include "kefu/query/v1/segment.pb.h"
#include "kefu/query/v1/statistics.pb.h"
#include "kefu/query/v1/suitability.pb.h"

namespace kefu::contract {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

constexpr int kSampleDepth = 6;

std::string TypeOf(const FieldDescriptor& field) {
  if (field.message_type() != nullptr) return field.message_type()->full_name();
  if (field.enum_type() != nullptr) return field.enum_type()->full_name();
  return field.type_name();
}

std::string DumpField(const FieldDescriptor& field) {
  std::string line = fmt::format("{} {:4} {}{} {}", field.containing_type()->full_name(), field.number(),
                                 field.is_repeated() ? "repeated " : field.has_optional_keyword() ? "optional " : "",
                                 TypeOf(field), field.name());
  if (field.real_containing_oneof() != nullptr) line += " oneof " + field.real_containing_oneof()->name();
  const auto sensitivity = field.options().GetExtension(privacy::v1::sensitivity);
  if (sensitivity != privacy::v1::SENSITIVITY_UNSPECIFIED) line += " " + privacy::v1::Sensitivity_Name(sensitivity);
  return line;
}

void DumpEnum(const EnumDescriptor& type, std::vector<std::string>& lines) {
  for (int i = 0; i < type.value_count(); ++i)
    lines.push_back(fmt::format("{} {:4} {}", type.full_name(), type.value(i)->number(), type.value(i)->name()));
}

void DumpMessage(const Descriptor& message, std::vector<std::string>& lines) {
  for (int i = 0; i < message.field_count(); ++i) lines.push_back(DumpField(*message.field(i)));
  for (int i = 0; i < message.nested_type_count(); ++i) DumpMessage(*message.nested_type(i), lines);
  for (int i = 0; i < message.enum_type_count(); ++i) DumpEnum(*message.enum_type(i), lines);
}

void DumpFile(const FileDescriptor& file, std::vector<std::string>& lines) {
  for (int i = 0; i < file.message_type_count(); ++i) DumpMessage(*file.message_type(i), lines);
  for (int i = 0; i < file.enum_type_count(); ++i) DumpEnum(*file.enum_type(i), lines);
  for (int i = 0; i < file.service_count(); ++i) {
    const auto& service = *file.service(i);
    for (int m = 0; m < service.method_count(); ++m) {
      const auto& method = *service.method(m);
      lines.push_back(fmt::format("{} rpc {}({}{}) returns ({}{})", service.full_name(), method.name(),
                                  method.client_streaming() ? "stream " : "", method.input_type()->full_name(),
                                  method.server_streaming() ? "stream " : "", method.output_type()->full_name()));
    }
  }
}

// `file` and all of ours that it imports, by name.
void Gather(const FileDescriptor* file, std::map<std::string, const FileDescriptor*>& files) {
  if (file->name().rfind("kefu/", 0) != 0 || !files.emplace(file->name(), file).second) return;
  for (int i = 0; i < file->dependency_count(); ++i) Gather(file->dependency(i), files);
}

void FillScalar(Message& message, const FieldDescriptor* field) {
  const Reflection& reflection = *message.GetReflection();
  const auto set = [&](auto put, auto add, const auto& value) {
    field->is_repeated() ? (reflection.*add)(&message, field, value) : (reflection.*put)(&message, field, value);
  };
  const int number = field->number();
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING: {
      const std::string text = field->name();
      return field->is_repeated() ? reflection.AddString(&message, field, text)
                                  : reflection.SetString(&message, field, text);
    }
    case FieldDescriptor::CPPTYPE_ENUM:
      return set(&Reflection::SetEnumValue, &Reflection::AddEnumValue, 1);
    case FieldDescriptor::CPPTYPE_INT32:
      return set(&Reflection::SetInt32, &Reflection::AddInt32, int32_t{number});
    case FieldDescriptor::CPPTYPE_INT64:
      return set(&Reflection::SetInt64, &Reflection::AddInt64, int64_t{number});
    case FieldDescriptor::CPPTYPE_BOOL:
      return set(&Reflection::SetBool, &Reflection::AddBool, true);
    default:
      break;
  }
}

void Fill(Message& message, int depth) {
  const Descriptor& type = *message.GetDescriptor();
  const Reflection& reflection = *message.GetReflection();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor* field = type.field(i);
    // Of a oneof, the first; of Event's bodies none: the caller chooses.
    const auto* oneof = field->real_containing_oneof();
    if (oneof != nullptr && (depth == 0 || oneof->field(0) != field)) continue;
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) {
      FillScalar(message, field);
    } else if (depth < kSampleDepth) {
      Fill(field->is_repeated() ? *reflection.AddMessage(&message, field) : *reflection.MutableMessage(&message, field),
           depth + 1);
    }
  }
}

}  // namespace

namespace {

// All of ours, by name. A file that no other imports needs a message of its own here: the linker drops what nobody names.
std::map<std::string, const FileDescriptor*> Files() {
  std::map<std::string, const FileDescriptor*> files;
  for (const Descriptor* message :
       {events::v1::Event::descriptor(),
        query::v1::BookClient::descriptor(),
        query::v1::Case::descriptor(),
        query::v1::Client::descriptor(),
        query::v1::Clock::descriptor(),
        query::v1::CheckContactRequest::descriptor(),
        query::v1::Lead::descriptor(),
        query::v1::Product::descriptor(),
        query::v1::Reference::descriptor(),
        query::v1::Relation::descriptor(),
        query::v1::ListReportsRequest::descriptor(),
        query::v1::SearchTextRequest::descriptor(),
        query::v1::ListSegmentsRequest::descriptor(),
        query::v1::GetStatisticsRequest::descriptor(),
        query::v1::InvestorMoment::descriptor(),
        ingest::v1::PublishEventRequest::descriptor(),
        admin::v1::View::descriptor(),
        admin::v1::Duty::descriptor(), audit::v1::Access::descriptor()})
    Gather(message->file(), files);
  return files;
}

}  // namespace

std::vector<std::string> DumpContracts() {
  std::vector<std::string> lines;
  for (const auto& [name, file] : Files()) DumpFile(*file, lines);
  return lines;
}

std::vector<std::string> DumpedFiles() {
  std::vector<std::string> names;
  for (const auto& [name, file] : Files()) names.push_back(name);
  return names;
}

std::vector<const FieldDescriptor*> Bodies() {
  const auto* oneof = events::v1::Event::descriptor()->FindOneofByName("body");
  std::vector<const FieldDescriptor*> bodies;
  for (int i = 0; i < oneof->field_count(); ++i) bodies.push_back(oneof->field(i));
  return bodies;
}

events::v1::Event SampleEvent(const FieldDescriptor* body) {
  events::v1::Event event;
  Fill(event, 0);
  Fill(*event.GetReflection()->MutableMessage(&event, body), 1);
  return event;
}

std::string Serialize(const events::v1::Event& event) {
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream output(&stream);
    output.SetSerializationDeterministic(true);
    event.SerializeToCodedStream(&output);
  }
  return bytes;
}

}  // namespace kefu::contract

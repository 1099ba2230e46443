#include "services/verify/event_text.h"

#include <fmt/format.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/unknown_field_set.h>
#include <google/protobuf/util/field_comparator.h>
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/message_differencer.h>
#include <google/protobuf/util/type_resolver.h>
#include <google/protobuf/util/type_resolver_util.h>

#include <climits>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "kefu/events/v1/event.pb.h"
#include "services/verify/text.h"

namespace kefu::verify {
namespace {

using events::v1::Event;
using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using google::protobuf::util::MessageDifferencer;

// Keeps the path of the first difference.
class FirstDifference : public MessageDifferencer::Reporter {
 public:
  using Path = std::vector<MessageDifferencer::SpecificField>;
  void ReportAdded(const Message&, const Message&, const Path& path) override { Keep(path); }
  void ReportDeleted(const Message&, const Message&, const Path& path) override { Keep(path); }
  void ReportModified(const Message&, const Message&, const Path& path) override { Keep(path); }
  const std::string& path() const { return path_; }

 private:
  void Keep(const Path& path) {
    if (!path_.empty()) return;
    path_ = "event";
    for (const MessageDifferencer::SpecificField& step : path) {
      if (step.field == nullptr) continue;
      path_ += "." + step.field->name();
      if (step.field->is_repeated()) path_ += fmt::format("[{}]", step.index >= 0 ? step.index : step.new_index);
    }
  }
  std::string path_;
};

// Empty if both are equal, else where they first differ.
std::string DifferenceOf(const Event& said, const Event& recorded) {
  google::protobuf::util::DefaultFieldComparator comparator;
  comparator.set_treat_nan_as_equal(true);
  MessageDifferencer differencer;
  differencer.set_field_comparator(&comparator);
  FirstDifference first;
  differencer.ReportDifferencesTo(&first);
  if (differencer.Compare(said, recorded)) return "";
  return first.path().empty() ? "event" : first.path();
}

// The number of a field that this program does not know, anywhere in `message`; 0: there is none.
int UnknownField(const Message& message) {
  const Reflection& reflection = *message.GetReflection();
  if (const auto& unknown = reflection.GetUnknownFields(message); !unknown.empty()) return unknown.field(0).number();
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
    const int count = field->is_repeated() ? reflection.FieldSize(message, field) : 1;
    for (int i = 0; i < count; ++i) {
      const Message& below = field->is_repeated() ? reflection.GetRepeatedMessage(message, field, i)
                                                  : reflection.GetMessage(message, field);
      if (const int number = UnknownField(below); number != 0) return number;
    }
  }
  return 0;
}

// Protobuf takes a field by two names, as in the proto and in camel case. A text with both would say one thing to us
// and another to a reader: so only the first is taken. Nothing, or the name that is none.
std::optional<std::string> NameThatIsNone(const Json& object, const Descriptor& type) {
  // Times, durations and masks are texts in JSON.
  if (!object.is_object()) return std::nullopt;
  for (const auto& [name, value] : object.items()) {
    const FieldDescriptor* field = type.FindFieldByName(name);
    if (field == nullptr) return name;
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
    if (!value.is_array()) {
      if (auto none = NameThatIsNone(value, *field->message_type())) return none;
      continue;
    }
    for (const Json& element : value)
      if (auto none = NameThatIsNone(element, *field->message_type())) return none;
  }
  return std::nullopt;
}

// Protobuf works out what Event is anew for each text; this keeps it. Three times as fast.
class KeptTypes : public google::protobuf::util::TypeResolver {
 public:
  google::protobuf::util::Status ResolveMessageType(const std::string& url, google::protobuf::Type* type) override {
    auto found = types_.find(url);
    if (found == types_.end()) {
      google::protobuf::Type read;
      if (const auto status = all_->ResolveMessageType(url, &read); !status.ok()) return status;
      found = types_.emplace(url, std::move(read)).first;
    }
    *type = found->second;
    return {};
  }
  google::protobuf::util::Status ResolveEnumType(const std::string& url, google::protobuf::Enum* type) override {
    return all_->ResolveEnumType(url, type);
  }

 private:
  const std::unique_ptr<TypeResolver> all_{google::protobuf::util::NewTypeResolverForDescriptorPool(
      "type.googleapis.com", google::protobuf::DescriptorPool::generated_pool())};
  std::map<std::string, google::protobuf::Type> types_;
};

bool ReadJsonEvent(const std::string& json, Event* event) {
  static thread_local KeptTypes types;
  std::string bytes;
  return google::protobuf::util::JsonToBinaryString(&types, "type.googleapis.com/kefu.events.v1.Event", json, &bytes)
             .ok() &&
         event->ParseFromString(bytes);
}

bool Parse(std::string_view record, Event* event) {
  return record.size() <= INT_MAX && event->ParseFromArray(record.data(), static_cast<int>(record.size()));
}

}  // namespace

std::string DifferenceOfText(const Json& event, std::string_view record) {
  Event recorded;
  if (!Parse(record, &recorded)) return "the record is not an event that can be read";
  if (const int number = UnknownField(recorded); number != 0)
    return fmt::format("the record has a field {} that this version of kefu-verify does not know; use a newer one",
                       number);
  if (!event.is_object()) return "\"event\" is not an object";
  if (const std::optional<std::string> name = NameThatIsNone(event, *Event::descriptor()))
    return fmt::format("\"{}\" is no name of a field", Shown(*name));
  Event said;
  if (!ReadJsonEvent(event.dump(), &said)) return "\"event\" is not an event in JSON";
  const std::string path = DifferenceOf(said, recorded);
  return path.empty() ? "" : fmt::format("field {}", path);
}

bool CanBeSaidInJson(std::string_view record) {
  Event event;
  if (!Parse(record, &event)) return false;
  std::string json;
  Event again;
  return google::protobuf::util::MessageToJsonString(event, &json).ok() && ReadJsonEvent(json, &again) &&
         DifferenceOf(again, event).empty();
}

}  // namespace kefu::verify

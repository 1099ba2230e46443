#include "projections/text/event_texts.h"

#include <google/protobuf/descriptor.h>

#include <deque>

#include "kefu/privacy/v1/privacy.pb.h"

namespace kefu::text {
namespace {

using events::v1::Event;
using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// How to walk from an event to one of its texts; the first step is the body.
struct Path {
  std::vector<const FieldDescriptor*> steps;
  std::string name;
};

// Messages that hold themselves would have no end.
constexpr size_t kDeepest = 8;

bool IsFreeText(const FieldDescriptor& field) {
  return field.type() == FieldDescriptor::TYPE_STRING &&
         field.options().GetExtension(privacy::v1::sensitivity) == privacy::v1::SENSITIVITY_FREE_TEXT;
}

void AddPaths(const Descriptor& message, const Path& before, std::vector<Path>* paths) {
  for (int i = 0; i < message.field_count(); ++i) {
    const FieldDescriptor* field = message.field(i);
    Path path = before;
    path.steps.push_back(field);
    path.name += (path.name.empty() ? "" : ".") + field->name();
    if (IsFreeText(*field)) paths->push_back(path);
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE && path.steps.size() < kDeepest)
      AddPaths(*field->message_type(), path, paths);
  }
}

// By the body's tag.
const std::vector<Path>& PathsOf(int body_tag) {
  static const auto* all = [] {
    auto* made = new std::vector<std::vector<Path>>;
    const auto* bodies = Event::descriptor()->FindOneofByName("body");
    for (int i = 0; i < bodies->field_count(); ++i) {
      const FieldDescriptor* body = bodies->field(i);
      const auto tag = static_cast<size_t>(body->number());
      if (made->size() <= tag) made->resize(tag + 1);
      AddPaths(*body->message_type(), {{body}, {}}, &(*made)[tag]);
    }
    return made;
  }();
  static const std::vector<Path> none;
  return body_tag > 0 && static_cast<size_t>(body_tag) < all->size() ? (*all)[static_cast<size_t>(body_tag)] : none;
}

void AddText(const std::string& text, const Path& path, size_t* left, std::vector<EventText>* texts) {
  if (text.empty() || *left == 0) return;
  EventText added{path.name, text, CutIntoUnits(text, *left)};
  *left -= added.units.size();
  texts->push_back(std::move(added));
}

void Collect(const Message& message, const Path& path, size_t step, size_t* left, std::vector<EventText>* texts) {
  const auto* reflection = message.GetReflection();
  const FieldDescriptor* field = path.steps[step];
  if (step + 1 < path.steps.size()) {
    if (!field->is_repeated()) {
      if (reflection->HasField(message, field))
        Collect(reflection->GetMessage(message, field), path, step + 1, left, texts);
      return;
    }
    for (int i = 0; i < reflection->FieldSize(message, field); ++i)
      Collect(reflection->GetRepeatedMessage(message, field, i), path, step + 1, left, texts);
    return;
  }
  std::string scratch;
  if (!field->is_repeated())
    return AddText(reflection->GetStringReference(message, field, &scratch), path, left, texts);
  for (int i = 0; i < reflection->FieldSize(message, field); ++i)
    AddText(reflection->GetRepeatedStringReference(message, field, i, &scratch), path, left, texts);
}

}  // namespace

bool MayHoldText(int body_tag) { return !PathsOf(body_tag).empty(); }

std::vector<EventText> TextsOf(const Event& event) {
  std::vector<EventText> texts;
  size_t left = kMostUnits;
  for (const Path& path : PathsOf(event.body_case())) Collect(event, path, 0, &left, &texts);
  return texts;
}

}  // namespace kefu::text

#include "platform/event/attributes.h"

#include <google/protobuf/descriptor.h>

#include <charconv>

#include "kefu/events/v1/event.pb.h"
#include "platform/base/reason.h"
#include "platform/base/time.h"

namespace kefu::event::internal {

namespace {

using events::v1::Event;
using google::protobuf::FieldDescriptor;

constexpr std::string_view kActorKindPrefix = "ACTOR_KIND_";

std::string Upper(std::string text) {
  for (char& c : text)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return text;
}

std::string Lower(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

class Applier {
 public:
  Applier(const Attributes& attributes, const std::string& prefix) : attributes_(attributes), prefix_(prefix) {}

  Status Text(const char* name, const std::string& present, std::string* (Event::*mutate)(), Event* event) const {
    const std::string* value = Find(name);
    if (value == nullptr) return OkStatus();
    if (!present.empty() && present != *value) return Conflict(name);
    *(event->*mutate)() = *value;
    return OkStatus();
  }

  Status Time(Event* event) const {
    const std::string* value = Find("time");
    if (value == nullptr) return OkStatus();
    const auto time = ParseRfc3339(*value);
    if (!time.ok()) return Invalid("time", "is no RFC 3339 time");
    if (event->has_occurred_at() && FromProto(event->occurred_at()) != *time) return Conflict("time");
    *event->mutable_occurred_at() = ToProto(*time);
    return OkStatus();
  }

  Status Actor(Event* event) const {
    const auto apply = [&](const char* name, const std::string& present,
                           std::string* (events::v1::Actor::*mutate)()) -> Status {
      const std::string* value = Find(name);
      if (value == nullptr) return OkStatus();
      if (!present.empty() && present != *value) return Conflict(name);
      *(event->mutable_actor()->*mutate)() = *value;
      return OkStatus();
    };
    RETURN_IF_ERROR(apply("actorid", event->actor().id(), &events::v1::Actor::mutable_id));
    RETURN_IF_ERROR(apply("actorteam", event->actor().team(), &events::v1::Actor::mutable_team));
    const std::string* name = Find("actorkind");
    if (name == nullptr) return OkStatus();
    std::string upper = Upper(*name);
    if (!std::string_view(upper).starts_with(kActorKindPrefix)) upper.insert(0, kActorKindPrefix);
    events::v1::ActorKind kind;
    if (!events::v1::ActorKind_Parse(upper, &kind)) return Invalid("actorkind", "must be staff, client or system");
    const auto present = event->actor().kind();
    if (present != events::v1::ACTOR_KIND_UNSPECIFIED && present != kind) return Conflict("actorkind");
    event->mutable_actor()->set_kind(kind);
    return OkStatus();
  }

  Status Imported(Event* event) const {
    const std::string* value = Find("imported");
    if (value == nullptr) return OkStatus();
    if (*value != "true" && *value != "false") return Invalid("imported", "must be true or false");
    if (event->imported() && *value == "false") return Conflict("imported");
    event->set_imported(*value == "true");
    return OkStatus();
  }

  Status Revision(Event* event) const {
    const std::string* value = Find("preconditionrevision");
    if (value == nullptr) return OkStatus();
    int64_t revision;
    const char* end = value->data() + value->size();
    const auto parsed = std::from_chars(value->data(), end, revision);
    if (parsed.ec != std::errc() || parsed.ptr != end) return Invalid("preconditionrevision", "must be a whole number");
    if (event->has_precondition() && event->precondition().revision() != revision)
      return Conflict("preconditionrevision");
    event->mutable_precondition()->set_revision(revision);
    return OkStatus();
  }

 private:
  const std::string* Find(const char* name) const {
    const auto found = attributes_.find(name);
    return found == attributes_.end() ? nullptr : &found->second;
  }
  Status Conflict(const char* name) const {
    const std::string called = prefix_ + name;
    return WithReason(InvalidArgument("{} differs from what the event itself says", called), "CE_ATTRIBUTE_CONFLICT",
                      called);
  }
  Status Invalid(const char* name, const char* explanation) const {
    const std::string called = prefix_ + name;
    return WithReason(InvalidArgument("{} {}", called, explanation), "CE_ATTRIBUTE_INVALID", called);
  }

  const Attributes& attributes_;
  const std::string& prefix_;
};

}  // namespace

Status Apply(const Attributes& attributes, const std::string& prefix, Event* event) {
  const Applier applier(attributes, prefix);
  RETURN_IF_ERROR(applier.Text("id", event->event_id(), &Event::mutable_event_id, event));
  RETURN_IF_ERROR(applier.Text("subject", event->client_id(), &Event::mutable_client_id, event));
  RETURN_IF_ERROR(applier.Text("source", event->source(), &Event::mutable_source, event));
  RETURN_IF_ERROR(applier.Text("branchid", event->branch_id(), &Event::mutable_branch_id, event));
  RETURN_IF_ERROR(applier.Text("correlationid", event->correlation_id(), &Event::mutable_correlation_id, event));
  RETURN_IF_ERROR(applier.Text("causationid", event->causation_id(), &Event::mutable_causation_id, event));
  RETURN_IF_ERROR(applier.Time(event));
  RETURN_IF_ERROR(applier.Actor(event));
  RETURN_IF_ERROR(applier.Imported(event));
  return applier.Revision(event);
}

Attributes AttributesOf(const Event& event) {
  Attributes attributes;
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) attributes[name] = value;
  };
  attributes["specversion"] = "1.0";
  attributes["id"] = event.event_id();
  attributes["source"] = event.source();
  const auto* body = Event::descriptor()->FindFieldByNumber(event.body_case());
  attributes["type"] = body == nullptr ? kWholeEvent : body->message_type()->full_name();
  add("subject", event.client_id());
  if (event.has_occurred_at()) attributes["time"] = FormatRfc3339(FromProto(event.occurred_at()));
  if (event.has_recorded_at()) attributes["recordedtime"] = FormatRfc3339(FromProto(event.recorded_at()));
  add("branchid", event.branch_id());
  add("correlationid", event.correlation_id());
  add("causationid", event.causation_id());
  add("actorid", event.actor().id());
  add("actorteam", event.actor().team());
  if (event.actor().kind() != events::v1::ACTOR_KIND_UNSPECIFIED)
    add("actorkind", Lower(events::v1::ActorKind_Name(event.actor().kind()).substr(kActorKindPrefix.size())));
  if (event.imported()) attributes["imported"] = "true";
  if (event.has_precondition()) attributes["preconditionrevision"] = std::to_string(event.precondition().revision());
  return attributes;
}

const FieldDescriptor* BodyNamed(const std::string& full_name) {
  static const auto* bodies = [] {
    auto* by_name = new std::map<std::string, const FieldDescriptor*>;
    const auto* oneof = Event::descriptor()->FindOneofByName("body");
    for (int i = 0; i < oneof->field_count(); ++i)
      (*by_name)[oneof->field(i)->message_type()->full_name()] = oneof->field(i);
    return by_name;
  }();
  const auto found = bodies->find(full_name);
  return found == bodies->end() ? nullptr : found->second;
}

}  // namespace kefu::event::internal

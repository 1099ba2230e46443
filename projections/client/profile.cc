#include "projections/client/profile.h"

#include <algorithm>
#include <vector>

#include "platform/base/time.h"
#include "platform/codec/field_path.h"

namespace kefu::client {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using query::v1::Client;
using query::v1::FieldSource;

namespace {

bool IsBelow(std::string_view path, std::string_view parent) {
  return path.size() > parent.size() && path.starts_with(parent) && path[parent.size()] == '.';
}

// Puts `source` in its place by path. What was said of parts of it before no longer holds.
void PutSource(const FieldSource& source, Client& row) {
  auto& sources = *row.mutable_field_sources();
  for (int i = sources.size() - 1; i >= 0; --i)
    if (IsBelow(sources.Get(i).path(), source.path())) sources.DeleteSubrange(i, 1);
  const auto place = std::lower_bound(sources.begin(), sources.end(), source,
                                      [](const FieldSource& a, const FieldSource& b) { return a.path() < b.path(); });
  int i = static_cast<int>(place - sources.begin());
  if (i == sources.size() || sources.Get(i).path() != source.path()) {
    sources.Add();
    for (int j = sources.size() - 1; j > i; --j) sources.SwapElements(j, j - 1);
  }
  *sources.Mutable(i) = source;
}

template <class Body>
FieldSource SourceOf(const sdk::Recorded<Body>& recorded) {
  FieldSource source;
  source.set_event_id(recorded.event().event_id());
  *source.mutable_true_since() = recorded.event().occurred_at();
  *source.mutable_known_since() = ToProto(recorded.record.recorded_at);
  return source;
}

std::vector<const FieldDescriptor*> FieldsSet(const Message& message) {
  std::vector<const FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  return fields;
}

}  // namespace

void TakeProfile(const sdk::Recorded<events::v1::ClientRegistered>& registered, Client& row) {
  if (!registered.body.has_profile()) return;
  const auto& profile = registered.body.profile();
  *row.mutable_profile() = profile;
  FieldSource source = SourceOf(registered);
  source.set_said_by(registered.event().source());
  for (const FieldDescriptor* field : FieldsSet(profile)) {
    // The two sides, person and organisation, are too coarse to have one source.
    if (field->containing_oneof() == nullptr) {
      source.set_path(field->name());
      PutSource(source, row);
      continue;
    }
    for (const FieldDescriptor* part : FieldsSet(profile.GetReflection()->GetMessage(profile, field))) {
      source.set_path(field->name() + "." + part->name());
      PutSource(source, row);
    }
  }
}

std::string TakeProfile(const sdk::Recorded<events::v1::ClientProfileChanged>& changed, Client& row) {
  FieldSource source = SourceOf(changed);
  source.set_said_by(changed.body.said_by());
  if (changed.body.has_true_since()) *source.mutable_true_since() = changed.body.true_since();
  for (const std::string& path : changed.body.changed().paths()) {
    if (!codec::CopyFieldPath(path, changed.body.profile(), row.mutable_profile())) return path;
    source.set_path(path);
    PutSource(source, row);
  }
  return {};
}

}  // namespace kefu::client

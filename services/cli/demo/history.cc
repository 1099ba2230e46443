#include "services/cli/demo/history.h"

#include <fmt/format.h>

#include "platform/base/hash.h"
#include "platform/base/time.h"

namespace kefu::cli {

using events::v1::Event;

Event& History::Add(absl::Time at, std::string_view source, const std::string& staff) {
  Event& event = at < end_ ? events_.emplace_back() : scratch_;
  event.Clear();
  event.set_event_id(fmt::format("demo-{}-{}-{:04}", seed_, client_id_, ++number_));
  event.set_client_id(client_id_);
  *event.mutable_occurred_at() = ToProto(at);
  event.set_source(std::string(source));
  auto& actor = *event.mutable_actor();
  actor.set_kind(staff.empty() ? events::v1::ACTOR_KIND_CLIENT : events::v1::ACTOR_KIND_STAFF);
  actor.set_id(staff.empty() ? client_id_ : staff);
  event.set_branch_id(office_.branch_id);
  event.set_imported(true);
  return event;
}

Event& History::AddBySystem(absl::Time at, std::string_view source) {
  Event& event = Add(at, source, std::string(source));
  event.mutable_actor()->set_kind(events::v1::ACTOR_KIND_SYSTEM);
  return event;
}

std::string History::NewId(std::string_view prefix) {
  return fmt::format("{}-{}-{}", prefix, client_id_.substr(2), ++ids_[std::string(prefix)]);
}

void SetCode(std::string_view scheme, std::string_view value, events::v1::Code* code) {
  code->set_scheme(std::string(scheme));
  code->set_value(std::string(value));
}

void SetMoney(const History& history, int64_t minor_units, events::v1::Money* money) {
  money->set_minor_units(minor_units);
  money->set_currency(history.office().currency);
}

void SetDate(absl::CivilDay day, events::v1::CalendarDate* date) {
  date->set_year(static_cast<int32_t>(day.year()));
  date->set_month(day.month());
  date->set_day(day.day());
}

void SetEvidence(std::string_view id, std::string_view media_type, events::v1::Evidence* evidence) {
  evidence->set_uri(fmt::format("archive:{}", id));
  const Sha256Digest digest = Sha256(id);
  evidence->set_sha256(std::string(digest.begin(), digest.end()));
  evidence->set_media_type(std::string(media_type));
  evidence->set_size_bytes(static_cast<int64_t>(20'000 + digest[0] * 1'000 + digest[1]));
}

}  // namespace kefu::cli

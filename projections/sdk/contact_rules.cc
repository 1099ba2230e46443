#include "projections/sdk/contact_rules.h"

#include <algorithm>
#include <iterator>

#include "platform/base/time.h"

namespace kefu::sdk {

namespace {

using events::v1::Channel;
using events::v1::Consent;
using events::v1::QuietHours;
using events::v1::ServiceConfiguration;

constexpr std::string_view kLegal = "legal";
constexpr std::string_view kService = "service";
constexpr int64_t kMinutesADay = 24 * 60;

template <class List>
bool Names(const List& channels, Channel channel) {
  return std::find(channels.begin(), channels.end(), channel) != channels.end();
}

bool Withdraws(const Consent& consent, const PlannedContact& contact) {
  const std::string_view purpose = contact.purpose.empty() ? kService : contact.purpose;
  return !consent.given() && consent.purpose() == purpose &&
         (!consent.has_since() || FromProto(consent.since()) <= contact.at) &&
         (consent.channels().empty() || Names(consent.channels(), contact.channel));
}

absl::Duration LocalSinceEpoch(absl::Time time, OffsetAt offset_at) {
  return time - absl::UnixEpoch() + absl::Seconds(offset_at(time));
}

int64_t LocalMinuteOf(absl::Time time, OffsetAt offset_at) {
  const int64_t minutes = absl::ToInt64Minutes(absl::Floor(LocalSinceEpoch(time, offset_at), absl::Minutes(1)));
  return ((minutes % kMinutesADay) + kMinutesADay) % kMinutesADay;
}

bool Holds(const QuietHours& hours, int64_t minute) {
  if (hours.from_minute() <= hours.to_minute()) return hours.from_minute() <= minute && minute < hours.to_minute();
  return minute >= hours.from_minute() || minute < hours.to_minute();
}

bool IsQuiet(const ServiceConfiguration& limits, absl::Time time, OffsetAt offset_at) {
  if (limits.quiet_hours().empty()) return false;
  const int64_t minute = LocalMinuteOf(time, offset_at);
  return std::any_of(limits.quiet_hours().begin(), limits.quiet_hours().end(),
                     [minute](const QuietHours& hours) { return Holds(hours, minute); });
}

}  // namespace

std::string_view NameOf(ContactRefusal refusal) {
  switch (refusal) {
    case ContactRefusal::kNone:
      return "";
    case ContactRefusal::kConsentWithdrawn:
      return "consent_withdrawn";
    case ContactRefusal::kChannelNotAllowed:
      return "channel_not_allowed";
    case ContactRefusal::kInQuietHours:
      return "contact_in_quiet_hours";
  }
  return "";
}

ContactRefusal RefusalOf(const ServiceConfiguration& limits, const PlannedContact& contact, OffsetAt offset_at) {
  if (contact.purpose == kLegal) return ContactRefusal::kNone;
  for (const Consent& consent : limits.consents())
    if (Withdraws(consent, contact)) return ContactRefusal::kConsentWithdrawn;
  if (!limits.allowed_channels().empty() && !Names(limits.allowed_channels(), contact.channel))
    return ContactRefusal::kChannelNotAllowed;
  return IsQuiet(limits, contact.at, offset_at) ? ContactRefusal::kInQuietHours : ContactRefusal::kNone;
}

// From one local minute to the next, so that a shift of the zone within the quiet hours needs no case of its own. Two
// days hold every minute of a day whatever the zone does; who has no other than quiet ones has none at all.
std::optional<absl::Time> AllowedFrom(const ServiceConfiguration& limits, const PlannedContact& contact,
                                      OffsetAt offset_at) {
  PlannedContact later = contact;
  for (int64_t step = 0; step <= 2 * kMinutesADay; ++step) {
    const ContactRefusal refusal = RefusalOf(limits, later, offset_at);
    if (refusal == ContactRefusal::kNone) return later.at;
    if (refusal != ContactRefusal::kInQuietHours) return std::nullopt;
    const absl::Duration local = LocalSinceEpoch(later.at, offset_at);
    later.at += absl::Floor(local, absl::Minutes(1)) + absl::Minutes(1) - local;
  }
  return std::nullopt;
}

int32_t OffsetOf(const events::v1::ZoneOffsets& zone, absl::Time time) {
  const auto before = [](absl::Time wanted, const auto& shift) { return wanted < FromProto(shift.at()); };
  const auto after = std::upper_bound(zone.shifts().begin(), zone.shifts().end(), time, before);
  return after == zone.shifts().begin() ? zone.offset_seconds() : std::prev(after)->offset_seconds();
}

void TakeConsent(const Consent& consent, const google::protobuf::Timestamp& told_at,
                 ServiceConfiguration* configuration) {
  auto& consents = *configuration->mutable_consents();
  for (int i = consents.size() - 1; i >= 0; --i)
    if (consents[i].purpose() == consent.purpose()) consents.DeleteSubrange(i, 1);
  Consent& taken = *consents.Add();
  taken = consent;
  if (!taken.has_since()) *taken.mutable_since() = told_at;
  if (consents.size() > kConsentsKept) consents.DeleteSubrange(0, consents.size() - kConsentsKept);
}

ServiceConfiguration ContactLimitsOf(const ServiceConfiguration& configuration,
                                     const google::protobuf::Timestamp& told_at) {
  ServiceConfiguration limits;
  *limits.mutable_allowed_channels() = configuration.allowed_channels();
  *limits.mutable_quiet_hours() = configuration.quiet_hours();
  for (const Consent& consent : configuration.consents()) {
    if (consent.given()) continue;
    Consent& kept = *limits.add_consents();
    kept.set_purpose(consent.purpose());
    *kept.mutable_since() = consent.has_since() ? consent.since() : told_at;
    *kept.mutable_channels() = consent.channels();
  }
  return limits;
}

}  // namespace kefu::sdk

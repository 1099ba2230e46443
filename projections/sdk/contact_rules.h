#pragma once

// What a client's service configuration and consents say of a contact that the firm makes. Admission refuses by these
// rules what was recorded; the query service answers by them what would be refused.

#include <absl/functional/function_ref.h>
#include <absl/time/time.h>
#include <google/protobuf/timestamp.pb.h>

#include <optional>
#include <string_view>

#include "kefu/events/v1/calendar.pb.h"
#include "kefu/events/v1/client.pb.h"

namespace kefu::sdk {

enum class ContactRefusal { kNone, kConsentWithdrawn, kChannelNotAllowed, kInQuietHours };

// The rule's name, as in verdicts: "consent_withdrawn"; empty for kNone.
std::string_view NameOf(ContactRefusal refusal);

// An outbound contact; inbound ones are never refused.
struct PlannedContact {
  events::v1::Channel channel;
  // Empty means "service". "legal", what the law demands, is never refused.
  std::string_view purpose;
  absl::Time at;
};

// Local time less UTC, in seconds, at an instant. Asked only if the client has quiet hours.
using OffsetAt = absl::FunctionRef<int32_t(absl::Time)>;

// The first of these that refuses: a consent of this purpose (and channel) withdrawn at or before the contact; a list
// of allowed channels without this one; quiet hours, [from, to) in local minutes, over midnight if from is the later
// one.
ContactRefusal RefusalOf(const events::v1::ServiceConfiguration& limits, const PlannedContact& contact,
                         OffsetAt offset_at);

// The first moment from `contact.at` on at which RefusalOf has nothing against it: that moment itself, or the end of
// the quiet hours. Empty if waiting does not help: a consent or a channel refuses, or the quiet hours never end.
std::optional<absl::Time> AllowedFrom(const events::v1::ServiceConfiguration& limits, const PlannedContact& contact,
                                      OffsetAt offset_at);

// The offset in force at `time`; the last shift at or before it counts. Shifts are sorted.
int32_t OffsetOf(const events::v1::ZoneOffsets& zone, absl::Time time);

// A configuration keeps this many consents; of more, those told first are dropped.
inline constexpr int kConsentsKept = 100;

// Has `consent` take the place of those of its purpose. A `since` it does not give is `told_at`, the event's time.
void TakeConsent(const events::v1::Consent& consent, const google::protobuf::Timestamp& told_at,
                 events::v1::ServiceConfiguration* configuration);

// Of a configuration, what the rules above look at: allowed channels, quiet hours, withdrawn consents.
events::v1::ServiceConfiguration ContactLimitsOf(const events::v1::ServiceConfiguration& configuration,
                                                 const google::protobuf::Timestamp& told_at);

}  // namespace kefu::sdk

#include "services/query/check_contact.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "kefu/query/v1/client.pb.h"
#include "platform/base/reason.h"
#include "platform/base/time.h"
#include "platform/codec/key.h"
#include "projections/sdk/branch_time.h"
#include "projections/sdk/contact_rules.h"
#include "services/query/names.h"
#include "services/query/request_time.h"
#include "services/query/union.h"
#include "services/query/units.h"

namespace kefu::query {
namespace {

using events::v1::ServiceConfiguration;

constexpr std::string_view kView = "client";

// What is said about a client, record by record.
struct Limits {
  std::vector<ServiceConfiguration> configurations;
  // Of the record asked for, else of the first that has one.
  std::string branch_id;
};

StatusOr<Limits> ReadLimits(const Union& records, const std::string& asked) {
  Limits limits;
  bool known = false;
  for (const std::string& member : records.members) {
    store::PinnedValue stored;
    ASSIGN_OR_RETURN(const bool found,
                     records.moment.HomeOf(member).Get(kView, "clients", codec::Key(member), &stored));
    if (!found) continue;
    known = true;
    query::v1::Client row;
    if (!row.ParseFromArray(stored.view().data(), static_cast<int>(stored.view().size())))
      return DataLoss("client \"{}\" cannot be read; rebuild the view", member);
    if (row.has_service_configuration()) limits.configurations.push_back(row.service_configuration());
    if (member == asked || limits.branch_id.empty()) limits.branch_id = row.branch_id();
  }
  if (!known) return WithReason(NotFound("client \"{}\" is not known", asked), "CLIENT_NOT_FOUND", "name");
  return limits;
}

// The first rule, in their order, by which any record refuses.
sdk::ContactRefusal RefusalOf(const Limits& limits, const sdk::PlannedContact& contact, sdk::OffsetAt offset_at) {
  auto first = sdk::ContactRefusal::kNone;
  for (const ServiceConfiguration& each : limits.configurations) {
    const auto refusal = sdk::RefusalOf(each, contact, offset_at);
    if (refusal != sdk::ContactRefusal::kNone && (first == sdk::ContactRefusal::kNone || refusal < first))
      first = refusal;
  }
  return first;
}

// The first moment at which no record refuses. Each step ends the quiet hours of one, of which there are few a day.
std::optional<absl::Time> AllowedFrom(const Limits& limits, sdk::PlannedContact contact, sdk::OffsetAt offset_at) {
  const absl::Time end = contact.at + absl::Hours(48);
  while (contact.at <= end) {
    const absl::Time before = contact.at;
    for (const ServiceConfiguration& each : limits.configurations) {
      const auto from = sdk::AllowedFrom(each, contact, offset_at);
      if (!from.has_value()) return std::nullopt;
      contact.at = *from;
    }
    if (contact.at == before) return before;
  }
  return std::nullopt;
}

}  // namespace

StatusOr<query::v1::CheckContactResponse> CheckContact(const engine::Engine& engine,
                                                       const query::v1::CheckContactRequest& request, absl::Time now) {
  ASSIGN_OR_RETURN(const std::string client_id, ClientOf(request.name(), "name"));
  if (request.channel() == events::v1::CHANNEL_UNSPECIFIED)
    return WithReason(InvalidArgument("channel: say on which one the contact would be"), "CHANNEL_MISSING", "channel");
  absl::Time at = now;
  if (request.has_at()) {
    ASSIGN_OR_RETURN(at, TimeOf(request.at(), "at"));
  }
  ASSIGN_OR_RETURN(const Union records, UnionOf(engine, client_id));
  ASSIGN_OR_RETURN(const Limits limits, ReadLimits(records, client_id));
  std::optional<events::v1::CalendarPublished> calendar;
  const bool needs_zone = std::any_of(limits.configurations.begin(), limits.configurations.end(),
                                      [](const auto& each) { return !each.quiet_hours().empty(); });
  if (needs_zone) {
    ASSIGN_OR_RETURN(calendar, CalendarInForce(*engine.At(kReferenceHome), limits.branch_id));
  }
  const auto offset_at = [&](absl::Time time) {
    return calendar.has_value() ? sdk::OffsetOf(calendar->zone(), time) : sdk::kBranchOffsetSeconds;
  };
  const sdk::PlannedContact contact{request.channel(), request.purpose(), at};
  const auto refusal = RefusalOf(limits, contact, offset_at);
  query::v1::CheckContactResponse response;
  response.set_allowed(refusal == sdk::ContactRefusal::kNone);
  response.set_rule(std::string(sdk::NameOf(refusal)));
  if (refusal == sdk::ContactRefusal::kInQuietHours) {
    if (const auto from = AllowedFrom(limits, contact, offset_at)) *response.mutable_allowed_from() = ToProto(*from);
  }
  response.set_position(records.moment.PositionOf(kView));
  return response;
}

}  // namespace kefu::query

#include <string>

#include "platform/codec/field_path.h"
#include "projections/admission/judges.h"
#include "projections/admission/lifecycle.h"
#include "projections/sdk/contact_rules.h"

namespace kefu::admission {

namespace {

using events::v1::ClientKind;
using events::v1::ClientProfile;
using events::v1::Event;

// The purpose of a consent.
constexpr std::string_view kMarketing = "marketing";

// A person's profile has no company side, nor the other way round; clients of unknown kind may have either.
bool IsOfOtherKind(std::string_view path, ClientKind kind) {
  const std::string_view side = path.substr(0, path.find('.'));
  return (kind == events::v1::CLIENT_KIND_PERSON && side == "organisation") ||
         (kind == events::v1::CLIENT_KIND_ORGANISATION && side == "person");
}

Rule JudgeProfile(const ClientProfile& profile, ClientKind kind) {
  const bool other = (profile.has_person() && IsOfOtherKind("person", kind)) ||
                     (profile.has_organisation() && IsOfOtherKind("organisation", kind));
  return other ? Rule::kProfileOfOtherKind : Rule::kNone;
}

// Whether the event states that the client is its own parent.
bool NamesItselfAsParent(const Event& event) {
  if (event.body_case() == Event::kClientRegistered)
    return event.client_registered().profile().organisation().parent_client_id() == event.client_id();
  const auto& changed = event.client_profile_changed();
  if (changed.profile().organisation().parent_client_id() != event.client_id()) return false;
  for (const std::string& path : changed.changed().paths())
    if (path == "organisation" || path == "organisation.parent_client_id") return true;
  return false;
}

Rule JudgeContent(const Event& event, const ClientState& client, Memory& memory) {
  if (event.body_case() == Event::kClientRegistered) {
    const Rule rule = JudgeProfile(event.client_registered().profile(), event.client_registered().kind());
    if (rule != Rule::kNone) return rule;
  } else if (event.body_case() == Event::kClientProfileChanged) {
    for (const std::string& path : event.client_profile_changed().changed().paths()) {
      if (!codec::IsFieldPath(ClientProfile::descriptor(), path)) return Rule::kUnknownFieldPath;
      if (IsOfOtherKind(path, client.kind())) return Rule::kProfileOfOtherKind;
    }
  } else {
    return Rule::kNone;
  }
  return NamesItselfAsParent(event) && RulesVersionOf(memory) >= 2 ? Rule::kParentIsSelf : Rule::kNone;
}

// Kept whichever rules are in force, so that those of a later version find it.
void KeepContactLimits(const Event& event, ClientState& client) {
  if (event.body_case() == Event::kServiceConfigurationChanged) {
    *client.mutable_contact_limits() =
        sdk::ContactLimitsOf(event.service_configuration_changed().configuration(), event.occurred_at());
  } else if (event.body_case() == Event::kConsentChanged) {
    auto& limits = *client.mutable_contact_limits();
    sdk::TakeConsent(event.consent_changed().consent(), event.occurred_at(), &limits);
    limits = sdk::ContactLimitsOf(limits, event.occurred_at());
  } else {
    return;
  }
  if (client.contact_limits().ByteSizeLong() == 0) client.clear_contact_limits();
}

// As they stand: what is told later takes the place of what was told before, as with the limits of contacts.
void KeepMarketingConsents(const Event& event, ClientState& client) {
  const auto add = [&](const events::v1::Consent& consent) {
    if (consent.purpose() != kMarketing) return;
    auto& kept = *client.add_marketing_consents();
    kept.set_given(consent.given());
    *kept.mutable_since() = consent.has_since() ? consent.since() : event.occurred_at();
    *kept.mutable_channels() = consent.channels();
  };
  if (event.body_case() == Event::kServiceConfigurationChanged) {
    client.clear_marketing_consents();
    for (const auto& consent : event.service_configuration_changed().configuration().consents()) add(consent);
  } else if (event.body_case() == Event::kConsentChanged && event.consent_changed().consent().purpose() == kMarketing) {
    client.clear_marketing_consents();
    add(event.consent_changed().consent());
  }
}

}  // namespace

Rule CheckProfileOf(const Event& event, Memory& memory) {
  const ClientState* client = memory.Find<Clients>(event.client_id());
  return JudgeContent(event, client != nullptr ? *client : ClientState::default_instance(), memory);
}

Rule JudgeIsClient(const std::string& client_id, Memory& memory) {
  const ClientState* client = memory.Find<Clients>(client_id);
  if (client == nullptr || client->status() == events::v1::CLIENT_STATUS_UNSPECIFIED) return Rule::kClientUnknown;
  return client->status() == events::v1::CLIENT_STATUS_CLOSED ? Rule::kClientClosed : Rule::kNone;
}

Decision JudgeClient(const Event& event, Memory& memory) {
  const ClientState* found = memory.Find<Clients>(event.client_id());
  const ClientState& now = found != nullptr ? *found : ClientState::default_instance();
  const auto move = MoveClient(event.body_case(), now.status(), event.client_status_changed().status());
  Rule rule = move.refusal;
  if (rule == Rule::kNone) rule = JudgeContent(event, now, memory);
  if (rule == Rule::kNone && RevisionMoved(event, now.revision())) rule = Rule::kRevisionMoved;
  if (rule != Rule::kNone) return {rule, now.revision()};

  ClientState& client = memory.Edit<Clients>(event.client_id());
  client.set_status(move.next);
  client.set_revision(client.revision() + 1);
  if (event.body_case() == Event::kClientRegistered) client.set_kind(event.client_registered().kind());
  KeepContactLimits(event, client);
  KeepMarketingConsents(event, client);
  return {Rule::kNone, client.revision()};
}

}  // namespace kefu::admission

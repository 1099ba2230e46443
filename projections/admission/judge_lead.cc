#include <string>

#include "platform/base/time.h"
#include "projections/admission/judges.h"
#include "projections/admission/lifecycle.h"
#include "projections/admission/staff_rules.h"

namespace kefu::admission {

namespace {

using events::v1::Consent;
using events::v1::Event;
using events::v1::LeadRaised;
using events::v1::LeadWon;

constexpr int64_t kWholeBp = 10'000;

const std::string& LeadIdOf(const Event& event) {
  switch (event.body_case()) {
    case Event::kLeadRaised:
      return event.lead_raised().lead_id();
    case Event::kLeadAccepted:
      return event.lead_accepted().lead_id();
    case Event::kLeadDeclined:
      return event.lead_declined().lead_id();
    case Event::kLeadWorked:
      return event.lead_worked().lead_id();
    case Event::kLeadWon:
      return event.lead_won().lead_id();
    case Event::kLeadLost:
      return event.lead_lost().lead_id();
    default:
      return event.lead_escalated().lead_id();
  }
}

// What the client said last of marketing, at or before `at`. A no to some channels only takes back no yes to others.
bool ConsentsToMarketing(const ClientState& client, absl::Time at) {
  const Consent* last = nullptr;
  for (const Consent& consent : client.marketing_consents()) {
    const absl::Time since = FromProto(consent.since());
    if (since > at || (!consent.given() && !consent.channels().empty())) continue;
    if (last == nullptr || since > FromProto(last->since()) || (since == FromProto(last->since()) && !consent.given()))
      last = &consent;
  }
  return last != nullptr && last->given();
}

Rule JudgeRaised(const Event& event, const LeadRaised& raised, Memory& memory) {
  const ClientState* client = memory.Find<Clients>(event.client_id());
  if (client != nullptr && client->status() == events::v1::CLIENT_STATUS_CLOSED) return Rule::kClientClosed;
  if (!raised.owner_id().empty()) {
    const Rule rule = JudgeHolder(raised.owner_id(), memory);
    if (rule != Rule::kNone) return rule;
  }
  const bool needs_consent = raised.direction() != events::v1::LEAD_DIRECTION_MARKETING_TO_SERVICE;
  if (needs_consent && (client == nullptr || !ConsentsToMarketing(*client, FromProto(event.occurred_at()))))
    return Rule::kLeadWithoutConsent;
  return raised.owner_id().empty() && raised.team().empty() ? Rule::kLeadWithoutOwner : Rule::kNone;
}

// Marketing takes a qualification. What marketing promised is served by anyone of the staff.
Rule JudgeAccepted(const Event& event, const LeadState& lead, Memory& memory) {
  const std::string& staff_id = event.lead_accepted().staff_id();
  const Rule rule = JudgeHolder(staff_id, memory);
  if (rule != Rule::kNone || lead.direction() == events::v1::LEAD_DIRECTION_MARKETING_TO_SERVICE) return rule;
  return JudgeAct(event, staff_id, events::v1::STAFF_ACT_MARKET, memory);
}

Rule JudgeContent(const Event& event, const LeadState& lead, Memory& memory) {
  switch (event.body_case()) {
    case Event::kLeadRaised:
      return JudgeRaised(event, event.lead_raised(), memory);
    case Event::kLeadAccepted:
      return JudgeAccepted(event, lead, memory);
    case Event::kLeadWon:
      return CheckCredits(event.lead_won());
    default:
      return Rule::kNone;
  }
}

}  // namespace

// Without credits nobody shares in it.
Rule CheckCredits(const LeadWon& won) {
  int64_t sum = 0;
  for (const auto& credit : won.credits()) {
    if (credit.share_bp() < 0) return Rule::kCreditsDoNotAddUp;
    sum += credit.share_bp();
  }
  return won.credits().empty() || sum == kWholeBp ? Rule::kNone : Rule::kCreditsDoNotAddUp;
}

Decision JudgeLead(const Event& event, Memory& memory) {
  const std::string& lead_id = LeadIdOf(event);
  const LeadState* found = memory.Find<Leads>(lead_id);
  const LeadState& lead = found != nullptr ? *found : LeadState::default_instance();
  const bool raises = event.body_case() == Event::kLeadRaised;
  const auto move = MoveLead(event.body_case(), lead.status());
  Rule rule = move.refusal;
  if (found != nullptr && !raises && lead.client_id() != event.client_id()) rule = Rule::kLeadOfOtherClient;
  if (rule == Rule::kNone) rule = JudgeContent(event, lead, memory);
  rule = OrPrecondition(rule, event);
  if (rule != Rule::kNone) return {rule, 0};

  // An escalation changes nothing here.
  if (event.body_case() == Event::kLeadEscalated || event.body_case() == Event::kLeadWorked) return {};
  LeadState& changed = memory.Edit<Leads>(lead_id);
  changed.set_status(move.next);
  if (raises) {
    changed.set_client_id(event.client_id());
    changed.set_owner_id(event.lead_raised().owner_id());
    changed.set_direction(event.lead_raised().direction());
  } else if (event.body_case() == Event::kLeadAccepted) {
    changed.set_owner_id(event.lead_accepted().staff_id());
  }
  return {};
}

}  // namespace kefu::admission

#include <string>

#include "platform/base/time.h"
#include "projections/admission/judges.h"
#include "projections/admission/staff_rules.h"
#include "projections/sdk/branch_time.h"
#include "projections/sdk/contact_rules.h"

namespace kefu::admission {

namespace {

using events::v1::CallBackDone;
using events::v1::ContactRecorded;
using events::v1::Event;
using events::v1::SatisfactionRated;

// How far up a unit's calendar is looked for.
constexpr int kMostUnits = 16;

// One read more than before, of the client's row; units and calendars are looked at only if the client has quiet hours.
Rule JudgeOutbound(const Event& event, const ContactRecorded& contact, Memory& memory) {
  if (RulesVersionOf(memory) < 2) return Rule::kNone;
  const ClientState* client = memory.Find<Clients>(event.client_id());
  if (client == nullptr || !client->has_contact_limits()) return Rule::kNone;
  const sdk::PlannedContact planned{contact.channel(), contact.purpose(),
                                    FromProto(contact.has_started_at() ? contact.started_at() : event.occurred_at())};
  switch (sdk::RefusalOf(client->contact_limits(), planned,
                         [&](absl::Time time) { return OffsetOfUnit(event.branch_id(), time, memory); })) {
    case sdk::ContactRefusal::kNone:
      return Rule::kNone;
    case sdk::ContactRefusal::kConsentWithdrawn:
      return Rule::kConsentWithdrawn;
    case sdk::ContactRefusal::kChannelNotAllowed:
      return Rule::kChannelNotAllowed;
    case sdk::ContactRefusal::kInQuietHours:
      return Rule::kContactInQuietHours;
  }
  return Rule::kNone;
}

Rule JudgeRating(const SatisfactionRated& rated) {
  const auto lies = [&rated](int32_t least, int32_t most) { return rated.score() >= least && rated.score() <= most; };
  const bool fits = (rated.scale() == events::v1::SATISFACTION_SCALE_CSAT && lies(1, 5)) ||
                    (rated.scale() == events::v1::SATISFACTION_SCALE_NPS && lies(0, 10));
  return fits ? Rule::kNone : Rule::kScoreOutOfRange;
}

// Of the undertaking that the event makes or settles.
struct Undertaken {
  const std::string& id;
  bool is_call_back;
  bool makes;
};

Undertaken UndertakenBy(const Event& event) {
  switch (event.body_case()) {
    case Event::kPromiseMade:
      return {event.promise_made().promise_id(), false, true};
    case Event::kPromiseKept:
      return {event.promise_kept().promise_id(), false, false};
    case Event::kPromiseReleased:
      return {event.promise_released().promise_id(), false, false};
    case Event::kCallBackPlanned:
      return {event.call_back_planned().call_back_id(), true, true};
    case Event::kCallBackDone:
      return {event.call_back_done().call_back_id(), true, false};
    default:
      return {event.call_back_cancelled().call_back_id(), true, false};
  }
}

// One read more than before if there is a caller, of the staff; of the client's row if the caller is independent.
Rule JudgeCaller(const Event& event, const CallBackDone& done, Memory& memory) {
  const StaffState* caller = memory.Find<Staff>(done.caller_id());
  if (caller != nullptr) {
    if (caller->left()) return Rule::kStaffLeft;
    const Rule rule = JudgeAct(event, done.caller_id(), events::v1::STAFF_ACT_CALL_BACK, memory);
    if (rule != Rule::kNone) return rule;
  }
  if (!done.caller_is_independent() || done.caller_id().empty()) return Rule::kNone;
  const ClientState* client = memory.Find<Clients>(event.client_id());
  return client != nullptr && Serves(*client, done.caller_id()) ? Rule::kCallerNotIndependent : Rule::kNone;
}

Rule JudgeUndertaken(const Undertaken& undertaken, const UndertakingState* found, const std::string& client_id) {
  if (undertaken.id.empty()) return Rule::kUndertakingIdMissing;
  if (undertaken.makes) return found == nullptr ? Rule::kNone : Rule::kUndertakingExists;
  if (found == nullptr || found->is_call_back() != undertaken.is_call_back) return Rule::kUndertakingUnknown;
  if (found->client_id() != client_id) return Rule::kUndertakingOfOtherClient;
  return found->settled() ? Rule::kUndertakingNotOpen : Rule::kNone;
}

// Staff that nobody published is not known to be leaving, nor to lack a qualification.
Rule JudgeHands(const Event& event, Memory& memory) {
  switch (event.body_case()) {
    case Event::kPromiseMade:
      return JudgeHolderIfPublished(event.promise_made().owner_id(), memory);
    case Event::kCallBackPlanned:
      return JudgeHolderIfPublished(event.call_back_planned().owner_id(), memory);
    case Event::kCallBackDone:
      return JudgeCaller(event, event.call_back_done(), memory);
    default:
      return Rule::kNone;
  }
}

const std::string& OwnerGivenBy(const Event& event) {
  return event.body_case() == Event::kPromiseMade ? event.promise_made().owner_id()
                                                  : event.call_back_planned().owner_id();
}

}  // namespace

int32_t OffsetOfUnit(const std::string& unit_id, absl::Time time, Memory& memory) {
  const UnitState* unit = unit_id.empty() ? nullptr : memory.Find<Units>(unit_id);
  for (int i = 0; i < kMostUnits && unit != nullptr; ++i) {
    if (!unit->calendar_id().empty()) {
      const CalendarState* calendar = memory.Find<Calendars>(unit->calendar_id());
      if (calendar != nullptr) return sdk::OffsetOf(calendar->zone(), time);
    }
    unit = unit->parent_unit_id().empty() ? nullptr : memory.Find<Units>(unit->parent_unit_id());
  }
  return sdk::kBranchOffsetSeconds;
}

Decision JudgeContact(const Event& event, Memory& memory) {
  Rule rule = Rule::kNone;
  if (event.body_case() == Event::kContactRecorded) {
    if (event.contact_recorded().direction() == events::v1::DIRECTION_OUTBOUND)
      rule = JudgeOutbound(event, event.contact_recorded(), memory);
  } else if (event.body_case() == Event::kSatisfactionRated) {
    rule = JudgeRating(event.satisfaction_rated());
  }
  return {OrPrecondition(rule, event), 0};
}

Decision JudgeUndertaking(const Event& event, Memory& memory) {
  const Undertaken undertaken = UndertakenBy(event);
  const UndertakingState* found = undertaken.id.empty() ? nullptr : memory.Find<Undertakings>(undertaken.id);
  Rule rule = JudgeUndertaken(undertaken, found, event.client_id());
  if (rule == Rule::kNone) rule = JudgeHands(event, memory);
  rule = OrPrecondition(rule, event);
  if (rule != Rule::kNone) return {rule, 0};
  UndertakingState& undertaking = memory.Edit<Undertakings>(undertaken.id);
  if (undertaken.makes) {
    undertaking.set_client_id(event.client_id());
    undertaking.set_is_call_back(undertaken.is_call_back);
    undertaking.set_owner_id(OwnerGivenBy(event));
  } else {
    undertaking.set_settled(true);
  }
  return {};
}

}  // namespace kefu::admission

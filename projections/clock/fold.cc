#include "projections/clock/clock.h"

namespace kefu::clock {

using events::v1::CaseMoment;
using Rows = ClockView::Rows;

namespace {

// What was published, as far as this partition knows.
class PublishedRules final : public Rules {
 public:
  explicit PublishedRules(Rows& view) : view_(view) {}

  const events::v1::PolicyPackPublished* Pack(const events::v1::PolicyReference& pack) override {
    return view_.Find<Packs>(pack.pack_id(), pack.version());
  }
  const events::v1::CalendarPublished* Calendar(const events::v1::CalendarReference& calendar) override {
    return view_.Find<Calendars>(calendar.calendar_id(), calendar.version());
  }
  events::v1::CalendarReference CalendarFor(const std::string&, int32_t, const std::string& calendar_id) override {
    events::v1::CalendarReference reference;
    reference.set_calendar_id(calendar_id);
    const auto* list = view_.Find<Lists>(kCalendarList);
    reference.set_version(list == nullptr ? 0 : NewestVersion(*list, calendar_id));
    return reference;
  }

 private:
  Rows& view_;
};

template <class Body>
Input InputOf(const sdk::Recorded<Body>& recorded, CaseMoment moment = events::v1::CASE_MOMENT_UNSPECIFIED) {
  Input input;
  *input.mutable_at() = recorded.event().occurred_at();
  input.set_event_id(recorded.event().event_id());
  input.set_imported(recorded.event().imported());
  input.set_moment(moment);
  return input;
}

void TakeExternal(const events::v1::ExternalReference& external, Input& input) {
  input.set_external_scheme(external.scheme());
  if (external.has_due_at()) *input.mutable_external_due_at() = external.due_at();
}

template <class Body>
sdk::Outcome Open(const sdk::Recorded<Body>& opened, events::v1::CaseKind kind, Input input, Rows& view) {
  const auto& event = opened.event();
  const auto& opening = opened.body.opening();
  CaseClocks& row = view.Edit<Cases>(opened.body.case_id());
  row.set_case_id(opened.body.case_id());
  row.set_client_id(event.client_id());
  row.set_branch_id(event.branch_id());
  row.set_kind(kind);
  *row.mutable_received_at() = event.occurred_at();
  if (const auto tier = view.FindRaw<Tiers>(event.client_id())) row.set_tier(std::string(*tier));
  if (const auto* packs = view.Find<Lists>(kPackList))
    *row.mutable_packs() = PacksInForce(*packs, opened.occurred_at());
  input.set_category(opening.category().value());
  input.set_subcategory(opening.subcategory().value());
  input.set_priority(opening.priority());
  PublishedRules rules(view);
  Take(input, rules, opened.record.recorded_at, row);
  return sdk::Applied();
}

// What changes nothing for clocks writes nothing.
sdk::Outcome Fold(const std::string& case_id, const Input& input, absl::Time recorded_at, Rows& view) {
  const CaseClocks* row = view.Find<Cases>(case_id);
  if (row == nullptr) return sdk::Parked("case_unknown");
  if (!Matters(*row, input)) return sdk::Ignored();
  PublishedRules rules(view);
  Take(input, rules, recorded_at, view.Edit<Cases>(case_id));
  return sdk::Applied();
}

template <class Body>
sdk::Outcome Fold(const sdk::Recorded<Body>& recorded, const Input& input, Rows& view) {
  return Fold(recorded.body.case_id(), input, recorded.record.recorded_at, view);
}

// With these the case has another status than waiting.
template <class Body>
sdk::Outcome FoldMove(const sdk::Recorded<Body>& recorded, CaseMoment moment, Rows& view) {
  Input input = InputOf(recorded, moment);
  input.set_resumes(true);
  return Fold(recorded, input, view);
}

CaseMoment MomentOf(events::v1::CaseResponseKind kind) {
  switch (kind) {
    case events::v1::CASE_RESPONSE_KIND_HOLDING:
      return events::v1::CASE_MOMENT_HOLDING_RESPONSE;
    case events::v1::CASE_RESPONSE_KIND_FINAL:
      return events::v1::CASE_MOMENT_FINAL_RESPONSE;
    case events::v1::CASE_RESPONSE_KIND_SUMMARY:
      return events::v1::CASE_MOMENT_SUMMARY_RESPONSE;
    default:
      return events::v1::CASE_MOMENT_UNSPECIFIED;
  }
}

bool TellsOfCase(const events::v1::ContactRecorded& contact) {
  return contact.direction() == events::v1::DIRECTION_OUTBOUND && !contact.case_id().empty();
}

template <class Index, class Wanted>
void AddClocks(const CaseClocks& row, Wanted wanted, sdk::IndexKeys& out) {
  for (const CaseClock& clock : row.clocks())
    if (clock.has_due_at() && wanted(clock))
      out.AddEncoded(Index::Key::Encode(FromProto(clock.due_at()), row.case_id(), clock.clock_id(), clock.run()));
}

}  // namespace

void ClocksByDue::Keys(const CaseClocks& row, sdk::IndexKeys& out) { AddClocks<ClocksByDue>(row, &IsUnsettled, out); }

void ClockAlarms::Keys(const CaseClocks& row, sdk::IndexKeys& out) {
  const auto alarms = [](const CaseClock& clock) {
    return IsUnsettled(clock) && clock.state() != query::v1::CLOCK_STATE_BREACHED && !clock.imported();
  };
  AddClocks<ClockAlarms>(row, alarms, out);
}

void PendingCases::Keys(const CaseClocks& row, sdk::IndexKeys& out) {
  if (!row.pending().empty()) out.AddEncoded(Key::Encode(FromProto(row.pending_since()), row.case_id()));
}

void ClockView::Ahead(const events::v1::Event& event, sdk::RowsAhead& rows) {
  switch (event.body_case()) {
    case events::v1::Event::kCaseTimelinessReported:
    case events::v1::Event::kCaseNoteAdded:
    case events::v1::Event::kCaseWorkRecorded:
    case events::v1::Event::kCaseNextActionSet:
    case events::v1::Event::kCaseMatterSet:
      return;  // not of interest here
    default:
      break;
  }
  if (const std::string& case_id = sdk::CaseIdOf(event); !case_id.empty()) {
    rows.Add<Cases>(case_id);
    return;
  }
  if (event.has_contact_recorded() && TellsOfCase(event.contact_recorded()))
    rows.Add<Cases>(event.contact_recorded().case_id());
}

sdk::Outcome ClockView::Apply(const sdk::Recorded<events::v1::ServiceConfigurationChanged>& changed, Rows& view) {
  const std::string& tier = changed.body.configuration().tier();
  const std::string& client_id = changed.event().client_id();
  const auto known = view.FindRaw<Tiers>(client_id);
  if (known.has_value() ? *known == tier : tier.empty()) return sdk::Ignored();
  view.PutRaw<Tiers>(tier, client_id);
  return sdk::Applied();
}

sdk::Outcome ClockView::Apply(const sdk::Recorded<events::v1::ContactRecorded>& contact, Rows& view) {
  if (!TellsOfCase(contact.body)) return sdk::Ignored();
  // A contact may name a case that is none of this client's: whoever sent it does not know better.
  const CaseClocks* row = view.Find<Cases>(contact.body.case_id());
  if (row == nullptr || row->client_id() != contact.event().client_id()) return sdk::Ignored();
  return Fold(contact, InputOf(contact, events::v1::CASE_MOMENT_CLIENT_CONTACTED), view);
}

sdk::Outcome ClockView::Apply(const sdk::Recorded<events::v1::ComplaintReceived>& received, Rows& view) {
  const auto& body = received.body;
  CaseClocks& row = view.Edit<Cases>(body.case_id());
  row.set_form(body.form());
  row.set_alleges_theft_or_forgery(body.alleges_theft_or_forgery());
  Input input = InputOf(received, events::v1::CASE_MOMENT_RECEIVED);
  if (body.has_external()) TakeExternal(body.external(), input);
  return Open(received, events::v1::CASE_KIND_COMPLAINT, std::move(input), view);
}

sdk::Outcome ClockView::Apply(const sdk::Recorded<events::v1::ServiceRequestOpened>& opened, Rows& view) {
  return Open(opened, events::v1::CASE_KIND_SERVICE_REQUEST, InputOf(opened, events::v1::CASE_MOMENT_RECEIVED), view);
}

sdk::Outcome ClockView::Apply(const sdk::Recorded<events::v1::CaseAcknowledged>& acknowledged, Rows& view) {
  return FoldMove(acknowledged, events::v1::CASE_MOMENT_ACKNOWLEDGED, view);
}

sdk::Outcome ClockView::Apply(const sdk::Recorded<events::v1::CaseAssigned>& assigned, Rows& view) {
  return Fold(assigned, InputOf(assigned, events::v1::CASE_MOMENT_ASSIGNED), view);
}

sdk::Outcome ClockView::Apply(const sdk::Recorded<events::v1::CaseStarted>& started, Rows& view) {
  return FoldMove(started, events::v1::CASE_MOMENT_STARTED, view);
}

sdk::Outcome ClockView::Apply(const sdk::Recorded<events::v1::CaseWaitStarted>& waiting, Rows& view) {
  Input input = InputOf(waiting);
  input.set_waits(true);
  input.set_waiting_on(waiting.body.waiting_on());
  return Fold(waiting, input, view);
}

sdk::Outcome ClockView::Apply(const sdk::Recorded<events::v1::CaseResumed>& resumed, Rows& view) {
  return FoldMove(resumed, events::v1::CASE_MOMENT_UNSPECIFIED, view);
}

sdk::Outcome ClockView::Apply(const sdk::Recorded<events::v1::CaseEscalated>& escalated, Rows& view) {
  return Fold(escalated, InputOf(escalated, events::v1::CASE_MOMENT_ESCALATED), view);
}

sdk::Outcome ClockView::Apply(const sdk::Recorded<events::v1::CaseReclassified>& reclassified, Rows& view) {
  Input input = InputOf(reclassified);
  input.set_category(reclassified.body.category().value());
  input.set_subcategory(reclassified.body.subcategory().value());
  input.set_priority(reclassified.body.priority());
  return Fold(reclassified, input, view);
}

sdk::Outcome ClockView::Apply(const sdk::Recorded<events::v1::CaseResolutionProposed>& proposed, Rows& view) {
  return FoldMove(proposed, events::v1::CASE_MOMENT_PROPOSED, view);
}

sdk::Outcome ClockView::Apply(const sdk::Recorded<events::v1::CaseResolved>& resolved, Rows& view) {
  return FoldMove(resolved, events::v1::CASE_MOMENT_RESOLVED, view);
}

sdk::Outcome ClockView::Apply(const sdk::Recorded<events::v1::CaseClosed>& closed, Rows& view) {
  return FoldMove(closed, events::v1::CASE_MOMENT_CLOSED, view);
}

sdk::Outcome ClockView::Apply(const sdk::Recorded<events::v1::CaseReopened>& reopened, Rows& view) {
  return FoldMove(reopened, events::v1::CASE_MOMENT_REOPENED, view);
}

sdk::Outcome ClockView::Apply(const sdk::Recorded<events::v1::CaseWithdrawn>& withdrawn, Rows& view) {
  return FoldMove(withdrawn, events::v1::CASE_MOMENT_WITHDRAWN, view);
}

sdk::Outcome ClockView::Apply(const sdk::Recorded<events::v1::CaseResponseSent>& sent, Rows& view) {
  const CaseMoment moment = MomentOf(sent.body.kind());
  if (moment == events::v1::CASE_MOMENT_UNSPECIFIED) return sdk::Ignored();
  return Fold(sent, InputOf(sent, moment), view);
}

sdk::Outcome ClockView::Apply(const sdk::Recorded<events::v1::CaseReferred>& referred, Rows& view) {
  Input input = InputOf(referred, events::v1::CASE_MOMENT_REFERRED);
  TakeExternal(referred.body.external(), input);
  return Fold(referred, input, view);
}

}  // namespace kefu::clock

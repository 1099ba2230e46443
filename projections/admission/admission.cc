#include "projections/admission/admission.h"

#include <string>

#include "platform/base/hash.h"
#include "platform/codec/field_path.h"
#include "platform/event/record.h"
#include "projections/admission/aggregate.h"
#include "projections/admission/lifecycle.h"
#include "projections/admission/seen.h"
#include "projections/admission/tables.h"
#include "projections/sdk/case_id.h"

namespace kefu::admission {

namespace {

using events::v1::ClientKind;
using events::v1::ClientProfile;
using events::v1::Event;
using events::v1::Verdict;
using Memory = sdk::View<Admission>;

// What the rules say of one event, and the revision that goes into the verdict.
struct Decision {
  Rule rule = Rule::kNone;
  int64_t revision = 0;
};

Verdict ToVerdict(const Decision& decision) {
  Verdict verdict;
  verdict.set_outcome(decision.rule == Rule::kNone ? events::v1::VERDICT_OUTCOME_APPLIED
                                                   : events::v1::VERDICT_OUTCOME_REFUSED);
  verdict.set_rule(std::string(NameOf(decision.rule)));
  verdict.set_revision(decision.revision);
  return verdict;
}

bool RevisionMoved(const Event& event, int64_t revision) {
  return event.has_precondition() && event.precondition().revision() != revision;
}

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

Rule JudgeClientContent(const Event& event, const ClientState& client) {
  if (event.body_case() == Event::kClientRegistered)
    return JudgeProfile(event.client_registered().profile(), event.client_registered().kind());
  if (event.body_case() != Event::kClientProfileChanged) return Rule::kNone;
  for (const std::string& path : event.client_profile_changed().changed().paths()) {
    if (!codec::IsFieldPath(ClientProfile::descriptor(), path)) return Rule::kUnknownFieldPath;
    if (IsOfOtherKind(path, client.kind())) return Rule::kProfileOfOtherKind;
  }
  return Rule::kNone;
}

Decision JudgeClient(const Event& event, Memory& memory) {
  const ClientState* found = memory.Find<Clients>(event.client_id());
  const ClientState& now = found != nullptr ? *found : ClientState::default_instance();
  const auto move = MoveClient(event.body_case(), now.status(), event.client_status_changed().status());
  Rule rule = move.refusal;
  if (rule == Rule::kNone) rule = JudgeClientContent(event, now);
  if (rule == Rule::kNone && RevisionMoved(event, now.revision())) rule = Rule::kRevisionMoved;
  if (rule != Rule::kNone) return {rule, now.revision()};

  ClientState& client = memory.Edit<Clients>(event.client_id());
  client.set_status(move.next);
  client.set_revision(client.revision() + 1);
  if (event.body_case() == Event::kClientRegistered) client.set_kind(event.client_registered().kind());
  return {Rule::kNone, client.revision()};
}

Decision JudgeCase(const Event& event, Memory& memory) {
  const std::string& case_id = sdk::CaseIdOf(event);
  if (case_id.empty()) return {Rule::kCaseIdMissing, 0};
  const CaseState* found = memory.Find<Cases>(case_id);
  const CaseState& now = found != nullptr ? *found : CaseState::default_instance();
  const auto move = MoveCase(event.body_case(), now.status());
  const bool opens =
      event.body_case() == Event::kComplaintReceived || event.body_case() == Event::kServiceRequestOpened;
  Rule rule = move.refusal;
  if (found != nullptr && !opens && now.client_id() != event.client_id()) rule = Rule::kCaseOfOtherClient;
  if (rule == Rule::kNone && RevisionMoved(event, now.revision())) rule = Rule::kRevisionMoved;
  if (rule != Rule::kNone) return {rule, now.revision()};

  CaseState& changed = memory.Edit<Cases>(case_id);
  changed.set_status(move.next);
  changed.set_revision(changed.revision() + 1);
  if (opens) {
    changed.set_client_id(event.client_id());
    changed.set_kind(event.body_case() == Event::kComplaintReceived ? events::v1::CASE_KIND_COMPLAINT
                                                                    : events::v1::CASE_KIND_SERVICE_REQUEST);
  }
  return {Rule::kNone, changed.revision()};
}

Decision Decide(const Event& event, Memory& memory) {
  if (event.client_id().empty()) return {Rule::kClientIdMissing, 0};
  switch (AggregateOf(event.body_case())) {
    case AggregateKind::kClient:
      return JudgeClient(event, memory);
    case AggregateKind::kCase:
      return JudgeCase(event, memory);
    case AggregateKind::kNone:
      return {event.has_precondition() ? Rule::kPreconditionNotApplicable : Rule::kNone, 0};
    case AggregateKind::kUnknown:
      break;
  }
  return {Rule::kBodyUnknown, 0};
}

// As it stands, for the verdict on an event that was decided before.
int64_t PresentRevision(const Event& event, Memory& memory) {
  switch (AggregateOf(event.body_case())) {
    case AggregateKind::kClient: {
      const ClientState* client = memory.Find<Clients>(event.client_id());
      return client != nullptr ? client->revision() : 0;
    }
    case AggregateKind::kCase: {
      const CaseState* found = memory.Find<Cases>(sdk::CaseIdOf(event));
      return found != nullptr ? found->revision() : 0;
    }
    default:
      return 0;
  }
}

Verdict JudgeAgain(const Event& event, const SeenEvent& first, uint64_t content_hash, Memory& memory) {
  const int64_t revision = PresentRevision(event, memory);
  if (first.content_hash != content_hash) return ToVerdict({Rule::kEventIdReused, revision});
  Verdict verdict;
  verdict.set_outcome(events::v1::VERDICT_OUTCOME_DUPLICATE);
  verdict.set_rule(std::string(NameOf(first.rule)));
  verdict.set_revision(revision);
  verdict.set_first_offset(first.first_offset.value());
  return verdict;
}

}  // namespace

static_assert(kSeenTable == Seen::kId);

std::string SeenKey(const Event& event) {
  const Hash128 id = FastHash128(event.event_id());
  return Seen::Key::Encode(static_cast<int64_t>(id.high), static_cast<int64_t>(id.low));
}

void Admission::Ahead(const Event& event, sdk::RowsAhead& rows) {
  if (const std::string& case_id = sdk::CaseIdOf(event); !case_id.empty()) rows.Add<Cases>(case_id);
}

const sdk::Projection& State() { return sdk::Describe<Admission>(); }

Verdict Judge(const sdk::RecordedEvent& record, sdk::Stage& stage) {
  const Event& event = *record.event;
  if (event.event_id().empty()) return ToVerdict({Rule::kEventIdMissing, 0});
  Memory memory(stage);
  const Hash128 id = FastHash128(event.event_id());
  const auto high = static_cast<int64_t>(id.high);
  const auto low = static_cast<int64_t>(id.low);
  const uint64_t content_hash = FastHash64(event::ContentOf(record.bytes, event));
  if (const auto bytes = memory.FindRaw<Seen>(high, low)) {
    if (const auto first = SeenEvent::Decode(*bytes)) return JudgeAgain(event, *first, content_hash, memory);
  }
  const Decision decision = Decide(event, memory);
  memory.PutRaw<Seen>(SeenEvent{record.offset, content_hash, decision.rule}.Encode(), high, low);
  return ToVerdict(decision);
}

}  // namespace kefu::admission

#include "projections/admission/admission.h"

#include <string>

#include "platform/base/hash.h"
#include "platform/event/broadcast.h"
#include "platform/event/record.h"
#include "projections/admission/aggregate.h"
#include "projections/admission/judges.h"
#include "projections/admission/seen.h"
#include "projections/admission/standing.h"
#include "projections/sdk/case_id.h"

namespace kefu::admission {

namespace {

using events::v1::Event;
using events::v1::Verdict;

// What the event is remembered by. Copies are set apart with a blank, which no id has: else an id that someone used in
// this partition before would keep out what partition 0 applied.
Hash128 IdOf(const Event& event) {
  if (event::IsBroadcast(event.body_case()) && event.broadcast().is_copy())
    return FastHash128(" " + event.event_id());
  return FastHash128(event.event_id());
}

Verdict ToVerdict(const Decision& decision) {
  Verdict verdict;
  verdict.set_outcome(decision.rule == Rule::kNone ? events::v1::VERDICT_OUTCOME_APPLIED
                                                   : events::v1::VERDICT_OUTCOME_REFUSED);
  verdict.set_rule(std::string(NameOf(decision.rule)));
  verdict.set_revision(decision.revision);
  if (decision.corrected_offset) verdict.set_first_offset(decision.corrected_offset->value());
  return verdict;
}

Decision DecideBroadcast(const Event& event, Memory& memory) {
  const AggregateKind kind = AggregateOf(event.body_case());
  if (kind == AggregateKind::kUnknown) return {Rule::kBodyUnknown, 0};
  const bool is_copy = event.broadcast().is_copy();
  if (!is_copy && !event.client_id().empty()) return {Rule::kClientIdNotAllowed, 0};
  switch (kind) {
    case AggregateKind::kRelation:
      return is_copy ? TakeRelation(event, memory) : JudgeRelation(event, memory);
    case AggregateKind::kReference:
      return is_copy ? TakeReference(event, memory) : JudgeReference(event, memory);
    case AggregateKind::kStaff:
      return is_copy ? TakeStaff(event, memory) : JudgeStaff(event, memory);
    case AggregateKind::kCatalogue:
      return is_copy ? TakeCatalogue(event, memory) : JudgeCatalogue(event, memory);
    default:
      return {Rule::kBodyUnknown, 0};
  }
}

// Only their form can be wrong: services state them of what they saw.
Decision DecideAboutLog(const Event& event) {
  if (AggregateOf(event.body_case()) != AggregateKind::kLog) return {Rule::kBodyUnknown, 0};
  if (!event.client_id().empty()) return {Rule::kClientIdNotAllowed, 0};
  return {OrPrecondition(Rule::kNone, event), 0};
}

Decision Decide(const Event& event, Memory& memory) {
  if (event::IsBroadcast(event.body_case())) return DecideBroadcast(event, memory);
  if (event::IsAboutLog(event.body_case())) return DecideAboutLog(event);
  if (event.client_id().empty()) return {Rule::kClientIdMissing, 0};
  switch (AggregateOf(event.body_case())) {
    case AggregateKind::kClient:
      return JudgeClient(event, memory);
    case AggregateKind::kCase:
      return JudgeCase(event, memory);
    case AggregateKind::kContact:
      return JudgeContact(event, memory);
    case AggregateKind::kUndertaking:
      return JudgeUndertaking(event, memory);
    case AggregateKind::kClock:
      return JudgeClock(event, memory);
    case AggregateKind::kBook:
      return JudgeBook(event, memory);
    case AggregateKind::kLead:
      return JudgeLead(event, memory);
    case AggregateKind::kSuitability:
      return JudgeSuitability(event, memory);
    case AggregateKind::kSubscription:
      return JudgeSubscription(event, memory);
    case AggregateKind::kCorrection:
      return JudgeCorrection(event, memory);
    case AggregateKind::kHold:
      return JudgeHold(event, memory);
    case AggregateKind::kNone:
    case AggregateKind::kDerived:
      return {OrPrecondition(Rule::kNone, event), 0};
    case AggregateKind::kRelation:
    case AggregateKind::kReference:
    case AggregateKind::kStaff:
    case AggregateKind::kCatalogue:
    case AggregateKind::kLog:
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
static_assert(kRulesVersion == event::kNewestRulesVersion, "doors take what admission judges");

std::string SeenKey(const Event& event) {
  const Hash128 id = IdOf(event);
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
  const Hash128 id = IdOf(event);
  const auto high = static_cast<int64_t>(id.high);
  const auto low = static_cast<int64_t>(id.low);
  const uint64_t content_hash = FastHash64(event::ContentOf(record.bytes, event));
  if (const auto bytes = memory.FindRaw<Seen>(high, low)) {
    if (const auto first = SeenEvent::Decode(*bytes)) return JudgeAgain(event, *first, content_hash, memory);
  }
  const Decision decision = Decide(event, memory);
  if (decision.beyond_this_build) return Verdict();
  const bool applied = decision.rule == Rule::kNone;
  const SeenEvent seen{.first_offset = record.offset,
                       .content_hash = content_hash,
                       .rule = decision.rule,
                       .body = static_cast<int32_t>(event.body_case()),
                       .client_hash = HashOfClient(event.client_id()),
                       .stands_on = applied ? StandsOn(event) : 0};
  memory.PutRaw<Seen>(seen.Encode(), high, low);
  return ToVerdict(decision);
}

}  // namespace kefu::admission

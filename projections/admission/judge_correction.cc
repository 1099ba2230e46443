#include <optional>
#include <string>

#include "platform/base/hash.h"
#include "platform/event/broadcast.h"
#include "platform/event/record.h"
#include "projections/admission/judges.h"
#include "projections/admission/seen.h"
#include "projections/admission/standing.h"

namespace kefu::admission {

namespace {

using events::v1::Event;

// An event that was met before, and where what is remembered of it lies.
struct Met {
  int64_t high = 0;
  int64_t low = 0;
  SeenEvent seen;
};

std::optional<Met> Recall(int64_t high, int64_t low, Memory& memory) {
  const auto bytes = memory.FindRaw<Seen>(high, low);
  if (!bytes.has_value()) return std::nullopt;
  const auto seen = SeenEvent::Decode(*bytes);
  if (!seen.has_value()) return std::nullopt;
  return Met{high, low, *seen};
}

std::optional<Met> RecallById(std::string_view event_id, Memory& memory) {
  const Hash128 id = FastHash128(event_id);
  return Recall(static_cast<int64_t>(id.high), static_cast<int64_t>(id.low), memory);
}

bool IsCorrection(int body_tag) { return body_tag == Event::kEventCorrected || body_tag == Event::kEventAnnulled; }

Rule JudgeNamed(const std::optional<Met>& named, const Event& event) {
  if (!named) return Rule::kEventUnknown;
  if (named->seen.client_hash != HashOfClient(event.client_id())) return Rule::kEventOfOtherClient;
  if (named->seen.rule != Rule::kNone) return Rule::kEventNotApplied;
  if (event::IsReserved(static_cast<Event::BodyCase>(named->seen.body))) return Rule::kEventIsAServices;
  // An annulment is taken back by the event as it should have been, not by another annulment.
  const bool twice = named->seen.body == Event::kEventAnnulled && event.body_case() == Event::kEventAnnulled;
  return named->seen.corrected || twice ? Rule::kEventCorrectedAlready : Rule::kNone;
}

// What the body itself has to be, where that is more than its form. Whatever is judged by what others said before was
// judged when the first event came, and stands (StandsOn).
Rule JudgeContent(const Event& corrected, Memory& memory) {
  switch (corrected.body_case()) {
    case Event::kContactRecorded:
    case Event::kSatisfactionRated:
      return JudgeContact(corrected, memory).rule;
    case Event::kClientRegistered:
    case Event::kClientProfileChanged:
      return CheckProfileOf(corrected, memory);
    case Event::kLeadWon:
      return CheckCredits(corrected.lead_won());
    case Event::kCaseNextActionSet:
      return CheckNextAction(corrected.case_next_action_set());
    default:
      return Rule::kNone;
  }
}

Rule JudgeCorrected(const Event& event, const Met& first, Memory& memory) {
  Event corrected;
  const std::string& bytes = event.event_corrected().event();
  if (!corrected.ParseFromString(bytes) || event::HasUnknownBody(corrected)) return Rule::kCorrectionOfOtherKind;
  const Hash128 id = FastHash128(corrected.event_id());
  const bool same = static_cast<int64_t>(id.high) == first.high && static_cast<int64_t>(id.low) == first.low &&
                    corrected.client_id() == event.client_id() &&
                    static_cast<int>(corrected.body_case()) == first.seen.body && !corrected.has_recorded_at() &&
                    !corrected.has_broadcast();
  if (!same) return Rule::kCorrectionOfOtherKind;
  const Mending mending = MendingOf(first.seen.body);
  if (mending == Mending::kNone) return Rule::kEventMovesState;
  // Of an event that nothing stands on, only ids can be others.
  if (StandsOn(corrected) != first.seen.stands_on)
    return mending == Mending::kAnnul ? Rule::kCorrectionOfOtherKind : Rule::kEventMovesState;
  return JudgeContent(corrected, memory);
}

}  // namespace

Decision JudgeCorrection(const Event& event, Memory& memory) {
  const bool annuls = event.body_case() == Event::kEventAnnulled;
  const auto named = RecallById(
      annuls ? event.event_annulled().annulled_event_id() : event.event_corrected().corrected_event_id(), memory);
  Rule rule = JudgeNamed(named, event);
  if (rule != Rule::kNone) return {OrPrecondition(rule, event), 0};

  // A correction is corrected by naming it; what is corrected is the first event.
  std::optional<Met> first = named;
  if (IsCorrection(named->seen.body)) {
    const CorrectionState* of = memory.Find<Corrections>(named->high, named->low);
    first = of != nullptr ? Recall(of->first_high(), of->first_low(), memory) : std::nullopt;
    if (!first) return {Rule::kEventUnknown, 0};
  }
  if (annuls)
    rule = MendingOf(first->seen.body) == Mending::kAnnul ? Rule::kNone : Rule::kEventMovesState;
  else
    rule = JudgeCorrected(event, *first, memory);
  rule = OrPrecondition(rule, event);
  if (rule != Rule::kNone) return {rule, 0};

  SeenEvent seen = named->seen;
  seen.corrected = true;
  memory.PutRaw<Seen>(seen.Encode(), named->high, named->low);
  const Hash128 own = FastHash128(event.event_id());
  CorrectionState& state =
      memory.Edit<Corrections>(static_cast<int64_t>(own.high), static_cast<int64_t>(own.low));
  state.set_first_high(first->high);
  state.set_first_low(first->low);
  return {.corrected_offset = first->seen.first_offset};
}

}  // namespace kefu::admission

#pragma once

// The rules of each aggregate. For admission itself.

#include <optional>
#include <string>

#include "kefu/events/v1/event.pb.h"
#include "projections/admission/rules.h"
#include "projections/admission/tables.h"

namespace kefu::admission {

using Memory = sdk::View<Admission>;

// What the rules say of one event, and the revision that goes into the verdict.
struct Decision {
  Rule rule = Rule::kNone;
  int64_t revision = 0;
  // By rules that this build does not have; nothing was judged.
  bool beyond_this_build = false;
  // Of what corrects or annuls: where the first event is.
  std::optional<Offset> corrected_offset = std::nullopt;
};

// Each judges by its own rules alone, the event's ids and its body's place being in order, and moves the state unless a
// rule refuses.
Decision JudgeClient(const events::v1::Event& event, Memory& memory);
Decision JudgeCase(const events::v1::Event& event, Memory& memory);
// What services conclude of a case that there is.
Decision JudgeClock(const events::v1::Event& event, Memory& memory);
Decision JudgeContact(const events::v1::Event& event, Memory& memory);
Decision JudgeUndertaking(const events::v1::Event& event, Memory& memory);
Decision JudgeRelation(const events::v1::Event& event, Memory& memory);
Decision JudgeReference(const events::v1::Event& event, Memory& memory);
Decision JudgeStaff(const events::v1::Event& event, Memory& memory);
Decision JudgeCatalogue(const events::v1::Event& event, Memory& memory);
// Who serves a client, and who has its work in hand.
Decision JudgeBook(const events::v1::Event& event, Memory& memory);
Decision JudgeLead(const events::v1::Event& event, Memory& memory);
Decision JudgeSuitability(const events::v1::Event& event, Memory& memory);
Decision JudgeSubscription(const events::v1::Event& event, Memory& memory);
Decision JudgeCorrection(const events::v1::Event& event, Memory& memory);
Decision JudgeHold(const events::v1::Event& event, Memory& memory);

// What judges say of the content of a body alone, for what is to stand in the place of an applied event.
Rule CheckProfileOf(const events::v1::Event& event, Memory& memory);
Rule CheckCredits(const events::v1::LeadWon& won);
Rule CheckNextAction(const events::v1::CaseNextActionSet& next);

// The same without judging: `copy` was judged, and applied, in partition 0.
Decision TakeRelation(const events::v1::Event& copy, Memory& memory);
Decision TakeReference(const events::v1::Event& copy, Memory& memory);
Decision TakeStaff(const events::v1::Event& copy, Memory& memory);
Decision TakeCatalogue(const events::v1::Event& copy, Memory& memory);

// By which version of the rules this partition judges.
int32_t RulesVersionOf(Memory& memory);

// Local time less UTC at a branch, in seconds: of its calendar, or of the next one above it that has one.
int32_t OffsetOfUnit(const std::string& unit_id, absl::Time time, Memory& memory);

// kClientUnknown or kClientClosed, where a client must be registered and not closed.
Rule JudgeIsClient(const std::string& client_id, Memory& memory);

// Whether `version` follows the newest one that this body's item has, if any; `id` is empty if there is one item only.
Rule JudgeVersion(events::v1::Event::BodyCase body, const std::string& id, int32_t version, Memory& memory);
void KeepVersion(events::v1::Event::BodyCase body, const std::string& id, int32_t version, Memory& memory);

// `rule` as it is; if it refuses nothing, what there is to say of a precondition on a body without a revision.
inline Rule OrPrecondition(Rule rule, const events::v1::Event& event) {
  return rule == Rule::kNone && event.has_precondition() ? Rule::kPreconditionNotApplicable : rule;
}

inline bool RevisionMoved(const events::v1::Event& event, int64_t revision) {
  return event.has_precondition() && event.precondition().revision() != revision;
}

}  // namespace kefu::admission

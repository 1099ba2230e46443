#pragma once

// Admission: decides what counts. It folds like a view, from the partition's own past only, so two nodes, or a replay
// next year, decide alike. Its verdicts are kept by the engine; views see only what it let through.

#include "projections/sdk/projection.h"

namespace kefu::admission {

// The newest version of the rules that this build has. A partition begins with version 1; a RulesVersionAdopted on its
// log names the version in force from there on. New bodies are judged alike in all versions. Version 2 also holds
// contacts that the firm makes against consents, allowed channels and quiet hours, and refuses a client that is its own
// parent.
inline constexpr int32_t kRulesVersion = 2;

// The tables admission keeps (tables.h), declared like a view's. Its folds are not used.
const sdk::Projection& State();

// Where Judge looks first, for whoever reads it ahead: a raw table of State(), and the key of an event's id in it.
inline constexpr uint8_t kSeenTable = 1;
std::string SeenKey(const events::v1::Event& event);

// Decides about one event, and moves the state if it is applied. Deterministic; never throws on input.
//
// Order of rules: duplicate (same event_id, same content: the recorded bytes before ingest's stamp), event_id_reused
// (same id, other bytes), then the aggregate's own: life cycle, then content, then precondition. A duplicate's verdict
// carries the rule that refused the first delivery, empty where that was applied: a refused event is decided once, too,
// and does not come to count because it was sent again. Only `event_id_reused` and `event_id_missing` leave no trace.
// A copy of a broadcast event was judged in partition 0; here it is only looked up, and what it says is taken over.
//
// The verdict on an applied EventCorrected or EventAnnulled has in `first_offset` where the event lies that it is about:
// the first one, also where it names another correction. Whoever keeps verdicts must keep these.
//
// An outcome of UNSPECIFIED: from this event on the log is judged by a version of the rules that this build does
// not have. Nothing changed; the caller must stop before the event, as before a body that it does not know.
//
// Limitations: ids are compared by 128 bits of hash, contents by 64: of 10¹² events in one partition two different ids
// meet with a chance of 10⁻¹⁵. Ids are compared within a partition only, and so are case ids: one event id used for
// clients of two partitions is not noticed.
// Cost: one read that mostly finds nothing, one write, and the row of the aggregate; of an outbound contact the
// client's row, under version 2.
events::v1::Verdict Judge(const sdk::RecordedEvent& record, sdk::Stage& stage);

}  // namespace kefu::admission

#pragma once

// Admission: decides what counts. It folds like a view, from the partition's own past only, so two nodes, or a replay
// next year, decide alike. Its verdicts are kept by the engine; views see only what it let through.

#include "projections/sdk/projection.h"

namespace kefu::admission {

// The version of the rules below. A log names the version in force by position; see docs/adr.
inline constexpr int32_t kRulesVersion = 1;

// The tables admission keeps (dedupe, clients, cases), declared like a view's. Its folds are not used.
const sdk::Projection& State();

// Decides about one event, and moves the state if it is applied. Deterministic; never throws on input.
//
// Order of rules: duplicate (same event_id, same bytes before recorded_at), event_id_reused (same id, other bytes),
// then the aggregate's own: life cycle, then precondition.
// `content` is `record.bytes` without the recorded_at stamp at their end.
events::v1::Verdict Judge(const sdk::RecordedEvent& record, sdk::Stage& stage);

}  // namespace kefu::admission

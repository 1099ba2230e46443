#pragma once

// That a record is in the log, unchanged, and that the log only grew.

#include "kefu/audit/v1/audit.pb.h"
#include "platform/base/status.h"
#include "platform/log/log.h"
#include "projections/engine/engine.h"

namespace kefu::audit {

// Operation: a proof is against the tree that a checkpoint signed: the newest, or one of a size that is asked for. Where
//   nothing was signed yet it is against the tree as it is, and has no note: it shows where the record lies, not that anyone
//   vouches for it. Before it is given, the record is read from the log and compared with its leaf, and the root with the
//   one that was signed: a log that was changed underneath gives no proof but TREE_DIFFERS.
// Concurrency: thread-safe; reads the log, so not on a thread that must not wait.
// Cost: two tiles a level, one record.
class Proofs {
 public:
  // Both must outlive it.
  Proofs(const engine::Engine& engine, log::EventLog& log) : engine_(engine), log_(log) {}

  // kInvalidArgument: PARTITION_INVALID, RECORD_UNNAMED (neither offset nor event id, or both), TREE_SIZE_INVALID.
  // kNotFound: EVENT_NOT_FOUND, RECORD_NOT_FOUND. kFailedPrecondition: NOT_YET_SIGNED, where the checkpoint does not cover the
  // record, and says what it covers. kUnavailable: TREE_BEHIND, this server has not folded what was signed. kDataLoss:
  // TREE_DIFFERS.
  StatusOr<v1::InclusionProof> Inclusion(const v1::GetInclusionProofRequest& request) const;

  // The same reasons; a size that no checkpoint has is taken, since the caller may hold a note that this log does not know.
  StatusOr<v1::ConsistencyProof> Consistency(const v1::GetConsistencyProofRequest& request) const;

 private:
  const engine::Engine& engine_;
  log::EventLog& log_;
};

}  // namespace kefu::audit

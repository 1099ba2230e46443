#pragma once

// Takes corrections into the rows of views.

#include <functional>
#include <optional>
#include <string>

#include "platform/store/store.h"
#include "projections/correction/past.h"
#include "projections/engine/row_stage.h"

namespace kefu::engine {

// A table that holds the journal's rows of all events before `offset`; nothing: there is none now.
using JournalAt = std::function<StatusOr<std::optional<store::TableId>>(Offset offset)>;

// Operation: of an EventCorrected or EventAnnulled that was applied, the client's past is read from the journal once, and
//   each view's rows are exchanged for those it would have had (projections/correction). All events before it must be
//   stored, none staged.
// Concurrency: one thread at a time.
class Corrector {
 public:
  // `store` outlives it. With `waits`, a journal that is not far enough is waited for (kUnavailable); else views park.
  Corrector(Partition partition, store::Store& store, JournalAt journal_at, bool waits);

  // Changes rows in `stage`. Why it cannot, in a word: the event is to be parked, and nothing was changed; empty: done.
  StatusOr<std::string> Correct(const sdk::Projection& view, RowStage& stage, const sdk::RecordedEvent& correction);
  // Does a correction concern this view at all?
  static bool Concerns(const sdk::Projection& view);

 private:
  // The past before `correction`; a word where it cannot be had.
  StatusOr<std::string> Load(const sdk::RecordedEvent& correction);

  const Partition partition_;
  store::Store& store_;
  const JournalAt journal_at_;
  const bool waits_;
  // Of the correction at that offset.
  Offset of_{-1};
  correction::Past past_;
};

}  // namespace kefu::engine

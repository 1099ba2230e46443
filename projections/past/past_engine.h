#pragma once

#include <memory>
#include <string>
#include <vector>

#include "projections/engine/engine.h"
#include "projections/kept/kept_views.h"
#include "projections/past/cut.h"

namespace kefu::past {

// From where views of the past are folded: what was kept of each partition, where anything was.
struct KeptStart {
  kept::KeptViews* kept = nullptr;
  std::vector<std::optional<kept::KeptPlace>> places;
};

// What is kept that lies wholly at or before the moment asked for, the newest of each partition. By occurred time nothing
// does: admission judges anew from the beginning what is left. `kept` may be null.
KeptStart FindStart(kept::KeptViews* kept, const log::LogIdentity& log, const Asked& asked);
// The same, as FindCut takes it.
std::vector<KnownPlace> KnownPlacesOf(const KeptStart& start);

// An engine over `log` as it was at the cut: everything before it is folded, once, from `start` or, where that cannot be
// used, from the beginning; then it stands still. `options.directory`, a scratch folder, is emptied first and removed with
// the engine. `log` and what `projections` points to must outlive it. Blocks until the views are there, telling `progress`
// in offsets of what is left to fold.
//
// Its moment() is the cut's. What changes views (Rebuild, RetryParked, SwitchView) is refused: kFailedPrecondition,
// AS_OF_NOT_APPLICABLE.
// Limitations: costs what folding costs from there on, and a look at every byte of what was kept.
StatusOr<std::unique_ptr<engine::Engine>> OpenAsOf(const Cut& cut, log::EventLog& log,
                                                   const std::vector<const sdk::Projection*>& projections,
                                                   engine::EngineOptions options, const Progress& progress,
                                                   const KeptStart& start = {});

}  // namespace kefu::past

#pragma once

#include <memory>
#include <string>
#include <vector>

#include "projections/engine/engine.h"
#include "projections/past/cut.h"

namespace kefu::past {

// An engine over `log` as it was at the cut: everything before it is folded, once, from the beginning; then it stands
// still. `options.directory`, a scratch folder, is emptied first and removed with the engine. `log` and what
// `projections` points to must outlive it. Blocks until the views are there, telling `progress` in offsets.
//
// Its moment() is the cut's. What changes views (Rebuild, RetryParked, SwitchView) is refused: kFailedPrecondition,
// AS_OF_NOT_APPLICABLE.
// Limitations: costs what folding the log from its beginning costs.
StatusOr<std::unique_ptr<engine::Engine>> OpenAsOf(const Cut& cut, log::EventLog& log,
                                                   const std::vector<const sdk::Projection*>& projections,
                                                   engine::EngineOptions options, const Progress& progress);

}  // namespace kefu::past

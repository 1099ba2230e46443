#pragma once

// The rules that clients are classified by: the newest of each scheme, and the newest model.

#include <absl/time/time.h>

#include <optional>
#include <string>
#include <vector>

#include "kefu/events/v1/segment.pb.h"
#include "platform/base/status.h"
#include "projections/engine/engine.h"

namespace kefu::duties {

struct PublishedRules {
  // By scheme.
  std::vector<events::v1::SegmentRulesPublished> schemes;
  std::optional<events::v1::ChurnModelPublished> model;
  // When the newest of them was recorded; InfinitePast if there is none.
  absl::Time recorded_at = absl::InfinitePast();

  const events::v1::ChurnModelPublished* model_if_any() const { return model.has_value() ? &*model : nullptr; }
  // "asset_tier 2, churn_risk 1, model 4": what tells one set from another.
  std::string Versions() const;
};

// From the view `reference`, as partition 0 (`home`) holds it.
StatusOr<PublishedRules> ReadPublishedRules(const engine::PartitionView& home);

}  // namespace kefu::duties

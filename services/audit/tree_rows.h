#pragma once

#include <memory>
#include <optional>
#include <string>

#include "projections/engine/engine.h"
#include "projections/tree/reading.h"
#include "projections/tree/tree.h"

namespace kefu::audit {

// The tree of a partition at the moment of `view`, which is kept as long as the reading is.
inline StatusOr<tree::Reading> TreeOf(std::shared_ptr<const engine::PartitionView> view) {
  return tree::Reading::Open([view = std::move(view)](std::string_view table, std::string_view key)
                                 -> StatusOr<std::optional<std::string>> {
    store::PinnedValue row;
    ASSIGN_OR_RETURN(const bool found, view->Get(tree::TreeView::kName, table, key, &row));
    if (!found) return std::nullopt;
    return std::string(row.view());
  });
}

}  // namespace kefu::audit

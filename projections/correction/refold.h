#pragma once

// What a correction changes in the rows of one view.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "projections/correction/exchange.h"
#include "projections/correction/past.h"
#include "projections/sdk/projection.h"

namespace kefu::correction {

// Of a client, more events than this are not folded again for a correction.
inline constexpr int64_t kMostEvents = 100'000;

struct RowChange {
  uint8_t table = 0;
  bool raw = false;
  std::string key;
  StoredRow row;
};

struct Refolded {
  std::vector<RowChange> changes;
  // Why it cannot be done, in a word; then there are no changes.
  std::string refusal;
};

// Stored bytes of a table without decoded rows, now; nothing: no such row.
using RawRows = std::function<StoredRow(uint8_t table, std::string_view key)>;

// Folds `past` from nothing twice, with `instead` in the place of the event at `first` the second time, and exchanges in
// `live` the rows that come out differently (exchange.h). Changes nothing itself; reads `live` as the events before the
// correction left it. Nothing comes of it where the view does not fold the event, or keeps history.
//
// Cost: twice the client's events and what was broadcast, folded by this view.
Refolded Refold(const sdk::Projection& view, const Past& past, Partition partition, Offset first,
                const Instead& instead, sdk::Stage& live, const RawRows& raw);

}  // namespace kefu::correction

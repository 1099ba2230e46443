#pragma once

// How what one client gave to a row is exchanged for what it gives now.

#include <optional>
#include <string>
#include <string_view>

#include "projections/sdk/projection.h"

namespace kefu::correction {

// Views that show what was said, not what stands: nothing is exchanged in them.
bool KeepsHistory(const sdk::Projection& view);

// What this view writes for an event depends on that event alone, so a correction needs nothing else of the past: text.
bool TakesEventsAlone(const sdk::Projection& view);

// A row of this table is needed as it is by a fold of one client's events alone.
bool IsSeeded(const sdk::Projection& view, std::string_view table);

using StoredRow = std::optional<std::string>;  // as stored; nothing: no such row

struct Exchanged {
  // False: `live` is neither what this client's events give, nor of a table whose rows several clients share in a way that
  // is known here.
  bool exact = false;
  StoredRow row;
};

// `live` with what it has from a client, `was`, taken for `now`. A row that is one client's alone is `was`, and becomes
// `now`. Rows of these tables are several clients': book.owners, programme.tallies, programme.years (sums), and
// statistics.cells (counts, sums, durations, and which clients: exact while a cell knows them one by one; an estimate of
// more than 128 keeps who was counted). case.cases keeps its revision, which counts what was admitted.
Exchanged Exchange(const sdk::Projection& view, const sdk::TableInfo& table, const StoredRow& live,
                   const StoredRow& was, const StoredRow& now);

}  // namespace kefu::correction

#pragma once

// Tokens that open a figure: which cells it was made of and where the log was, so that exactly the events that were
// counted are found again, whatever has come since.

#include <string>
#include <string_view>
#include <vector>

#include "platform/log/log.h"
#include "platform/log/position.h"
#include "services/query/cube_cells.h"
#include "services/query/page_token.h"
#include "services/query/reader.h"

namespace kefu::query {

// What a figure was made of.
struct CountedCells {
  CubeCells cells;
  // By partition: postings at this offset or after it came later.
  std::vector<int64_t> next_offsets;
  int64_t count = 0;
};

// Where the statistics are in each partition of a moment of all partitions.
std::vector<int64_t> CountedUntil(const Moment& moment);

// Makes and opens tokens, with the key and the signature of page tokens. Thread-safe.
class CellTokens {
 public:
  // The key of PageTokens. Tokens are of one log.
  CellTokens(std::string key, std::string_view log_id);

  std::string Make(const CountedCells& counted) const;
  // kInvalidArgument (CELL_TOKEN_INVALID) if it was changed, or is of another server or log, or of a cube that is no
  // more.
  StatusOr<CountedCells> Open(std::string_view token) const;

 private:
  const PageTokens tokens_;
  const uint64_t log_;
};

}  // namespace kefu::query

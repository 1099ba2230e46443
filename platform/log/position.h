#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "platform/base/ids.h"
#include "platform/base/status.h"

namespace kefu::log {

// A moment of a whole log: for each partition the offset after the last event seen. What "true at" means in every
// answer, and what `min_position` asks for.
struct Position {
  // Of which log; a position of another log is refused.
  std::string log_id;
  // By partition; 0 where nothing is asked of a partition.
  std::vector<int64_t> next_offsets;

  // A short opaque text, safe in URLs.
  std::string Encode() const;
  // kInvalidArgument if it is none, or is of another log, or has another number of partitions.
  static StatusOr<Position> Decode(std::string_view text, std::string_view log_id, int32_t partitions);
};

// base64url without padding (RFC 4648, 5).
std::string Base64UrlEncode(std::string_view bytes);
StatusOr<std::string> Base64UrlDecode(std::string_view text);

}  // namespace kefu::log

#pragma once

// What a log says of itself at one moment: how many records there are, and the root of the tree over them. The text of a
// note. Source: C2SP tlog-checkpoint (c2sp.org/tlog-checkpoint).
//
//   kefu/0190b3c8-…/3      origin: which log, which partition of it
//   1234567                size
//   qqqq…o=                root, base64
//   partitions 8           more lines, if any

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "platform/base/hash.h"
#include "platform/base/ids.h"
#include "platform/base/status.h"

namespace kefu::note {

struct Checkpoint {
  // Fit to be a key name (CheckKeyName).
  std::string origin;
  int64_t size = 0;
  Sha256Digest root{};
  // One a line, none empty.
  std::vector<std::string> extensions;
  friend bool operator==(const Checkpoint&, const Checkpoint&) = default;
};

// Reads the text of a note, exactly: kInvalidArgument says which line is malformed, and how.
StatusOr<Checkpoint> ParseCheckpoint(std::string_view text);

// The text that ParseCheckpoint reads back as `checkpoint`. kInvalidArgument if there is none.
StatusOr<std::string> FormatCheckpoint(const Checkpoint& checkpoint);

// "kefu/<log id>", for all partitions together; what a key name may not hold is "-".
std::string OriginOf(std::string_view log_id);
// "kefu/<log id>/<partition>".
std::string OriginOf(std::string_view log_id, Partition partition);

}  // namespace kefu::note

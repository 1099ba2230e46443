#pragma once

// That a log is signed with another key from now on, said with the key before. The text of a note:
//
//   kefu/0190b3c8-…        which log: the origin of its checkpoints over all partitions
//   key change             no checkpoint's second line, so neither is taken for the other
//   12345                  over how many records the last checkpoint is that the key before signed
//   kefu+c2b1ba6b+AXm1…    the key before, which signs this note
//   kefu+1f0e33a2+AW94…    the key from here on
//
// Source of the form: C2SP signed-note. Keys are verifier keys as key.h has them.

#include <cstdint>
#include <string>
#include <string_view>

#include "platform/base/status.h"
#include "platform/note/key.h"

namespace kefu::note {

struct KeyChange {
  std::string origin;
  // The key before never signs a checkpoint over more records.
  int64_t size = 0;
  Verifier old_key;
  Verifier new_key;
  friend bool operator==(const KeyChange&, const KeyChange&) = default;
};

// The text that ParseKeyChange reads back as `change`. kInvalidArgument if there is none.
StatusOr<std::string> FormatKeyChange(const KeyChange& change);
// Reads the text of a note, exactly: kInvalidArgument says which line is malformed, and how.
StatusOr<KeyChange> ParseKeyChange(std::string_view text);

// Reads a note whose text is a change of keys, and checks that the key before signed it. kInvalidArgument: malformed;
// kFailedPrecondition: another key signed it, or the signature does not hold. Costs some 100 µs.
StatusOr<KeyChange> OpenKeyChange(std::string_view note);

}  // namespace kefu::note

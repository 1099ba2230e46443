#pragma once

// A text and who signed it. Source: C2SP signed-note (c2sp.org/signed-note).
//
//   kefu/log-1/0                                  the text: lines of UTF-8, no control characters
//   7
//   qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqo=
//                                                 an empty line
//   — kefu wrG6a+zUHhm…                           a signature a line: key name, base64(key hash, signature)

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "platform/base/status.h"

namespace kefu::note {

inline constexpr size_t kMaxNoteBytes = 1'000'000;
inline constexpr size_t kMaxSignatures = 100;

struct Signature {
  // Not empty; no blanks, no plus.
  std::string key_name;
  // Says with the name which key it is; key.h has how it is made.
  uint32_t key_hash = 0;
  // As the key's algorithm has it; at least one byte.
  std::string bytes;
  friend bool operator==(const Signature&, const Signature&) = default;
};

struct Note {
  // With the newline at its end, which is signed too.
  std::string text;
  // In their order; at least one.
  std::vector<Signature> signatures;
  friend bool operator==(const Note&, const Note&) = default;
};

// Reads a note. Checks its form, no signature. kInvalidArgument says what is malformed, and in which line.
StatusOr<Note> ParseNote(std::string_view bytes);

// The bytes that ParseNote reads back as `note`. kInvalidArgument if there are none.
StatusOr<std::string> FormatNote(const Note& note);

// May a key have this name? kInvalidArgument says what is wrong with it.
Status CheckKeyName(std::string_view name);

// May this text be signed? kInvalidArgument: it is empty, does not end with a newline, is not UTF-8, or has control
// characters in it.
Status CheckText(std::string_view text);

// `name` with what no key name may hold replaced by "-", character by character; "-" for the empty name.
std::string AsKeyName(std::string_view name);

}  // namespace kefu::note

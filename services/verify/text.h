#pragma once

// Texts: base64, hex, numbers, and showing what strangers wrote.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kefu::verify {

// A SHA-256.
using Hash = std::array<uint8_t, 32>;

// RFC 4648 §4, with padding. Nothing unless `text` is exactly what encoding makes of some bytes: otherwise several
// texts would say the same, and one could be changed into another unnoticed.
std::optional<std::string> Base64Decode(std::string_view text);
std::string Base64Encode(std::string_view bytes);
// The same, of 32 bytes.
std::optional<Hash> HashOfBase64(std::string_view text);
std::string Base64Of(const Hash& hash);

// In lower case.
std::string HexOf(std::string_view bytes);
std::string HexOf(const Hash& hash);

// "12,345".
std::string Grouped(int64_t number);
// A number from 0 to 2^63 - 1 in the one way of writing it: digits, no zero in front.
std::optional<int64_t> ReadNumber(std::string_view digits);

// `text` as it may go to a terminal: control characters, what turns the direction of writing, and bytes that are not
// UTF-8 as \xNN; cut after 120 characters.
std::string Shown(std::string_view text);

// What the origin lines of a log's checkpoints are: "kefu/<log id>" over all partitions, "kefu/<log id>/<partition>"
// for one. Characters that C2SP forbids in names (blanks, plus, controls) are "-" in it.
std::string OriginOf(std::string_view log_id);
std::string OriginOf(std::string_view log_id, int64_t partition);

// True if `text` is UTF-8 without control characters, newlines apart: what a note may hold.
bool IsPlainText(std::string_view text);
// True if a key may be called so: UTF-8, not empty, no blank, no plus, no control character. Source: C2SP signed-note.
bool IsKeyName(std::string_view name);

}  // namespace kefu::verify

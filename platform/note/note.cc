#include "platform/note/note.h"

#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <functional>
#include <optional>

#include "platform/note/base64.h"

namespace kefu::note {
namespace {

// An em dash and a blank.
constexpr std::string_view kSignatureMark = "\xe2\x80\x94 ";
constexpr size_t kKeyHashBytes = 4;

// Calls `take` with each character and its bytes; with a negative one where the bytes are not UTF-8. Until `take` says no.
void EachCharacter(std::string_view text, const std::function<bool(UChar32, std::string_view)>& take) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(text.data());
  const auto size = static_cast<int64_t>(text.size());
  for (int64_t at = 0; at < size;) {
    const int64_t began = at;
    UChar32 character;
    U8_NEXT(bytes, at, size, character);
    if (!take(character, text.substr(static_cast<size_t>(began), static_cast<size_t>(at - began)))) return;
  }
}

bool IsControl(UChar32 character) { return character < 0x20; }

// What is wrong with a character of a key name; null if nothing is.
const char* FaultInName(UChar32 character) {
  if (character < 0) return "is not UTF-8";
  if (IsControl(character)) return "has a control character in it";
  if (u_isUWhiteSpace(character)) return "has a blank in it";
  if (character == '+') return "has a plus in it";
  return nullptr;
}

StatusOr<Signature> ParseSignature(std::string_view line, size_t number) {
  if (!line.starts_with(kSignatureMark))
    return InvalidArgument("note: signature {} does not begin with an em dash and a blank", number);
  line.remove_prefix(kSignatureMark.size());
  const size_t blank = line.find(' ');
  if (blank == line.npos) return InvalidArgument("note: signature {} is not a key name and base64", number);
  Signature signature;
  signature.key_name = std::string(line.substr(0, blank));
  RETURN_IF_ERROR(Annotate(CheckKeyName(signature.key_name), fmt::format("note: signature {}", number)));
  const std::optional<std::string> bytes = Base64Decode(line.substr(blank + 1));
  if (!bytes.has_value()) return InvalidArgument("note: signature {} is not base64", number);
  if (bytes->size() <= kKeyHashBytes) return InvalidArgument("note: signature {} is cut short", number);
  for (size_t i = 0; i < kKeyHashBytes; ++i)
    signature.key_hash = signature.key_hash << 8 | static_cast<uint8_t>((*bytes)[i]);
  signature.bytes = bytes->substr(kKeyHashBytes);
  return signature;
}

}  // namespace

Status CheckKeyName(std::string_view name) {
  if (name.empty()) return InvalidArgument("a key name is empty");
  const char* fault = nullptr;
  EachCharacter(name, [&](UChar32 character, std::string_view) {
    fault = FaultInName(character);
    return fault == nullptr;
  });
  if (fault != nullptr) return InvalidArgument("a key name {}", fault);
  return OkStatus();
}

std::string AsKeyName(std::string_view name) {
  std::string fit;
  EachCharacter(name, [&](UChar32 character, std::string_view bytes) {
    fit += FaultInName(character) == nullptr ? bytes : "-";
    return true;
  });
  return fit.empty() ? "-" : fit;
}

Status CheckText(std::string_view text) {
  if (text.empty() || text.back() != '\n') return InvalidArgument("a note's text must end with a newline");
  size_t line = 1;
  const char* fault = nullptr;
  EachCharacter(text, [&](UChar32 character, std::string_view) {
    if (character < 0) fault = "is not UTF-8";
    else if (character == '\n') ++line;
    else if (IsControl(character)) fault = "has a control character in it";
    return fault == nullptr;
  });
  if (fault != nullptr) return InvalidArgument("line {} of a note {}", line, fault);
  return OkStatus();
}

StatusOr<Note> ParseNote(std::string_view bytes) {
  if (bytes.size() > kMaxNoteBytes)
    return InvalidArgument("note: {} bytes, at most {} are allowed", bytes.size(), kMaxNoteBytes);
  RETURN_IF_ERROR(Annotate(CheckText(bytes), "note"));
  // The text may have empty lines; signatures may not.
  const size_t split = bytes.rfind("\n\n");
  if (split == bytes.npos) return InvalidArgument("note: no empty line between text and signatures");
  Note note;
  note.text = std::string(bytes.substr(0, split + 1));
  std::string_view rest = bytes.substr(split + 2);
  if (rest.empty()) return InvalidArgument("note: it has no signature");
  while (!rest.empty()) {
    if (note.signatures.size() == kMaxSignatures)
      return InvalidArgument("note: more than {} signatures", kMaxSignatures);
    const size_t end = rest.find('\n');
    ASSIGN_OR_RETURN(Signature signature, ParseSignature(rest.substr(0, end), note.signatures.size() + 1));
    note.signatures.push_back(std::move(signature));
    rest.remove_prefix(end + 1);
  }
  return note;
}

StatusOr<std::string> FormatNote(const Note& note) {
  RETURN_IF_ERROR(Annotate(CheckText(note.text), "note"));
  std::string bytes = note.text + "\n";
  for (const Signature& signature : note.signatures) {
    std::string signed_bytes;
    for (int shift = 24; shift >= 0; shift -= 8)
      signed_bytes.push_back(static_cast<char>(signature.key_hash >> shift & 0xff));
    signed_bytes += signature.bytes;
    bytes += fmt::format("{}{} {}\n", kSignatureMark, signature.key_name, Base64Encode(signed_bytes));
  }
  // What cannot be read again is not written.
  RETURN_IF_ERROR(ParseNote(bytes).status());
  return bytes;
}

}  // namespace kefu::note

#include "platform/note/key_change.h"

#include <array>
#include <charconv>

#include "platform/note/note.h"

namespace kefu::note {
namespace {

constexpr std::string_view kWords = "key change";
constexpr size_t kLines = 5;

}  // namespace

StatusOr<std::string> FormatKeyChange(const KeyChange& change) {
  const std::string text = fmt::format("{}\n{}\n{}\n{}\n{}\n", change.origin, kWords, change.size,
                                       change.old_key.Text(), change.new_key.Text());
  // What cannot be read again, or would be read as something else, is not written.
  ASSIGN_OR_RETURN(const KeyChange read, ParseKeyChange(text));
  if (read != change) return InvalidArgument("key change: a line of it has a newline in it");
  return text;
}

StatusOr<KeyChange> ParseKeyChange(std::string_view text) {
  RETURN_IF_ERROR(Annotate(CheckText(text), "key change"));
  std::array<std::string_view, kLines> lines;
  for (std::string_view& line : lines) {
    const size_t end = text.find('\n');
    if (end == text.npos) return InvalidArgument("key change: it has fewer than {} lines", kLines);
    line = text.substr(0, end);
    text.remove_prefix(end + 1);
  }
  if (!text.empty()) return InvalidArgument("key change: it has more than {} lines", kLines);
  RETURN_IF_ERROR(Annotate(CheckKeyName(lines[0]), "key change: line 1 (origin)"));
  if (lines[1] != kWords) return InvalidArgument("key change: line 2 is not \"{}\"", kWords);
  int64_t size = 0;
  const auto [end, error] = std::from_chars(lines[2].data(), lines[2].data() + lines[2].size(), size);
  if (error != std::errc() || end != lines[2].data() + lines[2].size() || size < 0 || fmt::format("{}", size) != lines[2])
    return InvalidArgument("key change: line 3 (size) is no whole number from 0 on");
  const auto old_key = Verifier::Parse(lines[3]);
  RETURN_IF_ERROR(Annotate(old_key.status(), "key change: line 4 (the key before)"));
  const auto new_key = Verifier::Parse(lines[4]);
  RETURN_IF_ERROR(Annotate(new_key.status(), "key change: line 5 (the key from here on)"));
  if (*old_key == *new_key) return InvalidArgument("key change: both keys are {}", old_key->Text());
  return KeyChange{std::string(lines[0]), size, *old_key, *new_key};
}

StatusOr<KeyChange> OpenKeyChange(std::string_view note) {
  ASSIGN_OR_RETURN(const Note parsed, ParseNote(note));
  ASSIGN_OR_RETURN(KeyChange change, ParseKeyChange(parsed.text));
  RETURN_IF_ERROR(OpenNote(note, {change.old_key}).status());
  return change;
}

}  // namespace kefu::note

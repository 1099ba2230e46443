#include "platform/note/checkpoint.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "platform/note/base64.h"
#include "platform/note/note.h"

namespace kefu::note {
namespace {

// The line in front of `text`, taken off with its newline. Absent where none is left.
std::optional<std::string_view> TakeLine(std::string_view& text) {
  const size_t end = text.find('\n');
  if (end == text.npos) return std::nullopt;
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return line;
}

// A whole number in its one form: digits, no zero in front.
std::optional<int64_t> ParseSize(std::string_view text) {
  int64_t size = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size);
  if (error != std::errc() || end != text.data() + text.size() || fmt::format("{}", size) != text || size < 0)
    return std::nullopt;
  return size;
}

}  // namespace

StatusOr<Checkpoint> ParseCheckpoint(std::string_view text) {
  RETURN_IF_ERROR(Annotate(CheckText(text), "checkpoint"));
  Checkpoint checkpoint;
  checkpoint.origin = std::string(*TakeLine(text));
  RETURN_IF_ERROR(Annotate(CheckKeyName(checkpoint.origin), "checkpoint: line 1 (origin)"));
  const std::optional<std::string_view> size_line = TakeLine(text), root_line = TakeLine(text);
  if (!root_line.has_value()) return InvalidArgument("checkpoint: it has fewer than 3 lines: origin, size, root");
  const std::optional<int64_t> size = ParseSize(*size_line);
  if (!size.has_value()) return InvalidArgument("checkpoint: line 2 (size) is no whole number from 0 on");
  checkpoint.size = *size;
  const std::optional<std::string> root = Base64Decode(*root_line);
  if (!root.has_value() || root->size() != checkpoint.root.size())
    return InvalidArgument("checkpoint: line 3 (root) is not base64 of {} bytes", checkpoint.root.size());
  std::copy(root->begin(), root->end(), reinterpret_cast<char*>(checkpoint.root.data()));
  while (const std::optional<std::string_view> line = TakeLine(text)) {
    if (line->empty()) return InvalidArgument("checkpoint: line {} is empty", checkpoint.extensions.size() + 4);
    checkpoint.extensions.emplace_back(*line);
  }
  return checkpoint;
}

StatusOr<std::string> FormatCheckpoint(const Checkpoint& checkpoint) {
  const std::string_view root(reinterpret_cast<const char*>(checkpoint.root.data()), checkpoint.root.size());
  std::string text = fmt::format("{}\n{}\n{}\n", checkpoint.origin, checkpoint.size, Base64Encode(root));
  for (const std::string& line : checkpoint.extensions) text += line + "\n";
  // What cannot be read again, or would be read as something else, is not written.
  ASSIGN_OR_RETURN(const Checkpoint read, ParseCheckpoint(text));
  if (read != checkpoint) return InvalidArgument("checkpoint: a line of it has a newline in it");
  return text;
}

std::string OriginOf(std::string_view log_id) { return fmt::format("kefu/{}", AsKeyName(log_id)); }

std::string OriginOf(std::string_view log_id, Partition partition) {
  return fmt::format("{}/{}", OriginOf(log_id), partition);
}

}  // namespace kefu::note

#include "platform/note/base64.h"

#include <absl/strings/escaping.h>

namespace kefu::note {

std::string Base64Encode(std::string_view bytes) {
  return absl::Base64Escape(std::string(bytes));
}

std::optional<std::string> Base64Decode(std::string_view text) {
  std::string bytes;
  // abseil also takes blanks, and leaves out padding.
  if (!absl::Base64Unescape(std::string(text), &bytes) || Base64Encode(bytes) != text)
    return std::nullopt;
  return bytes;
}

}  // namespace kefu::note

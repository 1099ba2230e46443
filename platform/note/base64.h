#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace kefu::note {

// Base64 of RFC 4648, 4, with padding.
std::string Base64Encode(std::string_view bytes);
// Nothing unless `text` is exactly what Base64Encode makes of some bytes: so nothing can be changed in it unnoticed.
std::optional<std::string> Base64Decode(std::string_view text);

}  // namespace kefu::note

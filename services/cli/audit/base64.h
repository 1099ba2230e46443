#pragma once

#include <absl/strings/escaping.h>

#include <string>

namespace kefu::cli {

// RFC 4648 §4, with padding.
inline std::string Base64(const std::string& bytes) { return absl::Base64Escape(bytes); }

}  // namespace kefu::cli

#pragma once

// Page sizes and page tokens (AIP-158).

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "platform/base/status.h"

namespace kefu::rpc {

inline constexpr int32_t kDefaultPageSize = 50;
inline constexpr int32_t kMaxPageSize = 1000;

// 0 is the default, more than the most is the most, less than 0 is kInvalidArgument (PAGE_SIZE_NEGATIVE).
StatusOr<int32_t> PageSize(int32_t asked);

// Makes and opens tokens: base64url of version, hash of the query, cursor, and an HMAC-SHA256 over the three.
//
// The MAC keeps callers from steering scans where the query would not go; the cursor itself is readable, so do not
// put into it what the page did not show. Thread-safe.
class PageTokens {
 public:
  // `key`: random bytes, the same for all servers that may see a token.
  explicit PageTokens(std::string key) : key_(std::move(key)) {}

  // What a token belongs to: method, parent, filter in normal form, order.
  static std::string QueryHash(std::initializer_list<std::string_view> parts);

  std::string Make(std::string_view query_hash, std::string_view cursor) const;
  // The cursor; empty for the empty token. kInvalidArgument (PAGE_TOKEN_INVALID) if the token is broken, edited, or
  // of another query.
  StatusOr<std::string> Open(std::string_view token, std::string_view query_hash) const;

 private:
  std::string Mac(std::string_view bytes) const;
  std::string key_;
};

}  // namespace kefu::rpc

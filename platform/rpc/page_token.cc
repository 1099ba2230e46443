#include "platform/rpc/page_token.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>

#include "platform/base/hash.h"
#include "platform/base/reason.h"
#include "platform/codec/key.h"
#include "platform/log/position.h"

namespace kefu::rpc {
namespace {

constexpr char kVersion = 1;
constexpr size_t kHashBytes = 16;
// Half of the digest: enough against guessing, and tokens stay short.
constexpr size_t kMacBytes = 16;

Status Invalid(std::string_view what) {
  return WithReason(InvalidArgument("page_token: {}; start again without one", what), "PAGE_TOKEN_INVALID",
                    "page_token");
}

}  // namespace

StatusOr<int32_t> PageSize(int32_t asked) {
  if (asked < 0)
    return WithReason(InvalidArgument("page_size {} is negative", asked), "PAGE_SIZE_NEGATIVE", "page_size");
  return asked == 0 ? kDefaultPageSize : std::min(asked, kMaxPageSize);
}

std::string PageTokens::QueryHash(std::initializer_list<std::string_view> parts) {
  std::string joined;
  for (const std::string_view part : parts) codec::AppendPart(joined, part);
  const Sha256Digest digest = Sha256(joined);
  return std::string(reinterpret_cast<const char*>(digest.data()), kHashBytes);
}

std::string PageTokens::Mac(std::string_view bytes) const {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  HMAC(EVP_sha256(), key_.data(), static_cast<int>(key_.size()), reinterpret_cast<const unsigned char*>(bytes.data()),
       bytes.size(), digest, &size);
  return std::string(reinterpret_cast<const char*>(digest), kMacBytes);
}

std::string PageTokens::Make(std::string_view query_hash, std::string_view cursor) const {
  std::string bytes(1, kVersion);
  bytes.append(query_hash).append(cursor);
  return log::Base64UrlEncode(bytes + Mac(bytes));
}

StatusOr<std::string> PageTokens::Open(std::string_view token, std::string_view query_hash) const {
  if (token.empty()) return std::string();
  const auto decoded = log::Base64UrlDecode(token);
  if (!decoded.ok() || decoded->size() < 1 + kHashBytes + kMacBytes) return Invalid("it is not one of ours");
  // One spelling only: base64 takes a stray character at the end for nothing.
  if (log::Base64UrlEncode(*decoded) != token) return Invalid("it was changed");
  const std::string_view all = *decoded;
  const std::string_view signed_part = all.substr(0, all.size() - kMacBytes);
  if (CRYPTO_memcmp(Mac(signed_part).data(), all.data() + signed_part.size(), kMacBytes) != 0)
    return Invalid("it was changed, or is another server's");
  if (signed_part[0] != kVersion) return Invalid("it is of another version");
  if (signed_part.substr(1, kHashBytes) != query_hash)
    return Invalid("it belongs to a query with another parent, filter or order");
  return std::string(signed_part.substr(1 + kHashBytes));
}

}  // namespace kefu::rpc

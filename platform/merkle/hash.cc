// OpenSSL marks these functions as deprecated in favour of EVP, which looks up its provider and copies its context for
// every hash: twice the time for some hundred bytes, and there are two hashes an event (measured with 3.0).
#define OPENSSL_SUPPRESS_DEPRECATED
#include "platform/merkle/hash.h"

#include <openssl/sha.h>

#include <cstring>

namespace kefu::merkle {

namespace {

static_assert(kHashBytes == SHA256_DIGEST_LENGTH);

// They cannot fail: OpenSSL's own return a constant.
class Hasher {
 public:
  explicit Hasher(unsigned char prefix) {
    SHA256_Init(&context_);
    SHA256_Update(&context_, &prefix, 1);
  }
  void Add(const void* bytes, size_t size) { SHA256_Update(&context_, bytes, size); }
  Hash Finish() {
    Hash hash;
    SHA256_Final(hash.data(), &context_);
    return hash;
  }

 private:
  SHA256_CTX context_;
};

}  // namespace

Hash LeafHash(std::string_view record) {
  Hasher hasher(0);
  hasher.Add(record.data(), record.size());
  return hasher.Finish();
}

Hash NodeHash(const Hash& left, const Hash& right) {
  Hasher hasher(1);
  hasher.Add(left.data(), left.size());
  hasher.Add(right.data(), right.size());
  return hasher.Finish();
}

Hash EmptyRoot() { return Sha256(""); }

// From the leaves up: what has no partner rises as it is, which gives the splits at powers of two that RFC 6962 has.
Hash RootOf(std::vector<Hash> leaves) {
  if (leaves.empty()) return EmptyRoot();
  size_t count = leaves.size();
  while (count > 1) {
    for (size_t i = 0; i + 1 < count; i += 2) leaves[i / 2] = NodeHash(leaves[i], leaves[i + 1]);
    if (count % 2 == 1) leaves[count / 2] = leaves[count - 1];
    count = (count + 1) / 2;
  }
  return leaves.front();
}

std::optional<Hash> HashFrom(std::string_view bytes) {
  Hash hash;
  if (bytes.size() != hash.size()) return std::nullopt;
  std::memcpy(hash.data(), bytes.data(), hash.size());
  return hash;
}

}  // namespace kefu::merkle

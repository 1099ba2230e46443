#pragma once

// Honest bundles for tests: made from random events by what RFC 6962 says of trees, literally, and OpenSSL. Nothing
// here is used by the program, and nothing of the program's arithmetic is used here.

#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "services/verify/format.h"
#include "services/verify/verify.h"

struct evp_pkey_st;

namespace kefu::verify {

// Seeds of keys below this one are for the honest.
inline constexpr uint8_t kHonestKeys = 200;

// A key pair; the secret bytes are made from `seed`.
class TestKey {
 public:
  TestKey(std::string name, uint8_t seed);
  const std::string& verifier_key() const { return verifier_key_; }
  VerifierKey Public() const;
  // The note of `text`.
  std::string Sign(std::string_view text) const;

 private:
  std::string name_;
  std::string hash_;
  std::string verifier_key_;
  std::shared_ptr<evp_pkey_st> key_;
};

struct TestRecord {
  std::string bytes;
  int64_t offset = 0;
};

struct TestLog {
  std::string id;
  std::vector<std::vector<TestRecord>> partitions;

  // The text of the note over the first `size` records of `partition`.
  std::string Text(int64_t partition, int64_t size) const;
  // Over all partitions.
  std::string Text(const std::vector<int64_t>& sizes) const;
  std::vector<int64_t> Sizes() const;
};

// RFC 6962 §2.1, as it is written there: over leaves [begin, end), whose hashes these are.
using Leaves = std::vector<Hash>;
Hash TreeHash(const Leaves& leaves, int64_t begin, int64_t end);
std::vector<Hash> InclusionPath(const Leaves& leaves, int64_t index, int64_t begin, int64_t end);
std::vector<Hash> ConsistencyPath(const Leaves& leaves, int64_t old_size, int64_t size);
Leaves LeavesOf(const std::vector<TestRecord>& records, int64_t size);

// A key that signed before: checkpoints over at most so many records.
struct TestKeyBefore {
  TestKey key;
  int64_t size = 0;
};

// The text of the note that says it: from `size` records on `next` signs, and not `old` any more.
std::string KeyChangeText(std::string_view log_id, int64_t size, const TestKey& old, const TestKey& next);

// What is in a bundle.
struct TestAsked {
  // Sizes by partition of the newest checkpoint, and of those asked for with --since.
  std::vector<int64_t> sizes;
  std::vector<std::vector<int64_t>> since;
  std::vector<Cover> covers;
  // Of a range that is not whole every so many-th record is there.
  int64_t every = 2;
  // Oldest first.
  std::vector<TestKeyBefore> keys_before;
};

// `key` signs what no key before did.
Bundle MakeBundle(const TestLog& log, const TestKey& key, const TestAsked& asked);
// Who signed the checkpoint of these sizes.
const TestKey& KeyInForce(const TestKey& key, const TestAsked& asked, const std::vector<int64_t>& sizes);

// Writes the names, sizes and hashes into manifest.json anew, as one who changed files would. False, with nothing done,
// if the manifest is no JSON object any more.
bool FixManifest(Bundle* bundle);

// Where something made-up comes from.
class Random {
 public:
  explicit Random(uint64_t seed) : engine_(seed) {}
  int64_t Below(int64_t bound) { return static_cast<int64_t>(engine_() % static_cast<uint64_t>(bound)); }
  bool Chance(int percent) { return Below(100) < percent; }
  std::string Bytes(size_t size) {
    std::string bytes;
    while (bytes.size() < size) bytes.push_back(static_cast<char>(Below(256)));
    return bytes;
  }

 private:
  std::mt19937_64 engine_;
};

// A log, a bundle of it and all that an auditor would have, made up from `seed`. Now and then a record that is no
// event, offsets that were left out, partitions without records, log ids with characters that no note may have; of some the key was
// changed, once or twice, and the auditor has the first one.
struct Honest {
  TestLog log;
  TestKey key;
  TestAsked asked;
  Bundle bundle;
  // The first key, and (of some) the auditor's older checkpoint.
  Question question;
};
Honest MakeHonest(uint64_t seed, int records = 10);

// The seed of the environment (KEFU_SEED), or `otherwise`.
uint64_t SeedOr(uint64_t otherwise);

}  // namespace kefu::verify

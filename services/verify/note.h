#pragma once

// Keys, signed notes, and what is in them, checkpoints and changes of the key: written from C2SP signed-note and
// tlog-checkpoint alone.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "services/verify/text.h"

struct evp_pkey_st;

namespace kefu::verify {

// The public half of an Ed25519 key that notes are signed with.
class VerifierKey {
 public:
  // Reads "name+hash+base64(0x01, key)", the hash being the first four bytes of SHA-256(name, "\n", 0x01, key) in hex.
  // Nothing, and in `why` what is malformed.
  static std::optional<VerifierKey> Parse(std::string_view text, std::string* why);

  const std::string& name() const { return name_; }
  // What Parse read.
  const std::string& text() const { return text_; }
  // Four bytes.
  const std::string& hash() const { return hash_; }
  // Does this Ed25519 signature (64 bytes) hold for `bytes`? Costs some 100 µs.
  bool Verifies(std::string_view bytes, std::string_view signature) const;

 private:
  VerifierKey() = default;
  std::string name_;
  std::string text_;
  std::string hash_;
  std::shared_ptr<evp_pkey_st> key_;
};

struct NoteSignature {
  std::string key_name;
  // Four bytes.
  std::string key_hash;
  std::string bytes;
};

// A checkpoint as it was signed: so many records, and the root of the tree over them.
struct Checkpoint {
  // The signed text, with the newline at its end.
  std::string text;
  std::string origin;
  int64_t size = 0;
  Hash root{};
  // Lines after the root.
  std::vector<std::string> extensions;
  // At least one.
  std::vector<NoteSignature> signatures;
};

// Reads a note with a checkpoint in it. Checks its form, no signature. Nothing, and in `why` what is malformed.
std::optional<Checkpoint> ReadCheckpoint(std::string_view note, std::string* why);

// That another key signs the log from now on, said by the key before. Its text has five lines: the origin of the log's
// checkpoints over all partitions; "key change"; over how many records the last checkpoint is that the key before signed; the
// key before; the key from here on.
struct KeyChange {
  // The signed text, with the newline at its end.
  std::string text;
  std::string origin;
  int64_t size = 0;
  VerifierKey old_key;
  VerifierKey new_key;
  // At least one.
  std::vector<NoteSignature> signatures;
};

// Reads a note with a change of the key in it. Checks its form, no signature. Nothing, and in `why` what is malformed.
std::optional<KeyChange> ReadKeyChange(std::string_view note, std::string* why);
// Did the key before sign it? False, and why, if not.
bool IsSigned(const KeyChange& change, std::string* why);

// The first of `keys` that signed it; null, and why, if none did, or if a signature by one of them does not hold.
const VerifierKey* SignerOf(const Checkpoint& checkpoint, const std::vector<VerifierKey>& keys, std::string* why);

}  // namespace kefu::verify

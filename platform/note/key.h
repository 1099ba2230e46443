#pragma once

// Ed25519 keys for notes. Source: C2SP signed-note, algorithm 0x01.
//
// A verifier key is a text: "name+hash+base64(0x01, public key)"; hash: the first four bytes, in hex, of
// SHA-256(name, "\n", 0x01, public key). It is public: whoever has it from a trusted place can check every note.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "platform/base/status.h"
#include "platform/note/note.h"

struct evp_pkey_st;

namespace kefu::note {

inline constexpr size_t kPublicKeyBytes = 32;
inline constexpr size_t kSignatureBytes = 64;
// What a key is called whose file does not say it.
inline constexpr std::string_view kDefaultKeyName = "kefu";

// The public half. A value; thread-safe.
class Verifier {
 public:
  // Reads a verifier key. kInvalidArgument says what is malformed; another algorithm than Ed25519 is named.
  static StatusOr<Verifier> Parse(std::string_view text);
  // kInvalidArgument: the name may not be one, or it is not kPublicKeyBytes.
  static StatusOr<Verifier> Of(std::string_view name, std::string_view public_key);

  const std::string& name() const { return name_; }
  uint32_t hash() const { return hash_; }
  // What Parse reads.
  std::string Text() const;

  // Was `signature` made by this key? By name and hash.
  bool Claims(const Signature& signature) const {
    return signature.key_name == name_ && signature.key_hash == hash_;
  }
  // Does it hold for `text`? Costs some 100 µs.
  bool Verifies(std::string_view text, const Signature& signature) const;

  friend bool operator==(const Verifier&, const Verifier&) = default;

 private:
  Verifier() = default;
  std::string name_;
  uint32_t hash_ = 0;
  std::string public_key_;
};

// The private half. Copies share the key; thread-safe.
class Signer {
 public:
  // A new key.
  static StatusOr<Signer> Generate(std::string_view name);
  // The key of RFC 8032's 32 secret bytes.
  static StatusOr<Signer> OfSeed(std::string_view name, std::string_view seed);

  // Reads a PEM file (PKCS #8). kFailedPrecondition: it cannot be read, is no regular file, or others than its owner may
  // read it (its mode is named). kInvalidArgument: there is no Ed25519 key in it, or it names a verifier key of another.
  static StatusOr<Signer> ReadFile(const std::string& path);
  // Writes the key to a new file of mode 0600, durably. kAlreadyExists: the path is taken; nothing was written.
  Status WriteFile(const std::string& path) const;

  const Verifier& verifier() const { return verifier_; }
  // The note of `text`, with this key's signature alone. kInvalidArgument: CheckText says no.
  StatusOr<std::string> Sign(std::string_view text) const;

 private:
  Signer(std::shared_ptr<evp_pkey_st> key, Verifier verifier) : key_(std::move(key)), verifier_(std::move(verifier)) {}
  static StatusOr<Signer> Of(std::string_view name, std::shared_ptr<evp_pkey_st> key);

  std::shared_ptr<evp_pkey_st> key_;
  Verifier verifier_;
};

// Reads a note and checks it by the keys that are trusted: the note, with those signatures only that they made (once
// each). kInvalidArgument: malformed. kFailedPrecondition: none of `trusted` signed it (who did is named), or a signature
// by one of them does not hold: then the text or the signature was changed.
StatusOr<Note> OpenNote(std::string_view bytes, const std::vector<Verifier>& trusted);

}  // namespace kefu::note

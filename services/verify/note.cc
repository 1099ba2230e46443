#include "services/verify/note.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>

#include "services/verify/tree.h"

namespace kefu::verify {
namespace {

constexpr size_t kMaxNoteBytes = 1'000'000;
constexpr size_t kMaxSignatures = 100;
constexpr size_t kKeyHashBytes = 4;
constexpr size_t kPublicKeyBytes = 32;
constexpr size_t kSignatureBytes = 64;
constexpr char kEd25519 = 1;
// An em dash and a blank.
constexpr std::string_view kSignatureMark = "\xe2\x80\x94 ";

std::optional<NoteSignature> ReadSignature(std::string_view line) {
  if (!line.starts_with(kSignatureMark)) return std::nullopt;
  line.remove_prefix(kSignatureMark.size());
  const size_t blank = line.find(' ');
  if (blank == line.npos || !IsKeyName(line.substr(0, blank))) return std::nullopt;
  const std::optional<std::string> bytes = Base64Decode(line.substr(blank + 1));
  if (!bytes.has_value() || bytes->size() <= kKeyHashBytes) return std::nullopt;
  return NoteSignature{std::string(line.substr(0, blank)), bytes->substr(0, kKeyHashBytes),
                       bytes->substr(kKeyHashBytes)};
}

std::vector<std::string_view> LinesOf(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    lines.push_back(text.substr(0, end));
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
  }
  return lines;
}

struct SignedText {
  std::string text;
  std::vector<NoteSignature> signatures;
};

std::optional<SignedText> ReadNote(std::string_view note, std::string* why) {
  const auto malformed = [&](std::string_view what) {
    *why = std::string(what);
    return std::nullopt;
  };
  if (note.size() > kMaxNoteBytes) return malformed("it is larger than a signed note may be");
  if (!IsPlainText(note)) return malformed("it is not UTF-8, or has control characters in it");
  if (!note.ends_with('\n')) return malformed("it does not end with a newline; is it cut short?");
  const size_t split = note.rfind("\n\n");
  if (split == note.npos) return malformed("there is no empty line between text and signatures");
  SignedText read;
  read.text = std::string(note.substr(0, split + 1));
  for (const std::string_view line : LinesOf(note.substr(split + 2))) {
    std::optional<NoteSignature> signature = ReadSignature(line);
    if (!signature.has_value()) return malformed("a signature line is not a dash, a key's name and base64");
    read.signatures.push_back(*std::move(signature));
    if (read.signatures.size() > kMaxSignatures) return malformed("it has more signatures than a note may have");
  }
  if (read.signatures.empty()) return malformed("it has no signature");
  return read;
}

// As SignerOf; `otherwise` and who signed it are what is told where none of them did.
const VerifierKey* FirstSigner(const std::string& text, const std::vector<NoteSignature>& signatures,
                               const std::vector<VerifierKey>& keys, const std::string& otherwise, std::string* why) {
  const VerifierKey* signer = nullptr;
  std::string names;
  for (const NoteSignature& signature : signatures) {
    names += (names.empty() ? "" : ", ") + Shown(signature.key_name) + "+" + HexOf(signature.key_hash);
    for (const VerifierKey& key : keys) {
      if (signature.key_name != key.name() || signature.key_hash != key.hash()) continue;
      if (!key.Verifies(text, signature.bytes)) {
        *why =
            fmt::format("the signature by {} does not hold: its text or its signature was changed", Shown(key.name()));
        return nullptr;
      }
      if (signer == nullptr) signer = &key;
    }
  }
  if (signer == nullptr) *why = otherwise + names;
  return signer;
}

}  // namespace

std::optional<VerifierKey> VerifierKey::Parse(std::string_view text, std::string* why) {
  // Neither the name nor the hash has a plus in it; base64 may.
  const size_t after_name = text.find('+');
  const size_t after_hash = after_name == text.npos ? text.npos : text.find('+', after_name + 1);
  if (after_hash == text.npos) {
    *why = "a verifier key looks like name+hash+base64";
    return std::nullopt;
  }
  VerifierKey key;
  key.text_ = std::string(text);
  key.name_ = std::string(text.substr(0, after_name));
  if (!IsKeyName(key.name_)) {
    *why = "the name of the key is empty, or has a blank or a control character in it";
    return std::nullopt;
  }
  const std::optional<std::string> bytes = Base64Decode(text.substr(after_hash + 1));
  if (!bytes.has_value() || bytes->empty()) {
    *why = "what follows the second plus is not base64";
    return std::nullopt;
  }
  if (bytes->front() != kEd25519 || bytes->size() != 1 + kPublicKeyBytes) {
    *why = "it is not an Ed25519 key, the only kind that signs checkpoints";
    return std::nullopt;
  }
  const Hash hash = Sha256(key.name_ + "\n" + *bytes);
  key.hash_.assign(hash.begin(), hash.begin() + kKeyHashBytes);
  if (HexOf(key.hash_) != text.substr(after_name + 1, after_hash - after_name - 1)) {
    *why = fmt::format("its hash would have to be {}; was a character lost on the way?", HexOf(key.hash_));
    return std::nullopt;
  }
  key.key_.reset(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr,
                                             reinterpret_cast<const uint8_t*>(bytes->data()) + 1, kPublicKeyBytes),
                 EVP_PKEY_free);
  if (key.key_ == nullptr) {
    *why = "OpenSSL does not take it for an Ed25519 key";
    return std::nullopt;
  }
  return key;
}

bool VerifierKey::Verifies(std::string_view bytes, std::string_view signature) const {
  if (signature.size() != kSignatureBytes) return false;
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  return context != nullptr && EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key_.get()) == 1 &&
         EVP_DigestVerify(context.get(), reinterpret_cast<const uint8_t*>(signature.data()), signature.size(),
                          reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()) == 1;
}

std::optional<Checkpoint> ReadCheckpoint(std::string_view note, std::string* why) {
  const auto malformed = [&](std::string_view what) {
    *why = std::string(what);
    return std::nullopt;
  };
  std::optional<SignedText> read = ReadNote(note, why);
  if (!read.has_value()) return std::nullopt;
  Checkpoint checkpoint;
  checkpoint.text = std::move(read->text);
  checkpoint.signatures = std::move(read->signatures);

  const std::vector<std::string_view> lines = LinesOf(checkpoint.text);
  if (lines.size() < 3) return malformed("it has no lines for origin, size and root");
  if (std::find(lines.begin(), lines.end(), "") != lines.end()) return malformed("its text has an empty line");
  const std::optional<int64_t> size = ReadNumber(lines[1]);
  if (!size.has_value()) return malformed("its second line is not a size");
  const std::optional<Hash> root = HashOfBase64(lines[2]);
  if (!root.has_value()) return malformed("its third line is not a root, 32 bytes in base64");
  checkpoint.origin = std::string(lines[0]);
  checkpoint.size = *size;
  checkpoint.root = *root;
  checkpoint.extensions.assign(lines.begin() + 3, lines.end());
  return checkpoint;
}

std::optional<KeyChange> ReadKeyChange(std::string_view note, std::string* why) {
  const auto malformed = [&](std::string_view what) {
    *why = std::string(what);
    return std::nullopt;
  };
  std::optional<SignedText> read = ReadNote(note, why);
  if (!read.has_value()) return std::nullopt;
  const std::vector<std::string_view> lines = LinesOf(read->text);
  if (lines.size() != 5) return malformed("its text does not have five lines, as a change of the key has");
  if (lines[1] != "key change") return malformed("its second line is not \"key change\"");
  const std::optional<int64_t> size = ReadNumber(lines[2]);
  if (!size.has_value()) return malformed("its third line is not a size");
  const std::optional<VerifierKey> old_key = VerifierKey::Parse(lines[3], why);
  if (!old_key.has_value()) return malformed("its fourth line is no verifier key: " + *why);
  const std::optional<VerifierKey> new_key = VerifierKey::Parse(lines[4], why);
  if (!new_key.has_value()) return malformed("its fifth line is no verifier key: " + *why);
  std::string origin(lines[0]);
  return KeyChange{std::move(read->text), std::move(origin), *size, *old_key, *new_key, std::move(read->signatures)};
}

bool IsSigned(const KeyChange& change, std::string* why) {
  const std::string otherwise =
      fmt::format("it is not signed by the key before, {}; its signatures are by ", Shown(change.old_key.text()));
  return FirstSigner(change.text, change.signatures, {change.old_key}, otherwise, why) != nullptr;
}

const VerifierKey* SignerOf(const Checkpoint& checkpoint, const std::vector<VerifierKey>& keys, std::string* why) {
  return FirstSigner(checkpoint.text, checkpoint.signatures, keys,
                     "it is not signed by the key given; its signatures are by ", why);
}

}  // namespace kefu::verify

#include "platform/note/key.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>

#include "platform/base/hash.h"
#include "platform/note/base64.h"

namespace kefu::note {
namespace {

constexpr char kEd25519 = 0x01;
constexpr size_t kMaxKeyFileBytes = 16 << 10;
// Above the PEM block, where PEM readers skip it (RFC 7468, 2).
constexpr std::string_view kVerifierLine = "verifier key: ";
constexpr std::string_view kPemBegin = "-----BEGIN";

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;
using Key = std::shared_ptr<EVP_PKEY>;

Key Own(EVP_PKEY* key) { return key == nullptr ? Key() : Key(key, &EVP_PKEY_free); }

const unsigned char* Bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

uint32_t KeyHash(std::string_view name, std::string_view typed_key) {
  Sha256Stream stream;
  stream.Update(name);
  stream.Update("\n");
  stream.Update(typed_key);
  const Sha256Digest digest = stream.Finish();
  return uint32_t{digest[0]} << 24 | uint32_t{digest[1]} << 16 | uint32_t{digest[2]} << 8 | uint32_t{digest[3]};
}

// A file of one process: closed in any case.
class File {
 public:
  explicit File(int descriptor) : descriptor_(descriptor) {}
  ~File() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int get() const { return descriptor_; }

 private:
  const int descriptor_;
};

// The whole file, if it is its owner's alone. What was opened is what is looked at.
StatusOr<std::string> ReadSecret(const std::string& path) {
  const File file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) return FailedPrecondition("key file {} cannot be opened: {}", path, std::strerror(errno));
  struct stat status {};
  if (fstat(file.get(), &status) != 0)
    return FailedPrecondition("key file {} cannot be read: {}", path, std::strerror(errno));
  if (!S_ISREG(status.st_mode)) return FailedPrecondition("key file {} is no regular file", path);
  if ((status.st_mode & 077) != 0)
    return FailedPrecondition("key file {} has mode {:04o}: others may read or write it; say chmod 600 {}", path,
                              status.st_mode & 07777, path);
  std::string text(kMaxKeyFileBytes + 1, '\0');
  size_t size = 0;
  for (;;) {
    const ssize_t got = read(file.get(), text.data() + size, text.size() - size);
    if (got < 0) return FailedPrecondition("key file {} cannot be read: {}", path, std::strerror(errno));
    if (got == 0) break;
    size += static_cast<size_t>(got);
    if (size > kMaxKeyFileBytes) return InvalidArgument("key file {} is too large to be one", path);
  }
  text.resize(size);
  return text;
}

Status WriteAll(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return ResourceExhausted("{}", std::strerror(errno));
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  if (fsync(file) != 0) return ResourceExhausted("{}", std::strerror(errno));
  return OkStatus();
}

// The verifier key above the PEM block; absent if there is none.
StatusOr<std::optional<Verifier>> NamedVerifier(std::string_view text) {
  for (text = text.substr(0, text.find(kPemBegin)); !text.empty();) {
    const size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    if (line.starts_with(kVerifierLine)) {
      ASSIGN_OR_RETURN(Verifier named, Verifier::Parse(line.substr(kVerifierLine.size())));
      return std::optional<Verifier>(std::move(named));
    }
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
  }
  return std::optional<Verifier>();
}

// A password would be asked for on the terminal.
int NoPassword(char*, int, int, void*) { return -1; }

}  // namespace

StatusOr<Verifier> Verifier::Of(std::string_view name, std::string_view public_key) {
  RETURN_IF_ERROR(CheckKeyName(name));
  if (public_key.size() != kPublicKeyBytes)
    return InvalidArgument("an Ed25519 key has {} bytes, not {}", kPublicKeyBytes, public_key.size());
  Verifier verifier;
  verifier.name_ = std::string(name);
  verifier.public_key_ = std::string(public_key);
  verifier.hash_ = KeyHash(name, kEd25519 + verifier.public_key_);
  return verifier;
}

StatusOr<Verifier> Verifier::Parse(std::string_view text) {
  const size_t first = text.find('+');
  const size_t second = first == text.npos ? text.npos : text.find('+', first + 1);
  if (second == text.npos) return InvalidArgument("a verifier key is \"name+hash+base64\"");
  const std::string_view name = text.substr(0, first), hash = text.substr(first + 1, second - first - 1);
  RETURN_IF_ERROR(Annotate(CheckKeyName(name), "verifier key"));
  const std::optional<std::string> typed = Base64Decode(text.substr(second + 1));
  if (!typed.has_value() || typed->empty()) return InvalidArgument("verifier key {}: its key is not base64", name);
  if (typed->front() != kEd25519)
    return InvalidArgument("verifier key {}: algorithm {} is not Ed25519 ({})", name,
                           static_cast<int>(static_cast<uint8_t>(typed->front())), static_cast<int>(kEd25519));
  ASSIGN_OR_RETURN(Verifier verifier, Of(name, std::string_view(*typed).substr(1)));
  const std::string expected = fmt::format("{:08x}", verifier.hash_);
  if (hash != expected)
    return InvalidArgument("verifier key {}: its hash is \"{}\", and should be {}; it was changed or cut", name,
                           hash.substr(0, 32), expected);
  return verifier;
}

std::string Verifier::Text() const {
  return fmt::format("{}+{:08x}+{}", name_, hash_, Base64Encode(kEd25519 + public_key_));
}

bool Verifier::Verifies(std::string_view text, const Signature& signature) const {
  if (!Claims(signature) || signature.bytes.size() != kSignatureBytes) return false;
  const Key key = Own(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, Bytes(public_key_), public_key_.size()));
  const DigestContext context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  return key != nullptr && context != nullptr &&
         EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
         EVP_DigestVerify(context.get(), Bytes(signature.bytes), signature.bytes.size(), Bytes(text), text.size()) == 1;
}

StatusOr<Signer> Signer::Of(std::string_view name, std::shared_ptr<evp_pkey_st> key) {
  std::string public_key(kPublicKeyBytes, '\0');
  size_t size = public_key.size();
  if (key == nullptr || EVP_PKEY_id(key.get()) != EVP_PKEY_ED25519 ||
      EVP_PKEY_get_raw_public_key(key.get(), reinterpret_cast<unsigned char*>(public_key.data()), &size) != 1 ||
      size != kPublicKeyBytes)
    return InvalidArgument("this is no Ed25519 key");
  ASSIGN_OR_RETURN(Verifier verifier, Verifier::Of(name, public_key));
  return Signer(std::move(key), std::move(verifier));
}

StatusOr<Signer> Signer::Generate(std::string_view name) {
  EVP_PKEY* made = EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
  if (made == nullptr) return Internal("OpenSSL makes no Ed25519 key");
  return Of(name, Own(made));
}

StatusOr<Signer> Signer::OfSeed(std::string_view name, std::string_view seed) {
  return Of(name, Own(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, Bytes(seed), seed.size())));
}

StatusOr<Signer> Signer::ReadFile(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string text, ReadSecret(path));
  const auto in_file = fmt::format("key file {}", path);
  const StatusOr<std::optional<Verifier>> named = NamedVerifier(text);
  if (!named.ok()) return Annotate(named.status(), in_file);
  const Bio bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), &BIO_free);
  Key key = Own(PEM_read_bio_PrivateKey(bio.get(), nullptr, &NoPassword, nullptr));
  if (key == nullptr)
    return InvalidArgument("{}: there is no private key in it (PEM, PKCS #8, without password)", in_file);
  StatusOr<Signer> signer = Of(named->has_value() ? (*named)->name() : kDefaultKeyName, std::move(key));
  if (!signer.ok()) return Annotate(signer.status(), in_file);
  if (named->has_value() && **named != signer->verifier())
    return InvalidArgument("{}: the verifier key in it is not of the private key in it", in_file);
  return signer;
}

Status Signer::WriteFile(const std::string& path) const {
  const Bio bio(BIO_new(BIO_s_mem()), &BIO_free);
  if (bio == nullptr || PEM_write_bio_PKCS8PrivateKey(bio.get(), key_.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1)
    return Internal("OpenSSL writes no key");
  char* pem = nullptr;
  const auto size = static_cast<size_t>(BIO_get_mem_data(bio.get(), &pem));
  const std::string text = fmt::format("{}{}\n{}", kVerifierLine, verifier_.Text(), std::string_view(pem, size));

  const File file(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (file.get() < 0 && errno == EEXIST)
    return AlreadyExists("{} is there already, and a key is never written over; move it away, or name another file",
                         path);
  if (file.get() < 0) return FailedPrecondition("{} cannot be made: {}", path, std::strerror(errno));
  const Status written = WriteAll(file.get(), text);
  // Half a key would be in the way of the next try.
  if (!written.ok()) unlink(path.c_str());
  return Annotate(written, path);
}

StatusOr<std::string> Signer::Sign(std::string_view text) const {
  RETURN_IF_ERROR(CheckText(text));
  Signature signature{verifier_.name(), verifier_.hash(), std::string(kSignatureBytes, '\0')};
  const DigestContext context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  size_t size = signature.bytes.size();
  if (context == nullptr || EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key_.get()) != 1 ||
      EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.bytes.data()), &size, Bytes(text),
                     text.size()) != 1 ||
      size != kSignatureBytes)
    return Internal("OpenSSL signs nothing");
  return FormatNote({std::string(text), {std::move(signature)}});
}

StatusOr<Note> OpenNote(std::string_view bytes, const std::vector<Verifier>& trusted) {
  ASSIGN_OR_RETURN(Note note, ParseNote(bytes));
  std::vector<Signature> held;
  std::string others;
  for (Signature& signature : note.signatures) {
    const auto by = std::find_if(trusted.begin(), trusted.end(), [&](const auto& key) { return key.Claims(signature); });
    if (by == trusted.end()) {
      others += fmt::format("{}{}+{:08x}", others.empty() ? "" : ", ", signature.key_name, signature.key_hash);
      continue;
    }
    const bool repeated = std::any_of(held.begin(), held.end(), [&](const auto& each) { return by->Claims(each); });
    if (repeated) continue;
    if (!by->Verifies(note.text, signature))
      return FailedPrecondition("note: the signature by {}+{:08x} does not hold: text or signature were changed",
                                by->name(), by->hash());
    held.push_back(std::move(signature));
  }
  if (held.empty())
    return FailedPrecondition("note: signed by {}, and by none of the {} keys that are trusted", others,
                              trusted.size());
  note.signatures = std::move(held);
  return note;
}

}  // namespace kefu::note

#include "platform/note/key.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

#include "platform/base/files.h"
#include "platform/note/note_testing.h"

namespace kefu::note {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::string Read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// Writes a file of mode 0600.
std::string Write(const TempDirectory& folder, const std::string& name, std::string_view text) {
  const std::string path = folder.path() + "/" + name;
  std::ofstream(path, std::ios::binary) << text;
  chmod(path.c_str(), 0600);
  return path;
}

std::string WhyNot(const Status& status) { return status.ok() ? "fine" : ToString(status); }

TEST(Key, SaysWhatGoSays) {
  for (const KnownAnswer& answer : AnswersOfGo()) {
    const auto signer = Signer::OfSeed(answer.name, answer.Seed());
    ASSERT_TRUE(signer.ok()) << ToString(signer.status());
    EXPECT_EQ(signer->verifier().Text(), answer.verifier_key);
    EXPECT_EQ(*signer->Sign(answer.text), answer.Signed());
    const auto verifier = Verifier::Parse(answer.verifier_key);
    ASSERT_TRUE(verifier.ok()) << ToString(verifier.status());
    EXPECT_EQ(*verifier, signer->verifier());
    const auto note = OpenNote(answer.Signed(), {*verifier});
    ASSERT_TRUE(note.ok()) << ToString(note.status());
    EXPECT_EQ(note->text, answer.text);
  }
}

TEST(Key, EverythingMalformedInAVerifierKeyIsNamed) {
  const auto why = [](std::string_view text) { return WhyNot(Verifier::Parse(text).status()); };
  ASSERT_EQ(why("kefu+c2b1ba6b+AXm1Vi6P5lT5QHixEuipi6eQH4U65pW+1+DjkQutBJZk"), "fine");
  EXPECT_THAT(why(""), HasSubstr("name+hash+base64"));
  EXPECT_THAT(why("kefu+c2b1ba6b"), HasSubstr("name+hash+base64"));
  EXPECT_THAT(why("+c2b1ba6b+AXm1Vi6P5lT5QHixEuipi6eQH4U65pW+1+DjkQutBJZk"), HasSubstr("key name is empty"));
  EXPECT_THAT(why("ke fu+c2b1ba6b+AXm1Vi6P5lT5QHixEuipi6eQH4U65pW+1+DjkQutBJZk"), HasSubstr("blank"));
  EXPECT_THAT(why("kefu+c2b1ba6c+AXm1Vi6P5lT5QHixEuipi6eQH4U65pW+1+DjkQutBJZk"), HasSubstr("should be c2b1ba6b"));
  EXPECT_THAT(why("kefu+C2B1BA6B+AXm1Vi6P5lT5QHixEuipi6eQH4U65pW+1+DjkQutBJZk"), HasSubstr("should be c2b1ba6b"));
  EXPECT_THAT(why("kefa+c2b1ba6b+AXm1Vi6P5lT5QHixEuipi6eQH4U65pW+1+DjkQutBJZk"), HasSubstr("its hash is"));
  EXPECT_THAT(why("kefu+c2b1ba6b+BXm1Vi6P5lT5QHixEuipi6eQH4U65pW+1+DjkQutBJZk"), HasSubstr("algorithm 5"));
  EXPECT_THAT(why("kefu+c2b1ba6b+AXm1Vi6P5lT5QHixEuipi6eQH4U65pW+1+DjkQutBJZ"), HasSubstr("not base64"));
  EXPECT_THAT(why("kefu+c2b1ba6b+AXm1Vi6P5lT5QHixEuipi6eQH4U65pW+1+DjkQutBJZk\n"), HasSubstr("not base64"));
  EXPECT_THAT(why("kefu+c2b1ba6b+AXm1Vi6P5lT5QHixEuipi6eQH4U65pW+1+DjkQut"), HasSubstr("32 bytes, not"));
}

TEST(Key, ANoteIsOpenedByTheKeysOneKnows) {
  const Signer ours = *Signer::Generate("kefu"), other = *Signer::Generate("witness"), namesake = *Signer::Generate("kefu");
  const std::string bytes = *ours.Sign("a\n");
  Note both = *ParseNote(bytes);
  both.signatures.push_back(ParseNote(*other.Sign("a\n"))->signatures[0]);
  both.signatures.push_back(both.signatures[0]);
  const std::string twice = *FormatNote(both);

  EXPECT_EQ(OpenNote(twice, {ours.verifier()})->signatures.size(), 1u) << "the same one counts once";
  EXPECT_EQ(OpenNote(twice, {ours.verifier(), other.verifier()})->signatures.size(), 2u);
  EXPECT_EQ(OpenNote(bytes, {other.verifier(), ours.verifier()})->text, "a\n");
  EXPECT_THAT(WhyNot(OpenNote(bytes, {other.verifier()}).status()), HasSubstr("by none of the 1 keys"));
  EXPECT_THAT(WhyNot(OpenNote(bytes, {}).status()), HasSubstr("signed by kefu+"));
  EXPECT_THAT(WhyNot(OpenNote(bytes, {namesake.verifier()}).status()), HasSubstr("by none of"))
      << "another key of the same name";
  // A forger may write any name and hash; the signature is not his to make.
  Note forged = *ParseNote(*namesake.Sign("a\n"));
  forged.signatures[0].key_hash = ours.verifier().hash();
  EXPECT_THAT(WhyNot(OpenNote(*FormatNote(forged), {ours.verifier()}).status()), HasSubstr("does not hold"));
}

TEST(Key, ATextThatMayNotBeSignedIsNot) {
  const Signer signer = *Signer::Generate("kefu");
  for (const std::string_view text : {"", "no newline", "a\tb\n", "a\xff\n"}) EXPECT_FALSE(signer.Sign(text).ok()) << text;
  EXPECT_FALSE(Signer::Generate("a b").ok());
  EXPECT_FALSE(Signer::OfSeed("kefu", "short").ok());
}

// Each byte of a signed note, changed, taken out, doubled, swapped; and two notes mixed. None may open.
TEST(Key, NoMutationOfANoteOpens) {
  const Signer signer = *Signer::OfSeed("kefu", AnswersOfGo()[0].Seed());
  const std::vector<Verifier> trusted = {signer.verifier()};
  const std::string good = AnswersOfGo()[0].Signed();
  ASSERT_TRUE(OpenNote(good, trusted).ok());
  int64_t tried = 0, well_formed = 0;
  const auto refuse = [&](const std::string& bytes, std::string_view how, size_t at) {
    if (bytes == good) return;
    ++tried;
    well_formed += ParseNote(bytes).ok();
    EXPECT_FALSE(OpenNote(bytes, trusted).ok()) << how << " at " << at << ":\n" << bytes;
  };
  for (size_t at = 0; at < good.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string bytes = good;
      bytes[at] = static_cast<char>(bytes[at] ^ 1 << bit);
      refuse(bytes, "bit flipped", at);
    }
    std::string bytes = good;
    refuse(bytes.erase(at, 1), "byte taken out", at);
    bytes = good;
    refuse(bytes.insert(at, 1, good[at]), "byte doubled", at);
    bytes = good;
    if (at + 1 < good.size()) std::swap(bytes[at], bytes[at + 1]);
    refuse(bytes, "bytes swapped", at);
    refuse(good.substr(0, at), "cut", at);
    refuse(good.substr(at + 1), "beginning cut", at);
  }
  const char* given = std::getenv("KEFU_SEED");
  const uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device()();
  SCOPED_TRACE(fmt::format("KEFU_SEED={}", seed));
  std::mt19937_64 random(seed);
  for (int i = 0; i < 5'000; ++i) {
    std::string bytes = good;
    for (uint64_t edits = 1 + random() % 4; edits > 0 && !bytes.empty(); --edits) {
      const size_t at = random() % bytes.size();
      switch (random() % 3) {
        case 0:
          bytes[at] = static_cast<char>(random());
          break;
        case 1:
          bytes.erase(at, 1 + random() % 8);
          break;
        default:
          bytes.insert(at, bytes.substr(random() % bytes.size(), 1 + random() % 8));
      }
    }
    refuse(bytes, "edited", 0);
  }
  // The control: the form alone lets some of them through, so it is the signature that keeps them out.
  EXPECT_GT(tried, 6'000);
  EXPECT_GT(well_formed, 100);
}

TEST(KeyFile, ComesBackWithItsName) {
  const TempDirectory folder;
  const Signer made = *Signer::Generate("branch-7");
  const std::string path = folder.path() + "/audit.pem";
  ASSERT_EQ(WhyNot(made.WriteFile(path)), "fine");
  struct stat status {};
  ASSERT_EQ(stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  EXPECT_THAT(Read(path), StartsWith("verifier key: branch-7+"));
  const auto read = Signer::ReadFile(path);
  ASSERT_TRUE(read.ok()) << ToString(read.status());
  EXPECT_EQ(read->verifier(), made.verifier());
  EXPECT_TRUE(OpenNote(*read->Sign("a\n"), {made.verifier()}).ok());

  const std::string before = Read(path);
  EXPECT_THAT(WhyNot(Signer::Generate("other")->WriteFile(path)), HasSubstr("never written over"));
  EXPECT_EQ(Read(path), before);
  EXPECT_FALSE(made.WriteFile(folder.path() + "/nowhere/audit.pem").ok());
}

TEST(KeyFile, OneThatOthersMayReadIsRefused) {
  const TempDirectory folder;
  const std::string path = folder.path() + "/audit.pem";
  ASSERT_TRUE(Signer::Generate("kefu")->WriteFile(path).ok());
  for (const mode_t mode : {0640, 0604, 0660, 0610, 0601, 0644}) {
    chmod(path.c_str(), mode);
    EXPECT_THAT(WhyNot(Signer::ReadFile(path).status()), HasSubstr(fmt::format("mode {:04o}", mode)));
  }
  chmod(path.c_str(), 0400);
  EXPECT_TRUE(Signer::ReadFile(path).ok());
}

TEST(KeyFile, WhatIsNoKeyIsNamed) {
  const TempDirectory folder;
  const auto why = [&](std::string_view text) {
    std::filesystem::remove(folder.path() + "/key");
    return WhyNot(Signer::ReadFile(Write(folder, "key", text)).status());
  };
  // RFC 8410, 10.3, without a name.
  const std::string pem = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n"
                          "-----END PRIVATE KEY-----\n";
  EXPECT_EQ(why(pem), "fine");
  EXPECT_EQ(Signer::ReadFile(folder.path() + "/key")->verifier().name(), kDefaultKeyName);
  EXPECT_EQ(why("a remark\n" + pem), "fine");
  EXPECT_THAT(why(""), HasSubstr("no private key in it"));
  EXPECT_THAT(why("hello\n"), HasSubstr("no private key in it"));
  EXPECT_THAT(why(pem.substr(0, 80)), HasSubstr("no private key in it"));
  EXPECT_THAT(why("verifier key: kefu\n" + pem), HasSubstr("name+hash+base64"));
  EXPECT_THAT(why("verifier key: " + AnswersOfGo()[0].verifier_key + "\n" + pem), HasSubstr("not of the private key"));
  EXPECT_THAT(why(std::string(100'000, 'x')), HasSubstr("too large"));
  // X25519, of the same size.
  EXPECT_THAT(why("-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VuBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n"
                  "-----END PRIVATE KEY-----\n"),
              HasSubstr("no Ed25519 key"));
  EXPECT_THAT(WhyNot(Signer::ReadFile(folder.path() + "/absent").status()), HasSubstr("cannot be opened"));
  EXPECT_THAT(WhyNot(Signer::ReadFile(folder.path()).status()), HasSubstr("no regular file"));
}

}  // namespace
}  // namespace kefu::note

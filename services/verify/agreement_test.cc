// The server's trees and notes, read by this program's own code: two implementations that know nothing of each other
// must judge alike what is right, and what is not.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "platform/merkle/merkle_testing.h"
#include "platform/merkle/verify.h"
#include "platform/note/checkpoint.h"
#include "platform/note/key.h"
#include "services/verify/bundle_testing.h"
#include "services/verify/tree.h"

namespace kefu::verify {
namespace {

// One of many ways of being wrong, or none.
void Spoil(Random& random, int64_t* number, std::vector<Hash>* path) {
  switch (random.Below(8)) {
    case 0:
      *number += 1;
      break;
    case 1:
      *number = random.Below(2'000);
      break;
    case 2:
      path->push_back(LeafHash("more"));
      break;
    case 3:
      if (!path->empty()) path->pop_back();
      break;
    case 4:
      if (!path->empty()) (*path)[static_cast<size_t>(random.Below(static_cast<int64_t>(path->size())))][3] ^= 1;
      break;
    case 5:
      if (!path->empty()) std::swap(path->front(), path->back());
      break;
    default:
      break;
  }
}

TEST(Agreement, OnProofsRightAndWrong) {
  const uint64_t seed = SeedOr(11);
  SCOPED_TRACE(fmt::format("KEFU_SEED={}", seed));
  Random random(seed);
  const std::vector<Hash> leaves = merkle::SomeLeaves(1'500);
  const merkle::MemoryTiles tiles(leaves);
  int right = 0;
  int wrong = 0;
  for (int i = 0; i < 4'000; ++i) {
    const int64_t size = 1 + random.Below(1'500);
    const Hash root = merkle::Root(size, tiles.Source()).value();
    EXPECT_EQ(RootOf({leaves.begin(), leaves.begin() + size}), root);

    int64_t index = random.Below(size);
    std::vector<Hash> path = merkle::InclusionPath(index, size, tiles.Source()).value();
    const Hash leaf = leaves[static_cast<size_t>(index)];
    Spoil(random, &index, &path);
    const bool theirs = merkle::VerifyInclusion(leaf, index, size, path, root).ok();
    EXPECT_EQ(RootByInclusion(leaf, index, size, path) == root, theirs) << index << " of " << size;

    int64_t old_size = random.Below(size + 1);
    const Hash old_root = merkle::Root(old_size, tiles.Source()).value();
    path = merkle::ConsistencyPath(old_size, size, tiles.Source()).value();
    Spoil(random, &old_size, &path);
    const bool grew = merkle::VerifyConsistency(old_size, old_root, size, root, path).ok();
    EXPECT_EQ(IsConsistent(old_size, old_root, size, root, path), grew) << old_size << " of " << size;
    (theirs ? right : wrong) += 1;
    (grew ? right : wrong) += 1;
  }
  EXPECT_GT(right, 1'000);
  EXPECT_GT(wrong, 1'000);
}

TEST(Agreement, OnNotesRightAndWrong) {
  const uint64_t seed = SeedOr(12);
  SCOPED_TRACE(fmt::format("KEFU_SEED={}", seed));
  Random random(seed);
  int right = 0;
  int wrong = 0;
  for (int i = 0; i < 1'500; ++i) {
    const note::Signer signer = note::Signer::OfSeed(random.Chance(50) ? "kefu" : "客服", random.Bytes(32)).value();
    std::string why;
    const std::optional<VerifierKey> key = VerifierKey::Parse(signer.verifier().Text(), &why);
    ASSERT_TRUE(key.has_value()) << why;
    note::Checkpoint checkpoint{note::OriginOf("log 1"), random.Below(1'000'000), Sha256(random.Bytes(9)), {}};
    if (random.Chance(50)) checkpoint.extensions.push_back("partitions 4");
    std::string bytes = signer.Sign(note::FormatCheckpoint(checkpoint).value()).value();
    const auto at = static_cast<size_t>(random.Below(static_cast<int64_t>(bytes.size())));
    switch (random.Below(5)) {
      case 0:
        bytes[at] = static_cast<char>(bytes[at] ^ 1 << random.Below(8));
        break;
      case 1:
        bytes.erase(at, 1);
        break;
      case 2:
        bytes += bytes.substr(bytes.rfind("\n\n") + 2);
        break;
      default:
        break;
    }
    const auto opened = note::OpenNote(bytes, {signer.verifier()});
    const bool theirs = opened.ok() && note::ParseCheckpoint(opened->text).ok();
    const std::optional<Checkpoint> read = ReadCheckpoint(bytes, &why);
    const bool ours = read.has_value() && SignerOf(*read, {*key}, &why) != nullptr;
    EXPECT_EQ(ours, theirs) << bytes;
    if (ours && theirs) {
      EXPECT_EQ(read->text, opened->text);
      EXPECT_EQ(read->origin, checkpoint.origin);
      EXPECT_EQ(read->size, checkpoint.size);
      EXPECT_EQ(read->root, checkpoint.root);
    }
    (theirs ? right : wrong) += 1;
  }
  EXPECT_GT(right, 500);
  EXPECT_GT(wrong, 300);
}

TEST(Agreement, OnTheOriginsOfLogs) {
  Random random(SeedOr(13));
  std::vector<std::string> ids = {"",
                                  " ",
                                  "a+b",
                                  "0190b3c8-7a1e/kefu.events",
                                  "branch\t三\u3000x\u0085",
                                  "\u180e\u200b\ufeff",
                                  "\xf4\x90\x80\x80",
                                  "\xed\xa0\x80",
                                  "\xc0\x80",
                                  "a\x7f"};
  for (int i = 0; i < 2'000; ++i) ids.push_back(random.Bytes(static_cast<size_t>(random.Below(6))));
  for (const std::string& id : ids) {
    // Of bytes that are no UTF-8 any number of dashes is a name; ids are text.
    if (!IsPlainText(id)) continue;
    EXPECT_EQ(OriginOf(id), note::OriginOf(id)) << Shown(id);
    EXPECT_EQ(OriginOf(id, 7), note::OriginOf(id, Partition(7))) << Shown(id);
  }
}

TEST(Agreement, OnTheNotesThatAnotherProgramMade) {
  // golang.org/x/mod/sumdb/note, with the secret bytes 1 to 32.
  std::string why;
  const auto key = VerifierKey::Parse("kefu+c2b1ba6b+AXm1Vi6P5lT5QHixEuipi6eQH4U65pW+1+DjkQutBJZk", &why);
  ASSERT_TRUE(key.has_value()) << why;
  const auto read = ReadCheckpoint(
      "kefu/log-1/0\n7\nqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqo=\n\n"
      "— kefu wrG6a+zUHhm+Dm7pz7nkROg1hgfpABbrPDKgO9btRLu+j8Kce4Q0Ci6bRwCgvNVoWotYO1kDBj0kz8LzuvbngD6YVQI=\n",
      &why);
  ASSERT_TRUE(read.has_value()) << why;
  EXPECT_NE(SignerOf(*read, {*key}, &why), nullptr) << why;
}

}  // namespace
}  // namespace kefu::verify

#include "services/cli/audit/key_changes.h"

#include <gmock/gmock.h>

#include "platform/note/key.h"

namespace kefu::cli {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

note::Signer KeyOf(char seed) { return *note::Signer::OfSeed("kefu", std::string(32, seed)); }
std::string TextOf(char seed) { return KeyOf(seed).verifier().Text(); }

// Offsets of the chain to a note by `signer`. "ab bc": a was changed to b at offset 0, b to c at offset 3.
std::vector<int64_t> Chain(char signer, const std::string& pairs) {
  std::vector<KeyChange> changes;
  for (size_t at = 0; at + 1 < pairs.size(); at += 3)
    changes.push_back({static_cast<int64_t>(at), TextOf(pairs[at]), TextOf(pairs[at + 1]), "said"});
  std::vector<int64_t> offsets;
  for (const KeyChange& change : ChainTo(*KeyOf(signer).Sign("a checkpoint\n"), changes)) offsets.push_back(change.offset);
  return offsets;
}

TEST(KeyChanges, TheChainIsWhatLeadsToTheNewestKeyWithoutAGap) {
  EXPECT_THAT(Chain('a', ""), IsEmpty());
  EXPECT_THAT(Chain('c', "ab bc"), ElementsAre(0, 3));
  EXPECT_THAT(Chain('b', "ab bc"), ElementsAre(0, 3)) << "nothing was signed with c yet";
  EXPECT_THAT(Chain('a', "ab bc"), ElementsAre(0, 3));
  // After an accepted loss d went on without being told how.
  EXPECT_THAT(Chain('d', "ab bc"), IsEmpty());
  EXPECT_THAT(Chain('e', "ab bc de"), ElementsAre(6));
  EXPECT_THAT(ChainTo("no note", {{1, TextOf('a'), TextOf('b'), "said"}}), IsEmpty());
}

TEST(KeyChanges, RowsAreReadAsTheServerShowsThem) {
  const auto read = KeyChangeOf(
      R"({"changed":{"oldKey":"a","newKey":"b","statement":"kefu/x\n"},"offset":"17","recordedAt":"2026-01-01T00:00:00Z"})");
  ASSERT_TRUE(read.ok()) << ToString(read.status());
  EXPECT_EQ(read->offset, 17);
  EXPECT_EQ(read->old_key, "a");
  EXPECT_EQ(read->new_key, "b");
  EXPECT_EQ(read->statement, "kefu/x\n");
  EXPECT_TRUE(KeyChangeOf(R"({"changed":{"old_key":"a","new_key":"b","statement":"c"}})").ok());
  for (const char* json : {"", "[]", "{}", R"({"changed":7})", R"({"changed":{"oldKey":"a","newKey":"b"}})"})
    EXPECT_EQ(KeyChangeOf(json).status().code(), StatusCode::kDataLoss) << json;
}

}  // namespace
}  // namespace kefu::cli

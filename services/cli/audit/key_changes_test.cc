#include "services/cli/audit/key_changes.h"

#include <gmock/gmock.h>

#include "platform/note/key.h"

namespace kefu::cli {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

note::Signer KeyOf(char seed) { return *note::Signer::OfSeed("kefu", std::string(32, seed)); }
std::string TextOf(char seed) { return KeyOf(seed).verifier().Text(); }

void Add(size_t offset, char from, char to, KeyChanges* changes) {
  KeyChange& change = *changes->Add();
  change.set_offset(static_cast<int64_t>(offset));
  change.mutable_changed()->set_old_key(TextOf(from));
  change.mutable_changed()->set_new_key(TextOf(to));
}

// Offsets of the chain to a note by `signer`. "ab bc": a was changed to b at offset 0, b to c at offset 3.
std::vector<int64_t> Chain(char signer, const std::string& pairs) {
  KeyChanges changes;
  for (size_t at = 0; at + 1 < pairs.size(); at += 3) Add(at, pairs[at], pairs[at + 1], &changes);
  std::vector<int64_t> offsets;
  for (const KeyChange& change : ChainTo(*KeyOf(signer).Sign("a checkpoint\n"), changes)) offsets.push_back(change.offset());
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
  KeyChanges one;
  Add(1, 'a', 'b', &one);
  EXPECT_THAT(ChainTo("no note", one), IsEmpty());
}

}  // namespace
}  // namespace kefu::cli

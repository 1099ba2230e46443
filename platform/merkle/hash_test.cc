#include "platform/merkle/hash.h"

#include <gtest/gtest.h>

#include "platform/merkle/merkle_testing.h"

namespace kefu::merkle {
namespace {

// Certificate Transparency's own test vectors.
TEST(MerkleHash, GivesTheAnswersThatImplementationsShare) {
  EXPECT_EQ(Hex(EmptyRoot()), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(Hex(LeafHash("")), "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
  const std::vector<std::string> roots = {
      "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
      "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
      "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
      "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
      "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
      "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
      "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
      "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
  };
  std::vector<Hash> leaves = KnownLeaves();
  for (size_t size = roots.size(); size > 0; --size) {
    leaves.resize(size);
    EXPECT_EQ(Hex(RootOf(leaves)), roots[size - 1]) << size << " leaves";
  }
  EXPECT_EQ(RootOf({}), EmptyRoot());
}

TEST(MerkleHash, TheRootOfAnyNumberOfHashesIsTheOneTheDefinitionHas) {
  std::vector<Hash> leaves = SomeLeaves(600);
  for (; !leaves.empty(); leaves.pop_back())
    ASSERT_EQ(RootOf(leaves), PlainRoot(leaves, 0, leaves.size())) << leaves.size() << " leaves";
}

// Else a node could be passed off as a record.
TEST(MerkleHash, ALeafMadeOfTwoHashesIsNoNode) {
  const Hash left = LeafHash("a"), right = LeafHash("b");
  const std::string both = std::string(BytesOf(left)) + std::string(BytesOf(right));
  EXPECT_NE(LeafHash(both), NodeHash(left, right));
  EXPECT_NE(NodeHash(left, right), NodeHash(right, left));
  EXPECT_EQ(NodeHash(left, right), Sha256("\x01" + both));
}

TEST(MerkleHash, IsReadFrom32BytesOnly) {
  const Hash hash = LeafHash("a");
  EXPECT_EQ(HashFrom(BytesOf(hash)), hash);
  EXPECT_FALSE(HashFrom(BytesOf(hash).substr(1)).has_value());
  EXPECT_FALSE(HashFrom("").has_value());
  EXPECT_FALSE(HashFrom(std::string(33, 'x')).has_value());
}

}  // namespace
}  // namespace kefu::merkle

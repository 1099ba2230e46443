// tree_proofs: prints the records of a made-up history as lines of JSON, then proofs made from the tree that the view keeps of
// them, some with one thing changed, for checkers that are not ours.

#include <fmt/format.h>

#include <charconv>
#include <cstdio>
#include <random>

#include <nlohmann/json.hpp>

#include "platform/base/check.h"
#include "platform/merkle/verify.h"
#include "platform/testkit/events.h"
#include "platform/testkit/history.h"
#include "projections/tree/tree_testing.h"

namespace kefu {
namespace {

std::string Base64(std::string_view bytes) {
  static constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (size_t at = 0; at < bytes.size(); at += 3) {
    const size_t count = std::min<size_t>(3, bytes.size() - at);
    uint32_t three = 0;
    for (size_t i = 0; i < 3; ++i) three = three << 8 | (i < count ? static_cast<uint8_t>(bytes[at + i]) : 0);
    for (size_t i = 0; i < 4; ++i) text.push_back(i <= count ? kDigits[three >> (18 - 6 * i) & 63] : '=');
  }
  return text;
}

std::string Base64(const merkle::Hash& hash) { return Base64(merkle::BytesOf(hash)); }

// What one line proves; a consistency proof has no leaf.
struct Proof {
  int64_t leaf = -1;
  merkle::Hash leaf_hash{};
  int64_t old_size = 0;
  merkle::Hash old_root{};
  int64_t size = 0;
  merkle::Hash root{};
  merkle::Path path;

  bool Holds() const {
    const Status status = leaf >= 0 ? merkle::VerifyInclusion(leaf_hash, leaf, size, path, root)
                                    : merkle::VerifyConsistency(old_size, old_root, size, root, path);
    return status.ok();
  }
  void Print(bool holds) const {
    KEFU_CHECK(Holds() == holds, "our own check of a proof says {}", Holds());
    nlohmann::ordered_json line = {{"what", leaf >= 0 ? "inclusion" : "consistency"}, {"size", size}, {"root", Base64(root)}};
    if (leaf >= 0) {
      line["leaf"] = leaf;
      line["leaf_hash"] = Base64(leaf_hash);
    } else {
      line["old_size"] = old_size;
      line["old_root"] = Base64(old_root);
    }
    line["path"] = nlohmann::json::array();
    for (const merkle::Hash& hash : path) line["path"].push_back(Base64(hash));
    line["holds"] = holds;
    fmt::print("{}\n", line.dump());
  }
};

Proof Changed(Proof proof, std::mt19937_64& random) {
  const auto flip = [&](merkle::Hash& hash) { hash[random() % merkle::kHashBytes] ^= static_cast<uint8_t>(1 << random() % 8); };
  switch (random() % 5) {
    case 0: flip(proof.root); break;
    case 1: flip(proof.leaf >= 0 ? proof.leaf_hash : proof.old_root); break;
    case 2: proof.path.push_back(proof.root); break;
    case 3:
      if (!proof.path.empty()) {
        proof.path.pop_back();
        break;
      }
      [[fallthrough]];
    default: flip(proof.path.empty() ? proof.root : proof.path[random() % proof.path.size()]);
  }
  return proof;
}

int Main(uint64_t seed, int records, int proofs) {
  tree::MemoryTree tree;
  int64_t number = 0;
  for (const auto& event : testkit::RandomHistory({.seed = seed, .clients = 20, .events = records})) {
    const std::string bytes = testkit::Recorded(event, testkit::Beginning() + absl::Seconds(number));
    KEFU_CHECK(tree.Append(number++, bytes).kind() == sdk::Outcome::Kind::kApplied);
    fmt::print("{}\n", nlohmann::ordered_json({{"what", "record"}, {"record", Base64(bytes)}}).dump());
  }
  const tree::Reading reading = tree.Read();
  const merkle::HashSource hashes = reading.Hashes();
  std::mt19937_64 random(seed);
  for (int i = 0; i < proofs; ++i) {
    Proof proof;
    // The first few trees and the whole one, then any.
    proof.size = i < 70 ? i + 1 : i == 70 ? number : 1 + static_cast<int64_t>(random() % static_cast<uint64_t>(number));
    proof.root = *merkle::Root(proof.size, hashes);
    Proof growth = proof;
    proof.leaf = static_cast<int64_t>(random() % static_cast<uint64_t>(proof.size));
    proof.leaf_hash = *reading.LeafHash(proof.leaf);
    proof.path = *merkle::InclusionPath(proof.leaf, proof.size, hashes);
    growth.old_size = 1 + static_cast<int64_t>(random() % static_cast<uint64_t>(proof.size));
    growth.old_root = *merkle::Root(growth.old_size, hashes);
    growth.path = *merkle::ConsistencyPath(growth.old_size, growth.size, hashes);
    for (const Proof& each : {proof, growth}) {
      each.Print(true);
      Changed(each, random).Print(false);
    }
  }
  return 0;
}

}  // namespace
}  // namespace kefu

int main(int argc, char** argv) {
  long numbers[3];
  for (int i = 0; i < 3; ++i) {
    const char* end = argc == 4 ? argv[i + 1] + std::char_traits<char>::length(argv[i + 1]) : nullptr;
    if (argc != 4 || std::from_chars(argv[i + 1], end, numbers[i]).ptr != end || numbers[i] < 1) {
      fmt::print(stderr, "usage: tree_proofs SEED RECORDS PROOFS\n");
      return 2;
    }
  }
  return kefu::Main(static_cast<uint64_t>(numbers[0]), static_cast<int>(numbers[1]), static_cast<int>(numbers[2]));
}

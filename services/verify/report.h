#pragma once

// What was checked, and what came of it.

#include <array>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace kefu::verify {

// Everything that a bundle must be. Each can fail alone: mutation_test.cc leaves out each, and something gets through.
enum class Check {
  // Files are what the format says: JSON, lines, notes.
  kForm,
  // What lies there is what the manifest names.
  kListed,
  // Nothing lies there that the format does not have; nothing is missing that it must have.
  kNames,
  // Sizes and SHA-256.
  kHashes,
  // Notes are signed by the auditor's key, or by one that it was changed to; the manifest names no other. A change of the
  // key is signed by the key before.
  kSignature,
  // Changes of the key follow each other without a gap, from a key that the auditor gave.
  kKeyChain,
  // No key signs what was recorded after it was laid down; one key signs all of a checkpoint.
  kKeyInForce,
  // Notes are of this log and of the partition they are filed under.
  kLog,
  // A note over all partitions is made of the partitions' notes.
  kCheckpoint,
  // Events ascend, each is there once, and places in the tree fit offsets.
  kOrder,
  // Every event has its record, and every record its event.
  kRecords,
  // Every event has its proof, line by line, of the same place.
  kProofs,
  // Proofs are for the checkpoint's size.
  kTreeSize,
  // Records have the hashes that are proven.
  kLeaf,
  // Paths lead to the checkpoint's root.
  kInclusion,
  // The JSON says what the record says.
  kText,
  // Events lie in the ranges that the bundle speaks of.
  kRange,
  // Ranges said to be whole have no hole.
  kWhole,
  // The log only grew since the older checkpoints that are in the bundle.
  kConsistency,
  // The log only grew since the checkpoints that the auditor kept.
  kSince,
};
inline constexpr int kChecks = static_cast<int>(Check::kSince) + 1;

// "inclusion" for kInclusion.
std::string_view NameOf(Check check);

// Where something is wrong; what is not said is empty or negative.
struct Place {
  std::string file;
  int64_t line = 0;
  int64_t partition = -1;
  int64_t offset = -1;
};

struct Finding {
  Check check;
  bool holds = false;
  Place place;
  // A sentence for people.
  std::string text;
};

class Report {
 public:
  explicit Report(std::set<Check> left_out = {}) : left_out_(std::move(left_out)) {}

  // Says that `check` holds, unless it failed somewhere.
  void Holds(Check check, std::string text);
  // `text` goes on after the place: "says another size than the file has".
  void Fails(Check check, Place place, std::string text);
  // What nobody should read into the rest.
  void NotProven(std::string text) { not_proven_.push_back(std::move(text)); }

  bool Failed(Check check) const { return failures_[static_cast<int>(check)] > 0; }
  bool AllHolds() const;
  // The first 20 of each check that failed, in the order they were found, and what holds.
  const std::vector<Finding>& findings() const { return findings_; }
  const std::vector<std::string>& not_proven() const { return not_proven_; }

  // For people: a line a finding. For programs: one JSON object; README.md has its members.
  std::string Text() const;
  std::string JsonText() const;

 private:
  const std::set<Check> left_out_;
  std::vector<Finding> findings_;
  std::array<int64_t, kChecks> failures_{};
  std::vector<std::string> not_proven_;
};

}  // namespace kefu::verify

#pragma once

// The JSON files of a bundle, format version 1, read into structs. README.md has the format.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "services/verify/json.h"
#include "services/verify/text.h"

namespace kefu::verify {

inline constexpr char kFormat[] = "kefu-evidence/1";
// Of a log, and of the ranges that a bundle speaks of: more than any has.
inline constexpr int64_t kMaxPartitions = 4096;

struct ListedFile {
  std::string name;
  int64_t size = 0;
  // In hex.
  std::string sha256;
};

// Offsets [from, until) of a partition that a bundle speaks of.
struct Cover {
  int64_t partition = 0;
  int64_t from_offset = 0;
  int64_t until_offset = 0;
  // Every record of it is said to be there; otherwise it is a selection.
  bool whole = false;
};

struct Manifest {
  std::string log_id;
  int64_t partitions = 0;
  std::string asked_by;
  std::string reason;
  std::string made_at;
  std::string program_version;
  std::string verifier_key;
  std::vector<Cover> covers;
  std::vector<ListedFile> files;
};

struct EventLine {
  int64_t partition = 0;
  int64_t offset = 0;
  int64_t leaf_index = 0;
  bool undecodable = false;
  // Null if undecodable.
  Json event;
};

struct ProofLine {
  int64_t partition = 0;
  int64_t offset = 0;
  int64_t leaf_index = 0;
  int64_t tree_size = 0;
  Hash leaf_hash{};
  std::vector<Hash> path;
};

struct ConsistencyLine {
  int64_t since = 0;
  int64_t partition = 0;
  int64_t old_size = 0;
  int64_t new_size = 0;
  std::vector<Hash> path;
};

// Nothing, and why, if `text` is not that, or has members that it should not have.
std::optional<Manifest> ReadManifest(std::string_view text, std::string* why);
std::optional<EventLine> ReadEventLine(std::string_view text, std::string* why);
std::optional<ProofLine> ReadProofLine(std::string_view text, std::string* why);
std::optional<ConsistencyLine> ReadConsistencyLine(std::string_view text, std::string* why);

// Calls `take` with the number (from 1) and the text of each line. False if the last one has no newline at its end: the
// file is cut short; it is taken all the same.
bool EachLine(std::string_view text, const std::function<void(int64_t, std::string_view)>& take);

}  // namespace kefu::verify

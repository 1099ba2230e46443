#include "services/verify/format.h"

#include <fmt/format.h>

namespace kefu::verify {
namespace {

// Longer than any proof in a tree of 2^63 leaves.
constexpr size_t kMaxPath = 64;

bool ReadHash(const Json& object, const char* name, Hash* hash, std::string* why) {
  std::string text;
  if (!ReadMember(object, name, &text, why)) return false;
  const std::optional<Hash> read = HashOfBase64(text);
  if (!read.has_value()) {
    *why = fmt::format("\"{}\" is not a hash, 32 bytes in base64", name);
    return false;
  }
  *hash = *read;
  return true;
}

bool ReadPath(const Json& object, std::vector<Hash>* path, std::string* why) {
  const Json* list = ListMember(object, "path", why);
  if (list == nullptr) return false;
  if (list->size() > kMaxPath) {
    *why = fmt::format("\"path\" has more than {} hashes", kMaxPath);
    return false;
  }
  for (const Json& element : *list) {
    const std::optional<Hash> hash =
        element.is_string() ? HashOfBase64(element.get_ref<const std::string&>()) : std::nullopt;
    if (!hash.has_value()) {
      *why = "\"path\" holds what is not a hash, 32 bytes in base64";
      return false;
    }
    path->push_back(*hash);
  }
  return true;
}

bool ReadCovers(const Json& manifest, std::vector<Cover>* covers, std::string* why) {
  const Json* list = ListMember(manifest, "covers", why);
  if (list == nullptr) return false;
  if (static_cast<int64_t>(list->size()) > kMaxPartitions) {
    *why = fmt::format("\"covers\" has more than {} ranges", Grouped(kMaxPartitions));
    return false;
  }
  for (const Json& element : *list) {
    Cover cover;
    if (!HasOnly(element, {"partition", "from_offset", "until_offset", "whole"}, why) ||
        !ReadMember(element, "partition", &cover.partition, why) ||
        !ReadMember(element, "from_offset", &cover.from_offset, why) ||
        !ReadMember(element, "until_offset", &cover.until_offset, why) ||
        !ReadMember(element, "whole", &cover.whole, why)) {
      *why = fmt::format("number {} of \"covers\": {}", covers->size() + 1, *why);
      return false;
    }
    covers->push_back(cover);
  }
  return true;
}

bool ReadFiles(const Json& manifest, std::vector<ListedFile>* files, std::string* why) {
  const Json* list = ListMember(manifest, "files", why);
  if (list == nullptr) return false;
  for (const Json& element : *list) {
    ListedFile file;
    if (!HasOnly(element, {"name", "size", "sha256"}, why) || !ReadMember(element, "name", &file.name, why) ||
        !ReadMember(element, "size", &file.size, why) || !ReadMember(element, "sha256", &file.sha256, why)) {
      *why = fmt::format("number {} of \"files\": {}", files->size() + 1, *why);
      return false;
    }
    files->push_back(std::move(file));
  }
  return true;
}

bool ReadPlace(const Json& line, int64_t* partition, int64_t* offset, int64_t* leaf_index, std::string* why) {
  return ReadMember(line, "partition", partition, why) && ReadMember(line, "offset", offset, why) &&
         ReadMember(line, "leaf_index", leaf_index, why);
}

}  // namespace

std::optional<Manifest> ReadManifest(std::string_view text, std::string* why) {
  const std::optional<Json> json = ReadJson(text, why);
  if (!json.has_value()) return std::nullopt;
  Manifest manifest;
  std::string format;
  if (!ReadMember(*json, "format", &format, why)) return std::nullopt;
  if (format != kFormat) {
    *why = fmt::format("its format is \"{}\", and this program knows \"{}\"", Shown(format), kFormat);
    return std::nullopt;
  }
  if (!HasOnly(*json,
               {"format", "log_id", "partitions", "asked", "asked_by", "reason", "made_at", "program_version",
                "verifier_key", "covers", "files"},
               why) ||
      !ReadMember(*json, "log_id", &manifest.log_id, why) ||
      !ReadMember(*json, "partitions", &manifest.partitions, why) || ObjectMember(*json, "asked", why) == nullptr ||
      !ReadMember(*json, "asked_by", &manifest.asked_by, why) || !ReadMember(*json, "reason", &manifest.reason, why) ||
      !ReadMember(*json, "made_at", &manifest.made_at, why) ||
      !ReadMember(*json, "program_version", &manifest.program_version, why) ||
      !ReadMember(*json, "verifier_key", &manifest.verifier_key, why) || !ReadCovers(*json, &manifest.covers, why) ||
      !ReadFiles(*json, &manifest.files, why))
    return std::nullopt;
  if (manifest.partitions < 1 || manifest.partitions > kMaxPartitions) {
    *why = fmt::format("\"partitions\" is not between 1 and {}", Grouped(kMaxPartitions));
    return std::nullopt;
  }
  return manifest;
}

std::optional<EventLine> ReadEventLine(std::string_view text, std::string* why) {
  std::optional<Json> json = ReadJson(text, why);
  EventLine line;
  if (!json.has_value() ||
      !HasOnly(*json, {"partition", "offset", "leaf_index", "verdict", "event", "undecodable"}, why) ||
      !ReadPlace(*json, &line.partition, &line.offset, &line.leaf_index, why))
    return std::nullopt;
  const Json* verdict = ObjectMember(*json, "verdict", why);
  std::string outcome;
  if (verdict == nullptr || !ReadMember(*verdict, "outcome", &outcome, why)) return std::nullopt;
  if (json->contains("undecodable") && !ReadMember(*json, "undecodable", &line.undecodable, why)) return std::nullopt;
  if (line.undecodable == json->contains("event")) {
    *why = line.undecodable ? "it has an \"event\", and says that there is none" : "it has no \"event\"";
    return std::nullopt;
  }
  if (!line.undecodable) line.event = std::move((*json)["event"]);
  return line;
}

std::optional<ProofLine> ReadProofLine(std::string_view text, std::string* why) {
  const std::optional<Json> json = ReadJson(text, why);
  ProofLine line;
  if (!json.has_value() ||
      !HasOnly(*json, {"partition", "offset", "leaf_index", "tree_size", "leaf_hash", "path"}, why) ||
      !ReadPlace(*json, &line.partition, &line.offset, &line.leaf_index, why) ||
      !ReadMember(*json, "tree_size", &line.tree_size, why) || !ReadHash(*json, "leaf_hash", &line.leaf_hash, why) ||
      !ReadPath(*json, &line.path, why))
    return std::nullopt;
  return line;
}

std::optional<ConsistencyLine> ReadConsistencyLine(std::string_view text, std::string* why) {
  const std::optional<Json> json = ReadJson(text, why);
  ConsistencyLine line;
  if (!json.has_value() || !HasOnly(*json, {"since", "partition", "old_size", "new_size", "path"}, why) ||
      !ReadMember(*json, "since", &line.since, why) || !ReadMember(*json, "partition", &line.partition, why) ||
      !ReadMember(*json, "old_size", &line.old_size, why) || !ReadMember(*json, "new_size", &line.new_size, why) ||
      !ReadPath(*json, &line.path, why))
    return std::nullopt;
  return line;
}

bool EachLine(std::string_view text, const std::function<void(int64_t, std::string_view)>& take) {
  for (int64_t number = 1; !text.empty(); ++number) {
    const size_t end = text.find('\n');
    take(number, text.substr(0, end));
    if (end == text.npos) return false;
    text.remove_prefix(end + 1);
  }
  return true;
}

}  // namespace kefu::verify

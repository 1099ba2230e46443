#include "services/cli/import/checkpoint.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

namespace kefu::cli {
namespace {

using nlohmann::json;

json ToJson(const Checkpoint& checkpoint) {
  const EventCounts& counts = checkpoint.counts;
  return {{"identity", checkpoint.identity},
          {"items", checkpoint.items},
          {"quarantine_bytes", checkpoint.quarantine_bytes},
          {"sent", counts.sent},
          {"recorded", counts.recorded},
          {"applied", counts.applied},
          {"duplicates", counts.duplicates},
          {"refused", counts.refused},
          {"invalid", counts.invalid},
          {"quarantined", counts.quarantined}};
}

Checkpoint FromJson(const json& read) {
  Checkpoint checkpoint;
  EventCounts& counts = checkpoint.counts;
  read.at("identity").get_to(checkpoint.identity);
  read.at("items").get_to(checkpoint.items);
  read.at("quarantine_bytes").get_to(checkpoint.quarantine_bytes);
  read.at("sent").get_to(counts.sent);
  read.at("recorded").get_to(counts.recorded);
  read.at("applied").get_to(counts.applied);
  read.at("duplicates").get_to(counts.duplicates);
  read.at("refused").get_to(counts.refused);
  read.at("invalid").get_to(counts.invalid);
  read.at("quarantined").get_to(counts.quarantined);
  return checkpoint;
}

}  // namespace

Status SaveCheckpoint(const std::string& path, const Checkpoint& checkpoint) {
  const std::string fresh = path + ".new";
  {
    std::ofstream file(fresh, std::ios::trunc);
    file << ToJson(checkpoint).dump(2) << '\n';
    file.close();
    if (!file) return FailedPrecondition("cannot write {}: {}", fresh, std::strerror(errno));
  }
  if (std::rename(fresh.c_str(), path.c_str()) != 0)
    return FailedPrecondition("cannot replace {}: {}", path, std::strerror(errno));
  return OkStatus();
}

StatusOr<std::optional<Checkpoint>> LoadCheckpoint(const std::string& path, const std::string& identity) {
  std::ifstream file(path);
  if (!file) return std::optional<Checkpoint>();
  // nlohmann-json throws; nothing else here does.
  try {
    Checkpoint checkpoint = FromJson(json::parse(file));
    if (checkpoint.identity != identity) return std::optional<Checkpoint>();
    return std::make_optional(std::move(checkpoint));
  } catch (const json::exception&) {
    return DataLoss("{} is no checkpoint of an import: remove it to start again", path);
  }
}

}  // namespace kefu::cli

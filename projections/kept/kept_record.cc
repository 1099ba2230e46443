#include "projections/kept/kept_record.h"

#include <charconv>
#include <nlohmann/json.hpp>

namespace kefu::kept {
namespace {

using nlohmann::json;

constexpr int kRecordFormat = 1;
constexpr size_t kHexOfHash = 32;

std::string HexOf(const Hash128& hash) { return fmt::format("{:016x}{:016x}", hash.high, hash.low); }

bool HashFrom(std::string_view hex, Hash128* hash) {
  if (hex.size() != kHexOfHash) return false;
  const auto part = [&](size_t from, uint64_t* number) {
    const char* const end = hex.data() + from + kHexOfHash / 2;
    return std::from_chars(hex.data() + from, end, *number, 16).ptr == end;
  };
  return part(0, &hash->high) && part(kHexOfHash / 2, &hash->low);
}

json ToJson(const KeptPartition& partition) {
  // Seconds and nanoseconds: a number of nanoseconds alone does not reach over all times that a record may have.
  const int64_t seconds = absl::ToUnixSeconds(partition.effective_time);
  json files = json::array();
  for (const KeptFile& file : partition.files)
    files.push_back({{"name", file.name}, {"size", file.size}, {"hash", HexOf(file.hash)}});
  return {{"next", partition.next.value()},
          {"effective_seconds", seconds},
          {"effective_nanos",
           absl::ToInt64Nanoseconds(partition.effective_time - absl::FromUnixSeconds(seconds))},
          {"tables", partition.tables},
          {"files", std::move(files)}};
}

// Throws json::exception where a field is not there or of another type.
KeptPartition PartitionFrom(const json& from, bool* well) {
  KeptPartition partition;
  partition.next = Offset(from.at("next").get<int64_t>());
  partition.effective_time = absl::FromUnixSeconds(from.at("effective_seconds").get<int64_t>()) +
                             absl::Nanoseconds(from.at("effective_nanos").get<int64_t>());
  partition.tables = from.at("tables").get<std::vector<std::string>>();
  for (const json& file : from.at("files")) {
    KeptFile& added = partition.files.emplace_back();
    added.name = file.at("name").get<std::string>();
    added.size = file.at("size").get<int64_t>();
    *well = *well && HashFrom(file.at("hash").get<std::string>(), &added.hash);
  }
  return partition;
}

}  // namespace

int64_t KeptRecord::Events() const {
  int64_t events = 0;
  for (const KeptPartition& partition : partitions) events += partition.next.value();
  return events;
}

std::string KeptRecord::Encode() const {
  json all = json::array();
  for (const KeptPartition& partition : partitions) all.push_back(ToJson(partition));
  const json record = {
      {"format", kRecordFormat}, {"number", number}, {"log_id", log_id}, {"partitions", std::move(all)}};
  const std::string text = record.dump(-1, ' ', false, json::error_handler_t::replace);
  return HexOf(FastHash128(text)) + "\n" + text;
}

StatusOr<KeptRecord> KeptRecord::Decode(std::string_view bytes) {
  Hash128 hash;
  if (bytes.size() <= kHexOfHash || bytes[kHexOfHash] != '\n' || !HashFrom(bytes.substr(0, kHexOfHash), &hash) ||
      hash != FastHash128(bytes.substr(kHexOfHash + 1)))
    return DataLoss("its record is not whole, or was changed");
  try {
    const json from = json::parse(bytes.substr(kHexOfHash + 1));
    if (from.at("format").get<int>() != kRecordFormat) return DataLoss("its record has another form");
    KeptRecord record;
    record.number = from.at("number").get<int64_t>();
    record.log_id = from.at("log_id").get<std::string>();
    bool well = true;
    for (const json& partition : from.at("partitions")) record.partitions.push_back(PartitionFrom(partition, &well));
    if (!well) return DataLoss("its record has a hash that is none");
    return record;
  } catch (const json::exception& error) {
    return DataLoss("its record cannot be read: {}", error.what());
  }
}

}  // namespace kefu::kept

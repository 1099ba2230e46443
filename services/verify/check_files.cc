#include <fmt/format.h>

#include <optional>
#include <set>
#include <string_view>

#include "services/verify/checks.h"
#include "services/verify/tree.h"

namespace kefu::verify {
namespace {

void CheckListed(const Known& known, Report& report) {
  const std::vector<ListedFile>& files = known.manifest.files;
  const Place manifest{"manifest.json"};
  for (size_t i = 0; i < files.size(); ++i) {
    if (i > 0 && !(files[i - 1].name < files[i].name))
      report.Fails(Check::kListed, manifest,
                   fmt::format("\"{}\" is named twice, or not in the order of names", Shown(files[i].name)));
    if (!known.bundle.contains(files[i].name))
      report.Fails(Check::kListed, {files[i].name}, "is named by manifest.json, and is missing");
  }
  std::set<std::string_view> named;
  for (const ListedFile& file : files) named.insert(file.name);
  for (const auto& [name, bytes] : known.bundle)
    if (name != "manifest.json" && !named.contains(name))
      report.Fails(Check::kListed, {name}, "lies there, and manifest.json does not name it");
  report.Holds(Check::kListed, fmt::format("manifest.json names {} files: all of them are there, and nothing else is",
                                           Grouped(static_cast<int64_t>(files.size()))));
}

void CheckNames(const Known& known, Report& report) {
  for (const auto& [name, bytes] : known.bundle) {
    const FileName parts = NameOf(name);
    if (parts.kind == FileName::kOther) {
      report.Fails(Check::kNames, {name}, "is no file that an evidence bundle has");
    } else if (parts.kind == FileName::kNote && parts.partition.value_or(0) >= known.manifest.partitions) {
      report.Fails(Check::kNames, {name},
                   fmt::format("is of partition {}, and the log has {}", *parts.partition, known.manifest.partitions));
    }
  }
  const auto need = [&](const std::string& name) {
    if (!known.bundle.contains(name))
      report.Fails(Check::kNames, {name}, "is missing, and a bundle like this one must have it");
  };
  need("events.ndjson");
  need("proofs.ndjson");
  for (const auto& [name, bytes] : known.bundle)
    if (const FileName parts = NameOf(name); parts.kind == FileName::kKeyChange && parts.number > 0)
      need(KeyChangeName(parts.number - 1));
  std::set<std::optional<int64_t>> moments = {std::nullopt};
  for (const auto& [name, bytes] : known.bundle)
    if (const FileName parts = NameOf(name); parts.kind == FileName::kNote) moments.insert(parts.since);
  for (const std::optional<int64_t> since : moments) {
    need(NoteName(since, {}));
    for (int64_t partition = 0; partition < known.manifest.partitions; ++partition) need(NoteName(since, partition));
  }
  report.Holds(Check::kNames, "every file that a bundle must have is there, and none that it cannot have");
}

void CheckHashes(const Known& known, Report& report) {
  int64_t bytes = 0;
  for (const ListedFile& file : known.manifest.files) {
    const auto found = known.bundle.find(file.name);
    if (found == known.bundle.end()) continue;
    const auto size = static_cast<int64_t>(found->second.size());
    bytes += size;
    if (size != file.size) {
      report.Fails(Check::kHashes, {file.name},
                   fmt::format("has {} bytes, and manifest.json says {}", Grouped(size), Grouped(file.size)));
    } else if (HexOf(Sha256(found->second)) != file.sha256) {
      report.Fails(Check::kHashes, {file.name}, "has another SHA-256 than manifest.json says: it was changed");
    }
  }
  report.Holds(Check::kHashes,
               fmt::format("their sizes and SHA-256 are what manifest.json says ({} bytes in all)", Grouped(bytes)));
}

}  // namespace

void CheckFiles(const Known& known, Report& report) {
  CheckListed(known, report);
  CheckNames(known, report);
  CheckHashes(known, report);
}

}  // namespace kefu::verify

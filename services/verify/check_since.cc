#include <fmt/format.h>

#include "services/verify/checks.h"
#include "services/verify/tree.h"

namespace kefu::verify {
namespace {

constexpr char kFile[] = "checkpoints/consistency.ndjson";

// What the proofs of a bundle say of one partition since an older checkpoint of it.
enum class Growth { kGrew, kShorter, kRewritten, kNotShown };

Growth GrowthOf(const Known& known, int64_t partition, const Checkpoint& old) {
  const auto newest = known.newest.partitions.find(partition);
  if (newest == known.newest.partitions.end()) return Growth::kNotShown;
  const Checkpoint& now = newest->second;
  if (old.size > now.size) return Growth::kShorter;
  // No path is needed from nothing, nor to the same.
  if (old.size == 0 || old.size == now.size)
    return IsConsistent(old.size, old.root, now.size, now.root, {}) ? Growth::kGrew : Growth::kRewritten;
  Growth growth = Growth::kNotShown;
  for (const ConsistencyLine& line : known.consistency) {
    if (line.partition != partition || line.old_size != old.size) continue;
    if (IsConsistent(old.size, old.root, now.size, now.root, line.path)) return Growth::kGrew;
    growth = Growth::kRewritten;
  }
  return growth;
}

std::string Words(const Known& known, int64_t partition, const Checkpoint& old, Growth growth) {
  const auto newest = known.newest.partitions.find(partition);
  const int64_t size = newest == known.newest.partitions.end() ? 0 : newest->second.size;
  switch (growth) {
    case Growth::kShorter:
      return fmt::format("partition {} had {} records then, and has {} now: records are gone, or this is an older log",
                         partition, Grouped(old.size), Grouped(size));
    case Growth::kRewritten:
      return fmt::format("partition {} does not begin with the {} records it had then: it was rewritten", partition,
                         Grouped(old.size));
    case Growth::kNotShown:
      return fmt::format(
          "this bundle has no proof of what became of the {} records of partition {}; ask for an export with "
          "this checkpoint (kefu audit export --since)",
          Grouped(old.size), partition);
    case Growth::kGrew:
      break;
  }
  return fmt::format("partition {} only grew, from {} to {} records", partition, Grouped(old.size), Grouped(size));
}

// A checkpoint of the auditor's over all partitions.
void CheckOwnOverAll(const Known& known, const OwnCheckpoint& own, Report& report) {
  const Checkpoint& old = own.checkpoint;
  const Place place{own.name};
  if (!known.newest.all.has_value())
    return report.Fails(Check::kSince, place, "there is no newest checkpoint to compare it with");
  const Checkpoint& now = *known.newest.all;
  const auto grew = [&](int64_t grown) {
    report.Holds(Check::kSince, fmt::format("since your checkpoint {} over {} records the log only grew, to {} records",
                                            Shown(own.name), Grouped(old.size), Grouped(grown)));
  };
  if (old.text == now.text) return grew(now.size);
  if (old.size > now.size)
    return report.Fails(Check::kSince, place,
                        fmt::format("is over {} records, and this bundle's checkpoint is over {}: records "
                                    "are gone, or this is an older log",
                                    Grouped(old.size), Grouped(now.size)));
  if (old.size == now.size)
    return report.Fails(Check::kSince, place,
                        fmt::format("is over {} records as this bundle's checkpoint is, with another "
                                    "root: there are two logs",
                                    Grouped(old.size)));
  for (const auto& [number, moment] : known.since) {
    if (!moment.all.has_value() || moment.all->text != old.text) continue;
    std::vector<Hash> leaves;
    for (const auto& [partition, note] : moment.partitions) leaves.push_back(LeafHash(note.text));
    if (static_cast<int64_t>(leaves.size()) != known.manifest.partitions || RootOf(leaves) != old.root) continue;
    bool is_well = true;
    for (const auto& [partition, note] : moment.partitions) {
      const Growth growth = GrowthOf(known, partition, note);
      if (growth == Growth::kGrew) continue;
      is_well = false;
      report.Fails(Check::kSince, {own.name, 0, partition}, Words(known, partition, note, growth));
    }
    if (is_well) grew(now.size);
    return;
  }
  report.Fails(Check::kSince, place,
               fmt::format("over {} records is not what this bundle holds proofs from; ask for an export "
                           "with it (kefu audit export --since)",
                           Grouped(old.size)));
}

void CheckOwnOne(const Known& known, const OwnCheckpoint& own, Report& report) {
  const Checkpoint& old = own.checkpoint;
  if (old.origin == OriginOf(known.manifest.log_id)) return CheckOwnOverAll(known, own, report);
  for (const auto& [partition, note] : known.newest.partitions) {
    if (old.origin != OriginOf(known.manifest.log_id, partition)) continue;
    const Growth growth = GrowthOf(known, partition, old);
    const std::string words = Words(known, partition, old, growth);
    if (growth != Growth::kGrew) return report.Fails(Check::kSince, {own.name, 0, partition}, words);
    return report.Holds(Check::kSince, fmt::format("since your checkpoint {} {}", Shown(own.name), words));
  }
  report.Fails(
      Check::kSince, {own.name},
      fmt::format("is of {}, and this bundle is of {}", Shown(old.origin), Shown(OriginOf(known.manifest.log_id))));
}

// Reads the lines; one that cannot be read is told and left out.
void ReadLines(Known& known, std::vector<int64_t>* numbers, Report& report) {
  const auto file = known.bundle.find(kFile);
  if (file == known.bundle.end()) return;
  const bool is_whole = EachLine(file->second, [&](int64_t number, std::string_view text) {
    std::string why;
    std::optional<ConsistencyLine> line = ReadConsistencyLine(text, &why);
    if (!line.has_value()) return report.Fails(Check::kForm, {kFile, number}, why);
    known.consistency.push_back(*std::move(line));
    numbers->push_back(number);
  });
  if (!is_whole) report.Fails(Check::kForm, {kFile}, "does not end with a newline: it is cut short");
}

void CheckLine(const Known& known, const ConsistencyLine& line, const Place& place, Report& report) {
  const auto moment = known.since.find(line.since);
  const auto newest = known.newest.partitions.find(line.partition);
  if (moment == known.since.end() || !moment->second.partitions.contains(line.partition) ||
      newest == known.newest.partitions.end())
    return report.Fails(
        Check::kConsistency, place,
        fmt::format("is from a checkpoint that is not there, {}", NoteName(line.since, line.partition)));
  const Checkpoint& old = moment->second.partitions.at(line.partition);
  const Checkpoint& now = newest->second;
  if (line.old_size != old.size || line.new_size != now.size)
    return report.Fails(
        Check::kConsistency, place,
        fmt::format("is for trees of {} and {} records, and the checkpoints are over {} and {}", Grouped(line.old_size),
                    Grouped(line.new_size), Grouped(old.size), Grouped(now.size)));
  if (!IsConsistent(old.size, old.root, now.size, now.root, line.path))
    report.Fails(Check::kConsistency, place,
                 fmt::format("does not show that partition {} only grew since {}", line.partition,
                             NoteName(line.since, line.partition)));
}

}  // namespace

void CheckConsistency(Known& known, Report& report) {
  std::vector<int64_t> numbers;
  ReadLines(known, &numbers, report);
  std::map<std::pair<int64_t, int64_t>, int> lines;
  for (size_t i = 0; i < known.consistency.size(); ++i) {
    const ConsistencyLine& line = known.consistency[i];
    const Place place{kFile, numbers[i], line.partition};
    CheckLine(known, line, place, report);
    if (++lines[{line.since, line.partition}] == 2)
      report.Fails(Check::kConsistency, place, "is the second one of the same checkpoint");
  }
  for (const auto& [number, moment] : known.since) {
    for (const auto& [partition, note] : moment.partitions)
      if (!lines.contains({number, partition}))
        report.Fails(Check::kConsistency, {kFile}, fmt::format("has no proof from {}", NoteName(number, partition)));
    if (!moment.all.has_value()) continue;
    report.Holds(Check::kConsistency, fmt::format("{}, over {} records, is an earlier checkpoint of the same log",
                                                  NoteName(number, std::nullopt), Grouped(moment.all->size)));
  }
}

void CheckOwn(const Known& known, Report& report) {
  for (const OwnCheckpoint& own : known.question.since) {
    std::string why;
    const VerifierKey* const signer = SignerOf(own.checkpoint, known.trusted, &why);
    if (signer == nullptr) {
      report.Fails(Check::kSince, {own.name}, why);
    } else if (own.checkpoint.origin == OriginOf(known.manifest.log_id)) {
      CheckInForce(known, signer->text(), own.checkpoint.size, {own.name}, report);
    }
    CheckOwnOne(known, own, report);
  }
}

}  // namespace kefu::verify

#include <fmt/format.h>

#include <algorithm>

#include "services/verify/checks.h"
#include "services/verify/tree.h"

namespace kefu::verify {
namespace {

// Reads one note and checks what can be seen of it alone. Nothing if it cannot be read. Of the newest over all
// partitions `signer` becomes who signed it.
std::optional<Checkpoint> TakeNote(const Known& known, const std::string& name, const FileName& parts,
                                   const VerifierKey** signer, Report& report) {
  std::string why;
  std::optional<Checkpoint> note = ReadCheckpoint(known.bundle.find(name)->second, &why);
  if (!note.has_value()) {
    report.Fails(Check::kForm, {name}, why);
    return note;
  }
  const VerifierKey* const found = SignerOf(*note, known.question.keys, &why);
  if (found == nullptr) report.Fails(Check::kSignature, {name}, why);
  if (!parts.since.has_value() && !parts.partition.has_value()) *signer = found;
  const std::string origin =
      parts.partition.has_value() ? OriginOf(known.manifest.log_id, *parts.partition) : OriginOf(known.manifest.log_id);
  if (note->origin != origin)
    report.Fails(Check::kLog, {name},
                 fmt::format("is a checkpoint of {}, and would have to be of {}", Shown(note->origin), Shown(origin)));
  return note;
}

// A note over all partitions says nothing but what the partitions' notes say.
void CheckAll(const Known& known, const Moment& moment, std::optional<int64_t> since, Report& report) {
  if (!moment.all.has_value()) return;
  const Checkpoint& all = *moment.all;
  const Place place{NoteName(since, {})};
  if (all.extensions != std::vector<std::string>{fmt::format("partitions {}", known.manifest.partitions)})
    report.Fails(
        Check::kCheckpoint, place,
        fmt::format("does not say that the log has {} partitions, as manifest.json does", known.manifest.partitions));
  std::vector<Hash> leaves;
  // Sizes are signed, but wrong ones must not overflow either.
  uint64_t sum = 0;
  for (int64_t partition = 0; partition < known.manifest.partitions; ++partition) {
    const auto found = moment.partitions.find(partition);
    // Missing or malformed: that is said already.
    if (found == moment.partitions.end()) return;
    sum += static_cast<uint64_t>(found->second.size);
    leaves.push_back(LeafHash(found->second.text));
  }
  if (sum != static_cast<uint64_t>(all.size)) {
    report.Fails(Check::kCheckpoint, place,
                 fmt::format("is over {} records, and the partitions' notes are over {} together", Grouped(all.size),
                             Grouped(static_cast<int64_t>(sum))));
  } else if (RootOf(leaves) != all.root) {
    report.Fails(Check::kCheckpoint, place,
                 "has another root than the partitions' notes give: one of them is of another time");
  }
}

}  // namespace

void CheckNotes(Known& known, Report& report) {
  const VerifierKey* signer = nullptr;
  for (const auto& [name, bytes] : known.bundle) {
    const FileName parts = NameOf(name);
    if (parts.kind != FileName::kNote) continue;
    Moment& moment = parts.since.has_value() ? known.since[*parts.since] : known.newest;
    std::optional<Checkpoint> note = TakeNote(known, name, parts, &signer, report);
    if (!note.has_value()) continue;
    if (parts.partition.has_value()) {
      moment.partitions.emplace(*parts.partition, *std::move(note));
    } else {
      moment.all = std::move(note);
    }
  }
  const auto& keys = known.question.keys;
  if (std::none_of(keys.begin(), keys.end(),
                   [&](const VerifierKey& k) { return k.text() == known.manifest.verifier_key; }))
    report.Fails(Check::kSignature, {"manifest.json"},
                 fmt::format("says that the log is signed with the key {}, which you "
                             "did not give",
                             Shown(known.manifest.verifier_key)));
  CheckAll(known, known.newest, {}, report);
  for (const auto& [number, moment] : known.since) CheckAll(known, moment, number, report);

  if (!known.newest.all.has_value()) return;
  if (signer != nullptr)
    report.Holds(Check::kSignature, fmt::format("the key {} signed this checkpoint over {} records",
                                                Shown(signer->text()), Grouped(known.newest.all->size)));
  report.Holds(Check::kLog, fmt::format("it is of the log {}", Shown(known.manifest.log_id)));
  report.Holds(Check::kCheckpoint,
               fmt::format("it is made of the checkpoints of the log's partitions ({})", known.manifest.partitions));
}

}  // namespace kefu::verify

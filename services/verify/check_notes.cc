#include <fmt/format.h>

#include <algorithm>

#include "services/verify/checks.h"
#include "services/verify/tree.h"

namespace kefu::verify {
namespace {

// Said where a key is not trusted.
std::string UnlessChanged(const Known& known) {
  return fmt::format(" (if the key was changed, {} would have to say so)",
                     KeyChangeName(static_cast<int64_t>(known.changes.size())));
}

// Reads one note and checks what can be seen of it alone. Nothing if it cannot be read. `signer` becomes who signed it.
std::optional<Checkpoint> TakeNote(const Known& known, const std::string& name, const FileName& parts,
                                   const VerifierKey** signer, Report& report) {
  std::string why;
  std::optional<Checkpoint> note = ReadCheckpoint(known.bundle.find(name)->second, &why);
  if (!note.has_value()) {
    report.Fails(Check::kForm, {name}, why);
    return note;
  }
  *signer = SignerOf(*note, known.trusted, &why);
  if (*signer == nullptr) report.Fails(Check::kSignature, {name}, why + UnlessChanged(known));
  const std::string origin =
      parts.partition.has_value() ? OriginOf(known.manifest.log_id, *parts.partition) : OriginOf(known.manifest.log_id);
  if (note->origin != origin)
    report.Fails(Check::kLog, {name},
                 fmt::format("is a checkpoint of {}, and would have to be of {}", Shown(note->origin), Shown(origin)));
  return note;
}

// One key signs all of a moment, and not after it was laid down.
void CheckSigners(const Known& known, const Moment& moment, std::optional<int64_t> since, Report& report) {
  if (!moment.all.has_value() || !moment.signer.has_value()) return;
  CheckInForce(known, *moment.signer, moment.all->size, {NoteName(since, {})}, report);
  for (const auto& [partition, signer] : moment.signers)
    if (signer != *moment.signer)
      report.Fails(Check::kKeyInForce, {NoteName(since, partition)},
                   fmt::format("is signed by {}, and {} by {}", Shown(signer), NoteName(since, {}), Shown(*moment.signer)));
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
  for (const auto& [name, bytes] : known.bundle) {
    const FileName parts = NameOf(name);
    if (parts.kind != FileName::kNote) continue;
    Moment& moment = parts.since.has_value() ? known.since[*parts.since] : known.newest;
    const VerifierKey* signer = nullptr;
    std::optional<Checkpoint> note = TakeNote(known, name, parts, &signer, report);
    if (!note.has_value()) continue;
    if (signer != nullptr && parts.partition.has_value()) moment.signers[*parts.partition] = signer->text();
    if (signer != nullptr && !parts.partition.has_value()) moment.signer = signer->text();
    if (parts.partition.has_value()) {
      moment.partitions.emplace(*parts.partition, *std::move(note));
    } else {
      moment.all = std::move(note);
    }
  }
  const auto& keys = known.trusted;
  if (std::none_of(keys.begin(), keys.end(),
                   [&](const VerifierKey& k) { return k.text() == known.manifest.verifier_key; }))
    report.Fails(Check::kSignature, {"manifest.json"},
                 fmt::format("says that the log is signed with the key {}, which you did not give{}",
                             Shown(known.manifest.verifier_key), UnlessChanged(known)));
  CheckAll(known, known.newest, {}, report);
  CheckSigners(known, known.newest, {}, report);
  for (const auto& [number, moment] : known.since) {
    CheckAll(known, moment, number, report);
    CheckSigners(known, moment, number, report);
  }

  if (!known.newest.all.has_value()) return;
  if (known.newest.signer.has_value())
    report.Holds(Check::kSignature, fmt::format("the key {} signed this checkpoint over {} records",
                                                Shown(*known.newest.signer), Grouped(known.newest.all->size)));
  if (!known.changes.empty())
    report.Holds(Check::kKeyInForce, "no key signed a checkpoint here after it was changed to another");
  report.Holds(Check::kLog, fmt::format("it is of the log {}", Shown(known.manifest.log_id)));
  report.Holds(Check::kCheckpoint,
               fmt::format("it is made of the checkpoints of the log's partitions ({})", known.manifest.partitions));
}

}  // namespace kefu::verify

#include <fmt/format.h>

#include <algorithm>

#include "services/verify/checks.h"

namespace kefu::verify {
namespace {

bool Has(const std::vector<VerifierKey>& keys, const VerifierKey& key) {
  return std::any_of(keys.begin(), keys.end(), [&](const VerifierKey& each) { return each.text() == key.text(); });
}

// Reads the files; what can be seen of each alone.
void ReadChanges(Known& known, Report& report) {
  for (const auto& [name, bytes] : known.bundle) {
    const FileName parts = NameOf(name);
    if (parts.kind != FileName::kKeyChange) continue;
    std::string why;
    std::optional<KeyChange> change = ReadKeyChange(bytes, &why);
    if (!change.has_value()) {
      report.Fails(Check::kForm, {name}, why);
      continue;
    }
    if (!IsSigned(*change, &why)) report.Fails(Check::kSignature, {name}, why);
    if (const std::string origin = OriginOf(known.manifest.log_id); change->origin != origin)
      report.Fails(Check::kLog, {name},
                   fmt::format("is a change of the key of {}, and would have to be of {}", Shown(change->origin),
                               Shown(origin)));
    known.changes.emplace(parts.number, *std::move(change));
  }
}

// How each follows from the one before.
void CheckLinks(const Known& known, Report& report) {
  std::vector<VerifierKey> laid_down;
  const KeyChange* before = nullptr;
  for (const auto& [number, change] : known.changes) {
    const Place place{KeyChangeName(number)};
    if (before != nullptr && before->new_key.text() != change.old_key.text())
      report.Fails(Check::kKeyChain, place,
                   fmt::format("begins with the key {}, and the change before ends with {}: one is missing between "
                               "them, or they are in another order",
                               Shown(change.old_key.text()), Shown(before->new_key.text())));
    if (before != nullptr && before->size > change.size)
      report.Fails(Check::kKeyChain, place,
                   fmt::format("is after {} records, and the change before after {}", Grouped(change.size),
                               Grouped(before->size)));
    laid_down.push_back(change.old_key);
    if (Has(laid_down, change.new_key))
      report.Fails(Check::kKeyChain, place,
                   fmt::format("brings back the key {}, which was laid down before", Shown(change.new_key.text())));
    before = &change;
  }
}

}  // namespace

void CheckKeys(Known& known, Report& report) {
  known.trusted = known.question.keys;
  ReadChanges(known, report);
  if (known.changes.empty()) return;
  CheckLinks(known, report);
  // Trust goes from a key to the one after it, and never back.
  std::vector<std::string> followed;
  bool is_trusted = false;
  for (const auto& [number, change] : known.changes) {
    is_trusted = is_trusted || Has(known.question.keys, change.old_key);
    if (is_trusted) {
      followed.push_back(fmt::format("the key {} was changed to {} after {} records: the key before signed that ({})",
                                     Shown(change.old_key.text()), Shown(change.new_key.text()), Grouped(change.size),
                                     KeyChangeName(number)));
      known.trusted.push_back(change.new_key);
    } else {
      report.NotProven(
          fmt::format("{} tells of a key before the one you gave; that the log was signed with {} is not shown.",
                      KeyChangeName(number), Shown(change.old_key.text())));
    }
    is_trusted = is_trusted || Has(known.question.keys, change.new_key);
  }
  if (!is_trusted) {
    report.Fails(Check::kKeyChain, {KeyChangeName(known.changes.begin()->first)},
                 fmt::format("begins with the key {}, which you did not give, and no change leads from a key that you "
                             "gave; one is missing, or they are of strangers",
                             Shown(known.changes.begin()->second.old_key.text())));
    // This fails; what else is wrong shows by itself.
    for (const auto& [number, change] : known.changes) known.trusted.push_back(change.new_key);
  }
  for (std::string& line : followed) report.Holds(Check::kKeyChain, std::move(line));
}

void CheckInForce(const Known& known, const std::string& signer, int64_t size, const Place& place, Report& report) {
  for (const auto& [number, change] : known.changes)
    if (change.old_key.text() == signer && size > change.size)
      report.Fails(Check::kKeyInForce, place,
                   fmt::format("is over {} records and signed by {}, which was laid down after {} ({})", Grouped(size),
                               Shown(signer), Grouped(change.size), KeyChangeName(number)));
}

}  // namespace kefu::verify

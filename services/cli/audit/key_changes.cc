#include "services/cli/audit/key_changes.h"

#include <algorithm>

#include "platform/note/key.h"

namespace kefu::cli {
namespace {

// Did the key sign the note, as its signature lines say?
bool IsOf(const note::Note& note, const std::string& verifier_key) {
  const auto key = note::Verifier::Parse(verifier_key);
  return key.ok() && std::any_of(note.signatures.begin(), note.signatures.end(),
                                 [&](const note::Signature& each) { return key->Claims(each); });
}

}  // namespace

std::vector<KeyChange> ChainTo(const std::string& note, const KeyChanges& changes) {
  const auto parsed = note::ParseNote(note);
  if (!parsed.ok()) return {};
  auto first = changes.end();
  bool is_known = false;
  while (first != changes.begin()) {
    const auto before = std::prev(first);
    if (first != changes.end() && before->changed().new_key() != first->changed().old_key()) break;
    first = before;
    is_known = is_known || IsOf(*parsed, before->changed().new_key()) || IsOf(*parsed, before->changed().old_key());
  }
  return is_known ? std::vector<KeyChange>(first, changes.end()) : std::vector<KeyChange>();
}

}  // namespace kefu::cli

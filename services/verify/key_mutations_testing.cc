// Mutations of how the key was changed: by strangers, and by one who stole a key after it was laid down.

#include <fmt/format.h>

#include <numeric>

#include "services/verify/mutations_testing.h"

namespace kefu::verify {
namespace {

Mutation Fixed(std::string kind, Bundle bundle, std::vector<std::string> files) {
  Mutation mutation{std::move(kind), std::move(bundle), std::move(files)};
  mutation.fixed = FixManifest(&mutation.bundle);
  return mutation;
}

void SignNewest(const TestKey& key, Bundle* bundle) {
  for (auto& [name, note] : *bundle)
    if (const FileName parts = NameOf(name); parts.kind == FileName::kNote && !parts.since.has_value())
      note = key.Sign(note.substr(0, note.rfind("\n\n") + 1));
}

void NameKey(const TestKey& key, Bundle* bundle) {
  Json manifest = Json::parse((*bundle)["manifest.json"]);
  manifest["verifier_key"] = key.verifier_key();
  (*bundle)["manifest.json"] = manifest.dump();
}

}  // namespace

std::optional<Mutation> MutateKeys(const Honest& honest, Random& random) {
  Bundle bundle = honest.bundle;
  const std::vector<TestKeyBefore>& before = honest.asked.keys_before;
  const auto count = static_cast<int64_t>(before.size());
  const TestKey thief(honest.key.Public().name(), static_cast<uint8_t>(kHonestKeys + random.Below(50)));
  const int64_t size = std::accumulate(honest.asked.sizes.begin(), honest.asked.sizes.end(), int64_t{0});
  const std::string next = KeyChangeName(count);
  const std::string first = KeyChangeName(0);
  const int64_t which = random.Below(9);
  // The rest changes what was said of a change.
  if (which > 1 && count == 0) return std::nullopt;
  switch (which) {
    case 0:
      bundle[next] = thief.Sign(KeyChangeText(honest.log.id, size, honest.key, thief));
      SignNewest(thief, &bundle);
      NameKey(thief, &bundle);
      return Fixed("say that a stranger's key follows", std::move(bundle), {next});
    case 1:
      // What the key said of another log that it signs, too.
      bundle[next] = honest.key.Sign(KeyChangeText("another-log", size, honest.key, thief));
      SignNewest(thief, &bundle);
      NameKey(thief, &bundle);
      return Fixed("take the change of another log", std::move(bundle), {next});
    case 2: {
      const std::string last = KeyChangeName(count - 1);
      bundle.erase(last);
      return Fixed("drop the last change of the key", std::move(bundle), {last});
    }
    case 3:
      if (count < 2) return std::nullopt;
      std::swap(bundle[first], bundle[KeyChangeName(1)]);
      return Fixed("swap two changes of the key", std::move(bundle), {first, KeyChangeName(1)});
    case 4:
      if (count < 2) return std::nullopt;
      bundle[first] = bundle[KeyChangeName(1)];
      bundle.erase(KeyChangeName(1));
      return Fixed("drop a link and number the rest anew", std::move(bundle), {first});
    case 5:
      bundle[first] = thief.Sign(
          KeyChangeText(honest.log.id, before[0].size, thief, count > 1 ? before[1].key : honest.key));
      return Fixed("let the chain begin with a stranger", std::move(bundle), {first});
    case 6:
      SignNewest(before[static_cast<size_t>(random.Below(count))].key, &bundle);
      return Fixed("sign on with a key that was laid down", std::move(bundle), {NoteName({}, {})});
    case 7: {
      const std::string name = NoteName({}, random.Below(static_cast<int64_t>(honest.asked.sizes.size())));
      bundle[name] = before[0].key.Sign(bundle[name].substr(0, bundle[name].rfind("\n\n") + 1));
      return Fixed("sign one partition with a key that was laid down", std::move(bundle), {name});
    }
    default: {
      std::string& note = bundle[first];
      note.insert(note.find("key change\n") + 11, 1, '1');
      return Fixed("change when the key was changed", std::move(bundle), {first});
    }
  }
}

}  // namespace kefu::verify

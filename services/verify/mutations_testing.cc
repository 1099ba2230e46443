#include "services/verify/mutations_testing.h"

#include <fmt/format.h>

#include <algorithm>

namespace kefu::verify {
namespace {

template <class Map>
auto OneOf(Map& map, Random& random) {
  return std::next(map.begin(), random.Below(static_cast<int64_t>(map.size())));
}

// Half of the adversaries make the manifest fit.
Mutation Done(std::string kind, Bundle bundle, std::vector<std::string> files, Random& random) {
  Mutation mutation{std::move(kind), std::move(bundle), std::move(files)};
  if (random.Chance(50)) mutation.fixed = FixManifest(&mutation.bundle);
  return mutation;
}

std::vector<std::string> LinesOf(const std::string& text) {
  std::vector<std::string> lines;
  EachLine(text, [&](int64_t, std::string_view line) { lines.emplace_back(line); });
  return lines;
}

std::string Joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

// A leaf of `json`, or the whole of it: where something can be changed.
Json* SomewhereIn(Json* json, Random& random) {
  while ((json->is_object() || json->is_array()) && !json->empty() && !random.Chance(8)) {
    const int64_t which = random.Below(static_cast<int64_t>(json->size()));
    json = &*std::next(json->begin(), which);
  }
  return json;
}

void Change(Json* json, Random& random) {
  if (json->is_boolean()) {
    *json = !json->get<bool>();
  } else if (json->is_number_integer()) {
    const int64_t value = json->get<int64_t>();
    switch (random.Below(4)) {
      case 0:
        *json = value + 1;
        break;
      case 1:
        *json = value > 0 ? value - 1 : 7;
        break;
      case 2:
        *json = random.Below(1'000'000'000'000);
        break;
      default:
        *json = std::to_string(value);
    }
  } else if (json->is_string()) {
    std::string text = *json;
    if (text.empty() || random.Chance(20)) {
      text += "1";
    } else {
      char& letter = text[static_cast<size_t>(random.Below(static_cast<int64_t>(text.size())))];
      letter = letter == 'B' ? 'A' : letter >= '0' && letter < '9' ? static_cast<char>(letter + 1) : 'B';
    }
    *json = Json::parse(Json(text).dump(-1, ' ', false, Json::error_handler_t::replace));
  } else if (json->is_array() && !json->empty()) {
    const int64_t which = random.Below(static_cast<int64_t>(json->size()));
    switch (random.Below(3)) {
      case 0:
        json->erase(static_cast<size_t>(which));
        break;
      case 1:
        json->push_back((*json)[static_cast<size_t>(which)]);
        break;
      default:
        std::swap((*json)[static_cast<size_t>(which)], json->front());
    }
  } else if (json->is_object() && !json->empty() && random.Chance(70)) {
    json->erase(OneOf(*json, random));
  } else if (json->is_object()) {
    (*json)["extra"] = 1;
  } else {
    *json = "x";
  }
}

}  // namespace

std::optional<Mutation> MutateBytes(const Honest& honest, Random& random) {
  Bundle bundle = honest.bundle;
  const auto file = OneOf(bundle, random);
  std::string& bytes = file->second;
  if (bytes.empty()) return std::nullopt;
  const auto size = static_cast<int64_t>(bytes.size());
  const auto at = static_cast<size_t>(random.Below(size));
  const auto length = static_cast<size_t>(1 + random.Below(std::min<int64_t>(40, size - static_cast<int64_t>(at))));
  std::string kind;
  switch (random.Below(9)) {
    case 0:
    case 1:
      kind = "flip a bit";
      bytes[at] = static_cast<char>(bytes[at] ^ 1 << random.Below(8));
      break;
    case 2:
      kind = "change a byte";
      bytes[at] = static_cast<char>(random.Below(256));
      break;
    case 3:
      kind = "insert bytes";
      bytes.insert(at, random.Chance(50) ? random.Bytes(length) : std::string(1, "0 A=\n,"[random.Below(6)]));
      break;
    case 4:
      kind = "delete bytes";
      bytes.erase(at, random.Chance(50) ? 1 : length);
      break;
    case 5:
      kind = "truncate";
      bytes.resize(at);
      break;
    case 6:
      kind = "append bytes";
      bytes += random.Chance(50) ? bytes.substr(at) : random.Bytes(length);
      break;
    case 7:
      kind = "duplicate bytes";
      bytes.insert(at, bytes.substr(at, length));
      break;
    default:
      kind = "swap bytes";
      std::swap(bytes[at], bytes[static_cast<size_t>(random.Below(size))]);
  }
  const std::string name = file->first;
  // A manifest that does not fit blames what fits it no more.
  return Done(kind, std::move(bundle), name == "manifest.json" ? std::vector<std::string>{} : std::vector{name},
              random);
}

std::optional<Mutation> MutateLines(const Honest& honest, Random& random) {
  static const char* const kFiles[] = {"events.ndjson", "proofs.ndjson", "checkpoints/consistency.ndjson"};
  Bundle bundle = honest.bundle;
  const auto file = bundle.find(kFiles[random.Below(3)]);
  if (file == bundle.end()) return std::nullopt;
  std::vector<std::string> lines = LinesOf(file->second);
  if (lines.empty()) return std::nullopt;
  const int64_t one = random.Below(static_cast<int64_t>(lines.size()));
  const int64_t two = random.Below(static_cast<int64_t>(lines.size()));
  std::string kind;
  switch (random.Below(5)) {
    case 0:
      kind = "drop a line";
      lines.erase(lines.begin() + one);
      break;
    case 1:
      kind = "duplicate a line";
      lines.insert(lines.begin() + two, lines[one]);
      break;
    case 2:
      kind = "swap lines";
      std::swap(lines[one], lines[two]);
      break;
    case 3:
      kind = "replace a line by another";
      lines[one] = lines[two];
      break;
    default:
      kind = "drop the last lines";
      lines.resize(one);
  }
  file->second = Joined(lines);
  return Done(kind, std::move(bundle), {file->first}, random);
}

std::optional<Mutation> MutateJson(const Honest& honest, Random& random) {
  static const char* const kFiles[] = {"events.ndjson", "events.ndjson", "proofs.ndjson",
                                       "checkpoints/consistency.ndjson"};
  Bundle bundle = honest.bundle;
  if (random.Chance(20)) {
    Json manifest = Json::parse(bundle["manifest.json"]);
    Json* place = SomewhereIn(&manifest, random);
    // Less than was asked for may be claimed at any time.
    if (place->is_boolean() && place->get<bool>()) return std::nullopt;
    Change(place, random);
    bundle["manifest.json"] = manifest.dump();
    return Done("edit manifest.json", std::move(bundle), {}, random);
  }
  const auto file = bundle.find(kFiles[random.Below(4)]);
  if (file == bundle.end()) return std::nullopt;
  std::vector<std::string> lines = LinesOf(file->second);
  if (lines.empty()) return std::nullopt;
  const int64_t number = random.Below(static_cast<int64_t>(lines.size()));
  Json line = Json::parse(lines[number]);
  Change(SomewhereIn(&line, random), random);
  lines[number] = line.dump();
  file->second = Joined(lines);
  const std::string name = file->first;
  Mutation mutation = Done("edit " + name, std::move(bundle), {name}, random);
  // A line of consistency.ndjson that says it is of another partition blames the one that is.
  if (mutation.fixed && name != "checkpoints/consistency.ndjson") mutation.line = number + 1;
  return mutation;
}

std::optional<Mutation> MutateFiles(const Honest& honest, const Honest& other, Random& random) {
  Bundle bundle = honest.bundle;
  const std::string name = OneOf(bundle, random)->first;
  const std::string second = OneOf(bundle, random)->first;
  std::vector<std::string> files = {name};
  std::string kind;
  switch (random.Below(7)) {
    case 0:
      kind = "drop a file";
      bundle.erase(name);
      break;
    case 1: {
      kind = "add a file";
      static const char* const kNames[] = {"notes.txt",
                                           "views/more.html",
                                           "records/../x.pb",
                                           "records/0-00.pb",
                                           "checkpoints/newest-77.note",
                                           "records/5.pb",
                                           "/etc/passwd",
                                           "events.ndjson.bak",
                                           "records/0-99999.pb",
                                           "checkpoints/since-9-0.note",
                                           "views/.json",
                                           "a/b/c"};
      files = {kNames[random.Below(12)]};
      bundle[files[0]] = honest.bundle.at(second);
      break;
    }
    case 2:
      kind = "rename a file";
      files = {name, name + "x"};
      bundle[name + "x"] = bundle[name];
      bundle.erase(name);
      break;
    case 3:
      kind = "swap two files";
      files = {name, second};
      std::swap(bundle[name], bundle[second]);
      break;
    case 4:
      kind = "empty a file";
      bundle[name].clear();
      break;
    case 5: {
      kind = "take a file of another bundle";
      const auto theirs = OneOf(other.bundle, random);
      files = {theirs->first};
      bundle[theirs->first] = theirs->second;
      break;
    }
    default: {
      kind = "leave a file out of manifest.json";
      Json manifest = Json::parse(bundle["manifest.json"]);
      const auto which = static_cast<size_t>(random.Below(static_cast<int64_t>(manifest["files"].size())));
      files = {manifest["files"][which]["name"]};
      manifest["files"].erase(which);
      bundle["manifest.json"] = manifest.dump();
      return Mutation{kind, std::move(bundle), files};
    }
  }
  // Without its manifest nothing else can be judged.
  if (std::ranges::find(files, "manifest.json") != files.end()) files = {"manifest.json"};
  return Done(kind, std::move(bundle), files, random);
}

std::optional<Mutation> Mutate(const Honest& honest, const Honest& other, Random& random) {
  const int64_t which = random.Below(100);
  if (which < 30) return MutateBytes(honest, random);
  if (which < 40) return MutateLines(honest, random);
  if (which < 60) return MutateJson(honest, random);
  if (which < 70) return MutateFiles(honest, other, random);
  if (which < 80) return MutateNotes(honest, other, random);
  if (which < 88) return MutateTogether(honest, random);
  if (which < 94) return MutateKeys(honest, random);
  return MutateLog(honest, random);
}

}  // namespace kefu::verify

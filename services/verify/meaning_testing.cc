#include <fmt/format.h>
#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <map>
#include <set>
#include <sstream>

#include "kefu/events/v1/event.pb.h"
#include "services/verify/mutations_testing.h"

namespace kefu::verify {
namespace {

// As JSON readers have it: the last of two members counts.
std::optional<Json> Loose(std::string_view text) {
  Json json = Json::parse(text.begin(), text.end(), nullptr, false);
  if (json.is_discarded()) return std::nullopt;
  return json;
}

// Members by name; of those left out only which kind of thing they are.
std::string Members(const Json& object, const std::set<std::string>& left_out) {
  std::string text;
  for (const auto& [name, value] : object.items())
    text += name + "=" + (left_out.contains(name) ? value.type_name() : value.dump()) + ";";
  return text;
}

// The bytes of an event in JSON. What was asked before is kept: mutations leave most events alone.
std::optional<std::string> BytesOf(const Json& event) {
  static auto& kept = *new std::map<std::string, std::optional<std::string>>();
  if (kept.size() > 500) kept.clear();
  const std::string text = event.dump();
  const auto [found, is_new] = kept.try_emplace(text);
  if (is_new) {
    events::v1::Event said;
    if (google::protobuf::util::JsonStringToMessage(text, &said).ok()) found->second = said.SerializeAsString();
  }
  return found->second;
}

std::optional<std::string> MeaningOfLine(const Json& line) {
  if (!line.is_object()) return std::nullopt;
  std::string text = Members(line, {"event", "verdict"});
  if (const auto event = line.find("event"); event != line.end()) {
    const std::optional<std::string> bytes = BytesOf(*event);
    if (!bytes.has_value()) return std::nullopt;
    text += *bytes;
  }
  return text;
}

std::optional<std::string> MeaningOfLines(std::string_view text, bool is_ordered) {
  std::vector<std::string> lines;
  const bool ends = EachLine(text, [&](int64_t number, std::string_view line) {
    const std::optional<Json> json = Loose(line);
    const std::optional<std::string> said = json.has_value() ? MeaningOfLine(*json) : std::nullopt;
    lines.push_back(said.has_value() ? *said : fmt::format("line {} is broken", number));
  });
  if (!is_ordered) std::ranges::sort(lines);
  std::string meaning;
  for (const std::string& line : lines) meaning += line + "\n";
  return ends ? meaning : meaning + "cut short";
}

// A note says its text, and who signed it; the order and the number of signatures say nothing.
std::string MeaningOfNote(const std::string& note) {
  const size_t split = note.rfind("\n\n");
  if (split == note.npos || !note.ends_with('\n')) return note;
  std::set<std::string> signatures;
  std::istringstream lines(note.substr(split + 2));
  for (std::string line; std::getline(lines, line);) signatures.insert(line);
  std::string meaning = note.substr(0, split);
  for (const std::string& signature : signatures) meaning += "\n" + signature;
  return meaning;
}

// Does the log have, of every range that `manifest` says to be whole, nothing but what `bundle` has; and is what the
// bundle has in a range?
bool CoversAreTrue(const Json& manifest, const Bundle& bundle, const Honest& honest) {
  std::vector<Cover> covers;
  for (const Json& cover : manifest["covers"]) {
    std::string why;
    Cover read;
    if (!ReadMember(cover, "partition", &read.partition, &why) ||
        !ReadMember(cover, "from_offset", &read.from_offset, &why) ||
        !ReadMember(cover, "until_offset", &read.until_offset, &why) ||
        !ReadMember(cover, "whole", &read.whole, &why) ||
        read.partition >= static_cast<int64_t>(honest.log.partitions.size()))
      return false;
    covers.push_back(read);
  }
  for (size_t partition = 0; partition < honest.log.partitions.size(); ++partition) {
    for (const TestRecord& record : honest.log.partitions[partition]) {
      const bool is_there = bundle.contains(RecordName(static_cast<int64_t>(partition), record.offset));
      bool is_covered = false;
      for (const Cover& cover : covers) {
        if (cover.partition != static_cast<int64_t>(partition) || record.offset < cover.from_offset ||
            record.offset >= cover.until_offset)
          continue;
        is_covered = true;
        if (cover.whole && !is_there) return false;
      }
      if (is_there && !is_covered) return false;
    }
  }
  return true;
}

std::optional<std::string> MeaningOfManifest(const std::string& text, const Bundle& bundle, const Honest& honest,
                                             bool fixed) {
  const std::optional<Json> json = Loose(text);
  if (!json.has_value() || !json->is_object()) return std::nullopt;
  std::set<std::string> left_out = {"asked", "asked_by", "reason", "made_at", "program_version"};
  if (fixed) left_out.insert("files");
  Json manifest = *json;
  // A range may be said in more than one true way.
  if (manifest.contains("covers") && manifest["covers"].is_array() && CoversAreTrue(manifest, bundle, honest))
    manifest["covers"] = "true";
  return Members(manifest, left_out);
}

}  // namespace

std::optional<std::string> MeaningOf(const Bundle& bundle, const Honest& honest, bool fixed) {
  std::string meaning;
  for (const auto& [name, bytes] : bundle) {
    std::optional<std::string> said;
    switch (NameOf(name).kind) {
      case FileName::kManifest:
        said = MeaningOfManifest(bytes, bundle, honest, fixed);
        break;
      case FileName::kEvents:
      case FileName::kProofs:
        said = MeaningOfLines(bytes, true);
        break;
      case FileName::kConsistency:
        said = MeaningOfLines(bytes, false);
        break;
      case FileName::kNote:
      case FileName::kKeyChange:
        said = MeaningOfNote(bytes);
        break;
      case FileName::kView:
      case FileName::kPage:
        // Not even whether it is there.
        continue;
      default:
        said = bytes;
    }
    if (!said.has_value()) return std::nullopt;
    meaning += fmt::format("{} {}\n{}\n", name, said->size(), *said);
  }
  return meaning;
}

bool IsHarmless(const Mutation& mutation, const Honest& honest) {
  if (mutation.bundle == honest.bundle) return true;
  if (!mutation.fixed) {
    // The manifest was not made to fit: any file but it that changed, came or went is found.
    for (const auto& [name, bytes] : honest.bundle) {
      const auto found = mutation.bundle.find(name);
      if (found == mutation.bundle.end() || (name != "manifest.json" && found->second != bytes)) return false;
    }
    if (mutation.bundle.size() != honest.bundle.size()) return false;
  }
  const std::optional<std::string> meaning = MeaningOf(mutation.bundle, honest, mutation.fixed);
  if (!meaning.has_value()) return false;
  if (meaning == MeaningOf(honest.bundle, honest, mutation.fixed)) return true;
  // A selection with less in it is a selection still.
  Bundle less = honest.bundle;
  const std::vector<Json> events = JsonLines(honest.bundle, "events.ndjson");
  for (size_t which = events.size(); which-- > 0;) {
    const bool is_there = mutation.bundle.contains(RecordName(events[which]["partition"], events[which]["offset"]));
    if (!is_there && !IsInWholeRange(honest, events[which])) TakeOut(&less, which);
  }
  return meaning == MeaningOf(less, honest, mutation.fixed);
}

}  // namespace kefu::verify

// Mutations by one who knows what a bundle is: notes, files that fit each other, the log itself.

#include <absl/time/time.h>
#include <fmt/format.h>
#include <google/protobuf/util/json_util.h>

#include <algorithm>

#include "kefu/events/v1/event.pb.h"
#include "platform/testkit/events.h"
#include "services/verify/mutations_testing.h"

namespace kefu::verify {
namespace {

void SetLines(Bundle* bundle, const std::string& name, const std::vector<Json>& lines) {
  std::string text;
  for (const Json& line : lines) text += line.dump() + "\n";
  (*bundle)[name] = text;
}

std::string RecordOf(const Json& line) { return RecordName(line["partition"], line["offset"]); }

std::vector<std::string> NamesOfNotes(const Bundle& bundle) {
  std::vector<std::string> names;
  for (const auto& [name, bytes] : bundle)
    if (NameOf(name).kind == FileName::kNote) names.push_back(name);
  return names;
}

Mutation Fixed(std::string kind, Bundle bundle, std::vector<std::string> files, int64_t line = 0) {
  Mutation mutation{std::move(kind), std::move(bundle), std::move(files), line};
  mutation.fixed = FixManifest(&mutation.bundle);
  return mutation;
}

std::string JsonOf(const events::v1::Event& event) {
  std::string json;
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  (void)google::protobuf::util::MessageToJsonString(event, &json, options);
  return json;
}

// Another event in the place of a record: the adversary writes all that needs no key.
std::optional<Mutation> Replace(const Honest& honest, Random& random) {
  Bundle bundle = honest.bundle;
  std::vector<Json> events = JsonLines(bundle, "events.ndjson");
  std::vector<Json> proofs = JsonLines(bundle, "proofs.ndjson");
  if (events.empty()) return std::nullopt;
  const auto which = static_cast<size_t>(random.Below(static_cast<int64_t>(events.size())));
  const std::string name = RecordOf(events[which]);
  events::v1::Event event;
  if (!events[which].contains("event") || !event.ParseFromString(bundle[name])) return std::nullopt;
  std::string kind = "write another event";
  switch (random.Below(3)) {
    case 0:
      kind = "re-date an event";
      event.mutable_recorded_at()->set_seconds(event.recorded_at().seconds() - 86'400);
      break;
    case 1:
      event.set_client_id(event.client_id() + "9");
      break;
    default:
      event = testkit::Finish(testkit::Closed("K-77"), 5);
  }
  bundle[name] = event.SerializeAsString();
  events[which]["event"] = Json::parse(JsonOf(event));
  SetLines(&bundle, "events.ndjson", events);
  if (random.Chance(50)) return Fixed(kind + ", leave its proof", std::move(bundle), {name});
  proofs[which]["leaf_hash"] = Base64Of(LeavesOf({{bundle[name], 0}}, 1)[0]);
  SetLines(&bundle, "proofs.ndjson", proofs);
  return Fixed(kind + ", and its hash", std::move(bundle), {"proofs.ndjson"}, static_cast<int64_t>(which) + 1);
}

}  // namespace

std::vector<Json> JsonLines(const Bundle& bundle, const std::string& name) {
  std::vector<Json> lines;
  if (const auto file = bundle.find(name); file != bundle.end())
    EachLine(file->second, [&](int64_t, std::string_view line) { lines.push_back(Json::parse(line)); });
  return lines;
}

void TakeOut(Bundle* bundle, size_t which) {
  std::vector<Json> events = JsonLines(*bundle, "events.ndjson");
  std::vector<Json> proofs = JsonLines(*bundle, "proofs.ndjson");
  bundle->erase(RecordOf(events[which]));
  events.erase(events.begin() + static_cast<int64_t>(which));
  proofs.erase(proofs.begin() + static_cast<int64_t>(which));
  SetLines(bundle, "events.ndjson", events);
  SetLines(bundle, "proofs.ndjson", proofs);
}

bool IsInWholeRange(const Honest& honest, const Json& line) {
  return std::ranges::any_of(honest.asked.covers, [&](const Cover& cover) {
    return cover.whole && cover.partition == line["partition"] && line["offset"] >= cover.from_offset &&
           line["offset"] < cover.until_offset;
  });
}

std::optional<Mutation> MutateNotes(const Honest& honest, const Honest& other, Random& random) {
  Bundle bundle = honest.bundle;
  const std::vector<std::string> names = NamesOfNotes(bundle);
  const auto any = [&] { return names[static_cast<size_t>(random.Below(static_cast<int64_t>(names.size())))]; };
  const std::string one = any();
  const std::string two = any();
  const auto text_of = [&](const std::string& name) { return bundle[name].substr(0, bundle[name].rfind("\n\n") + 1); };
  const TestKey thief(honest.key.Public().name(), static_cast<uint8_t>(kHonestKeys + random.Below(50)));
  switch (random.Below(9)) {
    case 0:
      std::swap(bundle[one], bundle[two]);
      return Fixed("swap two notes", std::move(bundle), {one, two});
    case 1:
      bundle[one] = bundle[two];
      return Fixed("replace a note by another of the log", std::move(bundle), {});
    case 2: {
      // A checkpoint by the right key of another log.
      TestLog foreign = honest.log;
      foreign.id = "another-log";
      const FileName parts = NameOf(one);
      const int64_t size = random.Below(honest.asked.sizes[static_cast<size_t>(parts.partition.value_or(0))] + 1);
      bundle[one] = honest.key.Sign(parts.partition.has_value() ? foreign.Text(*parts.partition, size)
                                                                : foreign.Text(honest.asked.sizes));
      return Fixed("replace a note by one of another log, signed by the key", std::move(bundle), {one});
    }
    case 3:
      for (const std::string& name : names) bundle[name] = thief.Sign(text_of(name));
      if (Json manifest = Json::parse(bundle["manifest.json"]); random.Chance(50)) {
        manifest["verifier_key"] = thief.verifier_key();
        bundle["manifest.json"] = manifest.dump();
      }
      return Fixed("sign all notes again with another key", std::move(bundle), {one});
    case 4:
      bundle[one] = thief.Sign(text_of(one));
      return Fixed("sign a note again with another key", std::move(bundle), {one});
    case 5: {
      // The text is changed, the signature is the old one.
      std::string text = text_of(one);
      const size_t second = text.find('\n') + 1;
      text.insert(second, "1");
      bundle[one] = text + bundle[one].substr(bundle[one].rfind("\n\n") + 1);
      return Fixed("change a note's size", std::move(bundle), {one});
    }
    case 6: {
      if (text_of(one) == text_of(two)) return std::nullopt;
      bundle[one] = text_of(one) + bundle[two].substr(bundle[two].rfind("\n\n") + 1);
      return Fixed("give a note the signature of another", std::move(bundle), {one});
    }
    case 7: {
      const auto foreign = other.bundle.find(one);
      if (foreign == other.bundle.end()) return std::nullopt;
      bundle[one] = foreign->second;
      return Fixed("take a note of another bundle", std::move(bundle), {one});
    }
    default: {
      // All that was signed later is taken back: the newest notes are replaced by older ones.
      if (honest.asked.since.empty()) return std::nullopt;
      for (const std::string& name : names) {
        const FileName parts = NameOf(name);
        if (!parts.since.has_value()) bundle[name] = bundle[NoteName(0, parts.partition)];
      }
      return Fixed("roll the newest notes back", std::move(bundle), {});
    }
  }
}

std::optional<Mutation> MutateTogether(const Honest& honest, Random& random) {
  Bundle bundle = honest.bundle;
  std::vector<Json> events = JsonLines(bundle, "events.ndjson");
  std::vector<Json> proofs = JsonLines(bundle, "proofs.ndjson");
  if (events.empty()) return std::nullopt;
  const auto which = static_cast<size_t>(random.Below(static_cast<int64_t>(events.size())));
  const auto second = static_cast<size_t>(random.Below(static_cast<int64_t>(events.size())));
  switch (random.Below(7)) {
    case 0:
    case 1:
      return Replace(honest, random);
    case 2: {
      // Out of a selection anything can be left out unseen; the manifest says that it is one.
      if (!IsInWholeRange(honest, events[which])) return std::nullopt;
      const int64_t partition = events[which]["partition"];
      TakeOut(&bundle, which);
      // At an end the range itself would have to say so: it is named.
      if (random.Chance(50)) return Fixed("drop a record of a whole range", std::move(bundle), {});
      // The rest moves up, so that there is no hole.
      events = JsonLines(bundle, "events.ndjson");
      proofs = JsonLines(bundle, "proofs.ndjson");
      bool moved = false;
      for (size_t i = which; i < events.size(); ++i) {
        if (events[i]["partition"] != partition || events[i]["leaf_index"] == 0) continue;
        moved = true;
        for (std::vector<Json>* lines : {&events, &proofs})
          (*lines)[i]["leaf_index"] = (*lines)[i]["leaf_index"].get<int64_t>() - 1;
      }
      if (!moved) return std::nullopt;
      SetLines(&bundle, "events.ndjson", events);
      SetLines(&bundle, "proofs.ndjson", proofs);
      return Fixed("drop a record of a whole range and patch the places", std::move(bundle), {"proofs.ndjson"});
    }
    case 3:
      // Both files in another order.
      std::swap(events[which], events[second]);
      std::swap(proofs[which], proofs[second]);
      SetLines(&bundle, "events.ndjson", events);
      SetLines(&bundle, "proofs.ndjson", proofs);
      return Fixed("swap two events with their proofs", std::move(bundle), {"events.ndjson"});
    case 4: {
      // Two events change places: what was said second was said first.
      std::swap(bundle[RecordOf(events[which])], bundle[RecordOf(events[second])]);
      for (const char* place : {"partition", "offset", "leaf_index"})
        std::swap(events[which][place], events[second][place]);
      std::swap(events[which], events[second]);
      std::swap(proofs[which]["leaf_hash"], proofs[second]["leaf_hash"]);
      SetLines(&bundle, "events.ndjson", events);
      SetLines(&bundle, "proofs.ndjson", proofs);
      return Fixed("let two events change places", std::move(bundle), {"proofs.ndjson"});
    }
    case 5: {
      // An event that never was, beside one that was.
      const std::string bytes =
          testkit::Recorded(testkit::Finish(testkit::Closed("K-8"), random.Below(99)), testkit::Beginning());
      events::v1::Event event;
      event.ParseFromString(bytes);
      Json line = events[which];
      Json proof = proofs[which];
      for (Json* added : {&line, &proof}) {
        (*added)["offset"] = (*added)["offset"].get<int64_t>() + 1;
        (*added)["leaf_index"] = (*added)["leaf_index"].get<int64_t>() + (random.Chance(50) ? 1 : 0);
      }
      if (bundle.contains(RecordOf(line))) return std::nullopt;
      bundle[RecordOf(line)] = bytes;
      line.erase("undecodable");
      line["event"] = Json::parse(JsonOf(event));
      proof["leaf_hash"] = Base64Of(LeavesOf({{bytes, 0}}, 1)[0]);
      events.insert(events.begin() + static_cast<int64_t>(which) + 1, line);
      proofs.insert(proofs.begin() + static_cast<int64_t>(which) + 1, proof);
      SetLines(&bundle, "events.ndjson", events);
      SetLines(&bundle, "proofs.ndjson", proofs);
      return Fixed("insert an event that never was", std::move(bundle), {"proofs.ndjson"},
                   static_cast<int64_t>(which) + 2);
    }
    default: {
      // The same event at another place of the tree.
      const auto size = honest.asked.sizes[events[which]["partition"].get<size_t>()];
      const int64_t index = random.Below(size + 1);
      if (index == events[which]["leaf_index"]) return std::nullopt;
      events[which]["leaf_index"] = index;
      proofs[which]["leaf_index"] = index;
      SetLines(&bundle, "events.ndjson", events);
      SetLines(&bundle, "proofs.ndjson", proofs);
      return Fixed("say another place of the tree", std::move(bundle), {"proofs.ndjson"},
                   static_cast<int64_t>(which) + 1);
    }
  }
}

std::optional<Mutation> MutateLog(const Honest& honest, Random& random) {
  TestLog log = honest.log;
  const auto partition = static_cast<size_t>(random.Below(static_cast<int64_t>(log.partitions.size())));
  std::vector<TestRecord>& records = log.partitions[partition];
  if (records.empty()) return std::nullopt;
  const auto size = static_cast<int64_t>(records.size());
  const int64_t at = random.Below(size);
  const int64_t second = random.Below(size);
  std::string kind;
  switch (random.Below(6)) {
    case 0: {
      kind = "flip a bit";
      std::string& bytes = records[at].bytes;
      const auto byte = static_cast<size_t>(random.Below(static_cast<int64_t>(bytes.size())));
      bytes[byte] = static_cast<char>(bytes[byte] ^ 1 << random.Below(8));
      break;
    }
    case 1:
      kind = "swap records";
      std::swap(records[at].bytes, records[second].bytes);
      break;
    case 2:
      kind = "delete a record";
      records.erase(records.begin() + at);
      break;
    case 3:
      kind = "insert a record";
      records.insert(records.begin() + at,
                     {testkit::Recorded(testkit::Finish(testkit::Closed("K-9"), 7), testkit::Beginning()), 0});
      break;
    case 4:
      kind = "duplicate a record";
      records.insert(records.begin() + at, records[second]);
      break;
    default:
      kind = "truncate";
      records.resize(static_cast<size_t>(at));
  }
  // Offsets as the honest ones, then one by one.
  for (size_t i = 0; i < records.size(); ++i)
    records[i].offset = i < honest.log.partitions[partition].size() ? honest.log.partitions[partition][i].offset
                                                                    : records[i - 1].offset + 1;
  TestAsked asked = honest.asked;
  asked.sizes = log.Sizes();
  for (auto& sizes : asked.since)
    for (size_t p = 0; p < sizes.size(); ++p) sizes[p] = std::min(sizes[p], asked.sizes[p]);

  // All is made anew; what is signed are the old notes, or the new ones by another key.
  const TestKey thief(honest.key.Public().name(), static_cast<uint8_t>(kHonestKeys + random.Below(50)));
  const bool keeps_notes = random.Chance(50);
  // Of a change of the key only what was said of it can be said again.
  asked.keys_before.clear();
  Bundle bundle = MakeBundle(log, keeps_notes ? honest.key : thief, asked);
  for (const auto& [name, bytes] : honest.bundle)
    if (NameOf(name).kind == FileName::kKeyChange) bundle[name] = bytes;
  if (keeps_notes)
    for (const std::string& name : NamesOfNotes(honest.bundle)) bundle[name] = honest.bundle.at(name);
  return Fixed(fmt::format("{} of the log, {}", kind, keeps_notes ? "keep the notes" : "sign with another key"),
               std::move(bundle), {});
}

}  // namespace kefu::verify

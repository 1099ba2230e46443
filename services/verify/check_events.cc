#include <fmt/format.h>

#include <map>
#include <set>
#include <utility>

#include "services/verify/checks.h"
#include "services/verify/event_text.h"
#include "services/verify/tree.h"

namespace kefu::verify {
namespace {

constexpr char kEventsFile[] = "events.ndjson";
constexpr char kProofsFile[] = "proofs.ndjson";

class EventChecker {
 public:
  EventChecker(const Known& known, Report& report) : known_(known), report_(report) {}

  void Run() {
    ReadProofs();
    const auto events = known_.bundle.find(kEventsFile);
    if (events != known_.bundle.end()) {
      const bool is_whole =
          EachLine(events->second, [&](int64_t number, std::string_view text) { TakeLine(number, text); });
      if (!is_whole) report_.Fails(Check::kForm, {kEventsFile}, "does not end with a newline: it is cut short");
    }
    LookForRest();
    CheckRanges(known_, places_, report_);
    SayWhatHolds();
  }

 private:
  using Key = std::pair<int64_t, int64_t>;
  struct Proof {
    ProofLine line;
    int64_t number = 0;
    bool used = false;
  };

  void ReadProofs() {
    const auto file = known_.bundle.find(kProofsFile);
    if (file == known_.bundle.end()) return;
    const bool is_whole = EachLine(file->second, [&](int64_t number, std::string_view text) {
      std::string why;
      std::optional<ProofLine> line = ReadProofLine(text, &why);
      if (!line.has_value()) return report_.Fails(Check::kForm, {kProofsFile, number}, why);
      const Key key(line->partition, line->offset);
      const Place place{kProofsFile, number, line->partition, line->offset};
      if (!proofs_.try_emplace(key, Proof{*std::move(line), number}).second)
        report_.Fails(Check::kProofs, place,
                      fmt::format("the record at offset {} of partition {} has a second proof", key.second, key.first));
    });
    if (!is_whole) report_.Fails(Check::kForm, {kProofsFile}, "does not end with a newline: it is cut short");
  }

  void TakeLine(int64_t number, std::string_view text) {
    std::string why;
    const std::optional<EventLine> event = ReadEventLine(text, &why);
    if (!event.has_value()) return report_.Fails(Check::kForm, {kEventsFile, number}, why);
    const Place place{kEventsFile, number, event->partition, event->offset};
    CheckOrder(*event, place);
    CheckRange(*event, place);
    places_.push_back({event->partition, event->offset, event->leaf_index});

    const std::string name = RecordName(event->partition, event->offset);
    const auto record = known_.bundle.find(name);
    if (record == known_.bundle.end()) {
      report_.Fails(Check::kRecords, place, fmt::format("its record {} is missing", name));
    } else {
      records_used_.insert(name);
      CheckText(*event, record->second, name, place);
    }
    CheckProof(*event, record == known_.bundle.end() ? nullptr : &record->second, name, place);
  }

  void CheckOrder(const EventLine& event, const Place& place) {
    if (event.leaf_index > event.offset)
      report_.Fails(Check::kOrder, place,
                    fmt::format("it is at place {} of the tree, and at offset {}: before it there are "
                                "more records than offsets",
                                event.leaf_index, event.offset));
    if (places_.empty()) return;
    const EventPlace& before = places_.back();
    if (before.partition > event.partition || (before.partition == event.partition && before.offset >= event.offset)) {
      const bool is_same = before.partition == event.partition && before.offset == event.offset;
      report_.Fails(Check::kOrder, place, is_same ? "this event is there twice" : "it comes after a later event");
    } else if (before.partition == event.partition && before.leaf_index >= event.leaf_index) {
      report_.Fails(Check::kOrder, place, "its place in the tree is not after that of the event before it");
    } else if (before.partition == event.partition &&
               event.leaf_index - before.leaf_index > event.offset - before.offset) {
      report_.Fails(Check::kOrder, place, "between it and the event before it there are more records than offsets");
    }
  }

  void CheckRange(const EventLine& event, const Place& place) {
    for (const Cover& cover : known_.manifest.covers)
      if (cover.partition == event.partition && event.offset >= cover.from_offset && event.offset < cover.until_offset)
        return;
    report_.Fails(Check::kRange, place,
                  fmt::format("offset {} of partition {} is in no range that manifest.json covers", event.offset,
                              event.partition));
  }

  void CheckText(const EventLine& event, const std::string& record, const std::string& name, const Place& place) {
    if (event.undecodable) {
      if (CanBeSaidInJson(record))
        report_.Fails(Check::kText, place, fmt::format("says that {} cannot be read, and it can", name));
      return;
    }
    const std::string difference = DifferenceOfText(event.event, record);
    if (!difference.empty())
      report_.Fails(Check::kText, place, fmt::format("does not say what {} says: {}", name, difference));
  }

  // `record` is null if it is missing.
  void CheckProof(const EventLine& event, const std::string* record, const std::string& name, const Place& place) {
    const auto found = proofs_.find({event.partition, event.offset});
    if (found == proofs_.end()) {
      report_.Fails(Check::kProofs, place, fmt::format("there is no proof of {} in proofs.ndjson", name));
      return;
    }
    const ProofLine& proof = found->second.line;
    found->second.used = true;
    const Place at{kProofsFile, found->second.number, event.partition, event.offset};
    if (at.line != place.line)
      report_.Fails(Check::kProofs, at,
                    fmt::format("proves the event of line {} of events.ndjson: the order is another", place.line));
    if (proof.leaf_index != event.leaf_index)
      report_.Fails(
          Check::kProofs, at,
          fmt::format("is for place {} of the tree, and events.ndjson says {}", proof.leaf_index, event.leaf_index));
    if (record != nullptr && LeafHash(*record) != proof.leaf_hash)
      report_.Fails(
          Check::kLeaf, {name, 0, event.partition, event.offset},
          fmt::format("is not the record that line {} of proofs.ndjson proves: its hash is another", at.line));
    const auto note = known_.newest.partitions.find(event.partition);
    if (note == known_.newest.partitions.end()) {
      report_.Fails(Check::kInclusion, at,
                    fmt::format("there is no checkpoint of partition {} to prove it against", event.partition));
      return;
    }
    const Checkpoint& newest = note->second;
    if (proof.tree_size != newest.size)
      report_.Fails(Check::kTreeSize, at,
                    fmt::format("is for a tree of {} records, and the checkpoint is over {}", Grouped(proof.tree_size),
                                Grouped(newest.size)));
    if (proof.leaf_index >= newest.size) {
      report_.Fails(Check::kInclusion, at,
                    fmt::format("is for place {} of the tree, and the checkpoint is over {} records: "
                                "it says nothing of this event",
                                proof.leaf_index, Grouped(newest.size)));
    } else if (RootByInclusion(proof.leaf_hash, proof.leaf_index, newest.size, proof.path) != newest.root) {
      report_.Fails(Check::kInclusion, at,
                    "does not lead to the root of the checkpoint: this event is not at this place of "
                    "the log that was signed");
    }
  }

  // Records and proofs of no event.
  void LookForRest() {
    for (const auto& [name, bytes] : known_.bundle) {
      if (NameOf(name).kind == FileName::kRecord && !records_used_.contains(name))
        report_.Fails(Check::kRecords, {name}, "is a record that events.ndjson does not have");
    }
    for (const auto& [key, proof] : proofs_)
      if (!proof.used)
        report_.Fails(Check::kProofs, {kProofsFile, proof.number, key.first, key.second},
                      "proves an event that events.ndjson does not have");
  }

  void SayWhatHolds() {
    const auto count = static_cast<int64_t>(places_.size());
    if (count == 0) {
      report_.Holds(Check::kRecords, "there are no events in this bundle: what was asked for had none, as it says");
      return;
    }
    const std::string events = count == 1 ? "1 event" : fmt::format("{} events", Grouped(count));
    report_.Holds(Check::kOrder, "events are in the log's order, none is there twice");
    report_.Holds(Check::kRecords, fmt::format("{}, all with their recorded bytes, and there are no others", events));
    report_.Holds(Check::kProofs, "each event has a proof, and there are no others");
    report_.Holds(Check::kLeaf, "the recorded bytes have the hashes that are proven");
    report_.Holds(Check::kTreeSize, "the proofs are for this checkpoint");
    report_.Holds(Check::kInclusion, "each event is in the log of this checkpoint, unchanged, at its place");
    report_.Holds(Check::kText, "events.ndjson says what the recorded bytes say, field by field");
    report_.Holds(Check::kRange, "they lie in the ranges that manifest.json names");
  }

  const Known& known_;
  Report& report_;
  std::map<Key, Proof> proofs_;
  std::set<std::string> records_used_;
  std::vector<EventPlace> places_;
};

}  // namespace

void CheckEvents(const Known& known, Report& report) { EventChecker(known, report).Run(); }

}  // namespace kefu::verify

#include "services/cli/replayer/verify.h"

#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "kefu/query/v1/case.pb.h"
#include "platform/base/hash.h"
#include "services/cli/replayer/replay.h"

namespace kefu::replayer {

using events::v1::Verdict;

namespace {

constexpr int64_t kRecordsBetweenProgress = 1024;

// The table or index that a stored key is of.
struct Place {
  const sdk::TableInfo* table = nullptr;
  const sdk::IndexInfo* index = nullptr;
};

Place PlaceOf(const sdk::Projection& view, std::string_view key) {
  if (key.empty()) return {};
  const auto id = static_cast<uint8_t>(key.front());
  for (const sdk::TableInfo& table : view.tables) {
    if (table.id == id) return {&table, nullptr};
    for (const sdk::IndexInfo& index : table.indexes)
      if (index.id == id) return {&table, &index};
  }
  return {};
}

// What the server keeps of a verdict: of an applied one nothing but that it was.
bool SameVerdict(const Verdict& live, const Verdict& replayed) {
  if (live.outcome() != replayed.outcome() || live.rule() != replayed.rule()) return false;
  if (live.outcome() == events::v1::VERDICT_OUTCOME_APPLIED) return true;
  return live.revision() == replayed.revision() && live.first_offset() == replayed.first_offset();
}

// Walks what the server holds along what was folded here.
class Comparison {
 public:
  Comparison(const sdk::Projection& view, const Listing& listing, const VerifyOptions& options)
      : view_(view), listing_(listing), options_(options) {}

  void Live(std::string_view key, std::string_view value) {
    while (at_ < listing_.entries.size() && listing_.entries[at_].key < key) OnlyHere();
    if (at_ == listing_.entries.size() || listing_.entries[at_].key != key) return Differ(key, &value, nullptr);
    const std::string_view own = listing_.entries[at_++].value;
    if (own != value) Differ(key, &value, &own);
  }
  RowDifference Finish() {
    while (at_ < listing_.entries.size()) OnlyHere();
    return std::move(first_);
  }

 private:
  void OnlyHere() {
    const Entry& entry = listing_.entries[at_++];
    Differ(entry.key, nullptr, &entry.value);
  }
  void Differ(std::string_view key, const std::string_view* live, const std::string_view* replayed) {
    if (first_.keys++ > 0) return;
    const Place place = PlaceOf(view_, key);
    if (place.table == nullptr) {
      first_.table = "?";
      first_.key = {Hex(key)};
    } else {
      first_.table = place.index != nullptr ? place.index->name : place.table->name;
      first_.key = (place.index != nullptr ? place.index->describe : place.table->describe)(key.substr(1));
    }
    if (live != nullptr) first_.live = EntryAsJson(view_, key, *live, options_.mask);
    if (replayed != nullptr) first_.replayed = EntryAsJson(view_, key, *replayed, options_.mask);
  }

  const sdk::Projection& view_;
  const Listing& listing_;
  const VerifyOptions& options_;
  size_t at_ = 0;
  RowDifference first_;
};

// One run of Verify.
class Verifier {
 public:
  Verifier(LiveServer& server, const VerifyOptions& options) : server_(server), options_(options) {}

  StatusOr<Verification> Run() {
    RETURN_IF_ERROR(AskDigests());
    for (int32_t p = 0; p < server_.partitions(); ++p)
      if (IsAsked(Partition(p))) RETURN_IF_ERROR(VerifyPartition(Partition(p)));
    std::stable_sort(done_.views.begin(), done_.views.end(),
                     [](const ViewResult& a, const ViewResult& b) { return a.view < b.view; });
    return std::move(done_);
  }

 private:
  bool IsAsked(Partition partition) const { return !options_.partition || *options_.partition == partition; }

  Status AskDigests() {
    if (options_.partition && (options_.partition->value() < 0 || options_.partition->value() >= server_.partitions()))
      return NotFound("there is no partition {}; there are 0 to {}", *options_.partition, server_.partitions() - 1);
    ASSIGN_OR_RETURN(views_, ViewsNamed(options_.views));
    asked_.resize(static_cast<size_t>(server_.partitions()));
    for (const sdk::Projection* view : views_) {
      ASSIGN_OR_RETURN(const int32_t version, server_.VersionOf(view->name));
      if (version != view->version)
        return FailedPrecondition(
            "the server serves version {} of view {}, and this program folds version {}: verify with the program of the "
            "server's build (or wait until the new version serves)",
            version, view->name, view->version);
      ASSIGN_OR_RETURN(auto digests, server_.DigestsOf(view->name));
      for (LiveServer::Digest& digest : digests) {
        if (digest.partition.value() < 0 || digest.partition.value() >= server_.partitions())
          return DataLoss("the server tells of partition {}, and has {}", digest.partition, server_.partitions());
        if (!IsAsked(digest.partition)) continue;
        auto& asked = asked_[static_cast<size_t>(digest.partition.value())];
        asked.push_back({view, digest.next, digest.entries, std::move(digest.sha256)});
      }
    }
    for (auto& asked : asked_) {
      std::stable_sort(asked.begin(), asked.end(), [](const LiveDigest& a, const LiveDigest& b) { return a.next < b.next; });
      if (!asked.empty()) total_ += asked.back().next.value();
    }
    return OkStatus();
  }

  Status VerifyPartition(Partition partition) {
    const auto& asked = asked_[static_cast<size_t>(partition.value())];
    if (asked.empty()) return DataLoss("the server tells no digest of partition {}", partition);
    PartitionReplay replay(partition, views_);
    judged_ = Offset(0);
    std::vector<Differing> differing;
    size_t at = 0;
    const auto compare_before = [&](Offset offset) -> Status {
      for (; at < asked.size() && asked[at].next <= offset; ++at) {
        ASSIGN_OR_RETURN(const bool equal, CompareDigest(replay, asked[at]));
        if (equal) {
          replay.Drop(asked[at].view->name);
        } else {
          ASSIGN_OR_RETURN(Revisions revisions, RevisionsOf(*replay.Find(asked[at].view->name)));
          differing.push_back({asked[at].view, done_.views.size() - 1, std::move(revisions)});
        }
      }
      return OkStatus();
    };
    const Offset until = asked.back().next;
    RETURN_IF_ERROR(FoldUntil(replay, until, compare_before));
    RETURN_IF_ERROR(compare_before(until));
    done_.records += replay.records();
    for (const Differing& each : differing) {
      RETURN_IF_ERROR(FoldAsCorrected(replay, each));
      if (!done_.views[each.result].equal()) {
        ASSIGN_OR_RETURN(RowDifference difference, FindDifference(replay, *each.view));
        if (difference.keys > 0) done_.views[each.result].difference = std::move(difference);
      }
      replay.Drop(each.view->name);
    }
    return OkStatus();
  }

  // A case's revision counts what was admitted, whatever it was corrected to.
  using Revisions = std::map<std::string, int64_t>;  // by the case's whole key
  struct Differing {
    const sdk::Projection* view = nullptr;
    size_t result = 0;  // in done_.views
    Revisions revisions;
  };

  // The table whose rows have a revision; null if the view has none.
  static const sdk::TableInfo* CasesOf(const sdk::Projection& view) {
    for (const sdk::TableInfo& table : view.tables)
      if (table.prototype != nullptr && table.prototype->GetDescriptor() == query::v1::Case::descriptor()) return &table;
    return nullptr;
  }

  static StatusOr<Revisions> RevisionsOf(const ViewReplay& view) {
    Revisions revisions;
    const sdk::TableInfo* const cases = CasesOf(view.view());
    if (cases == nullptr) return revisions;
    ASSIGN_OR_RETURN(const Listing listing, view.rows().List());
    for (const Entry& entry : listing.entries) {
      if (static_cast<uint8_t>(entry.key.front()) != cases->id) continue;
      query::v1::Case row;
      if (!row.ParseFromArray(entry.value.data(), static_cast<int>(entry.value.size())))
        return DataLoss("a row of {} is no case", view.view().name);
      revisions[std::string(entry.key)] = row.revision();
    }
    return revisions;
  }

  static Status SetRevisions(ViewReplay& view, const Revisions& revisions) {
    const sdk::TableInfo* const cases = CasesOf(view.view());
    if (cases == nullptr) return OkStatus();
    for (const auto& [key, revision] : revisions) {
      auto* const row = view.mutable_rows().Edit(cases->id, std::string_view(key).substr(1));
      static_cast<sdk::RowOf<query::v1::Case>*>(row)->value.set_revision(revision);
    }
    return view.mutable_rows().Keep();
  }

  // The view from the first record on, with what had been corrected before `until` in its place; null if nothing had.
  StatusOr<std::unique_ptr<PartitionReplay>> Corrected(const PartitionReplay& replay, const sdk::Projection& view,
                                                       Offset until, const Revisions& revisions) {
    Corrections corrections = replay.CorrectionsBefore(until);
    if (corrections.empty() || replay.Find(view.name)->keeps_history()) return std::unique_ptr<PartitionReplay>();
    auto corrected = std::make_unique<PartitionReplay>(
        replay.partition(), std::vector<const sdk::Projection*>{&view}, std::move(corrections));
    RETURN_IF_ERROR(FoldUntil(*corrected, until, nullptr));
    RETURN_IF_ERROR(SetRevisions(*corrected->Find(view.name), revisions));
    return corrected;
  }

  Status FoldAsCorrected(const PartitionReplay& replay, const Differing& each) {
    ViewResult& result = done_.views[each.result];
    ASSIGN_OR_RETURN(const auto corrected, Corrected(replay, *each.view, result.next, each.revisions));
    if (corrected == nullptr) return OkStatus();
    ASSIGN_OR_RETURN(const Listing listing, corrected->Find(each.view->name)->rows().List());
    result.replayed_entries = static_cast<int64_t>(listing.entries.size());
    result.replayed_digest = DigestOf(listing);
    return OkStatus();
  }

  // `before` is called with each record's offset before it is folded.
  Status FoldUntil(PartitionReplay& replay, Offset until, const std::function<Status(Offset)>& before) {
    if (replay.next() >= until) return OkStatus();
    const auto take = [&](const LiveServer::Record& record) -> Status {
      if (record.offset < replay.next() || record.offset >= until)
        return DataLoss("partition {} offset {} came out of order, where offsets from {} to {} were asked for",
                        replay.partition(), record.offset, replay.next(), until.value() - 1);
      if (record.leaf_index != replay.records())
        return DataLoss("partition {} offset {} is record {} of its partition, and {} came before it: records are missing",
                        replay.partition(), record.offset, record.leaf_index, replay.records());
      if (before) RETURN_IF_ERROR(before(record.offset));
      ASSIGN_OR_RETURN(const Verdict verdict, replay.Take(record.offset, record.bytes));
      // Where views are folded a second time, verdicts are compared already.
      if (record.offset >= judged_) {
        if (record.verdict == nullptr || !SameVerdict(*record.verdict, verdict))
          NoteVerdict(replay.partition(), record, verdict);
        judged_ = record.offset.Next();
        ++folded_;
      }
      if (folded_ % kRecordsBetweenProgress == 0 && options_.progress) options_.progress(folded_, std::max(folded_, total_));
      return OkStatus();
    };
    RETURN_IF_ERROR(server_.Records(replay.partition(), replay.next(), until, take));
    // The last record that a view holds is one that was there.
    if (replay.next() != until)
      return DataLoss("partition {}: the views hold events up to offset {}, and the records that were replayed end at {}: "
                      "records are missing",
                      replay.partition(), until.value() - 1, replay.next().value() - 1);
    return OkStatus();
  }

  void NoteVerdict(Partition partition, const LiveServer::Record& record, const Verdict& verdict) {
    ++done_.verdict_differences;
    if (done_.verdicts.size() == kShownVerdicts) return;
    done_.verdicts.push_back(
        {partition, record.offset, record.verdict != nullptr ? *record.verdict : Verdict(), verdict});
  }

  struct LiveDigest {
    const sdk::Projection* view = nullptr;
    Offset next;
    int64_t entries = 0;
    std::string digest;
  };

  StatusOr<bool> CompareDigest(const PartitionReplay& replay, const LiveDigest& asked) {
    const ViewReplay& view = *replay.Find(asked.view->name);
    ASSIGN_OR_RETURN(const Listing listing, view.rows().List());
    ViewResult& result = done_.views.emplace_back();
    result.view = asked.view->name;
    result.partition = replay.partition();
    result.next = asked.next;
    result.live_entries = asked.entries;
    result.live_digest = asked.digest;
    result.replayed_entries = static_cast<int64_t>(listing.entries.size());
    result.replayed_digest = DigestOf(listing);
    for (const auto& [client, waiting] : view.parked()) result.parked += waiting.events;
    return result.equal();
  }

  StatusOr<RowDifference> FindDifference(PartitionReplay& replay, const sdk::Projection& view) {
    std::unique_ptr<PartitionReplay> corrected;
    std::optional<Listing> listing;
    std::optional<Comparison> comparison;
    Offset read_at;
    const auto begin = [&](Offset next) -> Status {
      if (next < replay.next())
        return Unavailable("view {} went back from offset {} to {} in partition {} while it was verified; is it being "
                           "rebuilt? try again",
                           view.name, replay.next(), next, replay.partition());
      RETURN_IF_ERROR(FoldUntil(replay, next, nullptr));
      ASSIGN_OR_RETURN(const Revisions revisions, RevisionsOf(*replay.Find(view.name)));
      ASSIGN_OR_RETURN(corrected, Corrected(replay, view, next, revisions));
      const PartitionReplay& folded = corrected != nullptr ? *corrected : replay;
      ASSIGN_OR_RETURN(listing, folded.Find(view.name)->rows().List());
      comparison.emplace(view, *listing, options_);
      read_at = next;
      return OkStatus();
    };
    const auto take = [&](std::string_view key, std::string_view value) {
      comparison->Live(key, value);
      return OkStatus();
    };
    RETURN_IF_ERROR(server_.Stored(view.name, replay.partition(), begin, take));
    if (!comparison) return DataLoss("the server did not say of which offset the rows of view {} are", view.name);
    RowDifference difference = comparison->Finish();
    difference.next = read_at;
    return difference;
  }

  LiveServer& server_;
  const VerifyOptions& options_;
  std::vector<const sdk::Projection*> views_;
  std::vector<std::vector<LiveDigest>> asked_;  // by partition
  int64_t total_ = 0;
  int64_t folded_ = 0;
  Offset judged_;  // in the partition in hand
  Verification done_;
};

}  // namespace

bool Verification::Agrees() const {
  return verdict_differences == 0 &&
         std::all_of(views.begin(), views.end(), [](const ViewResult& result) { return result.equal(); });
}

StatusOr<Verification> Verify(LiveServer& server, const VerifyOptions& options) {
  return Verifier(server, options).Run();
}

std::string EntryAsJson(const sdk::Projection& view, std::string_view key, std::string_view value,
                        const std::function<void(google::protobuf::Message*)>& mask) {
  const Place place = PlaceOf(view, key);
  if (place.index != nullptr) {
    return nlohmann::json{{"row", place.table->describe(value)}}.dump(-1, ' ', false,
                                                                     nlohmann::json::error_handler_t::replace);
  }
  if (place.table != nullptr && place.table->prototype != nullptr) {
    const std::unique_ptr<google::protobuf::Message> row(place.table->prototype->New());
    if (row->ParseFromArray(value.data(), static_cast<int>(value.size()))) {
      if (mask) mask(row.get());
      std::string json;
      if (google::protobuf::util::MessageToJsonString(*row, &json).ok()) return json;
    }
  }
  if (mask) return fmt::format("{{\"bytes\":{},\"sha256\":\"{}\"}}", value.size(), Hex(Sha256(value)));
  return fmt::format("{{\"hex\":\"{}\"}}", Hex(value));
}

}  // namespace kefu::replayer

#include "projections/past/clients_past.h"

#include <algorithm>
#include <array>

#include "platform/base/reason.h"
#include "platform/base/time.h"
#include "platform/codec/key.h"
#include "projections/journal/entry.h"
#include "projections/journal/journal.h"
#include "projections/past/client_history.h"
#include "projections/past/fold_stage.h"

namespace kefu::past {
namespace {

constexpr std::string_view kJournal = journal::JournalView::kName;
// By name: what answers about one client are made of, beside the journal.
constexpr std::array<std::string_view, 3> kFolded = {"case", "client", "relation"};
// Tables and indexes whose keys begin with the client.
constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kByClient = {{{"case", "by_client"},
                                                                                     {"client", "clients"},
                                                                                     {"client", "known_cases"},
                                                                                     {"relation", "merges"},
                                                                                     {"relation", "relations"}}};

Status NeedsMoment(std::string_view view) {
  return WithReason(FailedPrecondition("view \"{}\" does not tell the past of one client, or has parked broadcast facts: open "
                                       "a moment with AuditService.OpenMoment and ask of it",
                                       view),
                    "AS_OF_NEEDS_MOMENT");
}

bool IsByClient(std::string_view view, std::string_view table) {
  return std::find(kByClient.begin(), kByClient.end(), std::pair(view, table)) != kByClient.end();
}

std::string FirstPart(std::string_view key) {
  std::string part;
  return codec::TakePart(key, &part) ? part : std::string();
}

// One view, as far as it was asked for.
struct FoldedRows {
  const sdk::Projection* projection = nullptr;
  StoredRows rows;
  // Clients whose rows are there, and what of theirs is parked.
  std::map<std::string, std::optional<engine::PartitionView::Gap>, std::less<>> clients;
};

class PastPartition final : public engine::PartitionView {
 public:
  PastPartition(std::shared_ptr<const engine::PartitionView> live, PartitionCut cut, KnownBroadcasts& broadcasts,
                const std::vector<const sdk::Projection*>& projections)
      : live_(std::move(live)), cut_(cut), broadcasts_(broadcasts) {
    for (const sdk::Projection* projection : projections)
      if (std::find(kFolded.begin(), kFolded.end(), projection->name) != kFolded.end())
        views_[std::string(projection->name)].projection = projection;
  }

  Partition partition() const override { return live_->partition(); }
  Offset next_offset(std::string_view) const override { return cut_.next.value_or(read_to_); }

  StatusOr<bool> Get(std::string_view view, std::string_view table, std::string_view key,
                     store::PinnedValue* row) const override {
    if (view == kJournal && table != journal::Corrections::kName) return live_->Get(view, table, key, row);
    if (view == kJournal) {
      ASSIGN_OR_RETURN(const auto* corrections, CorrectionsOf(FirstPart(key)));
      const auto found = corrections->find(key);
      if (found != corrections->end()) row->SetView(found->second);
      return found != corrections->end();
    }
    ASSIGN_OR_RETURN(const auto* rows, RowsOf(view, table, key));
    const auto found = rows->find(key);
    if (found == rows->end()) return false;
    row->SetView(found->second);
    return true;
  }

  StatusOr<std::unique_ptr<store::Cursor>> Scan(std::string_view view, std::string_view table, std::string_view lower,
                                                std::string_view upper, store::Order order) const override {
    if (view == kJournal && table == journal::Corrections::kName) {
      ASSIGN_OR_RETURN(const auto* corrections, CorrectionsOf(FirstPart(lower)));
      return Walk(*corrections, lower, upper, order);
    }
    if (view == kJournal) {
      if (table != journal::Entries::kName) return NeedsMoment(view);
      ASSIGN_OR_RETURN(const ClientHistory* history, HistoryOf(FirstPart(lower)));
      const std::string& end = history->journal_end();
      return live_->Scan(view, table, lower, upper.empty() || upper > end ? end : upper, order);
    }
    ASSIGN_OR_RETURN(const auto* rows, RowsOf(view, table, lower));
    return Walk(*rows, lower, upper, order);
  }

  std::optional<Gap> GapOf(std::string_view view, std::string_view client_id) const override {
    const auto found = views_.find(view);
    if (found == views_.end()) return std::nullopt;
    const auto gap = found->second.clients.find(client_id);
    return gap == found->second.clients.end() ? std::nullopt : gap->second;
  }

 private:
  using Rows = StoredRows::mapped_type;

  StatusOr<const Rows*> RowsOf(std::string_view view, std::string_view table, std::string_view key) const {
    const auto found = views_.find(view);
    if (found == views_.end()) return NeedsMoment(view);
    FoldedRows& folded = found->second;
    if (IsByClient(view, table)) RETURN_IF_ERROR(HistoryOf(FirstPart(key)).status());
    for (const auto& [client_id, history] : histories_) RETURN_IF_ERROR(Fold(client_id, *history, &folded));
    for (const sdk::TableInfo& each : folded.projection->tables) {
      if (each.name == table) return &folded.rows[each.id];
      for (const sdk::IndexInfo& index : each.indexes)
        if (index.name == table) return &folded.rows[index.id];
    }
    return NotFound("view \"{}\" has no table \"{}\"", view, table);
  }

  StatusOr<const ClientHistory*> HistoryOf(const std::string& client_id) const {
    // A broadcast fact that parks holds up all that come after it, whomever they are about.
    for (const auto& [view, folded] : views_)
      if (live_->GapOf(view, "").has_value()) return NeedsMoment(view);
    if (const auto found = histories_.find(client_id); found != histories_.end()) return found->second.get();
    ASSIGN_OR_RETURN(auto history, ClientHistory::Read(*live_, client_id, cut_));
    read_to_ = std::max(read_to_, history->next());
    return (histories_[client_id] = std::move(history)).get();
  }

  // The journal's table of corrections as it was then.
  StatusOr<const Rows*> CorrectionsOf(const std::string& client_id) const {
    if (const auto found = corrections_.find(client_id); found != corrections_.end()) return &found->second;
    ASSIGN_OR_RETURN(const ClientHistory* history, HistoryOf(client_id));
    Rows& rows = corrections_[client_id];
    for (const auto& entry : history->entries()) {
      const bool annuls = entry.event->has_event_annulled();
      if ((!annuls && !entry.event->has_event_corrected()) ||
          entry.verdict->outcome() != events::v1::VERDICT_OUTCOME_APPLIED)
        continue;
      rows[codec::Key(client_id, Offset(entry.verdict->first_offset()))] =
          journal::CorrectedBy{entry.event->event_id(), annuls, entry.offset}.Encode();
    }
    return &rows;
  }

  // What the view folds of this client, in order.
  StatusOr<std::vector<ClientHistory::Entry>> EventsFor(const ClientHistory& history, const FoldedRows& folded) const {
    std::vector<ClientHistory::Entry> events;
    events.reserve(history.entries().size());
    for (const auto& entry : history.entries()) {
      if (entry.verdict->outcome() == events::v1::VERDICT_OUTCOME_REFUSED && !folded.projection->takes_refused) continue;
      if (folded.projection->Wants(entry.event->body_case())) events.push_back(entry);
    }
    if (events.empty() || folded.projection->name == "relation") return events;
    ASSIGN_OR_RETURN(const auto facts, broadcasts_.In(*live_, {folded.projection}));
    if (facts.empty()) return events;
    ASSIGN_OR_RETURN(auto times, EffectiveTimes::Open(*live_, ""));
    const size_t own = events.size();
    for (const auto& fact : facts) {
      if (cut_.next.has_value() && fact->offset >= *cut_.next) break;
      ASSIGN_OR_RETURN(const absl::Time recorded_at,
                       times.Of(fact->offset, FromProto(fact->event.recorded_at())));
      if (cut_.recorded.has_value() && recorded_at > *cut_.recorded) break;
      events.push_back({fact->offset, recorded_at, &fact->verdict, &fact->event, fact->bytes});
    }
    std::inplace_merge(events.begin(), events.begin() + static_cast<std::ptrdiff_t>(own), events.end(),
                       [](const auto& a, const auto& b) { return a.offset < b.offset; });
    return events;
  }

  Status Fold(const std::string& client_id, const ClientHistory& history, FoldedRows* folded) const {
    if (folded->clients.contains(client_id)) return OkStatus();
    ASSIGN_OR_RETURN(const auto events, EventsFor(history, *folded));
    // Whose events are parked from which on, and what for. Where one parks, all is folded again without it, as the engine
    // does: a fold need not be undone.
    std::map<std::string, std::pair<size_t, std::string>, std::less<>> parked;
    std::optional<Gap> gap;
    while (true) {
      FoldStage stage(*folded->projection);
      gap.reset();
      bool again = false;
      for (size_t i = 0; i < events.size() && !again; ++i) {
        const ClientHistory::Entry& entry = events[i];
        const auto waits = parked.find(entry.event->client_id());
        if (waits != parked.end() && i >= waits->second.first) {
          if (entry.event->client_id() != client_id) continue;
          if (!gap.has_value()) gap = Gap{0, waits->second.second, entry.recorded_at};
          ++gap->events;
          continue;
        }
        const auto reason = Apply(*folded->projection, entry, &stage);
        if (!reason.has_value()) continue;
        parked[entry.event->client_id()] = {i, *reason};
        again = true;
      }
      if (again) continue;
      // What a fact about two clients did to the other one's rows is only a part of what they are.
      const auto is_whole = [&](const sdk::TableInfo& table, std::string_view key) {
        return !IsByClient(folded->projection->name, table.name) || FirstPart(key) == client_id;
      };
      stage.StoreInto(is_whole, &folded->rows);
      folded->clients[client_id] = gap;
      return OkStatus();
    }
  }

  // Why it parks, if it does.
  std::optional<std::string> Apply(const sdk::Projection& projection, const ClientHistory::Entry& entry,
                                   FoldStage* stage) const {
    const sdk::RecordedEvent record{entry.event,  entry.bytes,       partition(),
                                    entry.offset, entry.recorded_at, entry.verdict};
    try {
      const sdk::Outcome outcome = projection.Apply(record, *stage);
      if (outcome.kind() != sdk::Outcome::Kind::kParked) return std::nullopt;
      return outcome.reason().empty() ? "the fold gave no reason" : outcome.reason();
    } catch (const std::exception& error) {
      return fmt::format("exception: {}", error.what());
    }
  }

  const std::shared_ptr<const engine::PartitionView> live_;
  const PartitionCut cut_;
  KnownBroadcasts& broadcasts_;
  // Filled as rows are asked for.
  mutable std::map<std::string, FoldedRows, std::less<>> views_;
  mutable std::map<std::string, std::unique_ptr<ClientHistory>, std::less<>> histories_;
  mutable std::map<std::string, Rows, std::less<>> corrections_;
  mutable Offset read_to_;
};

class ClientsEngine final : public engine::Engine {
 public:
  ClientsEngine(const engine::Engine& live, KnownBroadcasts& broadcasts, ClientsCut cut)
      : live_(live), broadcasts_(broadcasts), cut_(std::move(cut)), at_(static_cast<size_t>(live.partitions())) {}

  Status Start() override { return OkStatus(); }
  void Stop() override {}
  int32_t partitions() const override { return live_.partitions(); }
  const log::LogIdentity& log_identity() const override { return live_.log_identity(); }
  const std::vector<const sdk::Projection*>& projections() const override { return live_.projections(); }

  std::shared_ptr<const engine::PartitionView> At(Partition partition) const override {
    const auto p = static_cast<size_t>(partition.value());
    if (at_[p] == nullptr) {
      PartitionCut cut{cut_.recorded, std::nullopt};
      if (cut_.position.has_value()) cut.next = Offset(cut_.position->next_offsets[p]);
      at_[p] = std::make_shared<PastPartition>(live_.At(partition), cut, broadcasts_, live_.projections());
    }
    return at_[p];
  }

  log::Position CurrentPosition() const override {
    if (cut_.position.has_value()) return *cut_.position;
    log::Position position{log_identity().id, {}};
    for (const auto& each : at_) position.next_offsets.push_back(each == nullptr ? 0 : each->next_offset({}).value());
    return position;
  }

  // The caller learns from the position that is shown whether it is enough.
  void WhenReached(Partition, Offset, absl::Time, std::function<void(Status)> done) override { done(OkStatus()); }

  StatusOr<events::v1::Verdict> VerdictAt(Partition partition, Offset offset) const override {
    return live_.VerdictAt(partition, offset);
  }
  std::optional<absl::Time> moment() const override { return cut_.recorded.value_or(absl::UnixEpoch()); }
  std::shared_ptr<void> Listen(std::string_view, engine::ChangeListener) override { return nullptr; }
  std::vector<admin::v1::View> Describe() const override { return {}; }
  Status Rebuild(std::string_view view) override { return NeedsMoment(view); }
  StatusOr<std::vector<admin::v1::ParkedEvent>> ListParked(std::string_view view, Partition, Offset,
                                                           int) const override {
    return NeedsMoment(view);
  }
  StatusOr<Retried> RetryParked(std::string_view view, std::string_view) override { return NeedsMoment(view); }
  StatusOr<admin::v1::PartitionDigest> Digest(std::string_view view, Partition) const override {
    return NeedsMoment(view);
  }
  Status Health() const override { return OkStatus(); }

 private:
  const engine::Engine& live_;
  KnownBroadcasts& broadcasts_;
  const ClientsCut cut_;
  mutable std::vector<std::shared_ptr<const PastPartition>> at_;
};

Status PositionInvalid(std::string message) {
  return WithReason(InvalidArgument("{}", message), "POSITION_INVALID", "position");
}

}  // namespace

StatusOr<KnownBroadcasts::Facts> KnownBroadcasts::In(const engine::PartitionView& partition,
                                                     const std::vector<const sdk::Projection*>& views) {
  const std::lock_guard lock(mutex_);
  Known& known = known_[{partition.partition(), views}];
  const Offset end = partition.next_offset(kJournal);
  if (known.next >= end) return known.facts;
  ASSIGN_OR_RETURN(const auto stored, partition.Scan(kJournal, journal::Broadcasts::kName, codec::Key(known.next), {}));
  for (; stored->Valid(); stored->Next()) {
    std::string_view key = stored->key();
    auto fact = std::make_shared<Fact>();
    const auto entry = journal::DecodeEntry(stored->value());
    if (!codec::TakePart(key, &fact->offset) || !entry.has_value() ||
        !fact->event.ParseFromArray(entry->event.data(), static_cast<int>(entry->event.size())))
      return DataLoss("the journal has a broadcast entry that is none; rebuild the view");
    const int body = fact->event.body_case();
    if (std::none_of(views.begin(), views.end(), [&](const auto* view) { return view->Wants(body); })) continue;
    fact->bytes = std::string(entry->event);
    fact->verdict = entry->Verdict();
    known.facts.push_back(std::move(fact));
  }
  RETURN_IF_ERROR(stored->status());
  known.next = end;
  return known.facts;
}

StatusOr<std::unique_ptr<engine::Engine>> OpenClientsAsOf(const engine::Engine& live, KnownBroadcasts& broadcasts,
                                                          const ClientsCut& cut) {
  if (cut.position.has_value()) {
    const log::Position now = live.CurrentPosition();
    if (cut.position->log_id != now.log_id) return PositionInvalid("the position is of another log");
    if (cut.position->next_offsets.size() != now.next_offsets.size())
      return PositionInvalid("the position has another number of partitions");
    for (size_t p = 0; p < now.next_offsets.size(); ++p)
      if (cut.position->next_offsets[p] > now.next_offsets[p])
        return PositionInvalid(fmt::format("the position is past what the views hold: partition {} is at offset {}, not {}", p,
                                           now.next_offsets[p], cut.position->next_offsets[p]));
  }
  return std::unique_ptr<engine::Engine>(std::make_unique<ClientsEngine>(live, broadcasts, cut));
}

}  // namespace kefu::past

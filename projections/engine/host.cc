#include "projections/engine/host.h"

#include <algorithm>
#include <filesystem>

#include "platform/base/check.h"
#include "platform/base/time.h"
#include "projections/admission/admission.h"
#include "projections/engine/build_compare.h"
#include "projections/engine/partition_state.h"

namespace kefu::engine {

namespace {

constexpr char kDamagedMarker[] = "DAMAGED";

}  // namespace

PartitionHost::PartitionHost(HostContext& context, Partition partition)
    : context_(context),
      partition_(partition),
      directory_(StoreFolder(context.options.directory, partition)),
      recent_(kRecentVerdicts, Judged{Offset(-1), {}}) {}

StatusOr<std::unique_ptr<PartitionHost>> PartitionHost::Open(HostContext& context, Partition partition) {
  std::unique_ptr<PartitionHost> host(new PartitionHost(context, partition));
  Status opened = std::filesystem::exists(host->directory_ + "/" + kDamagedMarker)
                      ? DataLoss("{} was found damaged", host->directory_)
                      : host->OpenStore();
  if (opened.code() == StatusCode::kDataLoss) {
    // A view store holds nothing that the log does not: keep the damaged one for a look, build anew.
    host->store_.reset();
    std::string aside;
    for (int i = 1; aside.empty() || std::filesystem::exists(aside); ++i)
      aside = fmt::format("{}.damaged-{}", host->directory_, i);
    std::error_code error;
    std::filesystem::rename(host->directory_, aside, error);
    if (error) return Unavailable("cannot move {} aside: {}", host->directory_, error.message());
    opened = host->OpenStore();
  }
  RETURN_IF_ERROR(opened);
  RETURN_IF_ERROR(host->OpenViews());
  const std::lock_guard lock(host->mutex_);
  host->Refresh();
  return host;
}

Status PartitionHost::OpenStore() {
  ASSIGN_OR_RETURN(store_, store::Store::Open({directory_, context_.resources, context_.options.reserve_bytes}));
  ASSIGN_OR_RETURN(tables_.meta, store_->OpenTable(kMetaTable, store::TableKind::kRows));
  ASSIGN_OR_RETURN(tables_.parked, store_->OpenTable(kParkedTable, store::TableKind::kRows));
  const std::string identity = IdentityText(context_.log.id, partition_, context_.log.partitions);
  ASSIGN_OR_RETURN(const auto stored, GetMeta(kIdentityKey));
  if (!stored) return PutMeta({{kIdentityKey, identity}});
  if (*stored == identity) return OkStatus();
  if (!stored->starts_with(fmt::format("{} ", kFormat)))
    return DataLoss("{} has another format ({})", directory_, *stored);
  trouble_ = Trouble{
      FailedPrecondition("{} was folded from another log ({}, this is {}); point it at its own log, or delete the "
                         "folder to build it from this one",
                         directory_, *stored, identity),
      true};
  return OkStatus();
}

StatusOr<std::optional<std::string>> PartitionHost::GetMeta(std::string_view key) const {
  store::PinnedValue value;
  ASSIGN_OR_RETURN(const bool found, store_->Get(tables_.meta, key, &value));
  if (!found) return std::optional<std::string>();
  return std::optional<std::string>(value.view());
}

Status PartitionHost::PutMeta(const std::vector<std::pair<std::string, std::string>>& entries) {
  const auto batch = store_->NewBatch();
  for (const auto& [key, value] : entries) {
    if (value.empty()) {
      batch->Delete(tables_.meta, key);
    } else {
      batch->Put(tables_.meta, key, value);
    }
  }
  return store_->Write(*batch);
}

StatusOr<Place> PartitionHost::PlaceOf(const std::string& table_name) const {
  ASSIGN_OR_RETURN(const auto stored, GetMeta(PlaceKey(table_name)));
  if (!stored) return Place();
  const auto place = Place::Decode(*stored);
  if (!place) return DataLoss("the place of {} in {} cannot be decoded", table_name, directory_);
  return *place;
}

StatusOr<std::unique_ptr<FoldedView>> PartitionHost::OpenBuild(const sdk::Projection& projection,
                                                               const TableName& name) {
  auto view = std::make_unique<FoldedView>();
  view->projection = &projection;
  view->name = name;
  view->table_name = name.Encode();
  // Tables of nothing but raw rows are written once and read in ranges.
  const bool archive = std::none_of(projection.tables.begin(), projection.tables.end(),
                                    [](const sdk::TableInfo& table) { return table.prototype != nullptr; }) &&
                       name.view != admission::State().name;
  ASSIGN_OR_RETURN(view->table, store_->OpenTable(view->table_name, archive ? store::TableKind::kArchive
                                                                            : store::TableKind::kRows));
  view->stage = std::make_unique<RowStage>(projection, *store_, view->table, context_.budget);
  auto gaps = std::make_shared<Gaps>();
  const std::string prefix = codec::Key(view->table_name);
  const auto cursor = store_->TakeSnapshot()->Scan(tables_.parked, prefix, codec::PrefixEnd(prefix));
  for (; cursor->Valid(); cursor->Next()) {
    std::string_view key = cursor->key().substr(prefix.size());
    std::string client;
    const auto frame = ParkedFrame::Decode(cursor->value());
    if (!codec::TakePart(key, &client) || !frame) return DataLoss("a parked event in {} is damaged", directory_);
    PartitionView::Gap& gap = (*gaps)[client];
    if (gap.events++ == 0) {
      gap.reason = frame->reason;
      gap.since = frame->recorded_at;
    }
  }
  RETURN_IF_ERROR(cursor->status());
  view->gaps = std::move(gaps);
  return view;
}

LaneOptions PartitionHost::OptionsOfLanes() const {
  return {.judge_all_applied = !context_.options.admission,
          .bulk_bytes = context_.options.bulk_bytes,
          .journal_at = [this](Offset offset) { return JournalAt(offset); }};
}

StatusOr<std::optional<store::TableId>> PartitionHost::JournalAt(Offset offset) const {
  std::vector<std::pair<std::string, store::TableId>> builds;
  {
    const std::lock_guard lock(mutex_);
    const Slot* slot = SlotOf("journal");
    if (slot == nullptr) return std::optional<store::TableId>();
    for (const std::optional<TableName>& name : {std::optional(slot->serving), slot->building}) {
      if (!name || name->version != slot->projection->version) continue;
      if (const auto shown = shown_.find(name->Encode()); shown != shown_.end())
        builds.emplace_back(shown->first, shown->second.table);
    }
  }
  for (const auto& [name, table] : builds) {
    ASSIGN_OR_RETURN(const Place place, PlaceOf(name));
    if (place.next >= offset) return std::optional(table);
  }
  return std::optional<store::TableId>();
}

std::unique_ptr<Lane> PartitionHost::MakeLane(Place place, std::unique_ptr<FoldedView> view) {
  auto lane = std::make_unique<Lane>(partition_, *store_, tables_, place, nullptr, OptionsOfLanes());
  lane->Add(std::move(view));
  return lane;
}

// Another version of admission judges the log anew; views that are ahead of it wait. The older one's verdicts go first.
Status PartitionHost::DropOlderAdmission(const TableName& current) {
  for (const std::string& table : store_->TableNames()) {
    const auto name = TableName::Decode(table);
    if (!name || name->view != current.view || name->version >= current.version) continue;
    RETURN_IF_ERROR(store_->DropTable(kVerdictTable));
    RETURN_IF_ERROR(DropBuild(*name));
  }
  ASSIGN_OR_RETURN(tables_.verdicts, store_->OpenTable(kVerdictTable, store::TableKind::kRows));
  return OkStatus();
}

Status PartitionHost::OpenViews() {
  const sdk::Projection& state = admission::State();
  const TableName admission_name{std::string(state.name), state.version, 0};
  RETURN_IF_ERROR(DropOlderAdmission(admission_name));
  ASSIGN_OR_RETURN(auto judge, OpenBuild(state, admission_name));
  ASSIGN_OR_RETURN(const Place main_place, PlaceOf(judge->table_name));
  main_ = std::make_unique<Lane>(partition_, *store_, tables_, main_place, std::move(judge), OptionsOfLanes());
  shown_next_ = main_place.next;
  for (size_t i = 0; i < context_.projections.size(); ++i) RETURN_IF_ERROR(OpenView(i, main_place));
  return OkStatus();
}

// Decides what becomes of one view: served and folded as it is; served frozen while a new version is built beside it;
// or new. What is at the main place joins the main lane, the rest lags.
Status PartitionHost::OpenView(size_t index, Place main_place) {
  const sdk::Projection& projection = *context_.projections[index];
  ASSIGN_OR_RETURN(const auto serving, GetMeta(ServingKey(projection.name)));
  ASSIGN_OR_RETURN(const auto building, GetMeta(BuildingKey(projection.name)));
  Slot slot{&projection, {std::string(projection.name), projection.version, 0}, std::nullopt, std::nullopt, false};
  if (serving) {
    const auto name = TableName::Decode(*serving);
    if (!name) return DataLoss("the name of a table in {} cannot be decoded", directory_);
    slot.serving = *name;
  } else {
    RETURN_IF_ERROR(PutMeta({{ServingKey(projection.name), slot.serving.Encode()}}));
  }
  if (building) {
    const auto name = TableName::Decode(*building);
    if (name && name->version == projection.version) {
      slot.building = *name;
    } else if (name) {
      RETURN_IF_ERROR(DropBuild(*name));
    }
  }
  ASSIGN_OR_RETURN(const auto previous, GetMeta(PreviousKey(projection.name)));
  if (previous) slot.previous = TableName::Decode(*previous);
  ASSIGN_OR_RETURN(const auto refused, GetMeta(RefusedKey(projection.name)));
  slot.refused = refused && slot.building && *refused == slot.building->Encode();
  if (slot.serving.version != projection.version && !slot.building) {
    slot.building = TableName{std::string(projection.name), projection.version, slot.NextBuild()};
    RETURN_IF_ERROR(PutMeta({{BuildingKey(projection.name), slot.building->Encode()}}));
  }

  const auto take = [&](const TableName& name, bool serves) -> Status {
    ASSIGN_OR_RETURN(auto view, OpenBuild(projection, name));
    ASSIGN_OR_RETURN(const Place place, PlaceOf(view->table_name));
    Show(*view, place.next);
    if (name.version != projection.version) return OkStatus();  // an older version: it serves, but is not folded
    if (serves) view->listened = context_.listened[index].get();
    if (place.next == main_place.next) {
      in_main_.insert(view->table_name);
      main_->Add(std::move(view));
    } else {
      lagging_.push_back(MakeLane(place, std::move(view)));
    }
    return OkStatus();
  };
  RETURN_IF_ERROR(take(slot.serving, true));
  if (slot.building) RETURN_IF_ERROR(take(*slot.building, false));
  if (slot.previous) RETURN_IF_ERROR(take(*slot.previous, false));
  slots_.push_back(std::move(slot));
  return OkStatus();
}

Status PartitionHost::CheckAgainst(log::EventLog& log) {
  std::vector<Place> places{main_->committed()};
  for (const auto& lane : lagging_) places.push_back(lane->committed());
  ASSIGN_OR_RETURN(const Offset end, log.EndOffset(partition_));
  for (const Place& place : places) {
    if (place.next.value() == 0) continue;
    if (place.next > end)
      return DataLoss("partition {} of the log ends at offset {}, but the views hold events up to {}: the log was cut "
                      "or replaced. Restore the log, or delete {} to build the views from what is there",
                      partition_, end, place.next, directory_);
    const StatusOr<std::string> record = log.ReadOne(partition_, Offset(place.next.value() - 1));
    if (record.status().code() == StatusCode::kNotFound || record.status().code() == StatusCode::kOutOfRange)
      return DataLoss("partition {} of the log no longer has offset {}, which the views hold", partition_,
                      place.next.value() - 1);
    RETURN_IF_ERROR(record.status());
    if (FastHash128(*record) != place.last_record)
      return DataLoss("partition {} offset {} of the log is not the record the views were folded from: this is another "
                      "log. Point to the right one, or delete {} to build the views from this one",
                      partition_, place.next.value() - 1, directory_);
  }
  return OkStatus();
}

std::shared_ptr<const PartitionView> PartitionHost::View() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

Offset PartitionHost::shown_next() const {
  const std::lock_guard lock(mutex_);
  return shown_next_;
}

std::optional<Trouble> PartitionHost::trouble() const {
  const std::lock_guard lock(mutex_);
  return trouble_;
}

void PartitionHost::SetTrouble(Trouble trouble) {
  if (trouble.status.code() == StatusCode::kDataLoss && !trouble.refuse_reads) {
    // Found while running: the next start builds this store anew.
    const std::string marker = directory_ + "/" + kDamagedMarker;
    if (std::FILE* file = std::fopen(marker.c_str(), "w")) std::fclose(file);
  }
  const std::lock_guard lock(mutex_);
  trouble_ = std::move(trouble);
  Refresh();
}

void PartitionHost::ClearTrouble() {
  const std::lock_guard lock(mutex_);
  trouble_.reset();
  Refresh();
}

std::optional<events::v1::Verdict> PartitionHost::RecentVerdict(Offset offset) const {
  const std::lock_guard lock(mutex_);
  const Judged& judged = recent_[static_cast<size_t>(offset.value()) % recent_.size()];
  if (judged.offset != offset) return std::nullopt;
  return judged.verdict;
}

StatusOr<events::v1::Verdict> PartitionHost::StoredVerdict(Offset offset) const {
  store::PinnedValue value;
  ASSIGN_OR_RETURN(const bool found, store_->Get(tables_.verdicts, codec::Key(offset), &value));
  events::v1::Verdict verdict;
  if (!found) {
    verdict.set_outcome(events::v1::VERDICT_OUTCOME_APPLIED);
  } else if (!verdict.ParseFromArray(value.view().data(), static_cast<int>(value.view().size()))) {
    return DataLoss("the verdict of partition {} offset {} cannot be decoded", partition_, offset);
  }
  return verdict;
}

StatusOr<std::vector<std::pair<Offset, events::v1::Verdict>>> PartitionHost::StoredVerdicts(Offset from,
                                                                                              Offset until) const {
  std::vector<std::pair<Offset, events::v1::Verdict>> verdicts;
  const auto snapshot = store_->TakeSnapshot();
  const auto cursor = snapshot->Scan(tables_.verdicts, codec::Key(from), codec::Key(until));
  for (; cursor->Valid(); cursor->Next()) {
    std::string_view key = cursor->key();
    Offset offset;
    events::v1::Verdict verdict;
    if (!codec::TakePart(key, &offset) ||
        !verdict.ParseFromArray(cursor->value().data(), static_cast<int>(cursor->value().size())))
      return DataLoss("a verdict of partition {} cannot be decoded", partition_);
    verdicts.emplace_back(offset, std::move(verdict));
  }
  RETURN_IF_ERROR(cursor->status());
  return verdicts;
}

void PartitionHost::Show(const FoldedView& view, Offset next) {
  shown_[view.table_name] = {view.table, next, view.gaps};
}

void PartitionHost::Refresh() { Refresh(store_->TakeSnapshot()); }

void PartitionHost::Refresh(std::shared_ptr<const store::Snapshot> snapshot) {
  std::vector<State::ShownView> views;
  for (const Slot& slot : slots_) views.push_back({slot.projection, shown_.at(slot.serving.Encode())});
  const Status unreadable = trouble_ && trouble_->refuse_reads
                                ? FailedPrecondition("{}", MessageOf(trouble_->status))
                                : OkStatus();
  state_ = std::make_shared<State>(partition_, std::move(snapshot), std::move(views), unreadable);
}

void PartitionHost::Publish(const Lane& lane, const Committed& committed) {
  const std::lock_guard lock(mutex_);
  for (const auto& view : lane.views()) Show(*view, committed.place.next);
  if (&lane == main_.get()) {
    shown_next_ = committed.place.next;
    for (const Judged& judged : committed.judged) {
      Judged& place = recent_[static_cast<size_t>(judged.offset.value()) % recent_.size()];
      if (place.offset < judged.offset) place = judged;
    }
  }
  Refresh();
}

PartitionHost::Slot* PartitionHost::SlotOf(std::string_view view) {
  for (Slot& slot : slots_)
    if (slot.projection->name == view) return &slot;
  return nullptr;
}

const PartitionHost::Slot* PartitionHost::SlotOf(std::string_view view) const {
  return const_cast<PartitionHost*>(this)->SlotOf(view);
}

const std::atomic<bool>* PartitionHost::ListenedOf(std::string_view view) const {
  for (size_t i = 0; i < context_.projections.size(); ++i)
    if (context_.projections[i]->name == view) return context_.listened[i].get();
  return nullptr;
}

PartitionHost::ViewProgress PartitionHost::ProgressOf(std::string_view view) const {
  const std::lock_guard lock(mutex_);
  const Slot* slot = SlotOf(view);
  KEFU_CHECK(slot != nullptr, "view {}", view);
  ViewProgress progress;
  progress.serving = slot->serving;
  const Shown& serving = shown_.at(slot->serving.Encode());
  progress.serving_next = serving.next;
  for (const auto& [client, gap] : *serving.gaps) progress.parked += gap.events;
  if (slot->building) {
    progress.building = slot->building;
    progress.building_next = shown_.at(slot->building->Encode()).next;
  }
  progress.refused = slot->refused;
  progress.previous = slot->previous;
  return progress;
}

StatusOr<Lane::Retried> PartitionHost::RetryParked(std::string_view view, std::string_view client_id) {
  std::string table_name;
  {
    const std::lock_guard lock(mutex_);
    table_name = SlotOf(view)->serving.Encode();
  }
  for (const auto& folded : main_->views()) {
    if (folded->table_name != table_name) continue;
    Lane::Retried sum;
    const std::shared_ptr<const Gaps> gaps = folded->gaps;
    // From here on a fold of the log gives other rows, perhaps. Said before they are.
    ASSIGN_OR_RETURN(const auto retried_before, GetMeta(RetriedKey(table_name)));
    if (!gaps->empty()) RETURN_IF_ERROR(PutMeta({{RetriedKey(table_name), "1"}}));
    for (const auto& [client, gap] : *gaps) {
      if (!client_id.empty() && client != client_id) continue;
      ASSIGN_OR_RETURN(const Lane::Retried retried, main_->Retry(*folded, client));
      sum.applied += retried.applied;
      sum.still_parked += retried.still_parked;
    }
    if (sum.applied == 0 && !retried_before) RETURN_IF_ERROR(PutMeta({{RetriedKey(table_name), ""}}));
    Publish(*main_, Committed{main_->committed(), {}, {}, 0});
    return sum;
  }
  return FailedPrecondition("view \"{}\" is catching up in partition {}; try again when it is live", view, partition_);
}

StatusOr<std::vector<admin::v1::ParkedEvent>> PartitionHost::ListParked(std::string_view view, Offset after,
                                                                        int limit) const {
  std::string table_name;
  std::shared_ptr<const State> state;
  {
    const std::lock_guard lock(mutex_);
    const Slot* slot = SlotOf(view);
    if (slot == nullptr) return NotFound("there is no view \"{}\"", view);
    table_name = slot->serving.Encode();
    state = state_;
  }
  std::vector<admin::v1::ParkedEvent> parked;
  const std::string prefix = codec::Key(table_name);
  const auto cursor = state->snapshot().Scan(tables_.parked, prefix, codec::PrefixEnd(prefix));
  for (; cursor->Valid(); cursor->Next()) {
    std::string_view key = cursor->key().substr(prefix.size());
    std::string client;
    Offset offset;
    const auto frame = ParkedFrame::Decode(cursor->value());
    events::v1::Event event;
    if (!codec::TakePart(key, &client) || !codec::TakePart(key, &offset) || !frame ||
        !event.ParseFromArray(frame->record.data(), static_cast<int>(frame->record.size())))
      return DataLoss("a parked event of view \"{}\" cannot be decoded", view);
    if (offset <= after) continue;
    admin::v1::ParkedEvent& entry = parked.emplace_back();
    entry.set_view(std::string(view));
    entry.set_partition(partition_.value());
    entry.set_offset(offset.value());
    entry.set_client_id(client);
    entry.set_event_id(event.event_id());
    entry.set_reason(std::string(frame->reason));
    *entry.mutable_recorded_at() = ToProto(frame->recorded_at);
  }
  RETURN_IF_ERROR(cursor->status());
  std::sort(parked.begin(), parked.end(), [](const auto& a, const auto& b) { return a.offset() < b.offset(); });
  if (parked.size() > static_cast<size_t>(limit)) parked.resize(limit);
  return parked;
}

StatusOr<admin::v1::PartitionDigest> PartitionHost::Digest(std::string_view view) const {
  std::shared_ptr<const State> state;
  {
    const std::lock_guard lock(mutex_);
    state = state_;
  }
  const State::ShownView* shown = state->Find(view);
  if (shown == nullptr) return NotFound("there is no view \"{}\"", view);
  Sha256Stream digest;
  admin::v1::PartitionDigest answer;
  const auto cursor = state->snapshot().Scan(shown->shown.table, "", "");
  for (; cursor->Valid(); cursor->Next()) {
    AddToDigest(cursor->key(), cursor->value(), &digest);
    answer.set_entries(answer.entries() + 1);
  }
  RETURN_IF_ERROR(cursor->status());
  answer.set_partition(partition_.value());
  answer.set_next_offset(shown->shown.next.value());
  answer.set_digest(Hex(digest.Finish()));
  return answer;
}

}  // namespace kefu::engine

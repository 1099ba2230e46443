// Builds of views in one partition: one serves, one may be in the making, one may be kept from before.

#include <algorithm>

#include "platform/base/check.h"
#include "platform/codec/key.h"
#include "projections/engine/build_compare.h"
#include "projections/engine/host.h"
#include "projections/engine/partition_state.h"

namespace kefu::engine {

StatusOr<std::unique_ptr<Lane>> PartitionHost::StartBuild(std::string_view view) {
  RETURN_IF_ERROR(DropPrevious(view));
  TableName name;
  const sdk::Projection* projection;
  {
    const std::lock_guard lock(mutex_);
    const Slot* slot = SlotOf(view);
    if (slot->building) return std::unique_ptr<Lane>();
    projection = slot->projection;
    name = {std::string(view), projection->version, slot->NextBuild()};
  }
  RETURN_IF_ERROR(DropBuild(name));  // left over from a build that never began to be one
  ASSIGN_OR_RETURN(auto build, OpenBuild(*projection, name));
  RETURN_IF_ERROR(PutMeta({{BuildingKey(view), build->table_name}, {ComparedKey(view), ""}}));
  const std::lock_guard lock(mutex_);
  SlotOf(view)->building = name;
  Show(*build, Offset(0));
  return MakeLane(Place(), std::move(build));
}

void PartitionHost::Join(std::shared_ptr<Lane> lane) {
  KEFU_CHECK(!lane->HasStaged() && !main_->HasStaged() && lane->next() == main_->next(), "lane {} main {}",
             lane->next(), main_->next());
  while (!lane->views().empty()) {
    auto view = lane->Remove(lane->views().front()->table_name);
    {
      const std::lock_guard lock(mutex_);
      in_main_.insert(view->table_name);
    }
    main_->Add(std::move(view));
  }
}

bool PartitionHost::BuildHasJoined(std::string_view view) const {
  const std::lock_guard lock(mutex_);
  const Slot* slot = SlotOf(view);
  return !slot->building || in_main_.contains(slot->building->Encode());
}

Status PartitionHost::Serve(std::string_view view, const TableName& to) {
  const std::lock_guard lock(mutex_);
  Slot* slot = SlotOf(view);
  if (slot->serving == to) return OkStatus();
  const bool is_new = slot->building == to;
  if (!is_new && slot->previous != to)
    return FailedPrecondition("view \"{}\" has no build {} in partition {}", view, to.Encode(), partition_);
  const TableName from = slot->serving;
  std::vector<std::pair<std::string, std::string>> changes{{ServingKey(view), to.Encode()},
                                                           {PreviousKey(view), from.Encode()}};
  if (is_new)
    changes.insert(changes.end(), {{BuildingKey(view), ""}, {RefusedKey(view), ""}, {ComparedKey(view), ""}});
  RETURN_IF_ERROR(PutMeta(changes));
  if (is_new) {
    if (slot->previous) leftovers_.push_back(*slot->previous);
    slot->building.reset();
    slot->refused = false;
  }
  slot->serving = to;
  slot->previous = from;
  // What was shown, by other tables: a snapshot taken now might hold a commit whose position is not published yet.
  Refresh(state_->shared_snapshot());
  return OkStatus();
}

Status PartitionHost::Settle(std::string_view view) {
  std::vector<TableName> leftovers;
  {
    const std::lock_guard lock(mutex_);
    const std::string serving = SlotOf(view)->serving.Encode();
    for (const auto& folded : main_->views())
      if (folded->projection->name == view) folded->listened = folded->table_name == serving ? ListenedOf(view) : nullptr;
    leftovers.swap(leftovers_);
  }
  for (const TableName& name : leftovers) RETURN_IF_ERROR(Forget(name));
  return OkStatus();
}

Status PartitionHost::Refuse(std::string_view view, const TableName& build) {
  const std::lock_guard lock(mutex_);
  Slot* slot = SlotOf(view);
  if (slot->building != build) return OkStatus();
  RETURN_IF_ERROR(PutMeta({{RefusedKey(view), build.Encode()}}));
  slot->refused = true;
  return OkStatus();
}

// Only from the worker: the main lane may fold it.
Status PartitionHost::Forget(const TableName& name) {
  const std::string table_name = name.Encode();
  main_->Remove(table_name);
  {
    const std::lock_guard lock(mutex_);
    shown_.erase(table_name);
    in_main_.erase(table_name);
  }
  return DropBuild(name);
}

Status PartitionHost::DropRefused(std::string_view view) {
  TableName name;
  {
    const std::lock_guard lock(mutex_);
    Slot* slot = SlotOf(view);
    if (!slot->building || !slot->refused) return OkStatus();
    RETURN_IF_ERROR(PutMeta({{BuildingKey(view), ""}, {RefusedKey(view), ""}, {ComparedKey(view), ""}}));
    name = *slot->building;
    slot->building.reset();
    slot->refused = false;
  }
  return Forget(name);
}

Status PartitionHost::DropPrevious(std::string_view view) {
  TableName name;
  {
    const std::lock_guard lock(mutex_);
    Slot* slot = SlotOf(view);
    if (!slot->previous) return OkStatus();
    RETURN_IF_ERROR(PutMeta({{PreviousKey(view), ""}}));
    name = *slot->previous;
    slot->previous.reset();
  }
  return Forget(name);
}

std::optional<Offset> PartitionHost::ComparesAt(const Lane& lane) const {
  const std::lock_guard lock(mutex_);
  if (lane.views().size() != 1) return std::nullopt;
  const FoldedView& view = *lane.views().front();
  const Slot* slot = SlotOf(view.projection->name);
  if (slot->building != view.name || slot->serving.version == slot->projection->version) return std::nullopt;
  const Offset stands = shown_.at(slot->serving.Encode()).next;
  if (lane.next() > stands || compared_.contains(view.table_name)) return std::nullopt;
  return stands;
}

StatusOr<admin::v1::CompareBuildsResponse> PartitionHost::Compare(std::string_view view, int limit) const {
  std::shared_ptr<const State> state;
  Slot slot;
  Shown serving, other;
  TableName other_name;
  {
    const std::lock_guard lock(mutex_);
    const Slot* found = SlotOf(view);
    if (found == nullptr) return NotFound("there is no view \"{}\"", view);
    slot = *found;
    if (!slot.building && !slot.previous)
      return FailedPrecondition("view \"{}\" has one build only, {}", view, slot.serving.Encode());
    other_name = slot.building ? *slot.building : *slot.previous;
    state = state_;
    serving = shown_.at(slot.serving.Encode());
    other = shown_.at(other_name.Encode());
  }
  if (slot.building) {
    ASSIGN_OR_RETURN(const auto kept, GetMeta(ComparedKey(view)));
    admin::v1::CompareBuildsResponse answer;
    if (kept && answer.ParseFromString(*kept) && answer.other_build() == other_name.Encode()) return answer;
  }
  if (serving.next != other.next)
    return FailedPrecondition("{} is at offset {} of partition {}, and {} at {}: they cannot be compared",
                              slot.serving.Encode(), serving.next, partition_, other_name.Encode(), other.next);
  // What parked in one of them and not in the other makes rows differ, and everybody knows why.
  const bool parked_alike = serving.gaps->size() == other.gaps->size();
  const bool same_version = slot.serving.version == other_name.version;
  const auto& declared = context_.options.expects_difference;
  ASSIGN_OR_RETURN(
      auto answer,
      CompareBuilds(state->snapshot(), partition_, *slot.projection, serving.table, other.table,
                    [&](std::string_view table, std::string_view key, std::optional<std::string_view> before,
                        std::optional<std::string_view> after) {
                      if (!parked_alike) return true;
                      if (declared) return declared(*slot.projection, table, key, before, after);
                      return !same_version;
                    },
                    limit));
  answer.set_serving_build(slot.serving.Encode());
  answer.set_other_build(other_name.Encode());
  // Of this partition; the engine makes one position of all.
  answer.set_position(std::to_string(serving.next.value()));
  return answer;
}

Status PartitionHost::KeepComparison(std::string_view view) {
  ASSIGN_OR_RETURN(const auto compared, Compare(view, kShownDifferences));
  RETURN_IF_ERROR(PutMeta({{ComparedKey(view), compared.SerializeAsString()}}));
  const std::lock_guard lock(mutex_);
  compared_.insert(compared.other_build());
  return OkStatus();
}

StatusOr<std::vector<std::string>> PartitionHost::Notes() const {
  std::vector<std::string> notes;
  const std::string prefix = NoteKey("");
  const auto snapshot = store_->TakeSnapshot();
  const auto cursor = snapshot->Scan(tables_.meta, prefix, codec::PrefixEnd(prefix));
  for (; cursor->Valid(); cursor->Next()) notes.emplace_back(cursor->value());
  RETURN_IF_ERROR(cursor->status());
  return notes;
}

Status PartitionHost::PutNote(std::string_view key, std::string_view note) {
  return PutMeta({{NoteKey(key), std::string(note)}});
}

Status PartitionHost::DropBuild(const TableName& name) {
  const std::string table_name = name.Encode();
  const auto batch = store_->NewBatch();
  batch->Delete(tables_.meta, PlaceKey(table_name));
  batch->Delete(tables_.meta, RetriedKey(table_name));
  const std::string prefix = codec::Key(table_name);
  const auto cursor = store_->TakeSnapshot()->Scan(tables_.parked, prefix, codec::PrefixEnd(prefix));
  for (; cursor->Valid(); cursor->Next()) batch->Delete(tables_.parked, cursor->key());
  RETURN_IF_ERROR(cursor->status());
  RETURN_IF_ERROR(store_->Write(*batch));
  return store_->DropTable(table_name);
}

}  // namespace kefu::engine

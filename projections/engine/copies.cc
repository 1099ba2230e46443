#include "projections/engine/copies.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include "platform/store/copy.h"
#include "projections/admission/admission.h"
#include "projections/engine/host.h"

namespace kefu::engine {
namespace {

TableName AdmissionTable() { return {std::string(admission::State().name), admission::State().version, 0}; }

StatusOr<std::optional<std::string>> GetFrom(const store::Snapshot& snapshot, store::TableId table,
                                             std::string_view key) {
  store::PinnedValue value;
  ASSIGN_OR_RETURN(const bool found, snapshot.Get(table, key, &value));
  if (!found) return std::optional<std::string>();
  return std::optional<std::string>(value.view());
}

StatusOr<Place> PlaceIn(const store::Snapshot& snapshot, store::TableId meta, const std::string& table) {
  ASSIGN_OR_RETURN(const auto stored, GetFrom(snapshot, meta, PlaceKey(table)));
  if (!stored) return Place();
  const auto place = Place::Decode(*stored);
  if (!place) return DataLoss("the place of {} cannot be decoded", table);
  return *place;
}

// Drops from a copy all that `tables` do not need.
class Preparation {
 public:
  Preparation(store::Store& store, const std::vector<std::string>& tables) : store_(store), tables_(tables) {}

  StatusOr<Place> Run(const std::string& identity) {
    std::vector<std::string> wanted = tables_;
    for (const char* table : {kMetaTable, kVerdictTable, kParkedTable}) wanted.emplace_back(table);
    const std::vector<std::string> there = store_.TableNames();
    for (const std::string& table : wanted)
      if (std::find(there.begin(), there.end(), table) == there.end())
        return DataLoss("the copy has no table \"{}\"", table);
    ASSIGN_OR_RETURN(meta_, store_.OpenTable(kMetaTable, store::TableKind::kRows));
    const auto snapshot = store_.TakeSnapshot();
    ASSIGN_OR_RETURN(const auto stored, GetFrom(*snapshot, meta_, kIdentityKey));
    if (!stored) return DataLoss("the copy does not say what it is of");
    if (*stored != identity) return FailedPrecondition("the copy is of \"{}\", not of \"{}\"", *stored, identity);
    ASSIGN_OR_RETURN(const Place place, CommonPlace(*snapshot));
    RETURN_IF_ERROR(ForgetMeta(*snapshot));
    for (const std::string& table : there)
      if (std::find(wanted.begin(), wanted.end(), table) == wanted.end()) RETURN_IF_ERROR(store_.DropTable(table));
    return place;
  }

 private:
  StatusOr<Place> CommonPlace(const store::Snapshot& snapshot) const {
    ASSIGN_OR_RETURN(const Place common, PlaceIn(snapshot, meta_, AdmissionTable().Encode()));
    for (const std::string& table : tables_) {
      ASSIGN_OR_RETURN(const Place place, PlaceIn(snapshot, meta_, table));
      if (place.next != common.next)
        return DataLoss("{} of the copy is at offset {}, admission at {}", table, place.next, common.next);
      const auto name = TableName::Decode(table);
      if (!name || table == AdmissionTable().Encode()) continue;
      ASSIGN_OR_RETURN(const auto serving, GetFrom(snapshot, meta_, ServingKey(name->view)));
      if (serving != table) return DataLoss("{} of the copy does not serve", table);
    }
    return common;
  }

  // Which build serves and where the tables are: nothing else is of use.
  Status ForgetMeta(const store::Snapshot& snapshot) {
    std::set<std::string, std::less<>> of_use{kIdentityKey};
    for (const std::string& table : tables_) {
      of_use.insert(PlaceKey(table));
      if (const auto name = TableName::Decode(table)) of_use.insert(ServingKey(name->view));
    }
    const auto batch = store_.NewBatch();
    const auto cursor = snapshot.Scan(meta_, "", "");
    for (; cursor->Valid(); cursor->Next())
      if (!of_use.contains(cursor->key())) batch->Delete(meta_, cursor->key());
    RETURN_IF_ERROR(cursor->status());
    return store_.Write(*batch);
  }

  store::Store& store_;
  const std::vector<std::string>& tables_;
  store::TableId meta_ = 0;
};

}  // namespace

std::vector<std::string> PartitionHost::TablesServing() const {
  std::vector<std::string> tables{AdmissionTable().Encode()};
  {
    const std::lock_guard lock(mutex_);
    for (const Slot& slot : slots_) tables.push_back(slot.serving.Encode());
  }
  std::sort(tables.begin(), tables.end());
  return tables;
}

// kFailedPrecondition unless all that serves stands at one place, as a fold of the log gave it.
StatusOr<StoreCopy> PartitionHost::StandingIn(const store::Snapshot& snapshot) const {
  StoreCopy copy;
  const std::string admission = AdmissionTable().Encode();
  ASSIGN_OR_RETURN(copy.place, PlaceIn(snapshot, tables_.meta, admission));
  copy.tables.push_back(admission);
  for (const sdk::Projection* projection : context_.projections) {
    ASSIGN_OR_RETURN(const auto serving, GetFrom(snapshot, tables_.meta, ServingKey(projection->name)));
    const auto name = serving ? TableName::Decode(*serving) : std::nullopt;
    if (!name || name->version != projection->version)
      return FailedPrecondition("view \"{}\" does not serve in the version of this program", projection->name);
    ASSIGN_OR_RETURN(const Place place, PlaceIn(snapshot, tables_.meta, *serving));
    if (place.next != copy.place.next)
      return FailedPrecondition("view \"{}\" is at offset {} of partition {}, admission at {}", projection->name,
                                place.next, partition_, copy.place.next);
    ASSIGN_OR_RETURN(const auto retried, GetFrom(snapshot, tables_.meta, RetriedKey(*serving)));
    if (retried) return FailedPrecondition("parked events of view \"{}\" were applied out of turn", projection->name);
    copy.tables.push_back(*serving);
  }
  std::sort(copy.tables.begin(), copy.tables.end());
  return copy;
}

StatusOr<StoreCopy> PartitionHost::CopyTo(const std::string& directory) {
  if (const auto found = trouble()) return FailedPrecondition("{}", MessageOf(found->status));
  // First without copying: a view that is built takes hours, and each attempt would write memtables out.
  RETURN_IF_ERROR(StandingIn(*store_->TakeSnapshot()).status());
  ASSIGN_OR_RETURN(const auto snapshot, store::CopyStore(*store_, directory));
  auto copy = StandingIn(*snapshot);
  std::error_code ignored;
  if (!copy.ok()) std::filesystem::remove_all(directory, ignored);
  return copy;
}

Copier* CopierOf(Engine& engine) { return dynamic_cast<Copier*>(&engine); }

StatusOr<Place> PrepareCopy(const std::string& directory, const log::LogIdentity& log, Partition partition,
                            const std::vector<std::string>& tables, const store::ResourceOptions& resources) {
  // Opening would make a store where there is none.
  if (!std::filesystem::exists(directory + "/CURRENT")) return DataLoss("{} is no copy of a store", directory);
  ASSIGN_OR_RETURN(const auto store, store::Store::Open({directory, store::MakeSharedResources(resources), 0}));
  return Preparation(*store, tables).Run(IdentityText(log.id, partition, log.partitions));
}

}  // namespace kefu::engine

#include "projections/engine/row_stage.h"

#include <algorithm>
#include <map>

#include "platform/base/check.h"

namespace kefu::engine {

namespace {

// An entry around its row: the key, the hash set's slot, the allocator's rounding.
constexpr int64_t kEntryBytes = 192;
constexpr int64_t kRawEntryBytes = 16;

class Gather : public sdk::IndexKeys {
 public:
  Gather(uint8_t id, std::vector<std::string>& keys) : id_(id), keys_(keys) {}
  void AddEncoded(std::string key) override {
    key.insert(key.begin(), static_cast<char>(id_));
    keys_.push_back(std::move(key));
  }

 private:
  uint8_t id_;
  std::vector<std::string>& keys_;
};

}  // namespace

RowStage::RowStage(const sdk::Projection& projection, store::Store& store, store::TableId table, MemoryBudget& budget)
    : store_(store), table_(table), budget_(budget) {
  for (const sdk::TableInfo& info : projection.tables) tables_[info.id] = &info;
}

RowStage::~RowStage() { budget_.used -= own_bytes_; }

void RowStage::Account(int64_t difference) {
  own_bytes_ += difference;
  budget_.used.fetch_add(difference, std::memory_order_relaxed);
}

void RowStage::SetBytes(Entry& entry, int64_t bytes) {
  Account(bytes - entry.bytes);
  entry.bytes = bytes;
}

std::string_view RowStage::FullKey(uint8_t table, std::string_view key) {
  key_buffer_.assign(1, static_cast<char>(table));
  key_buffer_.append(key);
  return key_buffer_;
}

RowStage::Entry& RowStage::Load(uint8_t table, std::string_view key) {
  const std::string_view full = FullKey(table, key);
  const auto found = rows_.find(full);
  if (found != rows_.end()) {
    (*found)->touched = batch_number_;
    return **found;
  }
  auto entry = std::make_unique<Entry>();
  entry->key = full;
  entry->table = tables_[table];
  entry->touched = batch_number_;
  KEFU_CHECK(entry->table != nullptr && entry->table->make_row != nullptr, "table {} is not one of rows", table);
  Read(*entry);
  return **rows_.insert(std::move(entry)).first;
}

void RowStage::Read(Entry& entry) {
  SetBytes(entry, kEntryBytes);
  if (!fault_.ok()) return;
  store::PinnedValue value;
  const StatusOr<bool> found = store_.Get(table_, entry.key, &value);
  if (!found.ok()) {
    fault_ = found.status();
    return;
  }
  if (!*found) return;
  entry.row = entry.table->make_row();
  if (!entry.row->Parse(value.view())) {
    fault_ = DataLoss("a row of table {} cannot be decoded", entry.table->name);
    entry.row.reset();
    return;
  }
  entry.stored = true;
  SetBytes(entry, kEntryBytes + static_cast<int64_t>(entry.row->MemoryBytes(value.view().size())));
}

const sdk::Row* RowStage::Find(uint8_t table, std::string_view key) { return Load(table, key).row.get(); }

std::vector<std::string> RowStage::IndexKeysOf(const Entry& entry) {
  std::vector<std::string> keys;
  if (entry.row == nullptr) return keys;
  for (const sdk::IndexInfo& index : entry.table->indexes) {
    Gather gather(index.id, keys);
    index.keys(*entry.row, gather);
  }
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  return keys;
}

void RowStage::MakeDirty(Entry& entry) {
  if (entry.dirty) return;
  entry.dirty = true;
  dirty_.push_back(&entry);
  dirty_bytes_ += entry.bytes;
  if (!entry.table->indexes.empty()) entry.index_keys = IndexKeysOf(entry);
}

sdk::Row* RowStage::Edit(uint8_t table, std::string_view key) {
  Entry& entry = Load(table, key);
  MakeDirty(entry);
  if (entry.row == nullptr) entry.row = entry.table->make_row();
  return entry.row.get();
}

void RowStage::Erase(uint8_t table, std::string_view key) {
  Entry& entry = Load(table, key);
  MakeDirty(entry);
  entry.row.reset();
}

void RowStage::PrefetchRaw(uint8_t table, const std::vector<std::string>& keys) {
  prefetched_.clear();
  raw_is_read_[table] = true;
  if (!fault_.ok()) return;
  for (const std::string& key : keys) {
    const std::string_view full = FullKey(table, key);
    if (!raw_.Find(full)) prefetched_.push_back({std::string(full), {}, false});
  }
  const auto before = [](const Prefetched& a, const Prefetched& b) { return a.key < b.key; };
  const auto same = [](const Prefetched& a, const Prefetched& b) { return a.key == b.key; };
  std::sort(prefetched_.begin(), prefetched_.end(), before);
  prefetched_.erase(std::unique(prefetched_.begin(), prefetched_.end(), same), prefetched_.end());
  std::vector<std::string_view> wanted;
  for (const Prefetched& each : prefetched_) wanted.push_back(each.key);
  std::vector<store::PinnedValue> values;
  std::vector<bool> found;
  if (const Status status = store_.MultiGet(table_, wanted, &values, &found); !status.ok()) {
    fault_ = status;
    prefetched_.clear();
    return;
  }
  for (size_t i = 0; i < prefetched_.size(); ++i) {
    prefetched_[i].found = found[i];
    if (found[i]) prefetched_[i].value = std::move(values[i]);
  }
}

std::optional<std::string_view> RowStage::FindRaw(uint8_t table, std::string_view key) {
  raw_is_read_[table] = true;
  const std::string_view full = FullKey(table, key);
  if (const auto staged = raw_.Find(full)) return staged;
  if (!fault_.ok()) return std::nullopt;
  const auto known = std::lower_bound(prefetched_.begin(), prefetched_.end(), full,
                                      [](const Prefetched& each, std::string_view wanted) { return each.key < wanted; });
  if (known != prefetched_.end() && known->key == full) {
    if (!known->found) return std::nullopt;
    return known->value.view();
  }
  const StatusOr<bool> stored = store_.Get(table_, full, &raw_value_);
  if (!stored.ok()) {
    fault_ = stored.status();
    return std::nullopt;
  }
  if (!*stored) return std::nullopt;
  return raw_value_.view();
}

void RowStage::PutRaw(uint8_t table, std::string_view key, std::string_view value) {
  const std::string_view full = FullKey(table, key);
  Account(static_cast<int64_t>(full.size() + value.size()) + kRawEntryBytes);
  if (raw_is_read_[table]) {
    raw_.PutFindable(full, value);
  } else {
    raw_.Put(full, value);
  }
}

void RowStage::DiffIndexes(const Entry& entry) {
  const std::vector<std::string> now = IndexKeysOf(entry);
  const std::string_view primary = std::string_view(entry.key).substr(1);
  auto old_key = entry.index_keys.begin();
  auto new_key = now.begin();
  while (old_key != entry.index_keys.end() || new_key != now.end()) {
    if (new_key == now.end() || (old_key != entry.index_keys.end() && *old_key < *new_key)) {
      indexes_.Delete(*old_key++);
    } else if (old_key == entry.index_keys.end() || *new_key < *old_key) {
      indexes_.Put(*new_key++, primary);
    } else {
      ++old_key;
      ++new_key;
    }
  }
}

std::vector<RowStage::Line> RowStage::Lines() {
  indexes_.Clear();
  for (const Entry* entry : dirty_)
    if (!entry->table->indexes.empty()) DiffIndexes(*entry);
  std::vector<Line> lines;
  lines.reserve(dirty_.size() + indexes_.size() + raw_.size());
  for (Entry* entry : dirty_)
    if (entry->row != nullptr || entry->stored) lines.push_back({entry->key, {}, entry, entry->row == nullptr});
  for (const Mutations* mutations : {&indexes_, &raw_}) {
    for (size_t i = 0; i < mutations->size(); ++i) {
      const Mutations::Item item = (*mutations)[i];
      lines.push_back({item.key, item.value, nullptr, item.deleted});
    }
  }
  std::sort(lines.begin(), lines.end(), [](const Line& a, const Line& b) { return ComesBefore(a.key, b.key); });
  return lines;
}

void RowStage::WriteTo(store::WriteBatch& batch) {
  const std::vector<Line> lines = Lines();
  for (size_t i = 0; i < lines.size(); ++i) {
    const Line& line = lines[i];
    if (i + 1 < lines.size() && line.key == lines[i + 1].key) continue;
    if (line.deleted) {
      batch.Delete(table_, line.key);
    } else if (line.row == nullptr) {
      batch.Put(table_, line.key, line.value);
    } else {
      row_buffer_.clear();
      line.row->row->AppendTo(&row_buffer_);
      batch.Put(table_, line.key, row_buffer_);
      SetBytes(*line.row, kEntryBytes + static_cast<int64_t>(line.row->row->MemoryBytes(row_buffer_.size())));
    }
  }
}

void RowStage::Settle(std::vector<Change>* changes) {
  std::map<uint8_t, std::vector<std::string>> changed;
  for (Entry* entry : dirty_) {
    entry->stored = entry->row != nullptr;
    entry->dirty = false;
    entry->index_keys.clear();
    if (changes != nullptr) changed[entry->table->id].push_back(entry->key.substr(1));
  }
  dirty_.clear();
  dirty_bytes_ = 0;
  Account(-static_cast<int64_t>(raw_.bytes()) - kRawEntryBytes * static_cast<int64_t>(raw_.size()));
  raw_.Clear();
  indexes_.Clear();
  prefetched_.clear();
  ++batch_number_;
  if (changes != nullptr)
    for (auto& [table, keys] : changed) changes->push_back({tables_[table]->name, std::move(keys)});
}

void RowStage::Forget(Entry* entry) {
  Account(-entry->bytes);
  rows_.erase(rows_.find(std::string_view(entry->key)));
}

void RowStage::Discard() {
  for (Entry* entry : dirty_) Forget(entry);
  dirty_.clear();
  dirty_bytes_ = 0;
  Account(-static_cast<int64_t>(raw_.bytes()) - kRawEntryBytes * static_cast<int64_t>(raw_.size()));
  raw_.Clear();
  indexes_.Clear();
  prefetched_.clear();
  // A row that could not be read looks absent; it must be read again.
  if (!fault_.ok()) {
    Account(-own_bytes_);
    rows_.clear();
    fault_ = OkStatus();
  }
}

void RowStage::Trim(double share) {
  const auto target = static_cast<int64_t>(static_cast<double>(own_bytes_) * share);
  for (const uint32_t keep_from : {batch_number_ - 1, batch_number_ + 1}) {
    for (auto it = rows_.begin(); it != rows_.end();) {
      if (own_bytes_ <= target) return;
      const auto here = it++;
      if ((*here)->dirty || (*here)->touched >= keep_from) continue;
      Account(-(*here)->bytes);
      rows_.erase(here);
    }
  }
}

}  // namespace kefu::engine

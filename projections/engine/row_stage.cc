#include "projections/engine/row_stage.h"

#include <algorithm>
#include <cstring>
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

class FullKeys final : public sdk::RowsAhead {
 public:
  void AddEncoded(uint8_t table, std::string key) override {
    key.insert(key.begin(), static_cast<char>(table));
    all.push_back(std::move(key));
  }
  std::vector<std::string> all;
};

// The first eight bytes as a number that compares as they do.
uint64_t PrefixOf(std::string_view key) {
  uint64_t prefix = 0;
  std::memcpy(&prefix, key.data(), std::min(key.size(), sizeof(prefix)));
  return __builtin_bswap64(prefix);
}

}  // namespace

RowStage::RowStage(const sdk::Projection& projection, store::Store& store, store::TableId table, MemoryBudget& budget)
    : store_(store), table_(table), ahead_(projection.ahead), budget_(budget) {
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
  const uint64_t hash = FastHash64(full);
  if (Entry* const found = Lookup(hash, full)) {
    found->touched = batch_number_;
    return *found;
  }
  const sdk::TableInfo* const info = tables_[table];
  KEFU_CHECK(info != nullptr && info->make_row != nullptr, "table {} is not one of rows", table);
  Entry& entry = Insert(*info, hash, full);
  Read(entry);
  return entry;
}

RowStage::Entry* RowStage::Lookup(uint64_t hash, std::string_view full_key) {
  const auto found = rows_.find(hash);
  if (found == rows_.end()) return nullptr;
  Entry* entry = found->second.get();
  while (entry != nullptr && entry->key != full_key) entry = entry->next.get();
  return entry;
}

RowStage::Entry& RowStage::Insert(const sdk::TableInfo& table, uint64_t hash, std::string_view full_key) {
  auto entry = std::make_unique<Entry>();
  entry->key = full_key;
  entry->table = &table;
  entry->touched = batch_number_;
  SetBytes(*entry, kEntryBytes);
  std::unique_ptr<Entry>& chain = rows_[hash];
  entry->next = std::move(chain);
  chain = std::move(entry);
  return *chain;
}

void RowStage::Read(Entry& entry) {
  if (!fault_.ok()) return;
  store::PinnedValue value;
  const StatusOr<bool> found = store_.Get(table_, entry.key, &value);
  if (!found.ok()) {
    fault_ = found.status();
    return;
  }
  if (*found) Decode(entry, value.view());
}

void RowStage::Decode(Entry& entry, std::string_view bytes) {
  entry.row = entry.table->make_row();
  if (!entry.row->Parse(bytes)) {
    fault_ = DataLoss("a row of table {} cannot be decoded", entry.table->name);
    entry.row.reset();
    return;
  }
  entry.stored = true;
  SetBytes(entry, kEntryBytes + static_cast<int64_t>(entry.row->MemoryBytes(bytes.size())));
}

// In passes, so that memory answers for many rows at a time and not for one after the other.
void RowStage::PrefetchRows(const std::vector<const events::v1::Event*>& events) {
  if (ahead_ == nullptr || !fault_.ok()) return;
  FullKeys keys;
  for (const events::v1::Event* event : events) ahead_(*event, keys);
  std::vector<std::pair<uint64_t, const Entry*>> wanted;
  wanted.reserve(keys.all.size());
  for (const std::string& key : keys.all) {
    wanted.emplace_back(FastHash64(key), nullptr);
    rows_.prefetch(wanted.back().first);
  }
  for (auto& [hash, entry] : wanted) {
    const auto found = rows_.find(hash);
    if (found == rows_.end()) continue;
    entry = found->second.get();
    __builtin_prefetch(entry);
  }
  std::vector<std::string> missing;
  for (size_t i = 0; i < wanted.size(); ++i) {
    // Of two keys with the same hash the other may be meant; then its row is read when it is asked for.
    if (wanted[i].second == nullptr) {
      missing.push_back(std::move(keys.all[i]));
    } else if (const sdk::Row* const row = wanted[i].second->row.get()) {
      __builtin_prefetch(row);
      __builtin_prefetch(reinterpret_cast<const char*>(row) + 128);
    }
  }
  for (const auto& [hash, entry] : wanted)
    if (entry != nullptr && entry->row != nullptr) entry->row->Prefetch();
  if (!missing.empty()) ReadAhead(missing);
}

void RowStage::ReadAhead(std::vector<std::string>& full_keys) {
  std::sort(full_keys.begin(), full_keys.end());
  full_keys.erase(std::unique(full_keys.begin(), full_keys.end()), full_keys.end());
  std::vector<store::PinnedValue> values;
  std::vector<bool> found;
  fault_ = store_.MultiGet(table_, {full_keys.begin(), full_keys.end()}, &values, &found);
  if (!fault_.ok()) return;
  for (size_t i = 0; i < full_keys.size(); ++i) {
    const auto table = static_cast<uint8_t>(full_keys[i].front());
    Entry& entry = Insert(*tables_[table], FastHash64(full_keys[i]), full_keys[i]);
    if (found[i]) Decode(entry, values[i].view());
  }
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

void RowStage::ReadsRaw(uint8_t table) {
  if (raw_is_read_[table]) return;
  raw_is_read_[table] = true;
  raw_.MakeFindable(table);
}

void RowStage::PrefetchRaw(uint8_t table, const std::vector<std::string>& keys) {
  prefetched_.clear();
  ReadsRaw(table);
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
  ReadsRaw(table);
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

std::optional<std::string> RowStage::PeekRaw(uint8_t table, std::string_view key) {
  if (!fault_.ok()) return std::nullopt;
  store::PinnedValue value;
  const StatusOr<bool> stored = store_.Get(table_, FullKey(table, key), &value);
  if (!stored.ok()) fault_ = stored.status();
  if (!stored.ok() || !*stored) return std::nullopt;
  return std::string(value.view());
}

void RowStage::SetRaw(uint8_t table, std::string_view key, const std::optional<std::string>& value) {
  if (value) return PutRaw(table, key, *value);
  const std::string_view full = FullKey(table, key);
  Account(static_cast<int64_t>(full.size()) + kRawEntryBytes);
  raw_.Delete(full);
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
    if (entry->row != nullptr || entry->stored) lines.push_back({PrefixOf(entry->key), entry->key, {}, entry, entry->row == nullptr});
  for (const Mutations* mutations : {&indexes_, &raw_}) {
    for (size_t i = 0; i < mutations->size(); ++i) {
      const Mutations::Item item = (*mutations)[i];
      lines.push_back({PrefixOf(item.key), item.key, item.value, nullptr, item.deleted});
    }
  }
  std::sort(lines.begin(), lines.end(), [](const Line& a, const Line& b) {
    return a.prefix != b.prefix ? a.prefix < b.prefix : ComesBefore(a.key, b.key);
  });
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

template <class Keep>
bool RowStage::Prune(std::unique_ptr<Entry>& chain, Keep keep) {
  for (std::unique_ptr<Entry>* place = &chain; *place != nullptr;) {
    if (keep(**place)) {
      place = &(*place)->next;
      continue;
    }
    Account(-(*place)->bytes);
    std::unique_ptr<Entry> gone = std::move(*place);
    *place = std::move(gone->next);
  }
  return chain == nullptr;
}

void RowStage::Discard() {
  for (const Entry* entry : dirty_) {
    const auto place = rows_.find(FastHash64(entry->key));
    if (Prune(place->second, [entry](const Entry& each) { return &each != entry; })) rows_.erase(place);
  }
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
      const auto keep = [keep_from](const Entry& entry) { return entry.dirty || entry.touched >= keep_from; };
      if (Prune(here->second, keep)) rows_.erase(here);
    }
  }
}

}  // namespace kefu::engine

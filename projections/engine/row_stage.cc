#include "projections/engine/row_stage.h"

#include <algorithm>

#include "platform/base/check.h"

namespace kefu::engine {

namespace {

// What a decoded row costs in memory, from its encoded size: messages, strings and the entry around them.
int64_t MemoryOf(size_t encoded_bytes) { return 256 + 3 * static_cast<int64_t>(encoded_bytes); }

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

RowStage::RowStage(const sdk::Projection& projection, store::Store& store, store::TableId table,
                   std::atomic<int64_t>& cache_bytes, int64_t cache_limit)
    : store_(store), table_(table), cache_bytes_(cache_bytes), cache_limit_(cache_limit) {
  for (const sdk::TableInfo& info : projection.tables) tables_[info.id] = &info;
}

RowStage::~RowStage() { cache_bytes_ -= own_bytes_; }

void RowStage::Account(int64_t difference) {
  own_bytes_ += difference;
  cache_bytes_.fetch_add(difference, std::memory_order_relaxed);
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
  KEFU_CHECK(entry->table != nullptr && entry->table->prototype != nullptr, "table {} is not one of rows", table);
  Read(*entry);
  Account(entry->bytes);
  return **rows_.insert(std::move(entry)).first;
}

void RowStage::Read(Entry& entry) {
  entry.bytes = MemoryOf(0);
  if (!fault_.ok()) return;
  store::PinnedValue value;
  const StatusOr<bool> found = store_.Get(table_, entry.key, &value);
  if (!found.ok()) {
    fault_ = found.status();
    return;
  }
  if (!*found) return;
  entry.row.reset(entry.table->prototype->New());
  if (!entry.row->ParseFromArray(value.view().data(), static_cast<int>(value.view().size()))) {
    fault_ = DataLoss("a row of table {} cannot be decoded", entry.table->name);
    entry.row.reset();
    return;
  }
  entry.stored = true;
  entry.bytes = MemoryOf(value.view().size());
}

const google::protobuf::Message* RowStage::Find(uint8_t table, std::string_view key) {
  return Load(table, key).row.get();
}

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
  if (!entry.table->indexes.empty()) entry.index_keys = IndexKeysOf(entry);
}

google::protobuf::Message* RowStage::Edit(uint8_t table, std::string_view key) {
  Entry& entry = Load(table, key);
  MakeDirty(entry);
  if (entry.row == nullptr) entry.row.reset(entry.table->prototype->New());
  return entry.row.get();
}

void RowStage::Erase(uint8_t table, std::string_view key) {
  Entry& entry = Load(table, key);
  MakeDirty(entry);
  entry.row.reset();
}

std::optional<std::string_view> RowStage::FindRaw(uint8_t table, std::string_view key) {
  raw_is_read_[table] = true;
  const std::string_view full = FullKey(table, key);
  if (const auto staged = mutations_.Find(full)) return staged;
  if (!fault_.ok()) return std::nullopt;
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
  if (raw_is_read_[table]) {
    mutations_.PutFindable(full, value);
  } else {
    mutations_.Put(full, value);
  }
}

void RowStage::FlushIndexes(const Entry& entry) {
  const std::vector<std::string> now = IndexKeysOf(entry);
  const std::string_view primary = std::string_view(entry.key).substr(1);
  auto old_key = entry.index_keys.begin();
  auto new_key = now.begin();
  while (old_key != entry.index_keys.end() || new_key != now.end()) {
    if (new_key == now.end() || (old_key != entry.index_keys.end() && *old_key < *new_key)) {
      mutations_.Delete(*old_key++);
    } else if (old_key == entry.index_keys.end() || *new_key < *old_key) {
      mutations_.Put(*new_key++, primary);
    } else {
      ++old_key;
      ++new_key;
    }
  }
}

void RowStage::Flush(store::WriteBatch& batch, std::vector<Change>* changes) {
  std::map<uint8_t, std::vector<std::string>> changed;
  for (Entry* entry : dirty_) {
    if (!entry->table->indexes.empty()) FlushIndexes(*entry);
    if (entry->row != nullptr) {
      size_t encoded_bytes = 0;
      mutations_.PutWith(entry->key, [&](std::string& buffer) {
        const size_t before = buffer.size();
        entry->row->AppendToString(&buffer);
        encoded_bytes = buffer.size() - before;
      });
      Account(MemoryOf(encoded_bytes) - entry->bytes);
      entry->bytes = MemoryOf(encoded_bytes);
    } else if (entry->stored) {
      mutations_.Delete(entry->key);
    }
    entry->stored = entry->row != nullptr;
    entry->dirty = false;
    entry->index_keys.clear();
    if (changes != nullptr) changed[entry->table->id].push_back(entry->key.substr(1));
  }
  dirty_.clear();
  mutations_.WriteTo(batch, table_);
  mutations_.Clear();
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
  mutations_.Clear();
  // A row that could not be read looks absent; it must be read again.
  if (!fault_.ok()) {
    Account(-own_bytes_);
    rows_.clear();
    fault_ = OkStatus();
  }
}

void RowStage::Trim() {
  if (cache_bytes_.load(std::memory_order_relaxed) <= cache_limit_) return;
  // The common bound is passed: this stage gives back down to nine tenths of it, as far as its own rows go.
  for (const uint32_t keep_from : {batch_number_ - 1, batch_number_}) {
    for (auto it = rows_.begin(); it != rows_.end();) {
      if (cache_bytes_.load(std::memory_order_relaxed) <= cache_limit_ / 10 * 9) return;
      const auto here = it++;
      if ((*here)->dirty || (*here)->touched >= keep_from) continue;
      Account(-(*here)->bytes);
      rows_.erase(here);
    }
  }
}

}  // namespace kefu::engine

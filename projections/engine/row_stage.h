#pragma once

// The rows of one view in one partition while events are folded into them.

#include <absl/container/flat_hash_map.h>

#include <array>
#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "platform/base/hash.h"
#include "platform/store/store.h"
#include "projections/engine/engine.h"
#include "projections/engine/mutations.h"
#include "projections/sdk/projection.h"

namespace kefu::engine {

// What all stages together hold in memory: rows, changed or not, and raw rows not written yet.
struct MemoryBudget {
  std::atomic<int64_t> used{0};
  int64_t limit = 0;

  bool exceeded() const { return used.load(std::memory_order_relaxed) > limit; }
  // Of what a stage holds, the share it may keep: less than one when too much is held, so that all give alike.
  double Share() const {
    const auto held = static_cast<double>(used.load(std::memory_order_relaxed));
    return held > static_cast<double>(limit) ? 0.75 * static_cast<double>(limit) / held : 1;
  }
};

// Operation: a touched row is loaded and decoded once, changed in place by as many events as a batch has, and encoded
//   once, with the difference of its index entries. Rows stay for the next batch, bounded by bytes.
// Concurrency: one thread at a time.
// Limitations: a fold's changes cannot be undone one event at a time; the lane discards and folds again instead.
class RowStage final : public sdk::Stage {
 public:
  // All outlive the stage.
  RowStage(const sdk::Projection& projection, store::Store& store, store::TableId table, MemoryBudget& budget);
  ~RowStage() override;

  const sdk::Row* Find(uint8_t table, std::string_view key) override;
  sdk::Row* Edit(uint8_t table, std::string_view key) override;
  void Erase(uint8_t table, std::string_view key) override;
  std::optional<std::string_view> FindRaw(uint8_t table, std::string_view key) override;
  void PutRaw(uint8_t table, std::string_view key, std::string_view value) override;

  // For corrections, which look at raw rows that folds never read back; what is staged is not seen.
  std::optional<std::string> PeekRaw(uint8_t table, std::string_view key);
  // Without a value the row goes.
  void SetRaw(uint8_t table, std::string_view key, const std::optional<std::string>& value);

  // Reads raw rows that FindRaw will soon ask for, all at once: a fraction of the cost each. What is read is forgotten
  // at the next call, and at Settle. `keys` without the table's byte, in any order.
  void PrefetchRaw(uint8_t table, const std::vector<std::string>& keys);

  // Has the rows ready that these events will need.
  void PrefetchRows(const std::vector<const events::v1::Event*>& events);

  // The first storage fault since the last Settle or Discard. Folds read nothing after it; their batch must be
  // discarded.
  const Status& fault() const { return fault_; }

  // Gives `batch` all changed rows, their index entries and the raw rows, in key order, each key once. May be called
  // again if the batch could not be written.
  void WriteTo(store::WriteBatch& batch);
  // What WriteTo gave is stored now. `changes`, if given, gets the changed keys.
  void Settle(std::vector<Change>* changes);
  // Forgets all changes since the last Settle.
  void Discard();
  // What is changed and not settled, roughly.
  size_t staged_bytes() const { return raw_.bytes() + static_cast<size_t>(dirty_bytes_); }
  // Gives rows back until only this share of the memory is held, those not touched in the last batch first. Changed
  // rows stay.
  void Trim(double share);

 private:
  struct Entry {
    std::string key;  // table's byte, then the key
    const sdk::TableInfo* table = nullptr;
    std::unique_ptr<sdk::Row> row;        // null: no such row
    std::vector<std::string> index_keys;  // as stored; only while dirty
    int64_t bytes = 0;
    uint32_t touched = 0;
    bool dirty = false;
    bool stored = false;
    std::unique_ptr<Entry> next;  // another key with the same hash
  };
  // Keys are looked up by their hash alone; the entry is touched once, to compare.
  struct Identity {
    size_t operator()(uint64_t hash) const { return hash; }
  };
  using Rows = absl::flat_hash_map<uint64_t, std::unique_ptr<Entry>, Identity>;
  struct Prefetched {
    std::string key;
    store::PinnedValue value;
    bool found = false;
  };
  // One line of what WriteTo gives.
  struct Line {
    uint64_t prefix;  // of the key, to sort by
    std::string_view key;
    std::string_view value;
    Entry* row = nullptr;  // then the value is its encoding
    bool deleted = false;
  };

  Entry& Load(uint8_t table, std::string_view key);
  Entry* Lookup(uint64_t hash, std::string_view full_key);
  Entry& Insert(const sdk::TableInfo& table, uint64_t hash, std::string_view full_key);
  void Read(Entry& entry);
  void Decode(Entry& entry, std::string_view bytes);
  void ReadAhead(std::vector<std::string>& full_keys);
  void MakeDirty(Entry& entry);
  void DiffIndexes(const Entry& entry);
  std::vector<Line> Lines();
  void Account(int64_t difference);
  void SetBytes(Entry& entry, int64_t bytes);
  // Takes entries out of the chain that `kept` says no to; true if none is left.
  template <class Keep>
  bool Prune(std::unique_ptr<Entry>& chain, Keep keep);
  std::string_view FullKey(uint8_t table, std::string_view key);
  void ReadsRaw(uint8_t table);
  static std::vector<std::string> IndexKeysOf(const Entry& entry);

  store::Store& store_;
  const store::TableId table_;
  std::array<const sdk::TableInfo*, 256> tables_{};
  void (*const ahead_)(const events::v1::Event& event, sdk::RowsAhead& rows);
  MemoryBudget& budget_;

  Rows rows_;
  std::vector<Entry*> dirty_;
  int64_t dirty_bytes_ = 0;
  int64_t own_bytes_ = 0;
  uint32_t batch_number_ = 1;
  Mutations raw_;
  Mutations indexes_;  // of the last WriteTo
  // Raw tables that folds read back; what they put is found again within the batch, also what they put before they read
  // for the first time.
  std::array<bool, 256> raw_is_read_{};
  std::vector<Prefetched> prefetched_;  // sorted by key
  store::PinnedValue raw_value_;
  std::string key_buffer_;
  std::string row_buffer_;
  Status fault_;
};

}  // namespace kefu::engine

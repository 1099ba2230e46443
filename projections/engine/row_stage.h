#pragma once

// The rows of one view in one partition while events are folded into them.

#include <absl/container/flat_hash_set.h>

#include <array>
#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "platform/base/hash.h"
#include "platform/store/store.h"
#include "projections/engine/engine.h"
#include "projections/engine/mutations.h"
#include "projections/sdk/projection.h"

namespace kefu::engine {

// Operation: a touched row is loaded and decoded once, changed in place by as many events as a batch has, and encoded
//   once, with the difference of its index entries. Decoded rows stay for the next batch, bounded by bytes.
// Concurrency: one thread at a time.
// Limitations: a fold's changes cannot be undone one event at a time; the lane discards and folds again instead.
class RowStage final : public sdk::Stage {
 public:
  // `cache_bytes` counts what all stages keep, `cache_limit` is their common bound. All outlive the stage.
  RowStage(const sdk::Projection& projection, store::Store& store, store::TableId table,
           std::atomic<int64_t>& cache_bytes, int64_t cache_limit);
  ~RowStage() override;

  const google::protobuf::Message* Find(uint8_t table, std::string_view key) override;
  google::protobuf::Message* Edit(uint8_t table, std::string_view key) override;
  void Erase(uint8_t table, std::string_view key) override;
  std::optional<std::string_view> FindRaw(uint8_t table, std::string_view key) override;
  void PutRaw(uint8_t table, std::string_view key, std::string_view value) override;

  // The first storage fault since the last Flush or Discard. Folds read nothing after it; their batch must be discarded.
  const Status& fault() const { return fault_; }

  // Encodes all changed rows and their index entries into `batch`. `changes`, if given, gets the changed keys.
  void Flush(store::WriteBatch& batch, std::vector<Change>* changes);
  // Forgets all changes since the last Flush.
  void Discard();
  // Of raw rows put since the last Flush; the others are not encoded yet.
  size_t staged_bytes() const { return mutations_.bytes(); }
  // Gives decoded rows back until the common bound holds, those not touched in the last batch first.
  void Trim();

 private:
  struct Entry {
    std::string key;  // table's byte, then the key
    const sdk::TableInfo* table = nullptr;
    std::unique_ptr<google::protobuf::Message> row;  // null: no such row
    std::vector<std::string> index_keys;             // as stored; only while dirty
    int64_t bytes = 0;
    uint32_t touched = 0;
    bool dirty = false;
    bool stored = false;
  };
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view key) const { return FastHash64(key); }
    size_t operator()(const std::unique_ptr<Entry>& entry) const { return FastHash64(entry->key); }
  };
  struct Equal {
    using is_transparent = void;
    static std::string_view KeyOf(std::string_view key) { return key; }
    static std::string_view KeyOf(const std::unique_ptr<Entry>& entry) { return entry->key; }
    template <class A, class B>
    bool operator()(const A& a, const B& b) const {
      return KeyOf(a) == KeyOf(b);
    }
  };
  Entry& Load(uint8_t table, std::string_view key);
  void Read(Entry& entry);
  void MakeDirty(Entry& entry);
  void FlushIndexes(const Entry& entry);
  void Account(int64_t difference);
  void Forget(Entry* entry);
  std::string_view FullKey(uint8_t table, std::string_view key);
  static std::vector<std::string> IndexKeysOf(const Entry& entry);

  store::Store& store_;
  const store::TableId table_;
  std::array<const sdk::TableInfo*, 256> tables_{};
  std::atomic<int64_t>& cache_bytes_;
  const int64_t cache_limit_;

  absl::flat_hash_set<std::unique_ptr<Entry>, Hash, Equal> rows_;
  std::vector<Entry*> dirty_;
  int64_t own_bytes_ = 0;
  uint32_t batch_number_ = 1;
  Mutations mutations_;
  // Raw tables that folds read back; what they put is found again within the batch.
  std::array<bool, 256> raw_is_read_{};
  store::PinnedValue raw_value_;
  std::string key_buffer_;
  Status fault_;
};

}  // namespace kefu::engine

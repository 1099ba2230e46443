#pragma once

// What a batch will write to one table, gathered and then handed over in key order: sorted keys go into a memtable at
// a fraction of the cost, since each insertion begins where the last one ended.

#include <absl/container/flat_hash_set.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "platform/base/hash.h"
#include "platform/store/store.h"

namespace kefu::engine {

// Concurrency: none. Limitations: 4 GiB of keys and values.
class Mutations {
 public:
  Mutations() : by_key_(0, Hash{this}, Equal{this}) {}
  Mutations(const Mutations&) = delete;
  Mutations& operator=(const Mutations&) = delete;

  void Put(std::string_view key, std::string_view value);
  // The value is what `append` adds to the buffer it is given.
  template <class Append>
  void PutWith(std::string_view key, Append append) {
    Begin(key);
    append(buffer_);
    End(false);
  }
  void Delete(std::string_view key);
  // Put, and found by Find until Clear.
  void PutFindable(std::string_view key, std::string_view value);
  // Valid until the next change.
  std::optional<std::string_view> Find(std::string_view key) const;

  // In key order; of equal keys the last wins.
  void WriteTo(store::WriteBatch& batch, store::TableId table);
  void Clear();
  size_t bytes() const { return buffer_.size(); }

 private:
  struct Entry {
    uint32_t at;
    uint32_t key_size;
    uint32_t value_size;
    bool deleted;
  };
  struct Hash {
    using is_transparent = void;
    const Mutations* of;
    size_t operator()(std::string_view key) const { return FastHash64(key); }
    size_t operator()(uint32_t entry) const { return FastHash64(of->KeyOf(of->entries_[entry])); }
  };
  struct Equal {
    using is_transparent = void;
    const Mutations* of;
    std::string_view KeyOf(std::string_view key) const { return key; }
    std::string_view KeyOf(uint32_t entry) const { return of->KeyOf(of->entries_[entry]); }
    template <class A, class B>
    bool operator()(const A& a, const B& b) const {
      return KeyOf(a) == KeyOf(b);
    }
  };

  void Begin(std::string_view key);
  void End(bool deleted);
  std::string_view KeyOf(const Entry& entry) const { return {buffer_.data() + entry.at, entry.key_size}; }
  std::string_view ValueOf(const Entry& entry) const {
    return {buffer_.data() + entry.at + entry.key_size, entry.value_size};
  }

  std::string buffer_;
  std::vector<Entry> entries_;
  absl::flat_hash_set<uint32_t, Hash, Equal> by_key_;
};

}  // namespace kefu::engine

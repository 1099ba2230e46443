#pragma once

// What a batch will write to one table beside decoded rows, gathered in one buffer.

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
  void Delete(std::string_view key);
  // Put, and found by Find until Clear.
  void PutFindable(std::string_view key, std::string_view value);
  // Valid until the next change.
  std::optional<std::string_view> Find(std::string_view key) const;

  struct Item {
    std::string_view key;
    std::string_view value;
    bool deleted;
  };
  // In the order they came; of equal keys the last counts. Views are valid until the next change.
  size_t size() const { return entries_.size(); }
  Item operator[](size_t i) const;

  // In key order, each key once.
  void WriteTo(store::WriteBatch& batch, store::TableId table) const;
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
    size_t operator()(uint32_t entry) const { return FastHash64((*of)[entry].key); }
  };
  struct Equal {
    using is_transparent = void;
    const Mutations* of;
    std::string_view KeyOf(std::string_view key) const { return key; }
    std::string_view KeyOf(uint32_t entry) const { return (*of)[entry].key; }
    template <class A, class B>
    bool operator()(const A& a, const B& b) const {
      return KeyOf(a) == KeyOf(b);
    }
  };

  void Add(std::string_view key, std::string_view value, bool deleted);

  std::string buffer_;
  std::vector<Entry> entries_;
  absl::flat_hash_set<uint32_t, Hash, Equal> by_key_;
};

// Of equal keys the one that came later is the greater: its key lies further on in the buffer.
inline bool ComesBefore(std::string_view a, std::string_view b) {
  const int order = a.compare(b);
  return order != 0 ? order < 0 : a.data() < b.data();
}

}  // namespace kefu::engine

#pragma once

// What a batch will write to one table beside decoded rows, gathered in one buffer.

#include <absl/container/flat_hash_map.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "platform/store/store.h"

namespace kefu::engine {

// Concurrency: none. Limitations: 4 GiB of keys and values.
class Mutations {
 public:
  Mutations() = default;
  Mutations(const Mutations&) = delete;
  Mutations& operator=(const Mutations&) = delete;

  void Put(std::string_view key, std::string_view value);
  void Delete(std::string_view key);
  // Put, and found by Find until Clear.
  void PutFindable(std::string_view key, std::string_view value);
  // What was Put so far with keys that begin with this byte, none of it to be found, is found from now on.
  void MakeFindable(uint8_t first_byte);
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
    uint32_t before;  // the findable entry before it with the same hash; kNone if there is none
    bool deleted;
  };
  static constexpr uint32_t kNone = UINT32_MAX;
  struct Identity {
    size_t operator()(uint64_t hash) const { return hash; }
  };

  void Add(std::string_view key, std::string_view value, bool deleted);
  void Index(uint32_t entry);

  std::string buffer_;
  std::vector<Entry> entries_;
  // The newest findable entry by its key's hash.
  absl::flat_hash_map<uint64_t, uint32_t, Identity> findable_;
};

// Of equal keys the one that came later is the greater: its key lies further on in the buffer.
inline bool ComesBefore(std::string_view a, std::string_view b) {
  const int order = a.compare(b);
  return order != 0 ? order < 0 : a.data() < b.data();
}

}  // namespace kefu::engine

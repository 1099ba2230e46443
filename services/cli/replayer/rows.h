#pragma once

// The rows of one view in one partition, as the auditor's own loop keeps them: stored bytes under whole keys, nothing
// decoded from one event to the next, index entries made at the end from the rows themselves. The engine does all three
// another way, so the two can disagree.

#include <absl/container/flat_hash_map.h>

#include <array>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "platform/base/hash.h"
#include "platform/base/status.h"
#include "projections/sdk/projection.h"

namespace kefu::replayer {

// A row, or an index entry, whose value is the key of its row. Keys begin with the byte of their table or index.
struct Entry {
  std::string_view key;
  std::string_view value;
};

// Everything a view holds, in key order. Borrows from the Rows it was made of, and from itself: it is moved, not copied.
struct Listing {
  Listing() = default;
  Listing(Listing&&) = default;
  Listing& operator=(Listing&&) = default;

  std::vector<Entry> entries;
  std::deque<std::string> made;  // keys of index entries
};

// SHA-256 in hex over all entries: for each the lengths of key and value, key, value. Lengths are eight bytes, big-endian,
// with the sign bit set, as numbers in keys are (platform/codec/key.h).
std::string DigestOf(const Listing& listing);

// Operation: a fold reads and changes copies; Keep stores them, Forget drops them. So an event that parks leaves no trace.
// Concurrency: none.
// Limitations: all of a partition's rows are in memory: some 150 bytes beside the bytes of each.
class Rows final : public sdk::Stage {
 public:
  // `view` must outlive it.
  explicit Rows(const sdk::Projection& view);

  const sdk::Row* Find(uint8_t table, std::string_view key) override;
  sdk::Row* Edit(uint8_t table, std::string_view key) override;
  void Erase(uint8_t table, std::string_view key) override;
  std::optional<std::string_view> FindRaw(uint8_t table, std::string_view key) override;
  void PutRaw(uint8_t table, std::string_view key, std::string_view value) override;

  // What the event in hand changed is stored. kDataLoss: a row that was stored cannot be read again, which is a fault of
  // its view.
  Status Keep();
  // What the event in hand changed is undone.
  void Forget();

  // kInternal: two rows claim one index entry, which is a fault of the view.
  StatusOr<Listing> List() const;
  size_t stored() const { return stored_.size(); }

 private:
  // What the event in hand has looked at.
  struct Touched {
    std::unique_ptr<sdk::Row> row;     // null: there is none, or the table holds raw bytes
    const std::string* raw = nullptr;  // in texts_
    bool changed = false;
  };

  // abseil's own hash of texts does not take std::string_view.
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view key) const { return FastHash64(key); }
  };
  struct Equal {
    using is_transparent = void;
    bool operator()(std::string_view a, std::string_view b) const { return a == b; }
  };
  template <class Value>
  using ByKey = absl::flat_hash_map<std::string, Value, Hash, Equal>;

  Touched& Touch(uint8_t table, std::string_view key);
  const sdk::TableInfo& TableOf(uint8_t table) const;
  std::string_view WholeKey(uint8_t table, std::string_view key);

  const sdk::Projection* view_;
  std::array<const sdk::TableInfo*, 256> tables_{};
  ByKey<std::string> stored_;
  ByKey<Touched> touched_;
  std::deque<std::string> texts_;  // raw values put by the event in hand: readers hold views of them
  std::string key_;
  Status fault_;
};

}  // namespace kefu::replayer

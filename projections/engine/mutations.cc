#include "projections/engine/mutations.h"

#include <algorithm>

#include "platform/base/check.h"

namespace kefu::engine {

void Mutations::Begin(std::string_view key) {
  KEFU_CHECK(buffer_.size() + key.size() < UINT32_MAX, "{} bytes", buffer_.size());
  entries_.push_back({static_cast<uint32_t>(buffer_.size()), static_cast<uint32_t>(key.size()), 0, false});
  buffer_.append(key);
}

void Mutations::End(bool deleted) {
  Entry& entry = entries_.back();
  entry.value_size = static_cast<uint32_t>(buffer_.size() - entry.at - entry.key_size);
  entry.deleted = deleted;
}

void Mutations::Put(std::string_view key, std::string_view value) {
  PutWith(key, [&](std::string& buffer) { buffer.append(value); });
}

void Mutations::Delete(std::string_view key) {
  Begin(key);
  End(true);
}

void Mutations::PutFindable(std::string_view key, std::string_view value) {
  Put(key, value);
  const auto entry = static_cast<uint32_t>(entries_.size() - 1);
  const auto [place, added] = by_key_.insert(entry);
  if (added) return;
  by_key_.erase(place);
  by_key_.insert(entry);
}

std::optional<std::string_view> Mutations::Find(std::string_view key) const {
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return std::nullopt;
  return ValueOf(entries_[*found]);
}

void Mutations::WriteTo(store::WriteBatch& batch, store::TableId table) {
  // The set looks entries up by their place, which sorting changes.
  by_key_.clear();
  std::stable_sort(entries_.begin(), entries_.end(),
                   [this](const Entry& a, const Entry& b) { return KeyOf(a) < KeyOf(b); });
  for (const Entry& entry : entries_) {
    if (entry.deleted) {
      batch.Delete(table, KeyOf(entry));
    } else {
      batch.Put(table, KeyOf(entry), ValueOf(entry));
    }
  }
}

void Mutations::Clear() {
  by_key_.clear();
  entries_.clear();
  buffer_.clear();
}

}  // namespace kefu::engine

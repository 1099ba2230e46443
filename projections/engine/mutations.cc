#include "projections/engine/mutations.h"

#include <algorithm>

#include "platform/base/check.h"
#include "platform/base/hash.h"

namespace kefu::engine {

Mutations::Item Mutations::operator[](size_t i) const {
  const Entry& entry = entries_[i];
  return {{buffer_.data() + entry.at, entry.key_size},
          {buffer_.data() + entry.at + entry.key_size, entry.value_size},
          entry.deleted};
}

void Mutations::Add(std::string_view key, std::string_view value, bool deleted) {
  KEFU_CHECK(buffer_.size() + key.size() + value.size() < UINT32_MAX, "{} bytes", buffer_.size());
  entries_.push_back({static_cast<uint32_t>(buffer_.size()), static_cast<uint32_t>(key.size()),
                      static_cast<uint32_t>(value.size()), kNone, deleted});
  buffer_.append(key);
  buffer_.append(value);
}

void Mutations::Put(std::string_view key, std::string_view value) { Add(key, value, false); }

void Mutations::Delete(std::string_view key) { Add(key, {}, true); }

void Mutations::PutFindable(std::string_view key, std::string_view value) {
  Put(key, value);
  Index(static_cast<uint32_t>(entries_.size() - 1));
}

void Mutations::MakeFindable(uint8_t first_byte) {
  for (uint32_t i = 0; i < entries_.size(); ++i) {
    const Entry& entry = entries_[i];
    if (!entry.deleted && entry.key_size > 0 && static_cast<uint8_t>(buffer_[entry.at]) == first_byte) Index(i);
  }
}

void Mutations::Index(uint32_t entry) {
  const auto [place, added] = findable_.try_emplace(FastHash64((*this)[entry].key), kNone);
  entries_[entry].before = place->second;
  place->second = entry;
}

std::optional<std::string_view> Mutations::Find(std::string_view key) const {
  const auto found = findable_.find(FastHash64(key));
  if (found == findable_.end()) return std::nullopt;
  for (uint32_t at = found->second; at != kNone; at = entries_[at].before) {
    const Item item = (*this)[at];
    if (item.key == key) return item.value;
  }
  return std::nullopt;
}

void Mutations::WriteTo(store::WriteBatch& batch, store::TableId table) const {
  std::vector<Item> items;
  items.reserve(size());
  for (size_t i = 0; i < size(); ++i) items.push_back((*this)[i]);
  std::sort(items.begin(), items.end(), [](const Item& a, const Item& b) { return ComesBefore(a.key, b.key); });
  for (size_t i = 0; i < items.size(); ++i) {
    if (i + 1 < items.size() && items[i].key == items[i + 1].key) continue;
    items[i].deleted ? batch.Delete(table, items[i].key) : batch.Put(table, items[i].key, items[i].value);
  }
}

void Mutations::Clear() {
  findable_.clear();
  entries_.clear();
  buffer_.clear();
  // A batch of a catch-up is many times one of everyday; its room is not kept.
  constexpr size_t kKept = 1 << 20;
  if (buffer_.capacity() > kKept) {
    buffer_.shrink_to_fit();
    entries_.shrink_to_fit();
    findable_ = {};
  }
}

}  // namespace kefu::engine

#include "services/cli/replayer/rows.h"

#include <algorithm>

#include "platform/base/check.h"

namespace kefu::replayer {

namespace {

class KeyList final : public sdk::IndexKeys {
 public:
  void AddEncoded(std::string key) override { keys.push_back(std::move(key)); }
  std::vector<std::string> keys;
};

void AppendLength(std::string& bytes, uint64_t length) {
  length ^= uint64_t{1} << 63;
  for (int shift = 56; shift >= 0; shift -= 8) bytes.push_back(static_cast<char>(length >> shift));
}

}  // namespace

std::string DigestOf(const Listing& listing) {
  Sha256Stream digest;
  std::string lengths;
  for (const Entry& entry : listing.entries) {
    lengths.clear();
    AppendLength(lengths, entry.key.size());
    AppendLength(lengths, entry.value.size());
    digest.Update(lengths);
    digest.Update(entry.key);
    digest.Update(entry.value);
  }
  return Hex(digest.Finish());
}

Rows::Rows(const sdk::Projection& view) : view_(&view) {
  for (const sdk::TableInfo& table : view.tables) tables_[table.id] = &table;
}

const sdk::TableInfo& Rows::TableOf(uint8_t table) const {
  KEFU_CHECK(tables_[table] != nullptr, "view {} has no table {}", view_->name, table);
  return *tables_[table];
}

std::string_view Rows::WholeKey(uint8_t table, std::string_view key) {
  key_.assign(1, static_cast<char>(table));
  key_.append(key);
  return key_;
}

Rows::Touched& Rows::Touch(uint8_t table, std::string_view key) {
  const std::string_view whole = WholeKey(table, key);
  if (const auto known = touched_.find(whole); known != touched_.end()) return known->second;
  const sdk::TableInfo& info = TableOf(table);
  KEFU_CHECK(info.make_row != nullptr, "table {} of {} holds raw bytes", info.name, view_->name);
  Touched touched;
  if (const auto stored = stored_.find(whole); stored != stored_.end()) {
    touched.row = info.make_row();
    if (!touched.row->Parse(stored->second)) {
      fault_ = DataLoss("a row of {}.{} that was written cannot be read", view_->name, info.name);
      touched.row.reset();
    }
  }
  return touched_.emplace(std::string(whole), std::move(touched)).first->second;
}

const sdk::Row* Rows::Find(uint8_t table, std::string_view key) { return Touch(table, key).row.get(); }

sdk::Row* Rows::Edit(uint8_t table, std::string_view key) {
  Touched& touched = Touch(table, key);
  touched.changed = true;
  if (touched.row == nullptr) touched.row = TableOf(table).make_row();
  return touched.row.get();
}

void Rows::Erase(uint8_t table, std::string_view key) {
  Touched& touched = Touch(table, key);
  touched.changed = true;
  touched.row.reset();
}

std::optional<std::string_view> Rows::FindRaw(uint8_t table, std::string_view key) {
  const std::string_view whole = WholeKey(table, key);
  if (const auto known = touched_.find(whole); known != touched_.end()) return *known->second.raw;
  const auto stored = stored_.find(whole);
  if (stored == stored_.end()) return std::nullopt;
  return stored->second;
}

void Rows::PutRaw(uint8_t table, std::string_view key, std::string_view value) {
  KEFU_CHECK(TableOf(table).make_row == nullptr, "table {} of {} holds rows", table, view_->name);
  Touched& touched = touched_.try_emplace(std::string(WholeKey(table, key))).first->second;
  touched.raw = &texts_.emplace_back(value);
  touched.changed = true;
}

Status Rows::Keep() {
  if (!fault_.ok()) return fault_;
  for (auto& [key, touched] : touched_) {
    if (!touched.changed) continue;
    if (touched.raw != nullptr) {
      stored_[key] = *touched.raw;
    } else if (touched.row != nullptr) {
      std::string& bytes = stored_[key];
      bytes.clear();
      touched.row->AppendTo(&bytes);
    } else {
      stored_.erase(key);
    }
  }
  Forget();
  return OkStatus();
}

void Rows::Forget() {
  if (!touched_.empty()) touched_.clear();
  if (!texts_.empty()) texts_.clear();
}

StatusOr<Listing> Rows::List() const {
  Listing listing;
  listing.entries.reserve(stored_.size());
  for (const auto& [key, value] : stored_) {
    listing.entries.push_back({key, value});
    const sdk::TableInfo& table = *tables_[static_cast<uint8_t>(key.front())];
    if (table.indexes.empty()) continue;
    const auto row = table.make_row();
    if (!row->Parse(value)) return DataLoss("a row of {}.{} that was written cannot be read", view_->name, table.name);
    for (const sdk::IndexInfo& index : table.indexes) {
      KeyList list;
      index.keys(*row, list);
      // A row may name an entry twice.
      std::sort(list.keys.begin(), list.keys.end());
      list.keys.erase(std::unique(list.keys.begin(), list.keys.end()), list.keys.end());
      for (std::string& made : list.keys) {
        made.insert(made.begin(), static_cast<char>(index.id));
        listing.entries.push_back({listing.made.emplace_back(std::move(made)), std::string_view(key).substr(1)});
      }
    }
  }
  std::sort(listing.entries.begin(), listing.entries.end(),
            [](const Entry& a, const Entry& b) { return a.key < b.key; });
  const auto twice = std::adjacent_find(listing.entries.begin(), listing.entries.end(),
                                        [](const Entry& a, const Entry& b) { return a.key == b.key; });
  if (twice != listing.entries.end())
    return Internal("two rows of view {} claim the entry {} of one index", view_->name, Hex(twice->key));
  return listing;
}

}  // namespace kefu::replayer

#include "projections/past/fold_stage.h"

#include "platform/base/check.h"

namespace kefu::past {
namespace {

class KeyList final : public sdk::IndexKeys {
 public:
  void AddEncoded(std::string key) override { keys.push_back(std::move(key)); }
  std::vector<std::string> keys;
};

class MapCursor final : public store::Cursor {
 public:
  using Rows = std::map<std::string, std::string, std::less<>>;

  MapCursor(const Rows& rows, std::string_view lower, std::string_view upper, store::Order order)
      : first_(rows.lower_bound(lower)),
        end_(upper.empty() ? rows.end() : rows.lower_bound(upper)),
        descending_(order == store::Order::kDescending) {
    // Bounds that cross hold nothing.
    valid_ = (upper.empty() || lower < upper) && first_ != end_;
    at_ = valid_ && descending_ ? std::prev(end_) : first_;
  }

  bool Valid() const override { return valid_; }
  std::string_view key() const override { return at_->first; }
  std::string_view value() const override { return at_->second; }
  void Next() override {
    if (descending_) {
      valid_ = at_ != first_;
      if (valid_) --at_;
    } else {
      valid_ = ++at_ != end_;
    }
  }
  Status status() const override { return OkStatus(); }

 private:
  Rows::const_iterator first_;
  Rows::const_iterator end_;
  Rows::const_iterator at_;
  const bool descending_;
  bool valid_ = false;
};

}  // namespace

const sdk::TableInfo& FoldStage::Table(uint8_t id) const {
  for (const sdk::TableInfo& table : projection_.tables)
    if (table.id == id) return table;
  KEFU_CHECK(false, "view {} has no table {}", projection_.name, id);
  __builtin_unreachable();
}

const sdk::Row* FoldStage::Find(uint8_t table, std::string_view key) {
  const auto& rows = values_[table];
  const auto found = rows.find(key);
  return found == rows.end() ? nullptr : found->second.row.get();
}

sdk::Row* FoldStage::Edit(uint8_t table, std::string_view key) {
  auto& rows = values_[table];
  const auto found = rows.find(key);
  if (found != rows.end()) return found->second.row.get();
  return rows.emplace(std::string(key), Value{Table(table).make_row(), {}}).first->second.row.get();
}

void FoldStage::Erase(uint8_t table, std::string_view key) {
  auto& rows = values_[table];
  if (const auto found = rows.find(key); found != rows.end()) rows.erase(found);
}

std::optional<std::string_view> FoldStage::FindRaw(uint8_t table, std::string_view key) {
  const auto& rows = values_[table];
  const auto found = rows.find(key);
  if (found == rows.end()) return std::nullopt;
  return found->second.raw;
}

void FoldStage::PutRaw(uint8_t table, std::string_view key, std::string_view value) {
  values_[table][std::string(key)].raw = std::string(value);
}

void FoldStage::StoreInto(const std::function<bool(const sdk::TableInfo& table, std::string_view key)>& keeps,
                          StoredRows* rows) const {
  for (const auto& [id, values] : values_) {
    const sdk::TableInfo& table = Table(id);
    for (const auto& [key, value] : values) {
      if (!keeps(table, key)) continue;
      std::string stored = value.raw;
      if (value.row != nullptr) value.row->AppendTo(&stored);
      (*rows)[id][key] = std::move(stored);
      for (const sdk::IndexInfo& index : table.indexes) {
        KeyList list;
        index.keys(*value.row, list);
        for (std::string& entry : list.keys) (*rows)[index.id][std::move(entry)] = key;
      }
    }
  }
}

std::unique_ptr<store::Cursor> Walk(const std::map<std::string, std::string, std::less<>>& rows, std::string_view lower,
                                    std::string_view upper, store::Order order) {
  return std::make_unique<MapCursor>(rows, lower, upper, order);
}

}  // namespace kefu::past

#include "projections/engine/partition_state.h"

namespace kefu::engine {

namespace {

// A cursor over one table's keys, without the table's own first byte.
class TableCursor : public store::Cursor {
 public:
  explicit TableCursor(std::unique_ptr<store::Cursor> cursor) : cursor_(std::move(cursor)) {}
  bool Valid() const override { return cursor_->Valid(); }
  std::string_view key() const override { return cursor_->key().substr(1); }
  std::string_view value() const override { return cursor_->value(); }
  void Next() override { cursor_->Next(); }
  Status status() const override { return cursor_->status(); }

 private:
  std::unique_ptr<store::Cursor> cursor_;
};

std::string WithTable(uint8_t table, std::string_view key) {
  std::string full(1, static_cast<char>(table));
  full.append(key);
  return full;
}

}  // namespace

const PartitionHost::State::ShownView* PartitionHost::State::Find(std::string_view view) const {
  for (const ShownView& shown : views_)
    if (shown.projection->name == view) return &shown;
  return nullptr;
}

StatusOr<std::pair<const PartitionHost::State::ShownView*, uint8_t>> PartitionHost::State::Locate(
    std::string_view view, std::string_view table) const {
  if (!unreadable_.ok()) return unreadable_;
  const ShownView* shown = Find(view);
  if (shown == nullptr) return NotFound("there is no view \"{}\"", view);
  for (const sdk::TableInfo& info : shown->projection->tables) {
    if (info.name == table) return std::make_pair(shown, info.id);
    for (const sdk::IndexInfo& index : info.indexes)
      if (index.name == table) return std::make_pair(shown, index.id);
  }
  return NotFound("view \"{}\" has no table or index \"{}\"", view, table);
}

Offset PartitionHost::State::next_offset(std::string_view view) const {
  const ShownView* shown = Find(view);
  return shown == nullptr ? Offset(0) : shown->shown.next;
}

StatusOr<bool> PartitionHost::State::Get(std::string_view view, std::string_view table, std::string_view key,
                                         store::PinnedValue* row) const {
  ASSIGN_OR_RETURN(const auto place, Locate(view, table));
  return snapshot_->Get(place.first->shown.table, WithTable(place.second, key), row);
}

StatusOr<std::unique_ptr<store::Cursor>> PartitionHost::State::Scan(std::string_view view, std::string_view table,
                                                                    std::string_view lower, std::string_view upper,
                                                                    store::Order order) const {
  ASSIGN_OR_RETURN(const auto place, Locate(view, table));
  const uint8_t id = place.second;
  const std::string end = upper.empty() ? codec::PrefixEnd(WithTable(id, "")) : WithTable(id, upper);
  return std::unique_ptr<store::Cursor>(std::make_unique<TableCursor>(
      snapshot_->Scan(place.first->shown.table, WithTable(id, lower), end, order)));
}

std::optional<PartitionView::Gap> PartitionHost::State::GapOf(std::string_view view,
                                                              std::string_view client_id) const {
  const ShownView* shown = Find(view);
  if (shown == nullptr || shown->shown.gaps->empty()) return std::nullopt;
  const auto gap = shown->shown.gaps->find(client_id);
  if (gap == shown->shown.gaps->end()) return std::nullopt;
  return gap->second;
}

}  // namespace kefu::engine

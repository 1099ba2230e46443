#include "platform/testkit/memory_stage.h"

#include <fmt/ranges.h>
#include <google/protobuf/util/json_util.h>

#include "platform/base/check.h"
#include "platform/base/hash.h"

namespace kefu::testkit {

using google::protobuf::Message;

namespace {

class KeyList final : public sdk::IndexKeys {
 public:
  void AddEncoded(std::string key) override { keys.push_back(std::move(key)); }
  std::vector<std::string> keys;
};

std::string BytesOf(const sdk::Row& row) {
  std::string bytes;
  row.AppendTo(&bytes);
  return bytes;
}

std::unique_ptr<Message> MessageOf(const sdk::TableInfo& table, const sdk::Row& row) {
  std::unique_ptr<Message> message(table.prototype->New());
  KEFU_CHECK(message->ParseFromString(BytesOf(row)), "a row of {} is no {}", table.name, message->GetTypeName());
  return message;
}

std::string Json(const Message& row) {
  std::string json;
  const auto status = google::protobuf::util::MessageToJsonString(row, &json);
  KEFU_CHECK(status.ok(), "{}", status.ToString());
  return json;
}

// Short bytes in hex, long ones by size and hash.
std::string Show(std::string_view raw) {
  return raw.size() <= 32 ? Hex(raw) : fmt::format("{} bytes, xxh3 {:016x}", raw.size(), FastHash64(raw));
}

std::string Line(std::string_view table, const std::vector<std::string>& key, std::string_view value) {
  return fmt::format("{} [{}] {}", table, fmt::join(key, ", "), value);
}

}  // namespace

const sdk::TableInfo& MemoryStage::Table(uint8_t id) const {
  for (const sdk::TableInfo& table : projection_->tables)
    if (table.id == id) return table;
  KEFU_CHECK(false, "view {} has no table {}", projection_->name, id);
  __builtin_unreachable();
}

const sdk::Row* MemoryStage::Find(uint8_t table, std::string_view key) {
  const auto found = values_.find({table, std::string(key)});
  return found == values_.end() ? nullptr : found->second.row.get();
}

sdk::Row* MemoryStage::Edit(uint8_t table, std::string_view key) {
  const Place place(table, key);
  Remember(place);
  Value& value = values_[place];
  if (value.row == nullptr) {
    const auto make_row = Table(table).make_row;
    KEFU_CHECK(make_row != nullptr, "table {} of {} holds raw bytes", table, projection_->name);
    value.row = make_row();
  }
  return value.row.get();
}

void MemoryStage::Erase(uint8_t table, std::string_view key) {
  const Place place(table, key);
  Remember(place);
  values_.erase(place);
}

std::optional<std::string_view> MemoryStage::FindRaw(uint8_t table, std::string_view key) {
  const auto found = values_.find({table, std::string(key)});
  if (found == values_.end()) return std::nullopt;
  return found->second.raw;
}

void MemoryStage::PutRaw(uint8_t table, std::string_view key, std::string_view value) {
  KEFU_CHECK(Table(table).prototype == nullptr, "table {} of {} holds rows", table, projection_->name);
  const Place place(table, key);
  Remember(place);
  values_[place].raw = value;
}

void MemoryStage::Remember(const Place& place) {
  const auto found = values_.find(place);
  std::optional<std::string> before;
  if (found != values_.end())
    before = found->second.row != nullptr ? BytesOf(*found->second.row) : found->second.raw;
  undo_.emplace_back(place, std::move(before));
}

void MemoryStage::Undo() {
  for (auto step = undo_.rbegin(); step != undo_.rend(); ++step) {
    const auto& [place, before] = *step;
    if (!before.has_value()) {
      values_.erase(place);
      continue;
    }
    Value& value = values_[place];
    const auto make_row = Table(place.first).make_row;
    if (make_row == nullptr) {
      value.raw = *before;
    } else {
      value.row = make_row();
      KEFU_CHECK(value.row->Parse(*before));
    }
  }
  undo_.clear();
}

void MemoryStage::Restart() {
  undo_.clear();
  for (auto& [place, value] : values_) {
    if (value.row == nullptr) continue;
    const std::string bytes = BytesOf(*value.row);
    value.row = Table(place.first).make_row();
    KEFU_CHECK(value.row->Parse(bytes));
  }
}

std::map<std::string, std::string> MemoryStage::Entries(const sdk::TableInfo& table,
                                                        const sdk::IndexInfo& index) const {
  std::map<std::string, std::string> entries;
  for (const auto& [place, value] : values_) {
    if (place.first != table.id) continue;
    KeyList list;
    index.keys(*value.row, list);
    for (std::string& key : list.keys) {
      const bool is_new = entries.emplace(key, place.second).second;
      KEFU_CHECK(is_new, "index {} has two entries {}", index.name, fmt::join(index.describe(key), ", "));
    }
  }
  return entries;
}

std::string MemoryStage::Dump() const {
  std::string dump;
  for (const sdk::TableInfo& table : projection_->tables) {
    for (const auto& [place, value] : values_) {
      if (place.first != table.id) continue;
      dump += Line(table.name, table.describe(place.second), value.row != nullptr ? Json(*MessageOf(table, *value.row)) : Show(value.raw));
      dump += '\n';
    }
    for (const sdk::IndexInfo& index : table.indexes) {
      for (const auto& [key, primary] : Entries(table, index)) {
        dump += Line(index.name, index.describe(key), fmt::format("→ [{}]", fmt::join(table.describe(primary), ", ")));
        dump += '\n';
      }
    }
  }
  return dump;
}

std::vector<std::string> MemoryStage::IndexLines(std::string_view name) const {
  std::vector<std::string> lines;
  for (const sdk::TableInfo& table : projection_->tables)
    for (const sdk::IndexInfo& index : table.indexes)
      if (index.name == name)
        for (const auto& [key, primary] : Entries(table, index))
          lines.push_back(fmt::format("{}", fmt::join(index.describe(key), ", ")));
  return lines;
}

MemoryStage::Rendered MemoryStage::Render(uint8_t table, std::string_view key) const {
  const auto found = values_.find({table, std::string(key)});
  return found == values_.end() ? nullptr : MessageOf(Table(table), *found->second.row);
}

std::vector<std::pair<std::string, MemoryStage::Rendered>> MemoryStage::Rows(std::string_view name) const {
  const sdk::TableInfo* table = projection_->FindTable(name);
  KEFU_CHECK(table != nullptr, "view {} has no table {}", projection_->name, name);
  std::vector<std::pair<std::string, Rendered>> rows;
  for (const auto& [place, value] : values_)
    if (place.first == table->id) rows.emplace_back(place.second, MessageOf(*table, *value.row));
  return rows;
}

std::vector<std::pair<std::string, std::string>> MemoryStage::RawRows(std::string_view name) const {
  const sdk::TableInfo* table = projection_->FindTable(name);
  KEFU_CHECK(table != nullptr, "view {} has no table {}", projection_->name, name);
  std::vector<std::pair<std::string, std::string>> rows;
  for (const auto& [place, value] : values_)
    if (place.first == table->id) rows.emplace_back(place.second, value.raw);
  return rows;
}

}  // namespace kefu::testkit

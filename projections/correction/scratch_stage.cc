#include "projections/correction/scratch_stage.h"

#include "platform/base/check.h"

namespace kefu::correction {

namespace {

std::string BytesOf(const sdk::Row& row) {
  std::string bytes;
  row.AppendTo(&bytes);
  return bytes;
}

}  // namespace

ScratchStage::ScratchStage(const sdk::Projection& view, sdk::Stage& live,
                           bool (*seeded)(const sdk::Projection&, std::string_view))
    : view_(view), live_(live), seeded_(seeded) {}

const sdk::TableInfo& ScratchStage::Table(uint8_t id) const {
  for (const sdk::TableInfo& table : view_.tables)
    if (table.id == id) return table;
  KEFU_CHECK(false, "view {} has no table {}", view_.name, id);
  __builtin_unreachable();
}

std::unique_ptr<sdk::Row>* ScratchStage::Load(uint8_t table, std::string_view key) {
  const auto [place, added] = rows_.try_emplace(Place(table, key));
  const sdk::TableInfo& info = Table(table);
  if (added && seeded_(view_, info.name)) {
    if (const sdk::Row* row = live_.Find(table, key)) {
      place->second = info.make_row();
      KEFU_CHECK(place->second->Parse(BytesOf(*row)), "a row of {} cannot be read back", info.name);
    }
  }
  return &place->second;
}

const sdk::Row* ScratchStage::Find(uint8_t table, std::string_view key) { return Load(table, key)->get(); }

sdk::Row* ScratchStage::Edit(uint8_t table, std::string_view key) {
  std::unique_ptr<sdk::Row>& row = *Load(table, key);
  if (row == nullptr) row = Table(table).make_row();
  return row.get();
}

void ScratchStage::Erase(uint8_t table, std::string_view key) { Load(table, key)->reset(); }

std::optional<std::string_view> ScratchStage::FindRaw(uint8_t table, std::string_view key) {
  const auto found = raw_.find(Place(table, key));
  if (found == raw_.end()) return std::nullopt;
  return found->second;
}

void ScratchStage::PutRaw(uint8_t table, std::string_view key, std::string_view value) {
  raw_[Place(table, key)] = value;
}

std::map<ScratchStage::Place, std::optional<std::string>> ScratchStage::Stored() const {
  std::map<Place, std::optional<std::string>> stored;
  for (const auto& [place, row] : rows_)
    stored[place] = row == nullptr ? std::nullopt : std::optional<std::string>(BytesOf(*row));
  for (const auto& [place, value] : raw_) stored[place] = value;
  return stored;
}

void ScratchStage::CopyFrom(const ScratchStage& other) {
  rows_.clear();
  for (const auto& [place, row] : other.rows_) {
    std::unique_ptr<sdk::Row>& copy = rows_[place];
    if (row == nullptr) continue;
    copy = Table(place.first).make_row();
    KEFU_CHECK(copy->Parse(BytesOf(*row)), "a row of {} cannot be read back", Table(place.first).name);
  }
  raw_ = other.raw_;
}

}  // namespace kefu::correction

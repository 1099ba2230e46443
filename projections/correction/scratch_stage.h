#pragma once

// Rows of one view in memory, for a fold from nothing.

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "projections/sdk/projection.h"

namespace kefu::correction {

// Concurrency: none. What Find gives lives until the row is erased.
class ScratchStage final : public sdk::Stage {
 public:
  // Rows of tables that `seeded` names are those of `live` until they are changed. Both outlive the stage.
  ScratchStage(const sdk::Projection& view, sdk::Stage& live, bool (*seeded)(const sdk::Projection&, std::string_view));

  const sdk::Row* Find(uint8_t table, std::string_view key) override;
  sdk::Row* Edit(uint8_t table, std::string_view key) override;
  void Erase(uint8_t table, std::string_view key) override;
  std::optional<std::string_view> FindRaw(uint8_t table, std::string_view key) override;
  void PutRaw(uint8_t table, std::string_view key, std::string_view value) override;

  using Place = std::pair<uint8_t, std::string>;
  // All rows as they would be stored. Those that were erased, and were in a seeded table, are there without bytes.
  std::map<Place, std::optional<std::string>> Stored() const;
  // Begins again with what `other` has.
  void CopyFrom(const ScratchStage& other);

 private:
  const sdk::TableInfo& Table(uint8_t id) const;
  // Null: no such row.
  std::unique_ptr<sdk::Row>* Load(uint8_t table, std::string_view key);

  const sdk::Projection& view_;
  sdk::Stage& live_;
  bool (*const seeded_)(const sdk::Projection&, std::string_view);
  std::map<Place, std::unique_ptr<sdk::Row>> rows_;
  std::map<Place, std::string> raw_;
};

}  // namespace kefu::correction

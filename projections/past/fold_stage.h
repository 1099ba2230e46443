#pragma once

// The rows of one view of one client, in memory, in order.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "projections/engine/engine.h"
#include "projections/sdk/projection.h"

namespace kefu::past {

// Rows as stored, by table's or index's id, then key.
using StoredRows = std::map<uint8_t, std::map<std::string, std::string, std::less<>>>;

// Operation: rows stay decoded until StoreInto. Nothing is undone: who parks an event folds the others again.
// Concurrency: one thread.
class FoldStage final : public sdk::Stage {
 public:
  explicit FoldStage(const sdk::Projection& projection) : projection_(projection) {}

  const sdk::Row* Find(uint8_t table, std::string_view key) override;
  sdk::Row* Edit(uint8_t table, std::string_view key) override;
  void Erase(uint8_t table, std::string_view key) override;
  std::optional<std::string_view> FindRaw(uint8_t table, std::string_view key) override;
  void PutRaw(uint8_t table, std::string_view key, std::string_view value) override;

  // Rows that `keeps` says yes to and their index entries, as the engine would store them.
  void StoreInto(const std::function<bool(const sdk::TableInfo& table, std::string_view key)>& keeps,
                 StoredRows* rows) const;

 private:
  struct Value {
    std::unique_ptr<sdk::Row> row;
    std::string raw;
  };
  const sdk::TableInfo& Table(uint8_t id) const;

  const sdk::Projection& projection_;
  std::map<uint8_t, std::map<std::string, Value, std::less<>>> values_;
};

// Walks `rows` between the bounds. `rows` must outlive it and may only grow.
std::unique_ptr<store::Cursor> Walk(const std::map<std::string, std::string, std::less<>>& rows, std::string_view lower,
                                    std::string_view upper, store::Order order);

}  // namespace kefu::past

#pragma once

// The rows of one view in memory, written to disagree with the engine: rows stay decoded, index entries are computed
// from them from scratch, nothing is cached or diffed.

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "projections/sdk/projection.h"

namespace kefu::testkit {

// Operation: Begin before each event; Undo takes back what happened since.
// Concurrency: none.
class MemoryStage final : public sdk::Stage {
 public:
  // `projection` must outlive it.
  explicit MemoryStage(const sdk::Projection& projection) : projection_(&projection) {}

  const sdk::Row* Find(uint8_t table, std::string_view key) override;
  sdk::Row* Edit(uint8_t table, std::string_view key) override;
  void Erase(uint8_t table, std::string_view key) override;
  std::optional<std::string_view> FindRaw(uint8_t table, std::string_view key) override;
  void PutRaw(uint8_t table, std::string_view key, std::string_view value) override;

  void Begin() { undo_.clear(); }
  void Undo();
  // Writes every row out and reads it back, as a restart does.
  void Restart();

  // Each row and index entry as a line, by table and key: `cases [K-1] {"caseId":…}`, `by_status [1, K-1] → [K-1]`.
  std::string Dump() const;
  // Keys (as Dump has them) of an index's entries, in order.
  std::vector<std::string> IndexLines(std::string_view index) const;
  // Rows of a table with their encoded keys, in key order, as the messages that are stored.
  using Rendered = std::unique_ptr<google::protobuf::Message>;
  std::vector<std::pair<std::string, Rendered>> Rows(std::string_view table) const;
  // Null if there is no such row.
  Rendered Render(uint8_t table, std::string_view key) const;
  std::vector<std::pair<std::string, std::string>> RawRows(std::string_view table) const;

 private:
  using Place = std::pair<uint8_t, std::string>;
  struct Value {
    std::unique_ptr<sdk::Row> row;  // null for raw bytes
    std::string raw;
  };

  const sdk::TableInfo& Table(uint8_t id) const;
  // Notes how `place` was before the event in hand touched it.
  void Remember(const Place& place);
  // Encoded index key to encoded primary key.
  std::map<std::string, std::string> Entries(const sdk::TableInfo& table, const sdk::IndexInfo& index) const;

  const sdk::Projection* projection_;
  std::map<Place, Value> values_;
  // Serialised values from before the event; empty where there was none.
  std::vector<std::pair<Place, std::optional<std::string>>> undo_;
};

}  // namespace kefu::testkit

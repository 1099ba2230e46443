#pragma once

#include "projections/engine/host.h"

namespace kefu::engine {

// What a query sees: a snapshot and where each view's rows are in it. Immutable.
class PartitionHost::State final : public PartitionView {
 public:
  struct ShownView {
    const sdk::Projection* projection = nullptr;
    Shown shown;
  };

  State(Partition partition, std::shared_ptr<const store::Snapshot> snapshot, std::vector<ShownView> views,
        Status unreadable)
      : partition_(partition),
        snapshot_(std::move(snapshot)),
        views_(std::move(views)),
        unreadable_(std::move(unreadable)) {}

  Partition partition() const override { return partition_; }
  Offset next_offset(std::string_view view) const override;
  StatusOr<bool> Get(std::string_view view, std::string_view table, std::string_view key,
                     store::PinnedValue* row) const override;
  StatusOr<std::unique_ptr<store::Cursor>> Scan(std::string_view view, std::string_view table, std::string_view lower,
                                                std::string_view upper, store::Order order) const override;
  std::optional<Gap> GapOf(std::string_view view, std::string_view client_id) const override;

  const store::Snapshot& snapshot() const { return *snapshot_; }
  const std::shared_ptr<const store::Snapshot>& shared_snapshot() const { return snapshot_; }
  const ShownView* Find(std::string_view view) const;

 private:
  // The view and the first byte of the table's or index's keys.
  StatusOr<std::pair<const ShownView*, uint8_t>> Locate(std::string_view view, std::string_view table) const;

  const Partition partition_;
  const std::shared_ptr<const store::Snapshot> snapshot_;
  const std::vector<ShownView> views_;
  const Status unreadable_;
};

}  // namespace kefu::engine

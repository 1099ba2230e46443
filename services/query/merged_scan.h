#pragma once

// Rows of one view over several partitions in one order.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "platform/base/ids.h"
#include "platform/base/status.h"
#include "platform/store/store.h"
#include "services/query/reader.h"

namespace kefu::query {

// What to read. Every range is walked in every partition of the moment.
struct ScanPlan {
  // Keys that begin with `prefix`. Without their first `skip` bytes they are in the order of the list.
  struct Range {
    std::string prefix;
    size_t skip = 0;
    // Where to stop: only keys below; empty is the end of the prefix.
    std::string below = {};
  };
  enum class Order {
    // By what is left of the keys, ascending; equal ones by partition.
    kKey,
    // An index by offset, newest first within a partition; between partitions by the rows' recorded time.
    kNewest,
  };

  std::string view;
  // The table with the rows, and what is walked: the same, or an index of it.
  std::string rows;
  std::string table;
  std::vector<Range> ranges;
  Order order = Order::kKey;
};

// A k-way merge. A cursor names the place after a row, in any later moment; with Order::kKey a row that exists
// throughout and keeps its key is given once over all pages, whatever else is written.
//
// Cost: one cursor a range and partition; one look-up a row where an index is walked.
// Concurrency: one thread. The moment must outlive it.
class MergedScan {
 public:
  // `after` is what Cursor() gave before, or empty. kInvalidArgument if it does not fit.
  static StatusOr<std::unique_ptr<MergedScan>> Open(const Moment& moment, ScanPlan plan, std::string_view after);

  // Goes to the next entry; false at the end.
  StatusOr<bool> Next();

  // Of the present entry. The row is read when asked for; its bytes are valid until Next.
  const engine::PartitionView& partition() const { return *present_->partition; }
  StatusOr<std::string_view> Row();
  // With Order::kKey: what is left of the key.
  std::string_view order_key() const { return present_->order; }

  // The place after the present entry.
  std::string Cursor() const;

 private:
  struct Head {
    const engine::PartitionView* partition = nullptr;
    std::unique_ptr<store::Cursor> cursor;
    size_t skip = 0;
    // What the merge compares, and for kNewest the offset.
    std::string order;
    int64_t offset = 0;
    // The row, once looked up through an index.
    store::PinnedValue row;
    bool has_row = false;
  };

  MergedScan(const Moment& moment, ScanPlan plan) : moment_(moment), plan_(std::move(plan)) {}
  Status OpenRanges(std::string_view after);
  Status AddHead(std::unique_ptr<Head> head);
  Status LoadRow(Head& head) const;
  static bool Later(const std::unique_ptr<Head>& a, const std::unique_ptr<Head>& b);

  const Moment& moment_;
  const ScanPlan plan_;
  std::vector<std::unique_ptr<Head>> heap_;
  // Given last; goes back into the heap at Next.
  std::unique_ptr<Head> present_;
  // kNewest: by place in the moment, below which offset to go on.
  std::vector<int64_t> below_;
};

}  // namespace kefu::query

#include "services/query/merged_scan.h"

#include <algorithm>
#include <limits>

#include "kefu/query/v1/case.pb.h"
#include "platform/base/reason.h"
#include "platform/base/time.h"
#include "platform/codec/key.h"

namespace kefu::query {
namespace {

Status BadCursor() {
  return WithReason(InvalidArgument("page_token: its place does not fit this server's log"), "PAGE_TOKEN_INVALID",
                    "page_token");
}

}  // namespace

StatusOr<std::unique_ptr<MergedScan>> MergedScan::Open(const Moment& moment, ScanPlan plan, std::string_view after) {
  std::unique_ptr<MergedScan> scan(new MergedScan(moment, std::move(plan)));
  RETURN_IF_ERROR(scan->OpenRanges(after));
  return scan;
}

Status MergedScan::OpenRanges(std::string_view after) {
  int32_t after_partition = -1;
  std::string_view after_key = after;
  if (plan_.order == ScanPlan::Order::kNewest) {
    below_.assign(moment_.partitions().size(), std::numeric_limits<int64_t>::max());
    for (int64_t& below : below_)
      if (!after.empty() && !codec::TakePart(after_key, &below)) return BadCursor();
    if (!after_key.empty()) return BadCursor();
  } else if (!after.empty() && !codec::TakePart(after_key, &after_partition)) {
    return BadCursor();
  }
  for (size_t place = 0; place < moment_.partitions().size(); ++place) {
    const engine::PartitionView& partition = *moment_.partitions()[place];
    for (const ScanPlan::Range& range : plan_.ranges) {
      std::string lower = range.prefix;
      std::string upper = range.below.empty() ? codec::PrefixEnd(range.prefix) : range.below;
      if (!upper.empty() && lower >= upper) continue;
      auto order = store::Order::kAscending;
      if (plan_.order == ScanPlan::Order::kNewest) {
        order = store::Order::kDescending;
        upper = codec::Key(below_[place]);
      } else if (!after.empty()) {
        std::string place_after = range.prefix.substr(0, range.skip) + std::string(after_key);
        // A key equal to the last one was given already in this partition and those before it.
        if (partition.partition().value() <= after_partition) place_after.push_back('\0');
        lower = std::max(lower, place_after);
        if (!upper.empty() && lower >= upper) continue;
      }
      auto head = std::make_unique<Head>();
      head->partition = &partition;
      head->skip = range.skip;
      ASSIGN_OR_RETURN(head->cursor, partition.Scan(plan_.view, plan_.table, lower, upper, order));
      RETURN_IF_ERROR(AddHead(std::move(head)));
    }
  }
  return OkStatus();
}

bool MergedScan::Later(const std::unique_ptr<Head>& a, const std::unique_ptr<Head>& b) {
  if (a->order != b->order) return a->order > b->order;
  return a->partition->partition() > b->partition->partition();
}

Status MergedScan::AddHead(std::unique_ptr<Head> head) {
  if (!head->cursor->Valid()) return head->cursor->status();
  std::string_view key = head->cursor->key();
  head->has_row = false;
  if (plan_.order == ScanPlan::Order::kKey) {
    head->order = key.substr(head->skip);
  } else {
    if (!codec::TakePart(key, &head->offset))
      return DataLoss("index {} of {} has a key that is none", plan_.table, plan_.view);
    RETURN_IF_ERROR(LoadRow(*head));
    query::v1::Case row;
    if (!row.ParseFromArray(head->row.view().data(), static_cast<int>(head->row.view().size())))
      return DataLoss("a row of {} cannot be read", plan_.view);
    head->order = codec::Key(-absl::ToUnixMicros(FromProto(row.recorded_at())));
  }
  heap_.push_back(std::move(head));
  std::push_heap(heap_.begin(), heap_.end(), &Later);
  return OkStatus();
}

Status MergedScan::LoadRow(Head& head) const {
  if (head.has_row) return OkStatus();
  ASSIGN_OR_RETURN(const bool found, head.partition->Get(plan_.view, plan_.rows, head.cursor->value(), &head.row));
  if (!found)
    return DataLoss("view {}, partition {}: index {} names a row that is not there; rebuild the view", plan_.view,
                    head.partition->partition(), plan_.table);
  head.has_row = true;
  return OkStatus();
}

StatusOr<bool> MergedScan::Next() {
  if (present_ != nullptr) {
    present_->cursor->Next();
    RETURN_IF_ERROR(AddHead(std::move(present_)));
  }
  if (heap_.empty()) return false;
  std::pop_heap(heap_.begin(), heap_.end(), &Later);
  present_ = std::move(heap_.back());
  heap_.pop_back();
  if (plan_.order == ScanPlan::Order::kNewest) {
    for (size_t place = 0; place < below_.size(); ++place)
      if (moment_.partitions()[place].get() == present_->partition) below_[place] = present_->offset;
  }
  return true;
}

StatusOr<std::string_view> MergedScan::Row() {
  if (plan_.table == plan_.rows) return present_->cursor->value();
  RETURN_IF_ERROR(LoadRow(*present_));
  return present_->row.view();
}

std::string MergedScan::Cursor() const {
  std::string cursor;
  if (plan_.order == ScanPlan::Order::kNewest) {
    for (const int64_t below : below_) codec::AppendPart(cursor, below);
    return cursor;
  }
  codec::AppendPart(cursor, partition().partition());
  return cursor + present_->order;
}

}  // namespace kefu::query

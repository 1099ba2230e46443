#include "services/query/timeline.h"

#include "platform/base/reason.h"
#include "platform/codec/key.h"
#include "projections/journal/entry.h"

namespace kefu::query {
namespace {

constexpr std::string_view kView = "journal";
constexpr std::string_view kTable = "entries";

StatusOr<Offset> OffsetOfKey(std::string_view key) {
  std::string client_id;
  Offset offset;
  if (!codec::TakePart(key, &client_id) || !codec::TakePart(key, &offset) || !key.empty())
    return DataLoss("the journal has a key that is none; rebuild the view");
  return offset;
}

}  // namespace

StatusOr<TimelineOrder> ReadTimelineOrder(std::string_view order_by) {
  if (order_by.empty() || order_by == NameOf(TimelineOrder::kNewestFirst)) return TimelineOrder::kNewestFirst;
  if (order_by == NameOf(TimelineOrder::kOldestFirst)) return TimelineOrder::kOldestFirst;
  return WithReason(
      InvalidArgument("order_by \"{}\": there are \"offset desc\" and \"offset\"", order_by.substr(0, 80)),
      "ORDER_BY_INVALID", "order_by");
}

std::string_view NameOf(TimelineOrder order) { return order == TimelineOrder::kNewestFirst ? "offset desc" : "offset"; }

StatusOr<query::v1::TimelineEntry> ReadTimelineEntry(Partition partition, Offset offset, std::string_view stored) {
  const auto entry = journal::DecodeEntry(stored);
  query::v1::TimelineEntry made;
  if (!entry.has_value() ||
      !made.mutable_event()->ParseFromArray(entry->event.data(), static_cast<int>(entry->event.size())))
    return DataLoss("the journal's entry at {}@{} cannot be read; rebuild the view", partition, offset);
  made.set_partition(partition.value());
  made.set_offset(offset.value());
  *made.mutable_verdict() = entry->Verdict();
  const auto& event = made.event();
  const auto* body =
      event.GetReflection()->GetOneofFieldDescriptor(event, event.GetDescriptor()->FindOneofByName("body"));
  if (body != nullptr) made.set_kind(body->name());
  return made;
}

StatusOr<std::string> FillTimeline(const engine::PartitionView& partition, const std::string& client_id,
                                   const Filter& filter, TimelineOrder order, std::string_view cursor,
                                   const PageLimits& limits, query::v1::ListTimelineResponse* response) {
  const bool newest_first = order == TimelineOrder::kNewestFirst;
  std::string lower = codec::Key(client_id);
  std::string upper = codec::PrefixEnd(lower);
  if (!cursor.empty()) {
    Offset last;
    if (!codec::TakePart(cursor, &last)) return WithReason(InvalidArgument("page_token: broken"), "PAGE_TOKEN_INVALID");
    (newest_first ? upper : lower) = codec::Key(client_id, newest_first ? last : last.Next());
  }
  ASSIGN_OR_RETURN(
      const auto entries,
      partition.Scan(kView, kTable, lower, upper, newest_first ? store::Order::kDescending : store::Order::kAscending));
  size_t bytes = 0;
  for (int64_t examined = 1; entries->Valid(); ++examined) {
    if (examined % kRowsBetweenChecks == 0) RETURN_IF_ERROR(limits.keeps_going());
    ASSIGN_OR_RETURN(const Offset offset, OffsetOfKey(entries->key()));
    ASSIGN_OR_RETURN(auto entry, ReadTimelineEntry(partition.partition(), offset, entries->value()));
    if (filter.Matches(entry)) {
      bytes += entries->value().size();
      *response->add_entries() = std::move(entry);
    }
    entries->Next();
    if (!entries->Valid()) break;
    if (response->entries_size() >= limits.rows || examined >= limits.examined || bytes >= limits.bytes)
      return codec::Key(offset);
  }
  RETURN_IF_ERROR(entries->status());
  return std::string();
}

}  // namespace kefu::query

#include "services/query/timeline.h"

#include <algorithm>
#include <limits>
#include <tuple>

#include "platform/base/reason.h"
#include "platform/base/time.h"
#include "platform/codec/key.h"
#include "projections/journal/entry.h"
#include "projections/relation/rows.pb.h"
#include "services/query/amendments.h"

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
  Amendments amendments(partition, client_id);
  size_t bytes = 0;
  for (int64_t examined = 1; entries->Valid(); ++examined) {
    if (examined % kRowsBetweenChecks == 0) RETURN_IF_ERROR(limits.keeps_going());
    ASSIGN_OR_RETURN(const Offset offset, OffsetOfKey(entries->key()));
    ASSIGN_OR_RETURN(auto entry, ReadTimelineEntry(partition.partition(), offset, entries->value()));
    if (filter.Matches(entry)) {
      entry.set_client_id(client_id);
      RETURN_IF_ERROR(amendments.Mark(client_id, &entry));
      bytes += entries->value().size() + entry.amended().ByteSizeLong();
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

namespace {

using query::v1::TimelineEntry;

// Whom a fact about two clients is about, as the partition of one of them knows it. Empty for all else.
StatusOr<std::vector<std::string>> EndsOf(const engine::PartitionView& partition, const events::v1::Event& event) {
  using events::v1::Event;
  store::PinnedValue stored;
  const auto find = [&](std::string_view table, const std::string& key) {
    return partition.Get("relation", table, codec::Key(key), &stored);
  };
  switch (event.body_case()) {
    case Event::kClientRecordsMerged:
      return std::vector{event.client_records_merged().surviving_client_id(),
                         event.client_records_merged().merged_client_id()};
    case Event::kClientRelationStarted:
      return std::vector{event.client_relation_started().client_id(),
                         event.client_relation_started().other_client_id()};
    case Event::kClientRecordsSplit: {
      query::v1::MergeFact fact;
      ASSIGN_OR_RETURN(const bool found, find("merge_facts", event.client_records_split().merge_event_id()));
      if (!found || !fact.ParseFromString(std::string(stored.view()))) break;
      return std::vector{fact.surviving_client_id(), fact.merged_client_id()};
    }
    case Event::kClientRelationEnded: {
      relation::RelationEnds ends;
      ASSIGN_OR_RETURN(const bool found, find("ends", event.client_relation_ended().relation_id()));
      if (!found || !ends.ParseFromString(std::string(stored.view()))) break;
      return std::vector{ends.client_id(), ends.other_client_id()};
    }
    default:
      break;
  }
  return std::vector<std::string>();
}

// One record's journal, walked from a place on.
class RecordTimeline {
 public:
  // `place`: newest first, entries below it come; oldest first, those from it on.
  static StatusOr<RecordTimeline> Open(const Union& records, const std::string& client_id, bool newest_first,
                                       int64_t place) {
    RecordTimeline made(records, client_id, newest_first);
    std::string lower = codec::Key(client_id);
    std::string upper = codec::PrefixEnd(lower);
    (newest_first ? upper : lower) = codec::Key(client_id, place);
    ASSIGN_OR_RETURN(made.entries_,
                     made.partition_->Scan(kView, kTable, lower, upper,
                                           newest_first ? store::Order::kDescending : store::Order::kAscending));
    RETURN_IF_ERROR(made.Load());
    return made;
  }

  static int64_t Start(bool newest_first) { return newest_first ? std::numeric_limits<int64_t>::max() : 0; }

  bool at_end() const { return at_end_; }
  TimelineEntry& entry() { return entry_; }
  // Says what was said of the entry in hand later.
  Status Mark() { return amendments_.Mark(client_id_, &entry_); }
  size_t bytes() const { return entries_->value().size(); }
  Status Next() {
    entries_->Next();
    return Load();
  }
  // Where to go on another time: the entry in hand comes again.
  int64_t place() const {
    if (at_end_) return newest_first_ ? 0 : std::numeric_limits<int64_t>::max();
    return newest_first_ ? entry_.offset() + 1 : entry_.offset();
  }
  bool ComesBefore(const RecordTimeline& other) const {
    return newest_first_ ? other.Rank() < Rank() : Rank() < other.Rank();
  }

 private:
  RecordTimeline(const Union& records, const std::string& client_id, bool newest_first)
      : records_(&records),
        partition_(&records.moment.HomeOf(client_id)),
        client_id_(client_id),
        newest_first_(newest_first),
        amendments_(*partition_, client_id) {}

  std::tuple<absl::Time, int32_t, int64_t> Rank() const {
    return {FromProto(entry_.event().recorded_at()), entry_.partition(), entry_.offset()};
  }

  Status Load() {
    for (; entries_->Valid(); entries_->Next()) {
      ASSIGN_OR_RETURN(const Offset offset, OffsetOfKey(entries_->key()));
      ASSIGN_OR_RETURN(entry_, ReadTimelineEntry(partition_->partition(), offset, entries_->value()));
      entry_.set_client_id(client_id_);
      ASSIGN_OR_RETURN(const bool elsewhere, IsElsewhere());
      if (!elsewhere) return OkStatus();
    }
    at_end_ = true;
    return entries_->status();
  }

  // Is it a fact about two of the records, which the first of them shows?
  StatusOr<bool> IsElsewhere() const {
    ASSIGN_OR_RETURN(const auto ends, EndsOf(*partition_, entry_.event()));
    if (ends.empty()) return false;
    for (const std::string& member : records_->members) {
      if (member == client_id_) return false;
      if (std::find(ends.begin(), ends.end(), member) != ends.end()) return true;
    }
    return false;
  }

  const Union* records_;
  const engine::PartitionView* partition_;
  std::string client_id_;
  bool newest_first_;
  Amendments amendments_;
  std::unique_ptr<store::Cursor> entries_;
  TimelineEntry entry_;
  bool at_end_ = false;
};

}  // namespace

StatusOr<std::string> FillTimeline(const Union& records, const Filter& filter, TimelineOrder order,
                                   std::string_view cursor, const PageLimits& limits,
                                   query::v1::ListTimelineResponse* response) {
  const bool newest_first = order == TimelineOrder::kNewestFirst;
  std::vector<RecordTimeline> timelines;
  std::string_view rest = cursor;
  for (const std::string& member : records.members) {
    int64_t place = RecordTimeline::Start(newest_first);
    if (!cursor.empty() && !codec::TakePart(rest, &place))
      return WithReason(InvalidArgument("page_token: broken"), "PAGE_TOKEN_INVALID");
    ASSIGN_OR_RETURN(auto timeline, RecordTimeline::Open(records, member, newest_first, place));
    timelines.push_back(std::move(timeline));
  }
  const auto comes_first = [](const RecordTimeline& a, const RecordTimeline& b) {
    if (a.at_end() || b.at_end()) return !a.at_end() && b.at_end();
    return a.ComesBefore(b);
  };
  size_t bytes = 0;
  for (int64_t examined = 1;; ++examined) {
    if (examined % kRowsBetweenChecks == 0) RETURN_IF_ERROR(limits.keeps_going());
    RecordTimeline& first = *std::min_element(timelines.begin(), timelines.end(), comes_first);
    if (first.at_end()) return std::string();
    if (response->entries_size() >= limits.rows || examined > limits.examined || bytes >= limits.bytes) break;
    if (filter.Matches(first.entry())) {
      RETURN_IF_ERROR(first.Mark());
      bytes += first.bytes() + first.entry().amended().ByteSizeLong();
      *response->add_entries() = std::move(first.entry());
    }
    RETURN_IF_ERROR(first.Next());
  }
  std::string next;
  for (const RecordTimeline& timeline : timelines) codec::AppendPart(next, timeline.place());
  return next;
}

}  // namespace kefu::query

#pragma once

#include <functional>
#include <string>

#include "kefu/query/v1/client.pb.h"
#include "services/query/filter.h"
#include "services/query/page.h"
#include "services/query/reader.h"
#include "services/query/union.h"

namespace kefu::query {

enum class TimelineOrder { kNewestFirst, kOldestFirst };
// kInvalidArgument (ORDER_BY_INVALID) with what there is. Empty is newest first.
StatusOr<TimelineOrder> ReadTimelineOrder(std::string_view order_by);
std::string_view NameOf(TimelineOrder order);

// A stored entry of the journal as an answer, without whose journal it is in, and without what was said of it later
// (amendments.h). kDataLoss if it is none.
StatusOr<query::v1::TimelineEntry> ReadTimelineEntry(Partition partition, Offset offset, std::string_view stored);

// A page of one client's entries from after `cursor`, those that were corrected or annulled later marked so; returns the
// cursor to go on from, empty at the end.
StatusOr<std::string> FillTimeline(const engine::PartitionView& partition, const std::string& client_id,
                                   const Filter& filter, TimelineOrder order, std::string_view cursor,
                                   const PageLimits& limits, query::v1::ListTimelineResponse* response);

// The same over records that were merged, by when the log learned of each event; of one time, by partition and offset. A
// fact about two of the records comes once.
StatusOr<std::string> FillTimeline(const Union& records, const Filter& filter, TimelineOrder order,
                                   std::string_view cursor, const PageLimits& limits,
                                   query::v1::ListTimelineResponse* response);

}  // namespace kefu::query

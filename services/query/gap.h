#pragma once

#include <optional>

#include "kefu/query/v1/client.pb.h"
#include "platform/base/time.h"
#include "projections/engine/engine.h"

namespace kefu::query {

// What a view is missing of a client, as answers say it.
inline query::v1::ViewGap GapMessage(const engine::PartitionView::Gap& gap) {
  query::v1::ViewGap made;
  made.set_parked_events(gap.events);
  made.set_reason(gap.reason);
  *made.mutable_since() = ToProto(gap.since);
  return made;
}

// Tells in `row` what `view` is missing of `client_id`, if anything.
template <class Row>
void SetGap(const engine::PartitionView& partition, std::string_view view, const std::string& client_id, Row* row) {
  if (const auto gap = partition.GapOf(view, client_id)) *row->mutable_gap() = GapMessage(*gap);
}

}  // namespace kefu::query

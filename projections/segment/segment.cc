#include "projections/segment/segment.h"

#include <algorithm>
#include <string>

namespace kefu::segment {
namespace {

using events::v1::ClientClassified;
using query::v1::ClassificationEntry;
using Rows = SegmentView::Rows;

// Where the scheme is in the sorted entries, or belongs.
int PlaceOf(const std::string& scheme, const Classification& row) {
  const auto& current = row.current();
  const auto at = std::lower_bound(
      current.begin(), current.end(), scheme,
      [](const ClassificationEntry& entry, const std::string& wanted) { return entry.classified().scheme() < wanted; });
  return static_cast<int>(at - current.begin());
}

bool IsAt(const std::string& scheme, int place, const Classification& row) {
  return place < row.current_size() && row.current(place).classified().scheme() == scheme;
}

void KeepAsHistory(ClassificationEntry was, Classification& row) {
  auto& history = *row.mutable_history();
  if (history.size() >= kHistoryKept) history.RemoveLast();
  *history.Add() = std::move(was);
  for (int i = history.size() - 1; i > 0; --i) history.SwapElements(i, i - 1);
}

void CountOne(const ClientClassified& classified, Rows& view) {
  if (classified.segment().empty()) return;
  auto& count = view.Edit<Counts>(classified.scheme(), classified.segment());
  count.set_scheme(classified.scheme());
  count.set_segment(classified.segment());
  count.set_clients(count.clients() + 1);
  count.set_rules_version(std::max(count.rules_version(), classified.rules_version()));
}

void UncountOne(const ClientClassified& classified, Rows& view) {
  if (classified.segment().empty()) return;
  auto& count = view.Edit<Counts>(classified.scheme(), classified.segment());
  if (count.clients() > 1)
    count.set_clients(count.clients() - 1);
  else
    view.Erase<Counts>(classified.scheme(), classified.segment());
}

}  // namespace

void ClientsBySegment::Keys(const Classification& row, sdk::IndexKeys& out) {
  for (const ClassificationEntry& entry : row.current())
    if (const auto& classified = entry.classified(); !classified.segment().empty())
      out.AddEncoded(Key::Encode(classified.scheme(), classified.segment(), row.client_id()));
}

sdk::Outcome SegmentView::Apply(const sdk::Recorded<ClientClassified>& recorded, Rows& view) {
  const ClientClassified& classified = recorded.body;
  const std::string& client_id = recorded.event().client_id();
  const Classification* known = view.Find<Clients>(client_id);
  if (known != nullptr && known->current_size() >= kSchemesKept &&
      !IsAt(classified.scheme(), PlaceOf(classified.scheme(), *known), *known))
    return sdk::Ignored();

  Classification& row = view.Edit<Clients>(client_id);
  row.set_client_id(client_id);
  const int place = PlaceOf(classified.scheme(), row);
  google::protobuf::Timestamp since = classified.as_of();
  if (IsAt(classified.scheme(), place, row)) {
    ClassificationEntry& was = *row.mutable_current(place);
    if (was.classified().segment() == classified.segment()) {
      since = was.since();
    } else {
      UncountOne(was.classified(), view);
      CountOne(classified, view);
      *was.mutable_until() = classified.as_of();
      KeepAsHistory(std::move(was), row);
    }
  } else {
    CountOne(classified, view);
    row.add_current();
    for (int i = row.current_size() - 1; i > place; --i) row.mutable_current()->SwapElements(i, i - 1);
  }
  ClassificationEntry& now = *row.mutable_current(place);
  now.Clear();
  *now.mutable_classified() = classified;
  now.set_event_id(recorded.event().event_id());
  now.set_offset(recorded.record.offset.value());
  *now.mutable_since() = since;
  return sdk::Applied();
}

}  // namespace kefu::segment

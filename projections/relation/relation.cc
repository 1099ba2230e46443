#include "projections/relation/relation.h"

#include <algorithm>

#include "platform/base/time.h"
#include "projections/sdk/home.h"

namespace kefu::relation {

using query::v1::MergeFact;
using query::v1::Relation;
using Rows = RelationView::Rows;

namespace {

template <class Body>
bool IsHome(const sdk::Recorded<Body>& recorded, const std::string& client_id) {
  return sdk::IsHome(recorded.event(), client_id, recorded.record.partition);
}

bool IsEmpty(const MergeLinks& links) { return links.surviving_client_id().empty() && links.merged().empty(); }

// Kept sorted, so that a split leaves what was there before the merge.
void AddMerged(const std::string& client_id, const std::string& event_id, MergeLinks& links) {
  auto& list = *links.mutable_merged();
  if (list.size() >= kMergedKept) return;
  const auto place = std::lower_bound(list.begin(), list.end(), client_id,
                                      [](const MergedRecord& a, const std::string& b) { return a.client_id() < b; });
  const int at = static_cast<int>(place - list.begin());
  MergedRecord& added = *list.Add();
  added.set_client_id(client_id);
  added.set_merge_event_id(event_id);
  for (int i = list.size() - 1; i > at; --i) list.SwapElements(i, i - 1);
}

void DropMerged(const std::string& event_id, MergeLinks& links) {
  auto& list = *links.mutable_merged();
  for (int i = list.size() - 1; i >= 0; --i)
    if (list.Get(i).merge_event_id() == event_id) list.DeleteSubrange(i, 1);
}

}  // namespace

void MergesByClient::Keys(const MergeFact& row, sdk::IndexKeys& out) {
  const absl::Time at = FromProto(row.merged_at());
  for (const std::string* client_id : {&row.surviving_client_id(), &row.merged_client_id()})
    out.AddEncoded(Key::Encode(*client_id, at, row.event_id()));
}

sdk::Outcome RelationView::Apply(const sdk::Recorded<events::v1::ClientRecordsMerged>& merged, Rows& view) {
  const auto& body = merged.body;
  const std::string& event_id = merged.event().event_id();
  const bool home_of_surviving = IsHome(merged, body.surviving_client_id());
  const bool home_of_merged = IsHome(merged, body.merged_client_id());
  if (!home_of_surviving && !home_of_merged) return sdk::Ignored();
  if (home_of_surviving) AddMerged(body.merged_client_id(), event_id, view.Edit<Merges>(body.surviving_client_id()));
  if (home_of_merged) {
    MergeLinks& links = view.Edit<Merges>(body.merged_client_id());
    links.set_surviving_client_id(body.surviving_client_id());
    links.set_merge_event_id(event_id);
  }
  MergeFact& fact = view.Edit<MergeFacts>(event_id);
  fact.set_event_id(event_id);
  fact.set_surviving_client_id(body.surviving_client_id());
  fact.set_merged_client_id(body.merged_client_id());
  if (body.has_cause()) *fact.mutable_cause() = body.cause();
  *fact.mutable_merged_at() = merged.event().occurred_at();
  return sdk::Applied();
}

sdk::Outcome RelationView::Apply(const sdk::Recorded<events::v1::ClientRecordsSplit>& split, Rows& view) {
  const std::string& merge = split.body.merge_event_id();
  const MergeFact* found = view.Find<MergeFacts>(merge);
  // Of clients that live elsewhere.
  if (found == nullptr) return sdk::Ignored();
  const std::string surviving = found->surviving_client_id();
  const std::string merged = found->merged_client_id();
  if (IsHome(split, surviving)) {
    MergeLinks& links = view.Edit<Merges>(surviving);
    DropMerged(merge, links);
    if (IsEmpty(links)) view.Erase<Merges>(surviving);
  }
  if (IsHome(split, merged)) {
    MergeLinks& links = view.Edit<Merges>(merged);
    if (links.merge_event_id() == merge) {
      links.clear_surviving_client_id();
      links.clear_merge_event_id();
    }
    if (IsEmpty(links)) view.Erase<Merges>(merged);
  }
  MergeFact& fact = view.Edit<MergeFacts>(merge);
  *fact.mutable_split_at() = split.event().occurred_at();
  fact.set_split_event_id(split.event().event_id());
  return sdk::Applied();
}

sdk::Outcome RelationView::Apply(const sdk::Recorded<events::v1::ClientRelationStarted>& started, Rows& view) {
  const auto& body = started.body;
  Relation relation;
  relation.set_relation_id(body.relation_id());
  relation.set_kind(body.kind());
  relation.set_client_id(body.client_id());
  relation.set_other_client_id(body.other_client_id());
  relation.set_detail(body.detail());
  relation.set_said_by(body.said_by());
  *relation.mutable_true_since() = body.has_true_since() ? body.true_since() : started.event().occurred_at();
  *relation.mutable_known_since() = ToProto(started.record.recorded_at);
  relation.set_started_by_event_id(started.event().event_id());
  bool is_home = false;
  for (const std::string* end : {&body.client_id(), &body.other_client_id()}) {
    if (!IsHome(started, *end)) continue;
    is_home = true;
    view.Edit<Relations>(*end, body.relation_id()) = relation;
  }
  if (!is_home) return sdk::Ignored();
  RelationEnds& ends = view.Edit<Ends>(body.relation_id());
  ends.set_client_id(body.client_id());
  ends.set_other_client_id(body.other_client_id());
  return sdk::Applied();
}

sdk::Outcome RelationView::Apply(const sdk::Recorded<events::v1::ClientRelationEnded>& ended, Rows& view) {
  const std::string& relation_id = ended.body.relation_id();
  const RelationEnds* found = view.Find<Ends>(relation_id);
  if (found == nullptr) return sdk::Ignored();
  const RelationEnds ends = *found;
  for (const std::string* end : {&ends.client_id(), &ends.other_client_id()}) {
    if (!IsHome(ended, *end)) continue;
    Relation& relation = view.Edit<Relations>(*end, relation_id);
    *relation.mutable_true_until() = ended.body.has_true_until() ? ended.body.true_until() : ended.event().occurred_at();
    *relation.mutable_known_until() = ToProto(ended.record.recorded_at);
    relation.set_ended_by_event_id(ended.event().event_id());
  }
  return sdk::Applied();
}

}  // namespace kefu::relation

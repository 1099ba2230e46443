#include <string>

#include "projections/admission/judges.h"

namespace kefu::admission {

namespace {

using events::v1::ClientRecordsMerged;
using events::v1::ClientRelationStarted;
using events::v1::Event;

// Levels of companies above one another; more is taken for a cycle, too.
constexpr int kMostLevels = 64;

Rule JudgeMerge(const ClientRecordsMerged& merged, Memory& memory) {
  if (merged.surviving_client_id() == merged.merged_client_id()) return Rule::kMergeWithItself;
  if (memory.Find<Survivors>(merged.merged_client_id()) != nullptr) return Rule::kClientAlreadyMerged;
  if (memory.Find<Survivors>(merged.surviving_client_id()) != nullptr) return Rule::kClientMergedAway;
  return Rule::kNone;
}

Rule JudgeSplit(const std::string& merge_event_id, Memory& memory) {
  const MergeState* merge = memory.Find<Merges>(merge_event_id);
  if (merge == nullptr) return Rule::kMergeUnknown;
  return merge->split() ? Rule::kMergeAlreadySplit : Rule::kNone;
}

// Whether `sought` is `client_id` or stands above it.
bool IsAtOrAbove(const std::string& sought, std::string client_id, Memory& memory) {
  for (int level = 0; level < kMostLevels; ++level) {
    if (client_id == sought) return true;
    const ParentState* parent = memory.Find<Parents>(client_id);
    if (parent == nullptr) return false;
    client_id = parent->parent_client_id();
  }
  return true;
}

Rule JudgeStart(const ClientRelationStarted& started, Memory& memory) {
  if (memory.Find<Relations>(started.relation_id()) != nullptr) return Rule::kRelationExists;
  if (started.client_id() == started.other_client_id()) return Rule::kRelationWithItself;
  if (started.kind() != events::v1::RELATION_KIND_PARENT) return Rule::kNone;
  if (memory.Find<Parents>(started.other_client_id()) != nullptr) return Rule::kParentExists;
  return IsAtOrAbove(started.other_client_id(), started.client_id(), memory) ? Rule::kTreeHasCycle : Rule::kNone;
}

Rule JudgeEnd(const std::string& relation_id, Memory& memory) {
  const RelationState* relation = memory.Find<Relations>(relation_id);
  if (relation == nullptr) return Rule::kRelationUnknown;
  return relation->ended() ? Rule::kRelationEnded : Rule::kNone;
}

Rule JudgeContent(const Event& event, Memory& memory) {
  switch (event.body_case()) {
    case Event::kClientRecordsMerged:
      return JudgeMerge(event.client_records_merged(), memory);
    case Event::kClientRecordsSplit:
      return JudgeSplit(event.client_records_split().merge_event_id(), memory);
    case Event::kClientRelationStarted:
      return JudgeStart(event.client_relation_started(), memory);
    case Event::kClientRelationEnded:
      return JudgeEnd(event.client_relation_ended().relation_id(), memory);
    default:
      return Rule::kBodyUnknown;
  }
}

void Move(const Event& event, Memory& memory) {
  switch (event.body_case()) {
    case Event::kClientRecordsMerged: {
      const ClientRecordsMerged& merged = event.client_records_merged();
      memory.Edit<Merges>(event.event_id()).set_merged_client_id(merged.merged_client_id());
      memory.Edit<Survivors>(merged.merged_client_id()).set_surviving_client_id(merged.surviving_client_id());
      return;
    }
    case Event::kClientRecordsSplit: {
      MergeState& merge = memory.Edit<Merges>(event.client_records_split().merge_event_id());
      merge.set_split(true);
      memory.Erase<Survivors>(merge.merged_client_id());
      return;
    }
    case Event::kClientRelationStarted: {
      const ClientRelationStarted& started = event.client_relation_started();
      RelationState& relation = memory.Edit<Relations>(started.relation_id());
      if (started.kind() != events::v1::RELATION_KIND_PARENT) return;
      relation.set_child_client_id(started.other_client_id());
      memory.Edit<Parents>(started.other_client_id()).set_parent_client_id(started.client_id());
      return;
    }
    case Event::kClientRelationEnded: {
      RelationState& relation = memory.Edit<Relations>(event.client_relation_ended().relation_id());
      relation.set_ended(true);
      if (!relation.child_client_id().empty()) memory.Erase<Parents>(relation.child_client_id());
      return;
    }
    default:
      return;
  }
}

}  // namespace

Decision TakeRelation(const Event& copy, Memory& memory) {
  Move(copy, memory);
  return {};
}

Decision JudgeRelation(const Event& event, Memory& memory) {
  const Rule rule = OrPrecondition(JudgeContent(event, memory), event);
  if (rule == Rule::kNone) Move(event, memory);
  return {rule, 0};
}

}  // namespace kefu::admission

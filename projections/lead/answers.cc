#include "projections/lead/answers.h"

#include <algorithm>

#include "platform/base/time.h"

namespace kefu::lead {
namespace {

// Where the action is in the sorted entries, or belongs.
int PlaceOf(std::string_view action_id, const AnsweredActions& row) {
  const auto& actions = row.actions();
  const auto at =
      std::lower_bound(actions.begin(), actions.end(), action_id,
                       [](const AnsweredAction& each, std::string_view wanted) { return each.action_id() < wanted; });
  return static_cast<int>(at - actions.begin());
}

void DropOldest(AnsweredActions& row) {
  auto& actions = *row.mutable_actions();
  const auto oldest = std::min_element(actions.begin(), actions.end(), [](const auto& a, const auto& b) {
    return FromProto(a.answered_at()) < FromProto(b.answered_at());
  });
  actions.erase(oldest);
}

AnsweredAction& EntryOf(const std::string& action_id, AnsweredActions& row) {
  int place = PlaceOf(action_id, row);
  if (place < row.actions_size() && row.actions(place).action_id() == action_id) return *row.mutable_actions(place);
  if (row.actions_size() >= kActionsKept) {
    DropOldest(row);
    place = PlaceOf(action_id, row);
  }
  row.add_actions()->set_action_id(action_id);
  for (int i = row.actions_size() - 1; i > place; --i) row.mutable_actions()->SwapElements(i, i - 1);
  return *row.mutable_actions(place);
}

void Count(events::v1::NextActionAnswer answer, AnsweredAction& entry) {
  if (answer == events::v1::NEXT_ACTION_ANSWER_DONE) entry.set_done(entry.done() + 1);
  if (answer == events::v1::NEXT_ACTION_ANSWER_POSTPONED) entry.set_postponed(entry.postponed() + 1);
  if (answer == events::v1::NEXT_ACTION_ANSWER_DISMISSED) entry.set_dismissed(entry.dismissed() + 1);
}

}  // namespace

void TakeAnswer(const sdk::Recorded<events::v1::NextActionAnswered>& answered, AnsweredActions& row) {
  const auto& body = answered.body;
  AnsweredAction& entry = EntryOf(body.action_id(), row);
  Count(body.answer(), entry);
  if (entry.has_answered_at() && FromProto(entry.answered_at()) > answered.occurred_at()) return;
  entry.set_answer(body.answer());
  *entry.mutable_answered_at() = answered.event().occurred_at();
  entry.set_rules_version(body.rules_version());
  entry.set_contact_id(body.contact_id());
  entry.set_lead_id(body.lead_id());
  entry.clear_outcome();
  if (body.has_outcome()) *entry.mutable_outcome() = body.outcome();
  entry.set_event_id(answered.event().event_id());
}

const AnsweredAction* FindAnswer(const AnsweredActions& row, std::string_view action_id) {
  const int place = PlaceOf(action_id, row);
  const bool found = place < row.actions_size() && row.actions(place).action_id() == action_id;
  return found ? &row.actions(place) : nullptr;
}

bool Rests(const AnsweredActions& row, std::string_view action_id, int32_t rests_days, absl::Time as_of) {
  const AnsweredAction* answer = FindAnswer(row, action_id);
  if (answer == nullptr) return false;
  const absl::Time from = FromProto(answer->answered_at());
  return from <= as_of && as_of < from + absl::Hours(24) * rests_days;
}

}  // namespace kefu::lead

#include "projections/retention/retention.h"

#include <algorithm>

namespace kefu::retention {

using Rows = RetentionView::Rows;

const events::v1::RetentionClass* ClassOf(const events::v1::RetentionPublished& retention, std::string_view kind) {
  const events::v1::RetentionClass* for_others = nullptr;
  for (const auto& one : retention.classes()) {
    if (one.kinds().empty()) for_others = &one;
    if (std::find(one.kinds().begin(), one.kinds().end(), kind) != one.kinds().end()) return &one;
  }
  return for_others;
}

sdk::Outcome RetentionView::Apply(const sdk::Recorded<events::v1::LegalHoldPlaced>& placed, Rows& view) {
  const auto& event = placed.event();
  Hold& hold = view.Edit<Holds>(event.client_id(), placed.body.hold_id());
  hold.set_client_id(event.client_id());
  hold.set_hold_id(placed.body.hold_id());
  hold.set_case_id(placed.body.case_id());
  hold.set_reason(placed.body.reason());
  *hold.mutable_placed_at() = event.occurred_at();
  hold.set_placed_by(event.actor().id());
  hold.set_event_id(event.event_id());
  return sdk::Applied();
}

sdk::Outcome RetentionView::Apply(const sdk::Recorded<events::v1::LegalHoldLifted>& lifted, Rows& view) {
  const auto& event = lifted.event();
  Hold& hold = view.Edit<Holds>(event.client_id(), lifted.body.hold_id());
  // What admission lets through has a hold; a view without it has lost something, and says so.
  if (hold.hold_id().empty()) return sdk::Parked("hold_unknown");
  *hold.mutable_lifted_at() = event.occurred_at();
  hold.set_lifted_by(event.actor().id());
  hold.set_lift_reason(lifted.body.reason());
  return sdk::Applied();
}

sdk::Outcome RetentionView::Apply(const sdk::Recorded<events::v1::RetentionPublished>& published, Rows& view) {
  Retention& row = view.Edit<Published>(kPublishedKey);
  *row.mutable_published() = published.body;
  row.set_event_id(published.event().event_id());
  *row.mutable_published_at() = published.event().occurred_at();
  return sdk::Applied();
}

}  // namespace kefu::retention

#include "projections/subscription/subscription.h"

#include <algorithm>

#include "platform/base/time.h"

namespace kefu::subscription {

using events::v1::ProductStep;
using Rows = SubscriptionView::Rows;

absl::Time DateOf(const Subscription& row) {
  return FromProto(row.has_next_due_at() ? row.next_due_at() : row.subscribed_at());
}

void SubscriptionsByClient::Keys(const Subscription& row, sdk::IndexKeys& out) {
  out.AddEncoded(Key::Encode(row.client_id(), static_cast<int32_t>(row.state()), DateOf(row), row.subscription_id()));
}

void SubscriptionsByProduct::Keys(const Subscription& row, sdk::IndexKeys& out) {
  out.AddEncoded(Key::Encode(row.product_id(), static_cast<int32_t>(row.state()), DateOf(row), row.subscription_id()));
}

void SubscriptionsByDue::Keys(const Subscription& row, sdk::IndexKeys& out) {
  out.AddEncoded(Key::Encode(static_cast<int32_t>(row.state()), DateOf(row), row.subscription_id()));
}

namespace {

bool IsDone(const Subscription& row, const std::string& step_id) {
  return std::find(row.done_step_ids().begin(), row.done_step_ids().end(), step_id) != row.done_step_ids().end();
}

const ProductStep* FindStep(const ServiceProductPublished& product, const std::string& step_id) {
  const auto found = std::find_if(product.steps().begin(), product.steps().end(),
                                  [&](const ProductStep& step) { return step.step_id() == step_id; });
  return found == product.steps().end() ? nullptr : &*found;
}

// The first step of the process that was not done; another one than before is due from `since` on.
void SetNext(const ServiceProductPublished& product, absl::Time since, Subscription& row) {
  const auto next = std::find_if(product.steps().begin(), product.steps().end(),
                                 [&](const ProductStep& step) { return !IsDone(row, step.step_id()); });
  if (next == product.steps().end()) {
    row.clear_next_step_id();
    row.clear_next_due_at();
    return;
  }
  if (row.next_step_id() == next->step_id()) return;
  row.set_next_step_id(next->step_id());
  row.clear_next_due_at();
  if (next->within_minutes() > 0) *row.mutable_next_due_at() = ToProto(since + absl::Minutes(next->within_minutes()));
}

// What the step says of channels, else what the product says; a channel that nobody told is no other one.
bool IsOtherChannel(const ServiceProductPublished& product, const ProductStep* step, events::v1::Channel channel) {
  if (channel == events::v1::CHANNEL_UNSPECIFIED) return false;
  const auto& channels = step != nullptr && !step->channels().empty() ? step->channels() : product.channels();
  return !channels.empty() && std::find(channels.begin(), channels.end(), channel) == channels.end();
}

// Admission lets only known and open ones through; a view without it has lost something, and says so.
sdk::Outcome Unknown() { return sdk::Parked("subscription_unknown"); }

}  // namespace

sdk::Outcome SubscriptionView::Apply(const sdk::Recorded<events::v1::ServiceProductPublished>& published, Rows& view) {
  view.Edit<Products>(published.body.product_id()) = published.body;
  return sdk::Applied();
}

sdk::Outcome SubscriptionView::Apply(const sdk::Recorded<events::v1::ServiceSubscribed>& subscribed, Rows& view) {
  const auto& event = subscribed.event();
  const auto& body = subscribed.body;
  const ServiceProductPublished* product = view.Find<Products>(body.product_id());
  if (product == nullptr) return sdk::Parked("product_unknown");
  Subscription& row = view.Edit<Subscriptions>(body.subscription_id());
  row.set_name("clients/" + event.client_id() + "/subscriptions/" + body.subscription_id());
  row.set_subscription_id(body.subscription_id());
  row.set_client_id(event.client_id());
  row.set_product_id(body.product_id());
  row.set_product_version(product->version());
  row.set_bundle_id(body.bundle_id());
  row.set_state(query::v1::SUBSCRIPTION_STATE_ACTIVE);
  *row.mutable_subscribed_at() = event.occurred_at();
  row.set_staff_id(body.staff_id());
  row.set_branch_id(event.branch_id());
  row.set_last_offset(subscribed.record.offset.value());
  SetNext(*product, subscribed.occurred_at(), row);
  return sdk::Applied();
}

sdk::Outcome SubscriptionView::Apply(const sdk::Recorded<events::v1::ServiceDelivered>& delivered, Rows& view) {
  const auto& event = delivered.event();
  const auto& body = delivered.body;
  Subscription& row = view.Edit<Subscriptions>(body.subscription_id());
  if (row.subscription_id().empty()) return Unknown();
  const ServiceProductPublished* product = view.Find<Products>(row.product_id());
  if (product == nullptr) return sdk::Parked("product_unknown");

  if (row.steps_size() == kStepsKept) row.mutable_steps()->DeleteSubrange(0, 1);
  auto& step = *row.add_steps();
  step.set_step_id(body.step_id());
  *step.mutable_at() = event.occurred_at();
  step.set_channel(body.channel());
  step.set_staff_id(body.staff_id());
  step.set_event_id(event.event_id());
  // What comes after the whole process is more than was promised, and out of no order.
  step.set_out_of_order(!row.next_step_id().empty() && row.next_step_id() != body.step_id());
  step.set_late(row.next_step_id() == body.step_id() && row.has_next_due_at() &&
                delivered.occurred_at() > FromProto(row.next_due_at()));
  step.set_other_channel(IsOtherChannel(*product, FindStep(*product, body.step_id()), body.channel()));

  row.set_step_count(row.step_count() + 1);
  row.set_deviations(row.deviations() + (step.out_of_order() || step.late() || step.other_channel()));
  row.set_last_offset(delivered.record.offset.value());
  if (!IsDone(row, body.step_id())) row.add_done_step_ids(body.step_id());
  if (row.state() == query::v1::SUBSCRIPTION_STATE_ACTIVE) SetNext(*product, delivered.occurred_at(), row);
  return sdk::Applied();
}

sdk::Outcome SubscriptionView::Apply(const sdk::Recorded<events::v1::ServiceEnded>& ended, Rows& view) {
  Subscription& row = view.Edit<Subscriptions>(ended.body.subscription_id());
  if (row.subscription_id().empty()) return Unknown();
  row.set_state(query::v1::SUBSCRIPTION_STATE_ENDED);
  *row.mutable_ended_at() = ended.event().occurred_at();
  if (ended.body.has_cause()) *row.mutable_cause() = ended.body.cause();
  row.clear_next_step_id();
  row.clear_next_due_at();
  row.set_last_offset(ended.record.offset.value());
  return sdk::Applied();
}

}  // namespace kefu::subscription

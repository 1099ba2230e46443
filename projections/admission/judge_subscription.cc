#include <algorithm>
#include <string>

#include "projections/admission/judges.h"
#include "projections/admission/lifecycle.h"

namespace kefu::admission {

namespace {

using events::v1::Event;

const std::string& SubscriptionIdOf(const Event& event) {
  switch (event.body_case()) {
    case Event::kServiceSubscribed:
      return event.service_subscribed().subscription_id();
    case Event::kServiceDelivered:
      return event.service_delivered().subscription_id();
    default:
      return event.service_ended().subscription_id();
  }
}

Rule JudgeSubscribed(const Event& event, Memory& memory) {
  const Rule rule = JudgeIsClient(event.client_id(), memory);
  if (rule != Rule::kNone) return rule;
  const ProductState* product = memory.Find<Products>(event.service_subscribed().product_id());
  if (product == nullptr) return Rule::kProductUnknown;
  return product->withdrawn() ? Rule::kProductWithdrawn : Rule::kNone;
}

// One of the product's newest version.
Rule JudgeStep(const std::string& step_id, const SubscriptionState& subscription, Memory& memory) {
  const ProductState* product = memory.Find<Products>(subscription.product_id());
  if (product == nullptr) return Rule::kStepUnknown;
  const auto& steps = product->step_ids();
  return std::find(steps.begin(), steps.end(), step_id) != steps.end() ? Rule::kNone : Rule::kStepUnknown;
}

Rule JudgeContent(const Event& event, const SubscriptionState& subscription, Memory& memory) {
  switch (event.body_case()) {
    case Event::kServiceSubscribed:
      return JudgeSubscribed(event, memory);
    case Event::kServiceDelivered:
      return JudgeStep(event.service_delivered().step_id(), subscription, memory);
    default:
      return Rule::kNone;
  }
}

}  // namespace

Decision JudgeSubscription(const Event& event, Memory& memory) {
  const std::string& id = SubscriptionIdOf(event);
  const SubscriptionState* found = memory.Find<Subscriptions>(id);
  const SubscriptionState& now = found != nullptr ? *found : SubscriptionState::default_instance();
  const bool begins = event.body_case() == Event::kServiceSubscribed;
  const auto move = MoveSubscription(event.body_case(), now.status());
  Rule rule = move.refusal;
  if (found != nullptr && !begins && now.client_id() != event.client_id()) rule = Rule::kSubscriptionOfOtherClient;
  if (rule == Rule::kNone) rule = JudgeContent(event, now, memory);
  rule = OrPrecondition(rule, event);
  if (rule != Rule::kNone || event.body_case() == Event::kServiceDelivered) return {rule, 0};

  SubscriptionState& changed = memory.Edit<Subscriptions>(id);
  changed.set_status(move.next);
  if (begins) {
    changed.set_client_id(event.client_id());
    changed.set_product_id(event.service_subscribed().product_id());
  }
  return {};
}

}  // namespace kefu::admission

#include "platform/testkit/view_run.h"

#include <algorithm>
#include <exception>

#include "projections/admission/admission.h"

namespace kefu::testkit {

ViewRun::ViewRun(const sdk::Projection& projection)
    : projection_(projection), admission_(admission::State()), view_(projection) {}

events::v1::Verdict ViewRun::Judge(const Delivery& delivery) {
  sdk::RecordedEvent record{&delivery.event, delivery.bytes, delivery.partition, delivery.offset, delivery.recorded_at};
  admission_.Begin();
  return admission::Judge(record, admission_);
}

void ViewRun::Fold(const Delivery& delivery, const events::v1::Verdict& verdict) {
  effective_ = std::max(effective_, delivery.recorded_at);
  if (verdict.outcome() == events::v1::VERDICT_OUTCOME_UNSPECIFIED) return;
  if (!projection_.takes_all) {
    if (verdict.outcome() == events::v1::VERDICT_OUTCOME_DUPLICATE) return;
    if (verdict.outcome() == events::v1::VERDICT_OUTCOME_REFUSED && !projection_.takes_refused) return;
    if (!projection_.Wants(delivery.event.body_case())) return;
  }
  if (const auto waiting = parked_.find(delivery.event.client_id()); waiting != parked_.end()) {
    ++waiting->second.events;
    return;
  }
  const sdk::RecordedEvent record{&delivery.event, delivery.bytes, delivery.partition,
                                  delivery.offset, effective_,     &verdict};
  view_.Begin();
  const auto park = [&](const std::string& reason) {
    view_.Undo();
    parked_[delivery.event.client_id()] = {reason, 1};
  };
  try {
    const sdk::Outcome outcome = projection_.Apply(record, view_);
    if (outcome.kind() == sdk::Outcome::Kind::kParked) park(outcome.reason());
  } catch (const std::exception& thrown) {
    park(thrown.what());
  }
}

events::v1::Verdict ViewRun::Deliver(const Delivery& delivery) {
  const events::v1::Verdict verdict = Judge(delivery);
  Fold(delivery, verdict);
  return verdict;
}

void ViewRun::Restart() {
  admission_.Restart();
  view_.Restart();
}

std::string ViewRun::Dump() const {
  std::string dump = view_.Dump();
  for (const auto& [client, waiting] : parked_)
    dump += fmt::format("parked [{}] {} events: {}\n", client, waiting.events, waiting.reason);
  return dump;
}

}  // namespace kefu::testkit

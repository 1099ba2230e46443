#include "platform/testkit/view_run.h"

#include <algorithm>
#include <exception>

#include "kefu/query/v1/case.pb.h"
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
  }
  const Told told{delivery.bytes, delivery.offset, effective_, delivery.partition, verdict};
  const bool keeps_history = projection_.takes_all || projection_.takes_refused;
  const bool wants = projection_.takes_all || projection_.Wants(delivery.event.body_case());
  if (!keeps_history && wants) told_.push_back(told);
  if (!keeps_history && delivery.event.has_event_corrected()) {
    instead_[verdict.first_offset()] = delivery.event.event_corrected().event();
    return FoldAgain();
  }
  if (!keeps_history && delivery.event.has_event_annulled()) {
    instead_[verdict.first_offset()].clear();
    return FoldAgain();
  }
  if (wants) FoldOne(delivery.event, told);
}

void ViewRun::FoldOne(const events::v1::Event& event, const Told& told) {
  if (const auto waiting = parked_.find(event.client_id()); waiting != parked_.end()) {
    ++waiting->second.events;
    return;
  }
  const sdk::RecordedEvent record{&event, told.bytes, told.partition, told.offset, told.recorded_at, &told.verdict};
  view_.Begin();
  const auto park = [&](const std::string& reason) {
    view_.Undo();
    parked_[event.client_id()] = {reason, 1};
  };
  try {
    const sdk::Outcome outcome = projection_.Apply(record, view_);
    if (outcome.kind() == sdk::Outcome::Kind::kParked) park(outcome.reason());
  } catch (const std::exception& thrown) {
    park(thrown.what());
  }
}

// A revision counts what was admitted, whatever became of it.
void ViewRun::FoldAgain() {
  std::map<std::string, int64_t> revisions;
  if (projection_.name == "case")
    for (const auto& [key, row] : view_.Rows("cases"))
      revisions[key] = static_cast<const query::v1::Case&>(*row).revision();
  view_ = MemoryStage(projection_);
  parked_.clear();
  for (const Told& told : told_) {
    const auto instead = instead_.find(told.offset.value());
    if (instead != instead_.end() && instead->second.empty()) continue;
    events::v1::Event event;
    event.ParseFromString(instead != instead_.end() ? instead->second : told.bytes);
    FoldOne(event, told);
  }
  for (const auto& [key, revision] : revisions)
    static_cast<sdk::RowOf<query::v1::Case>*>(view_.Edit(projection_.FindTable("cases")->id, key))
        ->value.set_revision(revision);
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

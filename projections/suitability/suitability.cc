#include "projections/suitability/suitability.h"

#include <algorithm>

#include "platform/base/time.h"
#include "projections/sdk/suitability_rules.h"

namespace kefu::suitability {

using Rows = SuitabilityView::Rows;
using query::v1::InvestorMoment;

// The complement of the microseconds: unlike their negative, every number has one.
int64_t NewestFirst(absl::Time time) { return ~absl::ToUnixMicros(time); }

bool IsOpen(const Recommendation& row) { return !row.has_ended_at(); }

namespace {

int64_t MadeOf(const Recommendation& row) { return NewestFirst(FromProto(row.made_at())); }

}  // namespace

void RecommendationsByClient::Keys(const Recommendation& row, sdk::IndexKeys& out) {
  out.AddEncoded(Key::Encode(row.client_id(), MadeOf(row), row.recommendation_id()));
}

void RecommendationsByStaff::Keys(const Recommendation& row, sdk::IndexKeys& out) {
  out.AddEncoded(Key::Encode(row.staff_id(), MadeOf(row), row.recommendation_id()));
  if (row.owner_id() != row.staff_id())
    out.AddEncoded(Key::Encode(row.owner_id(), MadeOf(row), row.recommendation_id()));
}

void RecommendationsByProduct::Keys(const Recommendation& row, sdk::IndexKeys& out) {
  out.AddEncoded(Key::Encode(row.product_id(), MadeOf(row), row.recommendation_id()));
}

void OpenRecommendationsByClient::Keys(const Recommendation& row, sdk::IndexKeys& out) {
  if (IsOpen(row)) out.AddEncoded(Key::Encode(row.client_id(), MadeOf(row), row.recommendation_id()));
}

void RecommendationsByTime::Keys(const Recommendation& row, sdk::IndexKeys& out) {
  out.AddEncoded(Key::Encode(MadeOf(row), row.recommendation_id()));
}

namespace {

sdk::Outcome Unknown() { return sdk::Parked("recommendation_unknown"); }

// Has `take`, one of sdk::TakeAssessment and TakeClassification, take the event into the investor's present moment, and
// keeps the one before. Told late, an older one is put among the earlier moments, where its day is.
template <class Body, class Take>
sdk::Outcome TakeMoment(const sdk::Recorded<Body>& told, Take take, Rows& view) {
  const auto& event = told.event();
  const auto takes = [&](InvestorMoment* moment) {
    return take(told.body, event.event_id(), told.occurred_at(), moment);
  };
  Investor& row = view.Edit<Investors>(event.client_id());
  row.set_client_id(event.client_id());
  row.set_last_offset(told.record.offset.value());
  auto& history = *row.mutable_history();
  InvestorMoment before = row.now();
  int place = 0;
  if (takes(row.mutable_now())) {
    // The first one has none before it.
    if (before.ByteSizeLong() == 0) return sdk::Applied();
  } else {
    while (place < history.size()) {
      before = history[place];
      if (takes(&before)) break;
      ++place;
    }
    if (place == history.size()) {
      before.Clear();
      takes(&before);
    }
  }
  *history.Add() = std::move(before);
  std::rotate(history.pointer_begin() + place, history.pointer_end() - 1, history.pointer_end());
  if (history.size() > kMomentsKept - 1) history.DeleteSubrange(kMomentsKept - 1, history.size() - (kMomentsKept - 1));
  return sdk::Applied();
}

// Of each pack the version in force at `at`, by pack.
void TellPacks(const PackVersions* starts, absl::Time at, Recommendation* row) {
  if (starts == nullptr) return;
  for (const OnePack& pack : starts->packs()) {
    const PackStart* version = sdk::InForceAt(pack.versions(), at);
    if (version == nullptr) continue;
    auto& told = *row->add_packs();
    told.set_pack_id(pack.pack_id());
    told.set_version(version->version());
  }
}

}  // namespace

sdk::Outcome SuitabilityView::Apply(const sdk::Recorded<events::v1::RiskAssessed>& assessed, Rows& view) {
  return TakeMoment(assessed, &sdk::TakeAssessment, view);
}

sdk::Outcome SuitabilityView::Apply(const sdk::Recorded<events::v1::InvestorClassified>& classified, Rows& view) {
  return TakeMoment(classified, &sdk::TakeClassification, view);
}

sdk::Outcome SuitabilityView::Apply(const sdk::Recorded<events::v1::RecommendationMade>& made, Rows& view) {
  const auto& event = made.event();
  const auto& body = made.body;
  Recommendation& row = view.Edit<Recommendations>(body.recommendation_id());
  if (!row.recommendation_id().empty()) return sdk::Parked("recommendation_exists");
  row.set_name("clients/" + event.client_id() + "/recommendations/" + body.recommendation_id());
  row.set_recommendation_id(body.recommendation_id());
  row.set_client_id(event.client_id());
  row.set_product_id(body.product_id());
  row.set_staff_id(body.staff_id());
  row.set_owner_id(body.staff_id());
  *row.mutable_made_at() = event.occurred_at();
  row.set_branch_id(event.branch_id());
  row.set_assessment_id(body.assessment_id());
  row.set_contact_id(body.contact_id());
  if (body.has_amount()) *row.mutable_amount() = body.amount();
  row.set_rationale(body.rationale());
  if (body.has_insisted()) *row.mutable_insisted() = body.insisted();
  row.set_event_id(event.event_id());
  row.set_offset(made.record.offset.value());

  if (const Investor* investor = view.Find<Investors>(event.client_id())) *row.mutable_investor() = investor->now();
  if (const ProductLevel* product = view.Find<Products>(body.product_id())) {
    row.set_product_version(product->version());
    row.set_risk(product->risk());
  }
  TellPacks(view.Find<Starts>(kStartsKey), made.occurred_at(), &row);
  return sdk::Applied();
}

sdk::Outcome SuitabilityView::Apply(const sdk::Recorded<events::v1::RecommendationFollowedUp>& followed, Rows& view) {
  const auto& body = followed.body;
  Recommendation& row = view.Edit<Recommendations>(body.recommendation_id());
  if (row.recommendation_id().empty()) return Unknown();
  if (body.result() == events::v1::RECOMMENDATION_RESULT_REVIEWED) {
    *row.add_reviews() = body;
    if (row.reviews_size() > kReviewsKept)
      row.mutable_reviews()->DeleteSubrange(0, row.reviews_size() - kReviewsKept);
    return sdk::Applied();
  }
  row.set_result(body.result());
  *row.mutable_ended_at() = followed.event().occurred_at();
  if (body.has_cause()) *row.mutable_cause() = body.cause();
  return sdk::Applied();
}

sdk::Outcome SuitabilityView::Apply(const sdk::Recorded<events::v1::WorkReassigned>& reassigned, Rows& view) {
  const auto& body = reassigned.body;
  if (body.kind() != events::v1::WORK_KIND_RECOMMENDATION) return sdk::Ignored();
  Recommendation& row = view.Edit<Recommendations>(body.work_id());
  if (row.recommendation_id().empty()) return Unknown();
  row.set_owner_id(body.to_staff_id());
  return sdk::Applied();
}

sdk::Outcome SuitabilityView::Apply(const sdk::Recorded<events::v1::ServiceProductPublished>& published, Rows& view) {
  const auto& body = published.body;
  ProductLevel& row = view.Edit<Products>(body.product_id());
  row.set_version(body.version());
  row.set_risk(sdk::RiskOf(body));
  row.set_withdrawn(body.withdrawn());
  return sdk::Applied();
}

sdk::Outcome SuitabilityView::Apply(const sdk::Recorded<events::v1::SuitabilityPackPublished>& published, Rows& view) {
  const auto& body = published.body;
  view.Edit<Packs>(body.pack_id(), body.version()) = body;
  auto& packs = *view.Edit<Starts>(kStartsKey).mutable_packs();
  auto place = std::lower_bound(packs.begin(), packs.end(), body.pack_id(),
                                [](const OnePack& pack, const std::string& id) { return pack.pack_id() < id; });
  if (place == packs.end() || place->pack_id() != body.pack_id()) {
    const auto at = place - packs.begin();
    packs.Add()->set_pack_id(body.pack_id());
    std::rotate(packs.pointer_begin() + at, packs.pointer_end() - 1, packs.pointer_end());
    place = packs.begin() + at;
  }
  PackStart& start = *place->add_versions();
  start.set_version(body.version());
  *start.mutable_effective_from() = body.effective_from();
  return sdk::Applied();
}

}  // namespace kefu::suitability

#include "services/query/match.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "projections/sdk/branch_time.h"
#include "projections/sdk/suitability_rules.h"

namespace kefu::query {

namespace {

using events::v1::SegmentReference;
using events::v1::ServiceProductPublished;

bool IsIn(const MatchedClient& client, const SegmentReference& segment) {
  return client.segments.contains({segment.scheme(), segment.segment()});
}

void AddReason(std::string_view check, bool holds, std::string detail, v1::ProductMatch* match) {
  v1::MatchReason& reason = *match->add_reasons();
  reason.set_check(std::string(check));
  reason.set_holds(holds);
  reason.set_detail(std::move(detail));
}

// The segment that decided: the client's own, else all that the product is meant for.
std::string SegmentDetail(const ServiceProductPublished& product, const SegmentReference* own) {
  if (product.target_segments().empty()) return "for all";
  if (own != nullptr) return fmt::format("{} = {}", own->scheme(), own->segment());
  std::string wanted;
  for (const SegmentReference& segment : product.target_segments())
    wanted += fmt::format("{}{} = {}", wanted.empty() ? "only " : " or ", segment.scheme(), segment.segment());
  return wanted;
}

// "R3"; "no level" where there is none.
std::string RiskText(events::v1::RiskLevel risk) {
  return risk == events::v1::RISK_LEVEL_UNSPECIFIED ? "no level" : fmt::format("R{}", static_cast<int>(risk));
}

std::string ClassText(const v1::InvestorMoment& investor, bool professional) {
  if (professional) return "a professional investor";
  if (investor.investor_class() == events::v1::INVESTOR_CLASS_UNSPECIFIED) return "a client without a class";
  return fmt::format("C{}{}", static_cast<int>(investor.investor_class()), investor.lowest() ? " lowest" : "");
}

class Matcher {
 public:
  Matcher(const Catalogue& catalogue, const MatchedClient& client, absl::Time at)
      : client_(client), at_(at), packs_(catalogue.PacksAt(at)),
        class_text_(ClassText(client.investor, sdk::IsProfessional(client.investor, sdk::BranchDayOf(at)))) {
    // By id, so the first bundle that has a product stays.
    for (const auto& [id, bundle] : catalogue.bundles())
      if (!bundle.withdrawn() && IsIn(client, bundle.segment()))
        for (const std::string& product : bundle.product_ids()) bundle_of_.emplace(product, id);
    // Whether a level suits is the same for every product of it.
    for (int level = 0; level <= events::v1::RiskLevel_MAX; ++level)
      levels_.push_back(Judge(static_cast<events::v1::RiskLevel>(level)));
  }

  v1::ProductMatch Match(const ServiceProductPublished& product) const {
    v1::ProductMatch match;
    match.set_product_id(product.product_id());
    match.set_name(product.name());
    if (const auto bundle = bundle_of_.find(product.product_id()); bundle != bundle_of_.end())
      match.set_bundle_id(bundle->second);
    CheckSegment(product, &match);
    const bool enough = client_.assets >= product.least_assets();
    AddReason("assets", enough, product.least_assets() > 0 ? fmt::format("from {}", product.least_assets()) : "from any",
              &match);
    CheckSuitability(product, &match);
    const bool has_it = client_.subscribed.contains(product.product_id());
    AddReason("subscribed", !has_it, has_it ? "has it" : "does not have it", &match);
    AddReason("withdrawn", !product.withdrawn(), product.withdrawn() ? "not for new clients any more" : "open", &match);
    match.set_fits(std::all_of(match.reasons().begin(), match.reasons().end(),
                               [](const v1::MatchReason& reason) { return reason.holds(); }));
    return match;
  }

 private:
  void CheckSegment(const ServiceProductPublished& product, v1::ProductMatch* match) const {
    const auto& targets = product.target_segments();
    const auto own = std::find_if(targets.begin(), targets.end(),
                                  [&](const SegmentReference& segment) { return IsIn(client_, segment); });
    const SegmentReference* found = own == targets.end() ? nullptr : &*own;
    AddReason("segment", targets.empty() || found != nullptr, SegmentDetail(product, found), match);
  }

  struct Suitability {
    bool fits;
    std::string detail;
  };

  Suitability Judge(events::v1::RiskLevel risk) const {
    const auto verdict = sdk::JudgeSuitability(client_.investor, risk, packs_, at_);
    std::string detail = fmt::format("{} for {}", RiskText(risk), class_text_);
    if (verdict.refusal != sdk::SuitabilityRefusal::kNone)
      detail += fmt::format(": {}{}", sdk::NameOf(verdict.refusal), verdict.may_insist ? ", may insist" : "");
    return {verdict.fits, std::move(detail)};
  }

  void CheckSuitability(const ServiceProductPublished& product, v1::ProductMatch* match) const {
    const events::v1::RiskLevel risk = sdk::RiskOf(product);
    // A level of a newer build is judged as it comes.
    const bool known = events::v1::RiskLevel_IsValid(risk);
    const Suitability suits = known ? levels_[static_cast<size_t>(risk)] : Judge(risk);
    AddReason("suitability", suits.fits, suits.detail, match);
  }

  const MatchedClient& client_;
  const absl::Time at_;
  const std::vector<const events::v1::SuitabilityPackPublished*> packs_;
  const std::string class_text_;
  std::map<std::string, std::string> bundle_of_;
  // By level.
  std::vector<Suitability> levels_;
};

}  // namespace

std::vector<v1::ProductMatch> MatchProducts(const Catalogue& catalogue, const MatchedClient& client, absl::Time at) {
  const Matcher matcher(catalogue, client, at);
  std::vector<v1::ProductMatch> matches;
  matches.reserve(catalogue.products().size());
  for (const auto& [id, product] : catalogue.products()) matches.push_back(matcher.Match(product.product()));
  // They come by id.
  std::stable_sort(matches.begin(), matches.end(), [](const v1::ProductMatch& a, const v1::ProductMatch& b) {
    return std::tuple(!a.fits(), a.fits() && a.bundle_id().empty()) <
           std::tuple(!b.fits(), b.fits() && b.bundle_id().empty());
  });
  return matches;
}

}  // namespace kefu::query

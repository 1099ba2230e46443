#include <algorithm>
#include <string>

#include "projections/admission/catalogue_rules.h"
#include "projections/admission/judges.h"
#include "projections/admission/reference_rules.h"
#include "projections/sdk/suitability_rules.h"

namespace kefu::admission {

namespace {

using events::v1::BundlePublished;
using events::v1::CallBackProgrammePublished;
using events::v1::Event;
using events::v1::NextActionRulesPublished;
using events::v1::ProductAliasPublished;
using events::v1::ServiceProductPublished;
using events::v1::SuitabilityPackPublished;

constexpr size_t kLongestId = 24;

// What is published and its version; an alias has none.
struct Published {
  const std::string& id;
  int32_t version;
};

Published PublishedBy(const Event& event) {
  static const std::string only;
  switch (event.body_case()) {
    case Event::kSuitabilityPackPublished:
      return {event.suitability_pack_published().pack_id(), event.suitability_pack_published().version()};
    case Event::kServiceProductPublished:
      return {event.service_product_published().product_id(), event.service_product_published().version()};
    case Event::kBundlePublished:
      return {event.bundle_published().bundle_id(), event.bundle_published().version()};
    case Event::kServiceLevelsPublished:
      return {event.service_levels_published().pack_id(), event.service_levels_published().version()};
    case Event::kNextActionRulesPublished:
      return {only, event.next_action_rules_published().version()};
    case Event::kCallBackProgrammePublished:
      return {event.call_back_programme_published().programme(), event.call_back_programme_published().version()};
    default:
      return {only, 0};
  }
}

bool IsTaken(const std::string& folded, const std::string& product_id, Memory& memory) {
  const NameState* name = memory.Find<Names>(folded);
  return name != nullptr && name->product_id() != product_id;
}

// In the order of the rules: a service's steps, its name, its steps' ids.
Rule JudgeProduct(const ServiceProductPublished& product, Memory& memory) {
  const Rule rule = CheckProduct(product);
  if (rule != Rule::kNone && rule < Rule::kNameTaken) return rule;
  return IsTaken(FoldedName(product.name()), product.product_id(), memory) ? Rule::kNameTaken : rule;
}

Rule JudgeAlias(const ProductAliasPublished& alias, Memory& memory) {
  const std::string folded = FoldedName(alias.alias());
  if (folded.empty()) return Rule::kReferenceIdInvalid;
  if (memory.Find<Products>(alias.product_id()) == nullptr) return Rule::kProductUnknown;
  return IsTaken(folded, alias.product_id(), memory) ? Rule::kAliasTaken : Rule::kNone;
}

Rule JudgeBundle(const BundlePublished& bundle, Memory& memory) {
  if (!IsReferenceId(bundle.bundle_id(), kLongestId)) return Rule::kReferenceIdInvalid;
  for (const std::string& product_id : bundle.product_ids())
    if (memory.Find<Products>(product_id) == nullptr) return Rule::kProductUnknown;
  return bundle.product_ids().empty() ? Rule::kBundleEmpty : Rule::kNone;
}

Rule JudgeNextActions(const NextActionRulesPublished& published, Memory& memory) {
  const Rule rule = CheckNextActions(published);
  if (rule != Rule::kNone) return rule;
  for (const auto& each : published.rules())
    if (!each.product_id().empty() && memory.Find<Products>(each.product_id()) == nullptr) return Rule::kProductUnknown;
  return Rule::kNone;
}

Rule JudgeContent(const Event& event, Memory& memory) {
  switch (event.body_case()) {
    case Event::kSuitabilityPackPublished:
      return CheckSuitabilityPack(event.suitability_pack_published());
    case Event::kServiceProductPublished:
      return JudgeProduct(event.service_product_published(), memory);
    case Event::kProductAliasPublished:
      return JudgeAlias(event.product_alias_published(), memory);
    case Event::kBundlePublished:
      return JudgeBundle(event.bundle_published(), memory);
    case Event::kServiceLevelsPublished:
      return CheckServiceLevels(event.service_levels_published());
    case Event::kNextActionRulesPublished:
      return JudgeNextActions(event.next_action_rules_published(), memory);
    case Event::kCallBackProgrammePublished:
      return IsReferenceId(event.call_back_programme_published().programme(), kLongestId) ? Rule::kNone
                                                                                          : Rule::kReferenceIdInvalid;
    default:
      return Rule::kBodyUnknown;
  }
}

void KeepPack(const SuitabilityPackPublished& published, Memory& memory) {
  auto& packs = *memory.Edit<SuitabilityPacks>(kSuitabilityPacksKey).mutable_packs();
  auto pack = std::find_if(packs.begin(), packs.end(),
                           [&](const auto& each) { return each.pack_id() == published.pack_id(); });
  if (pack == packs.end()) {
    packs.Add()->set_pack_id(published.pack_id());
    pack = packs.end() - 1;
  }
  SuitabilityPackPublished& kept = *pack->add_versions();
  kept = published;
  kept.clear_title();
  kept.clear_source();
}

void KeepProduct(const ServiceProductPublished& published, Memory& memory) {
  ProductState& product = memory.Edit<Products>(published.product_id());
  product.set_risk(sdk::RiskOf(published));
  product.set_withdrawn(published.withdrawn());
  product.clear_step_ids();
  for (const auto& step : published.steps()) product.add_step_ids(step.step_id());
  memory.Edit<Names>(FoldedName(published.name())).set_product_id(published.product_id());
}

void Move(const Event& event, Memory& memory) {
  if (event.body_case() == Event::kProductAliasPublished) {
    const ProductAliasPublished& alias = event.product_alias_published();
    memory.Edit<Names>(FoldedName(alias.alias())).set_product_id(alias.product_id());
    return;
  }
  const Published published = PublishedBy(event);
  KeepVersion(event.body_case(), published.id, published.version, memory);
  if (event.body_case() == Event::kSuitabilityPackPublished) KeepPack(event.suitability_pack_published(), memory);
  if (event.body_case() == Event::kServiceProductPublished) KeepProduct(event.service_product_published(), memory);
}

}  // namespace

Decision TakeCatalogue(const Event& copy, Memory& memory) {
  Move(copy, memory);
  return {};
}

Decision JudgeCatalogue(const Event& event, Memory& memory) {
  Rule rule = Rule::kNone;
  if (event.body_case() != Event::kProductAliasPublished) {
    const Published published = PublishedBy(event);
    rule = JudgeVersion(event.body_case(), published.id, published.version, memory);
  }
  if (rule == Rule::kNone) rule = JudgeContent(event, memory);
  rule = OrPrecondition(rule, event);
  if (rule == Rule::kNone) Move(event, memory);
  return {rule, 0};
}

}  // namespace kefu::admission

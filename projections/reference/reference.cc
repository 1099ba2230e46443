#include "projections/reference/reference.h"

#include <algorithm>
#include <array>
#include <utility>

#include "platform/base/time.h"

namespace kefu::reference {

namespace {

using events::v1::Event;

// Where broadcasts are judged, and copied from.
constexpr Partition kHome{0};

constexpr std::array<std::pair<ReferenceKind, std::string_view>, 14> kWords = {{
    {query::v1::REFERENCE_KIND_UNIT, "unit"},
    {query::v1::REFERENCE_KIND_CALENDAR, "calendar"},
    {query::v1::REFERENCE_KIND_POLICY_PACK, "policy_pack"},
    {query::v1::REFERENCE_KIND_CODE_SET, "code_set"},
    {query::v1::REFERENCE_KIND_SEGMENT_RULES, "segment_rules"},
    {query::v1::REFERENCE_KIND_CHURN_MODEL, "churn_model"},
    {query::v1::REFERENCE_KIND_RULES_VERSION, "rules_version"},
    {query::v1::REFERENCE_KIND_PRODUCT, "product"},
    {query::v1::REFERENCE_KIND_PRODUCT_ALIAS, "product_alias"},
    {query::v1::REFERENCE_KIND_BUNDLE, "bundle"},
    {query::v1::REFERENCE_KIND_SERVICE_LEVELS, "service_levels"},
    {query::v1::REFERENCE_KIND_NEXT_ACTION_RULES, "next_action_rules"},
    {query::v1::REFERENCE_KIND_CALL_BACK_PROGRAMME, "call_back_programme"},
    {query::v1::REFERENCE_KIND_SUITABILITY_PACK, "suitability_pack"},
}};

Item Numbered(ReferenceKind kind, std::string id, int64_t number) {
  return {kind, std::move(id), number, std::to_string(number)};
}

void PutItem(const sdk::RecordedEvent& record, const Item& item, ReferenceView::Rows& view) {
  Reference& row = view.Edit<Items>(static_cast<int32_t>(item.kind), item.id, item.sort);
  row.set_name("references/" + WordOf(item.kind) + "/" + item.id + "/" + item.version);
  row.set_kind(item.kind);
  row.set_reference_id(item.id);
  row.set_version(item.version);
  *row.mutable_event() = *record.event;
  row.set_offset(record.offset.value());
  *row.mutable_recorded_at() = ToProto(record.recorded_at);
}

}  // namespace

std::string WordOf(ReferenceKind kind) {
  for (const auto& [each, word] : kWords)
    if (each == kind) return std::string(word);
  return {};
}

ReferenceKind KindOf(std::string_view word) {
  for (const auto& [kind, each] : kWords)
    if (each == word) return kind;
  return query::v1::REFERENCE_KIND_UNSPECIFIED;
}

std::optional<Item> ItemOf(const Event& event, Offset offset) {
  switch (event.body_case()) {
    case Event::kRulesVersionAdopted:
      return Numbered(query::v1::REFERENCE_KIND_RULES_VERSION, std::string(kRulesId),
                      event.rules_version_adopted().version());
    case Event::kUnitPublished:
      return Numbered(query::v1::REFERENCE_KIND_UNIT, event.unit_published().unit_id(), offset.value());
    case Event::kCalendarPublished:
      return Numbered(query::v1::REFERENCE_KIND_CALENDAR, event.calendar_published().calendar_id(),
                      event.calendar_published().version());
    case Event::kPolicyPackPublished:
      return Numbered(query::v1::REFERENCE_KIND_POLICY_PACK, event.policy_pack_published().pack_id(),
                      event.policy_pack_published().version());
    case Event::kCodeSetPublished: {
      const auto& set = event.code_set_published();
      return Item{query::v1::REFERENCE_KIND_CODE_SET, set.scheme(), offset.value(), set.version()};
    }
    case Event::kSegmentRulesPublished:
      return Numbered(query::v1::REFERENCE_KIND_SEGMENT_RULES, event.segment_rules_published().scheme(),
                      event.segment_rules_published().version());
    case Event::kChurnModelPublished:
      return Numbered(query::v1::REFERENCE_KIND_CHURN_MODEL, std::string(kChurnModelId),
                      event.churn_model_published().version());
    case Event::kServiceProductPublished:
      return Numbered(query::v1::REFERENCE_KIND_PRODUCT, event.service_product_published().product_id(),
                      event.service_product_published().version());
    case Event::kProductAliasPublished:
      return Numbered(query::v1::REFERENCE_KIND_PRODUCT_ALIAS, event.product_alias_published().alias(),
                      offset.value());
    case Event::kBundlePublished:
      return Numbered(query::v1::REFERENCE_KIND_BUNDLE, event.bundle_published().bundle_id(),
                      event.bundle_published().version());
    case Event::kServiceLevelsPublished:
      return Numbered(query::v1::REFERENCE_KIND_SERVICE_LEVELS, event.service_levels_published().pack_id(),
                      event.service_levels_published().version());
    case Event::kNextActionRulesPublished:
      return Numbered(query::v1::REFERENCE_KIND_NEXT_ACTION_RULES, std::string(kNextActionsId),
                      event.next_action_rules_published().version());
    case Event::kCallBackProgrammePublished:
      return Numbered(query::v1::REFERENCE_KIND_CALL_BACK_PROGRAMME, event.call_back_programme_published().programme(),
                      event.call_back_programme_published().version());
    case Event::kSuitabilityPackPublished:
      return Numbered(query::v1::REFERENCE_KIND_SUITABILITY_PACK, event.suitability_pack_published().pack_id(),
                      event.suitability_pack_published().version());
    default:
      return std::nullopt;
  }
}

sdk::Outcome ReferenceView::Take(const sdk::RecordedEvent& record, Rows& view) {
  const bool is_copy = record.event->broadcast().is_copy();
  // Originals count in partition 0 only, copies in the others only.
  if (is_copy == (record.partition == kHome)) return sdk::Ignored();
  if (is_copy) {
    // Copies of one run come in order, but of two runs at once the later ones are no news.
    CopyProgress& progress = view.Edit<Progress>(kProgressKey);
    progress.set_first_offset(std::max(progress.first_offset(), record.event->broadcast().first_offset()));
    return sdk::Applied();
  }
  view.PutRaw<Outbox>(record.bytes, record.offset);
  if (const auto item = ItemOf(*record.event, record.offset)) PutItem(record, *item, view);
  return sdk::Applied();
}

}  // namespace kefu::reference

#include "services/clock/published_rules.h"

#include <fmt/format.h>

#include <algorithm>

#include "platform/base/time.h"
#include "platform/codec/key.h"
#include "projections/reference/reference.h"

namespace kefu::duties {
namespace {

using query::v1::Reference;
using reference::ReferenceView;

// The newest version of each item of a kind, in the order of ids.
StatusOr<std::vector<Reference>> NewestOf(query::v1::ReferenceKind kind, const engine::PartitionView& home) {
  const std::string prefix = codec::Key(static_cast<int32_t>(kind));
  ASSIGN_OR_RETURN(const auto cursor,
                   home.Scan(ReferenceView::kName, reference::Items::kName, prefix, codec::PrefixEnd(prefix)));
  std::vector<Reference> newest;
  for (; cursor->Valid(); cursor->Next()) {
    Reference item;
    if (!item.ParseFromArray(cursor->value().data(), static_cast<int>(cursor->value().size())))
      return DataLoss("an item of the reference view cannot be read; rebuild the view");
    // Versions of one item follow each other, rising.
    if (!newest.empty() && newest.back().reference_id() == item.reference_id()) newest.pop_back();
    newest.push_back(std::move(item));
  }
  RETURN_IF_ERROR(cursor->status());
  return newest;
}

}  // namespace

std::string PublishedRules::Versions() const {
  std::string text;
  for (const auto& rules : schemes) text += fmt::format("{} {}, ", rules.scheme(), rules.version());
  return text + fmt::format("model {}", model.has_value() ? model->version() : 0);
}

StatusOr<PublishedRules> ReadPublishedRules(const engine::PartitionView& home) {
  PublishedRules published;
  ASSIGN_OR_RETURN(auto rules, NewestOf(query::v1::REFERENCE_KIND_SEGMENT_RULES, home));
  ASSIGN_OR_RETURN(auto models, NewestOf(query::v1::REFERENCE_KIND_CHURN_MODEL, home));
  for (Reference& item : rules) {
    published.recorded_at = std::max(published.recorded_at, FromProto(item.recorded_at()));
    published.schemes.push_back(std::move(*item.mutable_event()->mutable_segment_rules_published()));
  }
  for (Reference& item : models) {
    published.recorded_at = std::max(published.recorded_at, FromProto(item.recorded_at()));
    published.model = std::move(*item.mutable_event()->mutable_churn_model_published());
  }
  return published;
}

}  // namespace kefu::duties

#include "services/query/catalogue.h"

#include <algorithm>

#include "platform/base/time.h"
#include "platform/codec/key.h"
#include "projections/reference/reference.h"
#include "projections/sdk/suitability_rules.h"

namespace kefu::query {

namespace {

using events::v1::SuitabilityPackPublished;
using reference::Items;
using reference::Outbox;
using reference::ReferenceView;

constexpr v1::ReferenceKind kKinds[] = {v1::REFERENCE_KIND_PRODUCT, v1::REFERENCE_KIND_PRODUCT_ALIAS,
                                        v1::REFERENCE_KIND_BUNDLE, v1::REFERENCE_KIND_SUITABILITY_PACK};

// The key of what was broadcast last; empty if nothing was.
StatusOr<std::string> LastBroadcast(const engine::PartitionView& home) {
  ASSIGN_OR_RETURN(const auto cursor,
                   home.Scan(ReferenceView::kName, Outbox::kName, "", "", store::Order::kDescending));
  if (cursor->Valid()) return std::string(cursor->key());
  RETURN_IF_ERROR(cursor->status());
  return std::string();
}

}  // namespace

StatusOr<Catalogue> Catalogue::Read(const engine::PartitionView& home) {
  Catalogue catalogue;
  v1::Reference item;
  std::vector<v1::Reference> aliases;
  for (const v1::ReferenceKind kind : kKinds) {
    const std::string prefix = codec::Key(static_cast<int32_t>(kind));
    ASSIGN_OR_RETURN(const auto cursor,
                     home.Scan(ReferenceView::kName, Items::kName, prefix, codec::PrefixEnd(prefix)));
    for (; cursor->Valid(); cursor->Next()) {
      if (!item.ParseFromArray(cursor->value().data(), static_cast<int>(cursor->value().size())))
        return DataLoss("a row of the view \"reference\" cannot be read; rebuild the view");
      // They lie by name, and are wanted as they were published.
      if (kind == v1::REFERENCE_KIND_PRODUCT_ALIAS)
        aliases.push_back(item);
      else
        catalogue.Add(item);
    }
    RETURN_IF_ERROR(cursor->status());
  }
  std::sort(aliases.begin(), aliases.end(),
            [](const v1::Reference& a, const v1::Reference& b) { return a.offset() < b.offset(); });
  for (const v1::Reference& alias : aliases) catalogue.Add(alias);
  return catalogue;
}

void Catalogue::Add(const v1::Reference& item) {
  const auto& event = item.event();
  if (event.has_service_product_published()) {
    const auto& body = event.service_product_published();
    names_[FoldedName(body.name())] = body.product_id();
    v1::Product& product = products_[body.product_id()];
    product.set_name("products/" + body.product_id());
    *product.mutable_product() = body;
    product.set_event_id(event.event_id());
    *product.mutable_published_at() = item.recorded_at();
  } else if (event.has_product_alias_published()) {
    const auto& body = event.product_alias_published();
    names_[FoldedName(body.alias())] = body.product_id();
    const auto product = products_.find(body.product_id());
    if (product == products_.end()) return;
    auto& aliases = *product->second.mutable_aliases();
    if (body.alias() != product->second.product().name() &&
        std::find(aliases.begin(), aliases.end(), body.alias()) == aliases.end())
      *aliases.Add() = body.alias();
  } else if (event.has_bundle_published()) {
    bundles_[event.bundle_published().bundle_id()] = event.bundle_published();
  } else if (event.has_suitability_pack_published()) {
    packs_[event.suitability_pack_published().pack_id()].push_back(event.suitability_pack_published());
  }
}

const v1::Product* Catalogue::Find(std::string_view id_or_name) const {
  auto found = products_.find(id_or_name);
  if (found == products_.end()) {
    const auto name = names_.find(FoldedName(id_or_name));
    if (name != names_.end()) found = products_.find(name->second);
  }
  return found == products_.end() ? nullptr : &found->second;
}

std::vector<const SuitabilityPackPublished*> Catalogue::PacksAt(absl::Time at) const {
  std::vector<const SuitabilityPackPublished*> in_force;
  for (const auto& [id, versions] : packs_)
    if (const SuitabilityPackPublished* pack = sdk::InForceAt(versions, at)) in_force.push_back(pack);
  return in_force;
}

StatusOr<std::shared_ptr<const Catalogue>> CatalogueKeeper::Get(const engine::PartitionView& home) {
  ASSIGN_OR_RETURN(std::string last, LastBroadcast(home));
  std::lock_guard lock(mutex_);
  // A reader with an older snapshot gets what is newer: all that it may have seen is in there.
  if (kept_ == nullptr || last_ < last) {
    ASSIGN_OR_RETURN(Catalogue catalogue, Catalogue::Read(home));
    kept_ = std::make_shared<const Catalogue>(std::move(catalogue));
    last_ = std::move(last);
  }
  return kept_;
}

}  // namespace kefu::query

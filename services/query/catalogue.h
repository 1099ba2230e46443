#pragma once

// Products with their names and bundles, and the suitability packs, as published: a parsed copy of partition 0's
// `reference` view, for what is asked of all of them at once.

#include <absl/time/time.h>

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "kefu/events/v1/product.pb.h"
#include "kefu/events/v1/suitability.pb.h"
#include "kefu/query/v1/product.pb.h"
#include "kefu/query/v1/reference.pb.h"
#include "platform/base/status.h"
#include "projections/admission/catalogue_rules.h"
#include "projections/engine/engine.h"

namespace kefu::query {

// What names of products are compared by.
using admission::FoldedName;

// Immutable; thread-safe.
class Catalogue {
 public:
  // All versions of all items, one scan a kind; `home` is partition 0. kFailedPrecondition if that partition is stopped;
  // kDataLoss if a row cannot be read.
  static StatusOr<Catalogue> Read(const engine::PartitionView& home);

  // Takes one published item in; versions of one item must come in their order. What is no part of the catalogue is
  // passed over.
  void Add(const v1::Reference& item);

  // The newest version, by id, or by its name or an alias, whatever way that is written, or by a name it once had.
  // Null: there is none. An id goes before a name.
  const v1::Product* Find(std::string_view id_or_name) const;

  // By id: the newest version of each, without position; `aliases` in the order of their publishing, without those that
  // are the name itself.
  const std::map<std::string, v1::Product, std::less<>>& products() const { return products_; }
  // The newest version of each, withdrawn ones too.
  const std::map<std::string, events::v1::BundlePublished, std::less<>>& bundles() const { return bundles_; }
  // The versions of each suitability pack, in their order.
  const std::map<std::string, std::vector<events::v1::SuitabilityPackPublished>, std::less<>>& packs() const {
    return packs_;
  }
  // Of each pack the version in force at `at`; a pack whose first day is still to come is none. Borrowed.
  std::vector<const events::v1::SuitabilityPackPublished*> PacksAt(absl::Time at) const;

 private:
  std::map<std::string, v1::Product, std::less<>> products_;
  std::map<std::string, events::v1::BundlePublished, std::less<>> bundles_;
  std::map<std::string, std::vector<events::v1::SuitabilityPackPublished>, std::less<>> packs_;
  // Folded names and aliases, those that were replaced too: product id.
  std::map<std::string, std::string, std::less<>> names_;
};

// Keeps the catalogue until something is published. Thread-safe: whoever finds it old reads it anew, others wait for
// that. Cost of Get: one look at the end of a table.
class CatalogueKeeper {
 public:
  StatusOr<std::shared_ptr<const Catalogue>> Get(const engine::PartitionView& home);

 private:
  std::mutex mutex_;
  std::shared_ptr<const Catalogue> kept_;
  // The key, in the outbox of partition 0, of what was broadcast last when it was read.
  std::string last_;
};

}  // namespace kefu::query

#pragma once

// What each tier of clients is promised, read from partition 0's `reference` view: how often a client hears from the
// firm.

#include <absl/time/time.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kefu/events/v1/product.pb.h"
#include "kefu/query/v1/book.pb.h"
#include "platform/base/status.h"
#include "projections/engine/engine.h"

namespace kefu::query {

// The packs in force at a moment. Immutable.
class ServiceLevels {
 public:
  ServiceLevels() = default;
  // Of each pack the newest version that was in force at `as_of`. One scan of all versions. kFailedPrecondition if
  // partition 0 is stopped; kDataLoss if a row cannot be read.
  static StatusOr<ServiceLevels> Read(const engine::PartitionView& home, absl::Time as_of);
  explicit ServiceLevels(std::vector<events::v1::ServiceLevelsPublished> packs) : packs_(std::move(packs)) {}

  // The longest a client of this tier may be without contact; 0: nothing is promised. Of several packs the strictest
  // binds.
  int32_t DaysOf(std::string_view tier) const;
  // The strictest promise to anybody; 0: none at all.
  int32_t StrictestDays() const;
  // "pack/version", by pack.
  std::vector<std::string> Names() const;

  // Tells in the row what is promised, and whether it is missed at `as_of`.
  void Judge(absl::Time as_of, query::v1::BookClient* client) const;
  // Before this were served all who can be neglected at `as_of`. Nothing: nobody can.
  std::optional<absl::Time> NeglectedBefore(absl::Time as_of) const;

 private:
  std::vector<events::v1::ServiceLevelsPublished> packs_;
};

}  // namespace kefu::query

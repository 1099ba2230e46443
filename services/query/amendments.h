#pragma once

// What was said of events later: that they were wrong, or never happened (更正、撤銷).

#include <optional>
#include <string>

#include "kefu/query/v1/client.pb.h"
#include "platform/base/ids.h"
#include "platform/base/status.h"
#include "projections/engine/engine.h"

namespace kefu::query {

// Operation: of several corrections of one event the newest counts, as of the moment of the partition that is read.
// Concurrency: one thread. The partition must outlive it.
// Cost: one look for all calls where nothing was corrected: of the client, or, of all clients, in the partition. Else one
//   get an event, and the reading of its correction.
class Amendments {
 public:
  // Of the journal of `client_id`; empty: of all clients of the partition.
  explicit Amendments(const engine::PartitionView& partition, std::string client_id = {});

  // Of the event at `offset` in the journal of `client_id`. Nothing: it stands as it was said. kDataLoss: the journal says
  // that it was corrected, and cannot tell how.
  StatusOr<std::optional<query::v1::Amendment>> Of(const std::string& client_id, Offset offset);

  // Marks an applied entry of the journal of `client_id`.
  Status Mark(const std::string& client_id, query::v1::TimelineEntry* entry);

 private:
  StatusOr<bool> ThereAreAny();

  const engine::PartitionView* partition_;
  std::string client_id_;
  std::optional<bool> any_;
};

// Does any event at `from` or later correct or annul another one of the partition? A walk through all corrections.
StatusOr<bool> AnyCorrectedFrom(const engine::PartitionView& partition, Offset from);

}  // namespace kefu::query

#pragma once

// What the handover duty states, made of what the view `book` shows of one partition. Nothing in these events depends on
// when or where they are made, but for how far the log had been read when a share was found settled.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kefu/events/v1/event.pb.h"
#include "platform/base/status.h"
#include "projections/book/tables.h"
#include "projections/engine/engine.h"

namespace kefu::duties {

// The client passes to the successor that `order` names.
events::v1::Event ClientMoved(const book::Order& order, const book::BookClient& client);
// So does a piece of open work.
events::v1::Event WorkMoved(const book::Order& order, const book::BookItem& item, std::string_view branch_id);

// What this partition holds of a handover, once all of it has found other hands: the leaver has no client and no open
// work here any more, and each client that moved was told or has left the firm. Nothing until then. The digest is over the
// keys and rows of `handover_items`, each after its length in four bytes, the high one first; whoever folds this partition
// up to `next_offset` gets it again.
StatusOr<std::optional<events::v1::Event>> SettledShare(const engine::PartitionView& view, const book::Handover& handover,
                                                        int32_t partitions);

// The certificate, of the shares of all partitions in their order.
events::v1::Event Certificate(const book::Handover& handover,
                              const std::vector<events::v1::HandoverShareSettled>& shares, absl::Time settled_at,
                              int32_t partitions);

}  // namespace kefu::duties

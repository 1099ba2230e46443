#pragma once

#include <string>

#include "kefu/events/v1/event.pb.h"
#include "platform/base/hash.h"
#include "platform/base/ids.h"

namespace kefu::sdk {

// Of an event that is broadcast: does the client's record lie in this partition? Every partition folds the event; rows
// about a client are kept where it lives. False for an event without the server's stamp.
inline bool IsHome(const events::v1::Event& event, const std::string& client_id, Partition partition) {
  return event.broadcast().partitions() > 0 &&
         Partition(PartitionForKey(client_id, event.broadcast().partitions())) == partition;
}

}  // namespace kefu::sdk

#pragma once

// Drafts of what is told of clients from outside, and of what is about two of them.

#include <absl/time/civil_time.h>

#include <cstdint>
#include <string_view>

#include "platform/testkit/events.h"

namespace kefu::testkit {

Draft IdentityLinked(events::v1::Channel channel, std::string_view handle,
                     events::v1::IdentityProof proof = events::v1::IDENTITY_PROOF_VERIFIED);
Draft IdentityUnlinked(events::v1::Channel channel, std::string_view handle);
Draft ConsentTold(std::string_view purpose, bool given);
Draft Traded(absl::CivilDay day, int32_t trades);
// In minor units of CNY.
Draft AssetsTold(absl::CivilDay day, int64_t assets);
// No segment: none of the scheme.
Draft Classified(std::string_view scheme, std::string_view segment);

// About two clients: of no client, and stamped for a log of one partition, as a door stamps it.
Draft Merged(std::string_view surviving, std::string_view merged);
Draft Split(std::string_view merge_event_id);
Draft Related(std::string_view relation_id, events::v1::RelationKind kind, std::string_view client_id,
              std::string_view other_client_id);
Draft RelationEnded(std::string_view relation_id);
// Publishes a unit of the firm: what is about no client at all.
Draft UnitTold(std::string_view unit_id);

// As the partitions of a larger log get it: the original in partition 0, copies in the others.
events::v1::Event ForPartition(events::v1::Event event, int32_t partition, int32_t partitions, int64_t first_offset);

}  // namespace kefu::testkit

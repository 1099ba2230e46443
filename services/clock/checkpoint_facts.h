#pragma once

// CheckpointSigned: from what the trees of all partitions say to the event, and back. CheckpointKeyChanged.

#include <absl/time/time.h>

#include <cstdint>
#include <string>
#include <vector>

#include "kefu/events/v1/event.pb.h"
#include "platform/base/ids.h"
#include "platform/base/status.h"
#include "platform/merkle/hash.h"
#include "platform/note/key.h"

namespace kefu::duties {

// One partition at the moment that is signed.
struct TreePart {
  int64_t size = 0;
  // The offset after the last record.
  Offset next_offset;
  merkle::Hash root{};
};

// The event that signs `parts`, which are all partitions in their order. Its id and words follow from log, parts, time and
// key alone. kInternal: OpenSSL does not sign.
StatusOr<events::v1::Event> CheckpointFact(const std::string& log_id, const std::vector<TreePart>& parts,
                                           absl::Time occurred_at, const note::Signer& signer);

// The event that says, by the key before, that the log is signed with another one after the checkpoint `newest`. Its id and
// words follow from the arguments alone. kInvalidArgument: the two are one key; kDataLoss: `newest` is no checkpoint.
StatusOr<events::v1::Event> KeyChangeFact(const std::string& log_id, const events::v1::CheckpointSigned& newest,
                                          absl::Time occurred_at, const note::Signer& old_signer,
                                          const note::Verifier& new_key);

// "name+hash" of a key, as signature lines name it.
std::string NameOfKey(const note::Verifier& key);
// Of who signed the note. kDataLoss: it is none.
StatusOr<std::string> NameOfSigner(const std::string& note);

// What a checkpoint says of each partition, by its notes; signatures are not looked at. kDataLoss: it is none of
// CheckpointFact's; the message says why.
StatusOr<std::vector<TreePart>> PartsOf(const events::v1::CheckpointSigned& checkpoint);

// Of all partitions together.
int64_t SizeOf(const std::vector<TreePart>& parts);
int64_t SizeOf(const events::v1::CheckpointSigned& checkpoint);

}  // namespace kefu::duties

#pragma once

// The notary: signs checkpoints of the log (docs/design/audit.md, J3).

#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "platform/merkle/hash.h"
#include "platform/note/key.h"
#include "projections/checkpoints/rows.pb.h"
#include "services/clock/checkpoint_facts.h"
#include "services/clock/duty.h"
#include "services/clock/fact_writer.h"
#include "services/clock/notary_memory.h"

namespace kefu::duties {

// The tree of one partition at a moment.
struct TreeHead {
  int64_t size = 0;
  // The offset after the last record in it.
  Offset next_offset;
  // The root over the first records, as many as are asked for, up to `size`.
  std::function<StatusOr<merkle::Hash>(int64_t size)> root_at;
};
// Of all partitions, in their order.
using TreeHeads = std::function<StatusOr<std::vector<TreeHead>>()>;

// As the view `tree` has them. The engine must outlive it.
TreeHeads HeadsOfView(const engine::Engine& engine);

struct NotaryOptions {
  note::Signer signer;
  // The key before, where the log is still signed with it: then the change is stated, once.
  std::optional<note::Signer> old_signer;
  // Where the newest checkpoint is remembered beside the data; empty: nowhere.
  std::string memory_path;
  // A new one is signed once so many records were added, or the last one is so old, whichever is first.
  int64_t records = 1'000;
  absl::Duration age = absl::Minutes(1);
  // HeadsOfView(engine) if empty.
  TreeHeads heads;
};

// Operation: reads what the trees of all partitions say and what was signed last (view `checkpoints`), and states
//   CheckpointSigned in partition 0: id and words follow from what is signed, so a second notary with the same key says the
//   same. Where nothing was added but checkpoints themselves, nothing is signed. What a crash cut off is signed by the next
//   one. It signs on only with the key in force: that of the newest checkpoint, or the one that it was changed to since.
//   Where that is `old_signer`, it states CheckpointKeyChanged first, and a checkpoint over it at once; where it is neither,
//   it signs nothing and says what to do. Before it signs it looks whether the log still holds what was signed last, as the
//   view and the memory beside the data have it: where it does not, it signs nothing and says so, until
//   CheckpointLossAccepted is on the log.
// Concurrency: as Duty has it; LostNote from any thread.
// Limitations: it notices a thousand records when it looks, which is after every commit of the tree and every second: while
//   much comes at once, a checkpoint holds more than a thousand. Partitions are read one after the other. With more than
//   some 700 partitions the event is too large to be recorded.
class Notary final : public Duty {
 public:
  Notary(const DutyContext& context, NotaryOptions options);

  std::vector<std::string> views() const override;
  StatusOr<absl::Time> Step() override;
  // One entry, of partition 0. `waiting`: records not signed yet. `next_at`: when they are, at the latest.
  std::vector<admin::v1::Duty> Describe() const override { return standing_.All(); }

  // The note over all partitions of the checkpoint that the log does not hold any more, or that was signed by a key that
  // is not here; absent while all is well.
  std::optional<std::string> LostNote() const;

 private:
  // What the view `checkpoints` says.
  struct Stand {
    // The newest, if no loss was accepted since.
    std::optional<checkpoints::SignedRow> newest;
    // The newest change of the key, if no checkpoint was signed since and no loss accepted.
    std::optional<checkpoints::KeyChangeRow> changed;
    // Verifier keys that were changed from; none comes back.
    std::vector<std::string> laid_down;
    // Event ids, in their order.
    std::vector<std::string> losses;
  };
  StatusOr<absl::Time> Keep();
  StatusOr<Stand> ReadStand() const;
  // Is the key in force this notary's? If it is the one before, states the change, and says no meanwhile.
  // kFailedPrecondition: it is neither.
  StatusOr<bool> HoldsKey(const Stand& stand);
  Status ChangeKey(const Stand& stand);
  // False: the tree is behind what was signed, and the log is not. kFailedPrecondition: the log does not hold it.
  StatusOr<bool> Holds(const events::v1::CheckpointSigned& checkpoint, const std::vector<TreeHead>& heads);
  StatusOr<bool> HoldsAllSigned(const Stand& stand, const std::vector<TreeHead>& heads);
  Status Remember(const Stand& stand);
  bool Supersedes(const Stand& stand, const SignedMemory& memory) const;
  // Was nothing added since `newest` but checkpoints?
  StatusOr<bool> OnlyCheckpointsSince(const checkpoints::SignedRow& newest, const std::vector<TreeHead>& heads);
  // When the newest checkpoint was signed, by this machine's clock.
  absl::Time SignedAt(const checkpoints::SignedRow& newest);
  // What a checkpoint of these is "as of": the same for every notary that signs the same.
  StatusOr<absl::Time> TimeOf(const std::vector<TreeHead>& heads) const;
  Status Sign(const std::vector<TreeHead>& heads);
  void Stands(int64_t waiting, absl::Time next_at);
  Status Lost(const events::v1::CheckpointSigned& checkpoint, std::string how);

  const NotaryOptions options_;
  FactWriter writer_;
  Standing standing_;
  NotaryMemory memory_;
  // The newest checkpoint that was seen, by its offset, and when it was first.
  std::optional<int64_t> seen_;
  absl::Time seen_at_;
  // Up to where OnlyCheckpointsSince has looked, since which checkpoint, and what it found.
  std::pair<int64_t, int64_t> looked_{-1, -1};
  bool found_only_checkpoints_ = false;
  // The id of the change of keys that was written last.
  std::string stated_change_;

  mutable std::mutex mutex_;
  std::optional<std::string> lost_note_;
  // Of the newest checkpoint, where its key is not here.
  std::optional<std::string> unowned_note_;
};

}  // namespace kefu::duties

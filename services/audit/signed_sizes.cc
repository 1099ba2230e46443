#include "services/audit/signed_sizes.h"

#include "platform/codec/key.h"
#include "platform/note/checkpoint.h"
#include "platform/note/note.h"
#include "projections/checkpoints/checkpoints.h"

namespace kefu::audit {
namespace {

using checkpoints::CheckpointsView;
using checkpoints::SignedBySize;

StatusOr<int32_t> LossesBefore(const engine::PartitionView& home) {
  using checkpoints::Stand;
  store::PinnedValue stored;
  ASSIGN_OR_RETURN(const bool found, home.Get(CheckpointsView::kName, Stand::kName,
                                              Stand::Key::Encode(checkpoints::kStandKey), &stored));
  checkpoints::StandRow stand;
  if (found && !stand.ParseFromArray(stored.view().data(), static_cast<int>(stored.view().size())))
    return DataLoss("the stand of the checkpoints is damaged; rebuild the view");
  return stand.losses();
}

StatusOr<SignedSize> PartOf(const checkpoints::SignedRow& row, Partition partition) {
  for (const auto& part : row.signed_().partitions()) {
    if (part.partition() != partition.value()) continue;
    const auto note = note::ParseNote(part.note());
    if (!note.ok()) return DataLoss("the checkpoint at offset {} is no note: {}", row.offset(), MessageOf(note.status()));
    const auto checkpoint = note::ParseCheckpoint(note->text);
    if (!checkpoint.ok() || checkpoint->size != part.size())
      return DataLoss("the checkpoint at offset {} does not say {} records of partition {}", row.offset(), part.size(),
                      partition);
    return SignedSize{part.size(), Offset(part.next_offset()), part.note(), checkpoint->root};
  }
  return DataLoss("the checkpoint at offset {} is indexed for partition {} and does not name it", row.offset(), partition);
}

// The first that a walk over the index meets.
StatusOr<std::optional<SignedSize>> FirstOf(const engine::PartitionView& home, Partition partition,
                                            const std::string& prefix, store::Order order) {
  using checkpoints::Signed;
  ASSIGN_OR_RETURN(const auto cursor, home.Scan(CheckpointsView::kName, SignedBySize::kName, prefix,
                                                codec::PrefixEnd(prefix), order));
  RETURN_IF_ERROR(cursor->status());
  if (!cursor->Valid()) return std::optional<SignedSize>();
  store::PinnedValue stored;
  ASSIGN_OR_RETURN(const bool found, home.Get(CheckpointsView::kName, Signed::kName, cursor->value(), &stored));
  checkpoints::SignedRow row;
  if (!found || !row.ParseFromArray(stored.view().data(), static_cast<int>(stored.view().size())))
    return DataLoss("a checkpoint is in the index and cannot be read; rebuild the view");
  ASSIGN_OR_RETURN(SignedSize part, PartOf(row, partition));
  return std::optional<SignedSize>(std::move(part));
}

}  // namespace

StatusOr<std::optional<SignedSize>> NewestSigned(const engine::PartitionView& home, Partition partition) {
  ASSIGN_OR_RETURN(const int32_t losses, LossesBefore(home));
  // Trees only grow: the largest is the newest.
  return FirstOf(home, partition, codec::Key(losses, partition.value()), store::Order::kDescending);
}

StatusOr<std::optional<SignedSize>> SignedWith(const engine::PartitionView& home, Partition partition, int64_t size) {
  ASSIGN_OR_RETURN(const int32_t losses, LossesBefore(home));
  return FirstOf(home, partition, codec::Key(losses, partition.value(), size), store::Order::kAscending);
}

}  // namespace kefu::audit

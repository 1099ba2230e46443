#include "services/audit/checkpoint_rows.h"

#include "platform/base/reason.h"
#include "platform/codec/key.h"
#include "platform/note/checkpoint.h"
#include "platform/note/note.h"
#include "projections/checkpoints/checkpoints.h"

namespace kefu::audit {
namespace {

using checkpoints::CheckpointsView;
using checkpoints::Signed;
using checkpoints::SignedRow;

Status Read(std::string_view bytes, SignedRow* row) {
  if (row->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return OkStatus();
  return DataLoss("a checkpoint cannot be read; rebuild the view");
}

// The first row at or after this offset.
StatusOr<std::optional<SignedRow>> RowFrom(const engine::PartitionView& home, int64_t offset) {
  ASSIGN_OR_RETURN(const auto cursor, home.Scan(CheckpointsView::kName, Signed::kName, codec::Key(offset), ""));
  RETURN_IF_ERROR(cursor->status());
  if (!cursor->Valid()) return std::optional<SignedRow>();
  SignedRow row;
  RETURN_IF_ERROR(Read(cursor->value(), &row));
  return std::optional<SignedRow>(std::move(row));
}

int64_t SizeOf(const SignedRow& row) {
  int64_t size = 0;
  for (const auto& part : row.signed_().partitions()) size += part.size();
  return size;
}

// What is signed: a note without its signatures.
std::string TextOf(const std::string& bytes) {
  const auto note = note::ParseNote(bytes);
  return note.ok() ? note->text : "";
}

bool Has(const SignedRow& row, const std::string& text) {
  if (TextOf(row.signed_().note()) == text) return true;
  for (const auto& part : row.signed_().partitions())
    if (TextOf(part.note()) == text) return true;
  return false;
}

// The number that sizes of rows are compared with to find `checkpoint`: its own over all partitions, or of one.
StatusOr<std::optional<int32_t>> PartitionOf(const engine::Engine& engine, const note::Checkpoint& checkpoint) {
  const std::string& id = engine.log_identity().id;
  if (checkpoint.origin == note::OriginOf(id)) return std::optional<int32_t>();
  for (int32_t p = 0; p < engine.partitions(); ++p)
    if (checkpoint.origin == note::OriginOf(id, Partition(p))) return std::optional<int32_t>(p);
  return WithReason(NotFound("the checkpoint is of {}, and this log is {}", checkpoint.origin.substr(0, 200),
                             note::OriginOf(id)),
                    "CHECKPOINT_UNKNOWN", "since_notes");
}

int64_t SizeOf(const SignedRow& row, std::optional<int32_t> partition) {
  if (!partition.has_value()) return SizeOf(row);
  for (const auto& part : row.signed_().partitions())
    if (part.partition() == *partition) return part.size();
  return 0;
}

// Sizes never fall from one row to the next, unless a loss was accepted between them.
StatusOr<std::optional<SignedRow>> Bisect(const engine::PartitionView& home, int64_t end, int64_t size,
                                          std::optional<int32_t> partition) {
  int64_t low = 0;
  while (low < end) {
    const int64_t middle = low + (end - low) / 2;
    ASSIGN_OR_RETURN(const auto row, RowFrom(home, middle));
    if (row.has_value() && SizeOf(*row, partition) < size)
      low = row->offset() + 1;
    else
      end = middle;
  }
  return RowFrom(home, low);
}

}  // namespace

v1::Checkpoint CheckpointOf(const SignedRow& row, const log::LogIdentity& log) {
  v1::Checkpoint checkpoint;
  checkpoint.set_name(fmt::format("checkpoints/{}", SizeOf(row)));
  *checkpoint.mutable_signed_() = row.signed_();
  checkpoint.set_offset(row.offset());
  *checkpoint.mutable_recorded_time() = row.recorded_at();
  log::Position position{log.id, std::vector<int64_t>(static_cast<size_t>(log.partitions))};
  for (const auto& part : row.signed_().partitions())
    if (part.partition() >= 0 && part.partition() < log.partitions)
      position.next_offsets[static_cast<size_t>(part.partition())] = part.next_offset();
  checkpoint.set_position(position.Encode());
  return checkpoint;
}

StatusOr<checkpoints::StandRow> StandOf(const engine::PartitionView& home) {
  using checkpoints::Stand;
  store::PinnedValue stored;
  checkpoints::StandRow stand;
  ASSIGN_OR_RETURN(const bool found,
                   home.Get(CheckpointsView::kName, Stand::kName, Stand::Key::Encode(checkpoints::kStandKey), &stored));
  if (found && !stand.ParseFromArray(stored.view().data(), static_cast<int>(stored.view().size())))
    return DataLoss("the stand of the checkpoints is damaged; rebuild the view");
  return stand;
}

StatusOr<std::vector<v1::KeyChange>> KeyChangesIn(const engine::PartitionView& home) {
  std::vector<v1::KeyChange> changes;
  ASSIGN_OR_RETURN(const auto cursor, home.Scan(CheckpointsView::kName, checkpoints::KeyChanges::kName, "", ""));
  for (; cursor->Valid(); cursor->Next()) {
    checkpoints::KeyChangeRow row;
    if (!row.ParseFromArray(cursor->value().data(), static_cast<int>(cursor->value().size())))
      return DataLoss("a change of the key cannot be read; rebuild the view {}", CheckpointsView::kName);
    v1::KeyChange& change = changes.emplace_back();
    *change.mutable_changed() = row.changed();
    change.set_offset(row.offset());
    *change.mutable_recorded_time() = row.recorded_at();
  }
  RETURN_IF_ERROR(cursor->status());
  return changes;
}

StatusOr<std::optional<v1::Checkpoint>> NewestCheckpoint(const engine::Engine& engine) {
  const auto home = engine.At(Partition(0));
  ASSIGN_OR_RETURN(const checkpoints::StandRow stand, StandOf(*home));
  if (stand.signed_end() == 0) return std::optional<v1::Checkpoint>();
  ASSIGN_OR_RETURN(const auto row, RowFrom(*home, stand.signed_end() - 1));
  if (!row.has_value()) return DataLoss("the newest checkpoint is missing; rebuild the view");
  return std::optional<v1::Checkpoint>(CheckpointOf(*row, engine.log_identity()));
}

StatusOr<v1::Checkpoint> CheckpointOfNote(const engine::Engine& engine, const std::string& bytes) {
  const auto parsed = note::ParseNote(bytes);
  const auto checkpoint = parsed.ok() ? note::ParseCheckpoint(parsed->text) : parsed.status();
  if (!checkpoint.ok())
    return WithReason(InvalidArgument("not a checkpoint's note: {}", MessageOf(checkpoint.status())), "CHECKPOINT_INVALID",
                      "since_notes");
  ASSIGN_OR_RETURN(const auto partition, PartitionOf(engine, *checkpoint));
  const auto home = engine.At(Partition(0));
  ASSIGN_OR_RETURN(const checkpoints::StandRow stand, StandOf(*home));
  ASSIGN_OR_RETURN(const auto row, Bisect(*home, stand.signed_end(), checkpoint->size, partition));
  if (row.has_value() && Has(*row, parsed->text)) return CheckpointOf(*row, engine.log_identity());
  if (stand.losses() > 0) {
    ASSIGN_OR_RETURN(const auto cursor, home->Scan(CheckpointsView::kName, Signed::kName, "", ""));
    for (; cursor->Valid(); cursor->Next()) {
      SignedRow one;
      RETURN_IF_ERROR(Read(cursor->value(), &one));
      if (Has(one, parsed->text)) return CheckpointOf(one, engine.log_identity());
    }
    RETURN_IF_ERROR(cursor->status());
  }
  return WithReason(NotFound("this log holds no such checkpoint over {} records. If its signature is good, the log was "
                             "exchanged or cut back since: keep the note, it is evidence",
                             checkpoint->size),
                    "CHECKPOINT_UNKNOWN", "since_notes");
}

}  // namespace kefu::audit

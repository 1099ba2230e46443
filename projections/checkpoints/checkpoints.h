#pragma once

// What was signed of the log, with which keys, and which losses were accepted. Partition 0 only: facts about the log live
// there. A change of the key counts if it comes from the key in force, by a statement that it signed, of this log and of the
// newest checkpoint, and leads to a key that never was; from then on no other key's checkpoint counts, until a loss is accepted.
// What does not count is not kept.

#include "projections/checkpoints/rows.pb.h"
#include "projections/sdk/projection.h"

namespace kefu::checkpoints {

// Every checkpoint; by where it is recorded, so that the last row is the newest.
struct Signed {
  static constexpr std::string_view kName = "signed";
  static constexpr uint8_t kId = 1;
  using Key = codec::KeyOf<Offset>;
  using Row = SignedRow;
};

// By what is covered: of all checkpoints since the newest accepted loss, the oldest one that covers a record of a partition
// is the first entry at or after (losses, partition, the record's offset + 1).
struct SignedByEnd {
  static constexpr std::string_view kName = "by_end";
  static constexpr uint8_t kId = 2;
  using Of = Signed;
  // Losses accepted before, partition, its next offset; where the checkpoint is recorded.
  using Key = codec::KeyOf<int32_t, int32_t, int64_t, Offset>;
  static void Keys(const SignedRow& row, sdk::IndexKeys& out);
};

// By how many records of a partition are in it: what a proof of that size is checked against.
struct SignedBySize {
  static constexpr std::string_view kName = "by_size";
  static constexpr uint8_t kId = 3;
  using Of = Signed;
  // Losses accepted before, partition, its size; where the checkpoint is recorded.
  using Key = codec::KeyOf<int32_t, int32_t, int64_t, Offset>;
  static void Keys(const SignedRow& row, sdk::IndexKeys& out);
};

struct Losses {
  static constexpr std::string_view kName = "losses";
  static constexpr uint8_t kId = 4;
  using Key = codec::KeyOf<Offset>;
  using Row = LossRow;
};

struct KeyChanges {
  static constexpr std::string_view kName = "key_changes";
  static constexpr uint8_t kId = 5;
  using Key = codec::KeyOf<Offset>;
  using Row = KeyChangeRow;
};

// One row, key 0.
struct Stand {
  static constexpr std::string_view kName = "stand";
  static constexpr uint8_t kId = 6;
  using Key = codec::KeyOf<int32_t>;
  using Row = StandRow;
};
inline constexpr int32_t kStandKey = 0;

struct CheckpointsView {
  static constexpr std::string_view kName = "checkpoints";
  static constexpr int32_t kVersion = 2;
  using Events = sdk::TypeList<events::v1::CheckpointSigned, events::v1::CheckpointKeyChanged,
                               events::v1::CheckpointLossAccepted>;
  using Tables = sdk::TypeList<Signed, Losses, KeyChanges, Stand>;
  using Indexes = sdk::TypeList<SignedByEnd, SignedBySize>;

  using Rows = sdk::View<CheckpointsView>;
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CheckpointSigned>& recorded, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CheckpointKeyChanged>& recorded, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CheckpointLossAccepted>& recorded, Rows& view);
};

}  // namespace kefu::checkpoints

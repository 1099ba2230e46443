#include "services/audit/proofs.h"

#include "platform/base/reason.h"
#include "platform/merkle/verify.h"
#include "services/audit/find_event.h"
#include "services/audit/signed_sizes.h"
#include "services/audit/tree_rows.h"

namespace kefu::audit {
namespace {

Status Differs(Status status) { return WithReason(std::move(status), "TREE_DIFFERS"); }

// The tree of one partition with what was signed of it, of one moment.
struct Signed {
  tree::Reading reading;
  std::optional<SignedSize> newest;
  // The tree that a proof is against.
  int64_t size = 0;
  merkle::Hash root{};
  // Empty: no checkpoint has this size.
  std::string note;
};

StatusOr<Partition> PartitionOf(const engine::Engine& engine, int32_t partition) {
  if (partition >= 0 && partition < engine.partitions()) return Partition(partition);
  return WithReason(InvalidArgument("partition {} is none: the log has 0 to {}", partition, engine.partitions() - 1),
                    "PARTITION_INVALID", "partition");
}

// `size` 0: of the newest checkpoint, or where there is none, the tree as it is.
StatusOr<Signed> OpenTree(const engine::Engine& engine, Partition partition, int64_t size, std::string_view field) {
  // In this order: what a checkpoint covers was folded before it.
  const auto home = engine.At(Partition(0));
  ASSIGN_OR_RETURN(auto newest, NewestSigned(*home, partition));
  ASSIGN_OR_RETURN(auto reading, TreeOf(engine.At(partition)));
  Signed opened{std::move(reading), std::move(newest)};
  const int64_t there = opened.reading.size();
  std::optional<SignedSize> checkpoint = opened.newest;
  if (size < 0)
    return WithReason(InvalidArgument("{} is {}: a tree has no such size", field, size), "TREE_SIZE_INVALID", field);
  if (size > 0) {
    ASSIGN_OR_RETURN(checkpoint, SignedWith(*home, partition, size));
  }
  opened.size = size > 0 ? size : checkpoint.has_value() ? checkpoint->size : there;
  if (opened.size > there) {
    if (checkpoint.has_value())
      return WithReason(Unavailable("partition {} has {} records in its tree here, and {} are signed: it is folding; try again",
                                    partition, there, opened.size),
                        "TREE_BEHIND");
    return WithReason(InvalidArgument("{} is {}: the tree of partition {} has {} records", field, size, partition, there),
                      "TREE_SIZE_INVALID", field);
  }
  ASSIGN_OR_RETURN(opened.root, merkle::Root(opened.size, opened.reading.Hashes()));
  if (checkpoint.has_value()) {
    if (checkpoint->root != opened.root)
      return Differs(DataLoss("{} records of partition {} have the root {}, and {} was signed: the log is not the one that it was",
                              opened.size, partition, Hex(opened.root), Hex(checkpoint->root)));
    opened.note = std::move(checkpoint->note);
  }
  return opened;
}

Status NotYetSigned(const Signed& opened, RecordPlace place, int64_t leaf) {
  return WithReason(
      FailedPrecondition("the tree of {} records of partition {} does not cover offset {}, which is leaf {}; {}", opened.size,
                         place.partition, place.offset, leaf,
                         opened.newest.has_value()
                             ? fmt::format("the newest checkpoint covers {} records, up to offset {}", opened.newest->size,
                                           opened.newest->next_offset.value() - 1)
                             : "no checkpoint was signed yet"),
      "NOT_YET_SIGNED");
}

StatusOr<RecordPlace> PlaceOf(const engine::Engine& engine, const v1::GetInclusionProofRequest& request) {
  if (request.has_offset() == !request.event_id().empty())
    return WithReason(InvalidArgument("either an offset or an event_id says which record"), "RECORD_UNNAMED");
  if (!request.has_offset()) return FindEvent(engine, request.client_id(), request.event_id());
  ASSIGN_OR_RETURN(const Partition partition, PartitionOf(engine, request.partition()));
  return RecordPlace{partition, Offset(request.offset())};
}

// Which leaf the record is; says whether it is missing or only not folded yet.
StatusOr<int64_t> LeafOf(const Signed& opened, RecordPlace place, log::EventLog& log) {
  const auto leaf = opened.reading.LeafOf(place.offset);
  if (leaf.ok()) return leaf;
  if (leaf.status().code() == StatusCode::kOutOfRange && place.offset >= Offset(0)) {
    ASSIGN_OR_RETURN(const Offset end, log.EndOffset(place.partition));
    if (place.offset < end) return NotYetSigned(opened, place, opened.reading.size() + (place.offset - opened.reading.next_offset()));
  }
  if (leaf.status().code() != StatusCode::kOutOfRange && leaf.status().code() != StatusCode::kNotFound) return leaf;
  return WithReason(NotFound("partition {} has no record with offset {}", place.partition, place.offset),
                    "RECORD_NOT_FOUND", "offset");
}

template <class Message>
void SetPath(const merkle::Path& path, Message& proof) {
  for (const merkle::Hash& hash : path) proof.add_path(std::string(merkle::BytesOf(hash)));
}

}  // namespace

StatusOr<v1::InclusionProof> Proofs::Inclusion(const v1::GetInclusionProofRequest& request) const {
  ASSIGN_OR_RETURN(const RecordPlace place, PlaceOf(engine_, request));
  ASSIGN_OR_RETURN(const Signed opened, OpenTree(engine_, place.partition, request.tree_size(), "tree_size"));
  ASSIGN_OR_RETURN(const int64_t leaf, LeafOf(opened, place, log_));
  if (leaf >= opened.size) return NotYetSigned(opened, place, leaf);
  ASSIGN_OR_RETURN(const merkle::Hash leaf_hash, opened.reading.LeafHash(leaf));
  ASSIGN_OR_RETURN(const std::string record, log_.ReadOne(place.partition, place.offset));
  if (merkle::LeafHash(record) != leaf_hash)
    return Differs(DataLoss("the record of partition {} at offset {} is not the one that was folded into the tree: the log was "
                            "changed, or the view is damaged",
                            place.partition, place.offset));
  ASSIGN_OR_RETURN(const merkle::Path path, merkle::InclusionPath(leaf, opened.size, opened.reading.Hashes()));
  if (const Status holds = merkle::VerifyInclusion(leaf_hash, leaf, opened.size, path, opened.root); !holds.ok())
    return Differs(DataLoss("the tree of partition {} contradicts itself: {}; rebuild the view", place.partition,
                            MessageOf(holds)));
  v1::InclusionProof proof;
  proof.set_partition(place.partition.value());
  proof.set_offset(place.offset.value());
  proof.set_leaf_index(leaf);
  proof.set_tree_size(opened.size);
  proof.set_leaf_hash(std::string(merkle::BytesOf(leaf_hash)));
  SetPath(path, proof);
  proof.set_root(std::string(merkle::BytesOf(opened.root)));
  proof.set_note(opened.note);
  return proof;
}

StatusOr<v1::ConsistencyProof> Proofs::Consistency(const v1::GetConsistencyProofRequest& request) const {
  ASSIGN_OR_RETURN(const Partition partition, PartitionOf(engine_, request.partition()));
  ASSIGN_OR_RETURN(const Signed opened, OpenTree(engine_, partition, request.new_size(), "new_size"));
  const int64_t old_size = request.old_size();
  if (old_size < 0 || old_size > opened.size)
    return WithReason(InvalidArgument("old_size is {}: the new tree of partition {} has {} records", old_size, partition,
                                      opened.size),
                      "TREE_SIZE_INVALID", "old_size");
  ASSIGN_OR_RETURN(const merkle::Path path, merkle::ConsistencyPath(old_size, opened.size, opened.reading.Hashes()));
  ASSIGN_OR_RETURN(const merkle::Hash old_root, merkle::Root(old_size, opened.reading.Hashes()));
  v1::ConsistencyProof proof;
  proof.set_partition(partition.value());
  proof.set_old_size(old_size);
  proof.set_new_size(opened.size);
  SetPath(path, proof);
  proof.set_old_root(std::string(merkle::BytesOf(old_root)));
  proof.set_new_root(std::string(merkle::BytesOf(opened.root)));
  return proof;
}

}  // namespace kefu::audit

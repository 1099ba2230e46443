#include "services/clock/checkpoint_facts.h"

#include <fmt/format.h>

#include "platform/base/time.h"
#include "platform/note/checkpoint.h"
#include "platform/note/key_change.h"

namespace kefu::duties {
namespace {

constexpr const char* kNotary = "kefud.notary";
// Of the digest of what is signed: enough that two logs never share an id.
constexpr size_t kIdDigits = 32;

void StateBy(absl::Time occurred_at, events::v1::Event* fact) {
  fact->set_source(kNotary);
  fact->mutable_actor()->set_kind(events::v1::ACTOR_KIND_SYSTEM);
  fact->mutable_actor()->set_id(kNotary);
  *fact->mutable_occurred_at() = ToProto(occurred_at);
}

std::string NameOfKey(const std::string& name, uint32_t hash) { return fmt::format("{}+{:08x}", name, hash); }

}  // namespace

StatusOr<events::v1::Event> CheckpointFact(const std::string& log_id, const std::vector<TreePart>& parts,
                                           absl::Time occurred_at, const note::Signer& signer) {
  events::v1::Event fact;
  auto& signed_parts = *fact.mutable_checkpoint_signed();
  note::Checkpoint whole{.origin = note::OriginOf(log_id),
                         .size = SizeOf(parts),
                         .extensions = {fmt::format("partitions {}", parts.size())}};
  std::vector<merkle::Hash> leaves;
  for (size_t p = 0; p < parts.size(); ++p) {
    const Partition partition(static_cast<int32_t>(p));
    ASSIGN_OR_RETURN(const std::string body,
                     note::FormatCheckpoint({.origin = note::OriginOf(log_id, partition),
                                             .size = parts[p].size,
                                             .root = parts[p].root}));
    leaves.push_back(merkle::LeafHash(body));
    auto& part = *signed_parts.add_partitions();
    part.set_partition(partition.value());
    part.set_size(parts[p].size);
    part.set_next_offset(parts[p].next_offset.value());
    ASSIGN_OR_RETURN(*part.mutable_note(), signer.Sign(body));
  }
  whole.root = merkle::RootOf(std::move(leaves));
  ASSIGN_OR_RETURN(const std::string body, note::FormatCheckpoint(whole));
  ASSIGN_OR_RETURN(*signed_parts.mutable_note(), signer.Sign(body));
  fact.set_event_id(fmt::format("checkpoint/{}/{}", whole.size, Hex(Sha256(body)).substr(0, kIdDigits)));
  StateBy(occurred_at, &fact);
  return fact;
}

StatusOr<events::v1::Event> KeyChangeFact(const std::string& log_id, const events::v1::CheckpointSigned& newest,
                                          absl::Time occurred_at, const note::Signer& old_signer,
                                          const note::Verifier& new_key) {
  ASSIGN_OR_RETURN(const std::vector<TreePart> parts, PartsOf(newest));
  const note::KeyChange change{note::OriginOf(log_id), SizeOf(parts), old_signer.verifier(), new_key};
  ASSIGN_OR_RETURN(const std::string text, note::FormatKeyChange(change));
  events::v1::Event fact;
  auto& changed = *fact.mutable_checkpoint_key_changed();
  changed.set_old_key(change.old_key.Text());
  changed.set_new_key(change.new_key.Text());
  ASSIGN_OR_RETURN(*changed.mutable_statement(), old_signer.Sign(text));
  fact.set_event_id(fmt::format("key-change/{}/{}", change.size, Hex(Sha256(text)).substr(0, kIdDigits)));
  StateBy(occurred_at, &fact);
  return fact;
}

std::string NameOfKey(const note::Verifier& key) { return NameOfKey(key.name(), key.hash()); }

StatusOr<std::string> NameOfSigner(const std::string& note) {
  const auto read = note::ParseNote(note);
  if (!read.ok()) return DataLoss("the newest checkpoint's note cannot be read: {}", MessageOf(read.status()));
  return NameOfKey(read->signatures.front().key_name, read->signatures.front().key_hash);
}

StatusOr<std::vector<TreePart>> PartsOf(const events::v1::CheckpointSigned& checkpoint) {
  std::vector<TreePart> parts;
  for (const auto& part : checkpoint.partitions()) {
    const auto note = note::ParseNote(part.note());
    const auto read = note.ok() ? note::ParseCheckpoint(note->text) : note.status();
    if (!read.ok())
      return DataLoss("the checkpoint's note of partition {} cannot be read: {}", part.partition(),
                      MessageOf(read.status()));
    if (part.partition() != static_cast<int32_t>(parts.size()) || part.size() != read->size)
      return DataLoss("the checkpoint says partition {} with {} records, its note {} records, in place {}",
                      part.partition(), part.size(), read->size, parts.size());
    parts.push_back({read->size, Offset(part.next_offset()), read->root});
  }
  return parts;
}

int64_t SizeOf(const std::vector<TreePart>& parts) {
  int64_t size = 0;
  for (const TreePart& part : parts) size += part.size;
  return size;
}

int64_t SizeOf(const events::v1::CheckpointSigned& checkpoint) {
  int64_t size = 0;
  for (const auto& part : checkpoint.partitions()) size += part.size();
  return size;
}

}  // namespace kefu::duties

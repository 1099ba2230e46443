#include "projections/checkpoints/checkpoints.h"

#include <algorithm>

#include "platform/base/time.h"
#include "platform/note/checkpoint.h"
#include "platform/note/key_change.h"

namespace kefu::checkpoints {
namespace {

using events::v1::CheckpointKeyChanged;
using events::v1::CheckpointSigned;

// "kefu+c2b1ba6b": which key, as a signature line says it.
std::string NameOfKey(const std::string& name, uint32_t hash) { return fmt::format("{}+{:08x}", name, hash); }
std::string NameOfKey(const note::Verifier& key) { return NameOfKey(key.name(), key.hash()); }

// Before a change was ever stated, keys were exchanged without one; nothing is said of those. Signatures are not checked:
// whoever has a reason to doubt them has the key.
bool Counts(const CheckpointSigned& checkpoint, StandRow& stand) {
  const auto note = note::ParseNote(checkpoint.note());
  const auto body = note.ok() ? note::ParseCheckpoint(note->text) : note.status();
  if (!body.ok()) return !stand.bound();
  const std::string key = NameOfKey(note->signatures.front().key_name, note->signatures.front().key_hash);
  if (stand.bound() && key != stand.key()) return false;
  stand.set_key(key);
  stand.set_origin(body->origin);
  stand.set_size(body->size);
  return true;
}

bool Counts(const CheckpointKeyChanged& changed, StandRow& stand) {
  const auto old_key = note::Verifier::Parse(changed.old_key());
  const auto new_key = note::Verifier::Parse(changed.new_key());
  if (!old_key.ok() || !new_key.ok() || stand.key() != NameOfKey(*old_key)) return false;
  const auto statement = note::OpenKeyChange(changed.statement());
  if (!statement.ok() || *statement != note::KeyChange{stand.origin(), stand.size(), *old_key, *new_key}) return false;
  const std::string key = NameOfKey(*new_key);
  const auto& laid_down = stand.laid_down();
  if (std::find(laid_down.begin(), laid_down.end(), key) != laid_down.end()) return false;
  stand.add_laid_down(stand.key());
  stand.set_key(key);
  stand.set_bound(true);
  return true;
}

}  // namespace

void SignedByEnd::Keys(const SignedRow& row, sdk::IndexKeys& out) {
  for (const auto& part : row.signed_().partitions())
    out.AddEncoded(Key::Encode(row.losses(), part.partition(), part.next_offset(), Offset(row.offset())));
}

void SignedBySize::Keys(const SignedRow& row, sdk::IndexKeys& out) {
  for (const auto& part : row.signed_().partitions())
    out.AddEncoded(Key::Encode(row.losses(), part.partition(), part.size(), Offset(row.offset())));
}

sdk::Outcome CheckpointsView::Apply(const sdk::Recorded<events::v1::CheckpointSigned>& recorded, Rows& view) {
  const Offset offset = recorded.record.offset;
  StandRow& stand = view.Edit<Stand>(kStandKey);
  if (!Counts(recorded.body, stand)) return sdk::Ignored();
  stand.set_signed_end(offset.value() + 1);
  SignedRow& row = view.Edit<Signed>(offset);
  *row.mutable_signed_() = recorded.body;
  row.set_offset(offset.value());
  *row.mutable_recorded_at() = ToProto(recorded.record.recorded_at);
  row.set_losses(stand.losses());
  return sdk::Applied();
}

sdk::Outcome CheckpointsView::Apply(const sdk::Recorded<events::v1::CheckpointKeyChanged>& recorded, Rows& view) {
  const Offset offset = recorded.record.offset;
  StandRow& stand = view.Edit<Stand>(kStandKey);
  if (!Counts(recorded.body, stand)) return sdk::Ignored();
  stand.set_key_change_end(offset.value() + 1);
  KeyChangeRow& row = view.Edit<KeyChanges>(offset);
  *row.mutable_changed() = recorded.body;
  row.set_offset(offset.value());
  *row.mutable_recorded_at() = ToProto(recorded.record.recorded_at);
  return sdk::Applied();
}

sdk::Outcome CheckpointsView::Apply(const sdk::Recorded<events::v1::CheckpointLossAccepted>& recorded, Rows& view) {
  const Offset offset = recorded.record.offset;
  StandRow& stand = view.Edit<Stand>(kStandKey);
  stand.set_losses(stand.losses() + 1);
  stand.set_loss_end(offset.value() + 1);
  // A person goes on from here: whoever signs next is in force.
  stand.clear_key();
  stand.set_bound(false);
  LossRow& row = view.Edit<Losses>(offset);
  *row.mutable_accepted() = recorded.body;
  row.set_offset(offset.value());
  *row.mutable_recorded_at() = ToProto(recorded.record.recorded_at);
  row.set_accepted_by(recorded.event().actor().id());
  row.set_event_id(recorded.event().event_id());
  return sdk::Applied();
}

}  // namespace kefu::checkpoints

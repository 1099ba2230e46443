#include "projections/checkpoints/checkpoints.h"

#include "platform/base/time.h"

namespace kefu::checkpoints {

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
  view.Edit<Stand>(kStandKey).set_key_change_end(offset.value() + 1);
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
  LossRow& row = view.Edit<Losses>(offset);
  *row.mutable_accepted() = recorded.body;
  row.set_offset(offset.value());
  *row.mutable_recorded_at() = ToProto(recorded.record.recorded_at);
  row.set_accepted_by(recorded.event().actor().id());
  row.set_event_id(recorded.event().event_id());
  return sdk::Applied();
}

}  // namespace kefu::checkpoints

#include "projections/late/late.h"

#include "platform/base/time.h"

namespace kefu::late {

std::string EncodeTime(absl::Time time) { return codec::Key(absl::ToUnixNanos(time)); }

std::optional<absl::Time> DecodeTime(std::string_view bytes) {
  int64_t nanos = 0;
  if (!codec::TakePart(bytes, &nanos) || !bytes.empty()) return std::nullopt;
  return absl::FromUnixNanos(nanos);
}

sdk::Outcome LateView::Apply(const sdk::Recorded<events::v1::Event>& recorded, sdk::View<LateView>& view) {
  if (FromProto(recorded.body.recorded_at()) >= recorded.record.recorded_at) return sdk::Ignored();
  view.PutRaw<Records>(EncodeTime(recorded.record.recorded_at), recorded.record.offset);
  return sdk::Applied();
}

}  // namespace kefu::late

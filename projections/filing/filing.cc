#include "projections/filing/filing.h"

#include "platform/base/time.h"

namespace kefu::filing {

sdk::Outcome FilingView::Apply(const sdk::Recorded<events::v1::RegulatoryReturnFiled>& filed,
                               sdk::View<FilingView>& view) {
  // The first one stands: two that were filed at once by one id are told apart by who was first on the log.
  if (view.Find<Filings>(filed.body.return_id()) != nullptr) return sdk::Ignored();
  auto& row = view.Edit<Filings>(filed.body.return_id());
  *row.mutable_filed() = filed.body;
  row.set_offset(filed.record.offset.value());
  *row.mutable_recorded_time() = ToProto(filed.record.recorded_at);
  row.set_filed_by(filed.event().actor().id());
  return sdk::Applied();
}

}  // namespace kefu::filing

#pragma once

// The stream of ExportClientFacts.

#include <grpcpp/support/server_callback.h>

#include <atomic>
#include <memory>
#include <string>

#include "kefu/query/v1/segment.pb.h"
#include "services/query/reader.h"

namespace kefu::query {

// What is asked. kInvalidArgument: MONTHS_MISSING, TOO_MANY_MONTHS (24), MONTH_INVALID (before 1970), MONTH_NOT_PAST
// (the horizon must be over at `now`, in the branches' zone), HORIZON_INVALID (1 to 12 months), ASSETS_LEFT_INVALID (0
// to 10,000).
Status CheckExport(const query::v1::ExportClientFactsRequest& request, absl::Time now);

// Writes the facts of all clients, by partition, client and month, at most 256 a message, then the position. One write
// is in flight; the next message is made when it is through. Deletes itself.
class FactsExport final : public grpc::ServerWriteReactor<query::v1::ExportClientFactsResponse> {
 public:
  // Ends with kUnavailable once `ending` is true.
  FactsExport(Moment moment, const query::v1::ExportClientFactsRequest& request,
              std::shared_ptr<const std::atomic<bool>> ending);
  // Begins; once.
  void Start();
  void OnCancel() override;
  void OnWriteDone(bool ok) override;
  void OnDone() override { delete this; }

 private:
  // Makes the next message and writes it, or ends the stream.
  void GoOn();
  StatusOr<bool> Fill();

  const Moment moment_;
  const query::v1::ExportClientFactsRequest request_;
  const std::shared_ptr<const std::atomic<bool>> ending_;
  query::v1::ExportClientFactsResponse message_;
  size_t partition_ = 0;
  std::unique_ptr<store::Cursor> cursor_;
  bool said_position_ = false;
  std::atomic<bool> cancelled_ = false;
};

}  // namespace kefu::query

#include "services/audit/read_view.h"

#include "platform/rpc/later.h"
#include "platform/rpc/status.h"

namespace kefu::audit {

void ReadViewStream::Refuse(const Status& status) { Finish(rpc::ToGrpc(status)); }

void ReadViewStream::Start() {
  auto rows = ViewRows::Open(engine_, request_);
  if (!rows.ok()) return Refuse(rows.status());
  rows_ = *std::move(rows);
  GoOn();
}

void ReadViewStream::OnWriteDone(bool ok) {
  if (!ok) return Finish(grpc::Status(grpc::StatusCode::CANCELLED, "the caller has gone"));
  if (message_.complete()) return Finish(grpc::Status::OK);
  // Reads the store: not on a thread that serves others.
  rpc::RunSoon([this] { GoOn(); });
}

void ReadViewStream::GoOn() {
  if (cancelled_) return Finish(grpc::Status(grpc::StatusCode::CANCELLED, "the caller has gone"));
  if (*ending_) return Refuse(Unavailable("the server ends; begin again elsewhere"));
  if (const Status filled = rows_->Next(message_bytes_, &message_); !filled.ok()) return Refuse(filled);
  StartWrite(&message_);
}

}  // namespace kefu::audit

#pragma once

// AuditService.ReadView as a stream.

#include <grpcpp/support/server_callback.h>

#include <atomic>
#include <memory>

#include "services/audit/view_rows.h"

namespace kefu::audit {

// Writes what a view holds, one message in flight. Deletes itself. Ends with what ViewRows says, or with kUnavailable (the
// server ends): begin again.
class ReadViewStream final : public grpc::ServerWriteReactor<v1::ReadViewResponse> {
 public:
  // The engine outlives it. Ends with kUnavailable once `ending` is true.
  ReadViewStream(const engine::Engine& engine, const v1::ReadViewRequest& request, size_t message_bytes,
                 std::shared_ptr<const std::atomic<bool>> ending)
      : engine_(engine), request_(request), message_bytes_(message_bytes), ending_(std::move(ending)) {}

  // One of them, once.
  void Start();
  void Refuse(const Status& status);

  void OnCancel() override { cancelled_ = true; }
  void OnWriteDone(bool ok) override;
  void OnDone() override { delete this; }

 private:
  void GoOn();

  const engine::Engine& engine_;
  const v1::ReadViewRequest request_;
  const size_t message_bytes_;
  const std::shared_ptr<const std::atomic<bool>> ending_;
  std::unique_ptr<ViewRows> rows_;
  v1::ReadViewResponse message_;
  std::atomic<bool> cancelled_ = false;
};

}  // namespace kefu::audit

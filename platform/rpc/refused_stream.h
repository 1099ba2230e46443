#pragma once

#include <grpcpp/support/server_callback.h>

#include "platform/base/status.h"
#include "platform/rpc/status.h"

namespace kefu::rpc {

// A server stream that ends at once with an error.
template <class Response>
class RefusedStream final : public grpc::ServerWriteReactor<Response> {
 public:
  explicit RefusedStream(const Status& status) { this->Finish(rpc::ToGrpc(status)); }
  void OnDone() override { delete this; }
};

}  // namespace kefu::rpc

#pragma once

#include <google/protobuf/message.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include <atomic>
#include <memory>
#include <utility>

#include "platform/base/status.h"
#include "platform/rpc/bytes.h"
#include "platform/rpc/status.h"

namespace kefu::ingest {

// A unary call that is answered later, from any thread, or cancelled before: whichever comes first ends it.
//
// Ownership: lives until gRPC is done with it and the last shared_ptr is gone; so a late answer finds it alive, and has
// no effect.
class UnaryCall final : public grpc::ServerUnaryReactor {
 public:
  static std::shared_ptr<UnaryCall> Make(grpc::ByteBuffer* response) {
    auto call = std::make_shared<UnaryCall>(response);
    call->self_ = call;
    return call;
  }
  explicit UnaryCall(grpc::ByteBuffer* response) : response_(response) {}

  void Answer(const google::protobuf::Message& message) {
    if (ended_.exchange(true)) return;
    *response_ = rpc::ToBuffer(message);
    Finish(grpc::Status::OK);
  }
  void Fail(const Status& status) {
    if (!ended_.exchange(true)) Finish(rpc::ToGrpc(status));
  }

  void OnCancel() override { Fail(Cancelled("the caller has gone")); }
  void OnDone() override { self_.reset(); }

 private:
  // gRPC's, until Finish.
  grpc::ByteBuffer* const response_;
  std::atomic<bool> ended_ = false;
  std::shared_ptr<UnaryCall> self_;
};

}  // namespace kefu::ingest

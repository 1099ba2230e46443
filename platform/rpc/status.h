#pragma once

// The one place where our errors become gRPC's and back. Source: AIP-193; google.rpc.Status in the trailer
// grpc-status-details-bin.

#include "platform/base/status.h"

namespace grpc {
class Status;
}
namespace google::rpc {
class Status;
}

namespace kefu::rpc {

// With exactly one google.rpc.ErrorInfo: the status's reason (its code's name if it has none), domain "kefu", and the
// field in its metadata; a BadRequest if there is a field; a RetryInfo if trying again may help.
grpc::Status ToGrpc(const Status& status);
google::rpc::Status ToRpcStatus(const Status& status);

// The way back, with reason and field. Errors of other servers keep their code and message.
Status FromGrpc(const grpc::Status& status);
Status FromRpcStatus(const google::rpc::Status& status);

}  // namespace kefu::rpc

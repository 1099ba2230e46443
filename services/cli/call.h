#pragma once

// One call to the server, with errors that say what to do next.

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/support/sync_stream.h>

#include <atomic>
#include <memory>
#include <type_traits>

#include "platform/runtime/signals.h"
#include "services/cli/verb.h"

namespace grpc {
class Status;
}

namespace kefu::cli {

// The error in our vocabulary; an unreachable server is told apart from one that answers UNAVAILABLE.
Status Explained(const Tool& tool, const grpc::Status& status);

// auto client = Call(tool, &ClientService::Stub::GetClient, request);
template <class Stub, class Request, class Response>
StatusOr<Response> Call(Tool& tool, grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                        const std::type_identity_t<Request>& request) {
  ASSIGN_OR_RETURN(const auto channel, tool.Channel());
  Stub stub(channel);
  grpc::ClientContext context;
  tool.Prepare(context);
  Response response;
  const grpc::Status status = (stub.*method)(&context, request, &response);
  if (!status.ok()) return Explained(tool, status);
  return response;
}

// Hands every message of a stream to `take` until it ends, `take` fails, or Ctrl-C, which is a good end.
template <class Stub, class Request, class Response, class Take>
Status Follow(Tool& tool,
              std::unique_ptr<grpc::ClientReader<Response>> (Stub::*method)(grpc::ClientContext*, const Request&),
              const std::type_identity_t<Request>& request, Take take) {
  ASSIGN_OR_RETURN(const auto channel, tool.Channel());
  Stub stub(channel);
  grpc::ClientContext context;
  std::atomic<bool> asked_to_stop = false;
  runtime::StopSignals signals([&] {
    asked_to_stop = true;
    context.TryCancel();
  });
  tool.SetMoment(context);
  const auto reader = (stub.*method)(&context, request);
  Status taken;
  Response response;
  while (taken.ok() && reader->Read(&response)) taken = take(response);
  if (!taken.ok()) context.TryCancel();
  const grpc::Status status = reader->Finish();
  if (!taken.ok()) return taken;
  if (status.ok() || asked_to_stop) return OkStatus();
  return Explained(tool, status);
}

}  // namespace kefu::cli

#pragma once

// How calls of the audit's service run: first the access is recorded, then the work is done, on another thread of gRPC.

#include <grpcpp/support/server_callback.h>

#include <functional>
#include <string_view>
#include <utility>

#include "platform/rpc/later.h"
#include "platform/rpc/status.h"
#include "services/audit/access.h"

namespace kefu::audit {

// A unary call. Request and response live until `work` has returned; its status ends the call.
template <class Request>
grpc::ServerUnaryReactor* AnswerRecorded(grpc::CallbackServerContext* context, AccessRecorder& recorder,
                                         std::string_view call, const Request* request, std::function<Status()> work) {
  auto* reactor = context->DefaultReactor();
  recorder.Record(call, request->access(), *request, [reactor, work = std::move(work)](Status recorded) {
    if (!recorded.ok()) return reactor->Finish(rpc::ToGrpc(recorded));
    rpc::RunSoon([reactor, work] { reactor->Finish(rpc::ToGrpc(work())); });
  });
  return reactor;
}

// The same for work that waits for others: `work` ends the call by calling what it is given, once, from any thread.
template <class Request>
grpc::ServerUnaryReactor* AnswerRecordedLater(grpc::CallbackServerContext* context, AccessRecorder& recorder,
                                              std::string_view call, const Request* request,
                                              std::function<void(std::function<void(Status)>)> work) {
  auto* reactor = context->DefaultReactor();
  recorder.Record(call, request->access(), *request, [reactor, work = std::move(work)](Status recorded) {
    if (!recorded.ok()) return reactor->Finish(rpc::ToGrpc(recorded));
    rpc::RunSoon([reactor, work] { work([reactor](Status done) { reactor->Finish(rpc::ToGrpc(done)); }); });
  });
  return reactor;
}

// A server stream: a reactor with Start(), called once the access is recorded, and Refuse(Status), called if it is not;
// one of them, once, on a thread that may be kept for a while. It must not end before.
template <class Stream, class Request>
Stream* StreamRecorded(AccessRecorder& recorder, std::string_view call, const Request* request, Stream* stream) {
  recorder.Record(call, request->access(), *request, [stream](Status recorded) {
    rpc::RunSoon([stream, recorded] { recorded.ok() ? stream->Start() : stream->Refuse(recorded); });
  });
  return stream;
}

}  // namespace kefu::audit

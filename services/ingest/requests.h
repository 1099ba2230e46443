#pragma once

// Requests read from bytes, so that whoever sends what cannot be read is told what is wrong with it: gRPC by itself
// answers an empty UNIMPLEMENTED, and one undecodable event would take its whole batch along.

#include <vector>

#include "kefu/ingest/v1/ingest.pb.h"
#include "platform/base/status.h"
#include "services/ingest/recorder.h"

namespace grpc {
class ByteBuffer;
}

namespace kefu::ingest {

// Errors are those of event::DecodeProtobuf, with paths from the request down ("event.contact_recorded.summary").
Status ReadRequest(const grpc::ByteBuffer& buffer, google::protobuf::Message* request);

struct BatchRequest {
  std::vector<Submission> submissions;
  v1::Wait wait = v1::WAIT_UNSPECIFIED;
};
// An event that cannot be read is a submission with an error; only a broken request is an error of the whole.
StatusOr<BatchRequest> ReadBatch(const grpc::ByteBuffer& buffer);

}  // namespace kefu::ingest

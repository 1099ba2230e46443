#include "services/ingest/requests.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>
#include <grpcpp/support/byte_buffer.h>

#include "platform/base/reason.h"
#include "platform/event/decode.h"
#include "platform/rpc/bytes.h"

namespace kefu::ingest {

namespace {

using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;

constexpr uint32_t kEventsTag = WireFormatLite::MakeTag(v1::BatchPublishEventsRequest::kEventsFieldNumber,
                                                        WireFormatLite::WIRETYPE_LENGTH_DELIMITED);
constexpr uint32_t kWaitTag =
    WireFormatLite::MakeTag(v1::BatchPublishEventsRequest::kWaitFieldNumber, WireFormatLite::WIRETYPE_VARINT);

std::string PathOf(size_t index) { return fmt::format("events[{}]", index); }

// Event by event, for a batch that cannot be read as a whole.
StatusOr<BatchRequest> ReadEventByEvent(std::string_view bytes) {
  const auto broken = [] {
    return WithReason(InvalidArgument("the request is not the protobuf wire format of its message"),
                      "PROTOBUF_INVALID");
  };
  BatchRequest batch;
  CodedInputStream in(reinterpret_cast<const uint8_t*>(bytes.data()), static_cast<int>(bytes.size()));
  while (static_cast<size_t>(in.CurrentPosition()) < bytes.size()) {
    const uint32_t tag = in.ReadTag();
    if (tag == kEventsTag) {
      uint32_t length;
      if (!in.ReadVarint32(&length) || length > bytes.size() - in.CurrentPosition()) return broken();
      const std::string_view value = bytes.substr(in.CurrentPosition(), length);
      in.Skip(static_cast<int>(length));
      events::v1::Event event;
      std::string path = PathOf(batch.submissions.size());
      const Status read = event::DecodeProtobuf(value, path, &event);
      batch.submissions.push_back({read.ok() ? StatusOr<events::v1::Event>(std::move(event)) : read, std::move(path)});
    } else if (tag == kWaitTag) {
      uint64_t wait;
      if (!in.ReadVarint64(&wait)) return broken();
      batch.wait = static_cast<v1::Wait>(wait);
    } else if (tag == 0 || !WireFormatLite::SkipField(&in, tag)) {
      return broken();
    }
  }
  return batch;
}

}  // namespace

Status ReadRequest(const grpc::ByteBuffer& buffer, google::protobuf::Message* request) {
  if (rpc::ParseBuffer(buffer, request)) return OkStatus();
  return event::DecodeProtobuf(rpc::Flatten(buffer), "", request);
}

StatusOr<BatchRequest> ReadBatch(const grpc::ByteBuffer& buffer) {
  v1::BatchPublishEventsRequest request;
  if (!rpc::ParseBuffer(buffer, &request)) return ReadEventByEvent(rpc::Flatten(buffer));
  BatchRequest batch;
  batch.wait = request.wait();
  batch.submissions.reserve(request.events_size());
  for (events::v1::Event& event : *request.mutable_events())
    batch.submissions.push_back({std::move(event), PathOf(batch.submissions.size())});
  return batch;
}

}  // namespace kefu::ingest

#include "platform/rpc/bytes.h"

#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/support/byte_buffer.h>

#include "platform/base/check.h"

namespace kefu::rpc {

bool ParseBuffer(const grpc::ByteBuffer& buffer, google::protobuf::Message* message) {
  // A request of one piece, as most are, is read where it lies.
  grpc::Slice whole;
  if (buffer.TrySingleSlice(&whole).ok()) return message->ParseFromArray(whole.begin(), static_cast<int>(whole.size()));
  // Deserialising empties its buffer; a copy shares the slices.
  grpc::ByteBuffer copy = buffer;
  return copy.Valid() && grpc::SerializationTraits<google::protobuf::Message>::Deserialize(&copy, message).ok();
}

grpc::ByteBuffer ToBuffer(const google::protobuf::Message& message) {
  grpc::ByteBuffer buffer;
  bool owned;
  const grpc::Status status = grpc::SerializationTraits<google::protobuf::Message>::Serialize(message, &buffer, &owned);
  KEFU_CHECK(status.ok(), "{}", status.error_message());
  return buffer;
}

std::string Flatten(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  std::string bytes;
  if (!buffer.Valid() || !buffer.Dump(&slices).ok()) return bytes;
  bytes.reserve(buffer.Length());
  for (const grpc::Slice& slice : slices) bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  return bytes;
}

}  // namespace kefu::rpc

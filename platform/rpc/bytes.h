#pragma once

// Messages in gRPC's own buffers, for services that read requests themselves: gRPC answers a request that it cannot
// parse with an empty UNIMPLEMENTED, which tells a caller nothing.

#include <string>

namespace grpc {
class ByteBuffer;
}
namespace google::protobuf {
class Message;
}

namespace kefu::rpc {

// False if the bytes are not a message of this type; then Flatten, to find out why.
bool ParseBuffer(const grpc::ByteBuffer& buffer, google::protobuf::Message* message);
grpc::ByteBuffer ToBuffer(const google::protobuf::Message& message);
std::string Flatten(const grpc::ByteBuffer& buffer);

}  // namespace kefu::rpc

#pragma once

// What `load` can ask for.

#include <grpcpp/support/byte_buffer.h>

#include <string>
#include <vector>

#include "kefu/query/v1/client.pb.h"
#include "platform/base/status.h"

namespace kefu::bench {

// A method's full name and serialised requests, asked one after the other and again from the first.
struct Load {
  std::string method;
  std::vector<grpc::ByteBuffer> requests;
};

// "get", "find_by_phone", "report_complaints" and the like.
std::vector<std::string> LoadMethods();

// Requests for these clients, or, where a method is about no client, a few that differ. kNotFound if none of the clients
// has what is asked for.
StatusOr<Load> LoadOf(const std::string& method, const std::vector<query::v1::Client>& clients);

}  // namespace kefu::bench

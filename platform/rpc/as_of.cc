#include "platform/rpc/as_of.h"

#include <grpcpp/server_context.h>

namespace kefu::rpc {

std::optional<std::string_view> AsOf(const grpc::ServerContextBase& context) {
  const auto& metadata = context.client_metadata();
  const auto found = metadata.find(grpc::string_ref(kAsOfMetadata.data(), kAsOfMetadata.size()));
  if (found == metadata.end()) return std::nullopt;
  return std::string_view(found->second.data(), found->second.size());
}

}  // namespace kefu::rpc

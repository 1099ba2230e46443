#include "services/query/query_services.h"

#include "services/query/watch.h"

namespace kefu::query {

void EndStreams(grpc::Service& service) {
  if (auto* streams = dynamic_cast<HasStreams*>(&service)) streams->EndStreams();
}

}  // namespace kefu::query

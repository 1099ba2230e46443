#pragma once

#include <grpcpp/impl/codegen/service_type.h>

#include <memory>

#include "services/query/query_services.h"

namespace kefu::query {

// As those of query_services.h.
std::unique_ptr<grpc::Service> MakeReportService(engine::Engine& engine, const QueryOptions& options);

}  // namespace kefu::query

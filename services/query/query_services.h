#pragma once

// The read side of the server: services over the views that the engine keeps.

#include <absl/time/time.h>
#include <grpcpp/impl/codegen/service_type.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace kefu::admin::v1 {
class ServerInfo;
}
namespace kefu::engine {
class Engine;
}

namespace kefu::past {
class Moments;
}

namespace kefu::query {

struct QueryOptions {
  // Signs page tokens: 32 random bytes, kept with the data, the same for all servers that answer one caller.
  std::string token_key;
  // What GetServerInfo says.
  std::string version;
  // Adds to GetServerInfo what only the process knows: how the log is, how much room the disk has. May be empty.
  std::function<void(admin::v1::ServerInfo*)> complete_info;
  // BrowseRows shows personal data as it is.
  bool unmask_browse = false;
  // A list call looks at this many rows at most, then gives what it has and a token to go on with.
  int64_t max_rows_examined = 20'000;
  // A page ends before it grows past this, below gRPC's usual limit of 4 MiB a message.
  size_t max_page_bytes = size_t{3} << 20;
  // How often an idle watch stream says where it is.
  absl::Duration heartbeat = absl::Seconds(10);
  // Open moments of the past that calls may ask about; null: none. Must outlive the services.
  past::Moments* moments = nullptr;
};

// Services of kefu.query.v1 and kefu.admin.v1. The engine must outlive them, and they the gRPC server: answers may
// hold rows pinned in its stores until they are sent.
std::unique_ptr<grpc::Service> MakeBookService(engine::Engine& engine, const QueryOptions& options);
std::unique_ptr<grpc::Service> MakeCatalogueService(engine::Engine& engine, const QueryOptions& options);
std::unique_ptr<grpc::Service> MakeClientService(engine::Engine& engine, const QueryOptions& options);
std::unique_ptr<grpc::Service> MakeCaseService(engine::Engine& engine, const QueryOptions& options);
std::unique_ptr<grpc::Service> MakeClockService(engine::Engine& engine, const QueryOptions& options);
std::unique_ptr<grpc::Service> MakeContactService(engine::Engine& engine, const QueryOptions& options);
std::unique_ptr<grpc::Service> MakeLeadService(engine::Engine& engine, const QueryOptions& options);
std::unique_ptr<grpc::Service> MakeSearchService(engine::Engine& engine, const QueryOptions& options);
std::unique_ptr<grpc::Service> MakeSegmentService(engine::Engine& engine, const QueryOptions& options);
std::unique_ptr<grpc::Service> MakeStatisticsService(engine::Engine& engine, const QueryOptions& options);
std::unique_ptr<grpc::Service> MakeReferenceService(engine::Engine& engine, const QueryOptions& options);
std::unique_ptr<grpc::Service> MakeRelationService(engine::Engine& engine, const QueryOptions& options);
std::unique_ptr<grpc::Service> MakeReportService(engine::Engine& engine, const QueryOptions& options);
std::unique_ptr<grpc::Service> MakeSuitabilityService(engine::Engine& engine, const QueryOptions& options);
std::unique_ptr<grpc::Service> MakeViewService(engine::Engine& engine, const QueryOptions& options);

// Ends the watch streams of a service made here with UNAVAILABLE, so that callers go on elsewhere; those opened later
// end at once. For rpc::Server::OnDrain. Nothing for services without streams.
void EndStreams(grpc::Service& service);

}  // namespace kefu::query

#pragma once

// The parts of a running server, in the order they depend on each other.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "platform/note/key.h"
#include "services/kefud/data_directory.h"
#include "services/kefud/logs.h"
#include "services/kefud/options.h"
#include "services/kefud/readiness.h"
#include "services/returns/returns.h"

namespace grpc {
class Service;
}
namespace kefu::admin::v1 {
class ServerInfo;
}
namespace kefu::duties {
class Duties;
class Notary;
}
namespace kefu::engine {
class Engine;
}
namespace kefu::ingest {
class Inbox;
class IngestServer;
class Recorder;
}  // namespace kefu::ingest
namespace kefu::kept {
class KeptViews;
}
namespace kefu::past {
class Moments;
}
namespace kefu::rpc {
class Server;
}

namespace kefu::kefud {

class Running {
 public:
  // Opens and starts everything. `options` must outlive it.
  static StatusOr<std::unique_ptr<Running>> Start(const Options& options);
  // All parts, last one first. Stop first.
  ~Running();

  // Drains and stops. Not OK: calls did not end, and the process must end without destroying this.
  Status Stop();

  // By --listen, with the ports that were bound.
  const std::vector<std::string>& addresses() const { return addresses_; }

 private:
  Running(const Options& options, DataDirectory directory);
  Status OpenViews();
  Status OpenKeptViews();
  Status ReadAuditKey();
  void OpenDuties();
  StatusOr<returns::AskedViews> ViewsAt(const std::optional<log::Position>& position);
  Status OpenDoors();
  Status StartServer();
  Status OpenInbox();
  Status WriteReadyFile() const;
  void RemoveReadyFile() const;
  void Introduce() const;
  // What GetServerInfo says of log and disk.
  void CompleteInfo(admin::v1::ServerInfo* info) const;

  const Options& options_;
  DataDirectory directory_;
  std::unique_ptr<Logs> logs_;
  std::unique_ptr<engine::Engine> engine_;
  // For moments; absent if none are to be kept.
  std::unique_ptr<kept::KeptViews> kept_;
  std::unique_ptr<past::Moments> moments_;
  // What signs checkpoints; absent without a key.
  std::optional<note::Signer> signer_;
  // What signed before, where the key is to be changed.
  std::optional<note::Signer> old_signer_;
  std::unique_ptr<returns::Returns> returns_;
  std::unique_ptr<duties::Duties> duties_;
  // One of duties_; null without a key.
  duties::Notary* notary_ = nullptr;
  std::unique_ptr<ingest::Recorder> recorder_;
  std::unique_ptr<ingest::IngestServer> ingest_;
  std::vector<std::unique_ptr<grpc::Service>> queries_;
  std::unique_ptr<rpc::Server> server_;
  std::vector<std::string> addresses_;
  std::unique_ptr<Readiness> readiness_;
  std::unique_ptr<ingest::Inbox> inbox_;
};

}  // namespace kefu::kefud

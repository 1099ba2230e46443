#pragma once

#include <optional>
#include <string>
#include <vector>

#include "kefu/query/v1/client.pb.h"
#include "services/query/watch.h"

namespace kefu::query {

// One WatchClient stream: the client's row now, and again whenever an event of it was folded in. Records merged with it
// are named as they were when the stream began; what they hold is theirs.
class ClientWatch final : public WatchStream<query::v1::WatchClientResponse> {
 public:
  // `after`: the first answer comes only when the row has an event from there on.
  ClientWatch(const engine::Engine& engine, std::string client_id, const std::optional<log::Position>& after);

 private:
  using Response = query::v1::WatchClientResponse;

  StatusOr<Made> Make(Response* response) override;
  void MakeHeartbeat(Response* response) override;
  std::string Position() const;

  const engine::Engine& engine_;
  const std::string client_id_;
  const Partition partition_;
  // The records of the union, as read with the first answer.
  std::vector<std::string> members_;
  // Nothing was sent yet, and all is wanted.
  bool first_;
  // All before this offset is known to the caller.
  int64_t known_;
};

}  // namespace kefu::query

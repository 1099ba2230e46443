#include "services/query/client_watch.h"

#include "platform/base/hash.h"
#include "platform/base/reason.h"
#include "platform/codec/key.h"
#include "services/query/gap.h"
#include "services/query/union.h"
#include "services/query/united_client.h"

namespace kefu::query {
namespace {

constexpr std::string_view kView = "client";
constexpr std::string_view kTable = "clients";

}  // namespace

ClientWatch::ClientWatch(const engine::Engine& engine, std::string client_id, const std::optional<log::Position>& after)
    : engine_(engine),
      client_id_(std::move(client_id)),
      partition_(PartitionForKey(client_id_, engine.partitions())),
      first_(!after.has_value()),
      known_(after.has_value() ? after->next_offsets[static_cast<size_t>(partition_.value())] : 0) {}

StatusOr<ClientWatch::Made> ClientWatch::Make(Response* response) {
  const auto partition = engine_.At(partition_);
  store::PinnedValue stored;
  ASSIGN_OR_RETURN(const bool found, partition->Get(kView, kTable, codec::Key(client_id_), &stored));
  if (!found) return WithReason(NotFound("client \"{}\" is not known", client_id_), "CLIENT_NOT_FOUND");
  auto* row = response->mutable_client();
  if (!row->ParseFromArray(stored.view().data(), static_cast<int>(stored.view().size())))
    return DataLoss("client \"{}\" cannot be read; rebuild the view", client_id_);
  const bool news = first_ || row->last_offset() >= known_;
  first_ = false;
  known_ = std::max(known_, partition->next_offset(kView).value());
  if (!news) {
    response->Clear();
    return Made::kNothing;
  }
  SetGap(*partition, kView, client_id_, row);
  if (members_.empty()) {
    ASSIGN_OR_RETURN(Union records, UnionOf(engine_, client_id_));
    members_ = std::move(records.members);
  }
  SetLinks(members_, client_id_, row);
  response->set_position(Position());
  return Made::kSomething;
}

void ClientWatch::MakeHeartbeat(Response* response) { response->set_position(Position()); }

std::string ClientWatch::Position() const {
  log::Position position{engine_.log_identity().id, std::vector<int64_t>(static_cast<size_t>(engine_.partitions()))};
  position.next_offsets[static_cast<size_t>(partition_.value())] = known_;
  return position.Encode();
}

}  // namespace kefu::query

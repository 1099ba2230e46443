#include "services/audit/checkpoints.h"

#include "kefu/events/v1/event.pb.h"
#include "platform/base/reason.h"
#include "platform/base/uuid.h"
#include "platform/codec/key.h"
#include "platform/event/broadcast.h"
#include "platform/event/record.h"
#include "platform/event/validate.h"
#include "platform/log/position.h"
#include "projections/checkpoints/checkpoints.h"
#include "services/audit/checkpoint_rows.h"

namespace kefu::audit {
namespace {

using checkpoints::CheckpointsView;
using checkpoints::Signed;
using checkpoints::SignedByEnd;

constexpr std::string_view kSource = "kefud.audit";
constexpr size_t kMostPageBytes = size_t{3} << 20;

StatusOr<checkpoints::SignedRow> Read(std::string_view stored) {
  checkpoints::SignedRow row;
  if (!row.ParseFromArray(stored.data(), static_cast<int>(stored.size())))
    return DataLoss("a checkpoint cannot be read; rebuild the view {}", CheckpointsView::kName);
  return row;
}

Status CheckCovered(const v1::ListCheckpointsRequest& request, int32_t partitions) {
  if (request.covers_partition() < 0 || request.covers_partition() >= partitions)
    return WithReason(InvalidArgument("covers_partition {}: the log has partitions 0 to {}", request.covers_partition(),
                                      partitions - 1),
                      "PARTITION_INVALID", "covers_partition");
  if (request.covers_offset() < 0)
    return WithReason(InvalidArgument("covers_offset {} is below 0", request.covers_offset()), "OFFSET_INVALID",
                      "covers_offset");
  return OkStatus();
}

}  // namespace

Status Checkpoints::List(const v1::ListCheckpointsRequest& request, v1::ListCheckpointsResponse* response) const {
  const engine::Engine& engine = context_.engine;
  ASSIGN_OR_RETURN(const int32_t size, rpc::PageSize(request.page_size()));
  const bool covering = request.has_covers_offset();
  if (covering) RETURN_IF_ERROR(CheckCovered(request, engine.partitions()));
  const std::string hash = rpc::PageTokens::QueryHash(
      {"ListCheckpoints", covering ? codec::Key(request.covers_partition(), request.covers_offset()) : std::string()});
  ASSIGN_OR_RETURN(const std::string after, context_.tokens.Open(request.page_token(), hash));
  response->set_verifier_key(context_.verifier_key);
  const auto home = engine.At(event::kHomeOfLogFacts);
  if (request.page_token().empty()) {
    ASSIGN_OR_RETURN(const auto changes, KeyChangesIn(*home));
    *response->mutable_key_changes() = {changes.begin(), changes.end()};
  }

  std::unique_ptr<store::Cursor> cursor;
  if (covering) {
    // The first part of the key of what is valid now.
    ASSIGN_OR_RETURN(const checkpoints::StandRow stand, StandOf(*home));
    const int32_t losses = stand.losses();
    const std::string prefix = codec::Key(losses, request.covers_partition());
    // One that ends behind the record covers it.
    const std::string from = codec::Key(losses, request.covers_partition(), request.covers_offset() + 1);
    ASSIGN_OR_RETURN(cursor, home->Scan(CheckpointsView::kName, SignedByEnd::kName, after.empty() ? from : after,
                                        codec::PrefixEnd(prefix)));
    if (!after.empty() && cursor->Valid() && cursor->key() == after) cursor->Next();
  } else {
    ASSIGN_OR_RETURN(cursor, home->Scan(CheckpointsView::kName, Signed::kName, {}, after, store::Order::kDescending));
  }
  std::string last;
  size_t bytes = 0;
  for (; cursor->Valid(); cursor->Next()) {
    if (response->checkpoints_size() == size || bytes >= kMostPageBytes) {
      response->set_next_page_token(context_.tokens.Make(hash, last));
      break;
    }
    last = std::string(cursor->key());
    store::PinnedValue indexed;
    std::string_view stored = cursor->value();
    if (covering) {
      ASSIGN_OR_RETURN(const bool found, home->Get(CheckpointsView::kName, Signed::kName, cursor->value(), &indexed));
      if (!found) return DataLoss("a checkpoint is in an index and not in its table; rebuild the view {}", CheckpointsView::kName);
      stored = indexed.view();
    }
    ASSIGN_OR_RETURN(const checkpoints::SignedRow row, Read(stored));
    *response->add_checkpoints() = CheckpointOf(row, engine.log_identity());
    bytes += stored.size();
  }
  return cursor->status();
}

void Checkpoints::AcceptLoss(const v1::AcceptLossRequest& request, v1::AcceptLossResponse* response,
                             std::function<void(Status)> done) const {
  if (!context_.lost_note)
    return done(WithReason(FailedPrecondition("this server signs nothing, so it does not know of a loss; ask the one that has "
                                              "audit.key-file and the role clock"),
                           "NO_NOTARY"));
  const std::optional<std::string> lost = context_.lost_note();
  if (!lost.has_value())
    return done(WithReason(FailedPrecondition("the log holds all that was signed of it; there is no loss to accept"),
                           "NOTHING_LOST"));
  const absl::Time now = context_.clock->Now();
  events::v1::Event event;
  event.set_event_id(NewUuid());
  *event.mutable_occurred_at() = ToProto(now);
  event.set_source(std::string(kSource));
  event.mutable_actor()->set_kind(events::v1::ACTOR_KIND_STAFF);
  event.mutable_actor()->set_id(request.access().actor_id());
  event.mutable_checkpoint_loss_accepted()->set_lost_note(*lost);
  event.mutable_checkpoint_loss_accepted()->set_reason(request.access().reason());
  event::EventLimits limits;
  limits.reserved_allowed = true;
  if (Status fit = event::Validate(event, now, limits); !fit.ok()) return done(std::move(fit));
  context_.log.Append(event::kHomeOfLogFacts, {{std::string(), event::RecordedBytes(event, now)}},
                      [response, done = std::move(done)](const StatusOr<Offset>& at) {
                        if (at.ok()) response->set_offset(at->value());
                        done(at.status());
                      });
}

}  // namespace kefu::audit

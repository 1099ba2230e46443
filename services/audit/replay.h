#pragma once

// AuditService.Replay: recorded events as a stream.

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "kefu/audit/v1/audit.pb.h"
#include "platform/log/log.h"
#include "platform/rpc/page_token.h"
#include "projections/engine/engine.h"
#include "services/audit/replay_filter.h"
#include "services/audit/replay_plan.h"
#include "services/audit/replay_source.h"

namespace kefu::audit {

// What all replays of a server share.
struct ReplayContext {
  engine::Engine& engine;
  log::EventLog& log;
  rpc::PageTokens tokens;
  // About how many recorded bytes a message has; one record may go past it.
  size_t message_bytes = size_t{1} << 20;
  // A message comes at the latest when so many were looked at, if only to tell how far it is.
  size_t looked_at_bytes = size_t{16} << 20;
  // How long the log may bring nothing of what it has.
  absl::Duration patience = absl::Seconds(30);
};

// Writes what a request asks for, in messages (ReplayResponse, encoded). While one is in flight the next is made, and then it
// waits: a slow reader costs what two messages and one poll of the log hold (on Kafka also what the readers of two partitions
// fetch ahead). No thread is kept while it waits for the reader or the log. Deletes itself.
//
// The end is fixed when the call comes, so what is recorded meanwhile (this look, too) is not in it. Ends with
// kInvalidArgument (what is wrong with the request: see ReplayFilter and ReplayPlan), kNotFound (CLIENT_NOT_FOUND),
// kUnavailable (POSITION_NOT_REACHED, JOURNAL_BEHIND, TREE_BEHIND, LOG_SILENT, or the server ends): go on with the last resume token.
class ReplayStream final : public grpc::ServerWriteReactor<grpc::ByteBuffer> {
 public:
  // `context` outlives it. Ends with kUnavailable once `ending` is true.
  ReplayStream(const ReplayContext& context, const v1::ReplayRequest& request,
               std::shared_ptr<const std::atomic<bool>> ending);

  // One of them, once.
  void Start();
  void Refuse(const Status& status);

  void OnCancel() override { gone_ = true; }
  void OnWriteDone(bool ok) override;
  void OnDone() override { delete this; }

 private:
  Status Prepare();
  std::unique_ptr<ReplaySource> SourceOf(size_t range);
  // Makes messages as long as each goes out at once, and gives the thread back when one must wait, or the log.
  void GoOn();
  // Makes the next message, or settles how the stream ends. False: the log has nothing yet, and GoOn runs again soon.
  bool Make();
  // Called by whoever comes last of what made the next message and what wrote the one before: writes it, or ends the
  // stream. True: the one after it is to be made, by the caller. False: the stream may be gone.
  bool HandOver();
  // True for the one that comes last.
  bool Arrive() { return under_way_.fetch_sub(1) == 1; }
  // What Fill found to do next.
  enum class Filled { kMessage, kLast, kLater };
  StatusOr<Filled> Fill();
  StatusOr<Filled> FillFrom(ReplaySource& source);
  void Seal(bool complete);
  // Refused: the log was silent for too long.
  Status WaitForLog();

  const ReplayContext& context_;
  const v1::ReplayRequest request_;
  const std::shared_ptr<const std::atomic<bool>> ending_;
  // As the call came.
  StatusOr<ReplayPlan> plan_;
  std::optional<ReplayFilter> filter_;
  // Of plan_->ranges().
  size_t range_ = 0;
  std::unique_ptr<ReplaySource> source_;
  // Of the range after it, being prepared.
  std::unique_ptr<ReplaySource> next_source_;

  // The next message as ReplayResponse has it, encoded as events come: it is what a replay costs beside reading.
  std::string next_;
  size_t looked_at_ = 0;
  // Once there is nothing more to make: how the stream ends, behind the next message if that is the last one.
  std::optional<Status> end_;
  bool next_is_last_ = false;
  // The message in flight.
  grpc::ByteBuffer message_;
  // Of making a message and writing the one before it: how many are not through yet. Whatever both look at is handed from
  // one to the other by it.
  std::atomic<int> under_way_ = 1;
  std::atomic<bool> gone_ = false;

  absl::Duration rest_;
  absl::Time silent_since_ = absl::InfiniteFuture();
};

}  // namespace kefu::audit

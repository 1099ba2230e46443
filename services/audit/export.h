#pragma once

// AuditService.Export: what an evidence bundle is made of.

#include <grpcpp/support/server_callback.h>

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kefu/audit/v1/audit.pb.h"
#include "services/audit/case_life.h"
#include "services/audit/proofs.h"
#include "services/audit/replay.h"

namespace kefu::audit {

struct ExportContext {
  // Where records come from.
  const ReplayContext& replay;
  const Proofs& proofs;
  // C2SP verifier key of what the server signs with; empty: it signs nothing.
  std::string verifier_key;
  // How long a checkpoint over what is asked for is waited for, and how often it is looked for. The notary signs within a
  // minute.
  absl::Duration patience = absl::Seconds(65);
  absl::Duration look_every = absl::Milliseconds(200);
};

// Goes through the range first to see what must be signed; once it is, again to see how much of it there is, and to send it with
// its proofs, all against the newest checkpoint there was then. One message is in flight; no thread is kept while it waits
// for the reader, the log or the notary. Deletes itself.
//
// Ends with what Replay ends with, and kInvalidArgument: ACCESS_TWICE (in `events` there is an access or a token of its own),
// TOO_MANY_NOTES, CHECKPOINT_INVALID; kNotFound: CASE_NOT_FOUND, CHECKPOINT_UNKNOWN; kFailedPrecondition: NOT_YET_SIGNED (which
// partition, how many records are signed), SIGNING_OFF (there is no checkpoint, and no key to make one with).
class ExportStream final : public grpc::ServerWriteReactor<v1::ExportResponse> {
 public:
  // `context` outlives it. Ends with kUnavailable once `ending` is true.
  ExportStream(const ExportContext& context, const v1::ExportRequest& request,
               std::shared_ptr<const std::atomic<bool>> ending);

  // One of them, once.
  void Start();
  void Refuse(const Status& status);

  void OnCancel() override { cancelled_ = true; }
  void OnWriteDone(bool ok) override;
  void OnDone() override { delete this; }

 private:
  // What the stream is at, in order.
  enum class Phase { kLearn, kCount, kAwait, kSelect, kHead, kSend, kEnd, kOver };
  enum class Walked { kRecord, kLater, kDone };

  Status Prepare();
  Status FindCase();
  // Goes on until a message is to be written, something is waited for, or the stream ends.
  void GoOn();
  // True: `message_` is to be written. False: it waits.
  StatusOr<bool> Step();
  StatusOr<bool> Learn();
  StatusOr<bool> Count();
  StatusOr<bool> Await();
  StatusOr<bool> Select();
  StatusOr<bool> Head();
  StatusOr<bool> Send();

  // Begins the walk over all ranges anew.
  void Rewind();
  // The next record that the conditions take.
  StatusOr<Walked> Walk(Partition* partition, SourcedRecord* record);
  void Advance() { source_->Advance(); }
  bool Takes(std::string_view record);
  // False: the log waits; GoOn is called again.
  bool WaitForLog();
  bool IsSigned(Partition partition, int64_t leaf) const;
  // Is every record of the range asked for?
  bool IsWhole() const;
  void AddToCover(Partition partition, Offset offset);
  void Later(absl::Duration rest);

  const ExportContext& context_;
  const v1::ExportRequest request_;
  // Its conditions; the client of the case is filled in.
  v1::ReplayRequest asked_;
  const std::shared_ptr<const std::atomic<bool>> ending_;
  // As the call came: so this look is not in it.
  StatusOr<ReplayPlan> plan_;
  // Where each range ends, by partition, for a second walk.
  std::vector<ReplayRange> ranges_;
  std::optional<ReplayFilter> filter_;
  std::optional<CaseLife> life_;

  Phase phase_ = Phase::kLearn;
  size_t range_ = 0;
  std::unique_ptr<ReplaySource> source_;
  events::v1::Event scratch_;

  // Of what is asked for, by partition: one more than its last leaf.
  std::map<Partition, int64_t> needed_;
  v1::ExportHead head_;
  int64_t sent_ = 0;
  absl::Time await_until_ = absl::InfiniteFuture();
  absl::Time tell_at_ = absl::InfinitePast();
  absl::Time silent_since_ = absl::InfiniteFuture();

  v1::ExportResponse message_;
  std::atomic<bool> cancelled_ = false;
};

}  // namespace kefu::audit

#include "services/audit/export.h"

#include <absl/time/clock.h>

#include <algorithm>
#include <utility>

#include "platform/base/reason.h"
#include "platform/base/time.h"
#include "platform/codec/key.h"
#include "platform/event/record.h"
#include "platform/rpc/later.h"
#include "platform/rpc/status.h"
#include "projections/cases/cases.h"
#include "projections/journal/journal.h"
#include "services/audit/checkpoint_rows.h"

namespace kefu::audit {
namespace {

constexpr int kMostNotes = 16;
constexpr absl::Duration kRestOfLog = absl::Milliseconds(20);
constexpr absl::Duration kTellEvery = absl::Seconds(2);
// Of the records in a message; proofs come on top.
constexpr size_t kMessageBytes = size_t{1} << 18;
constexpr int kMessageRecords = 512;

const events::v1::PartitionCheckpoint* PartOf(const v1::Checkpoint& checkpoint, Partition partition) {
  for (const auto& part : checkpoint.signed_().partitions())
    if (part.partition() == partition.value()) return &part;
  return nullptr;
}

int64_t SizeOf(const v1::Checkpoint& checkpoint, Partition partition) {
  const auto* part = PartOf(checkpoint, partition);
  return part == nullptr ? 0 : part->size();
}

Status LogSilent() { return WithReason(Unavailable("the log brought nothing; export again"), "LOG_SILENT"); }

}  // namespace

ExportStream::ExportStream(const ExportContext& context, const v1::ExportRequest& request,
                           std::shared_ptr<const std::atomic<bool>> ending)
    : context_(context),
      request_(request),
      asked_(request.events()),
      ending_(std::move(ending)),
      plan_(ReplayPlan::Make(context.replay.engine, context.replay.tokens, request.events())) {}

void ExportStream::Refuse(const Status& status) { Finish(rpc::ToGrpc(status)); }

void ExportStream::Start() {
  if (const Status fit = Prepare(); !fit.ok()) return Refuse(fit);
  GoOn();
}

Status ExportStream::Prepare() {
  if (request_.events().has_access() || !request_.events().resume_token().empty())
    return WithReason(InvalidArgument("events: who asks stands in access, and an export is not resumed; leave both empty"),
                      "ACCESS_TWICE", "events.access");
  if (request_.since_notes_size() > kMostNotes)
    return WithReason(InvalidArgument("since_notes has {} notes; at most {} are taken", request_.since_notes_size(),
                                      kMostNotes),
                      "TOO_MANY_NOTES", "since_notes");
  RETURN_IF_ERROR(plan_.status());
  for (const std::string& note : request_.since_notes()) {
    ASSIGN_OR_RETURN(*head_.add_since()->mutable_checkpoint(), CheckpointOfNote(context_.replay.engine, note));
  }
  ranges_ = plan_->ranges();
  if (!asked_.client_id().empty()) {
    ASSIGN_OR_RETURN(const bool known, JournalKnows(context_.replay.engine, asked_.client_id()));
    if (!known)
      return WithReason(NotFound("nothing was ever recorded of client \"{}\"", asked_.client_id().substr(0, 64)),
                        "CLIENT_NOT_FOUND", "events.client_id");
  }
  if (!asked_.case_id().empty()) {
    RETURN_IF_ERROR(FindCase());
    life_.emplace(asked_.case_id());
  }
  // The life of a case is wider than what names it; and of a client's journal everything is about the client.
  v1::ReplayRequest conditions = asked_;
  conditions.clear_case_id();
  ASSIGN_OR_RETURN(filter_, ReplayFilter::Make(conditions, {}));
  filter_->ForgetClient();
  const auto& log = context_.replay.engine.log_identity();
  head_.set_log_id(log.id);
  head_.set_partitions(log.partitions);
  head_.set_verifier_key(context_.verifier_key);
  head_.set_client_id(asked_.client_id());
  phase_ = life_.has_value() ? Phase::kLearn : Phase::kCount;
  Rewind();
  return OkStatus();
}

Status ExportStream::FindCase() {
  const std::string key = codec::Key(asked_.case_id());
  for (const auto& partition : context_.replay.engine.AtAll()) {
    store::PinnedValue stored;
    ASSIGN_OR_RETURN(const bool found, partition->Get(cases::CasesView::kName, cases::Cases::kName, key, &stored));
    query::v1::Case row;
    if (!found || !row.ParseFromArray(stored.view().data(), static_cast<int>(stored.view().size()))) continue;
    if (!asked_.client_id().empty() && asked_.client_id() != row.client_id()) continue;
    asked_.set_client_id(row.client_id());
    // Everything else of the case lies where its client does, up to where this call was to end.
    std::erase_if(ranges_, [&](const ReplayRange& range) { return range.partition != partition->partition(); });
    const Offset end = partition->next_offset(journal::JournalView::kName);
    for (ReplayRange& range : ranges_) range.until = std::min(range.until, end);
    return OkStatus();
  }
  const std::string of = asked_.client_id().empty() ? "" : " of client " + asked_.client_id().substr(0, 64);
  return WithReason(NotFound("there is no case \"{}\"{}", asked_.case_id().substr(0, 64), of), "CASE_NOT_FOUND",
                    "events.case_id");
}

void ExportStream::Rewind() {
  range_ = 0;
  source_ = nullptr;
  silent_since_ = absl::InfiniteFuture();
  if (life_.has_value()) life_->Forget();
}

void ExportStream::OnWriteDone(bool ok) {
  if (!ok) return Finish(grpc::Status(grpc::StatusCode::CANCELLED, "the caller has gone"));
  if (phase_ == Phase::kOver) return Finish(grpc::Status::OK);
  // Reads the log: not on a thread that serves others.
  rpc::RunSoon([this] { GoOn(); });
}

void ExportStream::Later(absl::Duration rest) {
  rpc::RunAt(absl::Now() + rest, [this] { GoOn(); });
}

void ExportStream::GoOn() {
  if (cancelled_) return Finish(grpc::Status(grpc::StatusCode::CANCELLED, "the caller has gone"));
  if (*ending_) return Refuse(Unavailable("the server ends; export again elsewhere"));
  message_.Clear();
  const auto written = Step();
  if (!written.ok()) return Refuse(written.status());
  if (*written) StartWrite(&message_);
}

StatusOr<bool> ExportStream::Step() {
  while (true) {
    const Phase before = phase_;
    bool written = false;
    switch (phase_) {
      case Phase::kLearn: {
        ASSIGN_OR_RETURN(written, Learn());
        break;
      }
      case Phase::kCount: {
        ASSIGN_OR_RETURN(written, Count());
        break;
      }
      case Phase::kAwait: {
        ASSIGN_OR_RETURN(written, Await());
        break;
      }
      case Phase::kSelect: {
        ASSIGN_OR_RETURN(written, Select());
        break;
      }
      case Phase::kHead:
        return Head();
      case Phase::kSend: {
        ASSIGN_OR_RETURN(written, Send());
        break;
      }
      case Phase::kEnd:
        message_.mutable_end()->set_record_count(sent_);
        phase_ = Phase::kOver;
        return true;
      case Phase::kOver:
        return Internal("a stream went on after its end");
    }
    if (written || phase_ == before) return written;
  }
}

StatusOr<ExportStream::Walked> ExportStream::Walk(Partition* partition, SourcedRecord* record) {
  while (range_ < ranges_.size()) {
    const ReplayRange& range = ranges_[range_];
    if (source_ == nullptr)
      source_ = asked_.client_id().empty()
                    ? SourceFromLog(context_.replay.engine, context_.replay.log, range)
                    : SourceFromJournal(context_.replay.engine, context_.replay.log, asked_.client_id(), range);
    const auto step = source_->Look(record);
    if (!step.ok()) return Annotate(step.status(), fmt::format("partition {}", range.partition));
    switch (*step) {
      case ReplaySource::Step::kRecord:
        silent_since_ = absl::InfiniteFuture();
        *partition = range.partition;
        return Walked::kRecord;
      case ReplaySource::Step::kMore:
        if (cancelled_ || *ending_) return Walked::kLater;
        continue;
      case ReplaySource::Step::kLater:
        return Walked::kLater;
      case ReplaySource::Step::kEnd:
        source_ = nullptr;
        ++range_;
        continue;
    }
  }
  return Walked::kDone;
}

bool ExportStream::WaitForLog() {
  const absl::Time now = absl::Now();
  silent_since_ = std::min(silent_since_, now);
  if (now - silent_since_ > context_.replay.patience) return false;
  Later(kRestOfLog);
  return true;
}

bool ExportStream::Takes(std::string_view record) {
  // Only conditions on a case can fail to be judged, and there is none.
  const auto matches = filter_->Matches(record);
  if (!matches.ok() || !*matches) return false;
  if (!life_.has_value()) return true;
  return event::ParseRecorded(record, &scratch_).ok() && life_->Takes(scratch_);
}

// The ids that lead from the case to its contacts, promises and call-backs.
StatusOr<bool> ExportStream::Learn() {
  Partition partition;
  SourcedRecord record;
  while (true) {
    ASSIGN_OR_RETURN(const Walked walked, Walk(&partition, &record));
    if (walked == Walked::kLater) {
      if (WaitForLog()) return false;
      return LogSilent();
    }
    if (walked == Walked::kDone) break;
    if (event::ParseRecorded(record.bytes, &scratch_).ok()) life_->Learn(scratch_);
    Advance();
  }
  Rewind();
  phase_ = Phase::kCount;
  return false;
}

bool ExportStream::IsWhole() const {
  return filter_->TakesAll() && !life_.has_value() && asked_.client_id().empty();
}

void ExportStream::AddToCover(Partition partition, Offset offset) {
  if (head_.covers().empty() || head_.covers().rbegin()->partition() != partition.value()) {
    v1::ExportCover& cover = *head_.add_covers();
    cover.set_partition(partition.value());
    cover.set_from_offset(offset.value());
    cover.set_whole(true);
  }
  head_.mutable_covers()->rbegin()->set_until_offset(offset.value() + 1);
}

// How much there is, and how far it must be signed.
StatusOr<bool> ExportStream::Count() {
  Partition partition;
  SourcedRecord record;
  while (true) {
    ASSIGN_OR_RETURN(const Walked walked, Walk(&partition, &record));
    if (walked == Walked::kLater) {
      if (WaitForLog()) return false;
      return LogSilent();
    }
    if (walked == Walked::kDone) break;
    if (Takes(record.bytes)) needed_[partition] = record.leaf_index + 1;
    Advance();
  }
  phase_ = Phase::kAwait;
  await_until_ = absl::Now() + context_.patience;
  return false;
}

bool ExportStream::IsSigned(Partition partition, int64_t leaf) const { return leaf < SizeOf(head_.newest(), partition); }

StatusOr<bool> ExportStream::Await() {
  ASSIGN_OR_RETURN(auto newest, NewestCheckpoint(context_.replay.engine));
  if (!newest.has_value() && context_.verifier_key.empty())
    return WithReason(FailedPrecondition("nothing of this log is signed, and the server has no key to sign with: give kefud "
                                         "--audit.key-file (kefu audit key makes one)"),
                      "SIGNING_OFF");
  const auto behind = std::ranges::find_if(needed_, [&](const auto& needed) {
    return !newest.has_value() || SizeOf(*newest, needed.first) < needed.second;
  });
  const bool enough = newest.has_value() && (behind == needed_.end() || request_.leave_out_unsigned());
  if (enough) {
    *head_.mutable_newest() = *std::move(newest);
    ASSIGN_OR_RETURN(const auto changes, KeyChangesIn(*context_.replay.engine.At(Partition(0))));
    *head_.mutable_key_changes() = {changes.begin(), changes.end()};
    Rewind();
    phase_ = Phase::kSelect;
    return false;
  }
  const absl::Time now = absl::Now();
  const Partition partition = behind == needed_.end() ? Partition(0) : behind->first;
  const int64_t needed = behind == needed_.end() ? 0 : behind->second;
  const int64_t is_signed = newest.has_value() ? SizeOf(*newest, partition) : 0;
  if (now >= await_until_)
    return WithReason(FailedPrecondition("of partition {} {} records must be signed for this, and {} are; is a notary running "
                                         "(kefu duty list)? Ask again, or leave out what is not signed yet "
                                         "(leave_out_unsigned, --unsigned-tail)",
                                         partition, needed, is_signed),
                      "NOT_YET_SIGNED");
  if (now >= tell_at_) {
    tell_at_ = now + kTellEvery;
    message_.mutable_progress()->set_partition(partition.value());
    message_.mutable_progress()->set_needed_size(needed);
    message_.mutable_progress()->set_signed_size(is_signed);
    return true;
  }
  Later(context_.look_every);
  return false;
}

// What of it is signed, now that it is known how far that goes, and where it lies.
StatusOr<bool> ExportStream::Select() {
  const bool whole = IsWhole();
  Partition partition;
  SourcedRecord record;
  while (true) {
    ASSIGN_OR_RETURN(const Walked walked, Walk(&partition, &record));
    if (walked == Walked::kLater) {
      if (WaitForLog()) return false;
      return LogSilent();
    }
    if (walked == Walked::kDone) break;
    if (Takes(record.bytes)) {
      const bool is_signed = IsSigned(partition, record.leaf_index);
      if (is_signed && whole) AddToCover(partition, record.offset);
      is_signed ? head_.set_record_count(head_.record_count() + 1)
                : head_.set_unsigned_count(head_.unsigned_count() + 1);
    }
    Advance();
  }
  if (!whole) {
    // Looked through, as far as it is signed.
    for (const ReplayRange& range : ranges_) {
      const auto* part = PartOf(head_.newest(), range.partition);
      v1::ExportCover& cover = *head_.add_covers();
      cover.set_partition(range.partition.value());
      cover.set_from_offset(range.from.value());
      cover.set_until_offset(std::clamp(part == nullptr ? 0 : part->next_offset(), range.from.value(), range.until.value()));
    }
  }
  Rewind();
  phase_ = Phase::kHead;
  return false;
}

StatusOr<bool> ExportStream::Head() {
  for (auto& since : *head_.mutable_since()) {
    for (const auto& part : since.checkpoint().signed_().partitions()) {
      v1::GetConsistencyProofRequest request;
      request.set_partition(part.partition());
      request.set_old_size(part.size());
      request.set_new_size(SizeOf(head_.newest(), Partition(part.partition())));
      ASSIGN_OR_RETURN(*since.add_proofs(), context_.proofs.Consistency(request));
    }
  }
  *head_.mutable_made_at() = ToProto(absl::Now());
  *message_.mutable_head() = head_;
  phase_ = Phase::kSend;
  return true;
}

StatusOr<bool> ExportStream::Send() {
  Partition partition;
  SourcedRecord record;
  size_t bytes = 0;
  auto& records = *message_.mutable_records();
  while (bytes < kMessageBytes && records.records_size() < kMessageRecords) {
    ASSIGN_OR_RETURN(const Walked walked, Walk(&partition, &record));
    if (walked == Walked::kLater) {
      if (records.records_size() > 0) return true;
      if (WaitForLog()) return false;
      return LogSilent();
    }
    if (walked == Walked::kDone) {
      phase_ = Phase::kEnd;
      return records.records_size() > 0;
    }
    if (Takes(record.bytes) && IsSigned(partition, record.leaf_index)) {
      v1::GetInclusionProofRequest request;
      request.set_partition(partition.value());
      request.set_offset(record.offset.value());
      request.set_tree_size(SizeOf(head_.newest(), partition));
      v1::ExportRecord& sent = *records.add_records();
      ASSIGN_OR_RETURN(*sent.mutable_proof(), context_.proofs.Inclusion(request));
      sent.mutable_proof()->clear_note();
      v1::RecordedEvent& event = *sent.mutable_event();
      event.set_partition(partition.value());
      event.set_offset(record.offset.value());
      event.set_record(record.bytes.data(), record.bytes.size());
      if (record.verdict != nullptr)
        *event.mutable_verdict() = *record.verdict;
      else
        event.mutable_verdict()->set_outcome(events::v1::VERDICT_OUTCOME_APPLIED);
      event.set_leaf_index(record.leaf_index);
      bytes += record.bytes.size();
      ++sent_;
    }
    Advance();
  }
  return true;
}

}  // namespace kefu::audit

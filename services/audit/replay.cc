#include "services/audit/replay.h"

#include <absl/time/clock.h>

#include <algorithm>
#include <utility>

#include "platform/base/reason.h"
#include "platform/rpc/later.h"
#include "platform/rpc/status.h"

namespace kefu::audit {
namespace {

constexpr absl::Duration kFirstRest = absl::Milliseconds(1);
constexpr absl::Duration kLongestRest = absl::Milliseconds(100);

}  // namespace

ReplayStream::ReplayStream(const ReplayContext& context, const v1::ReplayRequest& request,
                           std::shared_ptr<const std::atomic<bool>> ending)
    : context_(context),
      request_(request),
      ending_(std::move(ending)),
      plan_(ReplayPlan::Make(context.engine, context.tokens, request)),
      rest_(kFirstRest) {}

void ReplayStream::Refuse(const Status& status) { Finish(rpc::ToGrpc(status)); }

void ReplayStream::Start() {
  if (const Status fit = Prepare(); !fit.ok()) return Refuse(fit);
  GoOn();
}

Status ReplayStream::Prepare() {
  RETURN_IF_ERROR(plan_.status());
  ASSIGN_OR_RETURN(filter_, ReplayFilter::Make(request_));
  if (request_.client_id().empty()) return OkStatus();
  ASSIGN_OR_RETURN(const bool known, JournalKnows(context_.engine, request_.client_id()));
  if (!known)
    return WithReason(NotFound("nothing was ever recorded of client \"{}\"", request_.client_id().substr(0, 64)),
                      "CLIENT_NOT_FOUND", "client_id");
  filter_->ForgetClient();
  return OkStatus();
}

void ReplayStream::OnWriteDone(bool ok) {
  if (!ok) return Finish(grpc::Status(grpc::StatusCode::CANCELLED, "the caller has gone"));
  if (last_) return Finish(grpc::Status::OK);
  // Reads the log: not on a thread that serves others.
  rpc::RunSoon([this] { GoOn(); });
}

void ReplayStream::GoOn() {
  if (cancelled_) return Finish(grpc::Status(grpc::StatusCode::CANCELLED, "the caller has gone"));
  if (*ending_) return Refuse(Unavailable("the server ends; go on elsewhere with the last resume_token"));
  message_.Clear();
  message_bytes_ = 0;
  looked_at_ = 0;
  const auto filled = Fill();
  if (!filled.ok()) return Refuse(filled.status());
  // What the log has brought already is told at once.
  if (*filled == Filled::kLater && message_.events().empty()) return WaitForLog();
  last_ = *filled == Filled::kLast;
  rest_ = kFirstRest;
  silent_since_ = absl::InfiniteFuture();
  Seal(last_);
  StartWrite(&message_);
}

StatusOr<ReplayStream::Filled> ReplayStream::Fill() {
  while (range_ < plan_->ranges().size()) {
    const ReplayRange& range = plan_->ranges()[range_];
    if (source_ == nullptr)
      source_ = request_.client_id().empty()
                    ? SourceFromLog(context_.engine, context_.log, range)
                    : SourceFromJournal(context_.engine, context_.log, request_.client_id(), range);
    const auto filled = FillFrom(*source_);
    if (!filled.ok()) return Annotate(filled.status(), fmt::format("partition {}", range.partition));
    if (*filled != Filled::kLast) return *filled;
    source_ = nullptr;
    ++range_;
  }
  return Filled::kLast;
}

// kLast: the source is done.
StatusOr<ReplayStream::Filled> ReplayStream::FillFrom(ReplaySource& source) {
  ReplayRange& range = plan_->ranges()[range_];
  SourcedRecord record;
  while (looked_at_ < context_.looked_at_bytes) {
    ASSIGN_OR_RETURN(const ReplaySource::Step step, source.Look(&record));
    range.next = source.place();
    switch (step) {
      case ReplaySource::Step::kEnd:
        range.next = range.until;
        return Filled::kLast;
      case ReplaySource::Step::kLater:
        return Filled::kLater;
      case ReplaySource::Step::kMore:
        // As if its offsets had been a byte each: a walk through nothing gives the thread back, too.
        looked_at_ += size_t{1} << 18;
        continue;
      case ReplaySource::Step::kRecord:
        break;
    }
    if (filter_->Matches(record.bytes)) {
      // It comes first in the next message.
      if (message_bytes_ > 0 && message_bytes_ + record.bytes.size() > context_.message_bytes) return Filled::kMessage;
      Add(range.partition, record);
    }
    looked_at_ += record.bytes.size() + 1;
    source.Advance();
    range.next = source.place();
  }
  return Filled::kMessage;
}

void ReplayStream::Add(Partition partition, const SourcedRecord& record) {
  v1::RecordedEvent& event = *message_.add_events();
  event.set_partition(partition.value());
  event.set_offset(record.offset.value());
  event.set_record(record.bytes.data(), record.bytes.size());
  *event.mutable_verdict() = record.verdict;
  event.set_leaf_index(record.leaf_index);
  // And what surrounds it.
  constexpr size_t kAround = 32;
  message_bytes_ += record.bytes.size() + kAround;
}

void ReplayStream::Seal(bool complete) {
  message_.set_resume_token(plan_->ResumeToken(context_.tokens));
  message_.set_records_done(plan_->records_done());
  message_.set_records_total(plan_->records_total());
  message_.set_until_position(plan_->until_position());
  message_.set_complete(complete);
}

void ReplayStream::WaitForLog() {
  const absl::Time now = absl::Now();
  silent_since_ = std::min(silent_since_, now);
  if (now - silent_since_ > context_.patience)
    return Refuse(WithReason(Unavailable("the log brought nothing for {}; go on with the last resume_token",
                                         absl::FormatDuration(context_.patience)),
                             "LOG_SILENT"));
  const absl::Duration rest = std::exchange(rest_, std::min(rest_ * 2, kLongestRest));
  rpc::RunAt(now + rest, [this] { GoOn(); });
}

}  // namespace kefu::audit

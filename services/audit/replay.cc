#include "services/audit/replay.h"

#include <absl/time/clock.h>

#include <algorithm>
#include <utility>

#include "platform/base/reason.h"
#include "platform/codec/wire.h"
#include "platform/rpc/later.h"
#include "platform/rpc/status.h"
#include "services/audit/case_of.h"

namespace kefu::audit {
namespace {

constexpr absl::Duration kFirstRest = absl::Milliseconds(1);
constexpr absl::Duration kLongestRest = absl::Milliseconds(100);

// A length, and what of that many bytes surrounds a record: some fields of a few bytes each.
constexpr size_t kAround = 64;

void AppendEvent(std::string* bytes, Partition partition, const SourcedRecord& record) {
  using Event = v1::RecordedEvent;
  static const std::string applied = [] {
    events::v1::Verdict verdict;
    verdict.set_outcome(events::v1::VERDICT_OUTCOME_APPLIED);
    return verdict.SerializeAsString();
  }();
  // What stands before the record and behind it, so that the length is known first.
  std::string head, tail;
  codec::AppendVarintField(&head, Event::kPartitionFieldNumber, static_cast<uint64_t>(partition.value()));
  codec::AppendVarintField(&head, Event::kOffsetFieldNumber, static_cast<uint64_t>(record.offset.value()));
  codec::AppendVarint(&head, codec::BytesTag(Event::kRecordFieldNumber));
  codec::AppendVarint(&head, record.bytes.size());
  codec::AppendBytesField(&tail, Event::kVerdictFieldNumber,
                          record.verdict == nullptr ? applied : record.verdict->SerializeAsString());
  codec::AppendVarintField(&tail, Event::kLeafIndexFieldNumber, static_cast<uint64_t>(record.leaf_index));
  codec::AppendVarint(bytes, codec::BytesTag(v1::ReplayResponse::kEventsFieldNumber));
  codec::AppendVarint(bytes, head.size() + record.bytes.size() + tail.size());
  bytes->append(head).append(record.bytes).append(tail);
}

// Takes the bytes without copying them.
grpc::ByteBuffer BufferOf(std::string bytes) {
  auto* owned = new std::string(std::move(bytes));
  const grpc::Slice slice(
      owned->data(), owned->size(), [](void* string) { delete static_cast<std::string*>(string); }, owned);
  return grpc::ByteBuffer(&slice, 1);
}

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
  ASSIGN_OR_RETURN(filter_, ReplayFilter::Make(request_, [this](const events::v1::Event& event) {
                     return CaseOfReferred(context_.engine, event);
                   }));
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
  events_.clear();
  // Most messages are full.
  events_.reserve(context_.message_bytes + context_.message_bytes / 4);
  looked_at_ = 0;
  const auto filled = Fill();
  if (!filled.ok()) return Refuse(filled.status());
  // What the log has brought already is told at once.
  if (*filled == Filled::kLater && events_.empty()) return WaitForLog();
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
    ASSIGN_OR_RETURN(const bool shown, filter_->Matches(record.bytes));
    if (shown) {
      // It comes first in the next message.
      if (!events_.empty() && events_.size() + record.bytes.size() + kAround > context_.message_bytes)
        return Filled::kMessage;
      AppendEvent(&events_, range.partition, record);
    }
    looked_at_ += record.bytes.size() + 1;
    source.Advance();
    range.next = source.place();
  }
  return Filled::kMessage;
}

void ReplayStream::Seal(bool complete) {
  v1::ReplayResponse rest;
  rest.set_resume_token(plan_->ResumeToken(context_.tokens));
  rest.set_records_done(plan_->records_done());
  rest.set_records_total(plan_->records_total());
  rest.set_until_position(plan_->until_position());
  rest.set_complete(complete);
  // Fields of a message may come one behind the other.
  rest.AppendToString(&events_);
  message_ = BufferOf(std::move(events_));
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

#include "services/audit/replay.h"

#include <absl/time/clock.h>
#include <google/protobuf/io/coded_stream.h>

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
constexpr absl::Duration kLongestRest = absl::Milliseconds(16);

// A length, and what of that many bytes surrounds a record: some fields of a few bytes each.
constexpr size_t kAround = 64;

// A few small fields, encoded.
class Fields {
 public:
  // As proto3 has it: nothing for zero.
  void Number(int field, int64_t value) {
    if (value == 0) return;
    end_ = Coded::WriteVarint32ToArray(codec::VarintTag(field), end_);
    end_ = Coded::WriteVarint64ToArray(static_cast<uint64_t>(value), end_);
  }
  // What stands before so many bytes of a field.
  void Length(int field, size_t bytes) {
    end_ = Coded::WriteVarint32ToArray(codec::BytesTag(field), end_);
    end_ = Coded::WriteVarint64ToArray(bytes, end_);
  }
  std::string_view text() const {
    return {reinterpret_cast<const char*>(bytes_), static_cast<size_t>(end_ - bytes_)};
  }

 private:
  using Coded = google::protobuf::io::CodedOutputStream;
  // Three fields of a tag and a number of at most 5 and 10 bytes.
  uint8_t bytes_[48];
  uint8_t* end_ = bytes_;
};

void AppendEvent(std::string* bytes, Partition partition, const SourcedRecord& record) {
  using Event = v1::RecordedEvent;
  static const std::string applied = [] {
    events::v1::Verdict verdict;
    verdict.set_outcome(events::v1::VERDICT_OUTCOME_APPLIED);
    return verdict.SerializeAsString();
  }();
  // What stands before the record and behind it, so that the length is known first. On the stack, and by the byte: it is
  // done for every record.
  Fields head, tail;
  head.Number(Event::kPartitionFieldNumber, partition.value());
  head.Number(Event::kOffsetFieldNumber, record.offset.value());
  head.Length(Event::kRecordFieldNumber, record.bytes.size());
  std::string other;
  if (record.verdict != nullptr) record.verdict->SerializeToString(&other);
  const std::string& verdict = record.verdict == nullptr ? applied : other;
  Fields length;
  length.Length(Event::kVerdictFieldNumber, verdict.size());
  tail.Number(Event::kLeafIndexFieldNumber, record.leaf_index);
  Fields frame;
  frame.Length(v1::ReplayResponse::kEventsFieldNumber, head.text().size() + record.bytes.size() + length.text().size() +
                                                           verdict.size() + tail.text().size());
  bytes->append(frame.text()).append(head.text()).append(record.bytes);
  bytes->append(length.text()).append(verdict).append(tail.text());
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

std::unique_ptr<ReplaySource> ReplayStream::SourceOf(size_t range) {
  const ReplayRange& asked = plan_->ranges()[range];
  if (request_.client_id().empty()) return SourceFromLog(context_.engine, context_.log, asked);
  return SourceFromJournal(context_.engine, context_.log, request_.client_id(), asked);
}

StatusOr<ReplayStream::Filled> ReplayStream::Fill() {
  while (range_ < plan_->ranges().size()) {
    if (source_ == nullptr) {
      source_ = next_source_ != nullptr ? std::move(next_source_) : SourceOf(range_);
      if (range_ + 1 < plan_->ranges().size()) {
        next_source_ = SourceOf(range_ + 1);
        next_source_->Prepare();
      }
    }
    const auto filled = FillFrom(*source_);
    if (!filled.ok())
      return Annotate(filled.status(), fmt::format("partition {}", plan_->ranges()[range_].partition));
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

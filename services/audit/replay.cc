#include "services/audit/replay.h"

#include <absl/time/clock.h>
#include <google/protobuf/io/coded_stream.h>

#include <algorithm>
#include <cstring>
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
  size_t size() const { return static_cast<size_t>(end_ - bytes_); }

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
  const size_t size = head.size() + record.bytes.size() + length.size() + verdict.size() + tail.size();
  frame.Length(v1::ReplayResponse::kEventsFieldNumber, size);
  const size_t before = bytes->size();
  bytes->resize(before + frame.size() + size);
  char* to = bytes->data() + before;
  for (const std::string_view part :
       {frame.text(), head.text(), record.bytes, length.text(), std::string_view(verdict), tail.text()}) {
    std::memcpy(to, part.data(), part.size());
    to += part.size();
  }
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
  if (!ok) gone_ = true;
  // Reads the log: not on a thread that serves others.
  if (Arrive() && HandOver()) rpc::RunSoon([this] { GoOn(); });
}

void ReplayStream::GoOn() {
  while (Make() && Arrive() && HandOver()) {
  }
}

bool ReplayStream::Make() {
  const auto end = [this](Status status) {
    end_ = std::move(status);
    return true;
  };
  if (gone_) return end(Cancelled("the caller has gone"));
  if (*ending_) return end(Unavailable("the server ends; go on elsewhere with the last resume_token"));
  // Most messages are full.
  if (next_.empty()) next_.reserve(context_.message_bytes + context_.message_bytes / 4);
  looked_at_ = 0;
  const auto filled = Fill();
  if (!filled.ok()) return end(filled.status());
  // What the log has brought already is told at once.
  if (*filled == Filled::kLater && next_.empty()) {
    Status silent = WaitForLog();
    return silent.ok() ? false : end(std::move(silent));
  }
  rest_ = kFirstRest;
  silent_since_ = absl::InfiniteFuture();
  next_is_last_ = *filled == Filled::kLast;
  Seal(next_is_last_);
  return true;
}

bool ReplayStream::HandOver() {
  if (gone_) end_ = Cancelled("the caller has gone");
  if (end_.has_value()) {
    Finish(rpc::ToGrpc(*end_));
    return false;
  }
  message_ = BufferOf(std::exchange(next_, std::string()));
  const bool goes_on = !next_is_last_;
  if (!goes_on) end_ = OkStatus();
  under_way_ = goes_on ? 2 : 1;
  // From here on it may be written, and if nothing else is under way the stream is gone.
  StartWrite(&message_);
  return goes_on;
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
    bool shown = true;
    if (!filter_->TakesAll()) {
      ASSIGN_OR_RETURN(shown, filter_->Matches(record.bytes));
    }
    if (shown) {
      // It comes first in the next message.
      if (!next_.empty() && next_.size() + record.bytes.size() + kAround > context_.message_bytes)
        return Filled::kMessage;
      AppendEvent(&next_, range.partition, record);
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
  rest.AppendToString(&next_);
}

Status ReplayStream::WaitForLog() {
  const absl::Time now = absl::Now();
  silent_since_ = std::min(silent_since_, now);
  if (now - silent_since_ > context_.patience)
    return WithReason(Unavailable("the log brought nothing for {}; go on with the last resume_token",
                                  absl::FormatDuration(context_.patience)),
                      "LOG_SILENT");
  const absl::Duration rest = std::exchange(rest_, std::min(rest_ * 2, kLongestRest));
  rpc::RunAt(now + rest, [this] { GoOn(); });
  return OkStatus();
}

}  // namespace kefu::audit

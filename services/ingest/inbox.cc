#include "services/ingest/inbox.h"

#include <future>

#include "kefu/ingest/v1/ingest.pb.h"
#include "platform/base/hash.h"
#include "platform/base/reason.h"
#include "platform/event/cloudevents.h"
#include "platform/event/utf8.h"

namespace kefu::ingest {

namespace {

// What is kept of a value that the log of rejections does not take whole.
constexpr size_t kKeptOfLargeValue = 64 << 10;

// `bytes` as text that protobuf takes: what is not UTF-8 has its bytes spelled out.
std::string AsText(std::string_view bytes) {
  if (event::IsUtf8(bytes)) return std::string(bytes);
  std::string text;
  for (const char c : bytes) {
    if (c >= ' ' && c <= '~') {
      text += c;
    } else {
      text += fmt::format("\\x{:02x}", static_cast<uint8_t>(c));
    }
  }
  return text;
}

v1::Rejection Describe(const log::InboxRecord& record, const std::string& topic, const Status& why, absl::Time now) {
  v1::Rejection rejection;
  *rejection.mutable_rejected_at() = ToProto(now);
  rejection.set_origin(fmt::format("kafka:{}/{}@{}", topic, record.partition, record.offset));
  rejection.set_reason(ReasonOf(why));
  rejection.set_field(AsText(FieldOf(why)));
  rejection.set_message(AsText(MessageOf(why)));
  for (const auto& [key, value] : record.headers) {
    auto* header = rejection.add_headers();
    header->set_key(AsText(key));
    header->set_value(value);
  }
  rejection.set_original_key(record.key);
  rejection.set_original_value(record.value);
  return rejection;
}

void KeepPart(v1::Rejection* rejection) {
  const size_t whole = rejection->original_value().size();
  if (whole <= kKeptOfLargeValue) return;
  rejection->mutable_original_value()->resize(kKeptOfLargeValue);
  rejection->set_message(fmt::format("{} (only the first {} of {} bytes of the original are kept here)",
                                     rejection->message(), kKeptOfLargeValue, whole));
}

}  // namespace

Inbox::Inbox(std::unique_ptr<log::KafkaInbox> source, Recorder& recorder, log::EventLog& rejected,
             const InboxOptions& options, Clock* clock)
    : source_(std::move(source)), recorder_(recorder), rejected_log_(rejected), options_(options), clock_(clock) {}

Inbox::~Inbox() { Stop(); }

void Inbox::Start() {
  thread_ = std::thread([this] { Run(); });
}

void Inbox::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stop_requested_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Inbox::Run() {
  while (true) {
    Records records;
    const bool polled = Persist([&] {
      records.clear();
      return source_->Poll(options_.poll_wait, options_.max_poll_records, &records);
    });
    if (!polled) return;
    received_.fetch_add(static_cast<int64_t>(records.size()), std::memory_order_relaxed);
    if (!records.empty()) {
      if (!Deliver(records) || !Persist([&] { return source_->CommitAll(); })) return;
      commits_.fetch_add(1, std::memory_order_relaxed);
    }
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
  }
}

bool Inbox::Deliver(const Records& records) {
  for (size_t begin = 0; begin < records.size();) {
    size_t end = begin;
    size_t bytes = 0;
    do {
      bytes += records[end].value.size();
      ++end;
    } while (end < records.size() && bytes + records[end].value.size() <= options_.max_chunk_bytes);
    if (!DeliverChunk(&records[begin], end - begin)) return false;
    begin = end;
  }
  return true;
}

bool Inbox::DeliverChunk(const log::InboxRecord* first, size_t count) {
  std::vector<Refusal> refusals;
  const bool recorded = Persist([&]() -> Status {
    ASSIGN_OR_RETURN(refusals, TryToRecord(first, count));
    return OkStatus();
  });
  if (!recorded) return false;
  const auto refused = static_cast<int64_t>(refusals.size());
  recorded_.fetch_add(static_cast<int64_t>(count) - refused, std::memory_order_relaxed);
  if (!Persist([&] { return TryToReject(first, &refusals); })) return false;
  rejected_.fetch_add(refused, std::memory_order_relaxed);
  return true;
}

StatusOr<std::vector<Inbox::Refusal>> Inbox::TryToRecord(const log::InboxRecord* first, size_t count) {
  std::vector<Submission> submissions;
  submissions.reserve(count);
  for (size_t i = 0; i < count; ++i)
    submissions.push_back({event::DecodeInbox(first[i].headers, first[i].key, first[i].value)});
  // Together, so that a log without room takes none of a client's events rather than the later ones.
  std::promise<std::vector<StatusOr<RecordedAt>>> promise;
  recorder_.Record(std::move(submissions), Appends::kTogether,
                   [&](std::vector<StatusOr<RecordedAt>> answers) { promise.set_value(std::move(answers)); });
  const auto answers = promise.get_future().get();
  std::vector<Refusal> refusals;
  for (size_t i = 0; i < count; ++i) {
    if (answers[i].ok()) continue;
    // Only a malformed record is refused for good; all else is the log's affair and passes.
    if (answers[i].status().code() != StatusCode::kInvalidArgument) return answers[i].status();
    refusals.push_back({i, answers[i].status()});
  }
  return refusals;
}

Status Inbox::TryToReject(const log::InboxRecord* first, std::vector<Refusal>* refusals) {
  // All at once, so that a flood of bad records waits for the log once and not for each of them.
  std::vector<std::future<Status>> answers;
  for (const Refusal& refusal : *refusals) {
    const log::InboxRecord& record = first[refusal.index];
    v1::Rejection rejection = Describe(record, options_.topic, refusal.why, clock_->Now());
    if (refusal.in_part) KeepPart(&rejection);
    auto answer = std::make_shared<std::promise<Status>>();
    answers.push_back(answer->get_future());
    rejected_log_.Append(Partition(PartitionForKey(record.key, rejected_log_.partitions())),
                         {{record.key, rejection.SerializeAsString()}},
                         [answer](StatusOr<Offset> appended) { answer->set_value(appended.status()); });
  }
  std::vector<Refusal> left;
  Status last;
  for (size_t i = 0; i < answers.size(); ++i) {
    Status appended = answers[i].get();
    if (appended.ok()) continue;
    left.push_back((*refusals)[i]);
    if (appended.code() == StatusCode::kInvalidArgument) left.back().in_part = true;
    last = std::move(appended);
  }
  *refusals = std::move(left);
  return last;
}

bool Inbox::Persist(const std::function<Status()>& attempt) {
  absl::Duration backoff = options_.min_backoff;
  while (true) {
    Status status = attempt();
    const bool done = status.ok();
    SetHealth(std::move(status));
    if (done) return true;
    retries_.fetch_add(1, std::memory_order_relaxed);
    if (!WaitBeforeRetry(backoff)) return false;
    backoff = std::min(backoff * 2, options_.max_backoff);
  }
}

bool Inbox::WaitBeforeRetry(absl::Duration wait) {
  std::unique_lock lock(mutex_);
  return !stop_requested_.wait_for(lock, absl::ToChronoNanoseconds(wait), [this] { return stopping_; });
}

void Inbox::SetHealth(Status status) {
  const std::lock_guard lock(mutex_);
  health_ = std::move(status);
}

Status Inbox::Health() const {
  {
    const std::lock_guard lock(mutex_);
    if (!health_.ok()) return Annotate(health_, "inbox");
  }
  return Annotate(source_->Health(), "inbox");
}

Inbox::Counters Inbox::counters() const {
  return {received_.load(std::memory_order_relaxed), recorded_.load(std::memory_order_relaxed),
          rejected_.load(std::memory_order_relaxed), retries_.load(std::memory_order_relaxed),
          commits_.load(std::memory_order_relaxed)};
}

}  // namespace kefu::ingest

#include "services/cli/import/importer.h"

#include <absl/time/clock.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <deque>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <nlohmann/json.hpp>

#include "platform/base/check.h"
#include "platform/base/reason.h"
#include "platform/event/utf8.h"
#include "platform/runtime/json.h"

namespace kefu::cli {
namespace {

int64_t Sum(const std::map<std::string, int64_t>& counts) {
  int64_t sum = 0;
  for (const auto& [reason, count] : counts) sum += count;
  return sum;
}

// A line of the quarantine file. Bytes that are no UTF-8 cannot stand in JSON; they go in as Latin-1, so nothing is
// lost.
std::string QuarantineLine(int64_t line, const std::string& reason, const std::string& message,
                           const std::string& raw) {
  nlohmann::ordered_json entry = {{"line", line}, {"reason", reason}, {"message", message}};
  if (event::IsUtf8(raw)) {
    entry["raw"] = raw;
  } else {
    std::string latin;
    for (const char c : raw) {
      const auto byte = static_cast<unsigned char>(c);
      if (byte >= 0x80) latin.push_back(static_cast<char>(0xc0 | byte >> 6));
      latin.push_back(static_cast<char>(byte >= 0x80 ? 0x80 | (byte & 0x3f) : byte));
    }
    entry["raw_latin1"] = latin;
  }
  return entry.dump() + "\n";
}

// What is not settled yet, in the order of the source, and the account of what is.
//
// Concurrency: thread-safe; the sink's thread and the reading one meet here.
class Ledger {
 public:
  Ledger(const ImportOptions& options, Checkpoint start) : options_(options), settled_(std::move(start)) {}

  Status Open() {
    // A quarantine file that is longer than the checkpoint knows has lines of items that come again.
    std::error_code error;
    if (settled_.quarantine_bytes > 0) {
      std::filesystem::resize_file(options_.quarantine_path, static_cast<uintmax_t>(settled_.quarantine_bytes), error);
      if (error) return DataLoss("{} is not as the checkpoint left it: {}", options_.quarantine_path, error.message());
    } else {
      std::filesystem::remove(options_.quarantine_path, error);
    }
    return OkStatus();
  }

  void Expect(ImportItem item) {
    std::lock_guard lock(mutex_);
    const bool quarantined = !item.problem.ok();
    pending_.push_back({std::move(item), quarantined});
    Settle();
  }

  void Answered(const Answer& answer) {
    std::lock_guard lock(mutex_);
    // Answers come in order, and what is done never stays at the front.
    KEFU_CHECK(!pending_.empty(), "an answer to no event");
    pending_.front().done = true;
    pending_.front().answer = answer;
    Settle();
  }

  Status Save() {
    std::lock_guard lock(mutex_);
    return SaveLocked();
  }

  Status failure() {
    std::lock_guard lock(mutex_);
    return failure_;
  }
  Checkpoint settled() {
    std::lock_guard lock(mutex_);
    return settled_;
  }

 private:
  struct Pending {
    ImportItem item;
    bool done = false;
    Answer answer;
  };

  void Settle() {
    while (!pending_.empty() && pending_.front().done) {
      const Pending& head = pending_.front();
      ++settled_.items;
      if (!head.item.problem.ok()) {
        const std::string reason = ReasonOf(head.item.problem);
        ++settled_.counts.quarantined[reason];
        PutAside(QuarantineLine(head.item.line, reason, std::string(MessageOf(head.item.problem)), head.item.raw));
      } else {
        Count(head);
      }
      pending_.pop_front();
    }
    if (!options_.checkpoint_path.empty() && absl::Now() - saved_at_ >= options_.checkpoint_every) {
      const Status saved = SaveLocked();
      if (failure_.ok()) failure_ = saved;
    }
  }

  void Count(const Pending& head) {
    EventCounts& counts = settled_.counts;
    ++counts.sent;
    switch (head.answer.kind) {
      case Answer::Kind::kRecorded:
        ++counts.recorded;
        break;
      case Answer::Kind::kApplied:
        ++counts.applied;
        break;
      case Answer::Kind::kDuplicate:
        ++counts.duplicates;
        break;
      case Answer::Kind::kRefused:
        ++counts.refused[head.answer.reason];
        break;
      case Answer::Kind::kInvalid: {
        ++counts.invalid[head.answer.reason];
        const auto json = runtime::ToJson(head.item.event);
        PutAside(QuarantineLine(head.item.line, head.answer.reason, "the door did not take the event",
                                json.ok() ? *json : head.item.event.event_id()));
        break;
      }
    }
  }

  void PutAside(const std::string& line) {
    if (!quarantine_.is_open()) quarantine_.open(options_.quarantine_path, std::ios::app | std::ios::binary);
    if (!(quarantine_ << line) && failure_.ok())
      failure_ = FailedPrecondition("cannot write {}: {}", options_.quarantine_path, std::strerror(errno));
    settled_.quarantine_bytes += static_cast<int64_t>(line.size());
  }

  // The quarantine file first: a checkpoint must not know lines that are not there.
  Status SaveLocked() {
    saved_at_ = absl::Now();
    RETURN_IF_ERROR(failure_);
    if (quarantine_.is_open() && !quarantine_.flush())
      return FailedPrecondition("cannot write {}: {}", options_.quarantine_path, std::strerror(errno));
    return options_.checkpoint_path.empty() ? OkStatus() : SaveCheckpoint(options_.checkpoint_path, settled_);
  }

  const ImportOptions& options_;
  std::mutex mutex_;
  // At most as many events as the sink lets be unanswered, and the quarantined rows between them.
  std::deque<Pending> pending_;
  Checkpoint settled_;
  std::ofstream quarantine_;
  absl::Time saved_at_ = absl::Now();
  Status failure_;
};

}  // namespace

int64_t ImportSummary::PutAside() const { return Sum(events.quarantined) + Sum(events.invalid); }
int64_t ImportSummary::Refused() const { return Sum(events.refused); }

struct Importer::State {
  ImportOptions options;
  EventSource& source;
  MakeSink make_sink;
  runtime::Progress& progress;
  std::atomic<bool> stop = false;

  Status SendAll(EventSink& sink, Ledger& ledger, int64_t skip);
};

Importer::Importer(const ImportOptions& options, EventSource& source, MakeSink make_sink, runtime::Progress& progress)
    : state_(new State{options, source, std::move(make_sink), progress}) {}
Importer::~Importer() = default;

void Importer::Stop() { state_->stop = true; }

Status Importer::State::SendAll(EventSink& sink, Ledger& ledger, int64_t skip) {
  ImportItem item;
  while (!stop) {
    ASSIGN_OR_RETURN(const bool more, source.Next(&item));
    if (!more) break;
    if (skip > 0) {
      --skip;
      continue;
    }
    progress.Update(source.counts().rows);
    RETURN_IF_ERROR(ledger.failure());
    const bool is_event = item.problem.ok();
    const events::v1::Event event = item.event;
    ledger.Expect(std::move(item));
    if (is_event) RETURN_IF_ERROR(sink.Send(event));
  }
  return sink.Finish();
}

StatusOr<ImportSummary> Importer::Run() {
  State& state = *state_;
  Checkpoint start{.identity = state.options.identity};
  if (!state.options.checkpoint_path.empty()) {
    ASSIGN_OR_RETURN(auto found, LoadCheckpoint(state.options.checkpoint_path, state.options.identity));
    if (found.has_value()) start = *std::move(found);
  }
  const int64_t resumed_after = start.items;
  Ledger ledger(state.options, std::move(start));
  RETURN_IF_ERROR(ledger.Open());
  Status status;
  {
    ASSIGN_OR_RETURN(const auto sink, state.make_sink([&](const Answer& answer) { ledger.Answered(answer); }));
    status = state.SendAll(*sink, ledger, resumed_after);
  }
  const Status saved = ledger.Save();
  RETURN_IF_ERROR(status);
  RETURN_IF_ERROR(saved);
  state.progress.Update(state.source.counts().rows);
  ImportSummary summary{state.source.counts(), ledger.settled().counts, resumed_after, state.stop};
  if (!summary.interrupted && !state.options.checkpoint_path.empty()) {
    std::error_code gone_already;
    std::filesystem::remove(state.options.checkpoint_path, gone_already);
  }
  return summary;
}

}  // namespace kefu::cli

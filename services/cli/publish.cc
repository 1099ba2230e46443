#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <deque>
#include <fstream>
#include <iostream>
#include <thread>

#include "google/rpc/status.pb.h"
#include "kefu/ingest/v1/ingest.grpc.pb.h"
#include "platform/rpc/status.h"
#include "platform/runtime/json.h"
#include "platform/runtime/progress.h"
#include "platform/runtime/text.h"
#include "services/cli/call.h"
#include "services/cli/output.h"
#include "services/cli/record.h"
#include "services/cli/verbs.h"

namespace kefu::cli {
namespace {

using ingest::v1::IngestService;
using ingest::v1::PublishResult;

struct PublishFlags {
  std::string file = "-";
  std::string json;
  std::string wait = "durable";

  ingest::v1::Wait Wait() const { return wait == "applied" ? ingest::v1::WAIT_APPLIED : ingest::v1::WAIT_DURABLE; }
};

// What became of the events.
struct Totals {
  int64_t recorded = 0;
  int64_t duplicates = 0;
  int64_t refused = 0;  // on the log, but a rule forbids it
  int64_t invalid = 0;  // not on the log

  void Count(const PublishResult& result) {
    if (result.status().code() != 0) {
      ++invalid;
    } else if (result.verdict().outcome() == events::v1::VERDICT_OUTCOME_REFUSED) {
      ++refused;
    } else if (result.verdict().outcome() == events::v1::VERDICT_OUTCOME_DUPLICATE) {
      ++duplicates;
    } else {
      ++recorded;
    }
  }
  std::string Text() const {
    std::string text = fmt::format("{} recorded", runtime::WithThousands(recorded));
    if (duplicates > 0) text += fmt::format(", {} duplicates", runtime::WithThousands(duplicates));
    if (refused > 0) text += fmt::format(", {} refused by a rule", runtime::WithThousands(refused));
    if (invalid > 0) text += fmt::format(", {} invalid", runtime::WithThousands(invalid));
    return text;
  }
  Status Outcome() const { return refused + invalid > 0 ? AlreadyTold() : OkStatus(); }
};

Status PublishOne(Tool& tool, const PublishFlags& flags) {
  ingest::v1::PublishEventRequest request;
  RETURN_IF_ERROR(runtime::FromJson(flags.json, request.mutable_event()));
  CompleteEvent(request.mutable_event());
  request.set_wait(flags.Wait());
  ASSIGN_OR_RETURN(ingest::v1::PublishEventResponse response, Call(tool, &IngestService::Stub::PublishEvent, request));
  PublishResult result;
  result.set_event_id(response.event_id());
  result.set_position(response.position());
  if (response.has_verdict()) *result.mutable_verdict() = response.verdict();
  PrintResult(tool, 0, result);
  if (!tool.json()) Remark(tool, "position " + response.position());
  Totals totals;
  totals.Count(result);
  return totals.Outcome();
}

// One stream of events: a thread reads lines and writes them, this thread takes the answers, which come in order.
class EventStream {
 public:
  EventStream(Tool& tool, const PublishFlags& flags, std::istream& input)
      : tool_(tool), flags_(flags), input_(input), progress_(tool.ProgressOf("publishing", "events", 0)) {}

  Status Run() {
    ASSIGN_OR_RETURN(const auto channel, tool_.Channel());
    IngestService::Stub stub(channel);
    runtime::StopSignals signals([this] { context_.TryCancel(); });
    stream_ = stub.StreamEvents(&context_);
    std::thread writer([this] { WriteAll(); });
    ingest::v1::StreamEventsResponse response;
    while (stream_->Read(&response)) Take(response.result());
    writer.join();
    const grpc::Status status = stream_->Finish();
    progress_.Finish();
    if (status.ok() || answered_ > 0) Remark(tool_, totals_.Text());
    if (!status.ok()) {
      const Status why = Explained(tool_, status);
      if (answered_ == 0) return why;
      return Annotate(why, fmt::format("{} events were answered, then the stream broke; publish the same file again: "
                                       "what is recorded counts once",
                                       answered_));
    }
    return totals_.Outcome();
  }

 private:
  void WriteAll() {
    std::string text;
    for (int64_t line = 1; std::getline(input_, text); ++line) {
      if (text.find_first_not_of(" \t\r") == std::string::npos) continue;
      ingest::v1::StreamEventsRequest request;
      if (const Status status = runtime::FromJson(text, request.mutable_event()); !status.ok()) {
        TakeUnreadable(line, status);
        continue;
      }
      request.set_wait(flags_.Wait());
      {
        std::lock_guard lock(mutex_);
        lines_.push_back(line);
      }
      if (!stream_->Write(request)) break;
    }
    stream_->WritesDone();
  }

  void Take(const PublishResult& result) {
    std::lock_guard lock(mutex_);
    totals_.Count(result);
    PrintResult(tool_, lines_.front(), result);
    lines_.pop_front();
    progress_.Update(++answered_);
    if (totals_.refused + totals_.invalid > 0) progress_.SetNote(totals_.Text());
  }

  void TakeUnreadable(int64_t line, const Status& status) {
    PublishResult result;
    *result.mutable_status() = rpc::ToRpcStatus(status);
    std::lock_guard lock(mutex_);
    totals_.Count(result);
    PrintResult(tool_, line, result);
  }

  Tool& tool_;
  const PublishFlags& flags_;
  std::istream& input_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<ingest::v1::StreamEventsRequest, ingest::v1::StreamEventsResponse>> stream_;
  std::mutex mutex_;
  // Lines sent and not answered.
  std::deque<int64_t> lines_;
  Totals totals_;
  int64_t answered_ = 0;
  runtime::Progress progress_;
};

Status Publish(Tool& tool, const PublishFlags& flags) {
  if (!flags.json.empty()) return PublishOne(tool, flags);
  if (flags.file == "-") {
    std::ios::sync_with_stdio(false);
    return EventStream(tool, flags, std::cin).Run();
  }
  std::ifstream file(flags.file);
  if (!file) return InvalidArgument("{} cannot be read", flags.file);
  return EventStream(tool, flags, file).Run();
}

}  // namespace

void AddPublishVerb(CLI::App& app, Tool& tool) {
  auto flags = std::make_shared<PublishFlags>();
  CLI::App& verb =
      AddVerb(app, "publish", "Record events: one as --json, or a file with one a line",
              {"kefu publish events.ndjson --wait applied", "kefu publish < events.ndjson",
               "kefu publish --json '{\"clientId\": \"C-1\", \"contactRecorded\": {\"channel\": \"CHANNEL_PHONE\", "
               "\"direction\": \"DIRECTION_INBOUND\"}}'"});
  auto* file = verb.add_option("file", flags->file, "Events as JSON, one a line; - is standard input");
  file->capture_default_str();
  verb.add_option("--json", flags->json, "One event; id, source and time are filled in where they are missing")
      ->excludes(file);
  verb.add_option("--wait", flags->wait, "durable: recorded on the log; applied: decided, and visible to queries")
      ->check(CLI::IsMember({"durable", "applied"}))
      ->capture_default_str();
  OnRun(verb, tool, [flags](Tool& tool) { return Publish(tool, *flags); });
}

}  // namespace kefu::cli

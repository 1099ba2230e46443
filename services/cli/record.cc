#include "services/cli/record.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "google/rpc/status.pb.h"
#include "kefu/ingest/v1/ingest.grpc.pb.h"
#include "platform/base/time.h"
#include "platform/base/uuid.h"
#include "platform/runtime/text.h"
#include "platform/runtime/units.h"
#include "services/cli/call.h"
#include "services/cli/output.h"
#include "services/cli/show.h"

namespace kefu::cli {

using ingest::v1::PublishResult;

void AddRecordFlags(CLI::App& verb, RecordFlags& flags) {
  verb.add_option("--by", flags.by, "Who did it, by staff number");
  verb.add_option("--branch", flags.branch, "Branch it belongs to");
  verb.add_option("--at", flags.at, "When it happened, RFC 3339; now if not given");
  verb.add_option("--if-revision", flags.if_revision, "Only if it has still this revision")
      ->check(CLI::NonNegativeNumber);
  verb.add_option("--event-id", flags.event_id, "The event's id; with --at, a call that failed can be repeated");
}

void CompleteEvent(events::v1::Event* event) {
  if (event->event_id().empty()) event->set_event_id(NewUuid());
  if (event->source().empty()) event->set_source("kefu-cli");
  if (!event->has_occurred_at()) *event->mutable_occurred_at() = ToProto(absl::Now());
}

void PrintResult(const Tool& tool, int64_t line, const PublishResult& result) {
  if (tool.json()) return IgnoreStatus(PrintJson(result), "ids and positions are always text");
  const bool failed = result.status().code() != 0;
  // On a terminal the progress bar shows that all is well; only what is not needs a line.
  const bool refused = result.verdict().outcome() == events::v1::VERDICT_OUTCOME_REFUSED;
  if (!failed && !refused && line > 0) return;
  const std::string what = failed                 ? "invalid: " + result.status().message()
                           : result.has_verdict() ? VerdictText(result.verdict())
                                                  : "recorded";
  const std::string where = line > 0 ? fmt::format("line {}: ", line) : "";
  fmt::print("{}{}  {}\n", where, result.event_id(), runtime::Printable(what));
}

Status RecordEvent(Tool& tool, const RecordFlags& flags, events::v1::Event event) {
  event.set_event_id(flags.event_id);
  if (!flags.branch.empty()) event.set_branch_id(flags.branch);
  if (!flags.by.empty()) {
    event.mutable_actor()->set_kind(events::v1::ACTOR_KIND_STAFF);
    event.mutable_actor()->set_id(flags.by);
  }
  RETURN_IF_ERROR(SetTime("--at", flags.at, &events::v1::Event::mutable_occurred_at, &event));
  if (flags.if_revision >= 0) event.mutable_precondition()->set_revision(flags.if_revision);
  CompleteEvent(&event);
  ingest::v1::PublishEventRequest request;
  *request.mutable_event() = std::move(event);
  request.set_wait(ingest::v1::WAIT_APPLIED);
  ASSIGN_OR_RETURN(ingest::v1::PublishEventResponse response,
                   Call(tool, &ingest::v1::IngestService::Stub::PublishEvent, request));
  PublishResult result;
  result.set_event_id(response.event_id());
  result.set_position(response.position());
  *result.mutable_verdict() = response.verdict();
  PrintResult(tool, 0, result);
  if (!tool.json()) Remark(tool, "position " + response.position());
  return response.verdict().outcome() == events::v1::VERDICT_OUTCOME_REFUSED ? AlreadyTold() : OkStatus();
}

StatusOr<absl::Time> TimeOf(std::string_view flag, const std::string& text) {
  if (text == "now") return absl::Now();
  if (const auto from_now = runtime::ParseDuration(text); from_now.ok()) return absl::Now() + *from_now;
  if (auto time = ParseRfc3339(text); time.ok()) return *time;
  return InvalidArgument("{} \"{}\": say now, a time from now such as 24h, or one such as 2026-03-02T09:00:00+08:00",
                         flag, text.substr(0, 80));
}

Status internal::ReadTime(std::string_view flag, const std::string& text, google::protobuf::Timestamp* time) {
  ASSIGN_OR_RETURN(const absl::Time read, TimeOf(flag, text));
  *time = ToProto(read);
  return OkStatus();
}

events::v1::Code CodeOf(std::string_view scheme, const std::string& text) {
  events::v1::Code code;
  const size_t colon = text.rfind(':');
  code.set_scheme(colon == std::string::npos ? std::string(scheme) : text.substr(0, colon));
  code.set_value(colon == std::string::npos ? text : text.substr(colon + 1));
  return code;
}

}  // namespace kefu::cli

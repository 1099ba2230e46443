// kefu_bench_clocks: many clocks that run out within a span, and whether each was told once, and how late. One line of
// JSON.
//
//   publish   complaints whose clocks are due, evenly, in the span that begins at --due-from-ms; with the calendar and the
//             policy pack they run by
//   count     how many breaches a running server has told, by its duties
//   check     the embedded log of a server that was stopped: each clock breached once, and when

#include <absl/time/clock.h>
#include <fmt/format.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <vector>

#include "kefu/admin/v1/duty.grpc.pb.h"
#include "kefu/ingest/v1/ingest.grpc.pb.h"
#include "platform/base/time.h"
#include "platform/log/embedded/embedded_log.h"
#include "platform/runtime/config.h"
#include "tests/bench/calls.h"
#include "tests/bench/measure.h"

namespace kefu::bench {
namespace {

using events::v1::Event;

constexpr int kBatch = 1'000;
constexpr int64_t kBatchesInFlight = 8;
// From a complaint to the end of its clock.
constexpr int64_t kMinutes = 1'440;
constexpr int64_t kCasesOfOneClient = 40;

struct Options {
  std::string mode;
  std::string server;
  std::string log;
  int partitions = 4;
  int64_t clocks = 1'000;
  int64_t due_from_ms = 0;
  int64_t span_ms = 10'000;
  // "FROM:UNTIL,…" in milliseconds since 1970: when the server was down.
  std::string down;
};

// By the minutes that pass: a clock of a day, met by an acknowledgement that never comes.
std::vector<Event> Rules() {
  std::vector<Event> events(2);
  auto& calendar = *events[0].mutable_calendar_published();
  calendar.set_calendar_id("bench.clocks");
  calendar.set_version(1);
  calendar.set_kind(events::v1::CALENDAR_KIND_BUSINESS);
  calendar.mutable_zone()->set_offset_seconds(8 * 3600);
  auto& hours = *calendar.add_week();
  hours.set_weekday(events::v1::WEEKDAY_MONDAY);
  hours.add_spans()->set_until_minute(1440);
  calendar.mutable_covers_from()->set_year(2020);
  calendar.mutable_covers_until()->set_year(2050);
  for (auto* date : {calendar.mutable_covers_from(), calendar.mutable_covers_until()}) {
    date->set_month(1);
    date->set_day(1);
  }
  auto& pack = *events[1].mutable_policy_pack_published();
  pack.set_pack_id("bench.clocks");
  pack.set_version(1);
  pack.mutable_effective_from()->set_seconds(1);
  auto& clock = *pack.add_clocks();
  clock.set_clock_id("answer");
  clock.set_starts_at(events::v1::CASE_MOMENT_RECEIVED);
  clock.add_stops_at(events::v1::CASE_MOMENT_ACKNOWLEDGED);
  clock.mutable_due()->set_amount(kMinutes);
  clock.mutable_due()->set_unit(events::v1::DUE_UNIT_MINUTES);
  clock.mutable_due()->set_calendar_id("bench.clocks");
  for (Event& event : events) {
    event.set_event_id(fmt::format("bench/clocks/{}", event.has_calendar_published() ? "calendar" : "pack"));
    event.mutable_occurred_at()->set_seconds(1'756'600'000);
    event.set_source("bench");
  }
  return events;
}

std::string CaseIdOf(int64_t number) { return fmt::format("K-{:08}", number); }

absl::Time DueOf(const Options& options, int64_t number) {
  return absl::FromUnixMillis(options.due_from_ms + options.span_ms * number / options.clocks);
}

Event Complaint(const Options& options, int64_t number) {
  Event event;
  event.set_event_id(fmt::format("bench/clocks/{:08}", number));
  event.set_client_id(fmt::format("C-{:06}", number / kCasesOfOneClient));
  *event.mutable_occurred_at() = ToProto(DueOf(options, number) - absl::Minutes(kMinutes));
  event.set_source("bench");
  event.set_branch_id("0001");
  auto& complaint = *event.mutable_complaint_received();
  complaint.set_case_id(CaseIdOf(number));
  complaint.mutable_opening()->set_channel(events::v1::CHANNEL_PHONE);
  complaint.mutable_opening()->set_subject("nobody answers");
  return event;
}

// Batches, so many at a time.
class Publisher {
 public:
  explicit Publisher(const std::string& server)
      : stub_(ingest::v1::IngestService::NewStub(Connect(server, 0))) {}

  void Send(std::vector<Event> events, bool applied) {
    if (events.empty()) return;
    pending_.WaitForFewerThan(kBatchesInFlight);
    pending_.Add();
    auto call = std::make_shared<Call>();
    for (Event& event : events) *call->request.add_events() = std::move(event);
    call->request.set_wait(applied ? ingest::v1::WAIT_APPLIED : ingest::v1::WAIT_DURABLE);
    call->context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(120));
    stub_->async()->BatchPublishEvents(&call->context, &call->request, &call->response,
                                       [this, call](const grpc::Status& status) {
                                         if (!status.ok()) tally_.Fail(status.error_message());
                                         for (const auto& result : call->response.results())
                                           if (result.status().code() != 0) tally_.Fail(result.status().message());
                                         pending_.Done();
                                       });
  }
  Status Finish() {
    pending_.Wait();
    return tally_.status();
  }

 private:
  struct Call {
    grpc::ClientContext context;
    ingest::v1::BatchPublishEventsRequest request;
    ingest::v1::BatchPublishEventsResponse response;
  };

  std::unique_ptr<ingest::v1::IngestService::Stub> stub_;
  Pending pending_;
  Tally tally_;
};

Status Publish(const Options& options) {
  Publisher publisher(options.server);
  const absl::Time began = absl::Now();
  publisher.Send(Rules(), true);
  RETURN_IF_ERROR(publisher.Finish());
  // The copies of the rules reach the other partitions within milliseconds; what opens before them has no clock.
  absl::SleepFor(absl::Seconds(1));
  std::vector<Event> batch;
  for (int64_t number = 0; number < options.clocks; ++number) {
    batch.push_back(Complaint(options, number));
    if (batch.size() < kBatch) continue;
    publisher.Send(std::move(batch), false);
    batch.clear();
  }
  publisher.Send(std::move(batch), true);
  RETURN_IF_ERROR(publisher.Finish());
  const absl::Time ended = absl::Now();
  if (ended > DueOf(options, 0))
    return FailedPrecondition("publishing {} clocks took {} s, longer than until the first is due: begin later",
                              options.clocks, absl::ToInt64Seconds(ended - began));
  fmt::print("{{\"what\":\"clocks_published\",\"clocks\":{},\"seconds\":{:.3f}}}\n", options.clocks,
             absl::ToDoubleSeconds(ended - began));
  return OkStatus();
}

Status Count(const Options& options) {
  const auto stub = admin::v1::DutyService::NewStub(Connect(options.server, 0));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
  admin::v1::ListDutiesResponse response;
  const grpc::Status listed = stub->ListDuties(&context, {}, &response);
  if (!listed.ok()) return Unavailable("{}", listed.error_message());
  int64_t waiting = 0, written = 0;
  for (const auto& duty : response.duties()) {
    if (duty.kind() != admin::v1::DUTY_KIND_CLOCKS) continue;
    waiting += duty.waiting();
    written += duty.written();
  }
  fmt::print("{{\"what\":\"clocks_counted\",\"waiting\":{},\"written\":{}}}\n", waiting, written);
  return OkStatus();
}

struct Interval {
  absl::Time from;
  absl::Time until;
};

StatusOr<std::vector<Interval>> ParseDown(const std::string& text) {
  std::vector<Interval> intervals;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find(',', at), text.size());
    const std::string pair = text.substr(at, end - at);
    int64_t from = 0, until = 0;
    if (std::sscanf(pair.c_str(), "%ld:%ld", &from, &until) != 2)
      return InvalidArgument("--down takes FROM:UNTIL,…, not \"{}\"", pair);
    intervals.push_back({absl::FromUnixMillis(from), absl::FromUnixMillis(until)});
    at = end + 1;
  }
  return intervals;
}

// What the log says of the breaches.
struct Told {
  int64_t breaches = 0;
  int64_t twice = 0;
  int64_t wrong_due = 0;
  std::vector<bool> seen;
  // Milliseconds: of those due while the server ran, and, since it was back, of those due while it was down.
  std::vector<double> late;
  std::vector<double> late_after_restart;
};

void Take(const Options& options, const std::vector<Interval>& down, const Event& event, Told* told) {
  const auto& breached = event.clock_breached();
  const int64_t number = std::atoll(breached.case_id().c_str() + 2);
  if (number < 0 || number >= options.clocks) return;
  ++told->breaches;
  if (told->seen[static_cast<size_t>(number)]) ++told->twice;
  told->seen[static_cast<size_t>(number)] = true;
  const absl::Time due = FromProto(breached.due_at());
  if (due != DueOf(options, number)) ++told->wrong_due;
  const absl::Time recorded = FromProto(event.recorded_at());
  const auto was_down = std::find_if(down.begin(), down.end(), [&](const Interval& interval) {
    // What was due in the second before a kill may not have been told yet.
    return due >= interval.from - absl::Seconds(1) && due < interval.until;
  });
  if (was_down == down.end()) {
    told->late.push_back(absl::ToDoubleMilliseconds(recorded - due));
  } else if (recorded > was_down->from) {
    told->late_after_restart.push_back(absl::ToDoubleMilliseconds(recorded - std::max(due, was_down->until)));
  } else {
    told->late.push_back(absl::ToDoubleMilliseconds(recorded - due));
  }
}

Status Check(const Options& options) {
  ASSIGN_OR_RETURN(const std::vector<Interval> down, ParseDown(options.down));
  ASSIGN_OR_RETURN(const auto log,
                   log::EmbeddedLog::Open({.directory = options.log},
                                          {{"kefu.events", options.partitions}, {"kefu.rejected", options.partitions}}));
  log::EventLog& events = log->Topic("kefu.events");
  Told told;
  told.seen.resize(static_cast<size_t>(options.clocks));
  std::vector<log::ReadFrom> from;
  int64_t left = 0;
  for (int32_t p = 0; p < events.partitions(); ++p) {
    ASSIGN_OR_RETURN(const Offset end, events.EndOffset(Partition(p)));
    from.push_back({Partition(p), Offset(0)});
    left += end.value();
  }
  ASSIGN_OR_RETURN(const auto reader, events.OpenReader(std::move(from)));
  std::vector<log::RecordBatch> batches;
  Event event;
  while (left > 0) {
    batches.clear();
    RETURN_IF_ERROR(reader->Poll(absl::Seconds(1), 8 << 20, &batches));
    for (const log::RecordBatch& batch : batches) {
      left -= static_cast<int64_t>(batch.records.size());
      for (const log::RecordView& record : batch.records)
        if (event.ParseFromArray(record.value.data(), static_cast<int>(record.value.size())) &&
            event.has_clock_breached())
          Take(options, down, event, &told);
    }
  }
  const int64_t missing = std::count(told.seen.begin(), told.seen.end(), false);
  fmt::print(
      "{{\"what\":\"clocks\",\"by\":\"kefu\",\"clocks\":{},\"span_seconds\":{},\"restarts\":{},\"breaches\":{},"
      "\"missing\":{},\"twice\":{},\"wrong_due\":{},\"late_p50_ms\":{:.1f},\"late_p99_ms\":{:.1f},\"late_max_ms\":{:.1f},"
      "\"due_while_down\":{},\"after_restart_max_ms\":{:.1f}}}\n",
      options.clocks, options.span_ms / 1000, down.size(), told.breaches, missing, told.twice, told.wrong_due,
      Percentile(told.late, 0.5), Percentile(told.late, 0.99), Percentile(told.late, 1), told.late_after_restart.size(),
      Percentile(told.late_after_restart, 1));
  return OkStatus();
}

Status Main(const std::vector<std::string>& arguments) {
  Options options;
  runtime::Config config("KEFU_BENCH_CLOCKS");
  config.Add("mode", &options.mode, "What to do", {.one_of = {"publish", "count", "check"}});
  config.Add("server", &options.server, "host:port");
  config.Add("log", &options.log, "Folder of the embedded log to check");
  config.Add("partitions", &options.partitions, "Its partitions", {.min = 1});
  config.Add("clocks", &options.clocks, "How many", {.min = 1, .max = 99'999'999});
  config.Add("due-from-ms", &options.due_from_ms, "When the first is due, milliseconds since 1970");
  config.Add("span-ms", &options.span_ms, "Within how long after that all others are", {.min = 1});
  config.Add("down", &options.down, "FROM:UNTIL,… in milliseconds since 1970: when the server was down");
  ASSIGN_OR_RETURN(const auto words, config.Load(arguments, {}));
  if (!words.empty()) return InvalidArgument("\"{}\" belongs to no flag", words.front());
  if (config.help_wanted()) {
    fmt::print("{}", config.Help());
    return OkStatus();
  }
  if (options.mode == "publish") return Publish(options);
  if (options.mode == "count") return Count(options);
  if (options.mode == "check") return Check(options);
  return InvalidArgument("give --mode");
}

}  // namespace
}  // namespace kefu::bench

int main(int argc, char** argv) {
  const kefu::Status status = kefu::bench::Main({argv + 1, argv + argc});
  if (status.ok()) return 0;
  fmt::print(stderr, "kefu_bench_clocks: {}\n", kefu::MessageOf(status));
  return 1;
}

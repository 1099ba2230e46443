// kefu_bench_replay: a whole log as an auditor gets it, AuditService.Replay over gRPC, against the same records read by
// one reader of the log itself. Once its messages are received and their records counted, once they are parsed as well:
// what that costs the caller is not the server's. A line of JSON each.

#include <absl/time/clock.h>
#include <fmt/format.h>
#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>
#include <vector>

#include "kefu/audit/v1/audit.grpc.pb.h"
#include "platform/codec/wire.h"
#include "platform/rpc/bytes.h"
#include "platform/rpc/client.h"
#include "platform/rpc/server.h"
#include "platform/runtime/config.h"
#include "projections/engine/engine.h"
#include "projections/journal/journal.h"
#include "projections/tree/tree.h"
#include "services/audit/audit_service.h"
#include "tests/bench/logs.h"
#include "tests/bench/measure.h"

namespace kefu::bench {
namespace {

struct Options {
  LogOptions log;
  int runs = 3;
};

// Looks are not recorded here: the log is one that other programs measure on, too.
class NoRecorder final : public audit::AccessRecorder {
 public:
  void Record(std::string_view, const audit::v1::Access&, const google::protobuf::Message&,
              std::function<void(Status)> done) override {
    done(OkStatus());
  }
};

// What was read, so that a run that read less cannot look fast.
struct Read {
  int64_t events = 0;
  int64_t bytes = 0;
  friend bool operator==(const Read&, const Read&) = default;
};

StatusOr<Read> Consume(const Options& options, log::EventLog& log, const std::vector<Offset>& ends) {
  std::vector<log::ReadFrom> from;
  for (int32_t p = 0; p < log.partitions(); ++p) from.push_back({Partition(p), Offset(0)});
  const int64_t records = RecordsBefore(ends);
  ASSIGN_OR_RETURN(const auto reader, log.OpenReader(std::move(from)));
  const absl::Time give_up = absl::Now() + options.log.limit;
  Read read;
  std::vector<log::RecordBatch> batches;
  while (read.events < records) {
    if (absl::Now() > give_up) return DeadlineExceeded("{} events were not read in time", records - read.events);
    batches.clear();
    const Status polled = reader->Poll(absl::Milliseconds(200), size_t{1} << 20, &batches);
    if (!polled.ok() && polled.code() != StatusCode::kUnavailable) return polled;
    for (const log::RecordBatch& batch : batches) {
      for (const log::RecordView& record : batch.records) {
        ++read.events;
        read.bytes += static_cast<int64_t>(record.value.size());
      }
    }
  }
  return read;
}

audit::v1::ReplayRequest Everything() {
  audit::v1::ReplayRequest request;
  request.mutable_access()->set_actor_id("bench");
  request.mutable_access()->set_reason("how fast it is");
  return request;
}

// The records of an encoded ReplayResponse; true if it is the last.
StatusOr<bool> Count(std::string_view message, Read* read) {
  bool complete = false;
  for (codec::Field field; codec::TakeField(&message, &field);) {
    complete |= field.number == audit::v1::ReplayResponse::kCompleteFieldNumber && field.value == 1;
    if (field.number != audit::v1::ReplayResponse::kEventsFieldNumber) continue;
    ++read->events;
    std::string_view event = field.payload;
    for (codec::Field part; codec::TakeField(&event, &part);)
      if (part.number == audit::v1::RecordedEvent::kRecordFieldNumber)
        read->bytes += static_cast<int64_t>(part.payload.size());
  }
  return message.empty() ? StatusOr<bool>(complete) : DataLoss("a message is no ReplayResponse");
}

StatusOr<Read> Replay(const std::shared_ptr<grpc::Channel>& channel) {
  grpc::ClientContext context;
  const grpc::internal::RpcMethod method("/kefu.audit.v1.AuditService/Replay",
                                         grpc::internal::RpcMethod::SERVER_STREAMING, channel);
  const std::unique_ptr<grpc::ClientReader<grpc::ByteBuffer>> reader(
      grpc::internal::ClientReaderFactory<grpc::ByteBuffer>::Create(channel.get(), method, &context,
                                                                    rpc::ToBuffer(Everything())));
  Read read;
  bool complete = false;
  for (grpc::ByteBuffer message; reader->Read(&message);) {
    ASSIGN_OR_RETURN(complete, Count(rpc::Flatten(message), &read));
  }
  const grpc::Status status = reader->Finish();
  if (!status.ok() || !complete) return Unavailable("the replay ended early: {}", status.error_message());
  return read;
}

StatusOr<Read> ReplayParsed(audit::v1::AuditService::Stub& stub) {
  grpc::ClientContext context;
  const auto reader = stub.Replay(&context, Everything());
  Read read;
  bool complete = false;
  for (audit::v1::ReplayResponse message; reader->Read(&message);) {
    read.events += message.events_size();
    for (const auto& event : message.events()) read.bytes += static_cast<int64_t>(event.record().size());
    complete = message.complete();
  }
  const grpc::Status status = reader->Finish();
  if (!status.ok() || !complete) return Unavailable("the replay ended early: {}", status.error_message());
  return read;
}

StatusOr<Read> Measure(const char* by, const log::EventLog& log, const std::function<StatusOr<Read>()>& work) {
  const absl::Duration cpu = CpuTime();
  const absl::Time began = absl::Now();
  ASSIGN_OR_RETURN(const Read read, work());
  fmt::print(
      "{{\"what\":\"replay\",\"by\":\"{}\",\"log\":\"{}\",\"events\":{},\"bytes\":{},\"seconds\":{:.4f},"
      "\"cpu_seconds\":{:.3f},\"peak_rss_mib\":{}}}\n",
      by, log.identity().kind, read.events, read.bytes, absl::ToDoubleSeconds(absl::Now() - began),
      absl::ToDoubleSeconds(CpuTime() - cpu), PeakRssMib());
  return read;
}

Status Run(const Options& options, log::EventLog& log) {
  ASSIGN_OR_RETURN(const std::vector<Offset> ends, EndsOf(log));
  // What replays need of views: the journal, and which leaf a record is.
  const std::vector<const sdk::Projection*> views = {&sdk::Describe<journal::JournalView>(), &sdk::Describe<tree::TreeView>()};
  engine::EngineOptions engine_options;
  engine_options.directory = options.log.views;
  ASSIGN_OR_RETURN(const auto engine, engine::Engine::Open(engine_options, log, views));
  RETURN_IF_ERROR(engine->Start());
  RETURN_IF_ERROR(WaitForAll(*engine, ends, absl::Now() + options.log.limit));
  NoRecorder nobody;
  const auto service = audit::MakeAuditService(*engine, log, nobody, {.token_key = "benchmark"});
  ASSIGN_OR_RETURN(const auto server, rpc::Server::Start({}, {service.get()}));
  ASSIGN_OR_RETURN(const auto channel,
                   rpc::MakeChannel({.address = fmt::format("127.0.0.1:{}", server->ports().front())}));
  const auto stub = audit::v1::AuditService::NewStub(channel);
  Status measured;
  for (int run = 0; run < options.runs && measured.ok(); ++run) {
    const auto consumed = Measure("consume", log, [&] { return Consume(options, log, ends); });
    const auto replayed = Measure("replay", log, [&] { return Replay(channel); });
    const auto parsed = Measure("replay_parsed", log, [&] { return ReplayParsed(*stub); });
    for (const auto* each : {&consumed, &replayed, &parsed})
      if (measured.ok()) measured = each->status();
    if (measured.ok() && (*consumed != *replayed || *consumed != *parsed))
      measured = DataLoss("the log has {} events, replays {} and {}", consumed->events, replayed->events, parsed->events);
  }
  IgnoreStatus(server->Drain(absl::Now() + absl::Seconds(5)), "the process ends");
  engine->Stop();
  return measured;
}

}  // namespace
}  // namespace kefu::bench

int main(int argc, char** argv) {
  using namespace kefu;
  bench::Options options;
  runtime::Config config("KEFU_BENCH_REPLAY");
  bench::AddLogFlags(config, &options.log);
  config.Add("runs", &options.runs, "How often each is measured, in turn", {.min = 1, .max = 100});
  return bench::RunOnLog("kefu_bench_replay", {argv + 1, argv + argc}, config, options.log,
                         [&](log::EventLog& log) { return bench::Run(options, log); });
}

// Reports over a year, timed: how long RunReport takes when the cubes hold a year of a branch network.
//
//   services_query_report_bench [million events, 1 by default] [branches, 20 by default]
//
// Events are contacts and complaints of a million clients, spread over a year in 8 partitions; only the view that these
// reports read is folded, without admission, for this measures reading.

#include <absl/time/clock.h>
#include <fmt/format.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <cstdlib>
#include <random>

#include "kefu/query/v1/report.grpc.pb.h"
#include "platform/base/check.h"
#include "platform/base/files.h"
#include "platform/base/hash.h"
#include "platform/base/time.h"
#include "platform/event/record.h"
#include "platform/rpc/client.h"
#include "platform/rpc/server.h"
#include "platform/testkit/memory_log.h"
#include "projections/engine/engine.h"
#include "projections/statistics/statistics.h"
#include "services/query/query_services.h"

namespace kefu::query {
namespace {

constexpr int32_t kPartitions = 8;
constexpr int kClients = 1'000'000;
constexpr int kRounds = 9;
// 2025-01-01T00:00:00+08:00.
constexpr int64_t kBeginning = 1'735'660'800;

class Year {
 public:
  Year(int64_t events, int branches) : events_(events), branches_(branches), random_(1) {}

  events::v1::Event Next(int64_t number) {
    events::v1::Event event;
    event.set_event_id(fmt::format("y-{}", number));
    const auto client = Below(kClients);
    event.set_client_id(fmt::format("C-{:07}", client));
    event.mutable_occurred_at()->set_seconds(kBeginning + number * 365 * 86'400 / events_);
    event.set_branch_id(fmt::format("{:04}", client % static_cast<uint64_t>(branches_)));
    if (number % 20 == 0) return Complaint(std::move(event), number);
    if (number % 20 == 1) return Resolution(std::move(event), number - 1);
    auto& contact = *event.mutable_contact_recorded();
    // Few channels, topics and outcomes are most of it.
    contact.set_channel(static_cast<events::v1::Channel>(1 + Skewed(8)));
    contact.set_direction(Below(3) == 0 ? events::v1::DIRECTION_OUTBOUND : events::v1::DIRECTION_INBOUND);
    contact.mutable_topic()->set_value(fmt::format("topic-{}", Skewed(12)));
    contact.mutable_outcome()->set_value(fmt::format("outcome-{}", Skewed(4)));
    contact.mutable_duration()->set_seconds(static_cast<int64_t>(20 + Below(600)));
    return event;
  }

 private:
  uint64_t Below(uint64_t bound) { return random_() % bound; }
  uint64_t Skewed(uint64_t bound) { return Below(1 + Below(bound)); }

  events::v1::Event Complaint(events::v1::Event event, int64_t number) {
    auto& body = *event.mutable_complaint_received();
    body.set_case_id(fmt::format("K-{}", number));
    auto& opening = *body.mutable_opening();
    opening.set_channel(events::v1::CHANNEL_PHONE);
    opening.mutable_category()->set_value(fmt::format("category-{}", Skewed(8)));
    opening.set_product_id(fmt::format("product-{}", Skewed(20)));
    opening.set_description("多收手續費");
    client_of_case_ = event.client_id();
    return event;
  }
  events::v1::Event Resolution(events::v1::Event event, int64_t opened) {
    event.set_client_id(client_of_case_);
    auto& body = *event.mutable_case_resolved();
    body.set_case_id(fmt::format("K-{}", opened));
    body.set_outcome(static_cast<events::v1::CaseOutcome>(1 + Below(3)));
    body.mutable_root_cause()->set_value(fmt::format("cause-{}", Skewed(6)));
    body.mutable_redress()->set_minor_units(static_cast<int64_t>(Below(100'000)));
    body.mutable_redress()->set_currency("CNY");
    return event;
  }

  const int64_t events_;
  const int branches_;
  std::mt19937_64 random_;
  std::string client_of_case_;
};

int64_t CellsOf(const engine::Engine& engine) {
  int64_t cells = 0;
  for (int32_t p = 0; p < kPartitions; ++p) {
    const auto rows = engine.At(Partition(p))->Scan("statistics", "cells", {}, {});
    for (; rows.ok() && (*rows)->Valid(); (*rows)->Next()) ++cells;
  }
  return cells;
}

void Time(v1::ReportService::Stub& stub, const char* name, v1::Granularity granularity) {
  v1::RunReportRequest request;
  request.set_name(fmt::format("reports/{}", name));
  request.set_from_day("2025-01-01");
  request.set_to_day("2025-12-31");
  request.set_granularity(granularity);
  std::vector<double> milliseconds;
  for (int i = 0; i < kRounds; ++i) {
    grpc::ClientContext context;
    v1::Report report;
    const absl::Time begin = absl::Now();
    const auto status = stub.RunReport(&context, request, &report);
    milliseconds.push_back(absl::ToDoubleMilliseconds(absl::Now() - begin));
    KEFU_CHECK(status.ok(), "{}", status.error_message());
  }
  std::sort(milliseconds.begin(), milliseconds.end());
  fmt::print("{:16} {:12} median {:7.1f} ms, most {:7.1f} ms\n", name, v1::Granularity_Name(granularity).substr(12),
             milliseconds[kRounds / 2], milliseconds.back());
}

void Run(int64_t events, int branches) {
  TempDirectory directory;
  testkit::MemoryLog log(kPartitions);
  Year year(events, branches);
  for (int64_t number = 0; number < events; ++number) {
    const auto event = year.Next(number);
    log.Put(Partition(PartitionForKey(event.client_id(), kPartitions)),
            event::RecordedBytes(event, FromProto(event.occurred_at())));
  }
  engine::EngineOptions options;
  options.directory = directory.path();
  options.admission = false;
  auto engine = engine::Engine::Open(options, log, {&sdk::Describe<statistics::StatisticsView>()});
  KEFU_CHECK(engine.ok() && (*engine)->Start().ok(), "{}", ToString(engine.status()));
  const absl::Time begin = absl::Now();
  for (int32_t p = 0; p < kPartitions; ++p) {
    const Status reached =
        (*engine)->WaitFor(Partition(p), *log.EndOffset(Partition(p)), absl::Now() + absl::Minutes(5));
    KEFU_CHECK(reached.ok(), "{}", ToString(reached));
  }
  const double seconds = absl::ToDoubleSeconds(absl::Now() - begin);
  fmt::print("{} events folded in {:.1f} s, {:.3f} M/s; {} cells\n", events, seconds,
             static_cast<double>(events) / 1e6 / seconds, CellsOf(**engine));
  const auto service = MakeReportService(**engine, {.token_key = "benchmark"});
  auto server = rpc::Server::Start({}, {service.get()});
  KEFU_CHECK(server.ok(), "{}", ToString(server.status()));
  const auto channel = *rpc::MakeChannel({.address = fmt::format("127.0.0.1:{}", (*server)->ports().front())});
  const auto stub = v1::ReportService::NewStub(channel);
  for (const char* name : {"complaints", "service_quality", "channel_mix"})
    for (const auto granularity : {v1::GRANULARITY_UNSPECIFIED, v1::GRANULARITY_MONTH}) Time(*stub, name, granularity);
  IgnoreStatus((*server)->Drain(absl::Now() + absl::Seconds(5)), "the process ends");
  (*engine)->Stop();
}

}  // namespace
}  // namespace kefu::query

int main(int argc, char** argv) {
  const double millions = argc > 1 ? std::atof(argv[1]) : 1.0;
  kefu::query::Run(static_cast<int64_t>(millions * 1e6), argc > 2 ? std::atoi(argv[2]) : 20);
  return 0;
}

// Publish to visible: events go in at a steady rate, each (or the last of each batch) is read back.

#include <fmt/format.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "kefu/ingest/v1/ingest.grpc.pb.h"
#include "kefu/query/v1/client.grpc.pb.h"
#include "platform/base/time.h"
#include "tests/bench/calls.h"
#include "tests/bench/stream.h"

namespace kefu::bench {
namespace {

constexpr int64_t kCapacityBatch = 500;
constexpr int64_t kCapacityInFlight = 8;
constexpr int64_t kCapacitySeconds = 5;
// At high rates events come in batches, so many a second.
constexpr int64_t kBatchesPerSecond = 200;

auto Deadline() { return std::chrono::system_clock::now() + std::chrono::seconds(30); }

// One batch, and the read that follows it.
struct RoundTrip {
  absl::Time due;
  ingest::v1::BatchPublishEventsRequest publish;
  ingest::v1::BatchPublishEventsResponse published;
  query::v1::GetClientRequest get;
  query::v1::Client seen;
  grpc::ClientContext publish_context;
  grpc::ClientContext get_context;
};

// Publishes with WAIT_APPLIED. One thread calls; answers come on others.
class Publisher {
 public:
  explicit Publisher(const CallOptions& options)
      : channel_(Connect(options.server, 0)),
        ingest_(ingest::v1::IngestService::NewStub(channel_)),
        query_(query::v1::ClientService::NewStub(channel_)),
        stream_({.seed = static_cast<uint64_t>(options.seed), .clients = options.clients}) {}

  std::shared_ptr<RoundTrip> Next(int64_t events) {
    auto trip = std::make_shared<RoundTrip>();
    for (int64_t i = 0; i < events; ++i) stream_.Next(trip->publish.add_events());
    trip->publish.set_wait(ingest::v1::WAIT_APPLIED);
    trip->get.set_name("clients/" + trip->publish.events().rbegin()->client_id());
    return trip;
  }

  // Calls `done` once all its events are applied; not if that failed.
  void Publish(const std::shared_ptr<RoundTrip>& trip, std::function<void()> done) {
    pending_.Add();
    trip->publish_context.set_deadline(Deadline());
    ingest_->async()->BatchPublishEvents(&trip->publish_context, &trip->publish, &trip->published,
                                         [this, trip, done = std::move(done)](const grpc::Status& status) {
                                           const std::string problem = ProblemOf(status, *trip);
                                           if (problem.empty()) {
                                             done();
                                           } else {
                                             applied_.Fail(problem);
                                           }
                                           pending_.Done();
                                         });
  }

  void ReadBack(const std::shared_ptr<RoundTrip>& trip, bool counts) {
    trip->get.set_min_position(trip->published.position());
    trip->get_context.set_deadline(Deadline());
    pending_.Add();
    query_->async()->GetClient(&trip->get_context, &trip->get, &trip->seen,
                               [this, trip, counts](const grpc::Status& got) {
                                 if (!got.ok()) visible_.Fail(got.error_message());
                                 if (got.ok() && counts) visible_.Add(absl::Now() - trip->due);
                                 pending_.Done();
                               });
  }

  Pending& pending() { return pending_; }
  Tally& applied() { return applied_; }
  Tally& visible() { return visible_; }

 private:
  static std::string ProblemOf(const grpc::Status& status, const RoundTrip& trip) {
    if (!status.ok()) return status.error_message();
    for (const auto& result : trip.published.results()) {
      if (result.status().code() != 0) return result.status().message();
      if (result.verdict().outcome() == events::v1::VERDICT_OUTCOME_UNSPECIFIED) return "no verdict";
    }
    return "";
  }

  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<ingest::v1::IngestService::Stub> ingest_;
  std::unique_ptr<query::v1::ClientService::Stub> query_;
  EventStream stream_;
  Pending pending_;
  Tally applied_;
  Tally visible_;
};

// Events a second that are applied when batches are sent as fast as answers come.
StatusOr<double> FindCapacity(Publisher& publisher) {
  std::atomic<int64_t> events = 0;
  const absl::Time began = absl::Now();
  while (absl::Now() - began < absl::Seconds(kCapacitySeconds)) {
    publisher.pending().WaitForFewerThan(kCapacityInFlight);
    publisher.Publish(publisher.Next(kCapacityBatch), [&] { events += kCapacityBatch; });
  }
  publisher.pending().Wait();
  RETURN_IF_ERROR(publisher.applied().status());
  return static_cast<double>(events) / absl::ToDoubleSeconds(absl::Now() - began);
}

}  // namespace

Status MeasureLatency(const CallOptions& options) {
  Publisher publisher(options);
  int64_t rate = options.rate;
  int64_t batch = options.batch;
  double capacity = 0;
  if (options.capacity_percent > 0) {
    ASSIGN_OR_RETURN(capacity, FindCapacity(publisher));
    rate = std::max<int64_t>(1, static_cast<int64_t>(capacity) * options.capacity_percent / 100);
    batch = std::clamp<int64_t>(rate / kBatchesPerSecond, 1, 1000);
  }
  const absl::Time began = absl::Now();
  for (int64_t i = 0; i < rate * (options.warm_up + options.seconds) / batch; ++i) {
    // The first seconds are sent like the others, but not counted: compilers and caches are cold.
    const bool counts = i * batch >= rate * options.warm_up;
    const auto trip = publisher.Next(batch);
    // When it was due, not when this thread got round to it: a stall counts against the server.
    trip->due = began + absl::Seconds(i * batch) / rate;
    std::this_thread::sleep_until(absl::ToChronoTime(trip->due));
    publisher.Publish(trip, [&publisher, trip, counts] {
      if (counts) publisher.applied().Add(absl::Now() - trip->due);
      publisher.ReadBack(trip, counts);
    });
  }
  publisher.pending().Wait();
  RETURN_IF_ERROR(publisher.applied().status());
  RETURN_IF_ERROR(publisher.visible().status());
  Tally& applied = publisher.applied();
  Tally& visible = publisher.visible();
  fmt::print(
      "{{\"what\":\"latency\",\"by\":\"{}\",\"samples\":{},\"rate\":{},\"batch\":{},\"capacity\":{:.0f},"
      "\"applied_p50_ms\":{:.2f},\"applied_p99_ms\":{:.2f},\"visible_p50_ms\":{:.2f},\"visible_p99_ms\":{:.2f},"
      "\"visible_p999_ms\":{:.2f}}}\n",
      options.label, visible.count(), rate, batch, capacity, applied.At(0.5), applied.At(0.99), visible.At(0.5),
      visible.At(0.99), visible.At(0.999));
  return OkStatus();
}

}  // namespace kefu::bench

// From the moment an event is due to be published to the moment a watcher of its client has it.

#include <absl/time/clock.h>
#include <fmt/format.h>
#include <grpcpp/grpcpp.h>

#include <thread>

#include "kefu/ingest/v1/ingest.grpc.pb.h"
#include "kefu/query/v1/client.grpc.pb.h"
#include "platform/base/time.h"
#include "tests/bench/calls.h"

namespace kefu::bench {
namespace {

std::string ClientId(int64_t number) { return fmt::format("W-{:06}", number); }

void Contact(int64_t client, int64_t number, events::v1::Event* event) {
  event->set_event_id(fmt::format("w{}-{}", client, number));
  event->set_client_id(ClientId(client));
  *event->mutable_occurred_at() = ToProto(absl::Now());
  event->set_source("cti");
  auto& contact = *event->mutable_contact_recorded();
  contact.set_contact_id(fmt::format("T-{}", number));
  contact.set_channel(events::v1::CHANNEL_PHONE);
  contact.set_direction(events::v1::DIRECTION_INBOUND);
  *contact.mutable_started_at() = event->occurred_at();
}

// Watches one client. Answers may leave states out; an answer settles every event it counts.
class Watcher : public grpc::ClientReadReactor<query::v1::WatchClientResponse> {
 public:
  Watcher(query::v1::ClientService::Stub& stub, int64_t number, Tally& tally, Pending& starting, Pending& running)
      : tally_(tally), starting_(starting), running_(running) {
    starting_.Add();
    running_.Add();
    request_.set_name("clients/" + ClientId(number));
    stub.async()->WatchClient(&context_, &request_, this);
    StartRead(&response_);
    StartCall();
  }

  // The next event of this client is due now.
  void Expect(absl::Time due) {
    const std::lock_guard lock(mutex_);
    due_.push_back(due);
  }
  bool settled() {
    const std::lock_guard lock(mutex_);
    return seen_ == due_.size();
  }
  void Cancel() { context_.TryCancel(); }

  void OnReadDone(bool ok) override {
    if (!ok) return;
    if (response_.has_client()) Settle(static_cast<size_t>(response_.client().event_count()));
    StartRead(&response_);
  }
  void OnDone(const grpc::Status& status) override {
    if (status.error_code() != grpc::StatusCode::CANCELLED) tally_.Fail(status.error_message());
    if (!started_) starting_.Done();
    running_.Done();
  }

 private:
  // The first of the client's events is there before watching begins.
  void Settle(size_t count) {
    const absl::Time now = absl::Now();
    if (!started_) {
      started_ = true;
      starting_.Done();
    }
    const std::lock_guard lock(mutex_);
    for (; seen_ + 1 < count && seen_ < due_.size(); ++seen_) tally_.Add(now - due_[seen_]);
  }

  Tally& tally_;
  Pending& starting_;
  Pending& running_;
  bool started_ = false;
  query::v1::WatchClientRequest request_;
  query::v1::WatchClientResponse response_;
  grpc::ClientContext context_;
  std::mutex mutex_;
  std::vector<absl::Time> due_;
  size_t seen_ = 0;
};

struct Publishing {
  ingest::v1::PublishEventRequest request;
  ingest::v1::PublishEventResponse response;
  grpc::ClientContext context;
};

void Publish(ingest::v1::IngestService::Stub& ingest, int64_t client, int64_t number, ingest::v1::Wait wait,
             Tally& failures, Pending& pending) {
  auto call = std::make_shared<Publishing>();
  Contact(client, number, call->request.mutable_event());
  call->request.set_wait(wait);
  call->context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
  pending.Add();
  ingest.async()->PublishEvent(&call->context, &call->request, &call->response, [&, call](const grpc::Status& status) {
    if (!status.ok()) failures.Fail(status.error_message());
    pending.Done();
  });
}

}  // namespace

// A server takes so many calls on one connection (256 by default); more would wait for ever.
constexpr int64_t kWatchersOfOneChannel = 200;

Status MeasureWatch(const CallOptions& options) {
  const auto ingest = ingest::v1::IngestService::NewStub(Connect(options.server, 0));
  std::vector<std::unique_ptr<query::v1::ClientService::Stub>> queries;
  for (int64_t c = 0; c < options.watchers; c += kWatchersOfOneChannel)
    queries.push_back(query::v1::ClientService::NewStub(Connect(options.server, 1 + static_cast<int>(queries.size()))));
  Tally delivered;
  Tally published;
  Pending publishing;
  for (int64_t c = 0; c < options.watchers; ++c)
    Publish(*ingest, c, 0, ingest::v1::WAIT_APPLIED, published, publishing);
  publishing.Wait();
  RETURN_IF_ERROR(published.status());
  Pending starting;
  Pending running;
  std::vector<std::unique_ptr<Watcher>> watchers;
  for (int64_t c = 0; c < options.watchers; ++c)
    watchers.push_back(std::make_unique<Watcher>(*queries[static_cast<size_t>(c / kWatchersOfOneChannel)], c, delivered,
                                                 starting, running));
  starting.Wait();

  const absl::Time began = absl::Now();
  const int64_t events = options.rate * options.seconds;
  for (int64_t i = 0; i < events; ++i) {
    const absl::Time due = began + absl::Seconds(i) / options.rate;
    std::this_thread::sleep_until(absl::ToChronoTime(due));
    watchers[static_cast<size_t>(i % options.watchers)]->Expect(due);
    Publish(*ingest, i % options.watchers, i + 1, ingest::v1::WAIT_DURABLE, published, publishing);
  }
  publishing.Wait();
  const absl::Time give_up = absl::Now() + absl::Seconds(30);
  for (const auto& watcher : watchers)
    while (!watcher->settled() && absl::Now() < give_up) absl::SleepFor(absl::Milliseconds(1));
  for (const auto& watcher : watchers) watcher->Cancel();
  running.Wait();
  RETURN_IF_ERROR(published.status());
  RETURN_IF_ERROR(delivered.status());
  if (static_cast<int64_t>(delivered.count()) != events)
    return DataLoss("{} of {} events reached their watchers", delivered.count(), events);
  fmt::print(
      "{{\"what\":\"watch\",\"by\":\"{}\",\"watchers\":{},\"rate\":{},\"events\":{},\"p50_ms\":{:.2f},\"p99_ms\":{:.2f}"
      ","
      "\"p999_ms\":{:.2f}}}\n",
      options.label, options.watchers, options.rate, events, delivered.At(0.5), delivered.At(0.99),
      delivered.At(0.999));
  return OkStatus();
}

}  // namespace kefu::bench

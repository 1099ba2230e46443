// kefu_bench_as_of: how long the past of one client takes, by how many events were recorded of it; and how long a moment of
// all views takes to open, from the log's beginning and from views that the server kept. Lines of JSON.

#include <absl/time/clock.h>
#include <fmt/format.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <cstdio>
#include <vector>

#include "kefu/audit/v1/audit.grpc.pb.h"
#include "kefu/ingest/v1/ingest.grpc.pb.h"
#include "kefu/query/v1/case.grpc.pb.h"
#include "kefu/query/v1/client.grpc.pb.h"
#include "platform/base/time.h"
#include "platform/runtime/config.h"
#include "tests/bench/calls.h"

namespace kefu::bench {
namespace {

using events::v1::Event;

constexpr int64_t kBatch = 500;
// 2026-03-02T04:00:00Z.
constexpr int64_t kStart = 1'772'424'000;

struct Options {
  std::string server;
  int64_t clients = 50;
  int64_t calls = 1'000;
  int64_t moment_events = 0;
};

// Every tenth event is of a case, which lives through four; the others are contacts.
void Fill(int64_t number, Event& event) {
  const std::string case_id = fmt::format("K-{}-{}", event.client_id(), number / 40);
  if (number == 0) {
    event.mutable_client_registered()->set_kind(events::v1::CLIENT_KIND_PERSON);
    event.mutable_client_registered()->set_display_name("王小明");
  } else if (number % 10 != 1) {
    auto& contact = *event.mutable_contact_recorded();
    contact.set_channel(events::v1::CHANNEL_PHONE);
    contact.set_direction(events::v1::DIRECTION_INBOUND);
    contact.set_summary("asked about the fees of the last month and what becomes of the fund");
  } else if (number % 40 == 1) {
    event.mutable_service_request_opened()->set_case_id(case_id);
    event.mutable_service_request_opened()->mutable_opening()->set_subject("fees");
    event.mutable_service_request_opened()->mutable_opening()->set_channel(events::v1::CHANNEL_PHONE);
  } else if (number % 40 == 11) {
    event.mutable_case_assigned()->set_case_id(case_id);
    event.mutable_case_assigned()->set_assignee_id("S-1");
  } else if (number % 40 == 21) {
    event.mutable_case_note_added()->set_case_id(case_id);
    event.mutable_case_note_added()->set_text("called back, told the rates");
  } else {
    event.mutable_case_resolved()->set_case_id(case_id);
    event.mutable_case_resolved()->set_outcome(events::v1::CASE_OUTCOME_FULFILLED);
  }
}

class Bench {
 public:
  explicit Bench(const Options& options)
      : options_(options),
        channel_(Connect(options.server, 0)),
        ingest_(ingest::v1::IngestService::NewStub(channel_)),
        audit_(audit::v1::AuditService::NewStub(channel_)),
        clients_(query::v1::ClientService::NewStub(channel_)),
        cases_(query::v1::CaseService::NewStub(channel_)) {}

  Status Run() {
    for (const int64_t events : {10, 100, 1'000}) RETURN_IF_ERROR(Measure(events));
    return options_.moment_events == 0 ? OkStatus() : MeasureMoments();
  }

 private:
  Status Measure(int64_t events) {
    for (int64_t client = 0; client < options_.clients; ++client)
      RETURN_IF_ERROR(Publish(fmt::format("C-{}-{}", events, client), events));
    // Everything is asked as of the end of a client's events, so that all of them are folded.
    std::vector<double> got, listed;
    bool exact = true;
    const int64_t warm_up = options_.calls / 10 + 1;
    for (int64_t call = -warm_up; call < options_.calls; ++call) {
      const std::string client_id = fmt::format("C-{}-{}", events, (call + warm_up) % options_.clients);
      query::v1::GetClientRequest get;
      get.set_name("clients/" + client_id);
      query::v1::Client then, now;
      query::v1::ListCasesRequest list;
      list.set_parent("clients/" + client_id);
      list.set_page_size(100);
      query::v1::ListCasesResponse cases;
      ASSIGN_OR_RETURN(const double get_ms, Timed([&](grpc::ClientContext* context) {
                         return clients_->GetClient(context, get, &then);
                       }));
      ASSIGN_OR_RETURN(const double list_ms, Timed([&](grpc::ClientContext* context) {
                         return cases_->ListCases(context, list, &cases);
                       }));
      grpc::ClientContext context;
      const grpc::Status status = clients_->GetClient(&context, get, &now);
      if (!status.ok()) return Unavailable("{}", status.error_message());
      then.clear_position();
      now.clear_position();
      exact = exact && then.SerializeAsString() == now.SerializeAsString() && cases.cases_size() == (events + 38) / 40;
      if (call < 0) continue;
      got.push_back(get_ms);
      listed.push_back(list_ms);
    }
    Print("get", events, exact, got);
    Print("list_cases", events, exact, listed);
    return OkStatus();
  }

  struct Moment {
    std::string name;
    double seconds = 0;
    int64_t folded = 0;
    std::string client;
  };

  // The same moment twice: by occurred time, at which everything had happened, all is folded from the beginning; by
  // recorded time from what was kept.
  Status MeasureMoments() {
    for (int64_t client = 0; client * 1'000 < options_.moment_events; ++client)
      RETURN_IF_ERROR(Publish(fmt::format("M-{}", client), 1'000));
    // The server looks once a second whether there is enough to keep, and rests after keeping.
    absl::SleepFor(absl::Seconds(3));
    audit::v1::AsOf occurred, recorded;
    *occurred.mutable_occurred_time() = *recorded.mutable_recorded_time() = ToProto(absl::Now());
    ASSIGN_OR_RETURN(const Moment beginning, OpenMoment(occurred));
    ASSIGN_OR_RETURN(const Moment kept, OpenMoment(recorded));
    fmt::print("{{\"what\":\"moment\",\"by\":\"kefu\",\"events\":{},\"beginning_seconds\":{:.3f},\"kept_seconds\":{:.3f},"
               "\"kept_folded\":{},\"exact\":{}}}\n",
               beginning.folded, beginning.seconds, kept.seconds, kept.folded, beginning.client == kept.client);
    return OkStatus();
  }

  StatusOr<Moment> OpenMoment(const audit::v1::AsOf& as_of) const {
    audit::v1::OpenMomentRequest request;
    request.mutable_access()->set_actor_id("A-1");
    request.mutable_access()->set_reason("how long it takes");
    *request.mutable_as_of() = as_of;
    Moment moment;
    const absl::Time begin = absl::Now();
    grpc::ClientContext context;
    audit::v1::OpenMomentResponse response;
    const auto stream = audit_->OpenMoment(&context, request);
    while (stream->Read(&response)) {
      moment.name = response.moment();
      moment.folded = response.events_total();
    }
    const grpc::Status status = stream->Finish();
    if (!status.ok()) return Unavailable("{}", status.error_message());
    moment.seconds = absl::ToDoubleSeconds(absl::Now() - begin);
    grpc::ClientContext of_then;
    of_then.AddMetadata("kefu-as-of", moment.name);
    query::v1::GetClientRequest get;
    get.set_name("clients/M-0");
    query::v1::Client client;
    const grpc::Status got = clients_->GetClient(&of_then, get, &client);
    if (!got.ok()) return Unavailable("{}", got.error_message());
    client.clear_position();
    moment.client = client.SerializeAsString();
    return moment;
  }

  template <class Call>
  StatusOr<double> Timed(const Call& call) const {
    grpc::ClientContext context;
    context.AddMetadata("kefu-as-of", "recorded:" + recorded_);
    const absl::Time begin = absl::Now();
    const grpc::Status status = call(&context);
    if (!status.ok()) return Unavailable("{}", status.error_message());
    return absl::ToDoubleMilliseconds(absl::Now() - begin);
  }

  void Print(std::string_view method, int64_t events, bool exact, std::vector<double> milliseconds) const {
    std::sort(milliseconds.begin(), milliseconds.end());
    const auto at = [&](double share) {
      return milliseconds[static_cast<size_t>(share * static_cast<double>(milliseconds.size() - 1))];
    };
    fmt::print("{{\"what\":\"as_of\",\"by\":\"kefu\",\"method\":\"{}\",\"events\":{},\"calls\":{},\"p50_ms\":{:.3f},"
               "\"p99_ms\":{:.3f},\"max_ms\":{:.3f},\"exact\":{}}}\n",
               method, events, options_.calls, at(0.5), at(0.99), at(1), exact);
  }

  Status Publish(const std::string& client_id, int64_t events) {
    for (int64_t from = 0; from < events; from += kBatch) {
      ingest::v1::BatchPublishEventsRequest request;
      for (int64_t number = from; number < std::min(events, from + kBatch); ++number) {
        Event& event = *request.add_events();
        event.set_client_id(client_id);
        Fill(number, event);
        event.set_event_id(fmt::format("bench/as-of/{:08}", ++number_));
        event.mutable_occurred_at()->set_seconds(kStart + number_);
        event.set_source("bench");
      }
      request.set_wait(ingest::v1::WAIT_APPLIED);
      grpc::ClientContext context;
      ingest::v1::BatchPublishEventsResponse response;
      const grpc::Status status = ingest_->BatchPublishEvents(&context, request, &response);
      if (!status.ok()) return Unavailable("{}", status.error_message());
      for (const auto& result : response.results())
        if (result.status().code() != 0 || result.verdict().outcome() != events::v1::VERDICT_OUTCOME_APPLIED)
          return FailedPrecondition("an event of the preparation is not applied: {}", result.ShortDebugString());
    }
    recorded_ = FormatRfc3339(absl::Now());
    return OkStatus();
  }

  const Options options_;
  const std::shared_ptr<grpc::Channel> channel_;
  const std::unique_ptr<ingest::v1::IngestService::Stub> ingest_;
  const std::unique_ptr<audit::v1::AuditService::Stub> audit_;
  const std::unique_ptr<query::v1::ClientService::Stub> clients_;
  const std::unique_ptr<query::v1::CaseService::Stub> cases_;
  int64_t number_ = 0;
  std::string recorded_;
};

Status Main(const std::vector<std::string>& arguments) {
  Options options;
  runtime::Config config("KEFU_BENCH_AS_OF");
  config.Add("server", &options.server, "host:port of a server that has nothing yet");
  config.Add("clients", &options.clients, "How many of each size", {.min = 1, .max = 9'999});
  config.Add("calls", &options.calls, "How many are timed of each size, one after the other",
             {.min = 1, .max = 9'999'999});
  config.Add("moment-events", &options.moment_events,
             "So many events more, before a moment of all is opened, from the beginning and from what the server kept; 0: none",
             {.min = 0});
  ASSIGN_OR_RETURN(const auto words, config.Load(arguments, {}));
  if (!words.empty()) return InvalidArgument("\"{}\" belongs to no flag", words.front());
  if (config.help_wanted()) {
    fmt::print("{}", config.Help());
    return OkStatus();
  }
  return Bench(options).Run();
}

}  // namespace
}  // namespace kefu::bench

int main(int argc, char** argv) {
  const kefu::Status status = kefu::bench::Main({argv + 1, argv + argc});
  if (status.ok()) return 0;
  fmt::print(stderr, "kefu_bench_as_of: {}\n", kefu::MessageOf(status));
  return 1;
}

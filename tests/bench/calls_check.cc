// Whether a server is where it should be, and says what it should.

#include <absl/time/clock.h>
#include <fmt/format.h>
#include <google/protobuf/util/message_differencer.h>
#include <grpcpp/grpcpp.h>

#include "kefu/admin/v1/view.grpc.pb.h"
#include "kefu/query/v1/client.grpc.pb.h"
#include "tests/bench/calls.h"

namespace kefu::bench {
namespace {

constexpr absl::Duration kPause = absl::Milliseconds(2);

void SetDeadline(grpc::ClientContext* context, int seconds) {
  context->set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(seconds));
}

absl::Time Begin(const CallOptions& options) {
  return options.since_ms == 0 ? absl::Now() : absl::FromUnixMillis(options.since_ms);
}

grpc::Status Get(query::v1::ClientService::Stub& stub, const std::string& name, const std::string& min_position,
                 query::v1::Client* row) {
  grpc::ClientContext context;
  SetDeadline(&context, 5);
  query::v1::GetClientRequest request;
  request.set_name(name);
  request.set_min_position(min_position);
  return stub.GetClient(&context, request, row);
}

StatusOr<std::string> FirstClient(query::v1::ClientService::Stub& stub) {
  grpc::ClientContext context;
  SetDeadline(&context, 30);
  query::v1::ListClientsRequest request;
  request.set_page_size(1);
  query::v1::ListClientsResponse response;
  const grpc::Status listed = stub.ListClients(&context, request, &response);
  if (!listed.ok()) return Unavailable("{}", listed.error_message());
  return response.clients().empty() ? StatusOr<std::string>(NotFound("the server has no clients"))
                                    : response.clients(0).client_id();
}

// Whether every view has applied `events` events, and none is being rebuilt.
bool IsCurrent(admin::v1::ViewService::Stub& stub, int64_t events) {
  grpc::ClientContext context;
  SetDeadline(&context, 5);
  admin::v1::ListViewsResponse response;
  if (!stub.ListViews(&context, {}, &response).ok() || response.views().empty()) return false;
  for (const auto& view : response.views()) {
    int64_t applied = 0;
    for (const auto& partition : view.partitions()) applied += partition.next_offset();
    if (applied < events || view.has_rebuild()) return false;
  }
  return true;
}

}  // namespace

Status WaitUntilCurrent(const CallOptions& options) {
  const absl::Time began = Begin(options);
  const absl::Time give_up = absl::Now() + absl::Seconds(options.seconds);
  ASSIGN_OR_RETURN(const std::string server, AddressOf(options));
  const auto channel = Connect(server, 0);
  const auto views = admin::v1::ViewService::NewStub(channel);
  while (!IsCurrent(*views, options.expect_events)) {
    if (absl::Now() > give_up)
      return DeadlineExceeded("{} has not applied {} events after {} s", server, options.expect_events,
                              options.seconds);
    absl::SleepFor(kPause);
  }
  const double seconds = absl::ToDoubleSeconds(absl::Now() - began);
  const auto clients = query::v1::ClientService::NewStub(channel);
  std::string client = options.client;
  if (client.empty()) {
    ASSIGN_OR_RETURN(client, FirstClient(*clients));
  }
  query::v1::Client row;
  const grpc::Status got = Get(*clients, "clients/" + client, "", &row);
  if (!got.ok()) return Unavailable("{}", got.error_message());
  fmt::print(
      "{{\"what\":\"current\",\"by\":\"{}\",\"events\":{},\"seconds\":{:.3f},\"position\":\"{}\",\"client\":\"{}\","
      "\"event_count\":{},\"last_offset\":{}}}\n",
      options.label, options.expect_events, seconds, row.position(), client, row.event_count(), row.last_offset());
  return OkStatus();
}

Status ShowRow(const CallOptions& options) {
  const auto stub = query::v1::ClientService::NewStub(Connect(options.server, 0));
  query::v1::Client row;
  const grpc::Status got = Get(*stub, "clients/" + options.client, "", &row);
  if (!got.ok()) return Unavailable("{}", got.error_message());
  fmt::print("{{\"what\":\"row\",\"event_count\":{},\"last_offset\":{}}}\n", row.event_count(), row.last_offset());
  return OkStatus();
}

Status WaitUntilCorrect(const CallOptions& options) {
  const absl::Time began = Begin(options);
  const absl::Time give_up = absl::Now() + absl::Seconds(options.seconds);
  ASSIGN_OR_RETURN(const std::string server, AddressOf(options));
  const auto stub = query::v1::ClientService::NewStub(Connect(server, 0));
  std::string last = "no answer";
  while (absl::Now() < give_up) {
    query::v1::Client row;
    const grpc::Status got = Get(*stub, "clients/" + options.client, options.min_position, &row);
    if (got.ok() && row.event_count() == options.expect_events && row.last_offset() == options.expect_offset) {
      fmt::print("{{\"what\":\"restart\",\"by\":\"{}\",\"seconds\":{:.3f}}}\n", options.label,
                 absl::ToDoubleSeconds(absl::Now() - began));
      return OkStatus();
    }
    last = got.ok() ? fmt::format("{} events to offset {}", row.event_count(), row.last_offset()) : got.error_message();
    absl::SleepFor(kPause);
  }
  return DeadlineExceeded("no right answer after {} s; the last: {}", options.seconds, last);
}

Status AddUpClients(const CallOptions& options) {
  const auto stub = query::v1::ClientService::NewStub(Connect(options.server, 0));
  int64_t clients = 0, events = 0, open_cases = 0, tallies = 0;
  query::v1::ListClientsRequest request;
  request.set_page_size(500);
  do {
    grpc::ClientContext context;
    SetDeadline(&context, 30);
    query::v1::ListClientsResponse response;
    const grpc::Status listed = stub->ListClients(&context, request, &response);
    if (!listed.ok()) return Unavailable("{}", listed.error_message());
    for (const auto& client : response.clients()) {
      ++clients;
      events += client.event_count();
      open_cases += client.open_complaints_total() + client.open_requests_total();
      for (const auto& tally : client.tallies()) tallies += tally.count();
    }
    request.set_page_token(response.next_page_token());
  } while (!request.page_token().empty());
  fmt::print("{{\"what\":\"totals\",\"by\":\"{}\",\"clients\":{},\"folded\":{},\"open_cases\":{},\"tallies\":{}}}\n",
             options.label, clients, events, open_cases, tallies);
  return OkStatus();
}

Status CompareRows(const CallOptions& options) {
  ASSIGN_OR_RETURN(const auto clients, KnownClients(options.server, options.clients, 500));
  const auto ours = query::v1::ClientService::NewStub(Connect(options.server, 0));
  const auto theirs = query::v1::ClientService::NewStub(Connect(options.other, 0));
  for (const auto& client : clients) {
    const std::string& name = client.name();
    query::v1::Client a;
    query::v1::Client b;
    grpc::Status status = Get(*ours, name, "", &a);
    if (status.ok()) status = Get(*theirs, name, "", &b);
    if (!status.ok()) return Unavailable("{}: {}", name, status.error_message());
    for (auto* row : {&a, &b}) {
      // Of answers, not of rows: only Kefu has positions, and parks.
      row->clear_position();
      row->clear_gap();
    }
    google::protobuf::util::MessageDifferencer differencer;
    std::string difference;
    differencer.ReportDifferencesToString(&difference);
    if (!differencer.Compare(a, b)) return DataLoss("{} differs between the two servers:\n{}", name, difference);
  }
  fmt::print("{{\"what\":\"compare\",\"by\":\"{}\",\"rows\":{},\"equal\":true}}\n", options.label, clients.size());
  return OkStatus();
}

}  // namespace kefu::bench

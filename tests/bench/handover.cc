// kefu_bench_handover: a broker with many clients leaves. How long from the naming of its successor until every view shows
// all of them, and their open work, in the new hands; and from the last client told until the certificate. One line of JSON.

#include <absl/time/clock.h>
#include <fmt/format.h>
#include <grpcpp/grpcpp.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <vector>

#include "kefu/admin/v1/duty.grpc.pb.h"
#include "kefu/admin/v1/view.grpc.pb.h"
#include "kefu/ingest/v1/ingest.grpc.pb.h"
#include "platform/base/time.h"
#include "platform/runtime/config.h"
#include "tests/bench/calls.h"

namespace kefu::bench {
namespace {

using events::v1::Event;
using nlohmann::json;

constexpr int kBatch = 1'000;
// Every so many clients one has an open case.
constexpr int64_t kClientsACase = 5;
constexpr absl::Duration kLongest = absl::Seconds(120);
constexpr const char* kLeaver = "S-1";
constexpr const char* kSuccessor = "S-2";

struct Options {
  std::string server;
  int64_t clients = 5'000;
};

std::string ClientOf(int64_t number) { return fmt::format("C-{:06}", number); }

class Bench {
 public:
  explicit Bench(const Options& options)
      : options_(options),
        channel_(Connect(options.server, 0)),
        ingest_(ingest::v1::IngestService::NewStub(channel_)),
        views_(admin::v1::ViewService::NewStub(channel_)),
        duties_(admin::v1::DutyService::NewStub(channel_)) {}

  Status Run() {
    RETURN_IF_ERROR(Prepare());
    const int64_t work = (options_.clients + kClientsACase - 1) / kClientsACase;
    const absl::Time named = absl::Now();
    RETURN_IF_ERROR(Publish({Firm([](Event& event) {
      event.mutable_handover_successor_named()->set_handover_id("H-1");
      event.mutable_handover_successor_named()->set_to_staff_id(kSuccessor);
    })}));
    RETURN_IF_ERROR(Await("all clients in the new hands", [&]() -> StatusOr<bool> { return Holds(work); }));
    const absl::Time in_book = absl::Now();
    RETURN_IF_ERROR(Await("every view to be at the end", [&]() -> StatusOr<bool> { return AllShow(); }));
    const absl::Time visible = absl::Now();

    RETURN_IF_ERROR(PublishEach([](int64_t number, Event& event) {
      event.set_client_id(ClientOf(number));
      auto& informed = *event.mutable_client_informed_of_handover();
      informed.set_handover_id("H-1");
      informed.set_channel(events::v1::CHANNEL_LETTER);
      informed.set_choice(events::v1::HANDOVER_CHOICE_STAY);
    }));
    const absl::Time told = absl::Now();
    RETURN_IF_ERROR(Await("the certificate", [&]() -> StatusOr<bool> { return IsCompleted(); }));
    const absl::Time certified = absl::Now();
    ASSIGN_OR_RETURN(const int64_t moved, CountRows("handover_items"));
    ASSIGN_OR_RETURN(const int64_t written, Written());
    fmt::print(
        "{{\"what\":\"handover\",\"by\":\"kefu\",\"clients\":{},\"work\":{},\"in_book_ms\":{:.1f},\"visible_ms\":{:.1f},"
        "\"certified_ms\":{:.1f},\"moved\":{},\"written\":{},\"exact\":{}}}\n",
        options_.clients, work, absl::ToDoubleMilliseconds(in_book - named),
        absl::ToDoubleMilliseconds(visible - named), absl::ToDoubleMilliseconds(certified - told), moved, written,
        moved == options_.clients + work);
    return OkStatus();
  }

 private:
  static Event Firm(const std::function<void(Event&)>& body) {
    Event event;
    body(event);
    return event;
  }

  // A firm, two brokers, and a book that is the first one's; then it leaves.
  Status Prepare() {
    RETURN_IF_ERROR(Publish({Firm([](Event& event) {
      event.mutable_unit_published()->set_unit_id("U-1");
      event.mutable_unit_published()->set_name("branch");
      event.mutable_unit_published()->set_level(events::v1::UNIT_LEVEL_BRANCH);
    })}));
    std::vector<Event> staff;
    for (const char* id : {kLeaver, kSuccessor}) {
      staff.push_back(Firm([&](Event& event) {
        event.mutable_staff_published()->set_staff_id(id);
        event.mutable_staff_published()->set_name(id);
        event.mutable_staff_published()->set_unit_id("U-1");
      }));
      staff.push_back(Firm([&](Event& event) {
        auto& told = *event.mutable_qualification_recorded();
        told.set_staff_id(id);
        told.mutable_qualification()->set_scheme("kefu.qualification");
        told.mutable_qualification()->set_value("securities_practice");
        told.set_number("S0000000000000");
        told.mutable_valid_from()->set_year(2020);
        told.mutable_valid_from()->set_month(1);
        told.mutable_valid_from()->set_day(1);
        told.add_permitted_acts(events::v1::STAFF_ACT_SERVE);
      }));
    }
    RETURN_IF_ERROR(Publish(staff));
    RETURN_IF_ERROR(AwaitCopies(1 + static_cast<int64_t>(staff.size())));
    RETURN_IF_ERROR(PublishEach([](int64_t number, Event& event) {
      event.set_client_id(ClientOf(number));
      event.mutable_client_registered()->set_kind(events::v1::CLIENT_KIND_PERSON);
      event.mutable_client_registered()->set_display_name("Wang");
    }));
    RETURN_IF_ERROR(PublishEach([](int64_t number, Event& event) {
      event.set_client_id(ClientOf(number));
      event.mutable_client_assigned_to_broker()->set_staff_id(kLeaver);
      event.mutable_client_assigned_to_broker()->set_role(events::v1::BROKER_ROLE_PRIMARY);
    }));
    RETURN_IF_ERROR(PublishEach(
        [](int64_t number, Event& event) {
          event.set_client_id(ClientOf(number));
          event.mutable_service_request_opened()->set_case_id(fmt::format("K-{:06}", number));
          event.mutable_service_request_opened()->mutable_opening()->set_channel(events::v1::CHANNEL_PHONE);
        },
        kClientsACase));
    RETURN_IF_ERROR(PublishEach(
        [](int64_t number, Event& event) {
          event.set_client_id(ClientOf(number));
          event.mutable_case_assigned()->set_case_id(fmt::format("K-{:06}", number));
          event.mutable_case_assigned()->set_assignee_id(kLeaver);
        },
        kClientsACase));
    RETURN_IF_ERROR(Publish({Firm([&](Event& event) {
      auto& opened = *event.mutable_handover_opened();
      opened.set_handover_id("H-1");
      opened.set_from_staff_id(kLeaver);
      opened.mutable_last_day()->set_year(2030);
      opened.mutable_last_day()->set_month(1);
      opened.mutable_last_day()->set_day(1);
      opened.set_book_clients(options_.clients);
    })}));
    return AwaitCopies(2 + static_cast<int64_t>(staff.size()));
  }

  // All of them must be applied.
  Status Publish(const std::vector<Event>& events) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(120));
    ingest::v1::BatchPublishEventsRequest request;
    ingest::v1::BatchPublishEventsResponse response;
    for (const Event& each : events) {
      Event& event = *request.add_events() = each;
      event.set_event_id(fmt::format("bench/handover/{:08}", ++number_));
      event.mutable_occurred_at()->set_seconds(1'756'600'000 + number_);
      event.set_source("bench");
      event.set_branch_id("0001");
    }
    request.set_wait(ingest::v1::WAIT_APPLIED);
    const grpc::Status status = ingest_->BatchPublishEvents(&context, request, &response);
    if (!status.ok()) return Unavailable("{}", status.error_message());
    for (const auto& result : response.results()) {
      if (result.status().code() != 0) return FailedPrecondition("{}", result.status().message());
      if (result.verdict().outcome() != events::v1::VERDICT_OUTCOME_APPLIED)
        return FailedPrecondition("an event of the preparation is not applied: {}", result.verdict().ShortDebugString());
    }
    return OkStatus();
  }
  // Of every client, or of each `every`th.
  Status PublishEach(const std::function<void(int64_t, Event&)>& fill, int64_t every = 1) {
    std::vector<Event> batch;
    for (int64_t number = 0; number < options_.clients; number += every) {
      fill(number, batch.emplace_back());
      if (batch.size() < kBatch) continue;
      RETURN_IF_ERROR(Publish(batch));
      batch.clear();
    }
    return batch.empty() ? OkStatus() : Publish(batch);
  }

  template <class Is>
  Status Await(std::string_view what, Is is) {
    for (const absl::Time ends = absl::Now() + kLongest;;) {
      ASSIGN_OR_RETURN(const bool so, is());
      if (so) return OkStatus();
      if (absl::Now() > ends) return DeadlineExceeded("waited two minutes for {}", what);
    }
  }

  StatusOr<admin::v1::ListDutiesResponse> Duties() {
    grpc::ClientContext context;
    admin::v1::ListDutiesResponse response;
    const grpc::Status listed = duties_->ListDuties(&context, {}, &response);
    if (!listed.ok()) return Unavailable("{}", listed.error_message());
    return response;
  }
  StatusOr<int64_t> Written() {
    ASSIGN_OR_RETURN(const auto duties, Duties());
    int64_t written = 0;
    for (const auto& duty : duties.duties())
      if (duty.kind() == admin::v1::DUTY_KIND_HANDOVERS) written += duty.written();
    return written;
  }
  // So many broadcasts are in every partition, and applied there.
  Status AwaitCopies(int64_t broadcasts) {
    return Await("copies", [&]() -> StatusOr<bool> {
      ASSIGN_OR_RETURN(const auto duties, Duties());
      for (const auto& duty : duties.duties())
        if (duty.kind() == admin::v1::DUTY_KIND_BROADCAST && duty.partition() != 0 &&
            (duty.written() < broadcasts || duty.waiting() > 0))
          return false;
      return AllShow();
    });
  }

  // A page of a table of the book, from `token` on.
  StatusOr<admin::v1::BrowseRowsResponse> Browse(const std::string& table, const std::string& token) {
    grpc::ClientContext context;
    admin::v1::BrowseRowsRequest request;
    request.set_parent("views/book");
    request.set_table(table);
    request.set_page_size(1000);
    request.set_page_token(token);
    admin::v1::BrowseRowsResponse response;
    const grpc::Status status = views_->BrowseRows(&context, request, &response);
    if (!status.ok()) return Unavailable("{}", status.error_message());
    return response;
  }
  StatusOr<int64_t> CountRows(const std::string& table) {
    int64_t count = 0;
    std::string token;
    do {
      ASSIGN_OR_RETURN(const auto page, Browse(table, token));
      count += page.rows_size();
      token = page.next_page_token();
    } while (!token.empty());
    return count;
  }
  // Does the successor hold all, and the leaver nothing?
  StatusOr<bool> Holds(int64_t work) {
    ASSIGN_OR_RETURN(const auto page, Browse("owners", {}));
    int64_t clients = 0, cases = 0;
    for (const auto& row : page.rows()) {
      if (row.key(0) == kLeaver) return false;
      const json load = json::parse(row.json());
      clients += std::stoll(load.value("clients", "0"));
      cases += std::stoll(load.value("cases", "0"));
    }
    return clients == options_.clients && cases == work;
  }
  StatusOr<bool> IsCompleted() {
    ASSIGN_OR_RETURN(const auto page, Browse("handovers", {}));
    return page.rows_size() > 0 &&
           json::parse(page.rows(0).json()).value("state", "") == "HANDOVER_STATE_COMPLETED";
  }
  // Does every view show all that is on the log?
  StatusOr<bool> AllShow() {
    grpc::ClientContext context;
    admin::v1::ListViewsResponse response;
    const grpc::Status status = views_->ListViews(&context, {}, &response);
    if (!status.ok()) return Unavailable("{}", status.error_message());
    for (const auto& view : response.views())
      for (const auto& partition : view.partitions())
        if (partition.next_offset() < partition.end_offset()) return false;
    return true;
  }

  const Options options_;
  const std::shared_ptr<grpc::Channel> channel_;
  const std::unique_ptr<ingest::v1::IngestService::Stub> ingest_;
  const std::unique_ptr<admin::v1::ViewService::Stub> views_;
  const std::unique_ptr<admin::v1::DutyService::Stub> duties_;
  int64_t number_ = 0;
};

Status Main(const std::vector<std::string>& arguments) {
  Options options;
  runtime::Config config("KEFU_BENCH_HANDOVER");
  config.Add("server", &options.server, "host:port of a server that has nothing yet");
  config.Add("clients", &options.clients, "How many the leaver has", {.min = 1, .max = 999'999});
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
  fmt::print(stderr, "kefu_bench_handover: {}\n", kefu::MessageOf(status));
  return 1;
}

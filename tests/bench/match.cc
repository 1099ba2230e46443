// kefu_bench_match: how long MatchProducts takes for one client over a whole catalogue. One line of JSON.

#include <absl/time/clock.h>
#include <fmt/format.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <vector>

#include "kefu/ingest/v1/ingest.grpc.pb.h"
#include "kefu/query/v1/product.grpc.pb.h"
#include "platform/base/time.h"
#include "platform/runtime/config.h"
#include "tests/bench/calls.h"

namespace kefu::bench {
namespace {

using events::v1::Event;

constexpr int64_t kBatch = 500;
// 2026-03-02T04:00:00Z.
constexpr int64_t kAsOf = 1'772'424'000;
constexpr int64_t kSegments = 5;

struct Options {
  std::string server;
  int64_t products = 500;
  int64_t clients = 200;
  int64_t calls = 2'000;
};

// R1 to R4, and C1 to C4: a class bears the level of its number.
int LevelOf(int64_t product) { return static_cast<int>(product % 4) + 1; }
int ClassOf(int64_t client) { return static_cast<int>(client % 4) + 1; }

// What the catalogue below has for a client: see Prepare.
bool Fits(int64_t product, int64_t client) {
  const bool for_it = product % 3 == 0 || product % kSegments == client % kSegments;
  const bool suits = LevelOf(product) <= ClassOf(client);
  return for_it && suits;
}

class Bench {
 public:
  explicit Bench(const Options& options)
      : options_(options),
        channel_(Connect(options.server, 0)),
        ingest_(ingest::v1::IngestService::NewStub(channel_)),
        catalogue_(query::v1::CatalogueService::NewStub(channel_)) {}

  Status Run() {
    RETURN_IF_ERROR(Prepare());
    std::vector<double> milliseconds;
    bool exact = true;
    // The first calls read the catalogue and open connections.
    const int64_t warm_up = std::min<int64_t>(options_.calls / 10 + 1, 100);
    for (int64_t call = -warm_up; call < options_.calls; ++call) {
      const int64_t client = (call + warm_up) % options_.clients;
      grpc::ClientContext context;
      query::v1::MatchProductsRequest request;
      request.set_parent("clients/" + ClientOf(client));
      request.set_show_left_out(true);
      request.mutable_as_of()->set_seconds(kAsOf);
      query::v1::MatchProductsResponse response;
      const absl::Time begin = absl::Now();
      const grpc::Status status = catalogue_->MatchProducts(&context, request, &response);
      if (!status.ok()) return Unavailable("{}", status.error_message());
      if (call >= 0) milliseconds.push_back(absl::ToDoubleMilliseconds(absl::Now() - begin));
      exact = exact && IsExact(client, response);
    }
    std::sort(milliseconds.begin(), milliseconds.end());
    const auto at = [&](double share) {
      return milliseconds[static_cast<size_t>(share * static_cast<double>(milliseconds.size() - 1))];
    };
    fmt::print("{{\"what\":\"match\",\"by\":\"kefu\",\"products\":{},\"clients\":{},\"calls\":{},\"p50_ms\":{:.3f},"
               "\"p99_ms\":{:.3f},\"max_ms\":{:.3f},\"exact\":{}}}\n",
               options_.products, options_.clients, options_.calls, at(0.5), at(0.99), at(1), exact);
    return OkStatus();
  }

 private:
  static std::string ClientOf(int64_t number) { return fmt::format("C-{:06}", number); }
  static std::string ProductOf(int64_t number) { return fmt::format("P-{:06}", number); }

  // All products are there, and those that fit are those that should.
  bool IsExact(int64_t client, const query::v1::MatchProductsResponse& response) const {
    if (response.matches_size() != options_.products) return false;
    for (const auto& match : response.matches())
      if (match.fits() != Fits(std::stoll(match.product_id().substr(2)), client)) return false;
    return true;
  }

  // Products for one segment each, but every third for all; without a level each fourth, else R1 to R3. Clients have
  // a tier, and no class: what has a level suits none of them.
  Status Prepare() {
    RETURN_IF_ERROR(PublishEach(options_.products, [](int64_t number, Event& event) {
      auto& product = *event.mutable_service_product_published();
      product.set_product_id(ProductOf(number));
      product.set_version(1);
      product.set_name(fmt::format("服務 {}", number));
      product.set_kind(events::v1::PRODUCT_KIND_SERVICE);
      product.set_content_class("research");
      product.add_channels(events::v1::CHANNEL_PHONE);
      for (const char* step : {"welcome", "plan", "review"}) product.add_steps()->set_step_id(step);
      if (number % 3 != 0) {
        auto& target = *product.add_target_segments();
        target.set_scheme("tier");
        target.set_segment(fmt::format("t{}", number % kSegments));
      }
      product.set_risk(static_cast<events::v1::RiskLevel>(LevelOf(number)));
    }));
    RETURN_IF_ERROR(PublishEach(1, [](int64_t, Event& event) {
      auto& pack = *event.mutable_suitability_pack_published();
      pack.set_pack_id("bench");
      pack.set_version(1);
      pack.mutable_effective_from()->set_seconds(kAsOf - 86'400);
      pack.set_assessment_valid_months(24);
      for (int number = 1; number <= 5; ++number) {
        auto& row = *pack.add_rows();
        row.set_investor_class(static_cast<events::v1::InvestorClass>(number));
        row.set_highest_risk(static_cast<events::v1::RiskLevel>(number));
      }
    }));
    RETURN_IF_ERROR(PublishEach(options_.clients, [](int64_t number, Event& event) {
      event.set_client_id(ClientOf(number));
      event.mutable_client_registered()->set_kind(events::v1::CLIENT_KIND_PERSON);
      event.mutable_client_registered()->set_display_name("Wang");
    }));
    RETURN_IF_ERROR(PublishEach(options_.clients, [](int64_t number, Event& event) {
      event.set_client_id(ClientOf(number));
      auto& assessed = *event.mutable_risk_assessed();
      assessed.set_assessment_id("A-" + ClientOf(number));
      assessed.mutable_questionnaire()->set_scheme("kefu.questionnaire");
      assessed.mutable_questionnaire()->set_value("bench");
      assessed.set_investor_class(static_cast<events::v1::InvestorClass>(ClassOf(number)));
    }));
    return PublishEach(options_.clients, [](int64_t number, Event& event) {
      event.set_client_id(ClientOf(number));
      event.mutable_service_configuration_changed()->mutable_configuration()->set_tier(
          fmt::format("t{}", number % kSegments));
    });
  }

  Status PublishEach(int64_t count, const std::function<void(int64_t, Event&)>& fill) {
    for (int64_t from = 0; from < count; from += kBatch) {
      ingest::v1::BatchPublishEventsRequest request;
      for (int64_t number = from; number < std::min(count, from + kBatch); ++number) {
        Event& event = *request.add_events();
        fill(number, event);
        event.set_event_id(fmt::format("bench/match/{:08}", ++number_));
        event.mutable_occurred_at()->set_seconds(kAsOf - 86'400 + number_);
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
    return OkStatus();
  }

  const Options options_;
  const std::shared_ptr<grpc::Channel> channel_;
  const std::unique_ptr<ingest::v1::IngestService::Stub> ingest_;
  const std::unique_ptr<query::v1::CatalogueService::Stub> catalogue_;
  int64_t number_ = 0;
};

Status Main(const std::vector<std::string>& arguments) {
  Options options;
  runtime::Config config("KEFU_BENCH_MATCH");
  config.Add("server", &options.server, "host:port of a server that has nothing yet");
  config.Add("products", &options.products, "How many there are", {.min = 1, .max = 999'999});
  config.Add("clients", &options.clients, "How many are asked about", {.min = 1, .max = 999'999});
  config.Add("calls", &options.calls, "How many are timed, one after the other", {.min = 1, .max = 9'999'999});
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
  fmt::print(stderr, "kefu_bench_match: {}\n", kefu::MessageOf(status));
  return 1;
}

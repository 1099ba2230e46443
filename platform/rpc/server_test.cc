#include "platform/rpc/server.h"

#include <grpcpp/grpcpp.h>
#include <grpcpp/impl/codegen/client_unary_call.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <future>

#include "grpc/health/v1/health.pb.h"
#include "kefu/ingest/v1/ingest.grpc.pb.h"
#include "platform/base/reason.h"
#include "platform/rpc/client.h"
#include "platform/rpc/deadline.h"
#include "platform/rpc/test_certificate.h"

namespace kefu::rpc {
namespace {

using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;
using ingest::v1::IngestService;
using ingest::v1::PublishEventRequest;
using ingest::v1::PublishEventResponse;

constexpr char kService[] = "kefu.ingest.v1.IngestService";

// Holds every call until it is told to answer, or, if it is polite, until the call is cancelled.
class HoldingService final : public IngestService::CallbackService {
 public:
  explicit HoldingService(bool polite = true) : polite_(polite) {}

  grpc::ServerUnaryReactor* PublishEvent(grpc::CallbackServerContext* context, const PublishEventRequest*,
                                         PublishEventResponse*) override {
    class Held final : public grpc::ServerUnaryReactor {
     public:
      explicit Held(bool polite) : polite_(polite) {}
      void OnCancel() override {
        if (polite_) Finish(grpc::Status(grpc::StatusCode::CANCELLED, ""));
      }
      void OnDone() override { delete this; }

     private:
      const bool polite_;
    };
    deadline = DeadlineOf(*context);
    auto* held = new Held(polite_);
    arrived_.set_value(held);
    return held;
  }

  grpc::ServerUnaryReactor* WaitForCall() { return arrived_.get_future().get(); }
  absl::Time deadline;

 private:
  const bool polite_;
  std::promise<grpc::ServerUnaryReactor*> arrived_;
};

std::unique_ptr<Server> StartServer(std::vector<grpc::Service*> services, ServerOptions options = {}) {
  auto server = Server::Start(options, services);
  EXPECT_TRUE(server.ok()) << server.status();
  return *std::move(server);
}

std::shared_ptr<grpc::Channel> ChannelTo(const Server& server, ChannelOptions options = {}) {
  options.address = fmt::format("localhost:{}", server.ports()[0]);
  auto channel = MakeChannel(options);
  EXPECT_TRUE(channel.ok()) << channel.status();
  return *std::move(channel);
}

// "SERVING", "NOT_SERVING", or the code of the error.
std::string HealthOf(const std::shared_ptr<grpc::Channel>& channel, const std::string& service) {
  grpc::ClientContext context;
  SetDeadline(context, absl::Now() + absl::Seconds(10));
  HealthCheckRequest request;
  request.set_service(service);
  HealthCheckResponse response;
  const grpc::internal::RpcMethod method("/grpc.health.v1.Health/Check", grpc::internal::RpcMethod::NORMAL_RPC);
  const grpc::Status status = grpc::internal::BlockingUnaryCall(channel.get(), method, &context, request, &response);
  if (!status.ok()) return std::to_string(status.error_code());
  return HealthCheckResponse::ServingStatus_Name(response.status());
}

std::future<grpc::Status> CallInBackground(const std::shared_ptr<grpc::Channel>& channel, bool with_deadline = true) {
  return std::async(std::launch::async, [channel, with_deadline] {
    grpc::ClientContext context;
    if (with_deadline) SetDeadline(context, absl::Now() + absl::Seconds(60));
    PublishEventResponse response;
    return IngestService::NewStub(channel)->PublishEvent(&context, PublishEventRequest(), &response);
  });
}

TEST(Server, TakesAFreePortAndSaysWhich) {
  ServerOptions options;
  options.listen = {"127.0.0.1:0", "127.0.0.1:0"};
  const auto server = StartServer({}, options);
  ASSERT_EQ(server->ports().size(), 2u);
  EXPECT_GT(server->ports()[0], 0);
  EXPECT_NE(server->ports()[0], server->ports()[1]);
}

TEST(Server, RefusesAPortThatSomeoneHas) {
  const auto first = StartServer({});
  ServerOptions options;
  options.listen = {fmt::format("127.0.0.1:{}", first->ports()[0])};
  EXPECT_EQ(Server::Start(options, {}).status().code(), StatusCode::kUnavailable);
}

TEST(Server, RefusesToBeReachableFromOutsideWithoutTls) {
  ServerOptions options;
  options.listen = {"0.0.0.0:0"};
  EXPECT_EQ(ReasonOf(Server::Start(options, {}).status()), "TLS_REQUIRED");
  options.allow_insecure = true;
  EXPECT_TRUE(Server::Start(options, {}).ok());
  options.listen = {"nonsense"};
  EXPECT_EQ(Server::Start(options, {}).status().code(), StatusCode::kInvalidArgument);
}

TEST(IsLoopback, KnowsAddressesFromNames) {
  for (const char* address : {"127.0.0.1:1", "127.3.2.1:0", "localhost:80", "[::1]:0", "unix:/tmp/x"})
    EXPECT_TRUE(IsLoopback(address)) << address;
  for (const char* address : {"0.0.0.0:1", "[::]:1", "10.0.0.1:1", "127.evil.example:1", "localhost.example:1", ""})
    EXPECT_FALSE(IsLoopback(address)) << address;
}

TEST(Server, HealthIsByService) {
  const auto server = StartServer({});
  const auto channel = ChannelTo(*server);
  EXPECT_EQ(HealthOf(channel, ""), "SERVING");
  EXPECT_EQ(HealthOf(channel, kService), std::to_string(grpc::StatusCode::NOT_FOUND));
  server->SetServing(kService, true);
  EXPECT_EQ(HealthOf(channel, kService), "SERVING");
  server->SetServing(kService, false);
  EXPECT_EQ(HealthOf(channel, kService), "NOT_SERVING");
  EXPECT_EQ(HealthOf(channel, ""), "SERVING");
}

TEST(Server, DrainLetsCallsFinishAndTellsListenersFirst) {
  HoldingService service;
  const auto server = StartServer({&service});
  const auto channel = ChannelTo(*server);
  auto answer = CallInBackground(channel);
  auto* call = service.WaitForCall();
  std::string health_at_drain;
  server->OnDrain([&] {
    health_at_drain = HealthOf(channel, "");
    call->Finish(grpc::Status::OK);
  });
  EXPECT_TRUE(server->Drain(absl::Now() + absl::Seconds(30)).ok());
  EXPECT_EQ(health_at_drain, "NOT_SERVING");
  EXPECT_TRUE(answer.get().ok());
  EXPECT_TRUE(server->Drain(absl::Now()).ok());
}

TEST(Server, DrainCancelsWhatIsLeftAtItsDeadline) {
  HoldingService service;
  const auto server = StartServer({&service});
  auto answer = CallInBackground(ChannelTo(*server));
  service.WaitForCall();
  EXPECT_TRUE(server->Drain(absl::Now() + absl::Milliseconds(20)).ok());
  EXPECT_FALSE(answer.get().ok());
}

TEST(Server, DrainReturnsAlsoWhenACallIgnoresBeingCancelled) {
  HoldingService service(/*polite=*/false);
  auto server = StartServer({&service});
  auto answer = CallInBackground(ChannelTo(*server));
  auto* call = service.WaitForCall();
  EXPECT_EQ(server->Drain(absl::Now()).code(), StatusCode::kDeadlineExceeded);
  call->Finish(grpc::Status::OK);
  answer.get();
}

TEST(DeadlineOf, ACallerWithoutADeadlineGetsOurs) {
  for (const bool with_deadline : {false, true}) {
    HoldingService service;
    const auto server = StartServer({&service});
    auto answer = CallInBackground(ChannelTo(*server), with_deadline);
    service.WaitForCall()->Finish(grpc::Status::OK);
    EXPECT_TRUE(answer.get().ok());
    const absl::Duration expected = with_deadline ? absl::Seconds(60) : kDefaultDeadline;
    EXPECT_LE(service.deadline, absl::Now() + expected);
    EXPECT_GT(service.deadline, absl::Now() + expected - absl::Seconds(20));
  }
}

TEST(Server, SpeaksTlsAndDemandsCertificatesIfToldTo) {
  std::string folder = std::filesystem::temp_directory_path() / "kefu-rpc-XXXXXX";
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  const TestCertificate made = MakeTestCertificate();
  std::ofstream(folder + "/cert.pem") << made.certificate_pem;
  std::ofstream(folder + "/key.pem") << made.key_pem;
  ServerOptions options;
  options.listen = {"0.0.0.0:0"};
  options.tls = {folder + "/cert.pem", folder + "/key.pem", folder + "/cert.pem"};
  const auto server = StartServer({}, options);

  ChannelOptions trusted;
  trusted.use_tls = true;
  trusted.tls = {folder + "/cert.pem", folder + "/key.pem", folder + "/cert.pem"};
  EXPECT_EQ(HealthOf(ChannelTo(*server, trusted), ""), "SERVING");
  trusted.tls = {"", "", folder + "/cert.pem"};
  EXPECT_EQ(HealthOf(ChannelTo(*server, trusted), ""), std::to_string(grpc::StatusCode::UNAVAILABLE));
  EXPECT_EQ(HealthOf(ChannelTo(*server), ""), std::to_string(grpc::StatusCode::UNAVAILABLE));

  options.tls.private_key = folder + "/missing.pem";
  EXPECT_EQ(Server::Start(options, {}).status().code(), StatusCode::kInvalidArgument);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace kefu::rpc

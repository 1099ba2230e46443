// That work ends when nobody waits for it any more.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <future>

#include "services/query/page.h"
#include "services/query/query_testing.h"
#include "services/query/unary.h"

namespace kefu::query {
namespace {

// A call that works until it is told to stop, on the thread that a page is made on, or on the one that counts.
class EndlessService final : public query::v1::CaseService::CallbackService {
 public:
  std::promise<void> began;
  std::promise<Status> ended;

  grpc::ServerUnaryReactor* ListCases(grpc::CallbackServerContext* context, const query::v1::ListCasesRequest*,
                                      query::v1::ListCasesResponse*) override {
    return AnswerNow(context, Work(KeepsGoing(context)));
  }
  grpc::ServerUnaryReactor* CountCases(grpc::CallbackServerContext* context, const query::v1::CountCasesRequest*,
                                       query::v1::CountCasesResponse*) override {
    return AnswerLater(context, [this, context] { return Work(KeepsGoing(context)); });
  }

 private:
  Status Work(const std::function<Status()>& keeps_going) {
    began.set_value();
    // An end, should it not be told.
    const absl::Time latest = absl::Now() + absl::Seconds(20);
    Status status;
    while (status.ok() && absl::Now() < latest) status = keeps_going();
    ended.set_value(status);
    return status;
  }
};

class CancelledCall : public testing::Test {
 protected:
  CancelledCall() : server_(*rpc::Server::Start({.reflection = false}, {&service_})) {
    cases_ = query::v1::CaseService::NewStub(
        *rpc::MakeChannel({.address = fmt::format("127.0.0.1:{}", server_->ports().front())}));
  }
  // What the work was told, once its caller has gone.
  Status Told(const std::function<grpc::Status(grpc::ClientContext*)>& call, absl::Duration patience, bool cancel) {
    Patient context(patience);
    auto caller = std::async(std::launch::async, [&] { return call(&context); });
    // On a machine so busy that the call does not arrive in its time, there is nothing to be told.
    if (service_.began.get_future().wait_for(std::chrono::seconds(20)) != std::future_status::ready)
      return Unavailable("the call has not arrived: {}", caller.get().error_message());
    if (cancel) context.TryCancel();
    Status told = service_.ended.get_future().get();
    EXPECT_EQ(caller.get().error_code(), cancel ? grpc::StatusCode::CANCELLED : grpc::StatusCode::DEADLINE_EXCEEDED);
    return told;
  }

  EndlessService service_;
  std::unique_ptr<rpc::Server> server_;
  std::unique_ptr<query::v1::CaseService::Stub> cases_;
  query::v1::ListCasesResponse listed_;
  query::v1::CountCasesResponse counted_;
};

TEST_F(CancelledCall, StopsAPageThatIsBeingMade) {
  const Status told = Told([&](auto* context) { return cases_->ListCases(context, {}, &listed_); }, absl::Seconds(19),
                           /*cancel=*/true);
  EXPECT_EQ(told.code(), StatusCode::kCancelled) << ToString(told);
}

TEST_F(CancelledCall, StopsACountThatIsUnderWay) {
  const Status told = Told([&](auto* context) { return cases_->CountCases(context, {}, &counted_); }, absl::Seconds(19),
                           /*cancel=*/true);
  EXPECT_EQ(told.code(), StatusCode::kCancelled) << ToString(told);
}

TEST_F(CancelledCall, StopsWhenItsTimeIsOver) {
  const Status told =
      Told([&](auto* context) { return cases_->ListCases(context, {}, &listed_); }, absl::Seconds(1), /*cancel=*/false);
  // Whichever is noticed first: the caller's own clock cancels too.
  EXPECT_THAT(told.code(), testing::AnyOf(StatusCode::kDeadlineExceeded, StatusCode::kCancelled)) << ToString(told);
}

TEST(Page, IsGivenUpAfterAFewRowsOnceTheCallerHasGone) {
  QueryServer server;
  server.Live(Seed(), 4000, 2000);
  const Moment moment = Moment::Now(server.engine());
  const auto scan = MergedScan::Open(moment, {"client", "clients", "clients", {{}}, ScanPlan::Order::kKey}, {});
  ASSERT_TRUE(scan.ok()) << ToString(scan.status());
  int64_t shown = 0;
  const auto take = [&](std::string_view) -> StatusOr<bool> { return ++shown < 0; };
  const auto page = WalkPage(**scan, {.keeps_going = [] { return Cancelled("gone"); }}, take);
  EXPECT_EQ(page.status().code(), StatusCode::kCancelled);
  EXPECT_EQ(shown, kRowsBetweenChecks - 1);
}

}  // namespace
}  // namespace kefu::query

#include "services/clock/duties.h"

#include <grpcpp/grpcpp.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "kefu/admin/v1/duty.grpc.pb.h"
#include "platform/base/reason.h"
#include "platform/rpc/client.h"
#include "platform/rpc/server.h"
#include "platform/rpc/status.h"
#include "services/clock/duty_testing.h"

namespace kefu::duties {
namespace {

using testkit::MemoryLog;

// Counts its steps, and does as told.
class CountedDuty final : public Duty {
 public:
  explicit CountedDuty(const DutyContext& context)
      : Duty(context), standing_(admin::v1::DUTY_KIND_CLOCKS, partitions()) {}

  std::vector<std::string> views() const override { return {"client"}; }
  StatusOr<absl::Time> Step() override {
    const std::lock_guard lock(mutex_);
    ++steps_;
    stepped_.notify_all();
    if (!failure_.ok()) return failure_;
    return next_;
  }
  std::vector<admin::v1::Duty> Describe() const override { return standing_.All(); }

  int steps() {
    const std::lock_guard lock(mutex_);
    return steps_;
  }
  bool StepsBeyond(int steps, absl::Duration within = absl::Seconds(20)) {
    std::unique_lock lock(mutex_);
    return stepped_.wait_for(lock, absl::ToChronoNanoseconds(within), [&] { return steps_ > steps; });
  }
  void Wake() { WakeUp(); }
  void FailWith(Status failure) {
    const std::lock_guard lock(mutex_);
    failure_ = std::move(failure);
  }
  void NextAt(absl::Time next) {
    const std::lock_guard lock(mutex_);
    next_ = next;
  }

 private:
  Standing standing_;
  std::mutex mutex_;
  std::condition_variable stepped_;
  int steps_ = 0;
  absl::Time next_ = absl::InfiniteFuture();
  Status failure_;
};

class DutiesTest : public testing::Test {
 protected:
  DutiesTest() : log_(2), node_(log_) {
    auto duty = std::make_unique<CountedDuty>(node_.Context(log_, clock_));
    duty_ = duty.get();
    duties_.Add(std::move(duty));
  }

  MemoryLog log_;
  HandClock clock_;
  Node node_;
  Duties duties_;
  CountedDuty* duty_;
};

TEST_F(DutiesTest, StepsAtOnceWhenWokenAndWhenAViewOfItsChanges) {
  duties_.Start();
  ASSERT_TRUE(duty_->StepsBeyond(0));
  int before = duty_->steps();
  duty_->Wake();
  EXPECT_TRUE(duty_->StepsBeyond(before));
  before = duty_->steps();
  Record(log_, testkit::Finish(testkit::Registered("王小明"), 1), testkit::Beginning());
  EXPECT_TRUE(duty_->StepsBeyond(before));
}

TEST_F(DutiesTest, StepsAgainWhenItIsDueAndEverySecondIfNothingIs) {
  // Due already: it is not waited for.
  duty_->NextAt(clock_.Now() - absl::Seconds(1));
  duties_.Start();
  EXPECT_TRUE(duty_->StepsBeyond(100));
  duty_->NextAt(absl::InfiniteFuture());
  const int before = duty_->steps() + 1;
  EXPECT_TRUE(duty_->StepsBeyond(before));
}

TEST_F(DutiesTest, AFailureIsShownUntilItIsOver) {
  duty_->FailWith(Unavailable("no broker"));
  duties_.Start();
  ASSERT_TRUE(duty_->StepsBeyond(1));
  ASSERT_EQ(duties_.Describe().size(), 2u);
  EXPECT_THAT(duties_.Describe()[0].trouble(), testing::HasSubstr("no broker"));
  duty_->FailWith(OkStatus());
  const int before = duty_->steps();
  duty_->Wake();
  ASSERT_TRUE(duty_->StepsBeyond(before + 1));
  EXPECT_EQ(duties_.Describe()[0].trouble(), "");
}

TEST_F(DutiesTest, AfterStopNothingStepsAnyMore) {
  duties_.Start();
  ASSERT_TRUE(duty_->StepsBeyond(0));
  duties_.Stop();
  const int before = duty_->steps();
  duty_->Wake();
  Record(log_, testkit::Finish(testkit::Registered("王小明"), 1), testkit::Beginning());
  node_.CatchUp();
  EXPECT_EQ(duty_->steps(), before);
}

TEST_F(DutiesTest, TheServiceListsAllDutiesAndClassifiesWhereItCan) {
  for (const bool can : {true, false}) {
    Classify classify;
    if (can)
      classify = [](const admin::v1::RunClassificationRequest& request, const ClassifyCallback& done) {
        admin::v1::RunClassificationResponse response;
        response.set_clients(7);
        *response.mutable_as_of() = request.as_of();
        done(response);
      };
    const auto service = MakeDutyService(duties_, classify);
    auto server = *rpc::Server::Start({}, {service.get()});
    const auto channel = *rpc::MakeChannel({.address = fmt::format("127.0.0.1:{}", server->ports().front())});
    const auto stub = admin::v1::DutyService::NewStub(channel);
    {
      grpc::ClientContext context;
      admin::v1::ListDutiesResponse response;
      ASSERT_TRUE(stub->ListDuties(&context, {}, &response).ok());
      ASSERT_EQ(response.duties_size(), 2);
      EXPECT_EQ(response.duties(1).partition(), 1);
      EXPECT_EQ(response.duties(1).kind(), admin::v1::DUTY_KIND_CLOCKS);
    }
    grpc::ClientContext context;
    admin::v1::RunClassificationRequest request;
    request.mutable_as_of()->set_seconds(5);
    admin::v1::RunClassificationResponse response;
    const auto status = stub->RunClassification(&context, request, &response);
    if (can) {
      ASSERT_TRUE(status.ok()) << status.error_message();
      EXPECT_EQ(response.clients(), 7);
      EXPECT_EQ(response.as_of().seconds(), 5);
    } else {
      EXPECT_EQ(ReasonOf(rpc::FromGrpc(status)), "DUTY_NOT_HERE");
    }
    EXPECT_TRUE(server->Drain(absl::Now() + absl::Seconds(10)).ok());
  }
}

TEST_F(DutiesTest, AServerThatDrainsEndsAClassificationThatNeverEnds) {
  std::mutex mutex;
  std::condition_variable came;
  ClassifyCallback late;
  const auto service = MakeDutyService(duties_, [&](const admin::v1::RunClassificationRequest&, ClassifyCallback done) {
    const std::lock_guard lock(mutex);
    late = std::move(done);
    came.notify_all();
  });
  auto server = *rpc::Server::Start({}, {service.get()});
  server->OnDrain([&] { EndCalls(*service); });
  const auto channel = *rpc::MakeChannel({.address = fmt::format("127.0.0.1:{}", server->ports().front())});
  const auto stub = admin::v1::DutyService::NewStub(channel);
  grpc::Status status;
  std::thread caller([&] {
    grpc::ClientContext context;
    admin::v1::RunClassificationResponse response;
    status = stub->RunClassification(&context, {}, &response);
  });
  {
    std::unique_lock lock(mutex);
    ASSERT_TRUE(came.wait_for(lock, std::chrono::seconds(20), [&] { return late != nullptr; }));
  }
  EXPECT_TRUE(server->Drain(absl::Now() + absl::Seconds(20)).ok());
  caller.join();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  // What comes after is heard by nobody, and harms nothing.
  late(admin::v1::RunClassificationResponse());
}

}  // namespace
}  // namespace kefu::duties

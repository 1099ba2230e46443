#include "services/clock/duties.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <string>
#include <thread>

#include "platform/runtime/logging.h"

namespace kefu::duties {

namespace {

using runtime::Log;
using runtime::LogLevel;

constexpr absl::Duration kLookEvery = absl::Seconds(1);

}  // namespace

// One duty and its thread.
class Duties::Runner {
 public:
  explicit Runner(std::unique_ptr<Duty> duty) : duty_(std::move(duty)) {}
  ~Runner() { Stop(); }

  void Start() {
    for (const std::string& view : duty_->views())
      listening_.push_back(duty_->context().engine->Listen(
          view, [waker = duty_->context().waker](Partition, Offset, const std::vector<engine::Change>&) {
            waker->Wake();
          }));
    thread_ = std::thread([this] { Run(); });
  }

  void Stop() {
    stopping_ = true;
    duty_->context().waker->Wake();
    if (thread_.joinable()) thread_.join();
    listening_.clear();
  }

  std::vector<admin::v1::Duty> Describe() const {
    std::vector<admin::v1::Duty> all = duty_->Describe();
    const std::lock_guard lock(mutex_);
    for (admin::v1::Duty& duty : all)
      if (duty.trouble().empty()) duty.set_trouble(trouble_);
    return all;
  }

 private:
  void Run() {
    while (!stopping_) {
      const StatusOr<absl::Time> next = duty_->Step();
      Note(next.status());
      const absl::Duration until_next = next.ok() ? *next - duty_->context().clock->Now() : kLookEvery;
      if (stopping_) return;
      if (until_next > absl::ZeroDuration()) duty_->context().waker->Sleep(std::min(until_next, kLookEvery));
    }
  }

  void Note(const Status& status) {
    const std::string trouble = status.ok() ? std::string() : ToString(status);
    {
      const std::lock_guard lock(mutex_);
      if (trouble == trouble_) return;
      trouble_ = trouble;
    }
    const auto all = duty_->Describe();
    const std::string name = all.empty() ? "" : admin::v1::DutyKind_Name(all.front().kind());
    if (status.ok()) {
      Log(LogLevel::kInfo, "a duty goes on", {{"duty", name}});
    } else {
      Log(LogLevel::kWarning, "a duty does not go on", {{"duty", name}, {"why", status}});
    }
  }

  const std::unique_ptr<Duty> duty_;
  std::atomic<bool> stopping_ = false;
  mutable std::mutex mutex_;
  std::string trouble_;
  std::vector<std::shared_ptr<void>> listening_;
  std::thread thread_;
};

Duties::Duties() = default;
Duties::~Duties() = default;

void Duties::Add(std::unique_ptr<Duty> duty) { runners_.push_back(std::make_unique<Runner>(std::move(duty))); }

void Duties::Start() {
  for (const auto& runner : runners_) runner->Start();
}

void Duties::Stop() {
  for (const auto& runner : runners_) runner->Stop();
}

std::vector<admin::v1::Duty> Duties::Describe() const {
  std::vector<admin::v1::Duty> all;
  for (const auto& runner : runners_)
    for (admin::v1::Duty& duty : runner->Describe()) all.push_back(std::move(duty));
  return all;
}

}  // namespace kefu::duties

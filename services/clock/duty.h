#pragma once

// A duty: what the server does by itself, without being asked. It reads views, and writes what follows from them as
// events to the log. It keeps no state that a restart could lose: what is still to be written is in the views.
//
//   class Greeter final : public Duty {
//    public:
//     explicit Greeter(const DutyContext& context)
//         : Duty(context), writer_(this->context(), "greeting"), standing_(admin::v1::DUTY_KIND_…, partitions()) {}
//     std::vector<std::string> views() const override { return {"greeting"}; }
//     StatusOr<absl::Time> Step() override {
//       for (each partition p) {
//         if (!writer_.Ready(p)) continue;  // a batch is under way: it wakes the duty when it is through
//         RETURN_IF_ERROR(writer_.Write(p, FactsThatTheViewHasPending(engine().At(p))));
//       }
//       return when_the_next_alarm_is;
//     }
//     std::vector<admin::v1::Duty> Describe() const override { return standing_.All(); }
//   };

#include <absl/time/time.h>

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "kefu/admin/v1/duty.pb.h"
#include "platform/base/ids.h"
#include "platform/base/status.h"
#include "platform/base/time.h"
#include "platform/log/log.h"
#include "projections/engine/engine.h"

namespace kefu::duties {

// Wakes one sleeper. A wake that comes while nobody sleeps is kept for the next sleep. Thread-safe.
class Waker {
 public:
  void Wake();
  // Until woken, or for `at_most`.
  void Sleep(absl::Duration at_most);

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool woken_ = false;
};

// What duties work with. All must outlive the duty.
struct DutyContext {
  engine::Engine* engine = nullptr;
  log::EventLog* log = nullptr;
  // What "now" is: due times are compared with it, and recorded times are taken from it.
  Clock* clock = Clock::Real();
  // The duty's own; made by Duty. Held by callbacks that may outlive the duty.
  std::shared_ptr<Waker> waker;
};

// Concurrency: Step from one thread at a time; Describe from any.
class Duty {
 public:
  explicit Duty(const DutyContext& context);
  virtual ~Duty() = default;
  Duty(const Duty&) = delete;
  Duty& operator=(const Duty&) = delete;

  // The views whose changes wake it.
  virtual std::vector<std::string> views() const = 0;
  // Does what is to be done now, in pieces of well under a second, for a stop waits for it. Returns when to be called
  // again at the latest, by context().clock; InfiniteFuture if nothing is due. It is called at least every second, and
  // whenever one of views() changed or an append was answered. An error is logged, shown in `trouble`, and tried again.
  virtual StatusOr<absl::Time> Step() = 0;
  // How it stands, for DutyService: one entry a partition.
  virtual std::vector<admin::v1::Duty> Describe() const = 0;

  const DutyContext& context() const { return context_; }

 protected:
  engine::Engine& engine() const { return *context_.engine; }
  absl::Time Now() const { return context_.clock->Now(); }
  int32_t partitions() const { return context_.engine->partitions(); }
  // Step is called again soon. Thread-safe.
  void WakeUp() const { context_.waker->Wake(); }

 private:
  DutyContext context_;
};

// What Describe says, kept while stepping. Thread-safe.
class Standing {
 public:
  Standing(admin::v1::DutyKind kind, int32_t partitions);

  void Change(Partition partition, const std::function<void(admin::v1::Duty&)>& change);
  std::vector<admin::v1::Duty> All() const;

 private:
  mutable std::mutex mutex_;
  std::vector<admin::v1::Duty> duties_;
};

}  // namespace kefu::duties

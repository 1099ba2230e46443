#pragma once

// An engine over a log in memory that can be hurt, for tests of duties.

#include <absl/time/clock.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "platform/base/files.h"
#include "platform/base/hash.h"
#include "platform/event/broadcast.h"
#include "platform/event/record.h"
#include "platform/testkit/events.h"
#include "platform/testkit/memory_log.h"
#include "projections/catalogue.h"
#include "projections/engine/engine.h"
#include "services/clock/duty.h"

namespace kefu::duties {

// One seed a test run, printed when something fails; KEFU_SEED repeats it.
inline uint64_t Seed() {
  const char* given = std::getenv("KEFU_SEED");
  return given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device()();
}

inline absl::Time Soon() { return absl::Now() + absl::Seconds(20); }

class HandClock final : public Clock {
 public:
  absl::Time Now() override { return now_; }
  void Move(absl::Duration by) { now_ += by; }

 private:
  absl::Time now_ = testkit::Beginning() + absl::Hours(24 * 365);
};

// A log as one process sees it, until that process dies at a chosen append. Thread-safe as far as its log is.
class MortalLog final : public log::EventLog {
 public:
  enum class Death {
    kBeforeAppend,  // nothing was stored
    kAfterAppend,   // all was stored, and nobody heard of it
    kHalfway,       // the first records were stored
  };
  explicit MortalLog(log::EventLog& log) : log_(log) {}

  // Dies at the `nth` append from now on (1 is the next one).
  void DieAt(int nth, Death how) {
    dies_at_ = nth;
    how_ = how;
  }
  bool dead() const { return dead_; }
  int appends() const { return appends_; }
  // What an append stores, where it is not what it was given: for controls.
  void Distort(std::function<void(std::vector<log::AppendRecord>&)> distort) { distort_ = std::move(distort); }

  const log::LogIdentity& identity() const override { return log_.identity(); }
  void Append(Partition partition, std::vector<log::AppendRecord> records, log::AppendCallback done) override {
    if (dead_) return;
    ++appends_;
    if (distort_) distort_(records);
    if (--dies_at_ != 0) return log_.Append(partition, std::move(records), std::move(done));
    dead_ = true;
    if (how_ == Death::kBeforeAppend) return;
    if (how_ == Death::kHalfway) records.resize(records.size() / 2);
    if (!records.empty()) log_.Append(partition, std::move(records), [](const StatusOr<Offset>&) {});
  }
  StatusOr<std::unique_ptr<log::LogReader>> OpenReader(std::vector<log::ReadFrom> from) override {
    return log_.OpenReader(std::move(from));
  }
  StatusOr<Offset> EndOffset(Partition partition) override { return log_.EndOffset(partition); }
  StatusOr<std::string> ReadOne(Partition partition, Offset offset) override {
    return log_.ReadOne(partition, offset);
  }
  Status Health() override { return log_.Health(); }

 private:
  log::EventLog& log_;
  int dies_at_ = 0;
  Death how_ = Death::kBeforeAppend;
  bool dead_ = false;
  int appends_ = 0;
  std::function<void(std::vector<log::AppendRecord>&)> distort_;
};

// An engine over `log`, with all views or some.
class Node {
 public:
  explicit Node(log::EventLog& log, const std::vector<const sdk::Projection*>& views = projections::Catalogue())
      : log_(log) {
    engine::EngineOptions options;
    options.directory = directory_.path();
    options.reserve_bytes = 0;
    options.threads = 1;
    auto opened = engine::Engine::Open(options, log, views);
    EXPECT_TRUE(opened.ok()) << ToString(opened.status());
    engine_ = *std::move(opened);
    EXPECT_TRUE(engine_->Start().ok());
  }
  ~Node() { engine_->Stop(); }

  engine::Engine& engine() { return *engine_; }
  DutyContext Context(log::EventLog& log, Clock& clock) {
    return {engine_.get(), &log, &clock, std::make_shared<Waker>()};
  }
  void CatchUp() {
    for (int32_t p = 0; p < log_.partitions(); ++p)
      ASSERT_TRUE(engine_->WaitFor(Partition(p), *log_.EndOffset(Partition(p)), Soon()).ok()) << p;
  }

 private:
  TempDirectory directory_;
  log::EventLog& log_;
  std::unique_ptr<engine::Engine> engine_;
};

// As a door records an event: by its client, or stamped in partition 0.
inline Offset Record(testkit::MemoryLog& log, events::v1::Event event, absl::Time recorded_at) {
  const bool is_broadcast = event::IsBroadcast(event.body_case());
  if (is_broadcast) event.mutable_broadcast()->set_partitions(log.partitions());
  const Partition partition =
      is_broadcast ? event::kHomeOfBroadcasts : Partition(PartitionForKey(event.client_id(), log.partitions()));
  return log.Put(partition, event::RecordedBytes(event, recorded_at));
}

inline events::v1::Event UnitNamed(int number, std::string_view parent = "") {
  return testkit::Finish(testkit::Draft().Client("").With([&](events::v1::Event& event) {
                           auto* unit = event.mutable_unit_published();
                           unit->set_unit_id(fmt::format("U-{}", number));
                           unit->set_name(fmt::format("unit {}", number));
                           unit->set_level(events::v1::UNIT_LEVEL_BRANCH);
                           unit->set_parent_unit_id(std::string(parent));
                         }),
                         number);
}

}  // namespace kefu::duties

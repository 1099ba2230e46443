#pragma once

// An engine over a memory log, for the engine's own tests.

#include <absl/time/clock.h>
#include <gtest/gtest.h>

#include <map>

#include "platform/base/hash.h"
#include "platform/testkit/history.h"
#include "platform/testkit/memory_log.h"
#include "projections/engine/test_views.h"

namespace kefu::engine {

inline absl::Time Soon() { return absl::Now() + absl::Seconds(20); }

// Records each event in its client's partition, a second after the other.
inline void Fill(testkit::MemoryLog& log, const std::vector<events::v1::Event>& history, int64_t first_second = 0) {
  int64_t second = first_second;
  for (const events::v1::Event& event : history)
    log.Put(Partition(PartitionForKey(event.client_id(), log.partitions())),
            testkit::Recorded(event, testkit::Beginning() + absl::Seconds(second++)));
}

inline std::vector<events::v1::Event> History(uint64_t seed, int events) {
  return testkit::RandomHistory({.seed = seed, .clients = 40, .events = events});
}

inline events::v1::Event ContactOf(std::string_view client, int i, std::string_view outcome = "") {
  events::v1::Event event = Finish(testkit::NoteFor(client, i), i);
  event.mutable_contact_recorded()->mutable_outcome()->set_value(std::string(outcome));
  return event;
}

struct Running {
  std::unique_ptr<Engine> engine;

  Running(testkit::MemoryLog& log, const std::string& directory, std::vector<const sdk::Projection*> views,
          EngineOptions options = {}) {
    options.directory = directory;
    options.reserve_bytes = 0;
    auto opened = Engine::Open(options, log, views);
    EXPECT_TRUE(opened.ok()) << ToString(opened.status());
    engine = std::move(*opened);
    EXPECT_TRUE(engine->Start().ok());
  }

  void CatchUp(testkit::MemoryLog& log) {
    for (int32_t p = 0; p < log.partitions(); ++p)
      ASSERT_TRUE(engine->WaitFor(Partition(p), *log.EndOffset(Partition(p)), Soon()).ok());
  }

  std::string DigestOf(std::string_view view) {
    std::string all;
    for (int32_t p = 0; p < engine->partitions(); ++p) all += engine->Digest(view, Partition(p))->digest() + "\n";
    return all;
  }

  std::map<std::string, std::string> Digests() {
    std::map<std::string, std::string> digests;
    for (const auto* view : engine->projections()) digests[std::string(view->name)] = DigestOf(view->name);
    return digests;
  }

  admin::v1::View Described(std::string_view view) {
    for (auto& each : engine->Describe())
      if (each.name() == fmt::format("views/{}", view)) return each;
    ADD_FAILURE() << view;
    return {};
  }

  // Until the described view satisfies `what`; false if it does not in time.
  template <class What>
  bool Eventually(std::string_view view, What what) {
    for (const absl::Time end = Soon(); absl::Now() < end; absl::SleepFor(absl::Milliseconds(5)))
      if (what(Described(view))) return true;
    return false;
  }
};

}  // namespace kefu::engine

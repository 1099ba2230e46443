#pragma once

// The lines of projections/admission/testdata/rules.txt and its like through a real log and the engine.

#include <absl/time/clock.h>
#include <gtest/gtest.h>

#include <map>

#include "platform/base/files.h"
#include "platform/log/log.h"
#include "platform/testkit/events.h"
#include "projections/admission/rules_table_testing.h"
#include "projections/engine/engine.h"

namespace kefu {

// The stories, each with what the engine takes to admission: a line without a body would stop the partition.
using Stories = std::map<std::string, std::vector<admission::RuleLine>>;
inline Stories RuleStories() {
  Stories stories;
  for (auto& line : admission::ReadAllRuleLines())
    if (line.event.body_case() != events::v1::Event::BODY_NOT_SET) stories[line.story].push_back(std::move(line));
  return stories;
}

// Each story in a partition of its own, so that each begins with nothing. `log` is empty and has enough partitions.
inline void ExpectVerdictsAsTold(log::EventLog& log, const Stories& stories) {
  ASSERT_GE(log.partitions(), static_cast<int32_t>(stories.size()));
  const absl::Time deadline = absl::Now() + absl::Seconds(60);
  int32_t number = 0;
  for (const auto& [story, lines] : stories) {
    std::vector<log::AppendRecord> records;
    for (const auto& line : lines)
      records.push_back({line.event.client_id(), testkit::Recorded(line.event, testkit::Beginning())});
    ASSERT_TRUE(log::AppendAndWait(log, Partition(number++), std::move(records), deadline).ok()) << story;
  }
  const TempDirectory directory;
  engine::EngineOptions options;
  options.directory = directory.path();
  options.reserve_bytes = 0;
  auto engine = engine::Engine::Open(options, log, {});
  ASSERT_TRUE(engine.ok()) << ToString(engine.status());
  ASSERT_TRUE((*engine)->Start().ok());
  number = 0;
  for (const auto& [story, lines] : stories) {
    const Partition partition(number++);
    ASSERT_TRUE((*engine)->WaitFor(partition, Offset(static_cast<int64_t>(lines.size())), deadline).ok()) << story;
    for (size_t i = 0; i < lines.size(); ++i) {
      const auto verdict = (*engine)->VerdictAt(partition, Offset(static_cast<int64_t>(i)));
      ASSERT_TRUE(verdict.ok()) << ToString(verdict.status());
      const std::string told = verdict->outcome() == events::v1::VERDICT_OUTCOME_APPLIED     ? "applied"
                               : verdict->outcome() == events::v1::VERDICT_OUTCOME_DUPLICATE ? "duplicate"
                                                                                             : verdict->rule();
      EXPECT_EQ(told, lines[i].verdict) << lines[i].place << ", " << story;
    }
  }
  (*engine)->Stop();
}

}  // namespace kefu

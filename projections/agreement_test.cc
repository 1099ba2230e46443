// Two implementations, written apart, of what a view is: the engine on its store, and rows in a map. They must agree on
// every row and every index entry.

#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include "platform/base/files.h"
#include "platform/testkit/view_run.h"
#include "projections/catalogue.h"
#include "projections/engine/running.h"

namespace kefu::projections {
namespace {

using testkit::Delivery;
using Entries = std::vector<std::pair<std::string, std::string>>;

std::string Text(const std::vector<std::string>& parts) { return fmt::format("{}", fmt::join(parts, ", ")); }

Entries InEngine(const engine::Engine& engine, std::string_view view, std::string_view table,
                 std::vector<std::string> (*describe)(std::string_view)) {
  Entries entries;
  const auto partition = engine.At(Partition(0));
  const auto cursor = partition->Scan(view, table, "", "");
  EXPECT_TRUE(cursor.ok()) << ToString(cursor.status());
  if (!cursor.ok()) return entries;
  for (; (*cursor)->Valid(); (*cursor)->Next())
    entries.emplace_back(Text(describe((*cursor)->key())), (*cursor)->value());
  return entries;
}

Entries InMemory(testkit::ViewRun& run, const sdk::TableInfo& table) {
  Entries entries;
  if (table.prototype == nullptr) {
    for (const auto& [key, value] : run.view().RawRows(table.name))
      entries.emplace_back(Text(table.describe(key)), value);
  } else {
    for (const auto& [key, row] : run.view().Rows(table.name))
      entries.emplace_back(Text(table.describe(key)), row->SerializeAsString());
  }
  return entries;
}

std::vector<std::string> KeysOf(const Entries& entries) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : entries) keys.push_back(key);
  return keys;
}

TEST(Agreement, TheEngineAndTheDriverHoldTheSameRowsAndEntries) {
  for (const uint64_t seed : {61, 62, 63}) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    testkit::MemoryLog log(1);
    std::vector<Delivery> deliveries;
    // Few clients: long histories, many open cases, many repeats of one row in a batch.
    for (auto& event : testkit::RandomHistory({.seed = seed, .clients = 6, .events = 3000})) {
      Delivery delivery{event, {}, Offset(static_cast<int64_t>(deliveries.size())), {}};
      delivery.recorded_at = testkit::Beginning() + absl::Seconds(deliveries.size());
      delivery.bytes = testkit::Recorded(event, delivery.recorded_at);
      ASSERT_TRUE(delivery.event.ParseFromString(delivery.bytes));
      ASSERT_EQ(log.Put(Partition(0), delivery.bytes), delivery.offset);
      deliveries.push_back(std::move(delivery));
    }
    const TempDirectory directory;
    engine::Running running(log, directory.path(), Catalogue(), {.max_batch_events = static_cast<int>(seed)});
    running.CatchUp(log);
    for (const auto* view : Catalogue()) {
      testkit::ViewRun run(*view);
      for (const Delivery& delivery : deliveries) run.Deliver(delivery);
      EXPECT_TRUE(run.parked().empty());
      for (const auto& table : view->tables) {
        EXPECT_FALSE(InMemory(run, table).empty()) << view->name << " " << table.name;
        EXPECT_EQ(InEngine(*running.engine, view->name, table.name, table.describe), InMemory(run, table))
            << view->name << " " << table.name;
        for (const auto& index : table.indexes)
          EXPECT_EQ(KeysOf(InEngine(*running.engine, view->name, index.name, index.describe)),
                    run.view().IndexLines(index.name))
              << view->name << " " << index.name;
      }
    }
  }
}

}  // namespace
}  // namespace kefu::projections

// The tree as the engine keeps it: in batches, over restarts, built anew, and over records that are no events.

#include <gtest/gtest.h>

#include "platform/base/files.h"
#include "platform/merkle/merkle_testing.h"
#include "platform/testkit/client_events.h"
#include "projections/engine/running.h"
#include "projections/tree/reading.h"
#include "projections/tree/tree.h"

namespace kefu::tree {
namespace {

using engine::Running;

GetRow RowsOf(const engine::Engine& engine, Partition partition) {
  return [view = engine.At(partition)](std::string_view table,
                                       std::string_view key) -> StatusOr<std::optional<std::string>> {
    store::PinnedValue row;
    ASSIGN_OR_RETURN(const bool found, view->Get(TreeView::kName, table, key, &row));
    if (!found) return std::nullopt;
    return std::string(row.view());
  };
}

// Everything the log has, by the plain definition.
merkle::Hash RootOfLog(testkit::MemoryLog& log, Partition partition) {
  std::vector<merkle::Hash> leaves;
  for (Offset at(0); at < *log.EndOffset(partition); at = at.Next())
    leaves.push_back(merkle::LeafHash(*log.ReadOne(partition, at)));
  return merkle::PlainRoot(leaves, 0, leaves.size());
}

void ExpectTreeOf(testkit::MemoryLog& log, const engine::Engine& engine) {
  for (int32_t p = 0; p < log.partitions(); ++p) {
    const auto reading = Reading::Open(RowsOf(engine, Partition(p)));
    ASSERT_TRUE(reading.ok()) << ToString(reading.status());
    EXPECT_EQ(reading->next_offset(), *log.EndOffset(Partition(p)));
    const auto root = merkle::Root(reading->size(), reading->Hashes());
    ASSERT_TRUE(root.ok()) << ToString(root.status());
    EXPECT_EQ(Hex(*root), Hex(RootOfLog(log, Partition(p)))) << "partition " << p;
  }
}

// Two partitions of a history with duplicates, refused events, and bytes that are none.
void FillAll(testkit::MemoryLog& log) {
  engine::Fill(log, engine::History(5, 1'500));
  for (int32_t p = 0; p < log.partitions(); ++p) {
    const Partition partition(p);
    log.Put(partition, *log.ReadOne(partition, Offset(3)));
    log.Put(partition, "\xff\xff no event");
  }
  engine::Fill(log, engine::History(6, 700), 10'000);
}

TEST(TreeInEngine, HoldsEveryRecordOfTheLog) {
  testkit::MemoryLog log(2);
  FillAll(log);
  const TempDirectory directory;
  Running running(log, directory.path(), {&sdk::Describe<TreeView>()});
  running.CatchUp(log);
  ExpectTreeOf(log, *running.engine);
}

TEST(TreeInEngine, IsTheSameInBatchesOfAnySizeAndAfterRestarts) {
  testkit::MemoryLog log(2);
  FillAll(log);
  std::string digest;
  for (const int batch : {1'000'000, 300, 7}) {
    SCOPED_TRACE(batch);
    const TempDirectory directory;
    Running running(log, directory.path(), {&sdk::Describe<TreeView>()}, {.max_batch_events = batch});
    running.CatchUp(log);
    ExpectTreeOf(log, *running.engine);
    if (digest.empty()) digest = running.DigestOf("tree");
    EXPECT_EQ(running.DigestOf("tree"), digest);
  }
  testkit::MemoryLog piecewise(2);
  const TempDirectory directory;
  std::vector<Offset> done(2);
  while (done[0] < *log.EndOffset(Partition(0)) || done[1] < *log.EndOffset(Partition(1))) {
    for (int32_t p = 0; p < 2; ++p)
      for (int i = 0; i < 333 && done[p] < *log.EndOffset(Partition(p)); ++i, done[p] = done[p].Next())
        piecewise.Put(Partition(p), *log.ReadOne(Partition(p), done[p]));
    Running running(piecewise, directory.path(), {&sdk::Describe<TreeView>()});
    running.CatchUp(piecewise);
    ExpectTreeOf(piecewise, *running.engine);
    if (done[0] == *log.EndOffset(Partition(0)) && done[1] == *log.EndOffset(Partition(1))) {
      EXPECT_EQ(running.DigestOf("tree"), digest);
    }
  }
}

TEST(TreeInEngine, BuiltAnewItHasTheSameRows) {
  testkit::MemoryLog log(2);
  FillAll(log);
  const TempDirectory directory;
  Running running(log, directory.path(), {&sdk::Describe<TreeView>()});
  running.CatchUp(log);
  const std::string before = running.DigestOf("tree");
  ASSERT_TRUE(running.engine->Rebuild("tree").ok());
  ASSERT_TRUE(running.Eventually("tree", [](const admin::v1::View& view) {
    return !view.has_rebuild() && view.state() == admin::v1::VIEW_STATE_LIVE;
  }));
  EXPECT_EQ(running.DigestOf("tree"), before);
  ExpectTreeOf(log, *running.engine);
}

// A control: a log with one record changed has another tree.
TEST(TreeInEngine, OfAChangedLogIsAnother) {
  testkit::MemoryLog log(1);
  engine::Fill(log, engine::History(5, 400));
  const TempDirectory directory, other;
  std::string digest;
  {
    Running running(log, directory.path(), {&sdk::Describe<TreeView>()});
    running.CatchUp(log);
    digest = running.DigestOf("tree");
  }
  log.Replace(Partition(0), Offset(100), *log.ReadOne(Partition(0), Offset(99)));
  Running running(log, other.path(), {&sdk::Describe<TreeView>()});
  running.CatchUp(log);
  EXPECT_NE(running.DigestOf("tree"), digest);
  ExpectTreeOf(log, *running.engine);
}

}  // namespace
}  // namespace kefu::tree

// Copies of a partition's store, from which another engine goes on.

#include "projections/engine/copies.h"

#include <filesystem>

#include "platform/base/files.h"
#include "platform/store/copy.h"
#include "projections/catalogue.h"
#include "projections/engine/running.h"

namespace kefu::engine {
namespace {

using testkit::MemoryLog;

const std::vector<const sdk::Projection*>& CountViews() {
  static const std::vector<const sdk::Projection*> views{&sdk::Describe<CountView>()};
  return views;
}

class CopiesTest : public testing::Test {
 protected:
  std::string Path(const std::string& name) const { return directory_.path() + "/" + name; }
  // Every partition copied below `name`, and made ready.
  std::vector<StoreCopy> CopyAll(Engine& engine, const std::string& name) {
    std::filesystem::create_directories(Path(name));
    std::vector<StoreCopy> copies;
    for (int32_t p = 0; p < engine.partitions(); ++p) {
      const std::string folder = StoreFolder(Path(name), Partition(p));
      auto copy = CopierOf(engine)->CopyStore(Partition(p), folder);
      EXPECT_TRUE(copy.ok()) << ToString(copy.status());
      if (!copy.ok()) continue;
      const auto place = PrepareCopy(folder, engine.log_identity(), Partition(p), copy->tables, {});
      EXPECT_TRUE(place.ok()) << ToString(place.status());
      EXPECT_EQ(place.value_or(Place()).next, copy->place.next);
      copies.push_back(*std::move(copy));
    }
    return copies;
  }
  StatusOr<StoreCopy> CopyFirst(Engine& engine, const std::string& name) {
    return CopierOf(engine)->CopyStore(Partition(0), Path(name));
  }

  const TempDirectory directory_;
};

TEST_F(CopiesTest, AnEngineGoesOnFromACopyAsTheOneThatWasCopiedDid) {
  MemoryLog log(2);
  Fill(log, History(3, 400));
  Running first(log, Path("first"), projections::Catalogue());
  first.CatchUp(log);
  const auto copies = CopyAll(*first.engine, "copy");
  ASSERT_EQ(copies.size(), 2U);
  for (int32_t p = 0; p < 2; ++p) {
    EXPECT_EQ(copies[static_cast<size_t>(p)].place.next, *log.EndOffset(Partition(p)));
    EXPECT_EQ(copies[static_cast<size_t>(p)].tables, CopierOf(*first.engine)->TablesServing(Partition(p)));
  }
  Fill(log, History(4, 400), 400);
  first.CatchUp(log);
  Running second(log, Path("copy"), projections::Catalogue());
  EXPECT_EQ(second.engine->At(Partition(0))->next_offset("client"), copies[0].place.next);
  second.CatchUp(log);
  EXPECT_EQ(second.Digests(), first.Digests());
  // Those of before the copy came with it.
  for (int32_t p = 0; p < 2; ++p) {
    const Offset end = *log.EndOffset(Partition(p));
    const auto judged = second.engine->VerdictsBetween(Partition(p), Offset(0), end);
    const auto judged_first = first.engine->VerdictsBetween(Partition(p), Offset(0), end);
    ASSERT_TRUE(judged.ok() && judged_first.ok());
    ASSERT_EQ(judged->size(), judged_first->size());
    EXPECT_LT(judged->front().first, copies[static_cast<size_t>(p)].place.next);
    for (size_t i = 0; i < judged->size(); ++i) {
      EXPECT_EQ((*judged)[i].first, (*judged_first)[i].first);
      EXPECT_EQ((*judged)[i].second.SerializeAsString(), (*judged_first)[i].second.SerializeAsString());
    }
  }
}

// Rebuilt beside the one that serves, and kept for a while after the switch: neither is of the copy.
TEST_F(CopiesTest, ACopyHoldsWhatServesAndNothingElse) {
  MemoryLog log(1);
  Fill(log, History(3, 100));
  Running running(log, Path("first"), CountViews());
  running.CatchUp(log);
  ASSERT_TRUE(running.engine->Rebuild("count").ok());
  ASSERT_TRUE(running.Eventually("count", [](const auto& view) { return !view.has_rebuild(); }));
  const auto copies = CopyAll(*running.engine, "copy");
  ASSERT_EQ(copies.size(), 1U);
  EXPECT_EQ(copies[0].tables, (std::vector<std::string>{CopierOf(*running.engine)->TablesServing(Partition(0))}));
  EXPECT_NE(std::find(copies[0].tables.begin(), copies[0].tables.end(), "count@1.1"), copies[0].tables.end());
  auto store = store::Store::Open({Path("copy/p0"), store::MakeSharedResources({}), 0});
  ASSERT_TRUE(store.ok()) << ToString(store.status());
  for (const std::string& table : (*store)->TableNames()) EXPECT_NE(table, "count@1.0");
}

TEST_F(CopiesTest, AViewThatIsNotOfThisVersionIsNotCopied) {
  MemoryLog log(1);
  Fill(log, History(3, 100));
  {
    Running running(log, Path("first"), CountViews());
    running.CatchUp(log);
  }
  std::unique_lock<std::mutex> held(Gate());
  Running running(log, Path("first"), {&sdk::Describe<CountViewV2>()});
  const auto refused = CopyFirst(*running.engine, "copy");
  held.unlock();
  EXPECT_EQ(refused.status().code(), StatusCode::kFailedPrecondition) << ToString(refused.status());
  EXPECT_FALSE(std::filesystem::exists(Path("copy")));
  ASSERT_TRUE(running.Eventually("count", [](const auto& view) { return !view.has_rebuild(); }));
  EXPECT_TRUE(CopyFirst(*running.engine, "copy").ok()) << "it serves in this version now";
}

// A fold of the log would leave them parked.
TEST_F(CopiesTest, WhereParkedEventsWereAppliedOutOfTurnNothingIsCopied) {
  MemoryLog log(1);
  Medicine() = false;
  log.Put(Partition(0), testkit::Recorded(ContactOf("C-1", 1, "poison"), testkit::Beginning()));
  Running running(log, Path("first"), CountViews());
  running.CatchUp(log);
  EXPECT_EQ(running.engine->RetryParked("count", "")->applied, 0);
  EXPECT_TRUE(CopyFirst(*running.engine, "parked").ok()) << "parked as a fold parks it";
  Medicine() = true;
  EXPECT_EQ(running.engine->RetryParked("count", "")->applied, 1);
  EXPECT_EQ(CopyFirst(*running.engine, "copy").status().code(), StatusCode::kFailedPrecondition);
  ASSERT_TRUE(running.engine->Rebuild("count").ok());
  ASSERT_TRUE(running.Eventually("count", [](const auto& view) { return !view.has_rebuild(); }));
  EXPECT_TRUE(CopyFirst(*running.engine, "copy").ok()) << "built anew in the order of the log";
}

TEST_F(CopiesTest, WhatIsNoCopyOfThisPartitionIsRefused) {
  MemoryLog log(2);
  Fill(log, History(3, 100));
  Running running(log, Path("first"), CountViews());
  running.CatchUp(log);
  const auto copy = CopyFirst(*running.engine, "copy");
  ASSERT_TRUE(copy.ok()) << ToString(copy.status());
  const auto prepared = [&](const std::string& name, int32_t partition, std::string_view log_id,
                            std::vector<std::string> tables) {
    EXPECT_TRUE(store::CopyClosedStore(Path("copy"), Path(name)).ok());
    log::LogIdentity identity = log.identity();
    if (!log_id.empty()) identity.id = log_id;
    return PrepareCopy(Path(name), identity, Partition(partition), tables, {}).status().code();
  };
  EXPECT_EQ(prepared("control", 0, "", copy->tables), StatusCode::kOk);
  EXPECT_EQ(prepared("a", 1, "", copy->tables), StatusCode::kFailedPrecondition);
  EXPECT_EQ(prepared("b", 0, "another log", copy->tables), StatusCode::kFailedPrecondition);
  std::vector<std::string> more = copy->tables;
  more.emplace_back("client@1.0");
  EXPECT_EQ(prepared("c", 0, "", more), StatusCode::kDataLoss);
  EXPECT_EQ(PrepareCopy(Path("nothing"), log.identity(), Partition(0), copy->tables, {}).status().code(),
            StatusCode::kDataLoss);
}

}  // namespace
}  // namespace kefu::engine

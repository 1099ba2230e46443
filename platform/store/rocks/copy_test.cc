// Copies of a store that is written meanwhile.

#include "platform/store/copy.h"

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "platform/base/files.h"

namespace kefu::store {
namespace {

std::unique_ptr<Store> OpenAt(const std::string& directory, int64_t reserve = 0) {
  auto store = Store::Open({directory, MakeSharedResources({}), reserve});
  EXPECT_TRUE(store.ok()) << ToString(store.status());
  return std::move(store).value();
}

void PutOne(Store& store, TableId table, std::string_view key, std::string_view value) {
  const auto batch = store.NewBatch();
  batch->Put(table, key, value);
  ASSERT_TRUE(store.Write(*batch).ok());
}

std::string ValueOf(Store& store, TableId table, std::string_view key) {
  PinnedValue value;
  return *store.Get(table, key, &value) ? std::string(value.view()) : "none";
}

std::vector<std::string> EntriesOf(const Snapshot& snapshot, TableId table) {
  std::vector<std::string> entries;
  for (const auto cursor = snapshot.Scan(table, "", ""); cursor->Valid(); cursor->Next())
    entries.push_back(std::string(cursor->key()) + "=" + std::string(cursor->value()));
  return entries;
}

class CopyTest : public testing::Test {
 protected:
  std::string Path(const std::string& name) const { return directory_.path() + "/" + name; }
  const TempDirectory directory_;
};

TEST_F(CopyTest, ACopyAndItsOriginalGoTheirOwnWays) {
  const auto store = OpenAt(Path("store"));
  const TableId table = *store->OpenTable("rows", TableKind::kRows);
  PutOne(*store, table, "a", "before");
  const auto snapshot = CopyStore(*store, Path("copy"));
  ASSERT_TRUE(snapshot.ok()) << ToString(snapshot.status());
  PutOne(*store, table, "a", "after");
  EXPECT_EQ(EntriesOf(**snapshot, table), std::vector<std::string>{"a=before"});

  ASSERT_TRUE(CopyClosedStore(Path("copy"), Path("below/second")).ok());
  {
    const auto second = OpenAt(Path("below/second"));
    const TableId rows = *second->OpenTable("rows", TableKind::kRows);
    EXPECT_EQ(ValueOf(*second, rows, "a"), "before");
    PutOne(*second, rows, "a", "of the second");
    ASSERT_TRUE(second->Flush().ok());
  }
  const auto copy = OpenAt(Path("copy"));
  EXPECT_EQ(ValueOf(*copy, *copy->OpenTable("rows", TableKind::kRows), "a"), "before");
  EXPECT_EQ(ValueOf(*store, table, "a"), "after");
}

TEST_F(CopyTest, FilesThatNeverChangeAreShared) {
  const auto store = OpenAt(Path("store"));
  PutOne(*store, *store->OpenTable("rows", TableKind::kRows), "a", "b");
  ASSERT_TRUE(CopyStore(*store, Path("copy")).ok());
  ASSERT_TRUE(CopyClosedStore(Path("copy"), Path("second")).ok());
  int shared = 0;
  for (const auto& file : std::filesystem::directory_iterator(Path("second"))) {
    if (file.path().extension() != ".sst") continue;
    ++shared;
    EXPECT_EQ(std::filesystem::hard_link_count(file.path()), 3U) << file.path();
  }
  EXPECT_GT(shared, 0);
}

// Each batch gives two tables the same number, now as sorted files, now through the log: no copy has two numbers.
TEST_F(CopyTest, EachCopyIsWhatWasWrittenUpToOneMoment) {
  const auto store = OpenAt(Path("store"));
  const TableId rows = *store->OpenTable("rows", TableKind::kRows);
  const TableId archive = *store->OpenTable("archive", TableKind::kArchive);
  std::atomic<bool> done{false};
  std::thread writer([&] {
    for (int i = 0; !done; ++i) {
      const auto batch = i % 2 == 0 ? store->NewBulkBatch() : store->NewBatch();
      batch->Put(rows, "n", std::to_string(i));
      batch->Put(archive, "n", std::to_string(i));
      EXPECT_TRUE(store->Write(*batch).ok());
    }
  });
  for (int copy = 0; copy < 8; ++copy) {
    const std::string path = Path("copy" + std::to_string(copy));
    const auto snapshot = CopyStore(*store, path);
    ASSERT_TRUE(snapshot.ok()) << ToString(snapshot.status());
    const auto opened = OpenAt(path);
    const auto copied = opened->TakeSnapshot();
    const auto of_rows = EntriesOf(*copied, *opened->OpenTable("rows", TableKind::kRows));
    EXPECT_EQ(of_rows, EntriesOf(*copied, *opened->OpenTable("archive", TableKind::kArchive)));
    EXPECT_EQ(of_rows, EntriesOf(**snapshot, rows));
  }
  done = true;
  writer.join();
}

TEST_F(CopyTest, WithoutRoomNothingIsLeft) {
  const auto store = OpenAt(Path("store"), INT64_MAX);
  EXPECT_EQ(CopyStore(*store, Path("copy")).status().code(), StatusCode::kResourceExhausted);
  EXPECT_FALSE(std::filesystem::exists(Path("copy")));
  EXPECT_FALSE(CopyClosedStore(Path("none"), Path("second")).ok());
  EXPECT_FALSE(std::filesystem::exists(Path("second")));
}

}  // namespace
}  // namespace kefu::store

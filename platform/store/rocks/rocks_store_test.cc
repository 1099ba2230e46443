#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "platform/base/files.h"
#include "platform/store/store.h"

namespace kefu::store {
namespace {

std::unique_ptr<Store> OpenAt(const std::string& directory) {
  auto store = Store::Open({directory, MakeSharedResources({}), 0});
  EXPECT_TRUE(store.ok()) << ToString(store.status());
  return std::move(store).value();
}

void Put(Store& store, TableId table, std::string_view key, std::string_view value) {
  auto batch = store.NewBatch();
  batch->Put(table, key, value);
  ASSERT_TRUE(store.Write(*batch).ok());
}

std::vector<std::string> Keys(std::unique_ptr<Cursor> cursor) {
  std::vector<std::string> keys;
  for (; cursor->Valid(); cursor->Next()) keys.emplace_back(cursor->key());
  EXPECT_TRUE(cursor->status().ok());
  return keys;
}

TEST(RocksStore, ABatchOverTwoTablesIsThereAfterReopening) {
  const TempDirectory directory;
  {
    auto store = OpenAt(directory.path());
    const TableId rows = *store->OpenTable("rows", TableKind::kRows);
    const TableId archive = *store->OpenTable("archive", TableKind::kArchive);
    auto batch = store->NewBatch();
    batch->Put(rows, "a", "1");
    batch->Put(archive, "b", "2");
    ASSERT_TRUE(store->Write(*batch).ok());
  }
  auto store = OpenAt(directory.path());
  EXPECT_THAT(store->TableNames(), testing::UnorderedElementsAre("rows", "archive"));
  PinnedValue value;
  EXPECT_TRUE(*store->Get(*store->OpenTable("archive", TableKind::kArchive), "b", &value));
  EXPECT_EQ(value.view(), "2");
  EXPECT_FALSE(*store->Get(*store->OpenTable("rows", TableKind::kRows), "b", &value));
}

TEST(RocksStore, ASnapshotStaysAsItWas) {
  const TempDirectory directory;
  auto store = OpenAt(directory.path());
  const TableId rows = *store->OpenTable("rows", TableKind::kRows);
  Put(*store, rows, "a", "old");
  const auto snapshot = store->TakeSnapshot();
  Put(*store, rows, "a", "new");
  Put(*store, rows, "b", "new");
  PinnedValue value;
  EXPECT_TRUE(*snapshot->Get(rows, "a", &value));
  EXPECT_EQ(value.view(), "old");
  EXPECT_THAT(Keys(snapshot->Scan(rows, "", "")), testing::ElementsAre("a"));
  EXPECT_TRUE(*store->Get(rows, "a", &value));
  EXPECT_EQ(value.view(), "new");
}

TEST(RocksStore, ScansWithinBoundsBothWays) {
  const TempDirectory directory;
  auto store = OpenAt(directory.path());
  const TableId rows = *store->OpenTable("rows", TableKind::kRows);
  for (const char* key : {"a", "b", "c", "d"}) Put(*store, rows, key, "");
  const auto snapshot = store->TakeSnapshot();
  EXPECT_THAT(Keys(snapshot->Scan(rows, "b", "d")), testing::ElementsAre("b", "c"));
  EXPECT_THAT(Keys(snapshot->Scan(rows, "b", "d", Order::kDescending)), testing::ElementsAre("c", "b"));
  EXPECT_THAT(Keys(snapshot->Scan(rows, "", "", Order::kDescending)), testing::ElementsAre("d", "c", "b", "a"));
  EXPECT_THAT(Keys(snapshot->Scan(rows, "e", "")), testing::IsEmpty());
}

TEST(RocksStore, ManyKeysAtOnce) {
  const TempDirectory directory;
  auto store = OpenAt(directory.path());
  const TableId rows = *store->OpenTable("rows", TableKind::kRows);
  Put(*store, rows, "a", "1");
  Put(*store, rows, "c", "3");
  std::vector<PinnedValue> values;
  std::vector<bool> found;
  ASSERT_TRUE(store->MultiGet(rows, {"a", "b", "c"}, &values, &found).ok());
  EXPECT_THAT(found, testing::ElementsAre(true, false, true));
  EXPECT_EQ(values[0].view(), "1");
  EXPECT_EQ(values[2].view(), "3");
}

TEST(RocksStore, ABulkBatchOverTwoTablesIsThereAfterReopeningAndOlderSnapshotsDoNotSeeIt) {
  const TempDirectory directory;
  {
    auto store = OpenAt(directory.path());
    const TableId rows = *store->OpenTable("rows", TableKind::kRows);
    const TableId archive = *store->OpenTable("archive", TableKind::kArchive);
    Put(*store, rows, "a", "old");
    Put(*store, rows, "b", "goes");
    const auto before = store->TakeSnapshot();
    const auto bulk = store->NewBulkBatch();
    bulk->Put(rows, "a", "new");
    bulk->Put(archive, "x", "1");
    bulk->Delete(rows, "b");
    bulk->Put(rows, "c", "new");
    ASSERT_TRUE(store->Write(*bulk).ok());
    EXPECT_THAT(Keys(before->Scan(rows, "", "")), testing::ElementsAre("a", "b"));
    PinnedValue value;
    EXPECT_TRUE(*before->Get(rows, "a", &value));
    EXPECT_EQ(value.view(), "old");
    Put(*store, rows, "d", "after");
  }
  auto store = OpenAt(directory.path());
  const TableId rows = *store->OpenTable("rows", TableKind::kRows);
  EXPECT_THAT(Keys(store->TakeSnapshot()->Scan(rows, "", "")), testing::ElementsAre("a", "c", "d"));
  EXPECT_THAT(Keys(store->TakeSnapshot()->Scan(*store->OpenTable("archive", TableKind::kArchive), "", "")),
              testing::ElementsAre("x"));
  PinnedValue value;
  EXPECT_TRUE(*store->Get(rows, "a", &value));
  EXPECT_EQ(value.view(), "new");
}

TEST(RocksStore, ABulkBatchThatFailsOrIsDroppedLeavesNothing) {
  const TempDirectory directory;
  auto store = OpenAt(directory.path());
  const TableId rows = *store->OpenTable("rows", TableKind::kRows);
  const TableId archive = *store->OpenTable("archive", TableKind::kArchive);
  {
    const auto dropped = store->NewBulkBatch();
    dropped->Put(rows, "a", "1");
  }
  const auto disordered = store->NewBulkBatch();
  disordered->Put(archive, "x", "1");
  disordered->Put(rows, "b", "1");
  disordered->Put(rows, "a", "1");
  EXPECT_FALSE(store->Write(*disordered).ok());
  EXPECT_THAT(Keys(store->TakeSnapshot()->Scan(rows, "", "")), testing::IsEmpty());
  EXPECT_THAT(Keys(store->TakeSnapshot()->Scan(archive, "", "")), testing::IsEmpty());
  EXPECT_TRUE(std::filesystem::is_empty(directory.path() + "/bulk"));
  std::ofstream(directory.path() + "/bulk/left-by-a-crash") << "half a file";
  store.reset();
  store = OpenAt(directory.path());
  EXPECT_FALSE(std::filesystem::exists(directory.path() + "/bulk"));
}

TEST(RocksStore, ADroppedTableIsStillReadableInAnOlderSnapshotAndItsNameIsFree) {
  const TempDirectory directory;
  auto store = OpenAt(directory.path());
  const TableId old_rows = *store->OpenTable("rows", TableKind::kRows);
  Put(*store, old_rows, "a", "1");
  const auto snapshot = store->TakeSnapshot();
  ASSERT_TRUE(store->DropTable("rows").ok());
  EXPECT_THAT(store->TableNames(), testing::IsEmpty());
  PinnedValue value;
  EXPECT_TRUE(*snapshot->Get(old_rows, "a", &value));
  const TableId new_rows = *store->OpenTable("rows", TableKind::kRows);
  EXPECT_FALSE(*store->Get(new_rows, "a", &value));
}

TEST(RocksStore, TheReserveRefusesWritesAndReadsGoOn) {
  const TempDirectory directory;
  {
    auto store = OpenAt(directory.path());
    Put(*store, *store->OpenTable("rows", TableKind::kRows), "a", "1");
  }
  auto store = std::move(*Store::Open({directory.path(), MakeSharedResources({}), INT64_MAX}));
  const TableId rows = *store->OpenTable("rows", TableKind::kRows);
  auto batch = store->NewBatch();
  batch->Put(rows, "b", "2");
  EXPECT_EQ(store->Write(*batch).code(), StatusCode::kResourceExhausted);
  PinnedValue value;
  EXPECT_TRUE(*store->Get(rows, "a", &value));
  EXPECT_FALSE(*store->Get(rows, "b", &value));
}

TEST(RocksStore, ASecondOpenSaysWhoIsInTheWay) {
  const TempDirectory directory;
  auto store = OpenAt(directory.path());
  const Status second = Store::Open({directory.path(), MakeSharedResources({}), 0}).status();
  EXPECT_EQ(second.code(), StatusCode::kUnavailable);
  EXPECT_THAT(std::string(MessageOf(second)), testing::HasSubstr("in use"));
}

TEST(RocksStore, DamageIsDataLoss) {
  const TempDirectory directory;
  {
    auto store = OpenAt(directory.path());
    Put(*store, *store->OpenTable("rows", TableKind::kRows), "a", "1");
    ASSERT_TRUE(store->Flush().ok());
  }
  for (const auto& file : std::filesystem::directory_iterator(directory.path()))
    if (file.path().extension() == ".sst") std::filesystem::resize_file(file.path(), file.file_size() / 2);
  const auto opened = Store::Open({directory.path(), MakeSharedResources({}), 0});
  EXPECT_EQ(opened.status().code(), StatusCode::kDataLoss) << ToString(opened.status());
}

}  // namespace
}  // namespace kefu::store

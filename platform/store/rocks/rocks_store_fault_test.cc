// A store whose process is killed.

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <random>
#include <thread>

#include "platform/base/files.h"
#include "platform/store/store.h"

namespace kefu::store {
namespace {

std::unique_ptr<Store> OpenAt(const std::string& directory) {
  auto store = Store::Open({directory, MakeSharedResources({}), 0});
  EXPECT_TRUE(store.ok()) << ToString(store.status());
  return std::move(store).value();
}

std::vector<std::string> Keys(std::unique_ptr<Cursor> cursor) {
  std::vector<std::string> keys;
  for (; cursor->Valid(); cursor->Next()) keys.emplace_back(cursor->key());
  EXPECT_TRUE(cursor->status().ok());
  return keys;
}

// Writes the same number into two tables again and again, as one batch or as two, until it is killed.
[[noreturn]] void WriteUntilKilled(const std::string& directory, bool together) {
  auto store = OpenAt(directory);
  const TableId rows = *store->OpenTable("rows", TableKind::kRows);
  const TableId archive = *store->OpenTable("archive", TableKind::kArchive);
  for (int i = 0;; ++i) {
    const std::string number = std::to_string(1'000'000 + i);
    auto batch = store->NewBulkBatch();
    batch->Put(rows, number, "");
    if (!together) {
      if (!store->Write(*batch).ok()) std::abort();
      batch = store->NewBulkBatch();
    }
    batch->Put(archive, number, "");
    if (!store->Write(*batch).ok()) std::abort();
  }
}

// How many of `kills` left the two tables with different numbers.
int TornAfter(int kills, bool together) {
  int torn = 0;
  std::mt19937 random(5);
  for (int kill_number = 0; kill_number < kills; ++kill_number) {
    const TempDirectory directory;
    const pid_t child = fork();
    if (child == 0) WriteUntilKilled(directory.path(), together);
    std::this_thread::sleep_for(std::chrono::milliseconds(60 + random() % 60));
    kill(child, SIGKILL);
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    auto store = OpenAt(directory.path());
    const auto snapshot = store->TakeSnapshot();
    torn += Keys(snapshot->Scan(*store->OpenTable("rows", TableKind::kRows), "", "")) !=
            Keys(snapshot->Scan(*store->OpenTable("archive", TableKind::kArchive), "", ""));
  }
  return torn;
}

TEST(RocksStoreFault, ABulkBatchIsThereWholeOrNotAtAllAfterAKill) { EXPECT_EQ(TornAfter(25, true), 0); }

// The control: written as two batches, a kill in between is seen.
TEST(RocksStoreFault, TwoBulkBatchesAreTornByAKillBetweenThem) { EXPECT_GT(TornAfter(25, false), 0); }

}  // namespace
}  // namespace kefu::store

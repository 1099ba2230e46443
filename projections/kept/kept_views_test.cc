#include "projections/kept/kept_views.h"

#include <absl/time/clock.h>
#include <gmock/gmock.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <future>

#include "platform/base/files.h"
#include "projections/engine/running.h"
#include "projections/kept/kept_files.h"

namespace kefu::kept {
namespace {

using engine::Running;
using testkit::MemoryLog;

constexpr int32_t kPartitions = 2;

std::vector<const sdk::Projection*> CountViews() { return {&sdk::Describe<engine::CountView>()}; }

bool Anywhere(const KeptPlace&) { return true; }

class KeptViewsTest : public testing::Test {
 protected:
  KeptViewsTest() : log_(kPartitions), running_(log_, Path("views"), CountViews()) { Grow(100); }

  std::string Path(const std::string& name) const { return directory_.path() + "/" + name; }
  void Grow(int events) {
    engine::Fill(log_, engine::History(static_cast<uint64_t>(++grown_), events), grown_ * 10'000);
    running_.CatchUp(log_);
  }
  // The folder of the newest.
  static std::string FolderOf(const KeptViews& kept, const std::string& directory) {
    return fmt::format("{}/{:012}", directory, kept.All().back().first);
  }
  KeptOptions Options() const {
    KeptOptions options;
    options.directory = Path("kept");
    options.most = 3;
    options.every_events = 80;
    options.reserve_bytes = 0;
    return options;
  }
  std::unique_ptr<KeptViews> Open(engine::Engine* engine = nullptr) {
    auto kept = KeptViews::Open(Options(), engine == nullptr ? *running_.engine : *engine);
    EXPECT_TRUE(kept.ok()) << ToString(kept.status());
    return *std::move(kept);
  }
  std::unique_ptr<KeptViews> OpenAndKeep() {
    auto kept = Open();
    const Status status = kept->Keep();
    EXPECT_TRUE(status.ok()) << ToString(status);
    return kept;
  }
  int Folders() const {
    return static_cast<int>(std::distance(std::filesystem::directory_iterator(Path("kept")),
                                          std::filesystem::directory_iterator()));
  }

  const TempDirectory directory_;
  int grown_ = 0;
  MemoryLog log_;
  Running running_;
};

TEST_F(KeptViewsTest, AnEngineGoesOnFromTheNewestThatFits) {
  const auto kept = OpenAndKeep();
  const Offset first = *log_.EndOffset(Partition(0));
  const std::string then = running_.DigestOf("count");
  Grow(100);
  ASSERT_TRUE(kept->Keep().ok());
  const Offset second = *log_.EndOffset(Partition(0));
  EXPECT_EQ(kept->Newest(Partition(0), &Anywhere)->next, second);
  EXPECT_EQ(kept->Newest(Partition(0), [&](const auto& place) { return place.next < second; })->next, first);
  EXPECT_EQ(kept->Newest(Partition(0), [&](const auto& place) { return place.next < first; }), std::nullopt);
  EXPECT_EQ(kept->All().back().second, running_.engine->CurrentPosition().next_offsets[0] +
                                           running_.engine->CurrentPosition().next_offsets[1]);
  const auto copy_all = [&](const std::string& folder, Offset until) {
    std::filesystem::create_directories(Path(folder));
    for (int32_t p = 0; p < kPartitions; ++p) {
      const auto place = kept->Newest(Partition(p), [&](const auto& each) { return p > 0 || each.next <= until; });
      const Status copied = kept->CopyInto(*place, Partition(p), log_, engine::StoreFolder(Path(folder), Partition(p)));
      ASSERT_TRUE(copied.ok()) << ToString(copied);
    }
  };
  copy_all("now", second);
  Running now(log_, Path("now"), CountViews());
  now.CatchUp(log_);
  EXPECT_EQ(now.Digests(), running_.Digests());
  // From the older one on, what is between is folded again.
  copy_all("older", first);
  Running older(log_, Path("older"), CountViews());
  older.CatchUp(log_);
  EXPECT_EQ(older.Digests(), running_.Digests());
  EXPECT_NE(then, running_.DigestOf("count"));
}

TEST_F(KeptViewsTest, WhatWasKeptIsThereAfterARestart) {
  const auto before = OpenAndKeep()->All();
  const auto kept = Open();
  EXPECT_EQ(kept->All(), before);
  const auto place = kept->Newest(Partition(1), &Anywhere);
  ASSERT_TRUE(place.has_value());
  EXPECT_TRUE(kept->CopyInto(*place, Partition(1), log_, Path("copy")).ok());
  ASSERT_TRUE(kept->Keep().ok());
  EXPECT_GT(kept->All().back().first, before.back().first) << "numbers are not used twice";
}

// As a crash leaves it: in the making, with half a record, or with none.
TEST_F(KeptViewsTest, WhatIsHalfMadeIsDropped) {
  const auto spoilt = [&](const std::function<void(const std::string& folder)>& spoil) {
    std::filesystem::remove_all(Path("kept"));
    spoil(FolderOf(*OpenAndKeep(), Path("kept")));
    const size_t left = Open()->All().size();
    EXPECT_EQ(static_cast<size_t>(Folders()), left);
    return left == 0;
  };
  EXPECT_FALSE(spoilt([](const std::string&) {})) << "the control";
  EXPECT_TRUE(spoilt([&](const std::string& folder) { std::filesystem::rename(folder, Path("kept/new-000000000001")); }));
  EXPECT_TRUE(spoilt([&](const std::string& folder) { std::filesystem::rename(folder, Path("kept/000000000009")); }));
  EXPECT_TRUE(spoilt([](const std::string& folder) { std::filesystem::remove(folder + "/kept"); }));
  EXPECT_TRUE(spoilt([](const std::string& folder) { std::filesystem::resize_file(folder + "/kept", 40); }));
}

TEST_F(KeptViewsTest, OfAnotherLogNothingIsTaken) {
  OpenAndKeep().reset();
  MemoryLog other(kPartitions, "another log");
  Running of_other(other, Path("others"), CountViews());
  EXPECT_THAT(Open(of_other.engine.get())->All(), testing::IsEmpty());
  EXPECT_EQ(Folders(), 0);
}

// Each file changed, taken away, or put in.
TEST_F(KeptViewsTest, WhatWasChangedOnDiskIsRefusedAndDropped) {
  {
    const auto kept = OpenAndKeep();
    EXPECT_TRUE(kept->CopyInto(*kept->Newest(Partition(0), &Anywhere), Partition(0), log_, Path("control")).ok());
  }
  int own = 0;
  const auto refused = [&](const std::string& name, const std::function<void(const std::string& path)>& change) {
    std::filesystem::remove_all(Path("kept"));
    // Files of the views that serve are shared: they are changed in a copy.
    Running views(log_, Path(fmt::format("own views {}", ++own)), CountViews());
    views.CatchUp(log_);
    const auto kept = Open(views.engine.get());
    EXPECT_TRUE(kept->Keep().ok());
    const auto place = *kept->Newest(Partition(0), &Anywhere);
    change(FolderOf(*kept, Path("kept")) + "/p0/" + name);
    const Status copied = kept->CopyInto(place, Partition(0), log_, Path("copy"));
    EXPECT_FALSE(std::filesystem::exists(Path("copy"))) << name;
    EXPECT_THAT(kept->All(), testing::IsEmpty()) << name;
    return copied.code();
  };
  const auto flip = [](const std::string& path) {
    if (std::filesystem::file_size(path) == 0) {
      std::ofstream(path) << "x";
      return;
    }
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    char byte = 0;
    file.get(byte);
    file.seekp(0);
    file.put(static_cast<char>(byte ^ 1));
  };
  EXPECT_EQ(refused("CURRENT", flip), StatusCode::kDataLoss);
  EXPECT_EQ(refused("CURRENT", [](const std::string& path) { std::filesystem::remove(path); }), StatusCode::kDataLoss);
  EXPECT_EQ(refused("more.sst", [](const std::string& path) { std::ofstream(path) << "x"; }), StatusCode::kDataLoss);
  const auto any_table = [&](const std::string& path, const std::function<void(const std::string&)>& change) {
    for (const auto& file : std::filesystem::directory_iterator(std::filesystem::path(path).parent_path()))
      if (file.path().extension() == ".sst") return change(file.path().string());
    FAIL() << "no table";
  };
  EXPECT_EQ(refused("a table", [&](const std::string& path) { any_table(path, flip); }), StatusCode::kDataLoss);
  EXPECT_EQ(refused("a table", [&](const std::string& path) {
              any_table(path, [](const std::string& table) { std::filesystem::remove(table); });
            }),
            StatusCode::kDataLoss);
}

// Rewritten with a right hash, by somebody who knows how: the stores themselves say where they stand.
TEST_F(KeptViewsTest, ARecordThatSaysAnotherPlaceIsNotBelieved) {
  const std::string folder = FolderOf(*OpenAndKeep(), Path("kept"));
  auto record = *KeptRecord::Decode(*ReadWhole(folder + "/kept"));
  record.partitions[0].next = Offset(record.partitions[0].next.value() - 1);
  ASSERT_TRUE(WriteDurably(folder + "/kept", record.Encode()).ok());
  const auto kept = Open();
  const auto place = kept->Newest(Partition(0), &Anywhere);
  ASSERT_TRUE(place.has_value());
  EXPECT_EQ(kept->CopyInto(*place, Partition(0), log_, Path("copy")).code(), StatusCode::kDataLoss);
  EXPECT_EQ(kept->CopyInto(*place, Partition(0), log_, Path("copy")).code(), StatusCode::kNotFound) << "it was dropped";
}

TEST_F(KeptViewsTest, AfterARebuildWhatWasKeptBeforeIsNotUsed) {
  const auto kept = OpenAndKeep();
  ASSERT_TRUE(running_.engine->Rebuild("count").ok());
  ASSERT_TRUE(running_.Eventually("count", [](const auto& view) { return !view.has_rebuild(); }));
  EXPECT_EQ(kept->Newest(Partition(0), &Anywhere), std::nullopt);
  kept->Look(absl::Now());
  ASSERT_EQ(kept->All().size(), 1U);
  EXPECT_EQ(kept->All().front().first, 2) << "dropped, and kept anew";
  EXPECT_TRUE(kept->Newest(Partition(0), &Anywhere).has_value());
}

TEST_F(KeptViewsTest, ItIsKeptEverySoManyEventsAndNoMoreThanMayBe) {
  const auto kept = Open();
  absl::Time now = absl::Now();
  for (int i = 0; i < 6; ++i) {
    // Keeping costs a share of the time.
    now += absl::Hours(1);
    kept->Look(now);
    const auto all = kept->All();
    EXPECT_EQ(all.back().first, i + 1);
    EXPECT_LE(all.size(), 3U);
    EXPECT_EQ(static_cast<size_t>(Folders()), all.size());
    kept->Look(now + absl::Hours(1));
    EXPECT_EQ(kept->All(), all) << "nothing came";
    Grow(120);
  }
}

TEST_F(KeptViewsTest, SoonAfterOneTookLongNothingIsKept) {
  const auto kept = Open();
  const absl::Time now = absl::Now();
  kept->Look(now);
  ASSERT_EQ(kept->All().size(), 1U);
  Grow(200);
  kept->Look(now);
  EXPECT_EQ(kept->All().size(), 1U);
  kept->Look(now + absl::Hours(1));
  EXPECT_EQ(kept->All().size(), 2U);
}

TEST_F(KeptViewsTest, WhenTheDiskRunsFullTheOldestGoesAndNothingIsKept) {
  int64_t free = 1'000;
  KeptOptions options = Options();
  options.reserve_bytes = 500;
  options.free_bytes = [&](const std::string&) { return free; };
  auto opened = KeptViews::Open(options, *running_.engine);
  ASSERT_TRUE(opened.ok());
  KeptViews& kept = **opened;
  ASSERT_TRUE(kept.Keep().ok());
  ASSERT_TRUE(kept.Keep().ok());
  free = 499;
  EXPECT_EQ(kept.Keep().code(), StatusCode::kResourceExhausted);
  EXPECT_EQ(kept.All().size(), 2U);
  Grow(200);
  kept.Look(absl::Now());
  ASSERT_EQ(kept.All().size(), 1U);
  EXPECT_EQ(kept.All().front().first, 2);
  kept.Look(absl::Now());
  EXPECT_THAT(kept.All(), testing::IsEmpty());
  EXPECT_EQ(Folders(), 0);
  free = 1'000;
  kept.Look(absl::Now() + absl::Hours(1));
  EXPECT_EQ(kept.All().size(), 1U) << "it goes on by itself";
}

TEST_F(KeptViewsTest, WhereTheFolderCannotBeWrittenNothingIsLeft) {
  const auto kept = OpenAndKeep();
  std::filesystem::remove_all(Path("kept"));
  std::ofstream(Path("kept")) << "a file";
  EXPECT_EQ(kept->Keep().code(), StatusCode::kUnavailable);
  EXPECT_EQ(kept->All().size(), 1U);
  // What was there is gone: whoever wants it is told, and folds from the beginning.
  EXPECT_FALSE(kept->CopyInto(*kept->Newest(Partition(0), &Anywhere), Partition(0), log_, Path("copy")).ok());
  EXPECT_FALSE(std::filesystem::exists(Path("copy")));
}

TEST_F(KeptViewsTest, ItsThreadKeepsThem) {
  KeptOptions options = Options();
  // The room is looked at when it looks, and when it keeps: the third time it has kept.
  std::promise<void> looked_again;
  options.free_bytes = [&, times = 0](const std::string&) mutable {
    if (++times == 3) looked_again.set_value();
    return int64_t{1};
  };
  const auto kept = *KeptViews::Open(options, *running_.engine);
  kept->Start();
  ASSERT_EQ(looked_again.get_future().wait_for(std::chrono::seconds(20)), std::future_status::ready);
  kept->Stop();
  EXPECT_EQ(kept->All().size(), 1U);
}

}  // namespace
}  // namespace kefu::kept

// A new build of a view is compared with the one that serves before it may serve, and the old one can serve again.

#include <gmock/gmock.h>

#include <atomic>
#include <set>
#include <thread>

#include "platform/base/files.h"
#include "platform/store/store.h"
#include "projections/engine/frames.h"
#include "projections/engine/running.h"

namespace kefu::engine {
namespace {

using testkit::MemoryLog;

constexpr int kClients = 20;

void FillCounts(MemoryLog& log, int rounds, int from = 0) {
  for (int i = from; i < from + rounds; ++i)
    for (int c = 0; c < kClients; ++c) {
      const std::string client = fmt::format("C-{}", c);
      log.Put(Partition(PartitionForKey(client, log.partitions())),
              testkit::Recorded(ContactOf(client, i * kClients + c), testkit::Beginning() + absl::Seconds(i)));
    }
}

bool Serves(const admin::v1::View& view) { return !view.has_rebuild() && view.state() == admin::v1::VIEW_STATE_LIVE; }

// Makes the row of C-3 count one more than there was, as a fault of the disk or of a program would.
void SpoilRow(const std::string& directory, int32_t partitions) {
  const int32_t home = PartitionForKey("C-3", partitions);
  auto opened = store::Store::Open({fmt::format("{}/p{}", directory, home), store::MakeSharedResources({}), 0});
  ASSERT_TRUE(opened.ok()) << ToString(opened.status());
  const auto table = (*opened)->OpenTable(TableName{"count", 1, 0}.Encode(), store::TableKind::kRows);
  const std::string key = std::string(1, static_cast<char>(Counts::kId)) + Counts::Key::Encode(std::string("C-3"));
  store::PinnedValue stored;
  ASSERT_TRUE(*(*opened)->Get(*table, key, &stored));
  query::v1::Client row;
  ASSERT_TRUE(row.ParseFromString(std::string(stored.view())));
  row.set_event_count(row.event_count() + 1);
  const auto batch = (*opened)->NewBatch();
  batch->Put(*table, key, row.SerializeAsString());
  ASSERT_TRUE((*opened)->Write(*batch).ok());
}

class Switching : public testing::Test {
 protected:
  void Start(EngineOptions options = {}) {
    running_.reset();
    running_ = std::make_unique<Running>(log_, directory_.path(), std::vector{&sdk::Describe<CountView>()}, options);
    running_->CatchUp(log_);
  }
  void StartSpoiled(EngineOptions options = {}) {
    FillCounts(log_, 10);
    Start();
    running_.reset();
    SpoilRow(directory_.path(), log_.partitions());
    Start(options);
    EXPECT_EQ(CountOf(engine(), "C-3"), 11);
  }
  Engine& engine() { return *running_->engine; }

  MemoryLog log_{3};
  TempDirectory directory_;
  std::unique_ptr<Running> running_;
};

TEST_F(Switching, ABuildThatIsAlikeServesAndTheSwitchIsToldWithBothDigests) {
  FillCounts(log_, 10);
  Start();
  ASSERT_TRUE(engine().Rebuild("count").ok());
  ASSERT_TRUE(running_->Eventually("count", [](const auto& view) { return Serves(view) && !view.previous_build().empty(); }));
  EXPECT_EQ(running_->Described("count").previous_build(), "count@1.0");
  const auto told = engine().SwitchesToTell();
  ASSERT_EQ(told.size(), 1u);
  const auto& body = told.front().view_switched();
  EXPECT_EQ(body.from_build(), "count@1.0");
  EXPECT_EQ(body.to_build(), "count@1.1");
  EXPECT_EQ(body.from_digest(), body.to_digest());
  EXPECT_EQ(body.from_digest().size(), 64u);
  EXPECT_EQ(body.expected_differences(), 0);
  EXPECT_EQ(body.reason(), "") << "nobody ordered it";
  EXPECT_EQ(told.front().actor().kind(), events::v1::ACTOR_KIND_SYSTEM);
  EXPECT_EQ(body.position(), engine().CurrentPosition().Encode());
  // Known after a restart, until it is told.
  Start();
  ASSERT_EQ(engine().SwitchesToTell().size(), 1u);
  EXPECT_EQ(running_->Described("count").previous_build(), "count@1.0");
  ASSERT_TRUE(engine().SwitchIsTold(told.front().event_id()).ok());
  EXPECT_TRUE(engine().SwitchesToTell().empty());
}

TEST_F(Switching, OneWrongRowKeepsTheNewBuildFromServingAndIsNamed) {
  StartSpoiled();
  ASSERT_TRUE(engine().Rebuild("count").ok());
  ASSERT_TRUE(running_->Eventually("count", [](const auto& view) { return !view.refused_build().empty(); }));
  // It does not serve, and goes on being folded.
  EXPECT_EQ(CountOf(engine(), "C-3"), 11);
  FillCounts(log_, 1, 10);
  running_->CatchUp(log_);
  EXPECT_EQ(CountOf(engine(), "C-3"), 12);
  const auto compared = engine().CompareBuilds("count", 5);
  ASSERT_TRUE(compared.ok()) << ToString(compared.status());
  EXPECT_EQ(compared->expected_differences(), 0);
  // The row, and since then its entries in the index by number: of what was counted wrong and of what is right.
  EXPECT_GE(compared->unexpected_differences(), 1);
  const auto& first = compared->differences(0);
  EXPECT_EQ(first.table(), "counts");
  EXPECT_THAT(first.key(), testing::ElementsAre("C-3"));
  EXPECT_THAT(first.serving(), testing::HasSubstr("\"12\""));
  EXPECT_THAT(first.other(), testing::HasSubstr("\"11\""));
  EXPECT_TRUE(engine().SwitchesToTell().empty());

  // A restart does not forget it.
  Start();
  EXPECT_EQ(running_->Described("count").refused_build(), "count@1.1");
  EXPECT_EQ(CountOf(engine(), "C-3"), 12);

  // By word of a person it serves all the same, and the one before serves again within the second.
  ASSERT_TRUE(engine().SwitchView("count", false, "A-1", "as the comparison shows").ok());
  EXPECT_EQ(CountOf(engine(), "C-3"), 11);
  ASSERT_EQ(engine().SwitchesToTell().size(), 1u);
  EXPECT_EQ(engine().SwitchesToTell().front().actor().id(), "A-1");
  EXPECT_EQ(engine().SwitchesToTell().front().actor().kind(), events::v1::ACTOR_KIND_STAFF);
  EXPECT_EQ(engine().SwitchesToTell().front().view_switched().reason(), "as the comparison shows");
  const absl::Time begin = absl::Now();
  ASSERT_TRUE(engine().SwitchView("count", true, "A-1", "a test").ok());
  EXPECT_LT(absl::Now() - begin, absl::Seconds(1));
  EXPECT_EQ(CountOf(engine(), "C-3"), 12);
  EXPECT_EQ(engine().SwitchesToTell().size(), 2u);
  // Both are followed.
  FillCounts(log_, 1, 11);
  running_->CatchUp(log_);
  EXPECT_EQ(CountOf(engine(), "C-3"), 13);
  ASSERT_TRUE(engine().SwitchView("count", true, "A-1", "a test").ok());
  EXPECT_EQ(CountOf(engine(), "C-3"), 12);
}

// The control: whoever expects everything notices nothing.
TEST_F(Switching, WhoExpectsEveryDifferenceLetsTheWrongRowPass) {
  EngineOptions careless;
  careless.expects_difference = [](const auto&, auto, auto, auto, auto) { return true; };
  StartSpoiled(careless);
  ASSERT_TRUE(engine().Rebuild("count").ok());
  ASSERT_TRUE(running_->Eventually("count", [](const auto& view) { return Serves(view) && !view.previous_build().empty(); }));
  EXPECT_EQ(CountOf(engine(), "C-3"), 10);
  EXPECT_GE(engine().SwitchesToTell().front().view_switched().expected_differences(), 1);
}

TEST_F(Switching, ARefusedBuildMakesWayForTheNextOne) {
  StartSpoiled();
  ASSERT_TRUE(engine().Rebuild("count").ok());
  ASSERT_TRUE(running_->Eventually("count", [](const auto& view) { return !view.refused_build().empty(); }));
  ASSERT_TRUE(engine().Rebuild("count").ok());
  ASSERT_TRUE(running_->Eventually("count", [](const auto& view) { return !view.refused_build().empty(); }));
  EXPECT_EQ(CountOf(engine(), "C-3"), 11);
}

TEST_F(Switching, WhoOrderedItAndWhyIsKnownAfterARestart) {
  FillCounts(log_, 10);
  Start();
  ASSERT_TRUE(engine().Rebuild("count").ok());
  ASSERT_TRUE(running_->Eventually("count", [](const auto& view) { return Serves(view) && !view.previous_build().empty(); }));
  ASSERT_TRUE(engine().SwitchIsTold(engine().SwitchesToTell().front().event_id()).ok());
  ASSERT_TRUE(engine().SwitchView("count", true, "A-7", "客戶數不對").ok());
  Start();
  const auto told = engine().SwitchesToTell();
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told.front().actor().id(), "A-7");
  EXPECT_EQ(told.front().view_switched().reason(), "客戶數不對");
  EXPECT_TRUE(told.front().view_switched().went_back());
}

TEST_F(Switching, NothingToSwitchToIsSaid) {
  FillCounts(log_, 1);
  Start();
  EXPECT_EQ(engine().SwitchView("count", true, "A-1", "a test").code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(engine().SwitchView("count", false, "A-1", "a test").code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(engine().SwitchView("nothing", true, "A-1", "a test").code(), StatusCode::kNotFound);
  EXPECT_EQ(engine().CompareBuilds("count", 1).status().code(), StatusCode::kFailedPrecondition);
}

TEST_F(Switching, TheOneBeforeGoesAfterItsTime) {
  FillCounts(log_, 1);
  EngineOptions options;
  options.keep_previous = absl::Milliseconds(50);
  Start(options);
  ASSERT_TRUE(engine().Rebuild("count").ok());
  ASSERT_TRUE(running_->Eventually("count", [&](const auto& view) {
    return Serves(view) && view.previous_build().empty() && !engine().SwitchesToTell().empty();
  }));
  EXPECT_EQ(engine().SwitchView("count", true, "A-1", "a test").code(), StatusCode::kFailedPrecondition);
}

// What a new version is expected to change, and nothing else.
class NewVersion : public Switching {
 protected:
  void Upgrade(bool expected) {
    FillCounts(log_, 10);
    Start();
    running_.reset();
    // Events that only the new version sees before it is compared must not matter.
    FillCounts(log_, 5, 10);
    EngineOptions options;
    options.expects_difference = [=, this](const auto& view, std::string_view table, auto, auto before, auto after) {
      ++asked_;
      return expected && view.name == "count" && (table == "by_number" || (before && after));
    };
    running_ = std::make_unique<Running>(log_, directory_.path(), std::vector{&sdk::Describe<CountViewV2>()}, options);
  }
  std::atomic<int> asked_ = 0;
};

TEST_F(NewVersion, IsComparedWhereTheOldOneStandsAndServesIfItDiffersAsExpected) {
  Upgrade(true);
  ASSERT_TRUE(running_->Eventually("count", [](const auto& view) { return Serves(view) && view.version() == 2; }));
  EXPECT_EQ(CountOf(engine(), "C-1"), 30);
  ASSERT_EQ(engine().SwitchesToTell().size(), 1u);
  const auto body = engine().SwitchesToTell().front().view_switched();
  EXPECT_EQ(body.from_build(), "count@1.0");
  EXPECT_EQ(body.to_build(), "count@2.1");
  EXPECT_NE(body.from_digest(), body.to_digest());
  // Each client's row, and its entry in the index once as it was and once as it is.
  EXPECT_EQ(body.expected_differences(), 3 * kClients);
  // Back to the old one: as it stood.
  ASSERT_TRUE(engine().SwitchView("count", true, "A-1", "a test").ok());
  EXPECT_EQ(CountOf(engine(), "C-1"), 10);
}

TEST_F(NewVersion, ThatDiffersInAnotherWayDoesNotServe) {
  Upgrade(false);
  ASSERT_TRUE(running_->Eventually("count", [](const auto& view) { return !view.refused_build().empty(); }));
  EXPECT_EQ(CountOf(engine(), "C-1"), 10);
  EXPECT_GT(asked_.load(), 0);
  const auto compared = engine().CompareBuilds("count", 3);
  ASSERT_TRUE(compared.ok()) << ToString(compared.status());
  EXPECT_EQ(compared->unexpected_differences(), 3 * kClients);
  ASSERT_TRUE(engine().SwitchView("count", false, "A-1", "a test").ok());
  EXPECT_EQ(CountOf(engine(), "C-1"), 30);
}

// Whoever reads several partitions sees one build in all of them.
TEST_F(NewVersion, IsSwitchedInAllPartitionsOrInNone) {
  Upgrade(true);
  ASSERT_TRUE(running_->Eventually("count", [](const auto& view) { return Serves(view) && view.version() == 2; }));
  std::atomic<bool> stop{false};
  std::atomic<int64_t> reads{0}, mixed{0};
  std::thread reader([&] {
    while (!stop) {
      std::set<int64_t> counts;
      const auto partitions = engine().AtAll();
      for (int c = 0; c < kClients; ++c) {
        const std::string client = fmt::format("C-{}", c);
        store::PinnedValue stored;
        query::v1::Client row;
        const auto& home = partitions[static_cast<size_t>(PartitionForKey(client, engine().partitions()))];
        ASSERT_TRUE(*home->Get("count", "counts", Counts::Key::Encode(client), &stored));
        ASSERT_TRUE(row.ParseFromString(std::string(stored.view())));
        counts.insert(row.event_count());
      }
      mixed += counts.size() != 1;
      ++reads;
    }
  });
  for (int i = 0; i < 300; ++i) ASSERT_TRUE(engine().SwitchView("count", true, "A-1", "a test").ok());
  stop = true;
  reader.join();
  EXPECT_GT(reads.load(), 0);
  EXPECT_EQ(mixed.load(), 0) << "of " << reads.load();
}

}  // namespace
}  // namespace kefu::engine

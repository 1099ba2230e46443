// Views of a real engine are verified as a server's: left alone they agree; changed behind its back they do not, and the
// key is named.

#include "services/cli/replayer/verify.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <random>

#include "kefu/query/v1/client.pb.h"
#include "platform/codec/key.h"
#include "platform/store/store.h"
#include "projections/engine/frames.h"
#include "services/cli/replayer/replayer_testing.h"

namespace kefu::replayer {
namespace {

using engine::Running;
using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

// A log, an engine over it, and what it takes to change a row while the engine is down.
class VerifyTest : public ::testing::Test {
 protected:
  VerifyTest() : log(2) {}

  void Start() {
    running = std::make_unique<Running>(log, directory.path(), projections::Catalogue());
    running->CatchUp(log);
    server = std::make_unique<EngineServer>(*running->engine, log);
  }
  void Stop() {
    server.reset();
    if (running) running->engine->Stop();
    running.reset();
  }

  Verification MustVerify(const VerifyOptions& options = {}) {
    auto verification = Verify(*server, options);
    EXPECT_TRUE(verification.ok()) << ToString(verification.status());
    return verification.ok() ? *std::move(verification) : Verification();
  }

  // The views and partitions that do not agree.
  static std::vector<std::string> Differing(const Verification& verification) {
    std::vector<std::string> differing;
    for (const ViewResult& result : verification.views)
      if (!result.equal()) differing.push_back(fmt::format("{}/{}", result.view, result.partition));
    return differing;
  }
  static const ViewResult& ResultOf(const Verification& verification, std::string_view view, int32_t partition) {
    for (const ViewResult& result : verification.views)
      if (result.view == view && result.partition == Partition(partition)) return result;
    ADD_FAILURE() << view;
    return verification.views.front();
  }

  // Changes the stored bytes of a view of one partition, with the engine down.
  using Change = std::function<void(store::Store& store, store::TableId table)>;
  void Tamper(const sdk::Projection& view, int32_t partition, const Change& change) {
    Stop();
    {
      auto opened = store::Store::Open({fmt::format("{}/p{}", directory.path(), partition), store::MakeSharedResources({}), 0});
      ASSERT_TRUE(opened.ok()) << ToString(opened.status());
      const bool raw = std::all_of(view.tables.begin(), view.tables.end(),
                                   [](const sdk::TableInfo& table) { return table.prototype == nullptr; });
      const std::string name = engine::TableName{std::string(view.name), view.version, 0}.Encode();
      const auto table = (*opened)->OpenTable(name, raw ? store::TableKind::kArchive : store::TableKind::kRows);
      ASSERT_TRUE(table.ok()) << ToString(table.status());
      change(**opened, *table);
    }
    Start();
  }

  const TempDirectory directory;
  MemoryLog log;
  std::unique_ptr<Running> running;
  std::unique_ptr<EngineServer> server;
};

const sdk::Projection& ViewOf(std::string_view name) { return *ViewsNamed({std::string(name)})->front(); }

std::vector<std::pair<std::string, std::string>> AllOf(store::Store& store, store::TableId table) {
  std::vector<std::pair<std::string, std::string>> all;
  const auto snapshot = store.TakeSnapshot();
  for (const auto cursor = snapshot->Scan(table, "", ""); cursor->Valid(); cursor->Next())
    all.emplace_back(cursor->key(), cursor->value());
  return all;
}

void Put(store::Store& store, store::TableId table, std::string_view key, std::optional<std::string_view> value) {
  const auto batch = store.NewBatch();
  if (value) {
    batch->Put(table, key, *value);
  } else {
    batch->Delete(table, key);
  }
  ASSERT_TRUE(store.Write(*batch).ok());
}

TEST_F(VerifyTest, AServerLeftAloneAgreesInEveryViewAndPartition) {
  RecordAll(log, MixedHistory(201, 1500));
  Start();
  int64_t told = 0;
  VerifyOptions options;
  options.progress = [&](int64_t done, int64_t total) {
    told = done;
    EXPECT_LE(done, total);
  };
  const Verification verification = MustVerify(options);
  EXPECT_TRUE(verification.Agrees());
  EXPECT_EQ(verification.views.size(), 2 * projections::Catalogue().size());
  EXPECT_EQ(verification.records, log.EndOffset(Partition(0))->value() + log.EndOffset(Partition(1))->value());
  EXPECT_GT(told, 0);
  for (const ViewResult& result : verification.views) {
    EXPECT_EQ(result.live_entries, result.replayed_entries);
    EXPECT_FALSE(result.difference);
  }
  EXPECT_EQ(server->stored_calls, 0) << "rows are read only where digests differ";
}

TEST_F(VerifyTest, SomeViewsOfOnePartition) {
  RecordAll(log, MixedHistory(202, 300));
  Start();
  VerifyOptions options{.views = {"journal", "client"}, .partition = Partition(1)};
  const Verification verification = MustVerify(options);
  ASSERT_EQ(verification.views.size(), 2u);
  EXPECT_EQ(verification.views[0].view, "client");
  EXPECT_EQ(verification.views[1].view, "journal");
  EXPECT_EQ(verification.views[1].partition, Partition(1));
  EXPECT_EQ(verification.records, log.EndOffset(Partition(1))->value());
}

TEST_F(VerifyTest, AnEmptyLogAgrees) {
  Start();
  const Verification verification = MustVerify();
  EXPECT_TRUE(verification.Agrees());
  EXPECT_EQ(verification.records, 0);
}

TEST_F(VerifyTest, WhatComesMeanwhileDoesNotMatter) {
  RecordAll(log, MixedHistory(203, 300));
  Start();
  // After the digests of each view there is more.
  int64_t more = 0;
  server->after_digests = [&] {
    RecordAll(log, MixedHistory(2030 + static_cast<uint64_t>(++more), 20));
    running->CatchUp(log);
  };
  const Verification verification = MustVerify();
  EXPECT_TRUE(verification.Agrees()) << testing::PrintToString(Differing(verification));
  EXPECT_LT(ResultOf(verification, projections::Catalogue().front()->name, 0).next,
            ResultOf(verification, projections::Catalogue().back()->name, 0).next)
      << "taken at different moments";
}

TEST_F(VerifyTest, AnyChangedByteIsNamed) {
  const uint64_t seed = 204;
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  RecordAll(log, MixedHistory(seed, 600));
  Start();
  for (int round = 0; round < 6; ++round) {
    const auto& catalogue = projections::Catalogue();
    const sdk::Projection& view = *catalogue[random() % catalogue.size()];
    const auto partition = static_cast<int32_t>(random() % 2);
    std::string key, before, after;
    Tamper(view, partition, [&](store::Store& store, store::TableId table) {
      auto all = AllOf(store, table);
      std::erase_if(all, [](const auto& entry) { return entry.second.empty(); });
      if (all.empty()) return;
      std::tie(key, before) = all[random() % all.size()];
      after = before;
      after[random() % after.size()] ^= static_cast<char>(1 << random() % 8);
      Put(store, table, key, after);
    });
    if (key.empty()) continue;
    const Verification verification = MustVerify({.views = {std::string(view.name)}});
    ASSERT_THAT(Differing(verification), ElementsAre(fmt::format("{}/{}", view.name, partition)));
    const ViewResult& result = ResultOf(verification, view.name, partition);
    EXPECT_EQ(result.live_entries, result.replayed_entries);
    ASSERT_TRUE(result.difference);
    EXPECT_EQ(result.difference->keys, 1);
    EXPECT_EQ(result.difference->live, EntryAsJson(view, key, after, nullptr));
    EXPECT_EQ(result.difference->replayed, EntryAsJson(view, key, before, nullptr));
    EXPECT_TRUE(json::accept(result.difference->live)) << result.difference->live;
    Tamper(view, partition, [&](store::Store& store, store::TableId table) { Put(store, table, key, before); });
  }
  EXPECT_TRUE(MustVerify().Agrees()) << "put back as it was";
}

TEST_F(VerifyTest, AChangedRowIsShownBesideTheReplayedOneAlsoWhileMoreComes) {
  RecordAll(log, MixedHistory(205, 300));
  Start();
  const int32_t partition = PartitionForKey("C-3", 2);
  int64_t count = 0;
  Tamper(ViewOf("client"), partition, [&](store::Store& store, store::TableId table) {
    const std::string key = "\x01" + codec::Key("C-3");
    store::PinnedValue value;
    ASSERT_TRUE(*store.Get(table, key, &value));
    query::v1::Client row;
    ASSERT_TRUE(row.ParseFromArray(value.view().data(), static_cast<int>(value.view().size())));
    count = row.event_count();
    row.set_display_name("someone else");
    row.set_event_count(count + 1);
    Put(store, table, key, row.SerializeAsString());
  });
  // The rows are read later than the digest was taken; nothing of what comes is about this client.
  server->after_digests = [&] {
    Event event = Finish(testkit::NoteFor("C-100", 1), 1);
    for (int i = 100; PartitionForKey(event.client_id(), 2) != partition; ++i) event.set_client_id(fmt::format("C-{}", i));
    Record(log, event, testkit::Beginning());
    running->CatchUp(log);
  };
  const Verification verification = MustVerify({.views = {"client"}});
  EXPECT_FALSE(verification.Agrees());
  ASSERT_THAT(Differing(verification), ElementsAre(fmt::format("client/{}", partition)));
  const RowDifference& difference = *ResultOf(verification, "client", partition).difference;
  EXPECT_EQ(difference.table, "clients");
  EXPECT_THAT(difference.key, ElementsAre("C-3"));
  EXPECT_EQ(difference.keys, 1);
  EXPECT_EQ(json::parse(difference.live)["displayName"], "someone else");
  EXPECT_EQ(json::parse(difference.live)["eventCount"], fmt::format("{}", count + 1));
  EXPECT_EQ(json::parse(difference.replayed)["eventCount"], fmt::format("{}", count));
  EXPECT_EQ(difference.next, *log.EndOffset(Partition(partition)));
  EXPECT_GT(difference.next, ResultOf(verification, "client", partition).next);
}

TEST_F(VerifyTest, RowsAndEntriesThatOneSideAloneHasAreNamed) {
  RecordAll(log, MixedHistory(206, 300));
  Start();
  const int32_t partition = PartitionForKey("C-3", 2);
  const sdk::Projection& view = ViewOf("client");
  std::string row;
  Tamper(view, partition, [&](store::Store& store, store::TableId table) {
    store::PinnedValue value;
    ASSERT_TRUE(*store.Get(table, "\x01" + codec::Key("C-3"), &value));
    row = value.view();
    Put(store, table, "\x01" + codec::Key("C-3"), std::nullopt);
  });
  {
    const Verification verification = MustVerify({.views = {"client"}});
    const ViewResult& result = ResultOf(verification, "client", partition);
    EXPECT_EQ(result.live_entries + 1, result.replayed_entries);
    ASSERT_TRUE(result.difference);
    EXPECT_THAT(result.difference->key, ElementsAre("C-3"));
    EXPECT_EQ(result.difference->live, "");
    EXPECT_THAT(result.difference->replayed, HasSubstr("C-3"));
  }
  Tamper(view, partition, [&](store::Store& store, store::TableId table) {
    Put(store, table, "\x01" + codec::Key("C-3"), row);
    Put(store, table, "\x01" + codec::Key("C-9999"), row);
  });
  {
    const Verification verification = MustVerify({.views = {"client"}});
    const RowDifference& difference = *ResultOf(verification, "client", partition).difference;
    EXPECT_THAT(difference.key, ElementsAre("C-9999"));
    EXPECT_EQ(difference.replayed, "");
    EXPECT_EQ(difference.keys, 1);
  }
  // An index entry that its row does not ask for.
  const sdk::Projection& cases = ViewOf("case");
  Tamper(cases, partition, [&](store::Store& store, store::TableId table) {
    const auto all = AllOf(store, table);
    const uint8_t index = cases.tables.front().indexes.front().id;
    const auto entry = std::find_if(all.begin(), all.end(), [&](const auto& each) {
      return static_cast<uint8_t>(each.first.front()) == index;
    });
    ASSERT_NE(entry, all.end());
    Put(store, table, entry->first, std::nullopt);
  });
  const Verification verification = MustVerify({.views = {"case"}});
  const RowDifference& difference = *ResultOf(verification, "case", partition).difference;
  EXPECT_EQ(difference.table, cases.tables.front().indexes.front().name);
  EXPECT_EQ(difference.live, "");
  EXPECT_TRUE(json::parse(difference.replayed).contains("row"));
}

TEST_F(VerifyTest, PersonalDataIsHiddenIfAskedFor) {
  RecordAll(log, MixedHistory(207, 200));
  Start();
  const int32_t partition = PartitionForKey("C-3", 2);
  for (const char* view : {"client", "journal"}) {
    Tamper(ViewOf(view), partition, [&](store::Store& store, store::TableId table) {
      const auto all = AllOf(store, table);
      Put(store, table, all.front().first, all.front().second + all.front().second);
    });
  }
  int masked = 0;
  VerifyOptions options{.views = {"client", "journal"}};
  options.mask = [&](google::protobuf::Message* message) {
    ++masked;
    message->Clear();
  };
  const Verification verification = MustVerify(options);
  EXPECT_EQ(ResultOf(verification, "client", partition).difference->replayed, "{}");
  EXPECT_THAT(ResultOf(verification, "journal", partition).difference->live, HasSubstr("sha256"));
  EXPECT_GT(masked, 0);
  options.mask = nullptr;
  EXPECT_THAT(ResultOf(MustVerify(options), "journal", partition).difference->live, HasSubstr("hex"));
}

TEST_F(VerifyTest, AnEventThatIsLeftOutIsSeen) {
  RecordAll(log, MixedHistory(208, 400));
  Start();
  const int64_t end = log.EndOffset(Partition(1))->value();
  server->left_out = {Partition(1), Offset(end / 2)};
  const auto missing = Verify(*server, {});
  EXPECT_EQ(missing.status().code(), StatusCode::kDataLoss);
  EXPECT_THAT(ToString(missing.status()), HasSubstr("records are missing"));
  // Nor can it be hidden.
  server->counts_again = true;
  const Verification verification = MustVerify();
  EXPECT_FALSE(verification.Agrees());
  EXPECT_THAT(Differing(verification), ::testing::Contains("journal/1"));
  EXPECT_THAT(Differing(verification), Not(::testing::Contains("journal/0")));
  EXPECT_TRUE(ResultOf(verification, "journal", 1).difference);
  // The last one: nothing comes after it by which to tell.
  server->left_out = {Partition(1), Offset(end - 1)};
  const auto last = Verify(*server, {});
  EXPECT_EQ(last.status().code(), StatusCode::kDataLoss);
  EXPECT_THAT(ToString(last.status()), HasSubstr("records are missing"));
}

TEST_F(VerifyTest, AVerdictThatDiffersIsNamed) {
  RecordAll(log, MixedHistory(209, 200));
  Start();
  server->lie_about_verdict = {Partition(0), Offset(7)};
  const Verification verification = MustVerify();
  EXPECT_TRUE(Differing(verification).empty());
  EXPECT_FALSE(verification.Agrees());
  EXPECT_EQ(verification.verdict_differences, 1);
  ASSERT_EQ(verification.verdicts.size(), 1u);
  EXPECT_EQ(verification.verdicts[0].offset, Offset(7));
  EXPECT_EQ(verification.verdicts[0].live.rule(), "made_up");
  EXPECT_NE(verification.verdicts[0].replayed.rule(), "made_up");
}

TEST_F(VerifyTest, WhatCannotBeVerifiedIsSaid) {
  RecordAll(log, MixedHistory(210, 50));
  Start();
  EXPECT_EQ(Verify(*server, {.views = {"clientele"}}).status().code(), StatusCode::kNotFound);
  EXPECT_EQ(Verify(*server, {.partition = Partition(2)}).status().code(), StatusCode::kNotFound);
  EXPECT_EQ(Verify(*server, {.partition = Partition(-1)}).status().code(), StatusCode::kNotFound);
  server->lie_about_version = 1;
  const auto version = Verify(*server, {.views = {"client"}});
  EXPECT_EQ(version.status().code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(ToString(version.status()), HasSubstr("version"));
}

}  // namespace
}  // namespace kefu::replayer

#include "services/clock/notary.h"

#include "services/clock/notary_testing.h"

namespace kefu::duties {
namespace {

TEST_F(NotaryTest, SignsTheWholeLogAtOnceWhereNothingWasSignedYet) {
  Notary notary(Context(), Options());
  ASSERT_TRUE(Settle(notary).ok() && CountSigned() == 0u) << "an empty log";
  Given(40);
  ASSERT_TRUE(Settle(notary).ok());
  const auto all = AllSigned();
  ASSERT_THAT(all, SizeIs(1));
  EXPECT_EQ(SizeOf(all[0].checkpoint), 40);
  EXPECT_EQ(Wrong(all[0].checkpoint, signer_.verifier()), "");
  EXPECT_THAT(all[0].id, testing::MatchesRegex("checkpoint/40/[0-9a-f]{32}"));
  ASSERT_THAT(notary.Describe(), SizeIs(1));
  EXPECT_EQ(notary.Describe()[0].kind(), admin::v1::DUTY_KIND_NOTARY);
  EXPECT_EQ(notary.Describe()[0].written(), 1);
  EXPECT_EQ(notary.Describe()[0].trouble(), "");

  // Controls: what is not so is found.
  CheckpointSigned other = all[0].checkpoint;
  other.mutable_partitions(1)->set_note(other.partitions(2).note());
  EXPECT_NE(Wrong(other, signer_.verifier()), "");
  EXPECT_NE(Wrong(all[0].checkpoint, note::Signer::Generate("branch-7")->verifier()), "");
}

TEST_F(NotaryTest, AnUnchangedLogIsNotSignedAgainHoweverLong) {
  Given(5);
  Notary notary(Context(), Options());
  for (int hour = 0; hour < 30; ++hour) {
    const auto next = Settle(notary);
    ASSERT_TRUE(next.ok()) << ToString(next.status());
    EXPECT_EQ(*next, absl::InfiniteFuture());
    now_.Move(absl::Hours(1));
  }
  EXPECT_EQ(CountSigned(), 1u);
  EXPECT_EQ(notary.Describe()[0].waiting(), 0);
}

TEST_F(NotaryTest, OneRecordIsSignedAMinuteAfterTheLastCheckpoint) {
  Given(5);
  Notary notary(Context(), Options());
  ASSERT_TRUE(Settle(notary).ok());
  const absl::Time signed_at = now_.Now();
  now_.Move(absl::Seconds(20));
  Given(1);
  EXPECT_EQ(*Settle(notary), signed_at + absl::Seconds(60));
  EXPECT_EQ(FromProto(notary.Describe()[0].next_at()), signed_at + absl::Seconds(60));
  EXPECT_EQ(notary.Describe()[0].waiting(), 1);
  now_.Move(absl::Seconds(39));
  ASSERT_TRUE(Settle(notary).ok());
  EXPECT_EQ(CountSigned(), 1u);
  now_.Move(absl::Seconds(1));
  ASSERT_TRUE(Settle(notary).ok());
  const auto all = AllSigned();
  ASSERT_THAT(all, SizeIs(2));
  EXPECT_EQ(SizeOf(all[1].checkpoint), 7) << "the checkpoint before is a record like any other";
  EXPECT_EQ(Wrong(all[1].checkpoint, signer_.verifier()), "");
}

TEST_F(NotaryTest, AThousandRecordsAreSignedAtOnce) {
  Given(5);
  Notary notary(Context(), Options());
  ASSERT_TRUE(Settle(notary).ok());
  Given(999);
  ASSERT_TRUE(Settle(notary).ok());
  EXPECT_EQ(CountSigned(), 1u);
  Given(1);
  ASSERT_TRUE(Settle(notary).ok());
  const auto all = AllSigned();
  ASSERT_THAT(all, SizeIs(2));
  EXPECT_EQ(SizeOf(all[1].checkpoint), 1006);
  EXPECT_EQ(Wrong(all[1].checkpoint, signer_.verifier()), "");
}

TEST_F(NotaryTest, ASecondNotarySaysTheSameAndNeitherSignsWhatTheyWrote) {
  Given(5);
  node_->CatchUp();
  Notary one(Context(), Options()), other(Context(), WhichLooksBefore(one, Forgetful()));
  ASSERT_TRUE(other.Step().ok());
  node_->CatchUp();
  ASSERT_EQ(CountSigned(), 2u);
  EXPECT_EQ(AllSigned()[0].id, AllSigned()[1].id);
  EXPECT_EQ(AllSigned()[0].checkpoint.SerializeAsString(), AllSigned()[1].checkpoint.SerializeAsString());
  const auto verdict = node_->engine().VerdictAt(kHome, Offset(EndOf(kHome) - 1));
  ASSERT_TRUE(verdict.ok());
  EXPECT_EQ(verdict->outcome(), events::v1::VERDICT_OUTCOME_DUPLICATE);
  for (int minute = 0; minute < 10; ++minute) {
    now_.Move(absl::Minutes(1));
    ASSERT_TRUE(Settle(one).ok());
    ASSERT_TRUE(Settle(other).ok());
  }
  EXPECT_EQ(CountSigned(), 2u);
  // The control: a single record of another kind is signed by one of them, and that is found by the other.
  Given(1);
  ASSERT_TRUE(Settle(one).ok());
  ASSERT_TRUE(Settle(other).ok());
  EXPECT_EQ(CountSigned(), 3u);
}

TEST_F(NotaryTest, ASecondNotaryWithAnotherKeyCountsForNothing) {
  Given(5);
  node_->CatchUp();
  NotaryOptions foreign = Forgetful();
  foreign.signer = *note::Signer::Generate("elsewhere");
  Notary one(Context(), Options()), other(Context(), WhichLooksBefore(one, foreign));
  ASSERT_TRUE(other.Step().ok());
  node_->CatchUp();
  const auto verdict = node_->engine().VerdictAt(kHome, Offset(EndOf(kHome) - 1));
  ASSERT_TRUE(verdict.ok());
  EXPECT_EQ(verdict->outcome(), events::v1::VERDICT_OUTCOME_REFUSED);
  EXPECT_EQ(verdict->rule(), "event_id_reused");
}

TEST_F(NotaryTest, AWrongClockInTheLogsPastDoesNotKeepTheNextOneWaiting) {
  Given(2);
  const absl::Time now = now_.Now();
  GivenIn(kHome, "early");
  now_.Move(absl::Hours(24 * 365));
  GivenIn(kHome, "a year ahead");
  now_.Move(now - now_.Now());
  Notary notary(Context(), Options());
  ASSERT_TRUE(Settle(notary).ok());
  ASSERT_EQ(CountSigned(), 1u);
  Given(1);
  now_.Move(absl::Seconds(60));
  ASSERT_TRUE(Settle(notary).ok());
  EXPECT_EQ(CountSigned(), 2u);
}

TEST_F(NotaryTest, ALogThatWasCutBackIsNotSignedUntilTheLossIsAccepted) {
  Given(40);
  std::string signed_note;
  {
    Notary notary(Context(), Options());
    ASSERT_TRUE(Settle(notary).ok());
    signed_note = AllSigned()[0].checkpoint.note();
  }
  const Partition hurt(1);
  ASSERT_GT(EndOf(hurt), 2);
  CutBack(hurt, Offset(EndOf(hurt) - 2));
  // The view alone shows it, the memory alone too.
  for (const NotaryOptions& options : {Forgetful(), Options()}) {
    Notary notary(Context(), options);
    const auto step = Settle(notary);
    EXPECT_EQ(step.status().code(), StatusCode::kFailedPrecondition);
    EXPECT_THAT(notary.Describe()[0].trouble(), AllOf(HasSubstr("partition 1"), HasSubstr("kefu audit accept-loss")));
    EXPECT_EQ(notary.LostNote(), signed_note);
  }
  EXPECT_EQ(CountSigned(), 1u);
  Given(20);
  now_.Move(absl::Hours(1));
  Notary notary(Context(), Options());
  EXPECT_FALSE(Settle(notary).ok()) << "it is the same length by now, and says something else";
  EXPECT_EQ(CountSigned(), 1u);

  Given(Accepted(*notary.LostNote()));
  const auto next = Settle(notary);
  ASSERT_TRUE(next.ok()) << ToString(next.status());
  ASSERT_EQ(CountSigned(), 2u);
  EXPECT_EQ(Wrong(AllSigned()[1].checkpoint, signer_.verifier()), "");
  EXPECT_EQ(notary.LostNote(), std::nullopt);
  EXPECT_EQ(notary.Describe()[0].trouble(), "");
  // And is remembered: a restart goes on.
  Given(1);
  now_.Move(absl::Minutes(2));
  FoldAnew();
  Notary restarted(Context(), Options());
  ASSERT_TRUE(Settle(restarted).ok());
  EXPECT_EQ(CountSigned(), 3u);
}

// The control of the one before: the same without the cut.
TEST_F(NotaryTest, ALogThatWasNotCutBackIsSignedByTheNextNotary) {
  Given(40);
  {
    Notary notary(Context(), Options());
    ASSERT_TRUE(Settle(notary).ok());
  }
  Given(20);
  now_.Move(absl::Hours(1));
  FoldAnew();
  Notary notary(Context(), Options());
  ASSERT_TRUE(Settle(notary).ok());
  EXPECT_EQ(CountSigned(), 2u);
}

TEST_F(NotaryTest, ALogWithoutItsNewestCheckpointIsMissedByTheMemoryAlone) {
  Given(40);
  {
    Notary notary(Context(), Options());
    ASSERT_TRUE(Settle(notary).ok());
  }
  const int64_t before = EndOf(kHome);
  CutBack(kHome, Offset(before - 3));
  ASSERT_EQ(CountSigned(), 0u) << "the checkpoint is gone, and two records before it";
  {
    Notary notary(Context(), Options());
    EXPECT_FALSE(Settle(notary).ok());
    EXPECT_THAT(notary.Describe()[0].trouble(), HasSubstr("partition 0"));
    EXPECT_TRUE(notary.LostNote().has_value());
  }
  ASSERT_EQ(CountSigned(), 0u);
  // The control: without the memory nobody would know.
  Notary forgetful(Context(), Forgetful());
  ASSERT_TRUE(Settle(forgetful).ok());
  EXPECT_EQ(CountSigned(), 1u);
}

TEST_F(NotaryTest, ALogThatGrewAgainWithOtherRecordsIsFoundByItsRoot) {
  Given(40);
  {
    Notary notary(Context(), Options());
    ASSERT_TRUE(Settle(notary).ok());
  }
  const Partition hurt(2);
  node_.reset();
  log_.Cut(hurt, Offset(EndOf(hurt) - 1));
  GivenIn(hurt, "forged");
  GivenIn(hurt, "and more");
  node_ = NewNode();
  Notary notary(Context(), Options());
  EXPECT_FALSE(Settle(notary).ok());
  EXPECT_THAT(notary.Describe()[0].trouble(), AllOf(HasSubstr("partition 2"), HasSubstr("not those that were signed")));
  EXPECT_EQ(CountSigned(), 1u);
}

TEST_F(NotaryTest, ANotaryWhoseTreeIsBehindAnothersWaits) {
  Given(40);
  {
    Notary notary(Context(), Options());
    ASSERT_TRUE(Settle(notary).ok());
  }
  NotaryOptions options = Forgetful();
  bool behind = true;
  options.heads = [&]() -> StatusOr<std::vector<TreeHead>> {
    auto heads = HeadsOfView(node_->engine())();
    if (heads.ok() && behind) {
      heads->at(1).size -= 5;
      heads->at(1).next_offset = Offset(heads->at(1).next_offset.value() - 5);
    }
    return heads;
  };
  Notary notary(Context(), options);
  Given(2);
  now_.Move(absl::Hours(1));
  const auto next = Settle(notary);
  ASSERT_TRUE(next.ok()) << ToString(next.status());
  EXPECT_EQ(CountSigned(), 1u);
  EXPECT_EQ(notary.LostNote(), std::nullopt);
  behind = false;
  ASSERT_TRUE(Settle(notary).ok());
  EXPECT_EQ(CountSigned(), 2u);
}

TEST_F(NotaryTest, AMemoryThatCannotBeReadKeepsItFromSigning) {
  Given(5);
  const std::string path = Options().memory_path;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream(path) << "{\"logId\": ";
  {
    Notary notary(Context(), Options());
    EXPECT_FALSE(Settle(notary).ok());
    EXPECT_THAT(notary.Describe()[0].trouble(), HasSubstr("move it away"));
  }
  EXPECT_EQ(CountSigned(), 0u);
  std::filesystem::remove(path);
  Notary notary(Context(), Options());
  ASSERT_TRUE(Settle(notary).ok());
  EXPECT_EQ(CountSigned(), 1u);
  EXPECT_TRUE(std::filesystem::exists(path));
}

TEST_F(NotaryTest, TheMemoryOfAnotherLogIsNoneOfIts) {
  SignedMemory other;
  other.set_log_id("another");
  other.mutable_signed_()->add_partitions()->set_size(1'000'000);
  ASSERT_TRUE(NotaryMemory(Options().memory_path).Save(other).ok());
  Given(5);
  Notary notary(Context(), Options());
  ASSERT_TRUE(Settle(notary).ok());
  EXPECT_EQ(CountSigned(), 1u);
}

TEST_F(NotaryTest, ThroughTwentyDeathsEachCheckpointIsTrueAndTheLastOneCoversAll) {
  const uint64_t seed = Seed();
  SCOPED_TRACE(fmt::format("KEFU_SEED={}", seed));
  std::mt19937_64 random(seed);
  std::unique_ptr<MortalLog> mortal;
  std::unique_ptr<Notary> notary;
  int restarts = -1;
  const auto restart = [&] {
    notary.reset();
    node_->CatchUp();
    mortal = std::make_unique<MortalLog>(log_);
    NotaryOptions options = Options();
    options.records = 40;
    notary = std::make_unique<Notary>(node_->Context(*mortal, now_), options);
    if (++restarts < 20)
      mortal->DieAt(static_cast<int>(1 + random() % 4), static_cast<MortalLog::Death>(random() % 3));
  };
  restart();
  for (int64_t round = 0; restarts < 20; ++round) {
    ASSERT_LT(round, 5'000) << "it does not get on";
    Given(static_cast<int>(random() % 20));
    now_.Move(absl::Seconds(random() % 40));
    node_->CatchUp();
    const auto step = notary->Step();
    ASSERT_TRUE(step.ok()) << ToString(step.status());
    if (mortal->dead()) restart();
  }
  Given(1);
  ASSERT_TRUE(Settle(*notary).ok());
  now_.Move(absl::Minutes(2));
  ASSERT_TRUE(Settle(*notary).ok());

  const auto all = AllSigned();
  ASSERT_GT(all.size(), 10u);
  std::map<std::string, std::set<std::string>> words;
  int64_t size = 0;
  for (const Signed& each : all) {
    EXPECT_EQ(Wrong(each.checkpoint, signer_.verifier()), "") << each.id;
    EXPECT_GE(SizeOf(each.checkpoint), size) << each.id;
    size = SizeOf(each.checkpoint);
    words[each.id].insert(each.checkpoint.SerializeAsString());
  }
  for (const auto& [id, ways] : words) EXPECT_EQ(ways.size(), 1u) << id;
  int64_t records = 0;
  for (int32_t p = 0; p < log_.partitions(); ++p) records += EndOf(Partition(p));
  EXPECT_EQ(size, records - 1) << "all but the newest checkpoint's own record";
}

}  // namespace
}  // namespace kefu::duties

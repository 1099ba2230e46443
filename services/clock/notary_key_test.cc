// The key that signs is changed by the one before.

#include "services/clock/notary.h"
#include "services/clock/notary_testing.h"

namespace kefu::duties {
namespace {

TEST_F(NotaryTest, TheKeyIsChangedByTheOldOneAndTheCheckpointOverTheChangeIsTheNewOnes) {
  Given(40);
  {
    Notary notary(Context(), Options());
    ASSERT_TRUE(Settle(notary).ok());
  }
  Notary notary(Context(), ChangingTo(next_));
  ASSERT_TRUE(Settle(notary).ok());
  const auto changes = AllChanges();
  ASSERT_THAT(changes, SizeIs(1));
  const auto& [at, changed] = changes[0];
  EXPECT_EQ(changed.old_key(), signer_.verifier().Text());
  EXPECT_EQ(changed.new_key(), next_.verifier().Text());
  const auto statement = note::OpenKeyChange(changed.statement());
  ASSERT_TRUE(statement.ok()) << ToString(statement.status());
  EXPECT_EQ(*statement, (note::KeyChange{"kefu/memory-log", 40, signer_.verifier(), next_.verifier()}));
  // At once, though nothing else was recorded.
  const auto all = AllSigned();
  ASSERT_THAT(all, SizeIs(2));
  EXPECT_EQ(Wrong(all[1].checkpoint, next_.verifier()), "");
  EXPECT_NE(Wrong(all[1].checkpoint, signer_.verifier()), "");
  EXPECT_GT(all[1].checkpoint.partitions(0).next_offset(), at);

  // Started again as it was, with the new key alone, it goes on, and says it no second time.
  NotaryOptions alone = Options();
  alone.signer = next_;
  for (const NotaryOptions& options : {ChangingTo(next_), alone}) {
    FoldAnew();
    Given(3);
    now_.Move(absl::Minutes(2));
    Notary restarted(Context(), options);
    ASSERT_TRUE(Settle(restarted).ok());
    EXPECT_EQ(restarted.Describe()[0].trouble(), "");
  }
  EXPECT_THAT(AllChanges(), SizeIs(1));
  ASSERT_EQ(CountSigned(), 4u);
  EXPECT_EQ(Wrong(AllSigned()[3].checkpoint, next_.verifier()), "");
}

TEST_F(NotaryTest, AnotherKeyWithoutTheOldOneSignsNothingAndSaysWhatToDo) {
  Given(40);
  {
    Notary notary(Context(), Options());
    ASSERT_TRUE(Settle(notary).ok());
  }
  NotaryOptions stranger = Options();
  stranger.signer = next_;
  NotaryOptions with_another = ChangingTo(next_);
  with_another.old_signer = *note::Signer::Generate("branch-7");
  Given(20);
  now_.Move(absl::Hours(1));
  for (const NotaryOptions& options : {stranger, with_another}) {
    Notary notary(Context(), options);
    const auto step = Settle(notary);
    EXPECT_EQ(step.status().code(), StatusCode::kFailedPrecondition);
    EXPECT_THAT(notary.Describe()[0].trouble(),
                AllOf(HasSubstr(NameOfKey(signer_.verifier())), HasSubstr(NameOfKey(next_.verifier())),
                      HasSubstr("audit.old-key-file"), HasSubstr("kefu audit accept-loss")));
  }
  EXPECT_EQ(CountSigned(), 1u);
  EXPECT_THAT(AllChanges(), IsEmpty());
  // The controls: with the old key, or by word of a person, it goes on.
  {
    Notary notary(Context(), Options());
    ASSERT_TRUE(Settle(notary).ok());
    EXPECT_EQ(CountSigned(), 2u);
    EXPECT_EQ(notary.LostNote(), std::nullopt);
  }
  Notary notary(Context(), stranger);
  EXPECT_FALSE(Settle(notary).ok());
  EXPECT_EQ(notary.LostNote(), AllSigned()[1].checkpoint.note());
  Given(Accepted(*notary.LostNote()));
  ASSERT_TRUE(Settle(notary).ok());
  ASSERT_EQ(CountSigned(), 3u);
  EXPECT_EQ(Wrong(AllSigned()[2].checkpoint, next_.verifier()), "");
  EXPECT_EQ(notary.LostNote(), std::nullopt);
}

TEST_F(NotaryTest, TheOldNotarySignsNoMoreOnceTheKeyIsChanged) {
  Given(40);
  Notary old(Context(), Options());
  ASSERT_TRUE(Settle(old).ok());
  Given(10);
  now_.Move(absl::Minutes(2));
  node_->CatchUp();
  // It looked before the change, and writes after it: that counts for nothing.
  Notary changing(Context(), ChangingTo(next_));
  Notary late(Context(), WhichLooksBefore(changing, Forgetful()));
  ASSERT_TRUE(late.Step().ok());
  node_->CatchUp();
  ASSERT_EQ(CountSigned(), 2u);
  EXPECT_EQ(Settle(late).status().code(), StatusCode::kFailedPrecondition);
  EXPECT_FALSE(Settle(old).ok());
  ASSERT_TRUE(Settle(changing).ok());
  EXPECT_THAT(AllChanges(), SizeIs(1));
  EXPECT_EQ(Wrong(AllSigned().back().checkpoint, next_.verifier()), "");
}

TEST_F(NotaryTest, AKeyThatWasLaidDownIsNotTakenAgain) {
  Given(40);
  {
    Notary notary(Context(), Options());
    ASSERT_TRUE(Settle(notary).ok());
  }
  {
    Notary notary(Context(), ChangingTo(next_));
    ASSERT_TRUE(Settle(notary).ok());
  }
  NotaryOptions back = Options();
  back.old_signer = next_;
  Notary notary(Context(), back);
  EXPECT_FALSE(Settle(notary).ok());
  EXPECT_THAT(notary.Describe()[0].trouble(), HasSubstr("never comes back"));
  const int64_t end = EndOf(kHome);
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(Settle(notary).ok());
  EXPECT_EQ(EndOf(kHome), end) << "it does not say it again and again";
  EXPECT_THAT(AllChanges(), SizeIs(1));
}

TEST_F(NotaryTest, KilledWhereverItIsTheKeyIsChangedOnce) {
  int deaths = 0;
  for (int nth = 1; nth <= 2; ++nth) {
    for (const auto death : {MortalLog::Death::kBeforeAppend, MortalLog::Death::kAfterAppend}) {
      Given(7);
      now_.Move(absl::Minutes(2));
      const note::Signer from = *note::Signer::OfSeed("kefu", std::string(32, static_cast<char>('a' + deaths)));
      const note::Signer to = *note::Signer::OfSeed("kefu", std::string(32, static_cast<char>('a' + deaths + 1)));
      NotaryOptions before = Options(), changing = Options();
      before.signer = from;
      changing.old_signer = from;
      changing.signer = to;
      {
        Notary notary(Context(), before);
        ASSERT_TRUE(Settle(notary).ok());
      }
      MortalLog mortal(log_);
      mortal.DieAt(nth, death);
      {
        node_->CatchUp();
        Notary dying(node_->Context(mortal, now_), changing);
        for (int step = 0; step < 10 && !mortal.dead(); ++step) {
          ASSERT_TRUE(dying.Step().ok());
          node_->CatchUp();
        }
      }
      ASSERT_TRUE(mortal.dead());
      FoldAnew();
      Notary next(Context(), changing);
      ASSERT_TRUE(Settle(next).ok());
      ++deaths;
      EXPECT_THAT(AllChanges(), SizeIs(deaths));
      EXPECT_EQ(Wrong(AllSigned().back().checkpoint, to.verifier()), "");
    }
  }
}

}  // namespace
}  // namespace kefu::duties

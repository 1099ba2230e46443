#include "services/clock/programme_keeper.h"

#include <gmock/gmock.h>

#include <map>
#include <set>

#include "platform/base/time.h"
#include "services/clock/broadcaster.h"
#include "services/clock/duty_testing.h"

namespace kefu::duties {
namespace {

using events::v1::Event;
using testing::ElementsAre;
using testing::IsEmpty;
using testkit::Draft;
using testkit::MemoryLog;

constexpr int32_t kPartitions = 2;

absl::Time Noon(int64_t year, int month, int day) {
  return absl::FromCivil(absl::CivilSecond(year, month, day, 4), absl::UTCTimeZone());
}

class ProgrammeKeeperTest : public testing::Test {
 protected:
  ProgrammeKeeperTest() : log_(kPartitions), node_(log_), broadcaster_(node_.Context(log_, now_)) {
    MoveTo(Noon(2026, 3, 2));
  }

  void MoveTo(absl::Time time) { now_.Move(time - now_.Now()); }
  void Tell(Draft draft) { Record(log_, testkit::Finish(draft, ++number_), now_.Now()); }
  void Publish(std::string_view programme, events::v1::CallBackSelection selection, int32_t share_bp = 1000,
               int version = 1) {
    Tell(Draft().Client("").At(now_.Now()).With([&](Event& event) {
      auto& body = *event.mutable_call_back_programme_published();
      body.set_programme(std::string(programme));
      body.set_version(version);
      body.set_selection(selection);
      body.set_within_days(30);
      body.set_share_bp(share_bp);
      body.set_team("call_backs");
      body.add_questions()->set_value("knows_the_risk");
    }));
  }
  void Join(const std::string& client, absl::Time at, bool imported = false) {
    Tell(testkit::Registered("Wang").Client(client).Branch("0001").At(at).With(
        [&](Event& event) { event.set_imported(imported); }));
  }
  std::vector<int64_t> Ends() {
    std::vector<int64_t> ends;
    for (int32_t p = 0; p < kPartitions; ++p) ends.push_back(log_.EndOffset(Partition(p))->value());
    return ends;
  }
  // Until there is nothing to do at this moment.
  void Settle(ProgrammeKeeper& keeper) {
    for (int idle = 0; idle < 12;) {
      const auto before = Ends();
      node_.CatchUp();
      ASSERT_TRUE(broadcaster_.Step().ok());
      node_.CatchUp();
      const auto next = keeper.Step();
      ASSERT_TRUE(next.ok()) << ToString(next.status());
      idle = Ends() == before ? idle + 1 : 0;
    }
  }
  // What is planned, by client; each once.
  std::map<std::string, Event> Plans(const std::string& programme) {
    std::map<std::string, Event> plans;
    for (int32_t p = 0; p < kPartitions; ++p) {
      for (int64_t offset = 0; offset < log_.EndOffset(Partition(p))->value(); ++offset) {
        Event event;
        EXPECT_TRUE(event::ParseRecorded(*log_.ReadOne(Partition(p), Offset(offset)), &event).ok());
        if (event.call_back_planned().programme().value() != programme) continue;
        if (node_.engine().VerdictAt(Partition(p), Offset(offset))->outcome() != events::v1::VERDICT_OUTCOME_APPLIED)
          continue;
        EXPECT_TRUE(plans.emplace(event.client_id(), event).second) << event.client_id() << " is called twice";
      }
    }
    return plans;
  }

  MemoryLog log_;
  Node node_;
  HandClock now_;
  Broadcaster broadcaster_;
  int64_t number_ = 0;
};

TEST_F(ProgrammeKeeperTest, EveryNewAccountIsCalledBackWithinItsDays) {
  Join("C-before", now_.Now() - absl::Hours(1));
  Publish("new_account", events::v1::CALL_BACK_SELECTION_NEW_ACCOUNT);
  Join("C-1", now_.Now());
  Join("C-2", now_.Now() + absl::Seconds(1));
  Join("C-imported", now_.Now(), true);
  ProgrammeKeeper keeper(node_.Context(log_, now_), {.rows_a_step = 2, .max_batch = 1});
  Settle(keeper);
  const auto plans = Plans("new_account");
  ASSERT_EQ(plans.size(), 2u) << "neither those before it, nor those brought in from elsewhere";
  const auto& planned = plans.at("C-1").call_back_planned();
  EXPECT_EQ(planned.call_back_id(), "new_account/2026/C-1");
  EXPECT_EQ(planned.team(), "call_backs");
  EXPECT_EQ(planned.questions(0).value(), "knows_the_risk");
  EXPECT_EQ(FromProto(planned.due_at()), now_.Now() + absl::Hours(24 * 30));
  EXPECT_EQ(FromProto(plans.at("C-1").occurred_at()), now_.Now());
  EXPECT_EQ(plans.at("C-1").branch_id(), "0001");

  // Another keeper, as after a restart, has nothing to add; one who comes later is called, too.
  const auto ends = Ends();
  ProgrammeKeeper other(node_.Context(log_, now_));
  Settle(other);
  EXPECT_EQ(Ends(), ends);
  Join("C-3", now_.Now() + absl::Minutes(1));
  Settle(other);
  EXPECT_EQ(Plans("new_account").count("C-3"), 1u);
}

TEST_F(ProgrammeKeeperTest, EachYearASampleOfThoseActiveAtTheLastYearsEndIsCalled) {
  constexpr int kClients = 400;
  for (int i = 0; i < kClients; ++i) Join(fmt::format("C-{}", i), Noon(2025, 6, 1));
  Publish("yearly_sample", events::v1::CALL_BACK_SELECTION_YEARLY_SAMPLE, 2000);
  ProgrammeKeeper keeper(node_.Context(log_, now_), {.rows_a_step = 50, .max_batch = 16});
  Settle(keeper);
  const auto first = Plans("yearly_sample");
  for (int i = 0; i < kClients; ++i) {
    const std::string client = fmt::format("C-{}", i);
    EXPECT_EQ(first.contains(client), IsSampled("yearly_sample", 2026, client, 2000)) << client;
  }
  EXPECT_NEAR(static_cast<double>(first.size()), kClients / 5.0, 30);
  EXPECT_EQ(FromProto(first.begin()->second.occurred_at()), now_.Now()) << "of its first year: once it was published";

  // On the last evening of the year nothing; a minute later, in the new one, those active on that evening.
  const absl::Time midnight = absl::FromCivil(absl::CivilSecond(2026, 12, 31, 16), absl::UTCTimeZone());
  std::set<std::string> gone;
  for (int i = 0; i < 40; ++i) {
    gone.insert(fmt::format("C-{}", i));
    Tell(testkit::StatusChanged(events::v1::CLIENT_STATUS_CLOSED).Client(fmt::format("C-{}", i)).At(Noon(2026, 12, 1)));
  }
  MoveTo(midnight - absl::Minutes(1));
  Join("C-new", now_.Now());
  Settle(keeper);
  EXPECT_EQ(Plans("yearly_sample").size(), first.size());
  MoveTo(midnight + absl::Minutes(1));
  // Too late to be one of last year's.
  Join("C-late", now_.Now());
  // Was one of them, whatever becomes of it now.
  Tell(testkit::StatusChanged(events::v1::CLIENT_STATUS_CLOSED).Client("C-50").At(now_.Now()));
  std::set<std::string> second;
  node_.CatchUp();
  Settle(keeper);
  for (int32_t p = 0; p < kPartitions; ++p) {
    for (int64_t offset = 0; offset < log_.EndOffset(Partition(p))->value(); ++offset) {
      Event event;
      ASSERT_TRUE(event::ParseRecorded(*log_.ReadOne(Partition(p), Offset(offset)), &event).ok());
      if (!event.call_back_planned().call_back_id().starts_with("yearly_sample/2027/")) continue;
      EXPECT_TRUE(second.insert(event.client_id()).second) << "twice";
      EXPECT_EQ(FromProto(event.occurred_at()), midnight);
      EXPECT_EQ(FromProto(event.call_back_planned().due_at()),
                absl::FromCivil(absl::CivilSecond(2027, 12, 31, 15, 59, 59), absl::UTCTimeZone()));
    }
  }
  for (int i = 0; i < kClients; ++i) {
    const std::string client = fmt::format("C-{}", i);
    EXPECT_EQ(second.contains(client), !gone.contains(client) && IsSampled("yearly_sample", 2027, client, 2000))
        << client;
  }
  EXPECT_EQ(second.contains("C-new"), IsSampled("yearly_sample", 2027, "C-new", 2000));
  EXPECT_FALSE(second.contains("C-late"));
}

TEST_F(ProgrammeKeeperTest, NobodyIsCalledWithoutAProgrammeOrAShare) {
  for (int i = 0; i < 50; ++i) Join(fmt::format("C-{}", i), Noon(2025, 6, 1));
  ProgrammeKeeper keeper(node_.Context(log_, now_));
  Settle(keeper);
  Publish("yearly_sample", events::v1::CALL_BACK_SELECTION_YEARLY_SAMPLE, 0);
  Settle(keeper);
  EXPECT_THAT(Plans("yearly_sample"), IsEmpty());
  // All of them, once the share is the whole.
  Publish("yearly_sample", events::v1::CALL_BACK_SELECTION_YEARLY_SAMPLE, 10'000, 2);
  Settle(keeper);
  EXPECT_EQ(Plans("yearly_sample").size(), 50u);
}

// Killed at any append: each is called once, and nobody is forgotten.
TEST_F(ProgrammeKeeperTest, RestartsAtAnyPointPlanEachOnce) {
  const uint64_t seed = Seed();
  SCOPED_TRACE(fmt::format("KEFU_SEED={}", seed));
  std::mt19937_64 random(seed);
  for (int i = 0; i < 200; ++i) Join(fmt::format("C-{}", i), Noon(2025, 6, 1));
  Publish("yearly_sample", events::v1::CALL_BACK_SELECTION_YEARLY_SAMPLE, 5000);
  node_.CatchUp();
  ASSERT_TRUE(broadcaster_.Step().ok());
  node_.CatchUp();
  for (int restart = 0; restart <= 12; ++restart) {
    MortalLog mortal(log_);
    if (restart < 12)
      mortal.DieAt(static_cast<int>(1 + random() % 3), static_cast<MortalLog::Death>(random() % 3));
    ProgrammeKeeper keeper(node_.Context(mortal, now_), {.rows_a_step = 20, .max_batch = 4});
    for (int idle = 0; idle < 30 && !mortal.dead();) {
      const auto before = Ends();
      node_.CatchUp();
      ASSERT_TRUE(keeper.Step().ok());
      idle = Ends() == before ? idle + 1 : 0;
    }
    node_.CatchUp();
  }
  const auto plans = Plans("yearly_sample");
  for (int i = 0; i < 200; ++i) {
    const std::string client = fmt::format("C-{}", i);
    EXPECT_EQ(plans.contains(client), IsSampled("yearly_sample", 2026, client, 5000)) << client;
  }
}

}  // namespace
}  // namespace kefu::duties

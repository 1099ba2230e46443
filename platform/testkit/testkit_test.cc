#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "kefu/query/v1/client.pb.h"
#include "platform/testkit/history.h"
#include "platform/testkit/projection_driver.h"
#include "platform/testkit/wide_history.h"

namespace kefu::testkit {
namespace {

using events::v1::Event;

// A view as small as can be: contacts by client.
struct Counts {
  static constexpr std::string_view kName = "counts";
  static constexpr uint8_t kId = 1;
  using Key = codec::KeyOf<std::string>;
  using Row = query::v1::Tally;
};
struct CountsByCount {
  static constexpr std::string_view kName = "by_count";
  static constexpr uint8_t kId = 2;
  using Of = Counts;
  using Key = codec::KeyOf<int64_t, std::string>;
  static void Keys(const Of::Row& row, sdk::IndexKeys& out) { out.AddEncoded(Key::Encode(row.count(), row.key())); }
};
struct CountView {
  static constexpr std::string_view kName = "count";
  static constexpr int32_t kVersion = 1;
  using Events = sdk::TypeList<events::v1::ContactRecorded>;
  using Tables = sdk::TypeList<Counts>;
  using Indexes = sdk::TypeList<CountsByCount>;

  static sdk::Outcome Apply(const sdk::Recorded<events::v1::ContactRecorded>& contact, sdk::View<CountView>& view) {
    auto& row = view.Edit<Counts>(contact.event().client_id());
    row.set_key(contact.event().client_id());
    row.set_count(row.count() + 1);
    if (contact.body.thread_id() == "unheard-of") return sdk::Parked("thread_unknown");
    return sdk::Applied();
  }
};

Draft Call() { return Contacted(events::v1::CHANNEL_PHONE, events::v1::DIRECTION_INBOUND); }

TEST(ProjectionDriver, FoldsEventsAndShowsRowsAndEntries) {
  ProjectionDriver<CountView> test;
  test.Given(Call(), Call(), Call().Client("C-2"));
  EXPECT_EQ(test.Row<Counts>("C-1")->count(), 2);
  EXPECT_EQ(test.Row<Counts>("C-9"), nullptr);
  EXPECT_EQ(test.Dump(),
            "counts [C-1] {\"key\":\"C-1\",\"count\":\"2\"}\n"
            "counts [C-2] {\"key\":\"C-2\",\"count\":\"1\"}\n"
            "by_count [1, C-2] → [C-2]\n"
            "by_count [2, C-1] → [C-1]\n");
}

TEST(ProjectionDriver, AnEventThatCannotBeTakenIsUndoneAndItsClientWaits) {
  ProjectionDriver<CountView> test;
  test.Given(Call(), Call().With([](Event& event) { event.mutable_contact_recorded()->set_thread_id("unheard-of"); }),
             Call(), Call().Client("C-2"));
  EXPECT_EQ(test.Row<Counts>("C-1")->count(), 1);
  EXPECT_EQ(test.Row<Counts>("C-2")->count(), 1);
  EXPECT_EQ(test.run().parked().at("C-1").events, 2);
}

// A fold with a memory of its own breaks the rules; the driver must see it.
struct ForgetfulView : CountView {
  static inline int calls = 0;
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::ContactRecorded>& contact, sdk::View<ForgetfulView>& view) {
    view.Edit<Counts>(contact.event().client_id()).set_count(++calls);
    return sdk::Applied();
  }
};

TEST(ProjectionDriver, AFoldThatKeepsStateBetweenEventsIsFound) {
  EXPECT_NONFATAL_FAILURE(
      {
        testing::TestPartResultArray found;
        {
          testing::ScopedFakeTestPartResultReporter listen(
              testing::ScopedFakeTestPartResultReporter::INTERCEPT_ONLY_CURRENT_THREAD, &found);
          ProjectionDriver<ForgetfulView> test;
          test.Given(Call(), Call());
        }
        EXPECT_EQ(found.size(), 0) << "found";
      },
      "found");
}

TEST(RandomHistory, IsTheSameForTheSameSeedAndAnotherForAnother) {
  const auto bytes = [](uint64_t seed) {
    std::string all;
    for (const Event& event : RandomHistory({.seed = seed, .clients = 10, .events = 300}))
      all += event.SerializeAsString();
    return all;
  };
  EXPECT_EQ(bytes(1), bytes(1));
  EXPECT_NE(bytes(1), bytes(2));
}

// Kinds of events among `history`.
std::set<int> KindsOf(const std::vector<Event>& history) {
  std::set<int> kinds;
  for (const Event& event : history) kinds.insert(event.body_case());
  return kinds;
}

TEST(RandomHistory, HoldsMoreKindsOfEventsWhenAskedFor) {
  const HistoryOptions plain{.seed = 7, .clients = 40, .events = 4000};
  HistoryOptions more = plain;
  more.undertakings = 10, more.case_facts = 10;
  const auto base = KindsOf(RandomHistory(plain)), asked = KindsOf(RandomHistory(more));
  const auto wide = KindsOf(WideHistory(plain));
  EXPECT_TRUE(std::ranges::includes(asked, base));
  EXPECT_TRUE(std::ranges::includes(wide, base));
  for (const auto kind : {Event::kPromiseMade, Event::kPromiseKept, Event::kCallBackPlanned, Event::kCallBackDone}) {
    EXPECT_FALSE(base.contains(kind)) << kind;
    EXPECT_TRUE(asked.contains(kind)) << kind;
    EXPECT_TRUE(wide.contains(kind)) << kind;
  }
  for (const auto kind : {Event::kCaseNextActionSet, Event::kCaseResponseSent, Event::kCaseMatterSet})
    EXPECT_TRUE(asked.contains(kind)) << kind;
  for (const auto kind : {Event::kSatisfactionRated, Event::kTradingDaySummarised, Event::kClientClassified})
    EXPECT_TRUE(wide.contains(kind)) << kind;
}

TEST(RandomHistory, HasEveryKindOfEventOfClientsAndCasesAndEveryOutcome) {
  std::map<int, int> bodies;
  std::map<std::string, int> rules;
  int duplicates = 0, applied = 0;
  ViewRun run(sdk::Describe<CountView>());
  int64_t offset = 0;
  for (const Event& event : RandomHistory({.seed = 7, .clients = 40, .events = 4000})) {
    ++bodies[event.body_case()];
    const auto verdict = run.Deliver({event, Recorded(event, Beginning()), Offset(offset++), Beginning()});
    applied += verdict.outcome() == events::v1::VERDICT_OUTCOME_APPLIED;
    duplicates += verdict.outcome() == events::v1::VERDICT_OUTCOME_DUPLICATE;
    if (verdict.outcome() == events::v1::VERDICT_OUTCOME_REFUSED) ++rules[verdict.rule()];
  }
  // Clients, contacts and cases through their whole lives.
  EXPECT_EQ(bodies.size(), 24);
  EXPECT_GT(applied, 2000);
  EXPECT_GT(duplicates, 100);
  for (const char* rule : {"case_not_open", "case_exists", "case_of_other_client", "client_exists", "client_unknown",
                           "client_closed", "event_id_reused", "revision_moved", "unknown_field_path"})
    EXPECT_GT(rules[rule], 0) << rule;
}

}  // namespace
}  // namespace kefu::testkit

// Random lives of cases: what is folded step by step, what is replayed from a row, and what a new publication may move.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <random>

#include "platform/testkit/projection_driver.h"
#include "projections/clock/clock_testing.h"

namespace kefu::clock {
namespace {

using namespace testkit;
using events::v1::Event;

uint64_t Seed() {
  const char* given = std::getenv("KEFU_SEED");
  return given != nullptr ? std::strtoull(given, nullptr, 10) : 20260302;
}

class Random {
 public:
  explicit Random(uint64_t seed) : bits_(seed) {}
  int Below(int end) { return static_cast<int>(bits_() % static_cast<uint64_t>(end)); }
  bool OneIn(int n) { return Below(n) == 0; }

 private:
  std::mt19937_64 bits_;
};

// What the view's own tables give, read from a finished run.
class RunRules final : public Rules {
 public:
  explicit RunRules(const ViewRun& run) : run_(run) {}
  const events::v1::PolicyPackPublished* Pack(const events::v1::PolicyReference& pack) override {
    return Kept<events::v1::PolicyPackPublished>(Packs::kId, Packs::Key::Encode(pack.pack_id(), pack.version()));
  }
  const events::v1::CalendarPublished* Calendar(const events::v1::CalendarReference& calendar) override {
    return Kept<events::v1::CalendarPublished>(Calendars::kId,
                                               Calendars::Key::Encode(calendar.calendar_id(), calendar.version()));
  }
  // The version that the row has for the run; of a run it does not have, the first.
  events::v1::CalendarReference CalendarFor(const std::string& clock_id, int32_t run,
                                            const std::string& calendar_id) override {
    if (const CaseClock* clock = FindClock(*row, clock_id, run)) return clock->calendar();
    events::v1::CalendarReference reference;
    reference.set_calendar_id(calendar_id);
    reference.set_version(1);
    return reference;
  }
  const CaseClocks* row = nullptr;

 private:
  template <class Message>
  const Message* Kept(uint8_t table, const std::string& key) {
    auto& kept = kept_[key];
    if (kept == nullptr) kept = const_cast<ViewRun&>(run_).view().Render(table, key);
    return static_cast<const Message*>(kept.get());
  }
  const ViewRun& run_;
  std::map<std::string, MemoryStage::Rendered> kept_;
};

PackDraft RichPack(int version, int minutes) {
  using namespace events::v1;
  return PackDraft("firm", version)
      .Clock("ack", OpenMinutes(minutes), {CASE_MOMENT_ACKNOWLEDGED, CASE_MOMENT_CLIENT_CONTACTED})
      .Clock("resolve", BusinessDays(3), {CASE_MOMENT_RESOLVED})
      .Pauses({WAITING_ON_CLIENT}, 2)
      .Pauses({WAITING_ON_VENDOR})
      .Restarts()
      .Clock("fees", Minutes(3 * minutes), {CASE_MOMENT_FINAL_RESPONSE, CASE_MOMENT_RESOLVED})
      .With([](auto& rule) { rule.mutable_condition()->add_categories("fees"); })
      .Pauses({WAITING_ON_CLIENT})
      .Clock("desk", Minutes(minutes), {CASE_MOMENT_CLIENT_CONTACTED})
      .StartsAt(CASE_MOMENT_ESCALATED)
      .Clock("answer", BusinessDays(5), {CASE_MOMENT_FINAL_RESPONSE})
      .With([](auto& rule) { rule.mutable_due()->set_external_date_binds(true); });
}

// A life of one case that admission may partly refuse; mostly in order, some news late.
std::vector<Event> Life(const std::string& case_id, absl::Time begins, Random& random, int64_t& number) {
  std::vector<Event> life;
  absl::Time now = begins;
  const auto add = [&](Draft draft) {
    const absl::Time at = random.OneIn(6) ? now - absl::Minutes(random.Below(300)) : now;
    life.push_back(Finish(draft.At(at), ++number));
    now += absl::Minutes(random.Below(700));
  };
  add(random.OneIn(2) ? Complained(case_id, random.OneIn(2) ? "fees" : "advice")
                      : Opened(case_id, random.OneIn(2) ? "fees" : ""));
  for (int steps = 3 + random.Below(10); steps > 0; --steps) {
    switch (random.Below(12)) {
      case 0:
        add(Acknowledged(case_id));
        break;
      case 1:
        add(Started(case_id));
        break;
      case 2:
      case 3:
        add(WaitStarted(case_id, random.OneIn(2) ? events::v1::WAITING_ON_CLIENT : events::v1::WAITING_ON_VENDOR));
        break;
      case 4:
      case 5:
        add(Resumed(case_id));
        break;
      case 6:
        add(Escalated(case_id, "desk"));
        break;
      case 7:
        add(Reclassified(case_id, events::v1::CASE_PRIORITY_HIGH, random.OneIn(2) ? "fees" : "advice"));
        break;
      case 8:
        add(Contacted(events::v1::CHANNEL_PHONE, events::v1::DIRECTION_OUTBOUND).With([&](Event& event) {
          event.mutable_contact_recorded()->set_case_id(case_id);
        }));
        break;
      case 9:
        add(Draft().With([&](Event& event) {
          auto* referred = event.mutable_case_referred();
          referred->set_case_id(case_id);
          referred->mutable_external()->set_scheme("cn.csrc.12386");
          referred->mutable_external()->set_number("1");
          *referred->mutable_external()->mutable_due_at() = ToProto(now + absl::Minutes(random.Below(5000)));
        }));
        break;
      case 10:
        add(Resolved(case_id));
        break;
      default:
        add(random.OneIn(2) ? Reopened(case_id) : NoteAdded(case_id, "n"));
    }
  }
  return life;
}

std::vector<CaseClocks> RowsOf(const MemoryStage& stage) {
  std::vector<CaseClocks> rows;
  for (const auto& [key, row] : stage.Rows("cases")) rows.push_back(static_cast<const CaseClocks&>(*row));
  return rows;
}

// Applied facts and events of many cases, one after the other as the log would have them.
struct World {
  ViewRun run{sdk::Describe<ClockView>()};
  std::vector<Delivery> deliveries;

  void Add(const Event& event) {
    Delivery delivery{event, "", Offset(static_cast<int64_t>(deliveries.size())),
                      Beginning() + absl::Milliseconds(static_cast<int64_t>(deliveries.size()))};
    delivery.bytes = Recorded(event, delivery.recorded_at);
    delivery.event.ParseFromString(delivery.bytes);
    deliveries.push_back(delivery);
    run.Deliver(delivery);
  }
  // As the keeper does, for what is not told yet.
  void TellAll() {
    for (const CaseClocks& row : RowsOf(run.view()))
      for (const Event& note : row.pending()) Add(FactOf(row, note));
  }
};

TEST(Replay, GivesTheClocksThatWereFoldedStepByStep) {
  const uint64_t seed = Seed();
  SCOPED_TRACE(fmt::format("KEFU_SEED={}", seed));
  Random random(seed);
  World world;
  int64_t number = 0;
  world.Add(Finish(Published(calendar::Shanghai()), ++number));
  world.Add(Finish(Published(RichPack(1, 60)), ++number));
  for (int i = 0; i < 600; ++i) {
    const absl::Time begins = At("2026-02-10 09:00") + absl::Minutes(random.Below(20'000));
    for (const Event& event : Life(fmt::format("K-{}", i), begins, random, number)) world.Add(event);
  }
  ASSERT_TRUE(world.run.parked().empty());
  RunRules rules(world.run);
  int clocks = 0;
  for (const CaseClocks& row : RowsOf(world.run.view())) {
    rules.row = &row;
    const CaseClocks again = Replay(row, row.packs(), rules);
    ASSERT_EQ(Lines(again), Lines(row)) << row.ShortDebugString();
    clocks += row.clocks_size();
  }
  EXPECT_GT(clocks, 1'500);
}

// N4: nothing that is recorded moves, whatever is published later; after a rebuild neither.
TEST(Clocks, NoRecordedDueTimeMovesWhenAPackAndACalendarArePublishedNorAfterARebuild) {
  const uint64_t seed = Seed() + 1;
  SCOPED_TRACE(fmt::format("KEFU_SEED={}", seed));
  Random random(seed);
  World world;
  int64_t number = 0;
  world.Add(Finish(Published(calendar::Shanghai()), ++number));
  world.Add(Finish(Published(RichPack(1, 60)), ++number));
  for (int i = 0; i < 1'800; ++i) {
    const absl::Time begins = At("2026-02-10 09:00") + absl::Minutes(random.Below(20'000));
    for (const Event& event : Life(fmt::format("K-{}", i), begins, random, number)) world.Add(event);
  }
  world.TellAll();
  const auto state_of = [](const ViewRun& run) {
    std::map<std::string, std::vector<std::string>> lines;
    for (const CaseClocks& row : RowsOf(const_cast<ViewRun&>(run).view())) lines[row.case_id()] = Lines(row);
    return lines;
  };
  const auto before = state_of(world.run);
  int clocks = 0;
  for (const auto& [case_id, lines] : before) clocks += static_cast<int>(lines.size());
  EXPECT_GE(clocks, 5'000);

  auto edict = calendar::Shanghai();
  edict.set_version(2);
  edict.clear_exceptions();
  calendar::AddException(edict, 2026, 3, 4, "an edict");
  world.Add(Finish(Published(edict), ++number));
  world.Add(Finish(Published(RichPack(2, 30)), ++number));
  EXPECT_EQ(state_of(world.run), before);

  ViewRun rebuilt(sdk::Describe<ClockView>());
  for (const Delivery& delivery : world.deliveries) rebuilt.Deliver(delivery);
  EXPECT_EQ(state_of(rebuilt), before);
  EXPECT_EQ(rebuilt.Dump(), world.run.Dump());

  // The control: recomputing with what is newest does move many.
  RunRules rules(world.run);
  int moved = 0;
  for (CaseClocks row : RowsOf(world.run.view())) {
    for (auto& pack : *row.mutable_packs()) pack.set_version(2);
    rules.row = &CaseClocks::default_instance();
    moved += Lines(Replay(row, row.packs(), rules)) != before.at(row.case_id());
  }
  EXPECT_GT(moved, 500);
}

}  // namespace
}  // namespace kefu::clock

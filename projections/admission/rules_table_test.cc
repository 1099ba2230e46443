// Every rule as a line of text: testdata/rules.txt and its like.

#include <fmt/format.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <memory>
#include <set>

#include "platform/event/broadcast.h"
#include "platform/testkit/memory_stage.h"
#include "projections/admission/admission.h"
#include "projections/admission/aggregate.h"
#include "projections/admission/reference_rules.h"
#include "projections/admission/rules_table_testing.h"
#include "projections/admission/tables.h"

namespace kefu::admission {
namespace {

using events::v1::Event;
using events::v1::Verdict;
using testkit::MemoryStage;

std::string WordOf(const Verdict& verdict) {
  switch (verdict.outcome()) {
    case events::v1::VERDICT_OUTCOME_APPLIED:
      return "applied";
    case events::v1::VERDICT_OUTCOME_DUPLICATE:
      return "duplicate";
    case events::v1::VERDICT_OUTCOME_REFUSED:
      return verdict.rule();
    default:
      return "stops";
  }
}

// One partition's admission.
class Partitioned {
 public:
  explicit Partitioned(int32_t partition) : partition_(partition), stage_(State()) {}

  Verdict Judge(const Event& event) {
    stage_.Begin();
    const std::string bytes = testkit::Recorded(event, testkit::Beginning());
    return admission::Judge({&event, bytes, partition_, Offset(next_++), testkit::Beginning()}, stage_);
  }
  // All that is remembered but which ids were met.
  std::string Remembered() const {
    std::string state;
    std::stringstream dump(stage_.Dump());
    for (std::string line; std::getline(dump, line);)
      if (!line.starts_with("seen ")) state += line + "\n";
    return state;
  }
  MemoryStage& stage() { return stage_; }

 private:
  Partition partition_;
  MemoryStage stage_;
  int64_t next_ = 0;
};

Event CopyOf(Event event, int64_t first_offset) {
  event.mutable_broadcast()->set_partitions(4);
  event.mutable_broadcast()->set_is_copy(true);
  event.mutable_broadcast()->set_first_offset(first_offset);
  return event;
}

TEST(RulesTable, EveryLineAsItSaysAndARefusalChangesNothing) {
  std::string story;
  std::unique_ptr<Partitioned> home;
  for (const RuleLine& line : ReadAllRuleLines()) {
    SCOPED_TRACE(line.place + " " + line.story);
    if (line.story != story) home = std::make_unique<Partitioned>(0);
    story = line.story;
    const std::string before = home->Remembered();
    const Verdict verdict = home->Judge(line.event);
    EXPECT_EQ(WordOf(verdict), line.verdict);
    if (verdict.outcome() != events::v1::VERDICT_OUTCOME_APPLIED) {
      EXPECT_EQ(home->Remembered(), before);
    }
  }
}

// What was applied in partition 0 is taken over elsewhere without judging, so both remember the same. What was refused
// is not copied.
TEST(RulesTable, CopiesGiveOtherPartitionsTheSameState) {
  std::string story;
  std::unique_ptr<Partitioned> home, other;
  std::set<std::string> applied;
  int copied = 0;
  for (const RuleLine& line : ReadAllRuleLines()) {
    if (!event::IsBroadcast(line.event.body_case())) continue;
    SCOPED_TRACE(line.place + " " + line.story);
    if (line.story != story) {
      home = std::make_unique<Partitioned>(0);
      other = std::make_unique<Partitioned>(3);
    }
    story = line.story;
    const Verdict verdict = home->Judge(line.event);
    if (verdict.outcome() == events::v1::VERDICT_OUTCOME_APPLIED) {
      const Event copy = CopyOf(line.event, 7);
      EXPECT_EQ(WordOf(other->Judge(copy)), "applied");
      EXPECT_EQ(WordOf(other->Judge(copy)), "duplicate");
      ++copied;
    }
    EXPECT_EQ(home->Remembered(), other->Remembered());
  }
  EXPECT_GT(copied, 40);
}

TEST(RulesTable, NamesEveryRule) {
  std::set<std::string> told;
  for (const RuleLine& line : ReadAllRuleLines()) told.insert(line.verdict);
  for (const auto& [number, text] : LinesOf("projections/admission/testdata/contacts.txt"))
    told.insert(ColumnsOf(text).back());
  // Tested elsewhere, for they take more than a line.
  for (const char* rule : {"event_id_missing", "too_many_clocks", "too_many_segments"}) told.insert(rule);
  for (int number = 1; number < 256; ++number) {
    const std::string name(NameOf(static_cast<Rule>(number)));
    EXPECT_TRUE(name == "unknown_rule" || told.contains(name)) << name << " is told by no line";
  }
}

TEST(Broadcast, AnIdUsedBeforeKeepsNoCopyOut) {
  Partitioned other(3);
  Event squatter;
  squatter.set_event_id("policy/uk.fca.disp/1");
  squatter.set_client_id("C-1");
  squatter.mutable_contact_recorded();
  EXPECT_EQ(WordOf(other.Judge(squatter)), "applied");
  Event published;
  published.set_event_id("policy/uk.fca.disp/1");
  published.mutable_unit_published()->set_unit_id("B-1");
  EXPECT_EQ(WordOf(other.Judge(CopyOf(published, 3))), "applied");
  EXPECT_EQ(WordOf(other.Judge(CopyOf(published, 3))), "duplicate");
}

// Only what goes to all partitions can be a copy: the mark on another body does not get it past the rules.
TEST(Broadcast, TheMarkOfACopyMeansNothingOnOtherBodies) {
  Partitioned other(3);
  Event event;
  event.set_event_id("e-1");
  event.set_client_id("C-1");
  event.mutable_case_started()->set_case_id("K-1");
  EXPECT_EQ(WordOf(other.Judge(CopyOf(event, 3))), "case_unknown");
}

// Another build would judge what follows otherwise; so this one must not go on, whichever partition it is in, and must
// not remember that it was there.
TEST(RulesVersion, ANewerOneStopsAndLeavesNoTrace) {
  for (const bool copy : {false, true}) {
    Partitioned partition(copy ? 3 : 0);
    Event event;
    for (int32_t version = 2; version <= kRulesVersion + 1; ++version) {
      event.set_event_id(fmt::format("rules/{}", version));
      event.mutable_rules_version_adopted()->set_version(version);
      const Event sent = copy ? CopyOf(event, version) : event;
      const std::string before = partition.stage().Dump();
      const Verdict verdict = partition.Judge(sent);
      EXPECT_EQ(WordOf(verdict), version <= kRulesVersion ? "applied" : "stops");
      EXPECT_EQ(partition.stage().Dump() == before, version > kRulesVersion);
    }
  }
}

TEST(ReferenceRules, ListsAreBounded) {
  events::v1::PolicyPackPublished pack;
  pack.set_pack_id("p");
  events::v1::SegmentRulesPublished rules;
  rules.set_scheme("s");
  const auto kind = [](const std::string&) { return events::v1::CALENDAR_KIND_BUSINESS; };
  for (int i = 1; i <= 33; ++i) {
    auto& clock = *pack.add_clocks();
    clock.set_clock_id(fmt::format("c{}", i));
    clock.set_starts_at(events::v1::CASE_MOMENT_RECEIVED);
    clock.mutable_due()->set_unit(events::v1::DUE_UNIT_MINUTES);
    clock.mutable_due()->set_amount(i);
    EXPECT_EQ(NameOf(CheckPack(pack, kind)), i <= 32 ? "" : "too_many_clocks");
    auto& rule = *rules.add_rules();
    rule.set_segment(fmt::format("s{}", i));
    rule.mutable_condition()->set_constant(1);
    EXPECT_EQ(NameOf(CheckSegmentRules(rules)), i <= 32 ? "" : "too_many_segments");
  }
}

TEST(ReferenceRules, TheRetentionThatIsDeliveredIsValid) {
  for (const char* path : {"deploy/retention/cn-broker.json", "deploy/retention/us-broker.json"}) {
    std::ifstream file(path);
    ASSERT_TRUE(file.good()) << path;
    const std::string json(std::istreambuf_iterator<char>(file), {});
    Event event;
    ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(json, &event).ok()) << path;
    EXPECT_EQ(CheckRetention(event.retention_published()), Rule::kNone) << path;
    for (const auto& one : event.retention_published().classes()) {
      EXPECT_FALSE(one.source().empty());
      for (const std::string& kind : one.kinds())
        EXPECT_NE(Event::descriptor()->FindFieldByName(kind), nullptr) << path << " " << kind;
    }
  }
}

// Unit, amount, period, ends, and whether that is a due time.
TEST(ReferenceRules, WhichDueTimesThereAre) {
  struct Line {
    const char* due;
    bool fits;
  };
  constexpr Line kLines[] = {
      {"unit: DUE_UNIT_MINUTES amount: 1", true},
      {"unit: DUE_UNIT_MINUTES amount: 0", false},
      {"unit: DUE_UNIT_MINUTES amount: 5270400", true},
      {"unit: DUE_UNIT_MINUTES amount: 5270401", false},
      {"unit: DUE_UNIT_MINUTES amount: 1 ends: DUE_END_CLOSE", false},
      {"unit: DUE_UNIT_MINUTES amount: 1 rolls_to_open_day: true", false},
      {"unit: DUE_UNIT_MINUTES amount: 1 period: DUE_PERIOD_YEAR", false},
      {"unit: DUE_UNIT_MINUTES amount: 1 late_receipt_counts_next_day: true", false},
      {"unit: DUE_UNIT_OPEN_MINUTES amount: 60", true},
      {"unit: DUE_UNIT_OPEN_MINUTES amount: 60 ends: DUE_END_MIDNIGHT", false},
      {"unit: DUE_UNIT_OPEN_MINUTES amount: -1", false},
      {"unit: DUE_UNIT_CALENDAR_DAYS amount: 0 ends: DUE_END_MIDNIGHT", true},
      {"unit: DUE_UNIT_CALENDAR_DAYS amount: 0 ends: DUE_END_CLOSE", true},
      {"unit: DUE_UNIT_CALENDAR_DAYS amount: 0 ends: DUE_END_SAME_TIME", false},
      {"unit: DUE_UNIT_CALENDAR_DAYS amount: 1 ends: DUE_END_SAME_TIME", true},
      {"unit: DUE_UNIT_CALENDAR_DAYS amount: 1", false},
      {"unit: DUE_UNIT_CALENDAR_DAYS amount: 1 ends: 77", false},
      {"unit: DUE_UNIT_CALENDAR_DAYS amount: 3660 ends: DUE_END_CLOSE rolls_to_open_day: true", true},
      {"unit: DUE_UNIT_CALENDAR_DAYS amount: 3661 ends: DUE_END_CLOSE", false},
      {"unit: DUE_UNIT_CALENDAR_DAYS amount: 1 ends: DUE_END_CLOSE late_receipt_counts_next_day: true", false},
      {"unit: DUE_UNIT_WEEKS amount: 522 ends: DUE_END_CLOSE external_date_binds: true", true},
      {"unit: DUE_UNIT_WEEKS amount: 523 ends: DUE_END_CLOSE", false},
      {"unit: DUE_UNIT_BUSINESS_DAYS amount: 8 ends: DUE_END_CLOSE late_receipt_counts_next_day: true", true},
      {"unit: DUE_UNIT_BUSINESS_DAYS amount: -1 ends: DUE_END_CLOSE", false},
      {"unit: DUE_UNIT_BUSINESS_DAYS amount: 8 ends: DUE_END_CLOSE period: DUE_PERIOD_MONTH", false},
      {"unit: DUE_UNIT_DAYS_AFTER_PERIOD amount: 45 ends: DUE_END_CLOSE", false},
      {"unit: DUE_UNIT_DAYS_AFTER_PERIOD amount: 45 ends: DUE_END_CLOSE period: DUE_PERIOD_QUARTER", true},
      {"unit: DUE_UNIT_DAYS_AFTER_PERIOD amount: 45 ends: DUE_END_CLOSE period: 9", false},
      {"unit: DUE_UNIT_DAYS_AFTER_PERIOD amount: 45 period: DUE_PERIOD_QUARTER", false},
      {"amount: 1 ends: DUE_END_CLOSE", false},
      {"unit: 55 amount: 1 ends: DUE_END_CLOSE", false},
  };
  const auto kind = [](const std::string&) { return events::v1::CALENDAR_KIND_BUSINESS; };
  for (const Line& line : kLines) {
    events::v1::PolicyPackPublished pack;
    pack.set_pack_id("p");
    auto& clock = *pack.add_clocks();
    clock.set_clock_id("c");
    ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(line.due, clock.mutable_due())) << line.due;
    EXPECT_EQ(CheckPack(pack, kind), Rule::kDueTimeInvalid) << "no start: " << line.due;
    clock.set_starts_at(events::v1::CASE_MOMENT_RECEIVED);
    EXPECT_EQ(CheckPack(pack, kind), line.fits ? Rule::kNone : Rule::kDueTimeInvalid) << line.due;
    clock.add_stops_at(events::v1::CASE_MOMENT_UNSPECIFIED);
    EXPECT_EQ(CheckPack(pack, kind), Rule::kDueTimeInvalid) << "stops at nothing: " << line.due;
  }
}

}  // namespace
}  // namespace kefu::admission

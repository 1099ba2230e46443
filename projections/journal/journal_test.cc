#include "projections/journal/journal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "platform/base/hash.h"
#include "platform/base/time.h"
#include "platform/testkit/book_events.h"
#include "platform/testkit/client_events.h"
#include "platform/testkit/golden.h"
#include "platform/testkit/history.h"
#include "platform/testkit/projection_driver.h"
#include "projections/journal/entry.h"

namespace kefu::journal {
namespace {

using namespace testkit;
using events::v1::Event;

struct Line {
  std::string client_id;
  int64_t offset;
  std::string body;
  std::string rule;
};

std::vector<Line> LinesOf(Driver& test) {
  std::vector<Line> lines;
  for (const auto& [key, value] : test.run().view().RawRows("entries")) {
    std::string_view rest = key;
    Line line;
    Offset offset;
    EXPECT_TRUE(codec::TakePart(rest, &line.client_id) && codec::TakePart(rest, &offset) && rest.empty());
    const auto entry = DecodeEntry(value);
    Event event;
    EXPECT_TRUE(entry.has_value() && event.ParseFromArray(entry->event.data(), static_cast<int>(entry->event.size())));
    const auto* body =
        event.GetReflection()->GetOneofFieldDescriptor(event, Event::descriptor()->FindOneofByName("body"));
    line.offset = offset.value();
    line.body = body->name();
    line.rule = entry->Verdict().rule();
    lines.push_back(std::move(line));
  }
  return lines;
}

// These bytes are on disks.
TEST(Entry, BytesAreFrozen) {
  EXPECT_EQ(Hex(EncodeEntry(nullptr, "event")), "006576656e74");
  events::v1::Verdict verdict;
  verdict.set_outcome(events::v1::VERDICT_OUTCOME_APPLIED);
  EXPECT_EQ(Hex(EncodeEntry(&verdict, "event")), "006576656e74");
  verdict.set_outcome(events::v1::VERDICT_OUTCOME_REFUSED);
  verdict.set_rule("r");
  EXPECT_EQ(Hex(EncodeEntry(&verdict, "event")), "0508031201726576656e74");
  const std::string bytes = EncodeEntry(&verdict, "event");
  EXPECT_EQ(DecodeEntry(bytes)->event, "event");
  EXPECT_EQ(DecodeEntry(bytes)->Verdict().rule(), "r");
  EXPECT_FALSE(DecodeEntry("").has_value());
  EXPECT_FALSE(DecodeEntry("\x05"
                           "ab")
                   .has_value());
}

TEST(Journal, KeepsAClientsEventsInTheOrderOfTheLogWithTheAttemptsThatWereRefused) {
  ProjectionDriver<JournalView> test;
  test.Given(Opened("K-1").Client("C-2"), Opened("K-2").Client("C-1"));
  test.When(Closed("K-1").Client("C-2")).Then(Refused("case_not_resolved"));
  test.Given(Resolved("K-1").Client("C-2"));
  std::vector<std::string> lines;
  for (const Line& line : LinesOf(test)) lines.push_back(fmt::format("{} {} {}", line.client_id, line.body, line.rule));
  EXPECT_THAT(lines, testing::ElementsAre("C-1 service_request_opened ", "C-2 service_request_opened ",
                                          "C-2 case_closed case_not_resolved", "C-2 case_resolved "));
}

TEST(Journal, SaysWhatWasCorrectedAndKeepsBoth) {
  ProjectionDriver<JournalView> test;
  const auto contact = [] { return Contacted(events::v1::CHANNEL_PHONE, events::v1::DIRECTION_INBOUND); };
  Event told = contact().Client("C-1").Id("talk").AtMinute(1).event();
  told.mutable_contact_recorded()->set_summary("told right");
  const auto correcting = [&](const char* id, const char* named) {
    return Draft().Id(id).With([&](Event& event) {
      event.mutable_event_corrected()->set_corrected_event_id(named);
      event.mutable_event_corrected()->set_event(told.SerializeAsString());
    });
  };
  test.Given(contact(), contact().Id("talk").AtMinute(1), correcting("fix", "talk"));
  // The driver leaves each second offset out.
  const auto corrected_by = [&] {
    std::vector<std::string> lines;
    for (const auto& [key, value] : test.run().view().RawRows("corrections")) {
      const auto by = CorrectedBy::Decode(value);
      EXPECT_TRUE(by.has_value());
      EXPECT_EQ(key, codec::Key("C-1", Offset(2)));
      lines.push_back(fmt::format("{}@{}{}", by->event_id, by->offset, by->annulled ? " annulled" : ""));
    }
    return lines;
  };
  EXPECT_THAT(corrected_by(), testing::ElementsAre("fix@4"));
  test.When(correcting("again", "talk")).Then(Refused("event_corrected_already"));
  EXPECT_THAT(corrected_by(), testing::ElementsAre("fix@4"));
  test.Given(Draft().Id("gone").With([](Event& event) { event.mutable_event_annulled()->set_annulled_event_id("fix"); }));
  EXPECT_THAT(corrected_by(), testing::ElementsAre("gone@8 annulled"));
  EXPECT_EQ(LinesOf(test).size(), 5u);
  const auto rows = test.run().view().RawRows("entries");
  const auto entry = DecodeEntry(rows.at(2).second);
  EXPECT_TRUE(entry->applied());
  EXPECT_EQ(entry->Verdict().first_offset(), 2);
  EXPECT_FALSE(CorrectedBy::Decode("?").has_value());
}

TEST(Journal, ADeliveryThatIsADuplicateLeavesNothing) {
  ProjectionDriver<JournalView> test;
  test.Given(Opened("K-1").Id("x").AtMinute(1)).When(Opened("K-1").Id("x").AtMinute(1)).Then(Duplicate());
  EXPECT_EQ(LinesOf(test).size(), 1u);
}

TEST(Journal, HoldsTheRecordedBytesAsTheyAre) {
  ProjectionDriver<JournalView> test;
  test.Given(Registered("王小明"));
  EXPECT_EQ(DecodeEntry(test.run().view().RawRows("entries").at(0).second)->event, test.last().bytes);
}

TEST(Journal, AFactAboutTwoClientsIsInTheJournalsOfBoth) {
  ProjectionDriver<JournalView> test;
  test.Given(Merged("A", "B").Id("m1"), Related("r1", events::v1::RELATION_KIND_HOUSEHOLD, "B", "C"), Split("m1"),
             RelationEnded("r1"), UnitTold("0001"));
  test.When(Merged("D", "D")).Then(Refused("merge_with_itself"));
  std::vector<std::string> lines;
  for (const Line& line : LinesOf(test)) lines.push_back(line.client_id + " " + line.body);
  EXPECT_THAT(lines, testing::ElementsAre("A client_records_merged", "A client_records_split",
                                          "B client_records_merged", "B client_relation_started",
                                          "B client_records_split", "B client_relation_ended",
                                          "C client_relation_started", "C client_relation_ended"));
}

TEST(Journal, AFactAboutTwoClientsIsOnlyWhereTheyLive) {
  constexpr int32_t kPartitions = 3;
  const std::vector<Draft> drafts = {Merged("A", "B").Id("m1"), Split("m1").Id("s1"),
                                     Related("r1", events::v1::RELATION_KIND_HOUSEHOLD, "C", "D").Id("e1"),
                                     RelationEnded("r1").Id("e2")};
  std::map<std::string, int> entries;
  for (int32_t p = 0; p < kPartitions; ++p) {
    MemoryStage stage(sdk::Describe<JournalView>());
    for (size_t i = 0; i < drafts.size(); ++i) {
      const auto number = static_cast<int64_t>(i);
      const Event event = ForPartition(Finish(drafts[i], number), p, kPartitions, number);
      const std::string bytes = event.SerializeAsString();
      stage.Begin();
      EXPECT_NE(sdk::Describe<JournalView>()
                    .Apply({&event, bytes, Partition(p), Offset(number), Beginning(), nullptr}, stage)
                    .kind(),
                sdk::Outcome::Kind::kParked);
    }
    for (const auto& [key, value] : stage.RawRows("entries")) {
      std::string_view rest = key;
      std::string client_id;
      ASSERT_TRUE(codec::TakePart(rest, &client_id));
      EXPECT_EQ(PartitionForKey(client_id, kPartitions), p) << client_id;
      ++entries[client_id];
    }
  }
  EXPECT_THAT(entries, testing::ElementsAre(testing::Pair("A", 2), testing::Pair("B", 2), testing::Pair("C", 2),
                                            testing::Pair("D", 2)));
}

TEST(Journal, GoldenDump) {
  ProjectionDriver<JournalView> test;
  test.Play(RandomHistory({.seed = 3, .clients = 4, .events = 80}));
  std::string text;
  for (const Line& line : LinesOf(test))
    text += fmt::format("{} {:>3} {} {}\n", line.client_id, line.offset, line.body, line.rule);
  ExpectGolden("projections/journal/golden/journal.txt", text);
}

TEST(JournalProperty, HoldsEveryEventThatWasNoDuplicateOnce) {
  for (const uint64_t seed : {21, 22, 23}) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    ProjectionDriver<JournalView> test;
    const auto history = RandomHistory({.seed = seed, .clients = 20, .events = 1000});
    const auto verdicts = test.Play(history);
    std::map<std::pair<std::string, int64_t>, std::string> expected;
    for (size_t i = 0; i < history.size(); ++i)
      if (verdicts[i].outcome() != events::v1::VERDICT_OUTCOME_DUPLICATE)
        expected[{history[i].client_id(), test.deliveries()[i].offset.value()}] = verdicts[i].rule();
    std::map<std::pair<std::string, int64_t>, std::string> kept;
    for (const Line& line : LinesOf(test)) kept[{line.client_id, line.offset}] = line.rule;
    EXPECT_EQ(kept, expected);
  }
}

// What records with these stamps leave in the table `late`, when the running maximum is what counts.
std::vector<std::pair<std::string, std::string>> LateOf(const std::vector<std::pair<Draft, int>>& records) {
  MemoryStage stage(sdk::Describe<JournalView>());
  const events::v1::Verdict applied = [] {
    events::v1::Verdict verdict;
    verdict.set_outcome(events::v1::VERDICT_OUTCOME_APPLIED);
    return verdict;
  }();
  absl::Time effective = absl::InfinitePast();
  int64_t offset = 0;
  for (const auto& [draft, minute] : records) {
    Event event = Finish(draft, offset);
    const absl::Time stamped = Beginning() + absl::Minutes(minute) + absl::Nanoseconds(1);
    *event.mutable_recorded_at() = ToProto(stamped);
    effective = std::max(effective, stamped);
    stage.Begin();
    (void)sdk::Describe<JournalView>().Apply({&event, "bytes", Partition(0), Offset(offset++), effective, &applied}, stage);
  }
  return stage.RawRows("late");
}

TEST(Journal, ARecordStampedBeforeAnEarlierOneIsKeptWithTheTimeThatCounts) {
  const auto contacted = Contacted(events::v1::CHANNEL_PHONE, events::v1::DIRECTION_INBOUND);
  const auto late = LateOf({{contacted, 3}, {contacted, 5}, {contacted, 4}, {contacted, 6}});
  ASSERT_EQ(late.size(), 1u);
  EXPECT_EQ(late[0].first, codec::Key(Finish(contacted, 2).client_id(), Offset(2)));
  EXPECT_EQ(DecodeTime(late[0].second), Beginning() + absl::Minutes(5) + absl::Nanoseconds(1)) << "to the nanosecond";
}

TEST(Journal, OfWhatIsBroadcastItIsKeptUnderNoClient) {
  const auto late = LateOf({{StaffTold("S-1"), 3}, {StaffTold("S-2"), 1}});
  ASSERT_EQ(late.size(), 1u);
  EXPECT_EQ(late[0].first, codec::Key("", Offset(1)));
  EXPECT_EQ(DecodeTime(late[0].second), Beginning() + absl::Minutes(3) + absl::Nanoseconds(1));
}

TEST(Journal, OfOneWriterNoneIsLate) {
  const auto contacted = Contacted(events::v1::CHANNEL_PHONE, events::v1::DIRECTION_INBOUND);
  EXPECT_TRUE(LateOf({{contacted, 3}, {contacted, 3}, {contacted, 4}, {StaffTold("S-1"), 5}}).empty());
}

TEST(Journal, BytesOfATimeAreFrozen) {
  EXPECT_EQ(Hex(EncodeTime(absl::FromUnixNanos(1'000'000'258))), "0801108202");
  EXPECT_FALSE(DecodeTime("short").has_value());
}

}  // namespace
}  // namespace kefu::journal

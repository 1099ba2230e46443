#include "services/cli/import/mapper.h"

#include <gmock/gmock.h>
#include <google/protobuf/util/time_util.h>
#include <gtest/gtest.h>

#include <fstream>

#include "platform/base/files.h"
#include "platform/base/reason.h"

namespace kefu::cli {
namespace {

using ::testing::ElementsAre;

// Each item in a few words: "open@2 c-ann" or "!NO_RULE@3".
class MapperTest : public ::testing::Test {
 protected:
  std::vector<std::string> Run(const std::string& mapping_text, const std::string& rows) {
    const auto mapping = ParseMapping(mapping_text, "m.yaml");
    EXPECT_TRUE(mapping.ok()) << mapping.status();
    if (!mapping.ok()) return {};
    const std::string path = folder_.path() + "/rows.csv";
    std::ofstream(path, std::ios::binary) << rows;
    const auto source = OpenCsvSource(path, **mapping);
    EXPECT_TRUE(source.ok()) << source.status();
    if (!source.ok()) return {};
    items_.clear();
    ImportItem item;
    std::vector<std::string> told;
    while (*(*source)->Next(&item)) {
      items_.push_back(item);
      const std::string& id = item.event.event_id();
      told.push_back(item.problem.ok() ? fmt::format("{}@{}", id, item.line)
                                       : fmt::format("!{}@{}", ReasonOf(item.problem), item.line));
    }
    counts_ = (*source)->counts();
    return told;
  }

  TempDirectory folder_;
  std::vector<ImportItem> items_;
  ImportCounts counts_;
};

constexpr char kDesk[] = R"(mapping: desk
rows: {case: "{number}", order: change, clock: "{at}", unmatched: count, empty: ["?"]}
times: {minute: {format: "%d/%m/%Y %H:%M"}}
tables:
  states: {New: new, Active: active, Done: done}
first_row:
  client: "c-{caller | slug | default: unknown}"
each_row:
  at: "{time | time: minute}"
  state: "{status | table: states}"
event: {client_id: "{client}", occurred_at: "{at}", source: desk}
rules:
  - rule: register
    when: {row: first, caller: {empty: false}}
    once: "{client}"
    emit: client_registered
    set: {kind: CLIENT_KIND_PERSON, display_name: "{caller}"}
  - rule: open
    when: {row: first}
    emit: service_request_opened
    set: {case_id: "{number}", opening: {channel: CHANNEL_PHONE, category: {scheme: d, value: "{category}"}}}
  - rule: reopen
    when: {state: {is_not: done, was: done}}
    emit: case_reopened
    set: {case_id: "{number}"}
  - rule: assign
    when: {staff: {changed: true, empty: false}}
    emit: case_assigned
    set: {case_id: "{number}", assignee_id: "{staff}"}
  - rule: resolve
    when: {state: {is: done, changed: true}}
    emit: case_resolved
    set: {case_id: "{number}"}
)";
constexpr char kDeskHeader[] = "number,change,time,caller,status,staff,category\n";

TEST_F(MapperTest, RowsOfACaseBecomeItsLife) {
  EXPECT_THAT(Run(kDesk, std::string(kDeskHeader) + "K1,0,1/3/2026 09:00,Ann Li,New,?,?\n"
                                                    "K1,1,1/3/2026 09:05,Ann Li,Active,s1,?\n"
                                                    "K1,2,1/3/2026 09:06,Ann Li,Active,s1,?\n"
                                                    "K1,3,1/3/2026 09:07,Ann Li,Done,s2,?\n"
                                                    "K1,4,1/3/2026 09:08,Ann Li,Active,s2,?\n"
                                                    "K2,0,1/3/2026 09:00,Ann Li,Done,?,?\n"),
              ElementsAre("desk:c-ann-li:register@2", "desk:K1:1:open@2", "desk:K1:2:assign@3", "desk:K1:4:assign@5",
                          "desk:K1:4:resolve@5", "desk:K1:5:reopen@6", "desk:K2:1:open@7", "desk:K2:1:resolve@7"));
  EXPECT_EQ(counts_.rows, 6);
  EXPECT_EQ(counts_.mapped, 5);
  EXPECT_EQ(counts_.unchanged, 1);
  EXPECT_TRUE(items_[1].event.imported());
  EXPECT_EQ(items_[1].event.client_id(), "c-ann-li");
  // An empty cell leaves its field unset, and with it the block it is the point of.
  EXPECT_FALSE(items_[1].event.service_request_opened().opening().has_category());
}

TEST_F(MapperTest, RowsAreSortedByTheirChangeAndWhatGoesBackInTimeIsPutAside) {
  EXPECT_THAT(Run(kDesk, std::string(kDeskHeader) + "K1,2,1/3/2026 08:00,Ann,Active,s9,x\n"
                                                    "K1,1,1/3/2026 09:00,Ann,New,?,x\n"
                                                    "K1,3,1/3/2026 09:07,Ann,Done,?,x\n"),
              ElementsAre("desk:c-ann:register@3", "desk:K1:2:open@3", "!TIME_WENT_BACK@2", "desk:K1:3:resolve@4"));
}

TEST_F(MapperTest, ARowMakesAllItsEventsOrNoneAndTheCaseGoesOn) {
  EXPECT_THAT(Run(kDesk, std::string(kDeskHeader) + "K1,0,1/3/2026 09:00,Ann,New,?,x\n"
                                                    "K1,1,1/3/2026 09:01,Ann,-100,s1,x\n"
                                                    "K1,2,31/2/2026 09:02,Ann,Active,s1,x\n"
                                                    "K1,x,1/3/2026 09:03,Ann,Active,s1,x\n"
                                                    "K1,4,1/3/2026 09:04,Ann,Active\n"
                                                    ",5,1/3/2026 09:05,Ann,Active,s1,x\n"
                                                    "K1,6,1/3/2026 09:06,Ann,Active,s1,x\n"),
              ElementsAre("!BAD_NUMBER@5", "!RAGGED_ROW@6", "!EMPTY_VALUE@7", "desk:c-ann:register@2",
                          "desk:K1:1:open@2", "!NOT_IN_TABLE@3", "!BAD_TIME@4", "desk:K1:4:assign@8"));
  EXPECT_EQ(counts_.rows, counts_.mapped + counts_.unchanged + counts_.paired + counts_.quarantined);
}

TEST_F(MapperTest, TheClientOfTheFirstRowKeepsTheCase) {
  Run(kDesk, std::string(kDeskHeader) +
                 "K1,0,1/3/2026 09:00,Ann,New,?,x\n"
                 "K1,1,1/3/2026 09:01,Bob,Done,?,x\n");
  ASSERT_EQ(items_.size(), 3u);
  EXPECT_EQ(items_[2].event.client_id(), "c-ann");
}

TEST_F(MapperTest, AnEventTheDoorWouldRefuseIsPutAsideWithItsReason) {
  EXPECT_THAT(Run(kDesk, std::string(kDeskHeader) + "K 1,0,1/3/2026 09:00,Ann,New,?,x\n"),
              ElementsAre("!CASE_ID_INVALID@2"));
}

TEST_F(MapperTest, ACaseThatComesBackIsPutAsideUnlessCasesAreScattered) {
  const std::string rows = std::string(kDeskHeader) +
                           "K1,0,1/3/2026 09:00,Ann,New,?,x\n"
                           "K2,0,1/3/2026 09:00,Bob,New,?,x\n"
                           "K1,1,1/3/2026 09:01,Ann,Done,?,x\n";
  EXPECT_THAT(Run(kDesk, rows), ElementsAre("desk:c-ann:register@2", "desk:K1:1:open@2", "desk:c-bob:register@3",
                                            "desk:K2:1:open@3", "!CASE_CAME_BACK@4"));
  std::string scattered = kDesk;
  scattered.replace(scattered.find("order: change"), 13, "cases: scattered");
  EXPECT_THAT(Run(scattered, rows), ElementsAre("desk:c-ann:register@2", "desk:K1:1:open@2", "desk:c-bob:register@3",
                                                "desk:K2:1:open@3", "desk:K1:2:resolve@4"));
}

constexpr char kCalls[] = R"(mapping: calls
rows: {case: "{client}"}
times: {iso: {format: "%Y-%m-%dT%H:%M:%SZ"}}
each_row: {at: "{time | time: iso}"}
pairs:
  started: {same: "{line}", begin: {what: START}, end: {what: STOP}, time: "{at}"}
event: {client_id: "{client}", occurred_at: "{at}", source: pbx}
rules:
  - rule: call
    when: {what: STOP}
    emit: contact_recorded
    set:
      channel: CHANNEL_PHONE
      direction: DIRECTION_INBOUND
      started_at: "{started}"
      duration: "{started | until: at}"
)";

TEST_F(MapperTest, ABeginningAndTheNextEndMakeADuration) {
  EXPECT_THAT(Run(kCalls,
                  "client,line,what,time\n"
                  "c1,1,START,2026-03-01T09:00:00Z\n"
                  "c1,2,START,2026-03-01T09:00:30Z\n"
                  "c1,1,STOP,2026-03-01T09:01:00Z\n"
                  "c1,1,STOP,2026-03-01T09:02:00Z\n"
                  "c1,2,START,2026-03-01T09:03:00Z\n"
                  "c1,2,STOP,2026-03-01T09:04:00Z\n"
                  "c1,3,START,2026-03-01T09:05:00Z\n"
                  "c1,3,HOLD,2026-03-01T09:06:00Z\n"),
              ElementsAre("calls:c1:3:call@4", "calls:c1:4:call@5", "!BEGIN_WITHOUT_END@3", "calls:c1:6:call@7",
                          "!NO_RULE@9", "!BEGIN_WITHOUT_END@8"));
  EXPECT_EQ(google::protobuf::util::TimeUtil::ToString(items_[0].event.contact_recorded().duration()), "60s");
  EXPECT_FALSE(items_[1].event.contact_recorded().has_duration());
  EXPECT_FALSE(items_[1].event.contact_recorded().has_started_at());
  EXPECT_EQ(google::protobuf::util::TimeUtil::ToString(items_[3].event.contact_recorded().duration()), "60s");
  EXPECT_EQ(counts_.mapped, 3);
  EXPECT_EQ(counts_.paired, 2);
  EXPECT_EQ(counts_.quarantined, 3);
  EXPECT_EQ(counts_.ends_without_begin, 1);
}

}  // namespace
}  // namespace kefu::cli

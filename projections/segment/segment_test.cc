#include "projections/segment/segment.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

#include "platform/base/time.h"
#include "platform/testkit/golden.h"
#include "platform/testkit/projection_driver.h"

namespace kefu::segment {
namespace {

using namespace testkit;
using testing::ElementsAre;
using testing::IsEmpty;

Draft Classified(const std::string& scheme, const std::string& segment, int day, int rules_version = 1) {
  return Draft().With([&](events::v1::Event& event) {
    auto& body = *event.mutable_client_classified();
    body.set_scheme(scheme);
    body.set_segment(segment);
    body.set_rules_version(rules_version);
    *body.mutable_as_of() = ToProto(Beginning() + absl::Hours(24) * day);
    auto& reason = *body.add_reasons();
    reason.set_fact(events::v1::CLIENT_FACT_ASSETS);
    reason.set_value(100 * day);
  });
}

// "asset_tier=gold since 1, before: silver 0-1".
std::string Text(const Classification& row) {
  const auto day = [](const google::protobuf::Timestamp& time) {
    return absl::ToInt64Hours(FromProto(time) - Beginning()) / 24;
  };
  std::string text;
  for (const auto& entry : row.current())
    text +=
        fmt::format("{}={} since {}; ", entry.classified().scheme(), entry.classified().segment(), day(entry.since()));
  text += "before:";
  for (const auto& entry : row.history())
    text += fmt::format(" {}={} {}-{}", entry.classified().scheme(), entry.classified().segment(), day(entry.since()),
                        day(entry.until()));
  return text;
}

class SegmentTest : public testing::Test {
 protected:
  std::vector<std::string> Counted() {
    std::vector<std::string> lines;
    for (const auto& [key, message] : test_.run().view().Rows("counts")) {
      const auto& count = static_cast<const query::v1::SegmentCount&>(*message);
      lines.push_back(
          fmt::format("{} {} {} v{}", count.scheme(), count.segment(), count.clients(), count.rules_version()));
    }
    return lines;
  }
  ProjectionDriver<SegmentView> test_;
};

TEST_F(SegmentTest, AClientMovesFromSegmentToSegmentAndItsPastIsKept) {
  test_.Given(Classified("asset_tier", "silver", 0), Classified("churn_risk", "low", 0),
              Classified("asset_tier", "gold", 3, 2));
  const auto* row = test_.Row<Clients>("C-1");
  ASSERT_NE(row, nullptr);
  EXPECT_EQ(Text(*row), "asset_tier=gold since 3; churn_risk=low since 0; before: asset_tier=silver 0-3");
  EXPECT_EQ(row->current(0).event_id(), "e-2");
  EXPECT_EQ(row->current(0).offset(), 4) << "the driver leaves room between offsets";
  EXPECT_EQ(row->current(0).classified().reasons(0).value(), 300);
  EXPECT_EQ(row->history(0).classified().reasons(0).value(), 0) << "each entry has its own reasons";
  EXPECT_THAT(test_.Entries<ClientsBySegment>(), ElementsAre("asset_tier, gold, C-1", "churn_risk, low, C-1"));
  EXPECT_THAT(Counted(), ElementsAre("asset_tier gold 1 v2", "churn_risk low 1 v1"));
  ExpectGolden("projections/segment/golden/moves.txt", test_.Dump());
}

TEST_F(SegmentTest, LeavingAllSegmentsIsAnEntryWithoutOne) {
  test_.Given(Classified("asset_tier", "gold", 0), Classified("asset_tier", "", 5));
  EXPECT_EQ(Text(*test_.Row<Clients>("C-1")), "asset_tier= since 5; before: asset_tier=gold 0-5");
  EXPECT_THAT(test_.Entries<ClientsBySegment>(), IsEmpty());
  EXPECT_THAT(Counted(), IsEmpty());
}

TEST_F(SegmentTest, TheSameSegmentToldAgainKeepsItsBeginning) {
  test_.Given(Classified("asset_tier", "gold", 2), Classified("asset_tier", "gold", 9, 2));
  EXPECT_EQ(Text(*test_.Row<Clients>("C-1")), "asset_tier=gold since 2; before:");
  EXPECT_EQ(test_.Row<Clients>("C-1")->current(0).classified().rules_version(), 2);
  EXPECT_THAT(Counted(), ElementsAre("asset_tier gold 1 v1"));
}

TEST_F(SegmentTest, HistoryAndSchemesAreBounded) {
  for (int i = 0; i <= kHistoryKept + 5; ++i) test_.Given(Classified("asset_tier", i % 2 == 0 ? "a" : "b", i));
  const auto& row = *test_.Row<Clients>("C-1");
  ASSERT_EQ(row.history_size(), kHistoryKept);
  EXPECT_EQ(row.history(0).classified().reasons(0).value(), 100 * (kHistoryKept + 4)) << "newest first";
  for (int i = 0; i < kSchemesKept + 3; ++i)
    test_.Given(Classified(fmt::format("scheme-{:02}", i), "x", 1).Client("C-2"));
  EXPECT_EQ(test_.Row<Clients>("C-2")->current_size(), kSchemesKept);
  EXPECT_EQ(Counted().size(), 1u + kSchemesKept);
}

// Members and counts against sets kept by hand.
TEST_F(SegmentTest, MembersAndCountsAreThoseOfAPlainTable) {
  std::mt19937 random(5);
  std::map<std::pair<std::string, std::string>, std::string> segments;  // client and scheme → segment
  for (int i = 0; i < 400; ++i) {
    const std::string client = "C-" + std::to_string(random() % 9);
    const std::string scheme = "scheme-" + std::to_string(random() % 3);
    const std::string segment = random() % 5 == 0 ? "" : "s" + std::to_string(random() % 4);
    test_.Given(Classified(scheme, segment, i).Client(client));
    segments[{client, scheme}] = segment;
  }
  std::map<std::pair<std::string, std::string>, int> counts;
  std::set<std::string> members;
  for (const auto& [who, segment] : segments) {
    if (segment.empty()) continue;
    ++counts[{who.second, segment}];
    members.insert(fmt::format("{}, {}, {}", who.second, segment, who.first));
  }
  const auto entries = test_.Entries<ClientsBySegment>();
  EXPECT_EQ(std::set<std::string>(entries.begin(), entries.end()), members);
  std::vector<std::string> expected;
  for (const auto& [at, clients] : counts) expected.push_back(fmt::format("{} {} {} v1", at.first, at.second, clients));
  EXPECT_EQ(Counted(), expected);
}

}  // namespace
}  // namespace kefu::segment

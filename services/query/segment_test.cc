// SegmentService over a real engine, by gRPC.

#include <map>
#include <set>

#include "kefu/query/v1/segment.grpc.pb.h"
#include "platform/base/time.h"
#include "projections/activity/activity.h"
#include "projections/activity/classify.h"
#include "projections/activity/facts.h"
#include "projections/activity/months.h"
#include "projections/sdk/branch_time.h"
#include "services/query/query_testing.h"

namespace kefu::query {
namespace {

namespace v1 = query::v1;
using events::v1::Event;
using events::v1::SegmentRulesPublished;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr int kClients = 30;

testkit::Draft Classified(int client, const std::string& scheme, const std::string& segment, int day = 0) {
  return testkit::Draft().Client("C-" + std::to_string(client)).With([&](Event& event) {
    auto& body = *event.mutable_client_classified();
    body.set_scheme(scheme);
    body.set_segment(segment);
    body.set_rules_version(1 + client % 2);
    *body.mutable_as_of() = ToProto(testkit::Beginning() + absl::Hours(24) * day);
  });
}

testkit::Draft Traded(int client, absl::CivilDay day, int trades, int64_t assets) {
  const absl::Time noon = absl::FromCivil(day, absl::UTCTimeZone()) + absl::Hours(4);
  return testkit::Draft().Client("C-" + std::to_string(client)).At(noon).With([&](Event& event) {
    // Either of the two: trades, or what the accounts hold.
    auto* date = trades >= 0 ? event.mutable_trading_day_summarised()->mutable_day()
                             : event.mutable_assets_valued()->mutable_day();
    date->set_year(static_cast<int32_t>(day.year()));
    date->set_month(day.month());
    date->set_day(day.day());
    if (trades >= 0)
      event.mutable_trading_day_summarised()->set_trades(trades);
    else
      event.mutable_assets_valued()->mutable_assets()->set_minor_units(assets);
  });
}

events::v1::Expression Less(events::v1::ClientFact fact, int64_t limit) {
  events::v1::Expression less;
  less.mutable_operation()->set_operator_(events::v1::OPERATOR_LESS);
  less.mutable_operation()->add_operands()->set_fact(fact);
  less.mutable_operation()->add_operands()->set_constant(limit);
  return less;
}

SegmentRulesPublished Frequency(int64_t limit) {
  SegmentRulesPublished rules;
  rules.set_scheme("frequency");
  rules.set_version(7);
  rules.add_rules()->set_segment("rare");
  *rules.mutable_rules(0)->mutable_condition() = Less(events::v1::CLIENT_FACT_TRADES_12M, limit);
  rules.add_rules()->set_segment("often");
  *rules.mutable_rules(1)->mutable_condition() = Less(events::v1::CLIENT_FACT_TRADES_12M, 20);
  return rules;
}

class SegmentServiceTest : public testing::Test {
 protected:
  SegmentServiceTest() : server_(3), segments_(v1::SegmentService::NewStub(server_.channel())) {}

  // Client n is in tier n % 3; those below 10 in "low" of the risk.
  void ClassifyAll() {
    for (int client = 0; client < kClients; ++client) {
      server_.Publish(Classified(client, "tier", "t" + std::to_string(client % 3)));
      if (client < 10) server_.Publish(Classified(client, "risk", "low"));
    }
    server_.CatchUp();
  }

  grpc::Status List(const std::string& scheme, v1::ListSegmentsResponse* response) {
    Patient context;
    v1::ListSegmentsRequest request;
    request.set_scheme(scheme);
    return segments_->ListSegments(&context, request, response);
  }
  std::vector<std::string> Listed(const std::string& scheme) {
    v1::ListSegmentsResponse response;
    const auto status = List(scheme, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    EXPECT_FALSE(response.position().empty());
    std::vector<std::string> lines;
    for (const auto& count : response.segments())
      lines.push_back(
          fmt::format("{} {} {} v{}", count.scheme(), count.segment(), count.clients(), count.rules_version()));
    return lines;
  }

  grpc::Status Members(const v1::ListSegmentMembersRequest& request, v1::ListSegmentMembersResponse* response) {
    Patient context;
    return segments_->ListSegmentMembers(&context, request, response);
  }
  grpc::Status Try(const v1::TrySegmentRulesRequest& request, v1::TrySegmentRulesResponse* response) {
    Patient context;
    return segments_->TrySegmentRules(&context, request, response);
  }
  // All of the stream.
  grpc::Status Export(const v1::ExportClientFactsRequest& request, std::vector<v1::ClientFacts>* facts,
                      std::string* position) {
    Patient context;
    const auto reader = segments_->ExportClientFacts(&context, request);
    v1::ExportClientFactsResponse response;
    while (reader->Read(&response)) {
      EXPECT_TRUE(position->empty()) << "the position is last";
      EXPECT_LE(response.facts_size(), 256);
      EXPECT_NE(response.facts().empty(), response.position().empty());
      facts->insert(facts->end(), response.facts().begin(), response.facts().end());
      *position = response.position();
    }
    return reader->Finish();
  }

  // Rows of the activity view, by client.
  std::map<std::string, v1::ClientActivity> Activity() {
    std::map<std::string, v1::ClientActivity> rows;
    for (int32_t p = 0; p < 3; ++p) {
      const auto cursor = server_.engine().At(Partition(p))->Scan("activity", "clients", "", "");
      EXPECT_TRUE(cursor.ok());
      for (; (*cursor)->Valid(); (*cursor)->Next()) {
        v1::ClientActivity row;
        EXPECT_TRUE(row.ParseFromString(std::string((*cursor)->value())));
        rows[row.client_id()] = row;
      }
    }
    return rows;
  }

  QueryServer server_;
  std::unique_ptr<v1::SegmentService::Stub> segments_;
};

TEST_F(SegmentServiceTest, SegmentsAreCountedOverAllPartitions) {
  EXPECT_TRUE(Listed("").empty());
  ClassifyAll();
  EXPECT_THAT(Listed(""), ElementsAre("risk low 10 v2", "tier t0 10 v2", "tier t1 10 v2", "tier t2 10 v2"));
  EXPECT_THAT(Listed("risk"), ElementsAre("risk low 10 v2"));
  EXPECT_TRUE(Listed("ris").empty()) << "a scheme's name is not a beginning of one";
  server_.Publish(Classified(0, "tier", "t1", 1));
  server_.CatchUp();
  EXPECT_THAT(Listed("tier"), ElementsAre("tier t0 9 v2", "tier t1 11 v2", "tier t2 10 v2"));
}

TEST_F(SegmentServiceTest, MembersComeInPagesWithTheirNumber) {
  ClassifyAll();
  v1::ListSegmentMembersRequest request;
  request.set_parent("schemes/tier/segments/t2");
  request.set_page_size(4);
  request.set_show_total_size(true);
  std::set<std::string> members;
  int pages = 0;
  do {
    v1::ListSegmentMembersResponse response;
    const auto status = Members(request, &response);
    ASSERT_TRUE(status.ok()) << status.error_message();
    EXPECT_EQ(response.total_size(), 10);
    for (const auto& member : response.members()) {
      EXPECT_TRUE(members.insert(member.client_id()).second) << member.client_id() << " twice";
      EXPECT_EQ(FromProto(member.since()), testkit::Beginning());
    }
    request.set_page_token(response.next_page_token());
    ++pages;
  } while (!request.page_token().empty());
  EXPECT_EQ(pages, 3);
  std::set<std::string> expected;
  for (int client = 2; client < kClients; client += 3) expected.insert("C-" + std::to_string(client));
  EXPECT_EQ(members, expected);

  v1::ListSegmentMembersResponse response;
  request.set_page_token("");
  ASSERT_TRUE(Members(request, &response).ok());
  request.set_page_token(response.next_page_token());
  request.set_parent("schemes/tier/segments/t1");
  ExpectRefused(Members(request, &response), grpc::StatusCode::INVALID_ARGUMENT, "PAGE_TOKEN_INVALID");
  for (const char* name : {"", "schemes/tier", "schemes//segments/t1", "schemes/tier/segments/", "tier/t1"}) {
    request.set_parent(name);
    ExpectRefused(Members(request, &response), grpc::StatusCode::INVALID_ARGUMENT, "NAME_INVALID");
  }
}

TEST_F(SegmentServiceTest, AClassificationIsTheStoredRowWithItsPosition) {
  ClassifyAll();
  v1::GetClassificationRequest request;
  request.set_name("clients/C-3");
  request.set_min_position(server_.Publish(Classified(3, "tier", "t9", 5)));
  v1::Classification row;
  {
    Patient context;
    const auto status = segments_->GetClassification(&context, request, &row);
    ASSERT_TRUE(status.ok()) << status.error_message();
  }
  EXPECT_FALSE(row.position().empty());
  EXPECT_EQ(row.client_id(), "C-3");
  ASSERT_EQ(row.current_size(), 2);
  EXPECT_EQ(row.current(1).classified().segment(), "t9");
  ASSERT_EQ(row.history_size(), 1);
  EXPECT_EQ(row.history(0).classified().segment(), "t0");
  EXPECT_EQ(FromProto(row.history(0).until()), testkit::Beginning() + absl::Hours(24 * 5));
  request.Clear();
  request.set_name("clients/C-none");
  {
    Patient context;
    ExpectRefused(segments_->GetClassification(&context, request, &row), grpc::StatusCode::NOT_FOUND,
                  "CLASSIFICATION_NOT_FOUND");
  }
  request.set_name("C-3");
  Patient context;
  ExpectRefused(segments_->GetClassification(&context, request, &row), grpc::StatusCode::INVALID_ARGUMENT,
                "NAME_INVALID");
}

TEST_F(SegmentServiceTest, TryingRulesCountsWhatPublishingThemWouldDo) {
  for (int client = 0; client < kClients; ++client)
    server_.Publish(Traded(client, absl::CivilDay(2026, 2, 10), client, 0));
  server_.Publish(Classified(3, "frequency", "rare"));
  server_.Publish(Classified(4, "frequency", "often"));
  server_.Publish(Classified(29, "frequency", "often"));
  server_.CatchUp();
  v1::TrySegmentRulesRequest request;
  *request.mutable_rules() = Frequency(5);
  *request.mutable_as_of() = ToProto(testkit::Beginning());
  v1::TrySegmentRulesResponse response;
  auto status = Try(request, &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  ASSERT_EQ(response.segments_size(), 2);
  EXPECT_EQ(response.segments(0).segment(), "rare");
  EXPECT_EQ(response.segments(0).clients(), 5);
  EXPECT_EQ(response.segments(1).clients(), 15);
  EXPECT_EQ(response.segments(1).rules_version(), 7);
  // Twenty get one they did not have; three had one: right, wrong, and one that it loses.
  EXPECT_EQ(response.changed(), 20 - 1 + 1);
  EXPECT_FALSE(response.position().empty());
  // As of a time when nobody had traded yet.
  *request.mutable_as_of() = ToProto(testkit::Beginning() - absl::Hours(24 * 60));
  response.Clear();
  ASSERT_TRUE(Try(request, &response).ok());
  EXPECT_EQ(response.segments(0).clients(), kClients);
  EXPECT_EQ(Listed("").size(), 2u) << "trying changes nothing";
}

TEST_F(SegmentServiceTest, RulesThatCouldNotBePublishedAreRefusedByTheSameRule) {
  v1::TrySegmentRulesResponse response;
  v1::TrySegmentRulesRequest request;
  ExpectRefused(Try(request, &response), grpc::StatusCode::INVALID_ARGUMENT, "RULES_WITHOUT_SEGMENT");
  *request.mutable_rules() = Frequency(5);
  auto& division = *request.mutable_rules()->mutable_rules(0)->mutable_condition()->mutable_operation();
  division.set_operator_(events::v1::OPERATOR_DIVIDE);
  ExpectRefused(Try(request, &response), grpc::StatusCode::INVALID_ARGUMENT, "RULE_DIVISION_UNGUARDED");
  division.mutable_operands(1)->set_constant(0);
  ExpectRefused(Try(request, &response), grpc::StatusCode::INVALID_ARGUMENT, "RULE_DIVIDES_BY_ZERO");
  *request.mutable_rules() = Frequency(5);
  auto& term = *request.mutable_model()->add_terms();
  term.set_fact(events::v1::CLIENT_FACT_ASSETS);
  ExpectRefused(Try(request, &response), grpc::StatusCode::INVALID_ARGUMENT, "MODEL_SCALE_INVALID");
  term.set_scale(1);
  term.set_fact(events::v1::CLIENT_FACT_CHURN_SCORE);
  ExpectRefused(Try(request, &response), grpc::StatusCode::INVALID_ARGUMENT, "MODEL_USES_SCORE");
  request.clear_model();
  request.mutable_as_of()->set_seconds(std::numeric_limits<int64_t>::max());
  ExpectRefused(Try(request, &response), grpc::StatusCode::INVALID_ARGUMENT, "TIME_INVALID");
}

TEST_F(SegmentServiceTest, AModelScoresWhereItIsGiven) {
  for (int client = 0; client < kClients; ++client)
    server_.Publish(Traded(client, absl::CivilDay(2026, 2, 10), client, 0));
  server_.CatchUp();
  v1::TrySegmentRulesRequest request;
  *request.mutable_as_of() = ToProto(testkit::Beginning());
  request.mutable_rules()->set_scheme("churn_risk");
  request.mutable_rules()->add_rules()->set_segment("low");
  *request.mutable_rules()->mutable_rules(0)->mutable_condition() = Less(events::v1::CLIENT_FACT_CHURN_SCORE, 0);
  v1::TrySegmentRulesResponse response;
  ASSERT_TRUE(Try(request, &response).ok());
  EXPECT_EQ(response.segments(0).clients(), 0) << "no model, no score";
  auto& model = *request.mutable_model();
  model.set_intercept_micros(10);
  auto& term = *model.add_terms();
  term.set_fact(events::v1::CLIENT_FACT_TRADES_1M);
  term.set_coefficient_micros(-1);
  term.set_scale(1);
  term.set_upper_bound(1000);
  response.Clear();
  ASSERT_TRUE(Try(request, &response).ok());
  EXPECT_EQ(response.segments(0).clients(), kClients - 11);
}

TEST_F(SegmentServiceTest, FactsOfPastMonthsAreThoseOfTheRows) {
  // Ten months of trades; some stop.
  for (int client = 0; client < kClients; ++client) {
    server_.Publish(testkit::Registered("王小明")
                        .Client("C-" + std::to_string(client))
                        .At(testkit::Beginning() - absl::Hours(24 * 400)));
    for (int month = 0; month < 10; ++month) {
      const absl::CivilDay day = absl::CivilDay(absl::CivilMonth(2025, 5) + month) + 9;
      const bool left = client % 4 == 0 && month >= 6;
      server_.Publish(Traded(client, day, left ? 0 : client, 0));
      server_.Publish(Traded(client, day, -1, left ? 0 : 1000));
    }
  }
  server_.CatchUp();
  v1::ExportClientFactsRequest request;
  const int32_t october = activity::MonthOf(absl::CivilDay(2025, 10, 1));
  for (int32_t month = october; month <= october + 2; ++month) request.add_months(month);
  request.set_horizon_months(2);
  request.set_assets_left_bp(1000);
  std::vector<v1::ClientFacts> facts;
  std::string position;
  const auto status = Export(request, &facts, &position);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_FALSE(position.empty());
  std::map<std::pair<std::string, int32_t>, std::string> told, expected;
  for (const auto& each : facts) told[{each.client_id(), each.month()}] = each.SerializeAsString();
  EXPECT_EQ(told.size(), facts.size());
  int churned = 0;
  for (const auto& [client, row] : Activity())
    for (const int32_t month : request.months())
      if (const auto each = activity::FactsOfMonth(row, month, 2, 1000)) {
        expected[{client, month}] = each->SerializeAsString();
        churned += each->churned();
      }
  EXPECT_EQ(told, expected);
  EXPECT_GT(facts.size(), 60u);
  EXPECT_GT(churned, 5);
  EXPECT_LT(churned, 30);
}

TEST_F(SegmentServiceTest, ManyClientsComeInManyMessages) {
  for (int client = 0; client < 700; ++client) {
    server_.Publish(testkit::Registered("x")
                        .Client("C-" + std::to_string(client))
                        .At(testkit::Beginning() - absl::Hours(24 * 400)));
    server_.Publish(Traded(client, absl::CivilDay(2025, 9, 10), 3, 0));
  }
  server_.CatchUp();
  v1::ExportClientFactsRequest request;
  request.add_months(activity::MonthOf(absl::CivilDay(2025, 10, 1)));
  request.set_horizon_months(1);
  std::vector<v1::ClientFacts> facts;
  std::string position;
  ASSERT_TRUE(Export(request, &facts, &position).ok());
  EXPECT_EQ(facts.size(), 700u);
}

TEST_F(SegmentServiceTest, WhatCannotBeKnownIsNotExported) {
  std::vector<v1::ClientFacts> facts;
  std::string position;
  v1::ExportClientFactsRequest request;
  const auto refused = [&](std::string_view reason) {
    ExpectRefused(Export(request, &facts, &position), grpc::StatusCode::INVALID_ARGUMENT, reason);
  };
  refused("MONTHS_MISSING");
  request.add_months(600);
  refused("HORIZON_INVALID");
  request.set_horizon_months(13);
  refused("HORIZON_INVALID");
  request.set_horizon_months(3);
  request.set_assets_left_bp(10'001);
  refused("ASSETS_LEFT_INVALID");
  request.set_assets_left_bp(0);
  request.set_months(0, activity::MonthOf(sdk::BranchDayOf(absl::Now())) - 2);
  refused("MONTH_NOT_PAST");
  request.set_months(0, std::numeric_limits<int32_t>::min());
  refused("MONTH_INVALID");
  request.set_months(0, 600);
  request.set_min_position("nonsense");
  refused("POSITION_INVALID");
  request.clear_min_position();
  for (int i = 0; i < 24; ++i) request.add_months(600);
  refused("TOO_MANY_MONTHS");
}

}  // namespace
}  // namespace kefu::query

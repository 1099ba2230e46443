// Leads: every filter against brute force, age and overdue at the moment asked for, pages and counts; credits; and what
// is proposed for a client and for a book.

#include <algorithm>
#include <tuple>

#include "kefu/query/v1/lead.grpc.pb.h"
#include "platform/base/time.h"
#include "projections/lead/lead_testing.h"
#include "services/query/filter.h"
#include "services/query/filter_fields.h"
#include "services/query/query_testing.h"

namespace kefu::query {
namespace {

using events::v1::Event;
using lead::Hour;
using query::v1::Lead;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr auto kInvalid = grpc::StatusCode::INVALID_ARGUMENT;

class LeadServiceTest : public testing::Test {
 protected:
  explicit LeadServiceTest(QueryOptions options = {}) : server_(4, options) {
    stub_ = query::v1::LeadService::NewStub(server_.channel());
    server_.Publish(testkit::UnitTold("U-1"));
    for (const char* staff : {"S-1", "S-2", "S-3"}) {
      server_.Publish(lead::Hired(staff));
      server_.Publish(lead::Qualified(staff));
    }
  }

  static query::v1::ListLeadsRequest Request(std::string_view filter = {}, absl::Time as_of = Hour(0),
                                             int page_size = 0, std::string_view parent = "clients/-") {
    query::v1::ListLeadsRequest request;
    request.set_parent(std::string(parent));
    request.set_filter(std::string(filter));
    request.set_page_size(page_size);
    *request.mutable_as_of() = ToProto(as_of);
    return request;
  }

  struct Listed {
    std::vector<Lead> rows;
    int64_t total = 0;
    std::vector<std::string> Ids() const {
      std::vector<std::string> ids;
      for (const auto& row : rows) ids.push_back(row.lead_id());
      return ids;
    }
  };
  // All pages.
  Listed All(query::v1::ListLeadsRequest request) {
    Listed all;
    request.set_show_total_size(true);
    do {
      Patient context;
      query::v1::ListLeadsResponse response;
      const auto status = stub_->ListLeads(&context, request, &response);
      EXPECT_TRUE(status.ok()) << status.error_message() << " " << request.ShortDebugString();
      if (!status.ok()) return all;
      EXPECT_FALSE(response.position().empty());
      all.rows.insert(all.rows.end(), response.leads().begin(), response.leads().end());
      all.total = response.total_size();
      request.set_page_token(response.next_page_token());
    } while (!request.page_token().empty());
    return all;
  }

  QueryServer server_;
  std::unique_ptr<query::v1::LeadService::Stub> stub_;
};

TEST_F(LeadServiceTest, AgeAndOverdueAreOfTheMomentAskedFor) {
  server_.Publish(lead::RaisedForService("L-1", Hour(50), "S-1").At(Hour(0)));
  server_.CatchUp();
  EXPECT_THAT(All(Request("overdue = true", Hour(50))).rows, IsEmpty()) << "it may still be accepted in time";
  const auto late = All(Request("overdue = true", Hour(50) + absl::Microseconds(1)));
  ASSERT_THAT(late.Ids(), ElementsAre("L-1"));
  EXPECT_EQ(late.total, 1);
  EXPECT_TRUE(late.rows[0].overdue());
  EXPECT_EQ(late.rows[0].age_days(), 2);
  EXPECT_EQ(All(Request("", Hour(-9))).rows[0].age_days(), 0) << "it was not there yet";
  server_.Publish(lead::Declined("L-1").At(Hour(75)));
  server_.CatchUp();
  EXPECT_THAT(All(Request("overdue = true", Hour(999))).rows, IsEmpty()) << "it ended";
  EXPECT_EQ(All(Request("", Hour(999))).rows[0].age_days(), 3) << "it grows no older";
}

TEST_F(LeadServiceTest, ComeByDueTimeWhateverTheirStateAndClient) {
  server_.Publish(lead::RaisedForService("L-1", Hour(30), "S-1").Client("C-1"));
  server_.Publish(lead::RaisedForService("L-2", Hour(10), "S-1").Client("C-2"));
  server_.Publish(lead::RaisedForService("L-3", Hour(20), "S-2").Client("C-3"));
  server_.Publish(lead::RaisedForService("L-4", Hour(25), "", "T-1").Client("C-4"));
  server_.Publish(lead::Declined("L-2").Client("C-2"));
  server_.Publish(lead::Accepted("L-3", "S-3", Hour(40)).Client("C-3"));
  server_.CatchUp();
  EXPECT_THAT(All(Request("", Hour(0), 1)).Ids(), ElementsAre("L-2", "L-4", "L-1", "L-3"));
  EXPECT_THAT(All(Request("open = true", Hour(0), 2)).Ids(), ElementsAre("L-4", "L-1", "L-3"));
  EXPECT_THAT(All(Request("state = ACCEPTED OR state = DECLINED")).Ids(), ElementsAre("L-2", "L-3"));
  EXPECT_THAT(All(Request("owner_id = S-1")).Ids(), ElementsAre("L-2", "L-1"));
  EXPECT_THAT(All(Request("owner_id = S-3")).Ids(), ElementsAre("L-3"));
  EXPECT_THAT(All(Request("team = T-1")).Ids(), ElementsAre("L-4"));
  EXPECT_THAT(All(Request("", Hour(0), 0, "clients/C-3")).Ids(), ElementsAre("L-3"));
  EXPECT_THAT(All(Request("overdue = true", Hour(31))).Ids(), ElementsAre("L-4", "L-1"));
  server_.Publish(testkit::Merged("C-3", "C-4"));
  server_.CatchUp();
  EXPECT_THAT(All(Request("", Hour(0), 1, "clients/C-4")).Ids(), ElementsAre("L-4", "L-3"))
      << "one client, two records";
}

TEST_F(LeadServiceTest, OneIsFoundByItsNameAndUnderAnyClient) {
  server_.Publish(lead::RaisedForService("L-1", Hour(30), "S-1").Client("C-1").At(Hour(0)));
  server_.CatchUp();
  const auto get = [&](const std::string& name, Lead* row) {
    Patient context;
    query::v1::GetLeadRequest request;
    request.set_name(name);
    return stub_->GetLead(&context, request, row);
  };
  for (const char* name : {"clients/C-1/leads/L-1", "clients/-/leads/L-1"}) {
    Lead row;
    ASSERT_TRUE(get(name, &row).ok()) << name;
    EXPECT_EQ(row.lead_id(), "L-1");
    EXPECT_TRUE(row.overdue()) << "by the server's clock, which is months later";
    EXPECT_GT(row.age_days(), 100);
  }
  Lead row;
  ExpectRefused(get("clients/C-2/leads/L-1", &row), grpc::StatusCode::NOT_FOUND, "LEAD_NOT_FOUND");
  ExpectRefused(get("clients/C-1/leads/L-9", &row), grpc::StatusCode::NOT_FOUND, "LEAD_NOT_FOUND");
  EXPECT_TRUE(row.lead_id().empty());
  for (const char* name : {"", "clients/C-1", "clients/C-1/leads/", "leads/L-1", "clients//leads/L-1"})
    ExpectRefused(get(name, &row), kInvalid, "NAME_INVALID");
}

TEST_F(LeadServiceTest, WhatCannotBeReadIsRefusedByName) {
  const auto list = [&](query::v1::ListLeadsRequest request) {
    Patient context;
    query::v1::ListLeadsResponse response;
    return stub_->ListLeads(&context, request, &response);
  };
  ExpectRefused(list(Request("", Hour(0), 0, "staff/S-1")), kInvalid, "NAME_INVALID");
  ExpectRefused(list(Request("due = 1")), kInvalid, "FILTER_FIELD_UNKNOWN");
  ExpectRefused(list(Request("state = ")), kInvalid, "FILTER_INVALID");
  ExpectRefused(list(Request("", Hour(0), -1)), kInvalid, "PAGE_SIZE_NEGATIVE");
  auto request = Request();
  request.mutable_as_of()->set_nanos(-1);
  ExpectRefused(list(request), kInvalid, "TIME_INVALID");
  request = Request();
  request.set_page_token("x");
  ExpectRefused(list(request), kInvalid, "PAGE_TOKEN_INVALID");
  request.clear_page_token();
  request.set_min_position("x");
  ExpectRefused(list(request), kInvalid, "POSITION_INVALID");
}

class SmallStepsTest : public LeadServiceTest {
 protected:
  SmallStepsTest() : LeadServiceTest({.max_rows_examined = 23}) {}
};

TEST_F(SmallStepsTest, AgreesWithBruteForceWhateverIndexIsChosen) {
  const uint64_t seed = Seed();
  SCOPED_TRACE(fmt::format("KEFU_SEED={}", seed));
  std::mt19937_64 random(seed);
  const auto below = [&](int bound) { return static_cast<int>(random() % static_cast<uint64_t>(bound)); };
  for (int i = 0; i < 400; ++i) {
    const std::string id = fmt::format("L-{}", i), client = fmt::format("C-{}", below(15));
    const std::string owner = below(3) == 0 ? "" : fmt::format("S-{}", 1 + below(3));
    const std::string team = owner.empty() || below(2) == 0 ? fmt::format("T-{}", below(3)) : "";
    const auto at = [&](testkit::Draft draft) { server_.Publish(draft.Client(client).At(Hour(below(100)))); };
    at(lead::RaisedForService(id, Hour(below(100)), owner, team));
    const int fate = below(5);
    if (fate == 1) at(lead::Declined(id));
    if (fate >= 2) at(lead::Accepted(id, fmt::format("S-{}", 1 + below(3)), Hour(below(150))));
    if (fate == 3) at(lead::Won(id, below(100'000), {{"S-1", 10'000}}));
    if (fate == 4) at(lead::Lost(id));
  }
  server_.CatchUp();
  std::vector<Lead> stored;
  for (int32_t p = 0; p < server_.engine().partitions(); ++p) {
    const auto partition = server_.engine().At(Partition(p));
    const auto rows = partition->Scan("lead", "leads", {}, {});
    for (; (*rows)->Valid(); (*rows)->Next())
      ASSERT_TRUE(stored.emplace_back().ParseFromString(std::string((*rows)->value())));
  }
  ASSERT_EQ(stored.size(), 400u);
  std::sort(stored.begin(), stored.end(), [&](const Lead& a, const Lead& b) {
    return std::make_tuple(FromProto(a.due_at()), a.lead_id()) < std::make_tuple(FromProto(b.due_at()), b.lead_id());
  });
  for (int round = 0; round < 80; ++round) {
    const auto& any = stored[static_cast<size_t>(below(400))];
    const std::string terms[] = {
        "",
        "overdue = true",
        "overdue = false",
        "open = true",
        "open = false",
        fmt::format("state = {}", query::v1::LeadState_Name(any.state())),
        fmt::format("owner_id = \"{}\"", any.owner_id()),
        fmt::format("team = \"{}\"", any.team()),
        fmt::format("client_id = \"{}\"", any.client_id()),
        fmt::format("lead_id = {}", any.lead_id()),
        fmt::format("due_time <= {}", FormatRfc3339(Hour(below(150)))),
        fmt::format("end_time > {}", FormatRfc3339(Hour(below(100)))),
        fmt::format("age_days >= {}", below(5)),
        fmt::format("amount > {}", below(100'000)),
    };
    const auto term = [&] { return terms[below(static_cast<int>(std::size(terms)))]; };
    const std::string filter = term() + " " + term();
    const std::string parent = below(4) == 0 ? "clients/" + any.client_id() : "clients/-";
    const absl::Time as_of = Hour(below(150));
    const auto parsed = Filter::Parse(filter, LeadFields());
    ASSERT_TRUE(parsed.ok()) << filter;
    std::vector<std::string> expected;
    for (Lead row : stored) {
      const bool open = row.state() <= query::v1::LEAD_STATE_ACCEPTED;
      row.set_overdue(open && FromProto(row.due_at()) < as_of);
      const absl::Time until = open ? as_of : std::min(as_of, FromProto(row.ended_at()));
      row.set_age_days(std::max<int64_t>(0, (until - FromProto(row.raised_at())) / absl::Hours(24)));
      if ((parent == "clients/-" || parent == "clients/" + row.client_id()) && parsed->Matches(row))
        expected.push_back(row.lead_id());
    }
    const auto listed = All(Request(filter, as_of, 1 + below(40), parent));
    EXPECT_EQ(listed.Ids(), expected) << filter << " " << parent;
    EXPECT_EQ(listed.total, static_cast<int64_t>(expected.size())) << filter;
  }
}

class CreditsTest : public LeadServiceTest {
 protected:
  // Won at this moment.
  void Won(const std::string& id, const std::string& client, absl::Time at, int64_t amount, const lead::Shares& shares,
           std::string_view currency = "CNY") {
    server_.Publish(lead::RaisedForService(id, at + absl::Hours(1), "S-1").Client(client).At(at));
    server_.Publish(lead::Accepted(id, "S-1").Client(client).At(at));
    server_.Publish(lead::Won(id, amount, shares, currency).Client(client).At(at));
  }
  std::vector<std::string> Credits(const std::string& from, const std::string& to) {
    Patient context;
    query::v1::ListCreditsRequest request;
    request.set_from_day(from);
    request.set_to_day(to);
    query::v1::ListCreditsResponse response;
    const auto status = stub_->ListCredits(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    std::vector<std::string> lines;
    for (const auto& each : response.credits())
      lines.push_back(fmt::format("{} {} {} in {}", each.staff_id(), each.amount().minor_units(),
                                  each.amount().currency(), each.leads()));
    return lines;
  }
};

TEST_F(CreditsTest, AreSumsByStaffAndCurrencyOfTheDaysInTheBranchesZone) {
  // The first moment of 3 March and the last one of 4 March, UTC+8.
  const absl::Time first = absl::FromUnixSeconds(1'772'467'200), last = first + absl::Hours(48) - absl::Microseconds(1);
  Won("L-1", "C-1", first, 100, {{"S-1", 3'333}, {"S-2", 3'333}, {"S-3", 3'334}});
  Won("L-2", "C-2", last, 1'000, {{"S-2", 10'000}});
  Won("L-3", "C-3", last, 50, {{"S-2", 4'000}, {"S-2", 6'000}}, "USD");
  Won("L-4", "C-4", first - absl::Microseconds(1), 7, {{"S-1", 10'000}});
  Won("L-5", "C-5", last + absl::Microseconds(1), 9, {{"S-1", 10'000}});
  server_.CatchUp();
  EXPECT_THAT(Credits("2026-03-03", "2026-03-04"),
              ElementsAre("S-1 34 CNY in 1", "S-2 1033 CNY in 2", "S-2 50 USD in 1", "S-3 33 CNY in 1"));
  EXPECT_THAT(Credits("2026-03-02", "2026-03-02"), ElementsAre("S-1 7 CNY in 1"));
  EXPECT_THAT(Credits("2026-03-05", "2026-03-05"), ElementsAre("S-1 9 CNY in 1"));
  EXPECT_THAT(Credits("2026-04-01", "2026-04-30"), IsEmpty());
}

TEST_F(CreditsTest, DaysThatAreNoneAreRefused) {
  const auto ask = [&](const std::string& from, const std::string& to) {
    Patient context;
    query::v1::ListCreditsRequest request;
    request.set_from_day(from);
    request.set_to_day(to);
    query::v1::ListCreditsResponse response;
    return stub_->ListCredits(&context, request, &response);
  };
  ExpectRefused(ask("", "2026-03-04"), kInvalid, "DAY_INVALID");
  ExpectRefused(ask("2026-03-04", "2026-02-30"), kInvalid, "DAY_INVALID");
  ExpectRefused(ask("2026-03-04", "2026-03-03"), kInvalid, "SPAN_INVALID");
  ExpectRefused(ask("2016-03-04", "2026-03-13"), kInvalid, "SPAN_INVALID");
  EXPECT_TRUE(ask("2016-03-04", "2026-03-11").ok());
}

class ProposalsTest : public LeadServiceTest {
 protected:
  ProposalsTest() {
    server_.Publish(testkit::Draft().Client("").With([](Event& event) {
      auto& rules = *event.mutable_next_action_rules_published();
      rules.set_version(1);
      auto& call = *rules.add_rules();
      call.set_action_id("call");
      call.set_title("好久沒聯絡");
      call.set_rests_days(30);
      // 60 <= days since the last contact.
      auto& condition = *call.mutable_condition()->mutable_operation();
      condition.set_operator_(events::v1::OPERATOR_LESS_OR_EQUAL);
      condition.add_operands()->set_constant(60);
      condition.add_operands()->set_fact(events::v1::CLIENT_FACT_DAYS_SINCE_CONTACT);
      call.mutable_priority()->set_fact(events::v1::CLIENT_FACT_DAYS_SINCE_CONTACT);
      auto& greet = *rules.add_rules();
      greet.set_action_id("greet");
      greet.mutable_condition()->set_constant(1);
      greet.mutable_priority()->set_constant(1);
    }));
    for (int i = 1; i <= 9; ++i) {
      const std::string client = fmt::format("C-{}", i);
      server_.Publish(testkit::Registered("王").Client(client).At(Day(0)));
      // The greater the number, the longer ago.
      server_.Publish(testkit::Contacted(events::v1::CHANNEL_PHONE, events::v1::DIRECTION_INBOUND).Client(client).At(
          Day(100 - 10 * i)));
      // Odd ones are S-1's.
      server_.Publish(testkit::Draft().Client(client).At(Day(0)).With([&](Event& event) {
        event.mutable_client_assigned_to_broker()->set_staff_id(i % 2 == 1 ? "S-1" : "S-2");
        event.mutable_client_assigned_to_broker()->set_role(events::v1::BROKER_ROLE_PRIMARY);
      }));
    }
    server_.CatchUp();
  }
  static absl::Time Day(int day) { return Hour(24 * day); }

  // "C-9 call 90".
  std::vector<std::string> Proposed(const std::string& parent, absl::Time as_of, int page_size) {
    query::v1::ListNextActionsRequest request;
    request.set_parent(parent);
    request.set_page_size(page_size);
    *request.mutable_as_of() = ToProto(as_of);
    std::vector<std::string> lines;
    do {
      Patient context;
      query::v1::ListNextActionsResponse response;
      const auto status = stub_->ListNextActions(&context, request, &response);
      EXPECT_TRUE(status.ok()) << status.error_message();
      if (!status.ok()) return lines;
      EXPECT_FALSE(response.position().empty());
      EXPECT_LE(response.actions_size(), page_size);
      for (const auto& each : response.actions())
        lines.push_back(fmt::format("{} {} {}", each.client_id(), each.action_id(), each.priority()));
      request.set_page_token(response.next_page_token());
    } while (!request.page_token().empty());
    return lines;
  }
};

TEST_F(ProposalsTest, ForAClientTheMostUrgentFirstAndAnAnsweredOneRests) {
  EXPECT_THAT(Proposed("clients/C-9", Day(100), 1), ElementsAre("C-9 call 90", "C-9 greet 1"));
  EXPECT_THAT(Proposed("clients/C-1", Day(100), 5), ElementsAre("C-1 greet 1")) << "it heard from us ten days ago";
  server_.Publish(lead::Answered("call", events::v1::NEXT_ACTION_ANSWER_POSTPONED).Client("C-9").At(Day(100)));
  server_.CatchUp();
  EXPECT_THAT(Proposed("clients/C-9", Day(100), 5), ElementsAre("C-9 greet 1"));
  EXPECT_THAT(Proposed("clients/C-9", Day(130), 5), ElementsAre("C-9 call 120", "C-9 greet 1"));
}

TEST_F(ProposalsTest, ForABookAllItsClientsPageByPage) {
  for (const int page_size : {1, 2, 3, 50})
    EXPECT_THAT(Proposed("staff/S-1", Day(100), page_size),
                ElementsAre("C-9 call 90", "C-7 call 70", "C-1 greet 1", "C-3 greet 1", "C-5 greet 1", "C-7 greet 1",
                            "C-9 greet 1"))
        << page_size;
  EXPECT_THAT(
      Proposed("staff/S-2", Day(100), 2),
      ElementsAre("C-8 call 80", "C-6 call 60", "C-2 greet 1", "C-4 greet 1", "C-6 greet 1", "C-8 greet 1"));
  EXPECT_THAT(Proposed("staff/S-3", Day(100), 2), IsEmpty());
}

TEST_F(ProposalsTest, AsksThatCannotBeMeantAreRefused) {
  const auto ask = [&](const std::string& parent, const std::string& token = {}) {
    Patient context;
    query::v1::ListNextActionsRequest request;
    request.set_parent(parent);
    request.set_page_token(token);
    query::v1::ListNextActionsResponse response;
    return stub_->ListNextActions(&context, request, &response);
  };
  for (const char* parent : {"", "clients/", "clients/-", "staff/", "staff/-", "teams/T-1"})
    ExpectRefused(ask(parent), kInvalid, "NAME_INVALID");
  ExpectRefused(ask("clients/C-99"), grpc::StatusCode::NOT_FOUND, "CLIENT_NOT_FOUND");
  ExpectRefused(ask("staff/S-1", "x"), kInvalid, "PAGE_TOKEN_INVALID");
}

}  // namespace
}  // namespace kefu::query

// Books, work, staff and handovers: every list against brute force or by hand, neglect against the moment asked for.

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "kefu/query/v1/book.grpc.pb.h"
#include "projections/book/book_testing.h"
#include "services/query/filter.h"
#include "services/query/filter_fields.h"
#include "services/query/query_testing.h"
#include "services/query/service_levels.h"
#include "services/query/units.h"

namespace kefu::query {
namespace {

using namespace book;
using query::v1::BookService;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

absl::Time Hour(int hour) { return testkit::Beginning() + absl::Hours(hour); }
absl::Time Days(int days) { return Hour(24 * days); }

// A firm of three brokers in four partitions.
class BookServer {
 public:
  explicit BookServer(QueryOptions options = {}) : server(4, options), stub(BookService::NewStub(server.channel())) {
    server.Publish(testkit::UnitTold("B-1"));
    for (const char* staff : {"S-1", "S-2", "S-3"}) {
      server.Publish(StaffTold(staff));
      server.Publish(Licensed(staff));
    }
  }
  void Register(const std::string& client, const std::string& tier = "", const std::string& branch = "B-1") {
    server.Publish(testkit::Registered("王小明").Client(client).Branch(branch).At(Hour(0)));
    if (!tier.empty()) server.Publish(testkit::Configured(tier).Client(client));
  }

  template <class Request, class Response>
  Response Ask(grpc::Status (BookService::Stub::*method)(grpc::ClientContext*, const Request&, Response*),
               const Request& request, grpc::StatusCode code = grpc::StatusCode::OK) {
    Patient context;
    Response response;
    const auto status = (stub.get()->*method)(&context, request, &response);
    EXPECT_EQ(status.error_code(), code) << status.error_message() << " " << request.ShortDebugString();
    return response;
  }
  // All pages.
  template <class Request, class Response, class Row>
  std::vector<Row> All(grpc::Status (BookService::Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                       const google::protobuf::RepeatedPtrField<Row>& (Response::*rows)() const, Request request) {
    std::vector<Row> all;
    request.set_show_total_size(true);
    int64_t total = 0;
    do {
      const Response response = Ask(method, request);
      const auto& page = (response.*rows)();
      all.insert(all.end(), page.begin(), page.end());
      total = response.total_size();
      if (response.position().empty()) {
        ADD_FAILURE() << "no position";
        return all;
      }
      request.set_page_token(response.next_page_token());
    } while (!request.page_token().empty());
    EXPECT_EQ(total, static_cast<int64_t>(all.size())) << request.ShortDebugString();
    return all;
  }
  std::vector<v1::BookClient> Book(const v1::ListBookRequest& request) {
    return All(&BookService::Stub::ListBook, &v1::ListBookResponse::clients, request);
  }
  std::vector<std::string> BookIds(const v1::ListBookRequest& request) {
    std::vector<std::string> ids;
    for (const auto& row : Book(request)) ids.push_back(row.client_id());
    return ids;
  }
  v1::Workload Load(const std::string& staff, absl::Time as_of = Hour(0)) {
    v1::GetBrokerRequest request;
    request.set_name("staff/" + staff);
    *request.mutable_as_of() = ToProto(as_of);
    return Ask(&BookService::Stub::GetBroker, request).workload();
  }

  QueryServer server;
  std::unique_ptr<BookService::Stub> stub;
};

v1::ListBookRequest BookOf(const std::string& staff, absl::Time as_of, const std::string& filter = "",
                           int page_size = 2, const std::string& order = "") {
  v1::ListBookRequest request;
  request.set_parent("staff/" + staff);
  request.set_filter(filter);
  request.set_order_by(order);
  request.set_page_size(page_size);
  *request.mutable_as_of() = ToProto(as_of);
  return request;
}

TEST(BookService, NeglectIsJudgedAtTheMomentAskedForByTheTiersPromise) {
  BookServer firm;
  for (int i = 1; i <= 5; ++i) {
    const std::string client = fmt::format("C-{}", i);
    firm.Register(client, i <= 2 ? "gold" : i == 3 ? "silver" : "");
    firm.server.Publish(GivenTo(client, "S-1").At(Days(i)));
  }
  firm.server.CatchUp();
  EXPECT_THAT(firm.BookIds(BookOf("S-1", Days(400))), ElementsAre("C-1", "C-2", "C-3", "C-4", "C-5"));
  EXPECT_THAT(firm.BookIds(BookOf("S-1", Days(400), "neglected = true")), IsEmpty()) << "nothing is promised";

  firm.server.Publish(LevelsTold("firm", 1, {{"gold", 30}, {"silver", 90}}));
  firm.server.CatchUp();
  EXPECT_THAT(firm.BookIds(BookOf("S-1", Days(31), "neglected = true")), IsEmpty()) << "the last moment is in time";
  EXPECT_THAT(firm.BookIds(BookOf("S-1", Days(31) + absl::Seconds(1), "neglected = true")), ElementsAre("C-1"));
  EXPECT_THAT(firm.BookIds(BookOf("S-1", Days(100), "neglected = true")), ElementsAre("C-1", "C-2", "C-3"));
  EXPECT_THAT(firm.BookIds(BookOf("S-1", Days(100), "neglected = true AND tier = gold")), ElementsAre("C-1", "C-2"));
  EXPECT_EQ(firm.Load("S-1", Days(100)).neglected(), 3);
  EXPECT_EQ(firm.Load("S-1", Days(100)).clients(), 5);

  firm.server.Publish(testkit::Contacted(events::v1::CHANNEL_PHONE, events::v1::DIRECTION_OUTBOUND)
                          .Client("C-1")
                          .At(Days(99)));
  firm.server.CatchUp();
  const auto book = firm.Book(BookOf("S-1", Days(100)));
  ASSERT_EQ(book.size(), 5u);
  EXPECT_EQ(book.back().client_id(), "C-1") << "it was served last";
  EXPECT_EQ(FromProto(book.back().promised_by()), Days(129));
  EXPECT_FALSE(book.back().neglected());
  EXPECT_EQ(firm.Load("S-1", Days(100)).neglected(), 2);
  EXPECT_THAT(firm.BookIds(BookOf("S-1", Days(100), "", 2, "client_id")),
              ElementsAre("C-1", "C-2", "C-3", "C-4", "C-5"));
}

TEST(BookService, ANewerPackTakesThePlaceOfTheOlderFromItsDayOn) {
  BookServer firm;
  firm.Register("C-1", "gold");
  firm.server.Publish(GivenTo("C-1", "S-1").At(Days(0)));
  firm.server.Publish(LevelsTold("firm", 1, {{"gold", 30}}));
  firm.server.Publish(LevelsTold("firm", 2, {{"gold", 10}}).With([](Event& event) {
    *event.mutable_service_levels_published()->mutable_effective_from() = ToProto(Days(20));
  }));
  firm.server.CatchUp();
  EXPECT_EQ(firm.Load("S-1", Days(15)).neglected(), 0) << "version 1 holds: 30 days";
  EXPECT_EQ(firm.Load("S-1", Days(20)).neglected(), 1) << "version 2 holds: 10 days";
}

TEST(BookService, ThePromisesAreReportedByTierBrokerAndBranch) {
  BookServer firm;
  firm.server.Publish(LevelsTold("firm", 1, {{"gold", 30}}));
  int number = 0;
  for (const auto& [staff, branch, tier, day] :
       std::vector<std::tuple<std::string, std::string, std::string, int>>{{"S-1", "B-1", "gold", 0},
                                                                           {"S-1", "B-1", "gold", 50},
                                                                           {"S-1", "B-2", "", 0},
                                                                           {"S-2", "B-2", "gold", 0}}) {
    const std::string client = fmt::format("C-{}", ++number);
    firm.Register(client, tier, branch);
    firm.server.Publish(GivenTo(client, staff).At(Days(day)));
  }
  firm.Register("C-9", "gold");  // nobody serves it
  firm.server.CatchUp();
  const auto lines = [&](v1::ServiceLevelGroup group, const std::string& filter = "") {
    v1::ReportServiceLevelsRequest request;
    request.set_group_by(group);
    request.set_filter(filter);
    *request.mutable_as_of() = ToProto(Days(60));
    const auto response = firm.Ask(&BookService::Stub::ReportServiceLevels, request);
    EXPECT_THAT(response.packs(), ElementsAre("firm/1"));
    std::vector<std::string> all;
    for (const auto& count : response.counts())
      all.push_back(fmt::format("{}/{} {} clients, {} promised, {} kept, {} missed", count.group(), count.tier(),
                                count.clients(), count.promised(), count.kept(), count.missed()));
    all.push_back(fmt::format("{} kept, {} missed", response.total().kept(), response.total().missed()));
    return all;
  };
  EXPECT_THAT(lines(v1::SERVICE_LEVEL_GROUP_UNSPECIFIED),
              ElementsAre("/ 1 clients, 0 promised, 0 kept, 0 missed", "/gold 3 clients, 3 promised, 1 kept, 2 missed",
                          "1 kept, 2 missed"));
  EXPECT_THAT(lines(v1::SERVICE_LEVEL_GROUP_BROKER),
              ElementsAre("S-1/ 1 clients, 0 promised, 0 kept, 0 missed",
                          "S-1/gold 2 clients, 2 promised, 1 kept, 1 missed",
                          "S-2/gold 1 clients, 1 promised, 0 kept, 1 missed", "1 kept, 2 missed"));
  EXPECT_THAT(lines(v1::SERVICE_LEVEL_GROUP_BRANCH, "tier = gold"),
              ElementsAre("B-1/gold 2 clients, 2 promised, 1 kept, 1 missed",
                          "B-2/gold 1 clients, 1 promised, 0 kept, 1 missed", "1 kept, 2 missed"));
}

TEST(BookService, WhoServedWhomOnADay) {
  BookServer firm;
  firm.Register("C-1");
  firm.Register("C-2");
  firm.server.Publish(GivenTo("C-1", "S-1").At(Days(0)));
  firm.server.Publish(GivenTo("C-2", "S-1").At(Days(3)));
  firm.server.Publish(GivenTo("C-1", "S-2").At(Days(5)));
  firm.server.CatchUp();
  const auto on = [&](const std::string& staff, const std::string& day) {
    auto request = BookOf(staff, Hour(0), "", 1);
    request.clear_as_of();
    request.set_on_day(day);
    return firm.BookIds(request);
  };
  EXPECT_THAT(on("S-1", "2026-03-01"), IsEmpty());
  EXPECT_THAT(on("S-1", "2026-03-02"), ElementsAre("C-1"));
  EXPECT_THAT(on("S-1", "2026-03-06"), ElementsAre("C-1", "C-2"));
  EXPECT_THAT(on("S-1", "2026-03-07"), ElementsAre("C-1", "C-2")) << "on the day it passed on both had it";
  EXPECT_THAT(on("S-2", "2026-03-07"), ElementsAre("C-1"));
  EXPECT_THAT(on("S-1", "2026-03-08"), ElementsAre("C-2"));
  v1::ListTenuresRequest request;
  request.set_parent("clients/C-1");
  EXPECT_EQ(firm.Ask(&BookService::Stub::ListTenures, request).tenures_size(), 2);
  request.set_on_day("2026-03-04");
  const auto tenures = firm.Ask(&BookService::Stub::ListTenures, request);
  ASSERT_EQ(tenures.tenures_size(), 1);
  EXPECT_EQ(tenures.tenures(0).staff_id(), "S-1");
}

TEST(BookService, WhomNobodyServesIsListed) {
  BookServer firm;
  firm.Register("C-1");
  firm.Register("C-2");
  firm.Register("C-3", "", "B-2");
  firm.server.Publish(GivenTo("C-1", "S-1"));
  firm.server.CatchUp();
  EXPECT_THAT(firm.BookIds(BookOf("-", Hour(0), "", 1)), ElementsAre("C-2", "C-3"));
  EXPECT_THAT(firm.BookIds(BookOf("-", Hour(0), "branch_id = B-2")), ElementsAre("C-3"));
}

TEST(BookService, ABrokerWithAllItHasInHand) {
  BookServer firm;
  firm.Register("C-1");
  firm.Register("C-2");
  firm.server.Publish(GivenTo("C-1", "S-1"));
  firm.server.Publish(GivenTo("C-2", "S-1"));
  firm.server.Publish(testkit::Classified("churn_risk", "high").Client("C-2"));
  firm.server.Publish(testkit::Promised("P-1", Hour(5), "S-1"));
  firm.server.Publish(testkit::Promised("P-2", Hour(50), "S-1").Client("C-2"));
  firm.server.Publish(testkit::CallBackPlanned("B-1", Hour(6), "S-1"));
  firm.server.Publish(testkit::Opened("K-1"));
  firm.server.Publish(testkit::Assigned("K-1", "S-1"));
  firm.server.Publish(LeadTold("L-1", "S-1", Hour(7)));
  firm.server.CatchUp();
  const auto load = firm.Load("S-1", Hour(10));
  EXPECT_EQ(load.clients(), 2);
  EXPECT_EQ(load.at_risk(), 1);
  EXPECT_EQ(load.cases(), 1);
  EXPECT_EQ(load.promises(), 2);
  EXPECT_EQ(load.call_backs(), 1);
  EXPECT_EQ(load.leads(), 1);
  EXPECT_EQ(load.overdue(), 3);
  const auto work = [&](const std::string& filter) {
    v1::ListWorkRequest request;
    request.set_parent("staff/S-1");
    request.set_filter(filter);
    request.set_page_size(2);
    std::vector<std::string> ids;
    for (const auto& item : firm.All(&BookService::Stub::ListWork, &v1::ListWorkResponse::items, request))
      ids.push_back(item.work_id());
    return ids;
  };
  EXPECT_THAT(work(""), ElementsAre("K-1", "P-1", "P-2", "B-1", "L-1"));
  EXPECT_THAT(work("kind = PROMISE"), ElementsAre("P-1", "P-2"));
  EXPECT_THAT(work("kind = LEAD OR kind = CASE"), ElementsAre("K-1", "L-1"));
  EXPECT_THAT(work("client_id = C-2"), ElementsAre("P-2"));
  EXPECT_THAT(work(fmt::format("due_time < \"{}\"", FormatRfc3339(Hour(7)))), ElementsAre("P-1", "B-1"));
}

TEST(BookService, StaffByWhatItMayDoAndWhatRunsOut) {
  BookServer firm;
  firm.server.Publish(Qualified("S-2", "investment_adviser", Day(2026, 1, 1), Day(2026, 3, 31),
                                {events::v1::STAFF_ACT_ASSESS}));
  firm.server.CatchUp();
  const auto list = [&](const std::string& filter, absl::Time as_of) {
    v1::ListStaffRequest request;
    request.set_filter(filter);
    request.set_page_size(1);
    *request.mutable_as_of() = ToProto(as_of);
    std::vector<std::string> ids;
    for (const auto& member : firm.All(&BookService::Stub::ListStaff, &v1::ListStaffResponse::staff, request))
      ids.push_back(member.staff_id());
    return ids;
  };
  // The day ends at 16:00 UTC.
  const absl::Time last = *ParseRfc3339("2026-03-31T15:59:59Z");
  EXPECT_THAT(list("", last), ElementsAre("S-1", "S-2", "S-3"));
  EXPECT_THAT(list("permits:assess", last), ElementsAre("S-2"));
  EXPECT_THAT(list("permits:assess", last + absl::Seconds(1)), IsEmpty()) << "it was good on its last day";
  EXPECT_THAT(list("permits:serve AND status = ACTIVE", last), ElementsAre("S-1", "S-2", "S-3"));
  EXPECT_THAT(list("expire_time < \"2026-04-01T00:00:00Z\"", last), ElementsAre("S-2"));
  EXPECT_THAT(list("expire_time < \"2026-03-31T16:00:00Z\"", last), IsEmpty());
}

TEST(BookService, AHandoverIsTheSumOfItsPartitions) {
  BookServer firm;
  for (int i = 1; i <= 8; ++i) {
    firm.Register(fmt::format("C-{}", i));
    firm.server.Publish(GivenTo(fmt::format("C-{}", i), "S-1").At(Hour(i)));
  }
  firm.server.Publish(testkit::Promised("P-1", Hour(5), "S-1").Client("C-1"));
  firm.server.Publish(HandoverOpened("H-1", "S-1", 8));
  for (int i = 1; i <= 3; ++i) firm.server.Publish(GivenTo(fmt::format("C-{}", i), "S-2").At(Hour(20)));
  firm.server.Publish(Informed("C-1", "H-1"));
  firm.server.Publish(Informed("C-8", "H-1"));  // told before it moves
  firm.server.CatchUp();
  v1::GetHandoverRequest get;
  get.set_name("handovers/H-1");
  const auto handover = firm.Ask(&BookService::Stub::GetHandover, get);
  EXPECT_EQ(handover.opened_with().clients(), 8);
  EXPECT_EQ(handover.opened_with().promises(), 1);
  EXPECT_EQ(handover.moved().clients(), 3);
  EXPECT_EQ(handover.moved().informed(), 2);
  EXPECT_EQ(handover.not_informed(), 2);
  EXPECT_EQ(handover.remaining().clients(), 5);
  EXPECT_EQ(handover.remaining().promises(), 1);

  const auto items = [&](const std::string& filter) {
    v1::ListHandoverItemsRequest request;
    request.set_parent("handovers/H-1");
    request.set_filter(filter);
    request.set_page_size(2);
    std::vector<std::string> ids;
    for (const auto& item :
         firm.All(&BookService::Stub::ListHandoverItems, &v1::ListHandoverItemsResponse::items, request))
      ids.push_back(item.work_id().empty() ? item.client_id() : item.work_id());
    return ids;
  };
  EXPECT_THAT(items(""), UnorderedElementsAre("C-1", "C-2", "C-3", "C-4", "C-5", "C-6", "C-7", "C-8", "P-1"));
  EXPECT_THAT(items("moved = true"), UnorderedElementsAre("C-1", "C-2", "C-3"));
  EXPECT_THAT(items("moved = false"), UnorderedElementsAre("C-4", "C-5", "C-6", "C-7", "C-8", "P-1"));
  EXPECT_THAT(items("moved = true AND informed = false"), UnorderedElementsAre("C-2", "C-3"));
  EXPECT_THAT(items("kind = promise"), ElementsAre("P-1"));
  EXPECT_THAT(items("to_staff_id = S-2 AND kind = client"), UnorderedElementsAre("C-1", "C-2", "C-3"));

  firm.server.Publish(HandoverCancelled("H-1"));
  firm.server.CatchUp();
  EXPECT_THAT(items("moved = false"), ElementsAre("C-8")) << "what the leaver keeps is no item any more";
  v1::ListHandoversRequest list;
  list.set_filter("state = CANCELLED");
  const auto all = firm.All(&BookService::Stub::ListHandovers, &v1::ListHandoversResponse::handovers, list);
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].moved().clients(), 3);
  list.set_filter("state = OPEN");
  EXPECT_THAT(firm.All(&BookService::Stub::ListHandovers, &v1::ListHandoversResponse::handovers, list), IsEmpty());
}

TEST(BookService, AnOrphanIsFoundWhereOnlyALogWithoutAdmissionCanMakeOne) {
  BookServer firm;
  for (int i = 1; i <= 6; ++i) firm.Register(fmt::format("C-{}", i));
  firm.server.Publish(GivenTo("C-1", "S-1"));
  firm.server.Publish(GivenTo("C-2", "S-2"));
  firm.server.Publish(GivenTo("C-3", "S-2"));
  firm.server.Publish(HandoverOpened("H-1", "S-2", 2));
  firm.server.CatchUp();
  auto answer = firm.Ask(&BookService::Stub::CheckOrphans, v1::CheckOrphansRequest());
  EXPECT_EQ(answer.orphans_total(), 0);
  EXPECT_EQ(answer.clients_total(), 6);
  EXPECT_EQ(answer.unassigned_total(), 3);
  EXPECT_EQ(answer.in_open_handovers_total(), 2);
  // Each share is claimed to be settled, and nothing was moved.
  for (int p = 0; p < 4; ++p) firm.server.Publish(ShareSettled("H-1", p));
  firm.server.Publish(HandoverCompleted("H-1", "S-2"));
  firm.server.CatchUp();
  answer = firm.Ask(&BookService::Stub::CheckOrphans, v1::CheckOrphansRequest());
  EXPECT_EQ(answer.orphans_total(), 2);
  EXPECT_THAT(answer.orphans(), ElementsAre("C-2", "C-3"));
  EXPECT_EQ(answer.in_open_handovers_total(), 0);
}

TEST(BookService, WhatCannotBeAnsweredSaysWhy) {
  BookServer firm;
  firm.server.CatchUp();
  const auto bad = grpc::StatusCode::INVALID_ARGUMENT;
  v1::GetBrokerRequest get;
  get.set_name("staff/S-9");
  firm.Ask(&BookService::Stub::GetBroker, get, grpc::StatusCode::NOT_FOUND);
  get.set_name("S-1");
  firm.Ask(&BookService::Stub::GetBroker, get, bad);
  v1::GetHandoverRequest handover;
  handover.set_name("handovers/H-9");
  firm.Ask(&BookService::Stub::GetHandover, handover, grpc::StatusCode::NOT_FOUND);
  firm.Ask(&BookService::Stub::ListBook, BookOf("S-1", Hour(0), "neglectd = true"), bad);
  firm.Ask(&BookService::Stub::ListBook, BookOf("S-1", Hour(0), "", 2, "tier"), bad);
  auto day = BookOf("S-1", Hour(0));
  day.set_on_day("2026-02-30");
  firm.Ask(&BookService::Stub::ListBook, day, bad);
  day = BookOf("-", Hour(0));
  day.set_on_day("2026-02-20");
  firm.Ask(&BookService::Stub::ListBook, day, bad);
  v1::ListWorkRequest work;
  work.set_parent("staff/-");
  firm.Ask(&BookService::Stub::ListWork, work, bad);
  work.set_parent("staff/S-1");
  work.set_page_token("no token");
  firm.Ask(&BookService::Stub::ListWork, work, bad);
}

TEST(BookService, ListsAgreeWithBruteForce) {
  const uint64_t seed = Seed();
  SCOPED_TRACE(fmt::format("KEFU_SEED={}", seed));
  std::mt19937_64 random(seed);
  const auto below = [&](int bound) { return static_cast<int>(random() % static_cast<uint64_t>(bound)); };
  BookServer firm({.max_rows_examined = 17});
  firm.server.Publish(LevelsTold("firm", 1, {{"gold", 10}, {"", 40}, {"bronze", 0}}));
  const char* tiers[] = {"", "gold", "bronze"};
  for (int i = 0; i < 120; ++i) {
    const std::string client = fmt::format("C-{}", i);
    firm.Register(client, tiers[below(3)], fmt::format("B-{}", below(3)));
    if (below(5) != 0) firm.server.Publish(GivenTo(client, fmt::format("S-{}", 1 + below(3))).At(Days(below(50))));
    if (below(2) == 0)
      firm.server.Publish(testkit::Contacted(events::v1::CHANNEL_PHONE, events::v1::DIRECTION_OUTBOUND)
                              .Client(client)
                              .At(Days(below(80))));
    if (below(10) == 0) firm.server.Publish(testkit::StatusChanged(events::v1::CLIENT_STATUS_CLOSED).Client(client));
  }
  firm.server.CatchUp();
  std::vector<v1::BookClient> stored;
  for (int32_t p = 0; p < firm.server.engine().partitions(); ++p) {
    const auto partition = firm.server.engine().At(Partition(p));
    const auto rows = partition->Scan("book", "clients", {}, {});
    for (; (*rows)->Valid(); (*rows)->Next())
      ASSERT_TRUE(stored.emplace_back().ParseFromString(std::string((*rows)->value())));
  }
  ASSERT_EQ(stored.size(), 120u);
  for (int round = 0; round < 40; ++round) {
    const absl::Time as_of = Days(below(120));
    const auto levels = *ServiceLevels::Read(*firm.server.engine().At(kReferenceHome), as_of);
    const std::string staff = below(4) == 0 ? "-" : fmt::format("S-{}", 1 + below(3));
    const bool by_neglect = staff != "-" && below(2) == 0;
    const std::string terms[] = {"", "neglected = true", "neglected = false", "tier = gold", "branch_id = B-1",
                                 "neglected = true AND branch_id = B-2"};
    const std::string text = terms[below(6)];
    const Filter filter = *Filter::Parse(text, BookFields());
    std::vector<v1::BookClient> expected;
    for (v1::BookClient row : stored) {
      if (row.closed() || row.broker_id() != (staff == "-" ? "" : staff)) continue;
      levels.Judge(as_of, &row);
      if (filter.Matches(row)) expected.push_back(row);
    }
    std::sort(expected.begin(), expected.end(), [&](const v1::BookClient& a, const v1::BookClient& b) {
      const auto place = [&](const v1::BookClient& row) {
        return std::make_tuple(by_neglect ? FromProto(row.last_served_at()) : absl::Time(), row.client_id());
      };
      return place(a) < place(b);
    });
    std::vector<std::string> ids;
    for (const auto& row : expected) ids.push_back(row.client_id());
    EXPECT_EQ(firm.BookIds(BookOf(staff, as_of, text, 1 + below(30), by_neglect ? "neglect" : "client_id")), ids)
        << staff << " " << text << " at " << FormatRfc3339(as_of);
    if (staff != "-" && text == "neglected = true") {
      EXPECT_EQ(firm.Load(staff, as_of).neglected(), static_cast<int64_t>(ids.size()));
    }
  }
}

}  // namespace
}  // namespace kefu::query

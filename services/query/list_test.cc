// Lists: every order and index against brute force, pages under concurrent writes, bad pages.

#include <algorithm>
#include <atomic>
#include <set>
#include <thread>

#include "platform/base/time.h"
#include "services/query/filter.h"
#include "services/query/filter_fields.h"
#include "services/query/query_testing.h"

namespace kefu::query {
namespace {

using query::v1::Case;
using query::v1::ListCasesRequest;
using testing::ElementsAre;
using testing::IsEmpty;

ListCasesRequest Request(std::string_view filter = {}, std::string_view order_by = {}, int page_size = 0,
                         std::string_view parent = "clients/-") {
  ListCasesRequest request;
  request.set_parent(std::string(parent));
  request.set_filter(std::string(filter));
  request.set_order_by(std::string(order_by));
  request.set_page_size(page_size);
  return request;
}

// Every stored case, without any index.
std::vector<Case> Stored(QueryServer& server) {
  std::vector<Case> all;
  for (int32_t p = 0; p < server.engine().partitions(); ++p) {
    const auto partition = server.engine().At(Partition(p));
    const auto rows = partition->Scan("case", "cases", {}, {});
    for (; (*rows)->Valid(); (*rows)->Next())
      EXPECT_TRUE(all.emplace_back().ParseFromString(std::string((*rows)->value())));
  }
  std::sort(all.begin(), all.end(), [](const Case& a, const Case& b) { return a.case_id() < b.case_id(); });
  return all;
}

TEST(ListCases, AgreesWithBruteForceWhateverIndexIsChosen) {
  const uint64_t seed = Seed();
  SCOPED_TRACE(fmt::format("KEFU_SEED={}", seed));
  QueryServer server(4, {.max_rows_examined = 37});
  server.Live(seed, 4000);
  const std::vector<Case> stored = Stored(server);
  ASSERT_GT(stored.size(), 50u);
  std::mt19937_64 random(seed);
  const auto any = [&]() -> const Case& { return stored[random() % stored.size()]; };
  for (int round = 0; round < 60; ++round) {
    const std::string terms[] = {
        "",
        "open = true",
        "open = false",
        fmt::format("status = {}", events::v1::CaseStatus_Name(any().status())),
        fmt::format("status = {} OR status = {}", events::v1::CaseStatus_Name(any().status()), "CLOSED"),
        fmt::format("assignee_id = \"{}\"", any().assignee_id()),
        fmt::format("category = \"{}\"", any().category().value()),
        fmt::format("branch_id = \"{}\"", any().branch_id()),
        fmt::format("team = \"{}\"", any().team()),
        fmt::format("kind = {}", events::v1::CaseKind_Name(any().kind())),
        fmt::format("client_id = \"{}\"", any().client_id()),
        fmt::format("case_id = \"{}\" OR case_id = \"{}\"", any().case_id(), any().case_id()),
        "reopen_count > 0",
    };
    const std::string filter = terms[random() % std::size(terms)] + " " + terms[random() % std::size(terms)];
    const std::string parent = random() % 4 == 0 ? "clients/" + any().client_id() : "clients/-";
    const auto parsed = Filter::Parse(filter, CaseFields());
    ASSERT_TRUE(parsed.ok()) << filter;
    std::vector<std::string> expected;
    for (const Case& row : stored)
      if (parsed->Matches(row) && (parent == "clients/-" || parent == "clients/" + row.client_id()))
        expected.push_back(row.case_id());
    const int page_size = 1 + static_cast<int>(random() % 20);
    EXPECT_EQ(Ids(AllCases(server, Request(filter, "", page_size, parent))), expected) << parent << " " << filter;
    query::v1::CountCasesRequest count;
    count.set_parent(parent);
    count.set_filter(filter);
    query::v1::CountCasesResponse counted;
    Patient context;
    ASSERT_TRUE(server.cases->CountCases(&context, count, &counted).ok());
    EXPECT_EQ(counted.count(), static_cast<int64_t>(expected.size())) << parent << " " << filter;
  }
}

TEST(ListCases, ByDueTimeGivesOpenCasesSoonestFirst) {
  QueryServer server;
  const auto due = [](int day) {
    return [day](events::v1::Event& event) {
      *event.mutable_complaint_received()->mutable_opening()->mutable_due_at() =
          ToProto(testkit::Beginning() + absl::Hours(24 * day));
    };
  };
  server.Publish(testkit::Complained("K-1").Client("C-1").With(due(3)));
  server.Publish(testkit::Complained("K-2").Client("C-2").With(due(1)));
  server.Publish(testkit::Complained("K-3").Client("C-3"));
  server.Publish(testkit::Complained("K-4").Client("C-4").With(due(2)));
  server.Publish(testkit::Complained("K-5").Client("C-5").With(due(1)));
  server.Publish(testkit::Resolved("K-4").Client("C-4"));
  server.CatchUp();
  EXPECT_THAT(Ids(AllCases(server, Request("", "due_time", 1))), ElementsAre("K-2", "K-5", "K-1"));
  EXPECT_THAT(Ids(AllCases(server, Request("", "due_time", 0, "clients/C-1"))), ElementsAre("K-1"));
}

TEST(ListCases, ByNextActionEveryOpenCaseComesOnceTheMostUrgentFirst) {
  QueryServer server(4);
  const auto until = [](int hour) { return testkit::Beginning() + absl::Hours(hour); };
  server.Publish(testkit::Complained("K-1").Client("C-1"));
  server.Publish(testkit::Complained("K-2").Client("C-2"));
  server.Publish(testkit::Opened("K-3").Client("C-3").At(until(9)));
  server.Publish(testkit::Opened("K-4").Client("C-4").At(until(1)));
  server.Publish(testkit::Opened("K-5").Client("C-5"));
  server.Publish(testkit::NextActionSet("K-1", "call_client", "S-1", until(20)).Client("C-1"));
  server.Publish(testkit::NextActionSet("K-2", "send_answer", "S-2", until(5)).Client("C-2"));
  server.Publish(testkit::Resolved("K-5").Client("C-5"));
  server.CatchUp();
  EXPECT_THAT(Ids(AllCases(server, Request("", "next_action_time", 1))), ElementsAre("K-4", "K-2", "K-3", "K-1"))
      << "where nobody named a date, it is due since it was opened";
  const auto before = [&](int hour) {
    return fmt::format("next_action_time < {}", FormatRfc3339(testkit::Beginning() + absl::Hours(hour)));
  };
  EXPECT_THAT(Ids(AllCases(server, Request(before(9), "next_action_time", 1))), ElementsAre("K-4", "K-2"));
  EXPECT_THAT(Ids(AllCases(server, Request("next_action = call_client", "next_action_time"))), ElementsAre("K-1"));
  EXPECT_THAT(Ids(AllCases(server, Request("next_action_owner_id = S-2"))), ElementsAre("K-2"));
  EXPECT_THAT(Ids(AllCases(server, Request("owner = \"source:test\"", "next_action_time", 2))),
              ElementsAre("K-4", "K-2", "K-3", "K-1"));
  EXPECT_THAT(Ids(AllCases(server, Request("kind = COMPLAINT", "next_action_time"))), ElementsAre("K-2", "K-1"));
}

TEST(ListCases, OfOneMatterAndByANumberElsewhere) {
  QueryServer server(4);
  for (int i = 0; i < 6; ++i) {
    const std::string id = fmt::format("K-{}", i), client = fmt::format("C-{}", i);
    server.Publish(testkit::Complained(id).Client(client));
    if (i % 2 == 0) server.Publish(testkit::MatterSet(id, "M-1").Client(client));
    if (i < 3) server.Publish(testkit::Referred(id, i == 1 ? "cn.sac" : "cn.csrc.12386", "2026-17").Client(client));
  }
  server.Publish(testkit::Referred("K-0", "cn.sac", "17").Client("C-0"));
  server.Publish(testkit::Resolved("K-4").Client("C-4"));
  server.CatchUp();
  EXPECT_THAT(Ids(AllCases(server, Request("matter_id = M-1", "", 1))), ElementsAre("K-0", "K-2", "K-4"));
  EXPECT_THAT(Ids(AllCases(server, Request("matter_id = M-1 AND open = true"))), ElementsAre("K-0", "K-2"));
  EXPECT_THAT(Ids(AllCases(server, Request("external_number:\"2026-17\"", "", 1))), ElementsAre("K-0", "K-1", "K-2"));
  EXPECT_THAT(Ids(AllCases(server, Request("external_number:\"2026-17\" external_scheme:\"cn.csrc.12386\""))),
              ElementsAre("K-0", "K-2"));
  EXPECT_THAT(Ids(AllCases(server, Request("external_number:17 OR external_number:\"2026-17\""))),
              ElementsAre("K-0", "K-1", "K-2"))
      << "a case with both numbers comes once";
  EXPECT_THAT(Ids(AllCases(server, Request("external_number:nobody"))), IsEmpty());
}

TEST(ListCases, ByUpdateTimeGivesTheNewestFirstOverAllPartitions) {
  QueryServer server;
  for (int i = 0; i < 40; ++i)
    server.Publish(testkit::Opened(fmt::format("K-{:02}", i)).Client(fmt::format("C-{}", i % 7)));
  server.Publish(testkit::Assigned("K-03", "S-1").Client("C-3"));
  server.Publish(testkit::Assigned("K-01", "S-1").Client("C-1"));
  server.CatchUp();
  std::vector<std::string> expected = {"K-01", "K-03"};
  for (int i = 39; i >= 0; --i)
    if (i != 1 && i != 3) expected.push_back(fmt::format("K-{:02}", i));
  EXPECT_EQ(Ids(AllCases(server, Request("", "update_time desc", 3))), expected);
  EXPECT_THAT(Ids(AllCases(server, Request("assignee_id = S-1", "update_time desc", 1))), ElementsAre("K-01", "K-03"));
}

TEST(ListCases, WalkingPagesWhileOthersWriteGivesEachLastingRowOnce) {
  const uint64_t seed = Seed();
  SCOPED_TRACE(fmt::format("KEFU_SEED={}", seed));
  QueryServer server(3, {.max_rows_examined = 50});
  for (int i = 0; i < 300; ++i)
    server.Publish(testkit::Opened(fmt::format("K-{:04}", i * 2)).Client(fmt::format("C-{}", i % 20)).Branch("B-1"));
  server.CatchUp();
  std::atomic<bool> stop{false};
  std::thread writer([&] {
    // New cases between the old, and old ones moving from status to status.
    std::mt19937_64 random(seed);
    for (int i = 0; !stop && i < 20'000; ++i) {
      const int old = static_cast<int>(random() % 300);
      const std::string client = fmt::format("C-{}", old % 20);
      const std::string id = fmt::format("K-{:04}", old * 2);
      switch (random() % 4) {
        case 0:
          server.Publish(testkit::Started(id).Client(client));
          break;
        case 1:
          server.Publish(testkit::WaitStarted(id).Client(client));
          break;
        case 2:
          server.Publish(testkit::Resumed(id).Client(client));
          break;
        default:
          server.Publish(testkit::Opened(fmt::format("K-{:04}", old * 2 + 1)).Client(client).Branch("B-1"));
      }
      if (i % 20 == 0) server.CatchUp();
    }
  });
  for (const char* filter : {"", "branch_id = B-1", "open = true"}) {
    std::multiset<std::string> seen;
    for (const Case& row : AllCases(server, Request(filter, "", 7))) seen.insert(row.case_id());
    for (const std::string& id : seen) EXPECT_EQ(seen.count(id), 1u) << id << " " << filter;
    for (int i = 0; i < 300; ++i) EXPECT_EQ(seen.count(fmt::format("K-{:04}", i * 2)), 1u) << i << " " << filter;
  }
  stop = true;
  writer.join();
}

TEST(ListCases, BadPagesAreRefusedAndGreatOnesMadeSmall) {
  QueryServer server;
  for (int i = 0; i < 1100; ++i) server.Publish(testkit::Opened(fmt::format("K-{}", i)).Client("C-1"));
  server.CatchUp();
  query::v1::ListCasesResponse response;
  const auto list = [&](const ListCasesRequest& request) {
    Patient context;
    return server.cases->ListCases(&context, request, &response);
  };
  ExpectRefused(list(Request("", "", -1)), grpc::StatusCode::INVALID_ARGUMENT, "PAGE_SIZE_NEGATIVE");
  ASSERT_TRUE(list(Request("", "", 1'000'000'000)).ok());
  EXPECT_EQ(response.cases_size(), 1000);
  ASSERT_TRUE(list(Request()).ok());
  EXPECT_EQ(response.cases_size(), 50);
  const std::string token = response.next_page_token();
  for (auto other : {Request("open = true"), Request("", "due_time"), Request("", "", 0, "clients/C-1")}) {
    other.set_page_token(token);
    ExpectRefused(list(other), grpc::StatusCode::INVALID_ARGUMENT, "PAGE_TOKEN_INVALID");
  }
  auto same = Request("", "case_id", 7);
  same.set_page_token(token);
  EXPECT_TRUE(list(same).ok());
  same.set_page_token(token + "A");
  ExpectRefused(list(same), grpc::StatusCode::INVALID_ARGUMENT, "PAGE_TOKEN_INVALID");
  ExpectRefused(list(Request("", "subject")), grpc::StatusCode::INVALID_ARGUMENT, "ORDER_BY_INVALID");
  ExpectRefused(list(Request("statsu = OPEN")), grpc::StatusCode::INVALID_ARGUMENT, "FILTER_FIELD_UNKNOWN");
  ExpectRefused(list(Request("", "", 0, "cases")), grpc::StatusCode::INVALID_ARGUMENT, "NAME_INVALID");
}

TEST(ListCases, ACallerWithoutADeadlineIsAnswered) {
  QueryServer server;
  grpc::ClientContext context;
  query::v1::ListCasesResponse response;
  EXPECT_TRUE(server.cases->ListCases(&context, Request(), &response).ok());
  EXPECT_THAT(response.cases(), IsEmpty());
  EXPECT_TRUE(response.next_page_token().empty());
}

TEST(ListClients, GivesAllInTheOrderOfTheirIdsAndFilters) {
  QueryServer server;
  server.Live(11, 2000, 45);
  std::vector<std::string> all;
  std::vector<std::string> registered;
  for (const char* filter : {"", "registered = true"}) {
    query::v1::ListClientsRequest request;
    request.set_page_size(4);
    request.set_filter(filter);
    do {
      Patient context;
      query::v1::ListClientsResponse response;
      ASSERT_TRUE(server.clients->ListClients(&context, request, &response).ok());
      for (const auto& client : response.clients()) {
        (*filter == 0 ? all : registered).push_back(client.client_id());
        EXPECT_TRUE(*filter == 0 || client.registered());
      }
      request.set_page_token(response.next_page_token());
    } while (!request.page_token().empty());
  }
  EXPECT_TRUE(std::is_sorted(all.begin(), all.end()));
  EXPECT_GT(all.size(), 30u);
  EXPECT_GT(registered.size(), 10u);
  EXPECT_TRUE(std::includes(all.begin(), all.end(), registered.begin(), registered.end()));
}

TEST(FindClients, FindsEachClientOnceByWhatPeopleKnow) {
  QueryServer server;
  const auto with = [](const char* account, const char* phone) {
    return [=](events::v1::Event& event) {
      auto* body = event.mutable_client_registered();
      body->add_account_numbers(account);
      body->add_phones(phone);
      auto* id = body->add_external_ids();
      id->set_scheme("crm");
      id->set_value(account);
    };
  };
  server.Publish(testkit::Registered("Wang Wangda").Client("C-1").With(with("8801-0001", "+886 912 345 678")));
  server.Publish(testkit::Registered("王小明").Client("C-2").With(with("8801-0002", "0912-345-678")));
  server.Publish(testkit::Registered("Lin Wanda").Client("C-3").With(with("8801-0003", "+886 2 2345 6789")));
  server.CatchUp();
  const auto find = [&](auto set) {
    std::vector<std::string> ids;
    query::v1::FindClientsRequest request;
    set(request);
    request.set_page_size(1);
    do {
      Patient context;
      query::v1::FindClientsResponse response;
      const auto status = server.clients->FindClients(&context, request, &response);
      EXPECT_TRUE(status.ok()) << status.error_message();
      for (const auto& entry : response.entries()) ids.push_back(entry.client_id());
      request.set_page_token(response.next_page_token());
    } while (!request.page_token().empty());
    return ids;
  };
  EXPECT_THAT(find([](auto& request) { request.set_name_prefix("wan"); }), ElementsAre("C-3", "C-1"));
  EXPECT_THAT(find([](auto& request) { request.set_name_prefix("小"); }), ElementsAre("C-2"));
  EXPECT_THAT(find([](auto& request) { request.set_phone("+886912345678"); }), ElementsAre("C-1", "C-2"));
  EXPECT_THAT(find([](auto& request) { request.set_account_number("88010003"); }), ElementsAre("C-3"));
  EXPECT_THAT(find([](auto& request) { request.set_client_id("C-2"); }), ElementsAre("C-2"));
  EXPECT_THAT(find([](auto& request) {
                request.mutable_external_id()->set_scheme("crm");
                request.mutable_external_id()->set_value("8801-0001");
              }),
              ElementsAre("C-1"));
  EXPECT_THAT(find([](auto& request) { request.set_client_id("C-9"); }), IsEmpty());
  query::v1::FindClientsResponse response;
  Patient context;
  ExpectRefused(server.clients->FindClients(&context, {}, &response), grpc::StatusCode::INVALID_ARGUMENT,
                "FIND_BY_MISSING");
}

TEST(ListTimeline, GivesOneClientsEventsInBothOrdersAndFiltered) {
  QueryServer server;
  server.Publish(testkit::Registered("Name").Client("C-1").AtMinute(1));
  server.Publish(testkit::Opened("K-1").Client("C-1").AtMinute(2));
  server.Publish(testkit::Opened("K-9").Client("C-2").AtMinute(2));
  server.Publish(testkit::Assigned("K-1", "S-1").Client("C-1").AtMinute(3));
  server.Publish(testkit::Closed("K-1").Client("C-1").AtMinute(4));
  server.CatchUp();
  const auto kinds = [&](const std::string& filter, const std::string& order_by) {
    std::vector<std::string> all;
    query::v1::ListTimelineRequest request;
    request.set_parent("clients/C-1");
    request.set_filter(filter);
    request.set_order_by(order_by);
    request.set_page_size(2);
    do {
      Patient context;
      query::v1::ListTimelineResponse response;
      const auto status = server.clients->ListTimeline(&context, request, &response);
      EXPECT_TRUE(status.ok()) << status.error_message();
      for (const auto& entry : response.entries()) all.push_back(entry.kind());
      request.set_page_token(response.next_page_token());
    } while (!request.page_token().empty());
    return all;
  };
  EXPECT_THAT(kinds("", ""),
              ElementsAre("case_closed", "case_assigned", "service_request_opened", "client_registered"));
  EXPECT_THAT(kinds("", "offset"),
              ElementsAre("client_registered", "service_request_opened", "case_assigned", "case_closed"));
  EXPECT_THAT(kinds("verdict = REFUSED", ""), ElementsAre("case_closed"));
  EXPECT_THAT(kinds("case_id = K-1 kind = case*", "offset"), ElementsAre("case_assigned", "case_closed"));
  EXPECT_THAT(
      kinds(fmt::format("occurred_time < {}", FormatRfc3339(testkit::Beginning() + absl::Minutes(3))), "offset"),
      ElementsAre("client_registered", "service_request_opened"));
}

TEST(ListTimeline, IsFilteredByWhoSpokeOnWhatChannelInWhichDirection) {
  QueryServer server;
  using testkit::Contacted;
  const auto spoke = [](const char* staff) {
    return [staff](events::v1::Event& event) { event.mutable_contact_recorded()->set_staff_id(staff); };
  };
  server.Publish(Contacted(events::v1::CHANNEL_PHONE, events::v1::DIRECTION_INBOUND).Id("a").With(spoke("S-1")));
  server.Publish(Contacted(events::v1::CHANNEL_WECHAT, events::v1::DIRECTION_OUTBOUND).Id("b").With(spoke("S-2")));
  server.Publish(Contacted(events::v1::CHANNEL_PHONE, events::v1::DIRECTION_OUTBOUND)
                     .Id("c")
                     .By("S-9")
                     .With(spoke("S-1"))
                     .With([](events::v1::Event& event) {
                       event.mutable_contact_recorded()->add_attendees()->set_staff_id("S-3");
                       event.mutable_contact_recorded()->add_attendees()->set_client_id("C-8");
                     }));
  server.Publish(testkit::Opened("K-1").Id("d").By("S-1"));
  server.Publish(testkit::Assigned("K-1", "S-2").Id("e").By("S-4"));
  server.CatchUp();
  const auto events = [&](const std::string& filter) {
    query::v1::ListTimelineRequest request;
    request.set_parent("clients/C-1");
    request.set_filter(filter);
    request.set_order_by("offset");
    Patient context;
    query::v1::ListTimelineResponse response;
    const auto status = server.clients->ListTimeline(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    std::string ids;
    for (const auto& entry : response.entries()) ids += entry.event().event_id();
    return ids;
  };
  EXPECT_EQ(events("channel = PHONE"), "acd") << "the case was opened by phone";
  EXPECT_EQ(events("channel = PHONE direction = OUTBOUND"), "c");
  EXPECT_EQ(events("direction = INBOUND"), "a");
  EXPECT_EQ(events("direction:*"), "abc");
  EXPECT_EQ(events("staff_id = S-1"), "acd");
  EXPECT_EQ(events("staff_id = S-9"), "") << "who spoke, not who wrote it down";
  EXPECT_EQ(events("staff_id = S-4"), "e");
  EXPECT_EQ(events("attendees:S-3"), "c");
  EXPECT_EQ(events("attendees:\"C-8\" OR staff_id = S-2"), "bc");
}

}  // namespace
}  // namespace kefu::query

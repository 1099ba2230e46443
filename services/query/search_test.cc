// Full text search over a running engine: against a naive scan, over pages, with filters, and with bad input.

#include <map>
#include <set>

#include "kefu/query/v1/search.grpc.pb.h"
#include "platform/base/time.h"
#include "services/query/query_testing.h"
#include "services/query/search_query.h"

namespace kefu::query {
namespace {

using events::v1::Event;
using query::v1::SearchTextRequest;
using query::v1::TextHit;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

SearchTextRequest Request(std::string_view words, int page_size = 0, std::string_view parent = "clients/-") {
  SearchTextRequest request;
  request.set_query(std::string(words));
  request.set_parent(std::string(parent));
  request.set_page_size(page_size);
  return request;
}

testkit::Draft ContactedAbout(std::string_view client, std::string_view summary) {
  return testkit::Contacted(events::v1::CHANNEL_PHONE, events::v1::DIRECTION_INBOUND)
      .Client(client)
      .With([&](Event& event) { event.mutable_contact_recorded()->set_summary(std::string(summary)); });
}

testkit::Draft ComplainedAbout(std::string_view client, std::string_view case_id, std::string_view description) {
  return testkit::Complained(case_id).Client(client).With([&](Event& event) {
    event.mutable_complaint_received()->mutable_opening()->set_description(std::string(description));
  });
}

grpc::Status Search(QueryServer& server, const SearchTextRequest& request, query::v1::SearchTextResponse* response) {
  Patient context;
  response->Clear();
  return server.texts->SearchText(&context, request, response);
}

// All pages; stops at the first error.
std::vector<TextHit> AllHits(QueryServer& server, SearchTextRequest request) {
  std::vector<TextHit> all;
  for (int pages = 0; pages < 100'000; ++pages) {
    query::v1::SearchTextResponse response;
    const auto status = Search(server, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    if (!status.ok()) return all;
    EXPECT_FALSE(response.position().empty());
    all.insert(all.end(), response.hits().begin(), response.hits().end());
    if (response.next_page_token().empty()) return all;
    request.set_page_token(response.next_page_token());
  }
  ADD_FAILURE() << "pages without end";
  return all;
}

std::vector<std::string> Where(const std::vector<TextHit>& hits) {
  std::vector<std::string> places;
  for (const TextHit& hit : hits) places.push_back(fmt::format("{}@{}", hit.partition(), hit.offset()));
  return places;
}

std::vector<std::string> ClientsOf(const std::vector<TextHit>& hits) {
  std::vector<std::string> clients;
  for (const TextHit& hit : hits) clients.push_back(hit.client_id());
  return clients;
}

TEST(SearchText, FindsTheWordsOfClientsInBothScriptsNewestFirst) {
  QueryServer server;
  server.Publish(ContactedAbout("C-1", "客戶要投訴"));
  server.Publish(ContactedAbout("C-2", "客户要投诉"));
  server.Publish(ContactedAbout("C-3", "想開戶"));
  server.Publish(ComplainedAbout("C-4", "K-1", "投訴手續費 fee"));
  server.CatchUp();
  EXPECT_THAT(ClientsOf(AllHits(server, Request("投訴"))), ElementsAre("C-4", "C-2", "C-1"));
  EXPECT_THAT(ClientsOf(AllHits(server, Request("投诉", 1))), ElementsAre("C-4", "C-2", "C-1"));
  EXPECT_THAT(ClientsOf(AllHits(server, Request("投诉 FEE"))), ElementsAre("C-4"));
  EXPECT_THAT(AllHits(server, Request("nobody")), IsEmpty());
}

TEST(SearchText, BranchAndCaseNarrowItAndAllCanBeCounted) {
  QueryServer server;
  server.Publish(ComplainedAbout("C-1", "K-1", "扣款兩次").Branch("0001"));
  server.Publish(testkit::NoteAdded("K-1", "扣款已查").Client("C-1").Branch("0002"));
  server.Publish(ContactedAbout("C-2", "扣款").Branch("0002"));
  server.Publish(ContactedAbout("C-3", "扣款").Branch("0002").With([](Event& event) {
    event.mutable_contact_recorded()->set_case_id("K-9");
  }));
  server.CatchUp();
  const auto count = [&](const SearchTextRequest& request) {
    query::v1::SearchTextResponse response;
    EXPECT_TRUE(Search(server, request, &response).ok());
    EXPECT_FALSE(response.total_size_is_at_least());
    return response.total_size();
  };
  auto request = Request("扣款", 1);
  EXPECT_EQ(count(request), 0) << "not asked for";
  request.set_show_total_size(true);
  EXPECT_EQ(count(request), 4);
  request.set_branch_id("0002");
  EXPECT_EQ(count(request), 3);
  EXPECT_THAT(ClientsOf(AllHits(server, request)), ElementsAre("C-3", "C-2", "C-1"));
  request.set_case_id("K-1");
  EXPECT_EQ(count(request), 1);
  request.set_branch_id("");
  EXPECT_THAT(ClientsOf(AllHits(server, request)), ElementsAre("C-1", "C-1"));
  request.set_case_id("K-9");
  EXPECT_THAT(ClientsOf(AllHits(server, request)), ElementsAre("C-3"));
  // A token is of the filters it was made with.
  request.set_case_id("K-1");
  query::v1::SearchTextResponse first;
  ASSERT_TRUE(Search(server, request, &first).ok());
  ASSERT_FALSE(first.next_page_token().empty());
  request.set_page_token(first.next_page_token());
  request.set_branch_id("0001");
  query::v1::SearchTextResponse second;
  ExpectRefused(Search(server, request, &second), grpc::StatusCode::INVALID_ARGUMENT, "PAGE_TOKEN_INVALID");
}

TEST(SearchText, ACountThatWouldCostTooMuchSaysAtLeast) {
  QueryOptions options;
  options.max_rows_examined = 100;
  QueryServer server(1, options);
  for (int i = 0; i < 200; ++i) server.Publish(ContactedAbout("C-1", "扣款"));
  server.CatchUp();
  auto request = Request("扣款", 1);
  request.set_show_total_size(true);
  query::v1::SearchTextResponse response;
  ASSERT_TRUE(Search(server, request, &response).ok());
  EXPECT_TRUE(response.total_size_is_at_least());
  EXPECT_GT(response.total_size(), 0);
  EXPECT_LT(response.total_size(), 200);
}

TEST(SearchText, SaysWhereAndShowsTheWordsAround) {
  QueryServer server;
  const std::string position = server.Publish(ComplainedAbout("C-4", "K-1", "多收手續費兩次").Id("e-77"));
  auto request = Request("手续费");
  request.set_min_position(position);
  query::v1::SearchTextResponse response;
  ASSERT_TRUE(Search(server, request, &response).ok());
  ASSERT_EQ(response.hits_size(), 1);
  const TextHit& hit = response.hits(0);
  EXPECT_EQ(hit.client_id(), "C-4");
  EXPECT_EQ(hit.event_id(), "e-77");
  EXPECT_EQ(hit.case_id(), "K-1");
  EXPECT_EQ(hit.kind(), "complaint_received");
  EXPECT_EQ(hit.field(), "opening.description");
  EXPECT_GT(hit.occurred_at().seconds(), 0);
  ASSERT_EQ(hit.snippet_size(), 3);
  EXPECT_EQ(hit.snippet(0).text(), "多收");
  EXPECT_EQ(hit.snippet(1).text(), "手續費");
  EXPECT_TRUE(hit.snippet(1).match());
  EXPECT_EQ(hit.snippet(2).text(), "兩次");
  // What is personal in an answer is marked so.
  EXPECT_THAT(hit.snippet(0).GetDescriptor()->FindFieldByName("text")->options().ShortDebugString(),
              HasSubstr("SENSITIVITY_FREE_TEXT"));
}

TEST(SearchText, TakesOnlyTheClientKindAndTimeAskedFor) {
  QueryServer server;
  server.Publish(ContactedAbout("C-1", "fee").AtMinute(10));
  server.Publish(ComplainedAbout("C-1", "K-1", "fee").AtMinute(20));
  server.Publish(ContactedAbout("C-2", "fee").AtMinute(30));
  server.Publish(testkit::NoteAdded("K-1", "fee again").Client("C-1").AtMinute(40));
  server.CatchUp();
  const auto kinds = [&](const SearchTextRequest& request) {
    std::vector<std::string> found;
    for (const TextHit& hit : AllHits(server, request)) found.push_back(hit.client_id() + " " + hit.kind());
    return found;
  };
  auto of_client = Request("fee", 1, "clients/C-1");
  EXPECT_THAT(kinds(of_client), ElementsAre("C-1 case_note_added", "C-1 complaint_received", "C-1 contact_recorded"));
  auto of_kind = Request("fee");
  of_kind.set_kind("contact_recorded");
  EXPECT_THAT(kinds(of_kind), ElementsAre("C-2 contact_recorded", "C-1 contact_recorded"));
  for (auto* request : {&of_client, &of_kind}) {
    *request->mutable_occurred_from() = ToProto(testkit::Beginning() + absl::Minutes(10));
    *request->mutable_occurred_before() = ToProto(testkit::Beginning() + absl::Minutes(30));
  }
  EXPECT_THAT(kinds(of_client), ElementsAre("C-1 complaint_received", "C-1 contact_recorded"));
  EXPECT_THAT(kinds(of_kind), ElementsAre("C-1 contact_recorded"));
}

TEST(SearchText, DoesNotFindAnAttemptThatWasRefused) {
  QueryServer server;
  server.Publish(ContactedAbout("C-1", "hello"));
  server.Publish(testkit::NoteAdded("K-9", "ghost").Client("C-1"));
  server.CatchUp();
  EXPECT_THAT(AllHits(server, Request("ghost")), IsEmpty());
  EXPECT_THAT(AllHits(server, Request("ghost", 0, "clients/C-1")), IsEmpty());
}

TEST(SearchText, WritesWhileAListIsPagedNeitherRepeatNorHideWhatWasThere) {
  QueryServer server;
  for (int i = 0; i < 30; ++i) server.Publish(ContactedAbout(fmt::format("C-{}", i % 7), "fee"));
  server.CatchUp();
  const auto expected = Where(AllHits(server, Request("fee")));
  ASSERT_EQ(expected.size(), 30u);
  std::vector<TextHit> paged;
  auto request = Request("fee", 4);
  do {
    query::v1::SearchTextResponse response;
    ASSERT_TRUE(Search(server, request, &response).ok());
    paged.insert(paged.end(), response.hits().begin(), response.hits().end());
    request.set_page_token(response.next_page_token());
    server.Publish(ContactedAbout("C-1", "fee, a later one"));
    server.CatchUp();
  } while (!request.page_token().empty());
  EXPECT_EQ(Where(paged), expected);
}

// Texts of a small vocabulary, so that words meet.
std::string RandomText(std::mt19937_64& random) {
  constexpr std::string_view kWords[] = {"投訴", "投诉",  "扣款",     "退款",  "股",   "A股", "fee",
                                         "Fee,", "wire",  "transfer", "López", "，",   "。",  "３０",
                                         "30",   "don't", "e-mail",   "😀",     "客戶", "款項"};
  std::string text;
  for (uint64_t i = 0, count = random() % 9; i < count; ++i) {
    text += kWords[random() % std::size(kWords)];
    if (random() % 2 == 0) text += ' ';
  }
  return text;
}

// Every applied event of the journals, looked at one by one.
std::set<std::string> NaiveSearch(QueryServer& server, const std::vector<std::pair<std::string, Event>>& events,
                                  const SearchTextRequest& request) {
  std::set<std::string> found;
  const auto query = ReadSearchQuery(request.query());
  EXPECT_TRUE(query.ok());
  for (const auto& [place, event] : events) {
    if (request.parent() != "clients/-" && request.parent() != "clients/" + event.client_id()) continue;
    TextHit ignored;
    if (FillMatch(text::TextsOf(event), *query, &ignored)) found.insert(place);
  }
  return found;
}

TEST(SearchTextProperty, AgreesWithANaiveScanWhateverTheBounds) {
  const uint64_t seed = Seed();
  SCOPED_TRACE(fmt::format("KEFU_SEED={}", seed));
  std::mt19937_64 random(seed);
  QueryServer server(3, {.max_rows_examined = 1 + static_cast<int64_t>(random() % 700)});
  std::vector<std::pair<std::string, Event>> events;
  for (int i = 0; i < 1200; ++i) {
    const std::string client = fmt::format("C-{}", random() % 9);
    const Event event =
        testkit::Finish(random() % 3 == 0 ? ComplainedAbout(client, fmt::format("K-{}", i), RandomText(random))
                                          : ContactedAbout(client, RandomText(random)),
                        i);
    const Partition partition(PartitionForKey(client, 3));
    const Offset offset = *server.log().EndOffset(partition);
    server.Publish(event);
    events.emplace_back(fmt::format("{}@{}", partition, offset), event);
  }
  server.CatchUp();
  int searched = 0;
  for (int round = 0; round < 80; ++round) {
    std::string words = RandomText(random);
    if (random() % 4 == 0) words = "\"" + words + "\"";
    if (!ReadSearchQuery(words).ok()) continue;
    ++searched;
    const auto request = Request(words, 1 + static_cast<int>(random() % 40),
                                 random() % 4 == 0 ? fmt::format("clients/C-{}", random() % 9) : "clients/-");
    const auto hits = AllHits(server, request);
    const auto places = Where(hits);
    EXPECT_EQ(std::set<std::string>(places.begin(), places.end()), NaiveSearch(server, events, request)) << words;
    EXPECT_EQ(std::set<std::string>(places.begin(), places.end()).size(), places.size()) << "one came twice: " << words;
    std::map<int, int64_t> last;
    for (const TextHit& hit : hits) {
      EXPECT_TRUE(last.count(hit.partition()) == 0 || hit.offset() < last[hit.partition()]);
      last[hit.partition()] = hit.offset();
    }
  }
  EXPECT_GT(searched, 20);
}

TEST(SearchText, RefusesWhatItCannotAnswer) {
  QueryServer server;
  server.Publish(ContactedAbout("C-1", "fee fee"));
  server.Publish(ContactedAbout("C-2", "fee"));
  server.CatchUp();
  query::v1::SearchTextResponse response;
  const auto refused = [&](const SearchTextRequest& request, std::string_view reason,
                           grpc::StatusCode code = grpc::StatusCode::INVALID_ARGUMENT) {
    SCOPED_TRACE(reason);
    ExpectRefused(Search(server, request, &response), code, reason);
  };
  refused(Request(""), "SEARCH_EMPTY");
  refused(Request("，。!?"), "SEARCH_EMPTY");
  refused(Request(std::string(5000, 'x')), "SEARCH_TOO_LONG");
  refused(Request("\"股 市\""), "SEARCH_TOO_SHORT");
  refused(Request("fee", -1), "PAGE_SIZE_NEGATIVE");
  refused(Request("fee", 0, "client/C-1"), "NAME_INVALID");
  refused(Request("fee", 0, "clients/C-404"), "CLIENT_NOT_FOUND", grpc::StatusCode::NOT_FOUND);
  auto request = Request("fee", 1);
  request.set_kind("client_registered");
  refused(request, "KIND_UNKNOWN");
  request = Request("fee", 1);
  request.mutable_occurred_from()->set_seconds(int64_t{1} << 60);
  refused(request, "TIME_INVALID");
  request.mutable_occurred_from()->set_seconds(100);
  request.mutable_occurred_before()->set_seconds(100);
  refused(request, "TIME_RANGE_EMPTY");
  request = Request("fee", 1);
  request.set_page_token("nonsense");
  refused(request, "PAGE_TOKEN_INVALID");
  request.clear_page_token();
  ASSERT_TRUE(Search(server, request, &response).ok());
  ASSERT_FALSE(response.next_page_token().empty());
  auto other = Request("transfer", 1);
  other.set_page_token(response.next_page_token());
  refused(other, "PAGE_TOKEN_INVALID");
  request.set_min_position("nonsense");
  refused(request, "POSITION_INVALID");
}

}  // namespace
}  // namespace kefu::query

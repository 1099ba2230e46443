// Merged records read as one client: GetClient, the timeline, cases, texts, the directory, relations.

#include <fmt/ranges.h>

#include <limits>
#include <map>

#include "projections/client/client.h"
#include "platform/base/time.h"
#include "projections/relation/rows.pb.h"
#include "services/query/query_testing.h"
#include "services/query/union.h"
#include "services/query/united_client.h"

namespace kefu::query {
namespace {

using namespace testkit;
using query::v1::Client;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

constexpr auto kPhone = events::v1::CHANNEL_PHONE;
constexpr auto kIn = events::v1::DIRECTION_INBOUND;

class MergeTest : public testing::Test {
 protected:
  template <class... Drafts>
  void Given(const Drafts&... drafts) {
    (server_.Publish(drafts), ...);
    server_.CatchUp();
  }
  Client Get(const std::string& client_id) {
    Patient context;
    query::v1::GetClientRequest request;
    request.set_name("clients/" + client_id);
    Client client;
    const auto status = server_.clients->GetClient(&context, request, &client);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return client;
  }
  // "A:contact_recorded" for each entry over all pages of `size`.
  std::vector<std::string> Timeline(const std::string& client_id, int size = 50, const std::string& order = "") {
    std::vector<std::string> lines;
    query::v1::ListTimelineRequest request;
    request.set_parent("clients/" + client_id);
    request.set_page_size(size);
    request.set_order_by(order);
    do {
      Patient context;
      query::v1::ListTimelineResponse response;
      const auto status = server_.clients->ListTimeline(&context, request, &response);
      EXPECT_TRUE(status.ok()) << status.error_message();
      if (!status.ok()) break;
      for (const auto& entry : response.entries())
        lines.push_back(fmt::format("{}:{}", entry.client_id(), entry.event().event_id()));
      request.set_page_token(response.next_page_token());
    } while (!request.page_token().empty());
    return lines;
  }
  std::vector<std::string> Cases(const std::string& client_id, const std::string& order = "") {
    query::v1::ListCasesRequest request;
    request.set_parent("clients/" + client_id);
    request.set_page_size(1);
    request.set_order_by(order);
    return Ids(AllCases(server_, request));
  }
  std::vector<std::string> Hits(const std::string& client_id, const std::string& query) {
    std::vector<std::string> hits;
    query::v1::SearchTextRequest request;
    request.set_parent("clients/" + client_id);
    request.set_query(query);
    request.set_page_size(1);
    do {
      Patient context;
      query::v1::SearchTextResponse response;
      const auto status = server_.texts->SearchText(&context, request, &response);
      EXPECT_TRUE(status.ok()) << status.error_message();
      if (!status.ok()) break;
      for (const auto& hit : response.hits()) hits.push_back(hit.client_id() + ":" + hit.event_id());
      request.set_page_token(response.next_page_token());
    } while (!request.page_token().empty());
    return hits;
  }
  std::vector<std::string> Members(const std::string& client_id) {
    return UnionOf(server_.engine(), client_id)->members;
  }
  std::map<std::string, int64_t> Tallies(const Client& client) {
    std::map<std::string, int64_t> tallies;
    for (const auto& tally : client.tallies()) tallies[tally.key()] = tally.count();
    return tallies;
  }

  QueryServer server_;
};

TEST_F(MergeTest, RecordsAreUnitedFromAnywhereInTheTreeAndASplitTakesItsOwnLinkAway) {
  Given(Merged("B", "C").Id("m1"), Merged("A", "B").Id("m2"), Merged("A", "D").Id("m3"));
  for (const char* each : {"A", "B", "C", "D"}) EXPECT_THAT(Members(each), ElementsAre("A", "B", "C", "D"));
  EXPECT_THAT(Members("E"), ElementsAre("E"));
  Given(Split("m2"));
  EXPECT_THAT(Members("A"), ElementsAre("A", "D"));
  EXPECT_THAT(Members("C"), ElementsAre("B", "C"));
}

TEST(Union, ALinkCountsWhereBothEndsHaveIt) {
  std::map<std::string, relation::MergeLinks> links;
  const auto members = [&](const std::string& client) {
    std::string held;
    return *MembersOf(client, [&, held](const std::string& each, store::PinnedValue* found) mutable -> StatusOr<bool> {
      if (!links.contains(each)) return false;
      held = links[each].SerializeAsString();
      found->SetView(held);
      return true;
    });
  };
  links["A"].add_merged()->set_client_id("B");
  EXPECT_THAT(members("A"), ElementsAre("A"));
  EXPECT_THAT(members("B"), ElementsAre("B"));
  links["B"].set_surviving_client_id("A");
  EXPECT_THAT(members("A"), ElementsAre("A", "B"));
  EXPECT_THAT(members("B"), ElementsAre("A", "B"));
  links.erase("A");
  EXPECT_THAT(members("B"), ElementsAre("B"));
  // A circle, which no rule lets through, ends.
  links["A"].add_merged()->set_client_id("B");
  links["A"].set_surviving_client_id("B");
  links["B"].add_merged()->set_client_id("A");
  EXPECT_EQ(members("A").size(), 2u);
}

TEST_F(MergeTest, TheSurvivorShowsWhatBothRecordsHoldAndTheOtherOneSaysWhoSurvives) {
  Given(Registered("王小明").Client("A").Branch("0001").With([](events::v1::Event& event) {
    auto* body = event.mutable_client_registered();
    body->add_phones("1");
    body->mutable_profile()->mutable_person()->set_education("bachelor");
  }),
        Registered("王曉明").Client("B").Branch("0002").Id("reg-b").With([](events::v1::Event& event) {
          auto* body = event.mutable_client_registered();
          body->add_phones("2");
          body->add_account_numbers("88");
          body->mutable_profile()->mutable_person()->set_education("master");
          body->mutable_profile()->mutable_person()->mutable_employment()->set_occupation("engineer");
          body->mutable_profile()->add_emails("b@example.com");
        }),
        Contacted(kPhone, kIn, "fee").Client("A").AtMinute(10), Contacted(kPhone, kIn, "margin").Client("B").AtMinute(20),
        Complained("K-1").Client("B").AtMinute(5), Opened("K-2").Client("A").AtMinute(6),
        IdentityLinked(events::v1::CHANNEL_WECHAT, "o-1").Client("B"), Traded(absl::CivilDay(2026, 3, 2), 4).Client("B"));
  const Client before_a = Get("A");
  const Client before_b = Get("B");
  Given(Merged("A", "B").Id("m1"));
  const Client united = Get("A");
  EXPECT_THAT(united.merged_client_ids(), ElementsAre("B"));
  EXPECT_EQ(united.surviving_client_id(), "");
  EXPECT_EQ(united.client_id(), "A");
  EXPECT_EQ(united.branch_id(), "0001");
  EXPECT_EQ(united.display_name(), "王小明");
  EXPECT_THAT(united.other_names(), ElementsAre("王曉明"));
  EXPECT_THAT(united.phones(), ElementsAre("1", "2"));
  EXPECT_THAT(united.account_numbers(), ElementsAre("88"));
  EXPECT_EQ(united.event_count(), before_a.event_count() + before_b.event_count());
  EXPECT_EQ(united.open_complaints_total() + united.open_requests_total(), 2);
  EXPECT_EQ(Tallies(united)["contact"], 2);
  EXPECT_EQ(Tallies(united)["topic.fee"], 1);
  ASSERT_EQ(united.last_contacts_size(), 2);
  EXPECT_EQ(united.last_contacts(0).topic(), "margin");
  ASSERT_EQ(united.open_cases_size(), 2);
  EXPECT_EQ(united.open_cases(0).case_id(), "K-1");
  EXPECT_EQ(united.identities(0).identity().handle(), "o-1");
  EXPECT_EQ(united.trading().trades_30d(), 4);
  // The survivor's word counts; what only the other one knows comes with where it is from.
  EXPECT_EQ(united.profile().person().education(), "bachelor");
  EXPECT_EQ(united.profile().person().employment().occupation(), "engineer");
  EXPECT_THAT(united.profile().emails(), ElementsAre("b@example.com"));
  std::vector<std::string> sources;
  for (const auto& source : united.field_sources()) sources.push_back(source.path() + " " + source.event_id());
  ASSERT_EQ(sources.size(), 3u);
  EXPECT_EQ(sources[0], "emails reg-b");
  EXPECT_EQ(sources[2], "person.employment reg-b");

  Client other = Get("B");
  EXPECT_EQ(other.surviving_client_id(), "A");
  // A precondition on either is held against its own record.
  EXPECT_EQ(united.revision(), before_a.revision());
  EXPECT_EQ(other.revision(), before_b.revision());
  other.clear_surviving_client_id();
  other.set_revision(united.revision());
  other.set_last_offset(united.last_offset());
  EXPECT_EQ(other.ShortDebugString(), united.ShortDebugString());

  Given(Split("m1"));
  EXPECT_EQ(Get("A").event_count(), before_a.event_count());
  EXPECT_THAT(Get("A").merged_client_ids(), IsEmpty());
  EXPECT_EQ(Get("B").surviving_client_id(), "");
}

TEST(Unite, WhatTheSurvivorSaidToBeEmptyStaysEmpty) {
  Client a, b;
  auto* source = a.add_field_sources();
  source->set_path("emails");
  source->set_event_id("cleared");
  b.mutable_profile()->add_emails("b@example.com");
  b.mutable_profile()->set_location("taipei");
  b.add_field_sources()->set_path("location");
  const Client united = Unite({a, b});
  EXPECT_THAT(united.profile().emails(), IsEmpty());
  EXPECT_EQ(united.profile().location(), "taipei");
  EXPECT_EQ(united.field_sources_size(), 2);
}

TEST(Unite, APersonAndAnOrganisationStayApartAndPartsComeFromTheFirstThatHasThem) {
  Client a, b, c;
  a.mutable_profile()->mutable_organisation()->set_industry("steel");
  b.mutable_profile()->mutable_person()->set_education("master");
  c.mutable_profile()->mutable_organisation()->set_industry("coal");
  c.mutable_profile()->mutable_organisation()->set_tax_number("7");
  c.add_field_sources()->set_path("organisation");
  const Client united = Unite({a, b, c});
  EXPECT_FALSE(united.profile().has_person());
  EXPECT_EQ(united.profile().organisation().industry(), "steel");
  EXPECT_EQ(united.profile().organisation().tax_number(), "7");
  // Said of the whole, it is the source of the part.
  ASSERT_EQ(united.field_sources_size(), 1);
  EXPECT_EQ(united.field_sources(0).path(), "organisation.tax_number");
}

TEST(Unite, ListsAreCutAsTheViewCutsThem) {
  std::vector<Client> rows(3);
  int64_t all = 0;
  for (int r = 0; r < 3; ++r) {
    for (int i = 0; i < 100; ++i) {
      auto* tally = rows[static_cast<size_t>(r)].add_tallies();
      tally->set_key(fmt::format("t{}", r * 60 + i));
      tally->set_count(i);
      all += i;
    }
    for (int i = 0; i < 10; ++i)
      rows[static_cast<size_t>(r)].add_last_contacts()->mutable_occurred_at()->set_seconds(1000 - 10 * i + r);
    for (int i = 0; i < 30; ++i)
      rows[static_cast<size_t>(r)].add_open_cases()->mutable_opened_at()->set_seconds(10 * i + r);
  }
  const Client united = Unite(rows);
  EXPECT_EQ(united.tallies_size(), client::kTalliesKept);
  for (const auto& tally : united.tallies()) all -= tally.count();
  EXPECT_EQ(all, 0);
  ASSERT_EQ(united.last_contacts_size(), client::kContactsKept);
  EXPECT_EQ(united.last_contacts(0).occurred_at().seconds(), 1002);
  EXPECT_EQ(united.last_contacts(3).occurred_at().seconds(), 992);
  ASSERT_EQ(united.open_cases_size(), client::kOpenCasesListed);
  for (int i = 1; i < united.open_cases_size(); ++i)
    EXPECT_LT(united.open_cases(i - 1).opened_at().seconds(), united.open_cases(i).opened_at().seconds());
}

TEST_F(MergeTest, TheTimelineIsOneInTheOrderTheLogLearnedIt) {
  std::vector<std::string> expected;
  for (int i = 0; i < 30; ++i) {
    const std::string client(1, static_cast<char>('A' + i % 3));
    const std::string id = fmt::format("e{:02}", i);
    server_.Publish(Contacted(kPhone, kIn).Client(client).Id(id));
    expected.push_back(client + ":" + id);
  }
  Given(Merged("A", "B").Id("m1"), Related("r1", events::v1::RELATION_KIND_HOUSEHOLD, "C", "B").Id("r1"),
        Merged("B", "C").Id("m2"), RelationEnded("r1").Id("r2"));
  // Facts about two of them come once, with the first.
  for (const char* each : {"A:m1", "B:r1", "B:m2", "B:r2"}) expected.push_back(each);
  EXPECT_EQ(Timeline("C", 50, "offset"), expected);
  EXPECT_EQ(Timeline("A", 1, "offset"), expected);
  std::reverse(expected.begin(), expected.end());
  for (const int size : {1, 7, 50}) EXPECT_EQ(Timeline("B", size), expected) << "pages of " << size;
}

TEST_F(MergeTest, ATokenOfOtherRecordsDoesNotFit) {
  for (int i = 0; i < 5; ++i) server_.Publish(Contacted(kPhone, kIn).Client("A"));
  server_.CatchUp();
  query::v1::ListTimelineRequest request;
  request.set_parent("clients/A");
  request.set_page_size(2);
  query::v1::ListTimelineResponse response;
  {
    Patient context;
    ASSERT_TRUE(server_.clients->ListTimeline(&context, request, &response).ok());
  }
  Given(Merged("A", "B"));
  request.set_page_token(response.next_page_token());
  Patient context;
  ExpectRefused(server_.clients->ListTimeline(&context, request, &response), grpc::StatusCode::INVALID_ARGUMENT,
                "PAGE_TOKEN_INVALID");
}

TEST_F(MergeTest, CasesOfAllRecordsAreListedAndCounted) {
  Given(Opened("K-1").Client("A"), Opened("K-2").Client("B"), Complained("K-3").Client("C"), Opened("K-4").Client("D"),
        Merged("A", "B"), Merged("B", "C"));
  for (const char* each : {"A", "C"}) {
    EXPECT_THAT(Cases(each), ElementsAre("K-1", "K-2", "K-3"));
    EXPECT_THAT(Cases(each, "update_time desc"), ElementsAre("K-3", "K-2", "K-1"));
    Patient context;
    query::v1::CountCasesRequest request;
    request.set_parent(std::string("clients/") + each);
    query::v1::CountCasesResponse response;
    ASSERT_TRUE(server_.cases->CountCases(&context, request, &response).ok());
    EXPECT_EQ(response.count(), 3);
    request.set_filter("kind = COMPLAINT");
    Patient again;
    ASSERT_TRUE(server_.cases->CountCases(&again, request, &response).ok());
    EXPECT_EQ(response.count(), 1);
  }
  EXPECT_THAT(Cases("D"), ElementsAre("K-4"));
}

TEST_F(MergeTest, PromisesAndCallBacksOfAllRecordsAreListedByDate) {
  const auto due = [](int hours) { return Beginning() + absl::Hours(hours); };
  Given(Registered("王小明").Client("A"), Registered("王小明").Client("B"), Registered("李四").Client("C"),
        Promised("p1", due(3)).Client("A"), Promised("p2", due(1)).Client("B"), Promised("p3", due(2)).Client("C"),
        CallBackPlanned("c1", due(2)).Client("B"), PromiseKept("p1").Client("A"), Merged("A", "B"));
  for (const char* each : {"A", "B"}) {
    std::vector<std::string> ids;
    query::v1::ListUndertakingsRequest request;
    request.set_parent(std::string("clients/") + each);
    request.set_page_size(1);
    request.set_show_total_size(true);
    do {
      Patient context;
      query::v1::ListUndertakingsResponse response;
      const auto status = server_.contacts->ListUndertakings(&context, request, &response);
      ASSERT_TRUE(status.ok()) << status.error_message();
      EXPECT_EQ(response.total_size(), 3);
      for (const auto& one : response.undertakings()) ids.push_back(one.undertaking_id());
      request.set_page_token(response.next_page_token());
    } while (!request.page_token().empty());
    EXPECT_THAT(ids, ElementsAre("p2", "c1", "p1"));
  }
}

TEST_F(MergeTest, WhatWasSaidOnAnyRecordIsFound) {
  Given(Opened("K-1").Client("A"), Opened("K-2").Client("B"), NoteAdded("K-1", "投訴佣金").Client("A").Id("n1"),
        NoteAdded("K-2", "佣金太高").Client("B").Id("n2"), NoteAdded("K-2", "另一事").Client("B").Id("n3"),
        Opened("K-3").Client("C"), NoteAdded("K-3", "佣金").Client("C"), Merged("A", "B"));
  EXPECT_THAT(Hits("A", "佣金"), ElementsAre("B:n2", "A:n1"));
  EXPECT_THAT(Hits("B", "佣金"), ElementsAre("B:n2", "A:n1"));
}

TEST_F(MergeTest, TheDirectoryFindsRecordsAsTheyAreAndSaysWhichOneSurvives) {
  Given(Registered("王小明").Client("A"), Registered("王小明").Client("B"), Merged("A", "B"));
  Patient context;
  query::v1::FindClientsRequest request;
  request.set_name_prefix("王");
  query::v1::FindClientsResponse response;
  ASSERT_TRUE(server_.clients->FindClients(&context, request, &response).ok());
  std::map<std::string, std::string> found;
  for (const auto& entry : response.entries()) found[entry.client_id()] = entry.surviving_client_id();
  EXPECT_THAT(found, ElementsAre(testing::Pair("A", ""), testing::Pair("B", "A")));
}

TEST_F(MergeTest, RelationsAndMergesOfAllRecordsAreListedOnce) {
  Given(Related("r1", events::v1::RELATION_KIND_HOUSEHOLD, "A", "B"),
        Related("r2", events::v1::RELATION_KIND_GUARDIAN, "X", "B"),
        Related("r3", events::v1::RELATION_KIND_PARENT, "X", "Y"), RelationEnded("r2"), Merged("A", "B").Id("m1"),
        Merged("B", "C").Id("m2"), Split("m2"), Merged("X", "Y").Id("m3"));
  const auto relations = [&](const std::string& client, bool all) {
    std::vector<std::string> ids;
    query::v1::ListRelationsRequest request;
    request.set_parent("clients/" + client);
    request.set_all(all);
    request.set_page_size(1);
    *request.mutable_as_of() = ToProto(Beginning() + absl::Hours(24 * 365 * 50));
    do {
      Patient context;
      query::v1::ListRelationsResponse response;
      const auto status = server_.relations->ListRelations(&context, request, &response);
      EXPECT_TRUE(status.ok()) << status.error_message();
      for (const auto& each : response.relations()) ids.push_back(each.relation_id());
      request.set_page_token(response.next_page_token());
    } while (!request.page_token().empty());
    return ids;
  };
  EXPECT_THAT(relations("A", true), ElementsAre("r1", "r2"));
  EXPECT_THAT(relations("B", false), ElementsAre("r1"));
  EXPECT_THAT(relations("Y", true), ElementsAre("r2", "r3"));
  const auto merges = [&](const std::string& client) {
    std::vector<std::string> lines;
    query::v1::ListMergesRequest request;
    request.set_parent("clients/" + client);
    request.set_page_size(1);
    do {
      Patient context;
      query::v1::ListMergesResponse response;
      const auto status = server_.relations->ListMerges(&context, request, &response);
      EXPECT_TRUE(status.ok()) << status.error_message();
      for (const auto& each : response.merges())
        lines.push_back(each.event_id() + (each.has_split_at() ? " split" : ""));
      request.set_page_token(response.next_page_token());
    } while (!request.page_token().empty());
    return lines;
  };
  EXPECT_THAT(merges("B"), ElementsAre("m1", "m2 split"));
  EXPECT_THAT(merges("C"), ElementsAre("m2 split"));
  EXPECT_THAT(merges("X"), ElementsAre("m3"));
  EXPECT_THAT(merges("nobody"), IsEmpty());
}

TEST_F(MergeTest, AMomentThatIsNoTimeIsRefused) {
  Patient listing, grouping;
  query::v1::ListRelationsRequest relations;
  relations.set_parent("clients/A");
  relations.mutable_as_of()->set_nanos(-1);
  query::v1::ListRelationsResponse related;
  ExpectRefused(server_.relations->ListRelations(&listing, relations, &related), grpc::StatusCode::INVALID_ARGUMENT,
                "TIME_INVALID");
  query::v1::GetClientGroupRequest group;
  group.set_name("clients/A");
  group.mutable_as_of()->set_seconds(std::numeric_limits<int64_t>::max());
  query::v1::ClientGroup grouped;
  ExpectRefused(server_.relations->GetClientGroup(&grouping, group, &grouped), grpc::StatusCode::INVALID_ARGUMENT,
                "TIME_INVALID");
}

TEST_F(MergeTest, TheGroupIsReadOverAllPartitions) {
  std::string above = "G-0";
  for (int i = 1; i < 10; ++i) {
    server_.Publish(
        Related(fmt::format("r{}", i), events::v1::RELATION_KIND_PARENT, above, fmt::format("G-{}", i)));
    above = fmt::format("G-{}", i / 2);
  }
  server_.CatchUp();
  Patient context;
  query::v1::GetClientGroupRequest request;
  request.set_name("clients/G-9");
  *request.mutable_as_of() = ToProto(Beginning() + absl::Hours(24 * 365 * 50));
  query::v1::ClientGroup group;
  const auto status = server_.relations->GetClientGroup(&context, request, &group);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(group.name(), "clients/G-0");
  EXPECT_EQ(group.members_total(), 10);
  EXPECT_FALSE(group.position().empty());
}

TEST_F(MergeTest, AWatcherSeesItsOwnRecordAndTheLinksOfTheStart) {
  Given(Registered("王小明").Client("A"), Registered("王小明").Client("B"), Merged("A", "B"));
  for (const auto& [client, surviving] : {std::pair("A", ""), std::pair("B", "A")}) {
    Patient context;
    query::v1::WatchClientRequest request;
    request.set_name(std::string("clients/") + client);
    const auto reader = server_.clients->WatchClient(&context, request);
    query::v1::WatchClientResponse response;
    ASSERT_TRUE(reader->Read(&response));
    EXPECT_EQ(response.client().client_id(), client);
    EXPECT_EQ(response.client().event_count(), 1);
    EXPECT_THAT(response.client().merged_client_ids(), ElementsAre("B"));
    EXPECT_EQ(response.client().surviving_client_id(), surviving);
    context.TryCancel();
  }
}

TEST_F(MergeTest, AnAnswerWaitsForThePositionOfEveryRecord) {
  Given(Merged("A", "B"));
  for (int i = 0; i < 50; ++i) {
    const std::string position = server_.Publish(Contacted(kPhone, kIn).Client("B"));
    Patient context;
    query::v1::GetClientRequest request;
    request.set_name("clients/A");
    request.set_min_position(position);
    Client client;
    ASSERT_TRUE(server_.clients->GetClient(&context, request, &client).ok());
    EXPECT_EQ(client.event_count(), i + 1);
  }
}

}  // namespace
}  // namespace kefu::query

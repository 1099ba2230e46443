// ViewService: what views there are, their rows, digests, rebuilds and parked events.

#include <set>

#include "platform/base/hash.h"
#include "projections/engine/test_views.h"
#include "services/query/query_testing.h"

namespace kefu::query {
namespace {

using testing::HasSubstr;
using testing::Not;

std::vector<admin::v1::Row> Browse(QueryServer& server, const std::string& view, const std::string& table = {},
                                   int page_size = 7) {
  std::vector<admin::v1::Row> all;
  admin::v1::BrowseRowsRequest request;
  request.set_parent("views/" + view);
  request.set_table(table);
  request.set_page_size(page_size);
  do {
    Patient context;
    admin::v1::BrowseRowsResponse response;
    const auto status = server.views->BrowseRows(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    if (!status.ok()) return all;
    all.insert(all.end(), response.rows().begin(), response.rows().end());
    request.set_page_token(response.next_page_token());
  } while (!request.page_token().empty());
  return all;
}

std::string Everything(QueryServer& server) {
  std::string all;
  for (const auto* projection : server.engine().projections())
    for (const auto& table : projection->tables)
      for (const auto& row : Browse(server, std::string(projection->name), std::string(table.name)))
        all += row.json() + "\n";
  return all;
}

void PublishPerson(QueryServer& server) {
  server.Publish(testkit::Registered("Margarethe Unverwechselbar").Client("C-1").With([](events::v1::Event& event) {
    auto* body = event.mutable_client_registered();
    body->add_phones("+886987654321");
    body->mutable_profile()->mutable_person()->set_identity_number("Z123456789");
  }));
  server.Publish(testkit::NoteAdded("K-1", "private words").Client("C-1"));
  server.Publish(testkit::Opened("K-1").Client("C-1").With([](events::v1::Event& event) {
    event.mutable_service_request_opened()->mutable_opening()->set_subject("private words");
  }));
  server.CatchUp();
}

TEST(ViewService, BrowsesEveryRowOnceInEveryPartition) {
  QueryServer server;
  server.Live(5, 1500);
  for (const auto* projection : server.engine().projections()) {
    for (const auto& table : projection->tables) {
      size_t stored = 0;
      for (int32_t p = 0; p < server.engine().partitions(); ++p) {
        const auto partition = server.engine().At(Partition(p));
        const auto rows = partition->Scan(projection->name, table.name, {}, {});
        for (; (*rows)->Valid(); (*rows)->Next()) ++stored;
      }
      std::set<std::pair<int32_t, std::vector<std::string>>> seen;
      const auto rows = Browse(server, std::string(projection->name), std::string(table.name), 100);
      for (const auto& row : rows)
        seen.emplace(row.partition(), std::vector<std::string>(row.key().begin(), row.key().end()));
      EXPECT_EQ(rows.size(), stored) << projection->name << "." << table.name;
      EXPECT_EQ(seen.size(), stored) << projection->name << "." << table.name;
    }
  }
}

TEST(ViewService, BrowsingShowsNoPersonalData) {
  QueryServer server;
  PublishPerson(server);
  const std::string all = Everything(server);
  EXPECT_THAT(all, HasSubstr("clients/C-1"));
  for (const char* personal : {"Margarethe", "87654321", "Z123456789", "private words"})
    EXPECT_THAT(all, Not(HasSubstr(personal)));
}

TEST(ViewService, BrowsingShowsPersonalDataWhereTheServerIsSetTo) {
  QueryServer server(3, {.unmask_browse = true});
  PublishPerson(server);
  const std::string all = Everything(server);
  for (const char* personal : {"Margarethe", "87654321", "Z123456789", "private words"})
    EXPECT_THAT(all, HasSubstr(personal));
}

TEST(ViewService, DescribesItsViewsAndItself) {
  QueryServer server(3, {.version = "9.8.7"});
  server.Live(5, 200);
  admin::v1::ListViewsResponse listed;
  {
    Patient context;
    ASSERT_TRUE(server.views->ListViews(&context, {}, &listed).ok());
  }
  EXPECT_EQ(static_cast<size_t>(listed.views_size()), projections::Catalogue().size());
  admin::v1::GetViewRequest request;
  admin::v1::View view;
  const auto get = [&](const std::string& name) {
    Patient context;
    request.set_name(name);
    return server.views->GetView(&context, request, &view);
  };
  ASSERT_TRUE(get("views/case").ok());
  EXPECT_EQ(view.name(), "views/case");
  EXPECT_EQ(view.partitions_size(), 3);
  ExpectRefused(get("views/nothing"), grpc::StatusCode::NOT_FOUND, "VIEW_NOT_FOUND");
  ExpectRefused(get("case"), grpc::StatusCode::INVALID_ARGUMENT, "NAME_INVALID");
  admin::v1::ServerInfo info;
  Patient context;
  ASSERT_TRUE(server.views->GetServerInfo(&context, {}, &info).ok());
  EXPECT_EQ(info.version(), "9.8.7");
  EXPECT_EQ(info.log_id(), server.log().identity().id);
  EXPECT_EQ(info.events(), 200);
}

TEST(ViewService, DigestsAreTheEnginesAndStayOverARebuild) {
  QueryServer server;
  server.Live(5, 1000);
  const auto digest = [&] {
    admin::v1::DigestViewRequest request;
    request.set_name("views/client");
    request.set_min_position(server.engine().CurrentPosition().Encode());
    admin::v1::DigestViewResponse response;
    Patient context;
    const auto status = server.views->DigestView(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    EXPECT_EQ(response.partitions_size(), 3);
    return response;
  };
  const auto before = digest();
  for (int32_t p = 0; p < 3; ++p)
    EXPECT_EQ(before.partitions(p).digest(), server.engine().Digest("client", Partition(p))->digest());
  admin::v1::RebuildViewRequest request;
  admin::v1::RebuildViewResponse response;
  request.set_name("views/client");
  {
    Patient context;
    ASSERT_TRUE(server.views->RebuildView(&context, request, &response).ok());
  }
  EXPECT_EQ(response.view().name(), "views/client");
  EXPECT_EQ(digest().digest(), before.digest());
  request.set_name("views/nothing");
  Patient context;
  ExpectRefused(server.views->RebuildView(&context, request, &response), grpc::StatusCode::NOT_FOUND, "VIEW_NOT_FOUND");
}

TEST(ViewService, RefusesTablesAndPartitionsThatAreNot) {
  QueryServer server;
  admin::v1::BrowseRowsRequest request;
  admin::v1::BrowseRowsResponse response;
  const auto browse = [&] {
    Patient context;
    return server.views->BrowseRows(&context, request, &response);
  };
  request.set_parent("views/client");
  request.set_table("nothing");
  ExpectRefused(browse(), grpc::StatusCode::NOT_FOUND, "TABLE_NOT_FOUND");
  request.clear_table();
  request.set_partition(3);
  ExpectRefused(browse(), grpc::StatusCode::INVALID_ARGUMENT, "PARTITION_UNKNOWN");
  request.set_partition(-1);
  request.set_page_size(-1);
  ExpectRefused(browse(), grpc::StatusCode::INVALID_ARGUMENT, "PAGE_SIZE_NEGATIVE");
}

TEST(ViewService, ListsParkedEventsInPagesAndRetriesThem) {
  engine::Medicine() = false;
  QueryServer server(2, {}, {&sdk::Describe<engine::CountView>()});
  std::set<std::string> published;
  for (int i = 0; i < 9; ++i) {
    events::v1::Event event = testkit::Finish(testkit::NoteFor(fmt::format("C-{}", i % 4), i), i);
    event.mutable_contact_recorded()->mutable_outcome()->set_value("poison");
    published.insert(event.event_id());
    server.Publish(event);
  }
  server.CatchUp();
  for (const char* parent : {"views/-", "views/count"}) {
    std::set<std::string> listed;
    admin::v1::ListParkedEventsRequest request;
    request.set_parent(parent);
    request.set_page_size(2);
    do {
      Patient context;
      admin::v1::ListParkedEventsResponse response;
      ASSERT_TRUE(server.views->ListParkedEvents(&context, request, &response).ok());
      for (const auto& event : response.parked_events()) EXPECT_TRUE(listed.insert(event.event_id()).second);
      request.set_page_token(response.next_page_token());
    } while (!request.page_token().empty());
    EXPECT_EQ(listed, published);
  }
  engine::Medicine() = true;
  admin::v1::RetryParkedEventsRequest request;
  request.set_name("views/count");
  admin::v1::RetryParkedEventsResponse response;
  Patient context;
  ASSERT_TRUE(server.views->RetryParkedEvents(&context, request, &response).ok());
  EXPECT_EQ(response.applied(), 9);
  EXPECT_EQ(response.still_parked(), 0);
}

TEST(ViewService, TheBuildThatServedBeforeServesAgainByAPersonsWord) {
  QueryServer server;
  server.Live(6, 300);
  server.CatchUp();
  const auto rebuild = [&] {
    Patient context;
    admin::v1::RebuildViewRequest request;
    admin::v1::RebuildViewResponse response;
    request.set_name("views/client");
    return server.views->RebuildView(&context, request, &response);
  };
  const auto described = [&] {
    Patient context;
    admin::v1::GetViewRequest request;
    admin::v1::View view;
    request.set_name("views/client");
    EXPECT_TRUE(server.views->GetView(&context, request, &view).ok());
    return view;
  };
  admin::v1::CompareBuildsResponse compared;
  const auto compare = [&](const std::string& view, int limit) {
    Patient context;
    admin::v1::CompareBuildsRequest request;
    request.set_name(view);
    request.set_limit(limit);
    return server.views->CompareBuilds(&context, request, &compared);
  };
  admin::v1::SwitchViewResponse switched;
  const auto change = [&](const std::string& view, const std::string& actor, const std::string& reason) {
    Patient context;
    admin::v1::SwitchViewRequest request;
    request.set_name(view);
    request.set_back(true);
    request.set_actor_id(actor);
    request.set_reason(reason);
    return server.views->SwitchView(&context, request, &switched);
  };
  ExpectRefused(change("views/client", "A-1", "no"), grpc::StatusCode::FAILED_PRECONDITION, "NO_OTHER_BUILD");
  ExpectRefused(compare("views/client", 0), grpc::StatusCode::FAILED_PRECONDITION, "BUILDS_NOT_COMPARABLE");
  ExpectRefused(compare("views/nothing", 0), grpc::StatusCode::NOT_FOUND, "VIEW_NOT_FOUND");
  ExpectRefused(compare("views/client", -1), grpc::StatusCode::INVALID_ARGUMENT, "LIMIT_INVALID");
  ASSERT_TRUE(rebuild().ok());
  const absl::Time end = absl::Now() + absl::Seconds(20);
  while (described().previous_build().empty()) ASSERT_LT(absl::Now(), end);
  ASSERT_TRUE(compare("views/client", 0).ok());
  EXPECT_EQ(compared.unexpected_differences() + compared.expected_differences(), 0);
  EXPECT_EQ(compared.serving_digest(), compared.other_digest());
  EXPECT_EQ(compared.serving_build(), described().previous_build().substr(0, described().previous_build().find('.')) + ".1");
  ExpectRefused(change("views/client", "", "why not"), grpc::StatusCode::INVALID_ARGUMENT, "ACTOR_INVALID");
  ExpectRefused(change("views/client", "A-1", ""), grpc::StatusCode::INVALID_ARGUMENT, "REASON_MISSING");
  ASSERT_TRUE(change("views/client", "A-1", "the counts look wrong").ok());
  EXPECT_EQ(switched.from_build(), compared.serving_build());
  EXPECT_EQ(switched.to_build(), compared.other_build());
  EXPECT_EQ(described().previous_build(), compared.serving_build());
  // On its way to the log: who, and why.
  events::v1::Event told;
  for (const auto& event : server.engine().SwitchesToTell())
    if (event.view_switched().went_back()) told = event;
  EXPECT_EQ(told.actor().id(), "A-1");
  EXPECT_EQ(told.view_switched().reason(), "the counts look wrong");
}

}  // namespace
}  // namespace kefu::query

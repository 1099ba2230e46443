// Promises and call-backs: every filter against brute force, overdue against the moment asked for, pages and counts.

#include <algorithm>
#include <tuple>

#include "platform/base/time.h"
#include "services/query/filter.h"
#include "services/query/filter_fields.h"
#include "services/query/query_testing.h"

namespace kefu::query {
namespace {

using query::v1::ListUndertakingsRequest;
using query::v1::Undertaking;
using testing::ElementsAre;
using testing::IsEmpty;

absl::Time Hour(int hour) { return testkit::Beginning() + absl::Hours(hour); }

ListUndertakingsRequest WorkRequest(std::string_view filter = {}, absl::Time as_of = Hour(0), int page_size = 0,
                                std::string_view parent = "clients/-") {
  ListUndertakingsRequest request;
  request.set_parent(std::string(parent));
  request.set_filter(std::string(filter));
  request.set_page_size(page_size);
  *request.mutable_as_of() = ToProto(as_of);
  return request;
}

struct Listed {
  std::vector<Undertaking> rows;
  int64_t total = 0;

  std::vector<std::string> Ids() const {
    std::vector<std::string> ids;
    for (const auto& row : rows) ids.push_back(row.undertaking_id());
    return ids;
  }
};

Listed All(QueryServer& server, ListUndertakingsRequest request) {
  Listed all;
  request.set_show_total_size(true);
  do {
    Patient context;
    query::v1::ListUndertakingsResponse response;
    const auto status = server.contacts->ListUndertakings(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message() << " " << request.ShortDebugString();
    if (!status.ok()) return all;
    EXPECT_FALSE(response.position().empty());
    all.rows.insert(all.rows.end(), response.undertakings().begin(), response.undertakings().end());
    all.total = response.total_size();
    request.set_page_token(response.next_page_token());
  } while (!request.page_token().empty());
  return all;
}

TEST(ListUndertakings, APromiseIsOverdueAtAMomentAndKeptLate) {
  QueryServer server;
  server.Publish(testkit::Promised("P-1", Hour(5), "S-7"));
  server.CatchUp();
  EXPECT_THAT(All(server, WorkRequest("overdue = true", Hour(5))).rows, IsEmpty()) << "it may still be kept in time";
  const auto late = All(server, WorkRequest("overdue = true", Hour(5) + absl::Microseconds(1)));
  ASSERT_THAT(late.Ids(), ElementsAre("P-1"));
  EXPECT_TRUE(late.rows[0].overdue());
  EXPECT_FALSE(late.rows[0].late());
  server.Publish(testkit::PromiseKept("P-1").At(Hour(6)));
  server.CatchUp();
  EXPECT_THAT(All(server, WorkRequest("overdue = true", Hour(9))).rows, IsEmpty()) << "it is kept";
  const auto kept = All(server, WorkRequest("late = true", Hour(9)));
  ASSERT_THAT(kept.Ids(), ElementsAre("P-1"));
  EXPECT_FALSE(kept.rows[0].overdue());
  EXPECT_TRUE(kept.rows[0].late());
}

TEST(ListUndertakings, ComeByDueTimeWhateverTheirStateAndClient) {
  QueryServer server(4);
  server.Publish(testkit::Promised("P-1", Hour(30), "S-1").Client("C-1"));
  server.Publish(testkit::Promised("P-2", Hour(10), "S-1").Client("C-2"));
  server.Publish(testkit::Promised("P-3", Hour(20), "S-2").Client("C-3"));
  server.Publish(testkit::Promised("P-4").Client("C-4").At(Hour(15)));
  server.Publish(testkit::CallBackPlanned("B-1", Hour(25)).Client("C-5").With([](events::v1::Event& event) {
    event.mutable_call_back_planned()->set_team("T-1");
  }));
  server.Publish(testkit::PromiseKept("P-2").Client("C-2"));
  server.Publish(testkit::PromiseReleased("P-3").Client("C-3"));
  server.CatchUp();
  EXPECT_THAT(All(server, WorkRequest("", Hour(0), 1)).Ids(), ElementsAre("P-2", "P-4", "P-3", "B-1", "P-1"));
  EXPECT_THAT(All(server, WorkRequest("state = OPEN", Hour(0), 2)).Ids(), ElementsAre("P-4", "B-1", "P-1"));
  EXPECT_THAT(All(server, WorkRequest("state = DONE OR state = VOID")).Ids(), ElementsAre("P-2", "P-3"));
  EXPECT_THAT(All(server, WorkRequest("owner_id = S-1")).Ids(), ElementsAre("P-2", "P-1"));
  EXPECT_THAT(All(server, WorkRequest("team = T-1")).Ids(), ElementsAre("B-1"));
  EXPECT_THAT(All(server, WorkRequest("kind = CALL_BACK")).Ids(), ElementsAre("B-1"));
  EXPECT_THAT(All(server, WorkRequest("", Hour(0), 0, "clients/C-3")).Ids(), ElementsAre("P-3"));
  const std::string before = fmt::format("due_time < {}", FormatRfc3339(Hour(25)));
  EXPECT_THAT(All(server, WorkRequest(before)).Ids(), ElementsAre("P-2", "P-3")) << "P-4 is due at no time";
  EXPECT_THAT(All(server, WorkRequest("overdue = true", Hour(26))).Ids(), ElementsAre("B-1"));
}

TEST(ListUndertakings, AgreesWithBruteForceWhateverIndexIsChosen) {
  const uint64_t seed = Seed();
  SCOPED_TRACE(fmt::format("KEFU_SEED={}", seed));
  std::mt19937_64 random(seed);
  const auto below = [&](int bound) { return static_cast<int>(random() % static_cast<uint64_t>(bound)); };
  QueryServer server(4, {.max_rows_examined = 23});
  for (int i = 0; i < 500; ++i) {
    const std::string id = fmt::format("U-{}", i);
    const std::string client = fmt::format("C-{}", below(15));
    const auto due = below(4) == 0 ? testkit::MaybeTime() : testkit::MaybeTime(Hour(below(100)));
    const std::string owner = below(3) == 0 ? "" : fmt::format("S-{}", below(4));
    const std::string team = fmt::format("T-{}", below(3));
    const bool promise = below(2) == 0;
    if (promise) server.Publish(testkit::Promised(id, due, owner).Client(client).At(Hour(below(100))));
    if (!promise)
      server.Publish(testkit::CallBackPlanned(id, due, owner).Client(client).At(Hour(below(100))).With(
          [&](events::v1::Event& event) { event.mutable_call_back_planned()->set_team(team); }));
    if (below(2) == 0) continue;
    const bool done = below(2) == 0;
    const auto settled = promise ? (done ? testkit::PromiseKept(id) : testkit::PromiseReleased(id))
                                 : (done ? testkit::CallBackDone(id) : testkit::CallBackCancelled(id));
    server.Publish(testkit::Draft(settled).Client(client).At(Hour(below(100))));
  }
  server.CatchUp();
  std::vector<Undertaking> stored;
  for (int32_t p = 0; p < server.engine().partitions(); ++p) {
    const auto partition = server.engine().At(Partition(p));
    const auto rows = partition->Scan("undertaking", "undertakings", {}, {});
    for (; (*rows)->Valid(); (*rows)->Next())
      ASSERT_TRUE(stored.emplace_back().ParseFromString(std::string((*rows)->value())));
  }
  ASSERT_EQ(stored.size(), 500u);
  const auto date = [](const Undertaking& row) { return FromProto(row.has_due_at() ? row.due_at() : row.made_at()); };
  std::sort(stored.begin(), stored.end(), [&](const Undertaking& a, const Undertaking& b) {
    return std::make_tuple(date(a), a.undertaking_id()) < std::make_tuple(date(b), b.undertaking_id());
  });
  for (int round = 0; round < 80; ++round) {
    const auto& any = stored[static_cast<size_t>(below(500))];
    const std::string terms[] = {
        "",
        "overdue = true",
        "overdue = false",
        "late = true",
        fmt::format("state = {}", query::v1::UndertakingState_Name(any.state())),
        fmt::format("kind = {}", query::v1::UndertakingKind_Name(any.kind())),
        fmt::format("owner_id = \"{}\"", any.owner_id()),
        fmt::format("team = \"{}\"", any.team()),
        fmt::format("client_id = \"{}\"", any.client_id()),
        fmt::format("undertaking_id = {}", any.undertaking_id()),
        fmt::format("due_time <= {}", FormatRfc3339(Hour(below(100)))),
        fmt::format("due_time < {}", FormatRfc3339(Hour(below(100)))),
        fmt::format("settle_time > {}", FormatRfc3339(Hour(below(100)))),
    };
    const std::string filter =
        terms[below(static_cast<int>(std::size(terms)))] + " " + terms[below(static_cast<int>(std::size(terms)))];
    const std::string parent = below(4) == 0 ? "clients/" + any.client_id() : "clients/-";
    const absl::Time as_of = Hour(below(100));
    const auto parsed = Filter::Parse(filter, UndertakingFields());
    ASSERT_TRUE(parsed.ok()) << filter;
    std::vector<std::string> expected;
    for (Undertaking row : stored) {
      row.set_overdue(row.state() == query::v1::UNDERTAKING_STATE_OPEN && row.has_due_at() &&
                      FromProto(row.due_at()) < as_of);
      if (parsed->Matches(row) && (parent == "clients/-" || parent == "clients/" + row.client_id()))
        expected.push_back(row.undertaking_id());
    }
    const Listed listed = All(server, WorkRequest(filter, as_of, 1 + below(20), parent));
    EXPECT_EQ(listed.Ids(), expected) << parent << " " << filter << " as of " << FormatRfc3339(as_of);
    EXPECT_EQ(listed.total, static_cast<int64_t>(expected.size())) << parent << " " << filter;
  }
}

TEST(ListUndertakings, BadRequestsAreRefused) {
  QueryServer server;
  for (int i = 0; i < 60; ++i) server.Publish(testkit::Promised(fmt::format("P-{}", i), Hour(i)));
  server.CatchUp();
  query::v1::ListUndertakingsResponse response;
  const auto list = [&](const ListUndertakingsRequest& request) {
    Patient context;
    return server.contacts->ListUndertakings(&context, request, &response);
  };
  const auto kInvalid = grpc::StatusCode::INVALID_ARGUMENT;
  ExpectRefused(list(WorkRequest("", Hour(0), 0, "promises")), kInvalid, "NAME_INVALID");
  ExpectRefused(list(WorkRequest("owner = S-1")), kInvalid, "FILTER_FIELD_UNKNOWN");
  ExpectRefused(list(WorkRequest("", Hour(0), -1)), kInvalid, "PAGE_SIZE_NEGATIVE");
  auto request = WorkRequest();
  request.mutable_as_of()->set_nanos(-1);
  ExpectRefused(list(request), kInvalid, "TIME_INVALID");
  request = WorkRequest("", Hour(0), 7);
  ASSERT_TRUE(list(request).ok());
  EXPECT_EQ(response.undertakings_size(), 7);
  EXPECT_EQ(response.total_size(), 0) << "it was not asked for";
  const std::string token = response.next_page_token();
  for (auto other :
       {WorkRequest("kind = PROMISE"), WorkRequest("", Hour(1)), WorkRequest("", Hour(0), 0, "clients/C-1")}) {
    other.set_page_token(token);
    ExpectRefused(list(other), kInvalid, "PAGE_TOKEN_INVALID");
  }
  request.set_page_token(token);
  EXPECT_TRUE(list(request).ok());
}

TEST(ListUndertakings, WaitsForThePositionAsked) {
  QueryServer server;
  auto request = WorkRequest();
  request.set_min_position(server.Publish(testkit::Promised("P-1", Hour(1))));
  EXPECT_THAT(All(server, request).Ids(), ElementsAre("P-1"));
}

}  // namespace
}  // namespace kefu::query

// Clocks as callers see them: lists, explanations, simulations.

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "platform/base/time.h"
#include "projections/clock/clock_testing.h"
#include "services/query/query_testing.h"

namespace kefu::query {
namespace {

namespace v1 = query::v1;
using clock::At;
using clock::PackDraft;
using events::v1::Event;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using testkit::Draft;

constexpr auto kResolved = events::v1::CASE_MOMENT_RESOLVED;
constexpr auto kAcknowledged = events::v1::CASE_MOMENT_ACKNOWLEDGED;

// What is broadcast, in every partition, as if it had been copied there.
void BroadcastTo(QueryServer& server, const Draft& draft, int64_t number) {
  Event event = testkit::Finish(draft, number);
  for (int32_t p = 0; p < server.log().partitions(); ++p) {
    event.mutable_broadcast()->set_partitions(server.log().partitions());
    event.mutable_broadcast()->set_is_copy(p != 0);
    event.mutable_broadcast()->set_first_offset(p == 0 ? 0 : number);
    server.log().Put(Partition(p), event::RecordedBytes(event, testkit::Beginning()));
  }
}

class ClocksTest : public testing::Test {
 protected:
  void Broadcast(const Draft& draft) { BroadcastTo(server_, draft, ++number_); }
  void Publish(Draft draft, std::string_view local) {
    server_.Publish(testkit::Finish(draft.At(At(local)), ++number_));
  }
  v1::ListClocksResponse Ask(v1::ListClocksRequest request) {
    Patient context;
    v1::ListClocksResponse response;
    const auto status = server_.clocks->ListClocks(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }
  // "K-1 firm/ack#0", over all pages.
  std::vector<std::string> List(std::string parent, std::string filter = "", std::string order = "",
                                int page_size = 2) {
    v1::ListClocksRequest request;
    request.set_parent(std::move(parent));
    request.set_filter(std::move(filter));
    request.set_order_by(std::move(order));
    request.set_page_size(page_size);
    *request.mutable_as_of() = ToProto(At("2026-03-02 12:00"));
    std::vector<std::string> all;
    do {
      const auto response = Ask(request);
      EXPECT_LE(response.clocks_size(), page_size);
      for (const auto& clock : response.clocks())
        all.push_back(fmt::format("{} {}#{}", clock.case_id(), clock.clock_id(), clock.run()));
      request.set_page_token(response.next_page_token());
    } while (!request.page_token().empty());
    request.set_show_total_size(true);
    EXPECT_EQ(Ask(request).total_size(), static_cast<int64_t>(all.size())) << request.ShortDebugString();
    return all;
  }
  struct Simulation {
    std::vector<v1::ClockDifference> differences;
    v1::SimulationSummary summary;
  };
  Simulation Simulate(v1::SimulatePolicyRequest request) {
    request.set_max_differences(10'000);
    *request.mutable_as_of() = ToProto(At("2026-03-20 12:00"));
    Patient context;
    Simulation simulation;
    const auto reader = server_.clocks->SimulatePolicy(&context, request);
    for (v1::SimulatePolicyResponse response; reader->Read(&response);) {
      if (response.has_difference()) simulation.differences.push_back(response.difference());
      if (response.has_summary()) simulation.summary = response.summary();
    }
    const auto status = reader->Finish();
    EXPECT_TRUE(status.ok()) << status.error_message();
    return simulation;
  }

  QueryServer server_;
  int64_t number_ = 0;
};

TEST_F(ClocksTest, AreListedByDueTimeOverAllPartitions) {
  Broadcast(clock::Published(calendar::Shanghai()));
  Broadcast(clock::Published(PackDraft("firm")
                                 .Clock("ack", clock::Minutes(60), {kAcknowledged})
                                 .Clock("resolve", clock::Minutes(600), {kResolved})
                                 .Pauses({events::v1::WAITING_ON_CLIENT})));
  Publish(testkit::Opened("K-1", "fees").Client("C-1").Branch("B-1"), "2026-03-02 10:00");
  Publish(testkit::Opened("K-2").Client("C-2"), "2026-03-02 09:00");
  Publish(testkit::Opened("K-3").Client("C-3"), "2026-03-02 11:30");
  Publish(testkit::Acknowledged("K-2").Client("C-2"), "2026-03-02 09:30");
  Publish(testkit::WaitStarted("K-3").Client("C-3"), "2026-03-02 11:40");
  server_.CatchUp();
  EXPECT_THAT(List("clients/-/cases/-"),
              ElementsAre("K-1 firm/ack#0", "K-3 firm/ack#0", "K-2 firm/resolve#0", "K-1 firm/resolve#0"));
  EXPECT_THAT(List("clients/-/cases/-", "overdue = true"), ElementsAre("K-1 firm/ack#0"));
  EXPECT_THAT(List("clients/-/cases/-", "pack_id = firm AND branch_id = \"B-1\" AND category = fees"),
              ElementsAre("K-1 firm/ack#0", "K-1 firm/resolve#0"));
  EXPECT_THAT(List("clients/-/cases/-", "clock_id = \"firm/resolve\"", "name"),
              ElementsAre("K-1 firm/resolve#0", "K-2 firm/resolve#0", "K-3 firm/resolve#0"))
      << "by name also what has no due time";
  EXPECT_THAT(List("clients/-/cases/-", "state = PAUSED", "name"), ElementsAre("K-3 firm/resolve#0"));
  EXPECT_THAT(List("clients/-/cases/-", "state = MET"), ElementsAre("K-2 firm/ack#0"));
  EXPECT_THAT(List("clients/-/cases/-", "", "name", 1),
              ElementsAre("K-1 firm/ack#0", "K-1 firm/resolve#0", "K-2 firm/resolve#0", "K-3 firm/ack#0",
                          "K-3 firm/resolve#0"));
  EXPECT_THAT(List("clients/C-1/cases/-"), ElementsAre("K-1 firm/ack#0", "K-1 firm/resolve#0"));
  EXPECT_THAT(List("clients/C-3/cases/-"), ElementsAre("K-3 firm/ack#0", "K-3 firm/resolve#0"));
  EXPECT_THAT(List("clients/C-9/cases/-"), IsEmpty());
  EXPECT_THAT(List("clients/C-2/cases/K-2"), ElementsAre("K-2 firm/resolve#0"));
  EXPECT_THAT(List("clients/-/cases/K-2", "state = MET OR state = RUNNING"),
              ElementsAre("K-2 firm/ack#0", "K-2 firm/resolve#0"));
  EXPECT_THAT(List("clients/C-1/cases/K-2"), IsEmpty()) << "another client's case";
}

TEST_F(ClocksTest, WhatMakesNoSenseIsRefusedByName) {
  v1::ListClocksRequest request;
  v1::ListClocksResponse response;
  const auto refused = [&](std::string_view reason) {
    Patient context;
    ExpectRefused(server_.clocks->ListClocks(&context, request, &response), grpc::StatusCode::INVALID_ARGUMENT, reason);
  };
  request.set_parent("clients/C-1");
  refused("NAME_INVALID");
  request.set_parent("clients/-/cases/-");
  request.set_order_by("size");
  refused("ORDER_BY_INVALID");
  request.set_order_by("due_time");
  request.set_filter("state = MET");
  refused("ORDER_BY_INVALID");
  request.set_order_by("");
  request.set_filter("colour = red");
  refused("FILTER_FIELD_UNKNOWN");
  request.set_filter("");
  request.set_page_token("abc");
  refused("PAGE_TOKEN_INVALID");
}

TEST_F(ClocksTest, ADueTimeIsExplainedByAPublishedCalendarOrByOneThatIsGiven) {
  v1::ExplainDueTimeRequest request;
  *request.mutable_due() = clock::BusinessDays(1);
  *request.mutable_started_at() = ToProto(At("2026-02-13 10:00"));
  v1::ExplainDueTimeResponse response;
  const auto ask = [&] {
    Patient context;
    return server_.clocks->ExplainDueTime(&context, request, &response);
  };
  ExpectRefused(ask(), grpc::StatusCode::NOT_FOUND, "CALENDAR_NOT_FOUND");
  *request.mutable_calendar() = calendar::Shanghai();
  ASSERT_TRUE(ask().ok());
  EXPECT_EQ(FromProto(response.due_at()), At("2026-02-23 17:00"));
  EXPECT_THAT(response.steps(), testing::Contains("2026-02-16 closed: Spring Festival"));
  request.clear_calendar();
  Broadcast(clock::Published(calendar::Shanghai()));
  server_.CatchUp();
  ASSERT_TRUE(ask().ok());
  EXPECT_EQ(FromProto(response.due_at()), At("2026-02-23 17:00"));
  EXPECT_EQ(response.calendar().version(), 1);
  request.set_calendar_version(2);
  ExpectRefused(ask(), grpc::StatusCode::NOT_FOUND, "CALENDAR_NOT_FOUND");
  request.set_calendar_version(0);
  auto* pause = request.add_pauses();
  *pause->mutable_from() = ToProto(At("2026-02-22 10:00"));
  pause->set_waiting_on(events::v1::WAITING_ON_CLIENT);
  ASSERT_TRUE(ask().ok());
  EXPECT_TRUE(response.has_due_at()) << "no rule lets it stand still";
  request.mutable_pause_rule()->add_waiting_on(events::v1::WAITING_ON_CLIENT);
  ASSERT_TRUE(ask().ok());
  EXPECT_FALSE(response.has_due_at());
  request.mutable_due()->set_ends(events::v1::DUE_END_UNSPECIFIED);
  ExpectRefused(ask(), grpc::StatusCode::INVALID_ARGUMENT, "DUE_TIME_INVALID");
  request.mutable_due()->set_ends(events::v1::DUE_END_CLOSE);
  *request.mutable_calendar() = calendar::Shanghai();
  request.mutable_calendar()->clear_week();
  ExpectRefused(ask(), grpc::StatusCode::INVALID_ARGUMENT, "CALENDAR_INVALID");
}

PackDraft Rules(int version, int minutes, int days) {
  return PackDraft("firm", version)
      .Clock("ack", clock::OpenMinutes(minutes), {kAcknowledged})
      .Clock("resolve", clock::BusinessDays(days), {kResolved})
      .Pauses({events::v1::WAITING_ON_CLIENT}, 2)
      .Restarts();
}

// The same lives of cases under other rules, from the first event on: what a simulation must foresee.
std::map<std::string, v1::Clock> ClocksOfAll(QueryServer& server) {
  std::map<std::string, v1::Clock> clocks;
  for (const char* filter : {"", "state = MET OR state = DROPPED"}) {
    v1::ListClocksRequest request;
    request.set_parent("clients/-/cases/-");
    request.set_filter(filter);
    request.set_order_by("name");
    request.set_page_size(1000);
    do {
      Patient context;
      v1::ListClocksResponse response;
      EXPECT_TRUE(server.clocks->ListClocks(&context, request, &response).ok());
      for (const auto& clock : response.clocks())
        clocks[fmt::format("{} {}#{}", clock.case_id(), clock.clock_id(), clock.run())] = clock;
      request.set_page_token(response.next_page_token());
    } while (!request.page_token().empty());
  }
  return clocks;
}

TEST_F(ClocksTest, ASimulationListsExactlyWhatTheOtherRulesWouldHaveChanged) {
  const uint64_t seed = Seed();
  SCOPED_TRACE(fmt::format("KEFU_SEED={}", seed));
  auto edict = calendar::Shanghai();
  edict.set_version(2);
  calendar::AddException(edict, 2026, 3, 5, "an edict");
  const PackDraft old_rules = Rules(1, 60, 3);
  const PackDraft new_rules = Rules(2, 45, 3).Clock("call", clock::Minutes(30), {events::v1::CASE_MOMENT_STARTED});

  // Made again for each world, so that both hold the same lives.
  const auto live = [&](QueryServer& server, int64_t number) {
    std::mt19937_64 random(seed);
    for (int i = 0; i < 300; ++i) {
      const std::string case_id = fmt::format("K-{:03}", i), client = fmt::format("C-{}", i % 40);
      absl::Time now = At("2026-03-01 09:00") + absl::Minutes(static_cast<int64_t>(random() % 12'000));
      const auto add = [&](Draft draft) {
        server.Publish(testkit::Finish(draft.Client(client).At(now), ++number));
        now += absl::Minutes(static_cast<int64_t>(random() % 900));
      };
      add(testkit::Opened(case_id));
      if (random() % 2) add(testkit::Acknowledged(case_id));
      if (random() % 2) add(testkit::Started(case_id));
      if (random() % 2) add(testkit::WaitStarted(case_id));
      if (random() % 2) add(testkit::Resolved(case_id));
    }
    server.CatchUp();
  };
  Broadcast(clock::Published(calendar::Shanghai()));
  Broadcast(clock::Published(old_rules));
  live(server_, number_);
  const auto before = ClocksOfAll(server_);

  v1::SimulatePolicyRequest same;
  *same.add_packs() = old_rules.pack();
  *same.add_calendars() = calendar::Shanghai();
  const Simulation nothing = Simulate(same);
  EXPECT_THAT(nothing.differences, IsEmpty()) << nothing.differences.front().ShortDebugString();
  EXPECT_EQ(nothing.summary.cases(), 300);
  EXPECT_EQ(nothing.summary.same(), static_cast<int64_t>(before.size()));

  v1::SimulatePolicyRequest other;
  *other.add_packs() = new_rules.pack();
  *other.add_calendars() = edict;
  const Simulation foreseen = Simulate(other);
  EXPECT_EQ(ClocksOfAll(server_).size(), before.size()) << "a simulation changes nothing";

  // A world that had these rules from the beginning.
  QueryServer other_world;
  auto first_edict = edict;
  first_edict.set_version(1);
  BroadcastTo(other_world, clock::Published(first_edict), 1);
  BroadcastTo(other_world,
              clock::Published(Rules(1, 45, 3).Clock("call", clock::Minutes(30), {events::v1::CASE_MOMENT_STARTED})),
              2);
  live(other_world, 2);
  const auto after = ClocksOfAll(other_world);
  std::set<std::string> differ;
  for (const auto& [name, clock] : before) {
    const auto found = after.find(name);
    if (found == after.end() || FromProto(found->second.due_at()) != FromProto(clock.due_at()) ||
        found->second.has_due_at() != clock.has_due_at() || found->second.late() != clock.late() ||
        found->second.state() != clock.state())
      differ.insert(name);
  }
  for (const auto& [name, clock] : after)
    if (!before.contains(name)) differ.insert(name);
  std::set<std::string> listed;
  for (const auto& difference : foreseen.differences) {
    const auto& one = difference.has_before() ? difference.before() : difference.after();
    const std::string name = fmt::format("{} {}#{}", one.case_id(), one.clock_id(), one.run());
    EXPECT_TRUE(listed.insert(name).second) << name << " twice";
    if (difference.has_after()) {
      EXPECT_EQ(FromProto(difference.after().due_at()), FromProto(after.at(name).due_at())) << name;
    }
  }
  EXPECT_EQ(listed, differ);
  EXPECT_GT(differ.size(), 300u);
  EXPECT_EQ(foreseen.summary.added(), 300);
  EXPECT_EQ(foreseen.summary.clocks(), foreseen.summary.same() + foreseen.summary.earlier() + foreseen.summary.later() +
                                           foreseen.summary.added() + foreseen.summary.gone());
}

TEST_F(ClocksTest, WhatCannotBeTriedIsRefused) {
  const auto refused = [&](const v1::SimulatePolicyRequest& request, std::string_view reason) {
    Patient context;
    const auto reader = server_.clocks->SimulatePolicy(&context, request);
    v1::SimulatePolicyResponse response;
    EXPECT_FALSE(reader->Read(&response));
    ExpectRefused(reader->Finish(), grpc::StatusCode::INVALID_ARGUMENT, reason);
  };
  v1::SimulatePolicyRequest request;
  refused(request, "POLICY_INVALID");
  *request.add_packs() = Rules(1, 0, 3).pack();
  refused(request, "POLICY_INVALID");
  request.clear_packs();
  *request.add_calendars() = calendar::Shanghai();
  request.mutable_calendars(0)->clear_covers_from();
  refused(request, "CALENDAR_INVALID");
}

}  // namespace
}  // namespace kefu::query

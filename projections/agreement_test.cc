// Two implementations, written apart, of what a view is: the engine on its store, and rows in a map. They must agree on
// every row and every index entry.

#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <functional>

#include "platform/base/files.h"
#include "platform/testkit/client_events.h"
#include "platform/testkit/view_run.h"
#include "projections/catalogue.h"
#include "projections/engine/running.h"

namespace kefu::projections {
namespace {

using testkit::Delivery;
using Entries = std::vector<std::pair<std::string, std::string>>;

std::string Text(const std::vector<std::string>& parts) { return fmt::format("{}", fmt::join(parts, ", ")); }

Entries InEngine(const engine::Engine& engine, std::string_view view, std::string_view table,
                 std::vector<std::string> (*describe)(std::string_view)) {
  Entries entries;
  const auto partition = engine.At(Partition(0));
  const auto cursor = partition->Scan(view, table, "", "");
  EXPECT_TRUE(cursor.ok()) << ToString(cursor.status());
  if (!cursor.ok()) return entries;
  for (; (*cursor)->Valid(); (*cursor)->Next())
    entries.emplace_back(Text(describe((*cursor)->key())), (*cursor)->value());
  return entries;
}

Entries InMemory(testkit::ViewRun& run, const sdk::TableInfo& table) {
  Entries entries;
  if (table.prototype == nullptr) {
    for (const auto& [key, value] : run.view().RawRows(table.name))
      entries.emplace_back(Text(table.describe(key)), value);
  } else {
    for (const auto& [key, row] : run.view().Rows(table.name))
      entries.emplace_back(Text(table.describe(key)), row->SerializeAsString());
  }
  return entries;
}

std::vector<std::string> KeysOf(const Entries& entries) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : entries) keys.push_back(key);
  return keys;
}

// A lead for each client, and a service product that it takes and gets.
void AddBroughtIn(const std::function<void(const testkit::Draft&)>& add, int clients) {
  add(testkit::Draft().Client("").With([](events::v1::Event& event) {
    event.mutable_broadcast()->set_partitions(1);
    auto& product = *event.mutable_service_product_published();
    product.set_product_id("P-1");
    product.set_version(1);
    product.set_name("晨報");
    product.set_kind(events::v1::PRODUCT_KIND_SERVICE);
    for (const char* step : {"welcome", "send"}) product.add_steps()->set_step_id(step);
    product.mutable_steps(0)->set_within_minutes(60);
  }));
  for (int i = 0; i < clients; ++i) {
    const std::string client = fmt::format("C-{}", i), subscription = fmt::format("B-{}", i);
    add(testkit::Draft().Client(client).With([&](events::v1::Event& event) {
      auto& lead = *event.mutable_lead_raised();
      lead.set_lead_id(fmt::format("L-{}", i));
      lead.set_direction(events::v1::LEAD_DIRECTION_MARKETING_TO_SERVICE);
      lead.set_team("T-1");
    }));
    add(testkit::Draft().Client(client).With([&](events::v1::Event& event) {
      event.mutable_service_subscribed()->set_subscription_id(subscription);
      event.mutable_service_subscribed()->set_product_id("P-1");
    }));
    add(testkit::Draft().Client(client).With([&](events::v1::Event& event) {
      event.mutable_service_delivered()->set_subscription_id(subscription);
      event.mutable_service_delivered()->set_step_id(i % 2 == 0 ? "welcome" : "send");
    }));
    if (i % 3 == 0) {
      add(testkit::Draft().Client(client).With(
          [&](events::v1::Event& event) { event.mutable_service_ended()->set_subscription_id(subscription); }));
    }
  }
}

// A member of staff recommends something to each client, and passes it on.
void AddRecommendations(const std::function<void(const testkit::Draft&)>& add, int clients) {
  const auto publish = [&](const auto& fill) {
    add(testkit::Draft().Client("").With([&](events::v1::Event& event) {
      event.mutable_broadcast()->set_partitions(1);
      fill(event);
    }));
  };
  for (const char* staff : {"S-advises", "S-follows"}) {
    publish([&](events::v1::Event& event) {
      event.mutable_staff_published()->set_staff_id(staff);
      event.mutable_staff_published()->set_unit_id("U-1");
    });
    publish([&](events::v1::Event& event) {
      auto& body = *event.mutable_qualification_recorded();
      body.set_staff_id(staff);
      body.mutable_qualification()->set_value("investment_adviser");
      body.mutable_valid_from()->set_year(2020);
      body.mutable_valid_from()->set_month(1);
      body.mutable_valid_from()->set_day(1);
      body.add_permitted_acts(events::v1::STAFF_ACT_RECOMMEND);
    });
  }
  publish([](events::v1::Event& event) {
    auto& body = *event.mutable_suitability_pack_published();
    body.set_pack_id("test");
    body.set_version(1);
    body.set_assessment_valid_months(24);
    auto& row = *body.add_rows();
    row.set_investor_class(events::v1::INVESTOR_CLASS_C3);
    row.set_highest_risk(events::v1::RISK_LEVEL_R3);
  });
  publish([](events::v1::Event& event) {
    auto& body = *event.mutable_service_product_published();
    body.set_product_id("P-fund");
    body.set_version(1);
    body.set_name("fund");
    body.set_kind(events::v1::PRODUCT_KIND_INSTRUMENT);
    body.set_risk(events::v1::RISK_LEVEL_R3);
  });
  for (int c = 0; c < clients; ++c) {
    const auto of_client = [&](const auto& fill) { add(testkit::Draft().Client(fmt::format("C-{}", c)).With(fill)); };
    of_client([](events::v1::Event& event) {
      event.mutable_risk_assessed()->set_investor_class(events::v1::INVESTOR_CLASS_C3);
    });
    of_client([&](events::v1::Event& event) {
      auto& body = *event.mutable_recommendation_made();
      body.set_recommendation_id(fmt::format("R-{}", c));
      body.set_product_id("P-fund");
      body.set_staff_id("S-advises");
    });
    of_client([&](events::v1::Event& event) {
      auto& body = *event.mutable_work_reassigned();
      body.set_kind(events::v1::WORK_KIND_RECOMMENDATION);
      body.set_work_id(fmt::format("R-{}", c));
      body.set_to_staff_id("S-follows");
    });
    if (c % 2 == 0) continue;
    of_client([&](events::v1::Event& event) {
      event.mutable_recommendation_followed_up()->set_recommendation_id(fmt::format("R-{}", c));
      event.mutable_recommendation_followed_up()->set_result(events::v1::RECOMMENDATION_RESULT_TAKEN);
    });
  }
}

// A random history, and what no producer tells of its clients: what services conclude, and what is published for all.
std::vector<events::v1::Event> History(uint64_t seed) {
  // Few clients: long histories, many open cases, many repeats of one row in a batch.
  constexpr int kClients = 6;
  auto history = testkit::RandomHistory(
      {.seed = seed, .clients = kClients, .events = 3000, .undertakings = 3, .case_facts = 6});
  const auto add = [&](const testkit::Draft& draft) {
    history.push_back(testkit::Finish(draft, static_cast<int64_t>(history.size())));
  };
  for (int i = 0; i < 60; ++i) {
    add(testkit::Draft().Client(fmt::format("C-{}", i % kClients)).With([&](events::v1::Event& event) {
      event.mutable_client_classified()->set_scheme(i % 2 == 0 ? "asset_tier" : "churn_risk");
      event.mutable_client_classified()->set_segment(fmt::format("s{}", i * i % 5));
    }));
    add(testkit::Draft().Client("").With([&](events::v1::Event& event) {
      event.mutable_broadcast()->set_partitions(1);
      event.mutable_unit_published()->set_unit_id(fmt::format("U-{}", i % 7));
      event.mutable_unit_published()->set_level(events::v1::UNIT_LEVEL_BRANCH);
    }));
  }
  AddBroughtIn(add, kClients);
  for (const testkit::Draft& draft :
       {testkit::Merged("C-0", "C-1").Id("m1"), testkit::Merged("C-0", "C-2").Id("m2"), testkit::Split("m1"),
        testkit::Related("r1", events::v1::RELATION_KIND_PARENT, "C-3", "C-4"),
        testkit::Related("r2", events::v1::RELATION_KIND_HOUSEHOLD, "C-3", "C-5"), testkit::RelationEnded("r2")})
    add(draft);
  AddRecommendations(add, kClients);
  return history;
}

TEST(Agreement, TheEngineAndTheDriverHoldTheSameRowsAndEntries) {
  for (const uint64_t seed : {61, 62, 63}) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    testkit::MemoryLog log(1);
    std::vector<Delivery> deliveries;
    for (auto& event : History(seed)) {
      Delivery delivery{event, {}, Offset(static_cast<int64_t>(deliveries.size())), {}};
      delivery.recorded_at = testkit::Beginning() + absl::Seconds(deliveries.size());
      delivery.bytes = testkit::Recorded(event, delivery.recorded_at);
      ASSERT_TRUE(delivery.event.ParseFromString(delivery.bytes));
      ASSERT_EQ(log.Put(Partition(0), delivery.bytes), delivery.offset);
      deliveries.push_back(std::move(delivery));
    }
    const TempDirectory directory;
    engine::Running running(log, directory.path(), Catalogue(), {.max_batch_events = static_cast<int>(seed)});
    running.CatchUp(log);
    for (const auto* view : Catalogue()) {
      testkit::ViewRun run(*view);
      for (const Delivery& delivery : deliveries) run.Deliver(delivery);
      EXPECT_TRUE(run.parked().empty());
      size_t rows = 0;
      for (const auto& table : view->tables) {
        rows += InMemory(run, table).size();
        EXPECT_EQ(InEngine(*running.engine, view->name, table.name, table.describe), InMemory(run, table))
            << view->name << " " << table.name;
        for (const auto& index : table.indexes)
          EXPECT_EQ(KeysOf(InEngine(*running.engine, view->name, index.name, index.describe)),
                    run.view().IndexLines(index.name))
              << view->name << " " << index.name;
      }
      EXPECT_GT(rows, 0u) << view->name << " folds nothing of this: nothing is compared";
    }
  }
}

}  // namespace
}  // namespace kefu::projections

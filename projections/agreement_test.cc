// Two implementations, written apart, of what a view is: the engine on its store, and rows in a map. They must agree on
// every row and every index entry.

#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <random>

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

// What auditors need said, of clients and of the log.
void AddWhatAuditorsNeed(const std::function<void(const testkit::Draft&)>& add, int clients) {
  const auto of_nobody = [&](const auto& fill) { add(testkit::Draft().Client("").With(fill)); };
  of_nobody([](events::v1::Event& event) {
    event.mutable_broadcast()->set_partitions(1);
    event.mutable_retention_published()->set_version(1);
    auto& all = *event.mutable_retention_published()->add_classes();
    all.set_class_id("all");
    all.set_years(20);
  });
  of_nobody([](events::v1::Event& event) { event.mutable_regulatory_return_filed()->set_return_id("r-1"); });
  of_nobody([](events::v1::Event& event) {
    event.mutable_checkpoint_signed()->set_note("a note");
    event.mutable_checkpoint_signed()->add_partitions()->set_size(7);
  });
  for (int i = 0; i < clients; ++i) {
    const std::string client = fmt::format("C-{}", i);
    add(testkit::Draft().Client(client).With(
        [](events::v1::Event& event) { event.mutable_legal_hold_placed()->set_hold_id("H-1"); }));
    if (i % 2 != 0) continue;
    add(testkit::Draft().Client(client).With(
        [](events::v1::Event& event) { event.mutable_legal_hold_lifted()->set_hold_id("H-1"); }));
  }
}

// A random history, and what no producer tells of its clients: what services conclude, and what is published for all.
std::vector<events::v1::Event> History(uint64_t seed, int events = 3000) {
  // Few clients: long histories, many open cases, many repeats of one row in a batch.
  constexpr int kClients = 6;
  auto history = testkit::RandomHistory(
      {.seed = seed, .clients = kClients, .events = events, .undertakings = 3, .case_facts = 6});
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
  AddWhatAuditorsNeed(add, kClients);
  return history;
}

// A log, and its events as a driver gets them.
struct Told {
  testkit::MemoryLog log{1};
  std::vector<Delivery> deliveries;

  explicit Told(const std::vector<events::v1::Event>& history) {
    for (const auto& event : history) {
      Delivery delivery{event, {}, Offset(static_cast<int64_t>(deliveries.size())), {}};
      delivery.recorded_at = testkit::Beginning() + absl::Seconds(deliveries.size());
      // Now and then a clock that goes back.
      const absl::Duration back = deliveries.size() % 97 == 0 ? absl::Seconds(40) : absl::ZeroDuration();
      delivery.bytes = testkit::Recorded(event, delivery.recorded_at - back);
      EXPECT_TRUE(delivery.event.ParseFromString(delivery.bytes));
      EXPECT_EQ(log.Put(Partition(0), delivery.bytes), delivery.offset);
      delivery.recorded_at -= back;
      deliveries.push_back(std::move(delivery));
    }
  }
};

Entries WithoutEmptyRows(Entries entries) {
  std::erase_if(entries, [](const auto& entry) { return entry.second.empty(); });
  return entries;
}

// Rows in which the engine and the driver are not the same; `told` without those tables that need not be.
std::vector<std::string> Differences(const engine::Engine& engine, const std::vector<Delivery>& deliveries,
                                     bool corrected) {
  std::vector<std::string> differences;
  for (const auto* view : Catalogue()) {
    testkit::ViewRun run(*view);
    for (const Delivery& delivery : deliveries) run.Deliver(delivery);
    EXPECT_TRUE(run.parked().empty()) << view->name;
    size_t rows = 0;
    for (const auto& table : view->tables) {
      rows += InMemory(run, table).size();
      // What a corrected event called something by stays known.
      if (corrected && table.name == "known_values") continue;
      auto in_engine = InEngine(engine, view->name, table.name, table.describe), in_memory = InMemory(run, table);
      // Of a row that nothing is left of, nobody can tell whether something ever was.
      if (corrected && table.prototype != nullptr) {
        in_engine = WithoutEmptyRows(std::move(in_engine));
        in_memory = WithoutEmptyRows(std::move(in_memory));
      }
      if (in_engine != in_memory) differences.push_back(fmt::format("{}.{}", view->name, table.name));
      for (const auto& index : table.indexes)
        if (KeysOf(InEngine(engine, view->name, index.name, index.describe)) != run.view().IndexLines(index.name))
          differences.push_back(fmt::format("{}.{}", view->name, index.name));
    }
    EXPECT_GT(rows, 0u) << view->name << " folds nothing of this: nothing is compared";
  }
  return differences;
}

TEST(Agreement, TheEngineAndTheDriverHoldTheSameRowsAndEntries) {
  for (const uint64_t seed : {61, 62, 63}) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    Told told(History(seed));
    const TempDirectory directory;
    engine::Running running(told.log, directory.path(), Catalogue(), {.max_batch_events = static_cast<int>(seed)});
    running.CatchUp(told.log);
    EXPECT_EQ(Differences(*running.engine, told.deliveries, false), std::vector<std::string>());
  }
}

// Tells an earlier event otherwise.
events::v1::Event ToldOtherwise(events::v1::Event event, std::mt19937_64& random) {
  const auto below = [&](uint64_t bound) { return static_cast<int>(random() % bound); };
  if (below(2) == 0) event.mutable_occurred_at()->set_seconds(event.occurred_at().seconds() + (below(7) - 3) * 40'000);
  if (below(4) == 0) event.set_branch_id(fmt::format("B-{}", below(3)));
  if (event.has_contact_recorded()) {
    auto& contact = *event.mutable_contact_recorded();
    contact.set_channel(static_cast<events::v1::Channel>(1 + below(4)));
    contact.mutable_topic()->set_value(fmt::format("topic-{}", below(5)));
    contact.mutable_duration()->set_seconds(below(2000));
    contact.set_summary(fmt::format("客戶說 {} told otherwise", below(9)));
  } else if (event.has_complaint_received()) {
    event.mutable_complaint_received()->mutable_opening()->set_subject("told otherwise");
    event.mutable_complaint_received()->mutable_opening()->mutable_category()->set_value("fees");
  } else if (event.has_case_note_added()) {
    event.mutable_case_note_added()->set_text("told otherwise");
  } else if (event.has_satisfaction_rated()) {
    event.mutable_satisfaction_rated()->set_score(1 + below(5));
  } else if (event.has_trading_day_summarised()) {
    event.mutable_trading_day_summarised()->set_trades(below(9));
  } else if (event.has_client_registered()) {
    event.mutable_client_registered()->set_display_name("told otherwise");
  }
  return event;
}

// Corrections and annulments strewn in, of all kinds, some of corrections; many are refused.
std::vector<events::v1::Event> WithCorrections(const std::vector<events::v1::Event>& history, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<events::v1::Event> all;
  // By the id of the first event: what names it now.
  std::map<std::string, std::string> newest;
  std::vector<events::v1::Event> firsts;
  for (const auto& event : history) {
    all.push_back(event);
    if (!event.client_id().empty()) firsts.push_back(event);
    if (firsts.empty() || random() % 9 != 0) continue;
    // Often of late, so that it falls into the batch of its correction.
    const size_t back = random() % 2 == 0 ? std::min<size_t>(firsts.size(), 5) : firsts.size();
    const auto& first = firsts[firsts.size() - 1 - random() % back];
    const auto named = newest.find(first.event_id());
    const std::string id = fmt::format("fix-{}", all.size());
    const std::string& name = named != newest.end() && random() % 4 != 0 ? named->second : first.event_id();
    all.push_back(testkit::Finish(testkit::Draft().Client(first.client_id()).Id(id).With([&](events::v1::Event& fix) {
      if (random() % 3 == 0) {
        fix.mutable_event_annulled()->set_annulled_event_id(name);
      } else {
        fix.mutable_event_corrected()->set_corrected_event_id(name);
        fix.mutable_event_corrected()->set_event(ToldOtherwise(first, random).SerializeAsString());
      }
    }), static_cast<int64_t>(all.size())));
    newest[first.event_id()] = id;
  }
  return all;
}

// How many corrections were applied.
int AppliedCorrections(const engine::Engine& engine, const std::vector<Delivery>& deliveries) {
  int applied = 0;
  for (const Delivery& delivery : deliveries) {
    if (!delivery.event.has_event_corrected() && !delivery.event.has_event_annulled()) continue;
    const auto verdict = engine.VerdictAt(Partition(0), delivery.offset);
    EXPECT_TRUE(verdict.ok());
    if (verdict.ok() && verdict->outcome() == events::v1::VERDICT_OUTCOME_APPLIED) ++applied;
  }
  return applied;
}

// The law of corrections: what the engine exchanges, row by row, is what a fold of the log gives in which each corrected
// event stands in the place of the first. A rebuild comes to the same.
TEST(Corrections, GiveTheRowsOfTheLogAsItShouldHaveBeen) {
  for (const uint64_t seed : {71, 72}) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    Told told(WithCorrections(History(seed, 600), seed));
    const TempDirectory directory;
    engine::Running running(told.log, directory.path(), Catalogue(), {.max_batch_events = seed == 71 ? 1'000'000 : 50});
    running.CatchUp(told.log);
    EXPECT_GT(AppliedCorrections(*running.engine, told.deliveries), 20);
    for (const auto* view : Catalogue()) {
      const auto parked = running.engine->ListParked(view->name, Partition(0), Offset(-1), 3);
      ASSERT_TRUE(parked.ok());
      for (const auto& event : *parked) ADD_FAILURE() << event.ShortDebugString();
    }
    EXPECT_EQ(Differences(*running.engine, told.deliveries, true), std::vector<std::string>());

    const auto before = running.Digests();
    const TempDirectory again;
    engine::Running other(told.log, again.path(), Catalogue(), {.max_batch_events = 700});
    other.CatchUp(told.log);
    EXPECT_EQ(other.Digests(), before);
    if (seed != 71) continue;
    for (const auto* view : Catalogue()) {
      ASSERT_TRUE(running.engine->Rebuild(view->name).ok());
      ASSERT_TRUE(running.Eventually(view->name, [](const admin::v1::View& described) {
        return !described.has_rebuild() && described.state() == admin::v1::VIEW_STATE_LIVE;
      })) << view->name;
    }
    EXPECT_EQ(running.Digests(), before);
  }
}

// The control: without corrections the rows are others, so the test above can see them.
TEST(Corrections, LeftOutTheRowsAreOthers) {
  Told told(WithCorrections(History(74, 600), 74));
  const TempDirectory directory;
  engine::Running running(told.log, directory.path(), Catalogue());
  running.CatchUp(told.log);
  std::vector<Delivery> as_it_was;
  for (const Delivery& delivery : told.deliveries)
    if (!delivery.event.has_event_corrected() && !delivery.event.has_event_annulled()) as_it_was.push_back(delivery);
  const auto differences = Differences(*running.engine, as_it_was, true);
  for (const char* table : {"client.clients", "case.cases", "statistics.cells", "statistics.postings", "text.postings",
                            "text.documents"})
    EXPECT_TRUE(std::count(differences.begin(), differences.end(), table)) << table;
}

}  // namespace
}  // namespace kefu::projections

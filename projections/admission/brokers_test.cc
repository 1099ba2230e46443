// What goes wrong with brokers, leads and products, each told once as a story: what was there, what is tried, what is
// said. The whole of the rules is in testdata.

#include <fmt/format.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include "platform/event/broadcast.h"
#include "platform/testkit/projection_driver.h"
#include "projections/admission/tables.h"

namespace kefu::admission {
namespace {

using namespace testkit;
using events::v1::Event;

using Scenario = ProjectionDriver<Admission>;

// An event as protobuf's text has it; of C-1 unless it says otherwise, of nobody if it is broadcast.
Draft Told(const std::string& text) {
  return Draft().With([&](Event& event) {
    const std::string client_id = event.client_id();
    event.clear_client_id();
    EXPECT_TRUE(google::protobuf::TextFormat::MergeFromString(text, &event)) << text;
    if (event::IsBroadcast(event.body_case()))
      event.mutable_broadcast()->set_partitions(1);
    else if (event.client_id().empty())
      event.set_client_id(client_id);
  });
}

Draft Hired(const std::string& staff) {
  return Told(fmt::format(R"(staff_published {{ staff_id: "{}" unit_id: "B-1" }})", staff));
}
// From 2024 on.
Draft Qualified(const std::string& staff, const std::string& act, const std::string& until = "") {
  return Told(fmt::format(
      R"(qualification_recorded {{ staff_id: "{}" qualification {{ value: "{}" }} permitted_acts: STAFF_ACT_{}
         valid_from {{ year: 2024 month: 1 day: 1 }} {} }})",
      staff, act, act, until));
}
Draft Branch() { return Told(R"(unit_published { unit_id: "B-1" level: UNIT_LEVEL_BRANCH })"); }
Draft Takes(const std::string& staff, const std::string& handover = "", const std::string& client = "C-1") {
  return Told(fmt::format(R"(client_id: "{}" client_assigned_to_broker {{ staff_id: "{}" role: BROKER_ROLE_PRIMARY
                             handover_id: "{}" }})",
                          client, staff, handover));
}
Draft Leaves(const std::string& staff, const std::string& handover, int clients = 1) {
  return Told(fmt::format(R"(handover_opened {{ handover_id: "{}" from_staff_id: "{}" book_clients: {} }})", handover,
                          staff, clients));
}
Draft Succeeds(const std::string& staff, const std::string& handover) {
  return Told(
      fmt::format(R"(handover_successor_named {{ handover_id: "{}" to_staff_id: "{}" }})", handover, staff));
}
Draft Product(const std::string& id, const std::string& name, const std::string& more) {
  return Told(
      fmt::format(R"(service_product_published {{ product_id: "{}" version: 1 name: "{}" {} }})", id, name, more));
}
Draft Fund() { return Product("F-3", "Balanced Fund", "kind: PRODUCT_KIND_INSTRUMENT risk: RISK_LEVEL_R3"); }
Draft Pack() {
  return Told(R"(suitability_pack_published { pack_id: "p" version: 1 assessment_valid_months: 12
      rows { investor_class: INVESTOR_CLASS_C3 highest_risk: RISK_LEVEL_R3 highest_insisted_risk: RISK_LEVEL_R4 } })");
}
Draft Assessed() {
  return Told(R"(risk_assessed { assessment_id: "A-1" investor_class: INVESTOR_CLASS_C3 })");
}
Draft Recommended(const std::string& id) {
  return Told(
      fmt::format(R"(recommendation_made {{ recommendation_id: "{}" product_id: "F-3" staff_id: "S-1" }})", id));
}
Draft RaisedLead(const std::string& id) {
  return Told(fmt::format(
      R"(lead_raised {{ lead_id: "{}" direction: LEAD_DIRECTION_SERVICE_TO_MARKETING team: "wealth" }})", id));
}

TEST(Brokers, OneWhomNobodyPublishedTakesNoClient) {
  Scenario test;
  test.Given(Registered("王小明")).When(Takes("S-1")).Then(Refused("staff_unknown"));
  test.Given(Branch(), Hired("S-1"), Qualified("S-1", "SERVE"), Takes("S-1"));
}

TEST(Brokers, OneWhoseQualificationExpiredTakesNoClient) {
  Scenario test;
  // The stories take place on 2026-03-02.
  test.Given(Registered("王小明"), Branch(), Hired("S-1"),
             Qualified("S-1", "SERVE", "valid_until { year: 2026 month: 3 day: 1 }"))
      .When(Takes("S-1"))
      .Then(Refused("act_not_permitted"));
  test.Given(Qualified("S-1", "SERVE", "valid_until { year: 2026 month: 3 day: 2 }"), Takes("S-1"));
}

TEST(Brokers, NobodyHandsOverToOneselfOrToSomeoneUnqualified) {
  Scenario test;
  test.Given(Branch(), Hired("S-1"), Qualified("S-1", "SERVE"), Hired("S-2"), Leaves("S-1", "H-1"))
      .When(Succeeds("S-1", "H-1"), Succeeds("S-2", "H-1"), Succeeds("S-3", "H-1"))
      .Then(Refused("handover_to_oneself"), Refused("act_not_permitted"), Refused("staff_unknown"));
  test.Given(Qualified("S-2", "SERVE"), Succeeds("S-2", "H-1"));
}

TEST(Brokers, AnEmptyBookIsNotHandedOverAndNoBookTwice) {
  Scenario test;
  test.Given(Branch(), Hired("S-1"))
      .When(Leaves("S-1", "H-1", 0), Leaves("S-1", "H-1"), Leaves("S-1", "H-2"))
      .Then(Refused("handover_of_empty_book"), Applied(), Refused("handover_exists"));
}

TEST(Brokers, AClientThatClosesInTheMiddleStaysWhereItIs) {
  Scenario test;
  test.Given(Branch(), Hired("S-1"), Qualified("S-1", "SERVE"), Hired("S-2"), Qualified("S-2", "SERVE"))
      .Given(Registered("王小明"), Registered("李四").Client("C-2"), Takes("S-1"), Takes("S-1", "", "C-2"))
      .Given(Leaves("S-1", "H-1", 2), Succeeds("S-2", "H-1"), StatusChanged(events::v1::CLIENT_STATUS_CLOSED))
      .When(Takes("S-2", "H-1"), Takes("S-2", "H-1", "C-2"))
      .Then(Refused("client_closed"), Applied());
  std::vector<std::string> brokers;
  for (const auto& [key, row] : test.run().admission().Rows(Clients::kName))
    brokers.push_back(static_cast<const ClientState&>(*row).serving().broker_id());
  EXPECT_EQ(brokers, (std::vector<std::string>{"S-1", "S-2"}));
}

TEST(Brokers, WhoIsLeavingGetsNothingAndWhoLeftIsGone) {
  Scenario test;
  test.Given(Branch(), Hired("S-1"), Qualified("S-1", "SERVE"), Registered("王小明"), Opened("K-1"))
      .Given(Leaves("S-1", "H-1"))
      .When(Takes("S-1"), Assigned("K-1", "S-1"), Promised("P-1", {}, "S-1"), CallBackPlanned("B-1", {}, "S-1"))
      .Then(Refused("staff_leaving"), Refused("staff_leaving"), Refused("staff_leaving"), Refused("staff_leaving"));
  const Draft certificate = Told(R"(handover_completed { handover_id: "H-1" })");
  test.When(certificate).Then(Refused("handover_not_settled"));
  test.Given(Told(R"(handover_share_settled { handover_id: "H-1" })"), certificate)
      .When(Takes("S-1"), Assigned("K-1", "S-1"), Hired("S-1"))
      .Then(Refused("staff_left"), Refused("staff_left"), Refused("staff_left"));
}

TEST(Brokers, UnitsHaveNoCycle) {
  Scenario test;
  test.Given(Branch(), Told(R"(unit_published { unit_id: "T-1" parent_unit_id: "B-1" })"))
      .When(Told(R"(unit_published { unit_id: "B-1" parent_unit_id: "T-1" })"))
      .Then(Refused("tree_has_cycle"));
}

TEST(Brokers, AServiceHasSteps) {
  Scenario test;
  test.When(Product("P-1", "Morning Report", "kind: PRODUCT_KIND_SERVICE"),
            Product("P-1", "Morning Report", R"(kind: PRODUCT_KIND_SERVICE steps { step_id: "send" })"))
      .Then(Refused("product_without_steps"), Applied());
}

TEST(Brokers, NothingIsRecommendedToAClosedClientNorOnAnExpiredAssessment) {
  Scenario test;
  test.Given(Branch(), Hired("S-1"), Qualified("S-1", "RECOMMEND"), Fund(), Pack())
      .Given(Registered("王小明"), Assessed());
  // Assessed on 2026-03-02: good for twelve months, the last day included.
  const absl::Time last = absl::FromUnixSeconds(1'804'003'199);  // 2027-03-02T23:59:59+08:00
  test.When(Recommended("R-1").At(last), Recommended("R-2").At(last + absl::Seconds(1)))
      .Then(Applied(), Refused("assessment_expired"));
  test.Given(StatusChanged(events::v1::CLIENT_STATUS_CLOSED))
      .When(Recommended("R-3"))
      .Then(Refused("client_closed"));
}

TEST(Brokers, ALeadTakesConsent) {
  Scenario test;
  test.Given(Registered("王小明")).When(RaisedLead("L-1")).Then(Refused("lead_without_consent"));
  test.Given(Told(R"(consent_changed { consent { purpose: "marketing" given: true } })"), RaisedLead("L-1"));
  test.Given(Told(R"(consent_changed { consent { purpose: "marketing" } })"))
      .When(RaisedLead("L-2"))
      .Then(Refused("lead_without_consent"));
}

TEST(Brokers, AnAliasNamesOneProduct) {
  Scenario test;
  test.Given(Fund(), Product("F-4", "Growth Fund", "kind: PRODUCT_KIND_INSTRUMENT"))
      .Given(Told(R"(product_alias_published { alias: "穩健基金" product_id: "F-3" })"))
      .When(Told(R"(product_alias_published { alias: "稳健基金" product_id: "F-4" })"),
            Told(R"(product_alias_published { alias: "BALANCED FUND" product_id: "F-4" })"))
      .Then(Refused("alias_taken"), Refused("alias_taken"));
}

}  // namespace
}  // namespace kefu::admission

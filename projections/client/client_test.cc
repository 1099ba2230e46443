#include "projections/client/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "platform/base/time.h"
#include "platform/testkit/golden.h"
#include "platform/testkit/history.h"
#include "platform/testkit/projection_driver.h"
#include "projections/client/tallies.h"

namespace kefu::client {
namespace {

using namespace testkit;
using events::v1::Event;
using query::v1::Client;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

class ClientTest : public testing::Test {
 protected:
  const Client& Row(const std::string& client_id = "C-1") {
    const Client* row = test_.Row<Clients>(client_id);
    return row != nullptr ? *row : Client::default_instance();
  }
  std::map<std::string, int64_t> Tallies(const std::string& client_id = "C-1") {
    std::map<std::string, int64_t> tallies;
    for (const auto& tally : Row(client_id).tallies()) tallies[tally.key()] = tally.count();
    return tallies;
  }
  std::vector<std::string> OpenList() {
    std::vector<std::string> ids;
    for (const auto& entry : Row().open_cases()) ids.push_back(entry.case_id());
    return ids;
  }
  std::vector<std::string> Sources() {
    std::vector<std::string> paths;
    for (const auto& source : Row().field_sources()) paths.push_back(source.path() + " by " + source.said_by());
    return paths;
  }

  ProjectionDriver<ClientView> test_;
};

Draft Call(std::string_view topic = {}) {
  return Contacted(events::v1::CHANNEL_PHONE, events::v1::DIRECTION_INBOUND, topic);
}

TEST_F(ClientTest, AClientThatOnlyCalledHasARowAndIsNotRegistered) {
  test_.Given(Call().Branch("0003"));
  EXPECT_FALSE(Row().registered());
  EXPECT_EQ(Row().name(), "clients/C-1");
  EXPECT_EQ(Row().branch_id(), "0003");
  EXPECT_EQ(Row().event_count(), 1);
  EXPECT_EQ(Row().revision(), 0);
  EXPECT_EQ(Row().last_contacts_size(), 1);
}

TEST_F(ClientTest, RegistrationAfterTheFirstCallKeepsWhatWasCounted) {
  test_.Given(Call().Branch("0003"), Registered("王小明").Branch("0001"));
  EXPECT_TRUE(Row().registered());
  EXPECT_EQ(Row().display_name(), "王小明");
  EXPECT_EQ(Row().branch_id(), "0001");
  EXPECT_EQ(Row().status(), events::v1::CLIENT_STATUS_ACTIVE);
  EXPECT_THAT(Tallies(), ElementsAre(Pair("contact", 1), Pair("contact.phone.inbound", 1)));
  EXPECT_EQ(FromProto(Row().first_seen_at()), Beginning());
  EXPECT_EQ(FromProto(Row().registered_at()), Beginning() + absl::Minutes(1));
}

TEST_F(ClientTest, APatchTouchesWhatItNamesAndSaysWhoSaidSo) {
  test_.Given(Registered("王小明").With([](Event& event) {
    auto* profile = event.mutable_client_registered()->mutable_profile();
    profile->mutable_person()->set_education("bachelor");
    profile->mutable_person()->mutable_employment()->set_occupation("engineer");
    profile->mutable_person()->mutable_employment()->set_employer("大華");
    profile->add_emails("a@example.com");
  }));
  EXPECT_THAT(Sources(), ElementsAre("emails by test", "person.education by test", "person.employment by test"));
  events::v1::ClientProfile patch;
  patch.mutable_person()->mutable_employment()->set_employer("中興");
  patch.mutable_person()->set_education("not named, so not taken");
  test_.Given(ProfileChanged({"person.employment.employer", "emails"}, patch));
  EXPECT_EQ(Row().profile().person().education(), "bachelor");
  EXPECT_EQ(Row().profile().person().employment().employer(), "中興");
  EXPECT_EQ(Row().profile().person().employment().occupation(), "engineer");
  EXPECT_THAT(Row().profile().emails(), IsEmpty());
  EXPECT_THAT(Sources(), ElementsAre("emails by client", "person.education by test", "person.employment by test",
                                     "person.employment.employer by client"));
  // Said of the whole, it holds for the parts.
  test_.Given(ProfileChanged({"person"}, patch));
  EXPECT_THAT(Sources(), ElementsAre("emails by client", "person by client"));
}

TEST_F(ClientTest, APatchOfNoFieldIsParkedShouldItEverComeThrough) {
  events::v1::Verdict applied;
  applied.set_outcome(events::v1::VERDICT_OUTCOME_APPLIED);
  ViewRun run(sdk::Describe<ClientView>());
  run.Fold({Finish(ProfileChanged({"location", "no_such"}, {}), 1), "", Offset(1), Beginning()}, applied);
  EXPECT_EQ(run.parked().at("C-1").reason, "unknown_field_path");
  EXPECT_THAT(run.view().Rows("clients"), IsEmpty());
}

TEST_F(ClientTest, ConfigurationIsReplacedWholeAndStatusFollows) {
  test_.Given(Registered("王小明"), Configured("gold").With([](Event& event) {
    event.mutable_service_configuration_changed()->mutable_configuration()->set_broker_id("S-1");
  }));
  test_.Given(Configured("standard"), StatusChanged(events::v1::CLIENT_STATUS_DORMANT));
  EXPECT_EQ(Row().service_configuration().tier(), "standard");
  EXPECT_EQ(Row().service_configuration().broker_id(), "");
  EXPECT_EQ(Row().status(), events::v1::CLIENT_STATUS_DORMANT);
  EXPECT_EQ(Row().revision(), 4);
}

TEST_F(ClientTest, TheLastTenContactsAreTheNewestByWhenTheyHappened) {
  for (int i = 0; i < 12; ++i) test_.Given(Call().Id(fmt::format("c-{}", i)).AtMinute(10 * i));
  test_.Given(Call().Id("late").AtMinute(75), Call().Id("too late").AtMinute(1), Call().Id("tie").AtMinute(110));
  std::vector<std::string> ids;
  for (const auto& contact : Row().last_contacts()) ids.push_back(contact.event_id());
  EXPECT_THAT(ids, ElementsAre("tie", "c-11", "c-10", "c-9", "c-8", "late", "c-7", "c-6", "c-5", "c-4"));
  EXPECT_EQ(Tallies()["contact"], 15);
}

TEST_F(ClientTest, WhatHappensIsCountedUnderItsName) {
  test_.Given(Call("paper_call"), OfferMoved(events::v1::OFFER_STAGE_SENT), Complained("K-1"), Opened("K-2"),
              WorkRecorded("K-2", "lead", events::v1::WORK_PHASE_COMPLETED), Escalated("K-1", "desk"),
              Resolved("K-1", events::v1::CASE_OUTCOME_DECLINED), Closed("K-1"), Reopened("K-1"), Withdrawn("K-2"));
  EXPECT_THAT(Tallies(),
              ElementsAre(Pair("case.closed", 1), Pair("case.escalated", 1), Pair("complaint.declined", 1),
                          Pair("complaint.opened", 1), Pair("complaint.reopened", 1), Pair("complaint.resolved", 1),
                          Pair("contact", 1), Pair("contact.phone.inbound", 1), Pair("offer.sent", 1),
                          Pair("request.opened", 1), Pair("request.withdrawn", 1), Pair("topic.paper_call", 1),
                          Pair("work.lead.completed", 1)));
}

TEST_F(ClientTest, TooManyKindsOfTallyAreCountedAsOther) {
  for (int i = 0; i < 200; ++i) test_.Given(Call(fmt::format("t{:03}", i)));
  test_.Given(Call(std::string(200, 'x')));
  EXPECT_EQ(Row().tallies_size(), kTalliesKept);
  EXPECT_EQ(Tallies()["other"], 200 - (kTalliesKept - 3) + 1);
  int64_t all = 0;
  for (const auto& [key, count] : Tallies()) all += count;
  EXPECT_EQ(all, 3 * 201);
}

TEST_F(ClientTest, AnOpenCaseIsListedWithItsStatusUntilItIsSettled) {
  test_.Given(Complained("K-1", "fees"), Opened("K-2"), Started("K-1"), Reclassified("K-1", {}, "advice"));
  ASSERT_THAT(OpenList(), ElementsAre("K-1", "K-2"));
  EXPECT_EQ(Row().open_cases(0).status(), events::v1::CASE_STATUS_IN_PROGRESS);
  EXPECT_EQ(Row().open_cases(0).category(), "advice");
  EXPECT_EQ(Row().open_complaints_total(), 1);
  EXPECT_EQ(Row().open_requests_total(), 1);
  test_.Given(Resolved("K-1"));
  EXPECT_THAT(OpenList(), ElementsAre("K-2"));
  EXPECT_EQ(Row().open_complaints_total(), 0);
  test_.Given(Reclassified("K-1", {}, "trading"), Closed("K-1"), Reopened("K-1"));
  ASSERT_THAT(OpenList(), ElementsAre("K-2", "K-1"));
  EXPECT_EQ(Row().open_cases(1).category(), "trading");
  EXPECT_EQ(Row().open_cases(1).status(), events::v1::CASE_STATUS_OPEN);
  EXPECT_EQ(FromProto(Row().open_cases(1).opened_at()), Beginning());
}

TEST_F(ClientTest, MoreOpenCasesThanFitWaitInOrderAndMoveUp) {
  for (int i = 0; i < 60; ++i) test_.Given(Opened(fmt::format("K-{}", i)));
  EXPECT_EQ(Row().open_cases_size(), kOpenCasesListed);
  EXPECT_EQ(Row().open_requests_total(), 60);
  // One that waits changes, one that waits is settled, one that is listed is settled.
  test_.Given(Started("K-50"), Resolved("K-51"), Resolved("K-7"));
  EXPECT_EQ(OpenList().back(), "K-50");
  EXPECT_EQ(Row().open_cases(49).status(), events::v1::CASE_STATUS_IN_PROGRESS);
  test_.Given(Resolved("K-8"));
  EXPECT_EQ(OpenList().back(), "K-52");
  // The reopened one goes to the end of those that wait.
  test_.Given(Reopened("K-7"));
  for (int i = 9; i < 17; ++i) test_.Given(Resolved(fmt::format("K-{}", i)));
  EXPECT_EQ(OpenList().back(), "K-7");
  EXPECT_EQ(Row().open_cases_size(), 50);
  EXPECT_EQ(Row().open_requests_total(), 50);
  // Nobody waits: the ring is gone.
  EXPECT_EQ(test_.Row<KnownCases>("C-1", ""), nullptr);
}

TEST_F(ClientTest, GoldenDump) {
  test_.Play(RandomHistory({.seed = 3, .clients = 4, .events = 120}));
  ExpectGolden("projections/client/golden/client.txt", test_.Dump());
}

// The same told in the simplest way.
struct Plain {
  int64_t events = 0, client_events = 0, contacts = 0;
  std::vector<std::string> open;  // oldest first
};

std::string CaseOf(const Event& event) {
  const auto* body =
      event.GetReflection()->GetOneofFieldDescriptor(event, Event::descriptor()->FindOneofByName("body"));
  const auto& message = event.GetReflection()->GetMessage(event, body);
  return message.GetReflection()->GetString(message, message.GetDescriptor()->FindFieldByName("case_id"));
}

void FoldPlain(const Event& event, std::map<std::string, Plain>& all) {
  Plain& plain = all[event.client_id()];
  ++plain.events;
  plain.client_events += event.body_case() < 200;
  plain.contacts += event.has_contact_recorded();
  switch (event.body_case()) {
    case Event::kComplaintReceived:
    case Event::kServiceRequestOpened:
    case Event::kCaseReopened:
      plain.open.push_back(CaseOf(event));
      break;
    case Event::kCaseResolved:
    case Event::kCaseWithdrawn:
      std::erase(plain.open, CaseOf(event));
      break;
    default:
      break;
  }
}

TEST(ClientBroker, WhoIsInChargeIsWhomAnAssignmentOrAConfigurationNamedLast) {
  events::v1::Verdict applied;
  applied.set_outcome(events::v1::VERDICT_OUTCOME_APPLIED);
  ViewRun run(sdk::Describe<ClientView>());
  int64_t offset = 0;
  const auto fold = [&](const Draft& draft) {
    ++offset;
    run.Fold({Finish(draft, offset), "", Offset(offset), Beginning()}, applied);
  };
  const auto given = [](const char* staff, events::v1::BrokerRole role) {
    return Draft().With([=](events::v1::Event& event) {
      event.mutable_client_assigned_to_broker()->set_staff_id(staff);
      event.mutable_client_assigned_to_broker()->set_role(role);
    });
  };
  const auto broker = [&] {
    const auto row = run.view().Render(Clients::kId, codec::Key("C-1"));
    return static_cast<const Client&>(*row).service_configuration().broker_id();
  };
  fold(Registered("王小明"));
  fold(given("S-7", events::v1::BROKER_ROLE_PRIMARY));
  EXPECT_EQ(broker(), "S-7");
  fold(given("S-8", events::v1::BROKER_ROLE_BACKUP));
  EXPECT_EQ(broker(), "S-7");
  fold(Configured("gold").With([](events::v1::Event& event) {
    event.mutable_service_configuration_changed()->mutable_configuration()->set_broker_id("S-1");
  }));
  EXPECT_EQ(broker(), "S-1");
  const auto row = run.view().Render(Clients::kId, codec::Key("C-1"));
  EXPECT_EQ(static_cast<const Client&>(*row).revision(), 2) << "an assignment is no event of the client's aggregate";
  EXPECT_EQ(static_cast<const Client&>(*row).event_count(), 4);
}

TEST(ClientProperty, CountersAndOpenListsAreWhatCountingByHandGives) {
  struct Size {
    uint64_t seed;
    int clients;
  };
  // With two clients far more than fifty cases are open at once.
  for (const Size size : {Size{41, 25}, Size{42, 25}, Size{43, 2}, Size{44, 2}}) {
    SCOPED_TRACE(testing::Message() << "seed " << size.seed << " clients " << size.clients);
    ProjectionDriver<ClientView> test;
    const auto history = RandomHistory({.seed = size.seed, .clients = size.clients, .events = 2500});
    const auto verdicts = test.Play(history);
    std::map<std::string, Plain> all;
    for (size_t i = 0; i < history.size(); ++i)
      if (verdicts[i].outcome() == events::v1::VERDICT_OUTCOME_APPLIED) FoldPlain(history[i], all);
    EXPECT_THAT(test.run().parked(), IsEmpty());
    ASSERT_EQ(test.run().view().Rows("clients").size(), all.size());
    for (const auto& [client_id, plain] : all) {
      const Client& row = *test.Row<Clients>(client_id);
      EXPECT_EQ(row.event_count(), plain.events);
      EXPECT_EQ(row.revision(), plain.client_events);
      EXPECT_EQ(row.open_complaints_total() + row.open_requests_total(), static_cast<int64_t>(plain.open.size()));
      EXPECT_EQ(row.last_contacts_size(), std::min<int64_t>(plain.contacts, kContactsKept));
      std::vector<std::string> listed;
      for (const auto& entry : row.open_cases()) listed.push_back(entry.case_id());
      std::vector<std::string> oldest = plain.open;
      oldest.resize(std::min<size_t>(oldest.size(), kOpenCasesListed));
      EXPECT_EQ(listed, oldest) << client_id;
      EXPECT_TRUE(std::is_sorted(row.tallies().begin(), row.tallies().end(),
                                 [](const auto& a, const auto& b) { return a.key() < b.key(); }));
    }
  }
}

}  // namespace
}  // namespace kefu::client

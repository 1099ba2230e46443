#include "projections/directory/directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "platform/testkit/client_events.h"
#include "platform/testkit/golden.h"
#include "platform/testkit/history.h"
#include "platform/testkit/projection_driver.h"
#include "projections/directory/normalise.h"

namespace kefu::directory {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using namespace testkit;

class DirectoryTest : public testing::Test {
 protected:
  // The clients that typing `typed` finds, as a query would look.
  std::vector<std::string> FindByName(std::string_view typed) {
    const std::string prefix = NamePrefix(typed);
    std::set<std::string> clients;
    for (const auto& [key, row] : test_.run().view().Rows("entries")) {
      const auto& entry = static_cast<const DirectoryEntry&>(*row);
      struct List : sdk::IndexKeys {
        void AddEncoded(std::string key) override { keys.push_back(std::move(key)); }
        std::vector<std::string> keys;
      } list;
      EntriesByName::Keys(entry, list);
      for (const std::string& part : list.keys)
        if (part.starts_with(codec::OpenTextPrefix(prefix))) clients.insert(entry.client_id());
    }
    return {clients.begin(), clients.end()};
  }

  ProjectionDriver<DirectoryView> test_;
};

Draft Wang() {
  return Registered("王小明").Client("C-1").Branch("0001").With([](events::v1::Event& event) {
    auto* body = event.mutable_client_registered();
    body->add_other_names("Wang Xiaoming");
    body->add_account_numbers("8801-001234");
    body->add_phones("+886912345678");
    auto* external = body->add_external_ids();
    external->set_scheme("crm");
    external->set_value("10007");
  });
}

TEST_F(DirectoryTest, AChineseNameIsFoundByItsBeginningByItsGivenNameAndInEitherScript) {
  test_.Given(Wang(), Registered("陳美麗").Client("C-2"), Registered("王大衛").Client("C-3"));
  EXPECT_THAT(FindByName("王"), ElementsAre("C-1", "C-3"));
  EXPECT_THAT(FindByName("小明"), ElementsAre("C-1"));
  EXPECT_THAT(FindByName("陈美"), ElementsAre("C-2"));
  EXPECT_THAT(FindByName("陳美"), ElementsAre("C-2"));
  EXPECT_THAT(FindByName("wang x"), ElementsAre("C-1"));
  EXPECT_THAT(FindByName("李"), IsEmpty());
}

TEST_F(DirectoryTest, AnAccountAPhoneAndAForeignIdEachFindTheClient) {
  test_.Given(Wang());
  EXPECT_THAT(test_.Entries<EntriesByAccount>(), ElementsAre("8801001234, C-1"));
  EXPECT_THAT(test_.Entries<EntriesByPhone>(), ElementsAre("886912345678, C-1", "912345678, C-1"));
  EXPECT_THAT(test_.Entries<EntriesByExternal>(), ElementsAre("crm, 10007, C-1"));
}

TEST_F(DirectoryTest, APhoneTakenAwayNoLongerFindsAndTheNewOneDoes) {
  events::v1::ClientIdentifiersChanged changed;
  changed.add_phones_removed("+886912345678");
  changed.add_phones_added("0922111222");
  test_.Given(Wang(), IdentifiersChanged(changed));
  EXPECT_THAT(test_.Entries<EntriesByPhone>(), ElementsAre("922111222, C-1"));
}

TEST_F(DirectoryTest, ANewDisplayNameReplacesTheOldOneAndOtherNamesStay) {
  events::v1::ClientIdentifiersChanged changed;
  changed.set_display_name("王曉明");
  test_.Given(Wang(), IdentifiersChanged(changed));
  EXPECT_THAT(FindByName("王晓"), ElementsAre("C-1"));
  EXPECT_THAT(FindByName("王小"), IsEmpty());
  EXPECT_THAT(FindByName("xiaoming"), ElementsAre("C-1"));
}

TEST_F(DirectoryTest, AnAccountOfTwoClientsShowsBoth) {
  test_.Given(Wang(), Wang().Client("C-2"));
  EXPECT_THAT(test_.Entries<EntriesByAccount>(), ElementsAre("8801001234, C-1", "8801001234, C-2"));
}

TEST_F(DirectoryTest, AnUnregisteredClientHasNoEntryAndAClosedOneKeepsIts) {
  test_.Given(Contacted(events::v1::CHANNEL_PHONE, events::v1::DIRECTION_INBOUND).Client("C-9"), Wang(),
              StatusChanged(events::v1::CLIENT_STATUS_CLOSED));
  EXPECT_EQ(test_.Row<Entries>("C-9"), nullptr);
  EXPECT_EQ(test_.Row<Entries>("C-1")->status(), events::v1::CLIENT_STATUS_CLOSED);
}

TEST_F(DirectoryTest, AFaultySenderCannotMakeARowGrowWithoutEnd) {
  events::v1::ClientIdentifiersChanged changed;
  for (int i = 0; i < 500; ++i) changed.add_phones_added(std::to_string(1000000 + i));
  test_.Given(Wang(), IdentifiersChanged(changed));
  EXPECT_EQ(test_.Row<Entries>("C-1")->phones_size(), 100);
}

TEST_F(DirectoryTest, AForeignIdFindsTheClientWithoutItsSchemeToo) {
  events::v1::ClientIdentifiersChanged changed;
  for (const char* scheme : {"bank", "fund"}) {
    auto* id = changed.add_external_ids_added();
    id->set_scheme(scheme);
    id->set_value("10007");
  }
  test_.Given(Wang(), IdentifiersChanged(changed), Registered("李四").Client("C-2"));
  // In three schemes, and one entry.
  EXPECT_THAT(test_.Entries<EntriesByExternalValue>(), ElementsAre("10007, C-1"));
}

TEST_F(DirectoryTest, ANameOnAChannelFindsTheClientsItWasLinkedTo) {
  test_.Given(Wang(), Registered("李四").Client("C-2"), IdentityLinked(events::v1::CHANNEL_WECHAT, "o-1"),
              IdentityLinked(events::v1::CHANNEL_APP, "o-1"),
              IdentityLinked(events::v1::CHANNEL_WECHAT, "o-1").Client("C-2"));
  // One handle at two clients: both, for someone has to settle it.
  EXPECT_THAT(test_.Entries<EntriesByIdentity>(), ElementsAre("3, o-1, C-1", "4, o-1, C-1", "4, o-1, C-2"));
  test_.Given(IdentityUnlinked(events::v1::CHANNEL_WECHAT, "o-1"), IdentityUnlinked(events::v1::CHANNEL_SMS, "o-1"),
              IdentityLinked(events::v1::CHANNEL_WECHAT, "o-1", events::v1::IDENTITY_PROOF_DECLARED).Client("C-2"));
  EXPECT_THAT(test_.Entries<EntriesByIdentity>(), ElementsAre("3, o-1, C-1", "4, o-1, C-2"));
  EXPECT_EQ(test_.Row<Entries>("C-2")->identities(0).proof(), events::v1::IDENTITY_PROOF_DECLARED);
}

TEST_F(DirectoryTest, GoldenDump) {
  test_.Play(RandomHistory({.seed = 3, .clients = 5, .events = 120}));
  ExpectGolden("projections/directory/golden/directory.txt", test_.Dump());
}

TEST(DirectoryProperty, HoldsExactlyTheClientsThatWereRegistered) {
  for (const uint64_t seed : {11, 12, 13, 14}) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    ProjectionDriver<DirectoryView> test;
    const auto history = RandomHistory({.seed = seed, .clients = 30, .events = 1500});
    const auto verdicts = test.Play(history);
    std::map<std::string, std::string> names;
    for (size_t i = 0; i < history.size(); ++i) {
      if (verdicts[i].outcome() != events::v1::VERDICT_OUTCOME_APPLIED) continue;
      if (history[i].has_client_registered())
        names[history[i].client_id()] = history[i].client_registered().display_name();
      const auto& changed = history[i].client_identifiers_changed();
      if (!changed.display_name().empty()) names[history[i].client_id()] = changed.display_name();
    }
    EXPECT_EQ(test.run().view().Rows("entries").size(), names.size());
    for (const auto& [client, name] : names) {
      ASSERT_NE(test.Row<Entries>(client), nullptr);
      EXPECT_EQ(test.Row<Entries>(client)->display_name(), name);
      EXPECT_THAT(test.Entries<EntriesByName>(), Contains(NormaliseName(name) + ", " + client));
    }
  }
}

}  // namespace
}  // namespace kefu::directory

// FindClients by channel identity and by anything, and CountClients.

#include "services/query/query_testing.h"

namespace kefu::query {
namespace {

using namespace testkit;
using query::v1::FindClientsRequest;
using testing::ElementsAre;
using testing::IsEmpty;

class FindTest : public testing::Test {
 protected:
  FindTest() {
    server_.Publish(Registered("王小明").Client("C-1").With([](events::v1::Event& event) {
      event.mutable_client_registered()->add_account_numbers("8801-001234");
      event.mutable_client_registered()->add_phones("+886912345678");
    }));
    server_.Publish(Registered("8801001234").Client("C-2").With([](events::v1::Event& event) {
      auto* id = event.mutable_client_registered()->add_external_ids();
      id->set_scheme("crm");
      id->set_value("8801-001234");
    }));
    server_.Publish(Registered("陳美麗").Client("8801-001234"));
    server_.Publish(Registered("C 1 Trading").Client("C-4"));
    server_.Publish(IdentityLinked(events::v1::CHANNEL_WECHAT, "o-1").Client("C-2"));
    server_.Publish(IdentityLinked(events::v1::CHANNEL_APP, "o-1").Client("C-4"));
    server_.CatchUp();
  }

  // Over all pages of `size`.
  std::vector<std::string> Find(FindClientsRequest request, int size = 50) {
    std::vector<std::string> ids;
    request.set_page_size(size);
    do {
      Patient context;
      query::v1::FindClientsResponse response;
      const auto status = server_.clients->FindClients(&context, request, &response);
      EXPECT_TRUE(status.ok()) << status.error_message();
      if (!status.ok()) break;
      for (const auto& entry : response.entries()) ids.push_back(entry.client_id());
      request.set_page_token(response.next_page_token());
    } while (!request.page_token().empty());
    return ids;
  }
  std::vector<std::string> Anything(const std::string& typed, int size = 50) {
    FindClientsRequest request;
    request.set_anything(typed);
    return Find(request, size);
  }
  std::vector<std::string> Identity(events::v1::Channel channel, const std::string& handle) {
    FindClientsRequest request;
    request.mutable_identity()->set_channel(channel);
    request.mutable_identity()->set_handle(handle);
    return Find(request);
  }

  QueryServer server_;
};

TEST_F(FindTest, ANameOnAChannelFindsWhomItWasLinkedTo) {
  EXPECT_THAT(Identity(events::v1::CHANNEL_WECHAT, "o-1"), ElementsAre("C-2"));
  EXPECT_THAT(Identity(events::v1::CHANNEL_APP, "o-1"), ElementsAre("C-4"));
  EXPECT_THAT(Identity(events::v1::CHANNEL_PHONE, "o-1"), IsEmpty());
}

TEST_F(FindTest, AnythingIsTriedAsIdAccountPhoneForeignIdAndNameEachClientOnce) {
  // An id first, then an account, then a foreign id that is a name as well.
  for (const int size : {1, 2, 50})
    EXPECT_THAT(Anything("8801-001234", size), ElementsAre("8801-001234", "C-1", "C-2")) << "pages of " << size;
  EXPECT_THAT(Anything("C-1"), ElementsAre("C-1", "C-4"));
  EXPECT_THAT(Anything(" 0912 345 678 "), ElementsAre("C-1"));
  EXPECT_THAT(Anything("王小"), ElementsAre("C-1"));
  EXPECT_THAT(Anything("陈美"), ElementsAre("8801-001234"));
  EXPECT_THAT(Anything("nobody"), IsEmpty());
}

TEST_F(FindTest, NothingToLookForIsRefused) {
  for (const char* typed : {"", "  "}) {
    Patient context;
    FindClientsRequest request;
    request.set_anything(typed);
    query::v1::FindClientsResponse response;
    ExpectRefused(server_.clients->FindClients(&context, request, &response), grpc::StatusCode::INVALID_ARGUMENT,
                  "FIND_BY_MISSING");
  }
}

TEST_F(FindTest, CountIsWhatTheListHas) {
  const auto count = [&](const std::string& filter) {
    Patient context;
    query::v1::CountClientsRequest request;
    request.set_filter(filter);
    query::v1::CountClientsResponse response;
    const auto status = server_.clients->CountClients(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    EXPECT_FALSE(response.position().empty());
    return response.count();
  };
  EXPECT_EQ(count(""), 4);
  EXPECT_EQ(count("display_name : \"王\""), 1);
  EXPECT_EQ(count("client_id = \"C-1\" OR client_id = \"C-4\""), 2);
  EXPECT_EQ(count("registered = false"), 0);
}

// What the indexes find is what looking at every entry finds.
TEST(FindProperty, AnythingFindsWhatAScanOfAllEntriesFinds) {
  const uint64_t seed = Seed() % 1'000'000'000;
  SCOPED_TRACE(testing::Message() << "KEFU_SEED=" << seed);
  QueryServer server;
  server.Live(seed, 1500, 40);
  std::vector<query::v1::DirectoryEntry> all;
  for (int32_t p = 0; p < server.engine().partitions(); ++p) {
    const auto partition = server.engine().At(Partition(p));
    const auto rows = *partition->Scan("directory", "entries", {}, {});
    for (; rows->Valid(); rows->Next()) ASSERT_TRUE(all.emplace_back().ParseFromString(std::string(rows->value())));
  }
  ASSERT_GT(all.size(), 20u);
  const auto find = [&](const std::string& typed) {
    Patient context;
    FindClientsRequest request;
    request.set_anything(typed);
    request.set_page_size(1000);
    query::v1::FindClientsResponse response;
    EXPECT_TRUE(server.clients->FindClients(&context, request, &response).ok());
    std::multiset<std::string> ids;
    for (const auto& entry : response.entries()) ids.insert(entry.client_id());
    return ids;
  };
  for (const auto& entry : all) {
    for (const std::string& account : entry.account_numbers()) {
      std::multiset<std::string> expected;
      for (const auto& each : all)
        if (std::count(each.account_numbers().begin(), each.account_numbers().end(), account) > 0)
          expected.insert(each.client_id());
      EXPECT_EQ(find(account), expected) << account;
    }
    for (const auto& id : entry.external_ids()) {
      std::multiset<std::string> expected;
      for (const auto& each : all)
        if (std::any_of(each.external_ids().begin(), each.external_ids().end(),
                        [&](const auto& other) { return other.value() == id.value(); }))
          expected.insert(each.client_id());
      EXPECT_EQ(find(id.value()), expected) << id.value();
    }
    EXPECT_EQ(find(entry.client_id()).count(entry.client_id()), 1u);
    EXPECT_EQ(find(entry.display_name()).count(entry.client_id()), 1u);
  }
}

}  // namespace
}  // namespace kefu::query

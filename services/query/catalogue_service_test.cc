// CatalogueService over a real engine, by gRPC.

#include "kefu/query/v1/product.grpc.pb.h"
#include "platform/base/time.h"
#include "services/query/query_testing.h"

namespace kefu::query {
namespace {

using events::v1::Event;
using events::v1::ServiceProductPublished;
using testing::ElementsAre;
using testing::IsEmpty;

testkit::Draft Published(const ServiceProductPublished& product) {
  return testkit::Draft().Client("").With([&](Event& event) { *event.mutable_service_product_published() = product; });
}

ServiceProductPublished Product(const std::string& id, const std::string& name, int32_t version = 1) {
  ServiceProductPublished product;
  product.set_product_id(id);
  product.set_version(version);
  product.set_name(name);
  product.set_kind(events::v1::PRODUCT_KIND_SERVICE);
  product.set_content_class("research");
  product.add_channels(events::v1::CHANNEL_PHONE);
  auto& first = *product.add_steps();
  first.set_step_id("welcome");
  first.set_within_minutes(60);
  product.add_steps()->set_step_id("send");
  return product;
}

testkit::Draft Alias(const std::string& alias, const std::string& product_id) {
  return testkit::Draft().Client("").With([&](Event& event) {
    event.mutable_product_alias_published()->set_alias(alias);
    event.mutable_product_alias_published()->set_product_id(product_id);
  });
}

testkit::Draft Bundle(const std::string& id, const std::string& segment, const std::vector<std::string>& products) {
  return testkit::Draft().Client("").With([&](Event& event) {
    auto& bundle = *event.mutable_bundle_published();
    bundle.set_bundle_id(id);
    bundle.set_version(1);
    bundle.mutable_segment()->set_scheme("asset_tier");
    bundle.mutable_segment()->set_segment(segment);
    for (const std::string& product : products) bundle.add_product_ids(product);
  });
}

testkit::Draft Subscribed(const std::string& client, const std::string& id, const std::string& product, int minute) {
  return testkit::Draft().Client(client).AtMinute(minute).With([&](Event& event) {
    event.mutable_service_subscribed()->set_subscription_id(id);
    event.mutable_service_subscribed()->set_product_id(product);
  });
}

testkit::Draft Delivered(const std::string& client, const std::string& id, const std::string& step, int minute) {
  return testkit::Draft().Client(client).AtMinute(minute).With([&](Event& event) {
    event.mutable_service_delivered()->set_subscription_id(id);
    event.mutable_service_delivered()->set_step_id(step);
    event.mutable_service_delivered()->set_channel(events::v1::CHANNEL_PHONE);
  });
}

class CatalogueServiceTest : public testing::Test {
 protected:
  void Publish(const testkit::Draft& draft) { position_ = server_.Publish(draft); }
  void Register(const std::string& client) { Publish(testkit::Registered("name of " + client).Client(client)); }

  grpc::Status Get(const std::string& product, v1::Product* response, int32_t version = 0) {
    server_.CatchUp();
    Patient context;
    v1::GetProductRequest request;
    request.set_name("products/" + product);
    request.set_version(version);
    return server_.catalogue->GetProduct(&context, request, response);
  }

  std::vector<std::string> Products(const std::string& filter = "", int page_size = 0, int64_t* total = nullptr) {
    server_.CatchUp();
    std::vector<std::string> ids;
    v1::ListProductsRequest request;
    request.set_filter(filter);
    request.set_page_size(page_size);
    request.set_show_total_size(total != nullptr);
    do {
      Patient context;
      v1::ListProductsResponse response;
      const auto status = server_.catalogue->ListProducts(&context, request, &response);
      EXPECT_TRUE(status.ok()) << status.error_message();
      if (!status.ok()) break;
      EXPECT_FALSE(response.position().empty());
      EXPECT_LE(response.products_size(), page_size > 0 ? page_size : 50);
      for (const auto& product : response.products()) ids.push_back(product.product().product_id());
      if (total != nullptr) *total = response.total_size();
      request.set_page_token(response.next_page_token());
    } while (!request.page_token().empty());
    return ids;
  }

  grpc::Status Match(const std::string& client, bool left_out, v1::MatchProductsResponse* response) {
    server_.CatchUp();
    Patient context;
    v1::MatchProductsRequest request;
    request.set_parent("clients/" + client);
    request.set_show_left_out(left_out);
    *request.mutable_as_of() = ToProto(testkit::Beginning() + absl::Hours(24));
    return server_.catalogue->MatchProducts(&context, request, response);
  }
  // "P-1", or "P-1: segment" for what speaks against it.
  std::vector<std::string> Matches(const std::string& client) {
    v1::MatchProductsResponse response;
    const auto status = Match(client, true, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    std::vector<std::string> lines;
    for (const auto& match : response.matches()) {
      std::string line = match.product_id();
      for (const auto& reason : match.reasons())
        if (!reason.holds()) line += ": " + reason.check();
      lines.push_back(line);
    }
    return lines;
  }

  std::vector<std::string> Subscriptions(const std::string& parent, const std::string& filter = "", int page_size = 0,
                                         int64_t* total = nullptr, int as_of_minute = 0) {
    server_.CatchUp();
    std::vector<std::string> ids;
    v1::ListSubscriptionsRequest request;
    request.set_parent(parent);
    request.set_filter(filter);
    request.set_page_size(page_size);
    request.set_show_total_size(total != nullptr);
    *request.mutable_as_of() = ToProto(testkit::Beginning() + absl::Minutes(as_of_minute));
    do {
      Patient context;
      v1::ListSubscriptionsResponse response;
      const auto status = server_.catalogue->ListSubscriptions(&context, request, &response);
      EXPECT_TRUE(status.ok()) << status.error_message();
      if (!status.ok()) break;
      EXPECT_FALSE(response.position().empty());
      for (const auto& one : response.subscriptions())
        ids.push_back(one.subscription_id() + (one.overdue() ? " overdue" : ""));
      if (total != nullptr) *total = response.total_size();
      request.set_page_token(response.next_page_token());
    } while (!request.page_token().empty());
    return ids;
  }

  QueryServer server_;
  std::string position_;
};

TEST_F(CatalogueServiceTest, AProductIsFoundByEveryNameItHas) {
  Publish(Published(Product("P-1", "投訴處理")));
  Publish(Published(Product("P-1", "客訴處理", 2)));
  Publish(Alias("Complaint Care", "P-1"));
  for (const char* name : {"P-1", "客诉处理", "投诉处理", "complaint care", "ＣＯＭＰＬＡＩＮＴ CARE"}) {
    v1::Product product;
    const auto status = Get(name, &product);
    ASSERT_TRUE(status.ok()) << name << " " << status.error_message();
    EXPECT_EQ(product.name(), "products/P-1");
    EXPECT_EQ(product.product().name(), "客訴處理");
    EXPECT_THAT(product.aliases(), ElementsAre("Complaint Care"));
    EXPECT_FALSE(product.event_id().empty());
    EXPECT_FALSE(product.position().empty());
  }
  v1::Product first;
  ASSERT_TRUE(Get("客訴處理", &first, 1).ok());
  EXPECT_EQ(first.product().name(), "投訴處理");
  ExpectRefused(Get("P-1", &first, 3), grpc::StatusCode::NOT_FOUND, "PRODUCT_NOT_FOUND");
  ExpectRefused(Get("晚報", &first), grpc::StatusCode::NOT_FOUND, "PRODUCT_NOT_FOUND");
  ExpectRefused(Get("", &first), grpc::StatusCode::INVALID_ARGUMENT, "NAME_INVALID");
}

// The parsed copy must not outlive what it was made from.
TEST_F(CatalogueServiceTest, WhatIsPublishedLaterIsSeen) {
  Publish(Published(Product("P-1", "晨報")));
  EXPECT_THAT(Products(), ElementsAre("P-1"));
  Publish(Published(Product("P-2", "晚報")));
  EXPECT_THAT(Products(), ElementsAre("P-1", "P-2"));
  v1::Product product;
  ExpectRefused(Get("夜報", &product), grpc::StatusCode::NOT_FOUND, "PRODUCT_NOT_FOUND");
  Publish(Alias("夜報", "P-2"));
  ASSERT_TRUE(Get("夜報", &product).ok());
  EXPECT_EQ(product.product().product_id(), "P-2");
}

TEST_F(CatalogueServiceTest, ProductsAreListedByIdFilteredPagedAndCounted) {
  EXPECT_THAT(Products(), IsEmpty());
  for (int i = 1; i <= 5; ++i) {
    ServiceProductPublished product = Product(fmt::format("P-{}", i), fmt::format("name {}", i));
    if (i % 2 == 0) product.set_kind(events::v1::PRODUCT_KIND_INSTRUMENT);
    product.set_risk(static_cast<events::v1::RiskLevel>(i));
    product.set_withdrawn(i == 5);
    if (i == 3) product.add_channels(events::v1::CHANNEL_VISIT);
    Publish(Published(product));
  }
  int64_t total = 0;
  EXPECT_THAT(Products("", 2, &total), ElementsAre("P-1", "P-2", "P-3", "P-4", "P-5"));
  EXPECT_EQ(total, 5);
  EXPECT_THAT(Products("kind = INSTRUMENT", 1, &total), ElementsAre("P-2", "P-4"));
  EXPECT_EQ(total, 2);
  EXPECT_THAT(Products("risk = R3"), ElementsAre("P-3"));
  EXPECT_THAT(Products("channel:VISIT"), ElementsAre("P-3"));
  EXPECT_THAT(Products("withdrawn = true"), ElementsAre("P-5"));
  EXPECT_THAT(Products("content_class = trading"), IsEmpty());
  Patient context;
  v1::ListProductsRequest request;
  v1::ListProductsResponse response;
  request.set_filter("colour = red");
  ExpectRefused(server_.catalogue->ListProducts(&context, request, &response), grpc::StatusCode::INVALID_ARGUMENT,
                "FILTER_FIELD_UNKNOWN");
}

TEST_F(CatalogueServiceTest, BundlesAreTheNewestOfEach) {
  Publish(Published(Product("P-1", "晨報")));
  Publish(Bundle("silver", "silver", {"P-1"}));
  Publish(Bundle("gold", "gold", {"P-1"}));
  server_.CatchUp();
  Patient context;
  v1::ListBundlesResponse response;
  ASSERT_TRUE(server_.catalogue->ListBundles(&context, {}, &response).ok());
  ASSERT_EQ(response.bundles_size(), 2);
  EXPECT_EQ(response.bundles(0).bundle_id(), "gold");
  EXPECT_EQ(response.bundles(1).segment().segment(), "silver");
}

TEST_F(CatalogueServiceTest, AClientIsMatchedWithItsSegmentTierAssetsClassAndWhatItHas) {
  ServiceProductPublished gold = Product("P-1", "one"), rich = Product("P-2", "two"), risky = Product("P-3", "three"),
                          tier = Product("P-4", "four");
  gold.add_target_segments()->set_scheme("asset_tier");
  gold.mutable_target_segments(0)->set_segment("gold");
  rich.set_least_assets(5000);
  risky.set_risk(events::v1::RISK_LEVEL_R3);
  tier.add_target_segments()->set_scheme("tier");
  tier.mutable_target_segments(0)->set_segment("vip");
  for (const auto& product : {gold, rich, risky, tier, Product("P-5", "five")}) Publish(Published(product));
  Publish(Bundle("gold", "gold", {"P-5"}));
  Publish(testkit::Draft().Client("").With([](Event& event) {
    auto& pack = *event.mutable_suitability_pack_published();
    pack.set_pack_id("cn.sac");
    pack.set_version(1);
    *pack.mutable_effective_from() = ToProto(testkit::Beginning() - absl::Hours(24));
    pack.set_assessment_valid_months(24);
    auto& row = *pack.add_rows();
    row.set_investor_class(events::v1::INVESTOR_CLASS_C3);
    row.set_highest_risk(events::v1::RISK_LEVEL_R3);
  }));
  Register("C-1");
  EXPECT_THAT(Matches("C-1"), ElementsAre("P-5", "P-1: segment", "P-2: assets", "P-3: suitability", "P-4: segment"));

  Publish(testkit::Classified("asset_tier", "gold").Client("C-1"));
  Publish(testkit::AssetsTold(absl::CivilDay(2026, 3, 2), 5000).Client("C-1"));
  Publish(testkit::Configured("vip").Client("C-1"));
  // A member of staff that may assess; the class is the client's from then on.
  Publish(testkit::UnitTold("B-1"));
  Publish(testkit::Draft().Client("").With([](Event& event) {
    event.mutable_staff_published()->set_staff_id("S-1");
    event.mutable_staff_published()->set_unit_id("B-1");
  }));
  Publish(testkit::Draft().Client("").With([](Event& event) {
    auto& body = *event.mutable_qualification_recorded();
    body.set_staff_id("S-1");
    body.mutable_qualification()->set_scheme("kefu.qualification");
    body.mutable_qualification()->set_value("investment_adviser");
    body.mutable_valid_from()->set_year(2020);
    body.mutable_valid_from()->set_month(1);
    body.mutable_valid_from()->set_day(1);
    body.add_permitted_acts(events::v1::STAFF_ACT_ASSESS);
  }));
  Publish(testkit::Draft().Client("C-1").AtMinute(10).With([](Event& event) {
    auto& body = *event.mutable_risk_assessed();
    body.set_assessment_id("A-1");
    body.set_investor_class(events::v1::INVESTOR_CLASS_C3);
    body.set_staff_id("S-1");
  }));
  Publish(Subscribed("C-1", "B-1", "P-2", 20));
  EXPECT_THAT(Matches("C-1"), ElementsAre("P-5", "P-1", "P-3", "P-4", "P-2: subscribed"))
      << "what the segment's bundle has comes first";

  v1::MatchProductsResponse fitting;
  ASSERT_TRUE(Match("C-1", false, &fitting).ok());
  EXPECT_EQ(fitting.matches_size(), 4);
  EXPECT_EQ(fitting.matches(0).bundle_id(), "gold");
  EXPECT_FALSE(fitting.position().empty());

  Publish(testkit::Draft().Client("C-1").AtMinute(30).With(
      [](Event& event) { event.mutable_service_ended()->set_subscription_id("B-1"); }));
  EXPECT_THAT(Matches("C-1"), ElementsAre("P-5", "P-1", "P-2", "P-3", "P-4"));
  ExpectRefused(Match("nobody", true, &fitting), grpc::StatusCode::NOT_FOUND, "CLIENT_NOT_FOUND");
}

TEST_F(CatalogueServiceTest, SubscriptionsAreListedByDueTimeWithWhatIsOverdue) {
  Publish(Published(Product("P-1", "晨報")));
  Publish(Published(Product("P-2", "晚報")));
  for (const char* client : {"C-1", "C-2", "C-3"}) Register(client);
  Publish(Subscribed("C-1", "B-1", "P-1", 30));
  Publish(Subscribed("C-2", "B-2", "P-1", 0));
  Publish(Subscribed("C-1", "B-3", "P-2", 10));
  Publish(Subscribed("C-3", "B-4", "P-2", 20));
  Publish(Delivered("C-3", "B-4", "send", 25));
  Publish(testkit::Draft().Client("C-2").AtMinute(40).With(
      [](Event& event) { event.mutable_service_ended()->set_subscription_id("B-2"); }));
  int64_t total = 0;
  EXPECT_THAT(Subscriptions("clients/-", "", 2, &total, 75),
              ElementsAre("B-2", "B-3 overdue", "B-4", "B-1"))
      << "by date, whatever the state";
  EXPECT_EQ(total, 4);
  EXPECT_THAT(Subscriptions("clients/-", "state = ACTIVE", 0, &total, 85),
              ElementsAre("B-3 overdue", "B-4 overdue", "B-1"));
  EXPECT_THAT(Subscriptions("clients/-", "overdue = true", 0, &total, 85), ElementsAre("B-3 overdue", "B-4 overdue"));
  EXPECT_EQ(total, 2);
  EXPECT_THAT(Subscriptions("clients/C-1"), ElementsAre("B-3", "B-1"));
  EXPECT_THAT(Subscriptions("clients/-", "product_id = P-1"), ElementsAre("B-2", "B-1"));
  EXPECT_THAT(Subscriptions("clients/-", "deviated = true"), ElementsAre("B-4"));
  EXPECT_THAT(Subscriptions("clients/-", "state = ENDED"), ElementsAre("B-2"));
  EXPECT_THAT(Subscriptions("clients/nobody"), IsEmpty());
}

// Records that were merged are one client: what each has, the one client has.
TEST_F(CatalogueServiceTest, WhatMergedRecordsHaveIsListedAsOneClients) {
  Publish(Published(Product("P-1", "晨報")));
  Publish(Published(Product("P-2", "晚報")));
  for (const char* client : {"C-1", "C-2"}) Register(client);
  Publish(Subscribed("C-1", "B-1", "P-1", 30));
  Publish(Subscribed("C-2", "B-2", "P-2", 0));
  Publish(testkit::Merged("C-1", "C-2"));
  for (const char* parent : {"clients/C-1", "clients/C-2"})
    EXPECT_THAT(Subscriptions(parent), ElementsAre("B-2", "B-1")) << parent;
  EXPECT_THAT(Matches("C-1"), ElementsAre("P-1: subscribed", "P-2: subscribed"));
}

TEST_F(CatalogueServiceTest, RequestsThatMakeNoSenseAreRefused) {
  v1::MatchProductsResponse matches;
  ExpectRefused(Match("", true, &matches), grpc::StatusCode::INVALID_ARGUMENT, "NAME_INVALID");
  const auto list = [&](const v1::ListSubscriptionsRequest& request) {
    Patient context;
    v1::ListSubscriptionsResponse response;
    return server_.catalogue->ListSubscriptions(&context, request, &response);
  };
  v1::ListSubscriptionsRequest request;
  request.set_parent("clients/-");
  request.set_filter("overdue = maybe");
  ExpectRefused(list(request), grpc::StatusCode::INVALID_ARGUMENT, "FILTER_INVALID");
  request.set_filter("");
  request.set_page_token("forged");
  ExpectRefused(list(request), grpc::StatusCode::INVALID_ARGUMENT, "PAGE_TOKEN_INVALID");
  request.set_page_token("");
  request.mutable_as_of()->set_nanos(-1);
  ExpectRefused(list(request), grpc::StatusCode::INVALID_ARGUMENT, "TIME_INVALID");
}

}  // namespace
}  // namespace kefu::query

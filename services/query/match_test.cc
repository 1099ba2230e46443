#include "services/query/match.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <random>

#include "platform/base/time.h"

namespace kefu::query {
namespace {

using events::v1::ServiceProductPublished;
using events::v1::SuitabilityPackPublished;
using testing::ElementsAre;

const absl::Time kNow = absl::FromUnixSeconds(1'772'424'000);  // 2026-03-02T04:00:00Z

v1::Reference ItemOf(const ServiceProductPublished& product) {
  v1::Reference item;
  *item.mutable_event()->mutable_service_product_published() = product;
  return item;
}
v1::Reference Alias(const std::string& alias, const std::string& product_id) {
  v1::Reference item;
  item.mutable_event()->mutable_product_alias_published()->set_alias(alias);
  item.mutable_event()->mutable_product_alias_published()->set_product_id(product_id);
  return item;
}
v1::Reference Bundle(const std::string& id, const std::string& scheme, const std::string& segment,
                     const std::vector<std::string>& products, bool withdrawn = false) {
  v1::Reference item;
  auto& bundle = *item.mutable_event()->mutable_bundle_published();
  bundle.set_bundle_id(id);
  bundle.mutable_segment()->set_scheme(scheme);
  bundle.mutable_segment()->set_segment(segment);
  for (const std::string& product : products) bundle.add_product_ids(product);
  bundle.set_withdrawn(withdrawn);
  return item;
}

ServiceProductPublished Product(const std::string& id, const std::string& name = "") {
  ServiceProductPublished product;
  product.set_product_id(id);
  product.set_version(1);
  product.set_name(name.empty() ? "name of " + id : name);
  product.set_kind(events::v1::PRODUCT_KIND_SERVICE);
  return product;
}

// C1 bears R1 and may insist on R2, and so on; the lowest bears R1 and may insist on nothing.
v1::Reference Pack(int32_t version = 1, absl::Time from = absl::UnixEpoch(), int shift = 0) {
  v1::Reference item;
  SuitabilityPackPublished& pack = *item.mutable_event()->mutable_suitability_pack_published();
  pack.set_pack_id("cn.sac");
  pack.set_version(version);
  *pack.mutable_effective_from() = ToProto(from);
  pack.set_assessment_valid_months(24);
  pack.set_professional_is_free(true);
  for (int c = 1; c <= 5; ++c) {
    auto& row = *pack.add_rows();
    row.set_investor_class(static_cast<events::v1::InvestorClass>(c));
    row.set_highest_risk(static_cast<events::v1::RiskLevel>(std::clamp(c - shift, 1, 5)));
    row.set_highest_insisted_risk(static_cast<events::v1::RiskLevel>(std::clamp(c - shift + 1, 1, 5)));
  }
  auto& lowest = *pack.add_rows();
  lowest.set_investor_class(events::v1::INVESTOR_CLASS_C1);
  lowest.set_lowest(true);
  lowest.set_highest_risk(events::v1::RISK_LEVEL_R1);
  return item;
}

events::v1::CalendarDate Day(int year, int month, int day) {
  events::v1::CalendarDate date;
  date.set_year(year);
  date.set_month(month);
  date.set_day(day);
  return date;
}

MatchedClient Client(int investor_class) {
  MatchedClient client;
  client.investor.set_investor_class(static_cast<events::v1::InvestorClass>(investor_class));
  *client.investor.mutable_assessed_on() = Day(2026, 1, 1);
  return client;
}

// "P-1 yes", "P-2 no: assets, suitability".
std::vector<std::string> Verdicts(const Catalogue& catalogue, const MatchedClient& client, absl::Time at = kNow) {
  std::vector<std::string> lines;
  for (const auto& match : MatchProducts(catalogue, client, at)) {
    std::string against;
    for (const auto& reason : match.reasons())
      if (!reason.holds()) against += (against.empty() ? ": " : ", ") + reason.check();
    lines.push_back(match.product_id() + (match.fits() ? " yes" : " no") + against);
  }
  return lines;
}

TEST(FoldedName, NamesAreOneWhateverWayTheyAreWritten) {
  for (const auto& [one, other] : std::vector<std::pair<std::string, std::string>>{
           {"投訴", "投诉"}, {"理財規劃", "理财规划"}, {"VIP 晨报", "ｖｉｐ 晨報"}, {"Wealth Plan", "WEALTH plan"},
           {"  晨報 ", "晨报"}, {"López", "LOPEZ"}})
    EXPECT_EQ(FoldedName(one), FoldedName(other)) << one;
  EXPECT_NE(FoldedName("晨報"), FoldedName("晚報"));
}

TEST(Catalogue, AProductIsFoundByIdNameAliasAndFormerName) {
  Catalogue catalogue;
  ServiceProductPublished renamed = Product("P-1", "晨間快訊");
  renamed.set_version(2);
  for (const auto& item : {ItemOf(Product("P-1", "晨報")), ItemOf(Product("P-2", "Wealth Plan")), ItemOf(renamed),
                           Alias("早報", "P-1"), Alias("Morning News", "P-1"), Alias("早報", "P-1")})
    catalogue.Add(item);
  for (const char* name : {"P-1", "晨間快訊", "晨间快讯", "早报", "ＭＯＲＮＩＮＧ news", "晨报"}) {
    ASSERT_NE(catalogue.Find(name), nullptr) << name;
    EXPECT_EQ(catalogue.Find(name)->product().product_id(), "P-1") << name;
    EXPECT_EQ(catalogue.Find(name)->product().version(), 2) << name;
  }
  EXPECT_THAT(catalogue.Find("P-1")->aliases(), ElementsAre("早報", "Morning News"));
  EXPECT_EQ(catalogue.Find("wealth plan")->product().product_id(), "P-2");
  EXPECT_EQ(catalogue.Find("晚報"), nullptr);
  EXPECT_EQ(catalogue.Find(""), nullptr);
}

TEST(Match, EachCheckAloneKeepsAProductOut) {
  Catalogue catalogue;
  ServiceProductPublished gold = Product("P-1"), rich = Product("P-2"), risky = Product("P-3"), old = Product("P-5");
  gold.add_target_segments()->set_scheme("asset_tier");
  gold.mutable_target_segments(0)->set_segment("gold");
  gold.add_target_segments()->set_scheme("tier");
  gold.mutable_target_segments(1)->set_segment("vip");
  rich.set_least_assets(1000);
  risky.set_risk(events::v1::RISK_LEVEL_R3);
  old.set_withdrawn(true);
  for (const auto& product : {gold, rich, risky, Product("P-4"), old}) catalogue.Add(ItemOf(product));
  catalogue.Add(Pack());

  MatchedClient client = Client(2);
  client.assets = 999;
  client.subscribed.insert("P-4");
  EXPECT_THAT(Verdicts(catalogue, client), ElementsAre("P-1 no: segment", "P-2 no: assets", "P-3 no: suitability",
                                                       "P-4 no: subscribed", "P-5 no: withdrawn"));
  client.assets = 1000;
  client.subscribed.clear();
  client.segments.emplace("tier", "vip");
  client.investor.set_investor_class(events::v1::INVESTOR_CLASS_C3);
  EXPECT_THAT(Verdicts(catalogue, client),
              ElementsAre("P-1 yes", "P-2 yes", "P-3 yes", "P-4 yes", "P-5 no: withdrawn"));
}

TEST(Match, ReasonsSayWhatWasComparedAlsoOfThoseThatFit) {
  Catalogue catalogue;
  ServiceProductPublished product = Product("P-1");
  product.add_target_segments()->set_scheme("asset_tier");
  product.mutable_target_segments(0)->set_segment("gold");
  product.set_risk(events::v1::RISK_LEVEL_R3);
  catalogue.Add(ItemOf(product));
  catalogue.Add(Pack());
  const auto details = [&](const MatchedClient& client) {
    std::vector<std::string> lines;
    const auto matches = MatchProducts(catalogue, client, kNow);
    for (const auto& reason : matches.at(0).reasons())
      lines.push_back(reason.check() + (reason.holds() ? "+ " : "- ") + reason.detail());
    return lines;
  };
  MatchedClient client = Client(2);
  EXPECT_THAT(details(client),
              ElementsAre("segment- only asset_tier = gold", "assets+ from any",
                          "suitability- R3 for C2: unsuitable, may insist", "subscribed+ does not have it",
                          "withdrawn+ open"));
  client = Client(3);
  client.segments.emplace("asset_tier", "gold");
  client.subscribed.insert("P-1");
  EXPECT_THAT(details(client), ElementsAre("segment+ asset_tier = gold", "assets+ from any", "suitability+ R3 for C3",
                                           "subscribed- has it", "withdrawn+ open"));
  EXPECT_EQ(details(MatchedClient()).at(2), "suitability- R3 for a client without a class: assessment_missing");
}

TEST(Match, TheAssessmentHasToBeGoodOnTheDayAndThePackInForce) {
  Catalogue catalogue;
  ServiceProductPublished product = Product("P-1");
  product.set_risk(events::v1::RISK_LEVEL_R3);
  catalogue.Add(ItemOf(product));
  catalogue.Add(Pack(1));
  // Stricter from June on.
  catalogue.Add(Pack(2, absl::FromCivil(absl::CivilDay(2026, 6, 1), absl::UTCTimeZone()), 1));
  MatchedClient client = Client(3);
  EXPECT_THAT(Verdicts(catalogue, client), ElementsAre("P-1 yes"));
  EXPECT_THAT(Verdicts(catalogue, client, absl::FromCivil(absl::CivilDay(2026, 6, 2), absl::UTCTimeZone())),
              ElementsAre("P-1 no: suitability"));
  *client.investor.mutable_valid_until() = Day(2026, 3, 1);
  EXPECT_THAT(Verdicts(catalogue, client), ElementsAre("P-1 no: suitability")) << "expired yesterday";
  *client.investor.mutable_valid_until() = Day(2026, 3, 2);
  EXPECT_THAT(Verdicts(catalogue, client), ElementsAre("P-1 yes")) << "good on its last day";
}

TEST(Match, WhatFitsComesFirstAndOfThatWhatABundleOfTheSegmentHas) {
  Catalogue catalogue;
  for (const char* id : {"P-1", "P-2", "P-3", "P-4"}) catalogue.Add(ItemOf(Product(id)));
  ServiceProductPublished withdrawn = Product("P-0");
  withdrawn.set_withdrawn(true);
  catalogue.Add(ItemOf(withdrawn));
  catalogue.Add(Bundle("gold", "asset_tier", "gold", {"P-4", "P-0"}));
  catalogue.Add(Bundle("gold2", "asset_tier", "gold", {"P-4", "P-2"}));
  catalogue.Add(Bundle("old", "asset_tier", "gold", {"P-1"}, true));
  catalogue.Add(Bundle("silver", "asset_tier", "silver", {"P-3"}));
  MatchedClient client;
  client.segments.emplace("asset_tier", "gold");
  std::vector<std::string> lines;
  for (const auto& match : MatchProducts(catalogue, client, kNow)) lines.push_back(match.product_id() + match.bundle_id());
  EXPECT_THAT(lines, ElementsAre("P-2gold2", "P-4gold", "P-1", "P-3", "P-0gold"));
}

// A second opinion, written from the words of match.h and of the packs.
struct World {
  std::vector<ServiceProductPublished> products;
  SuitabilityPackPublished pack;
};

bool PlainlySuits(const World& world, const v1::InvestorMoment& investor, int risk) {
  if (risk == 0) return true;
  if (world.pack.professional_is_free() && investor.status() == events::v1::INVESTOR_STATUS_PROFESSIONAL) return true;
  if (investor.investor_class() == 0) return false;
  // Assessed in the year's first month, good for so many months: expired or not by whole years here.
  if (investor.assessed_on().year() < 2024) return false;
  int bears = 0;
  for (const auto& row : world.pack.rows())
    if (row.investor_class() == investor.investor_class() && row.lowest() == investor.lowest())
      bears = row.highest_risk();
  return risk <= bears;
}

TEST(MatchProperty, AgreesWithBruteForceOnRandomClientsAndCatalogues) {
  const char* given = std::getenv("KEFU_SEED");
  const uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device()();
  SCOPED_TRACE(testing::Message() << "KEFU_SEED=" << seed);
  std::mt19937_64 random(seed);
  const auto below = [&](int n) { return static_cast<int>(random() % static_cast<uint64_t>(n)); };
  const std::vector<std::pair<std::string, std::string>> segments = {
      {"asset_tier", "gold"}, {"asset_tier", "silver"}, {"tier", "vip"}, {"rfm", "asleep"}};
  int64_t fitting = 0, left_out = 0;
  for (int c = 0; c < 50; ++c) {
    World world;
    Catalogue catalogue;
    const v1::Reference pack = Pack(1, absl::UnixEpoch(), below(2));
    world.pack = pack.event().suitability_pack_published();
    catalogue.Add(pack);
    const int products = 1 + below(30);
    for (int p = 0; p < products; ++p) {
      ServiceProductPublished product = Product(fmt::format("P-{}", p));
      for (int s = below(3); s > 0; --s) {
        const auto& [scheme, segment] = segments[static_cast<size_t>(below(4))];
        auto& target = *product.add_target_segments();
        target.set_scheme(scheme);
        target.set_segment(segment);
      }
      product.set_least_assets(below(3) * 500);
      product.set_risk(static_cast<events::v1::RiskLevel>(below(6)));
      product.set_withdrawn(below(6) == 0);
      world.products.push_back(product);
      catalogue.Add(ItemOf(product));
    }
    for (int k = 0; k < 20; ++k) {
      MatchedClient client;
      for (const auto& segment : segments)
        if (below(2) == 0) client.segments.insert(segment);
      client.assets = below(4) * 400;
      if (below(5) != 0) {
        client.investor.set_investor_class(static_cast<events::v1::InvestorClass>(1 + below(5)));
        client.investor.set_lowest(client.investor.investor_class() == 1 && below(2) == 0);
        *client.investor.mutable_assessed_on() = Day(below(4) == 0 ? 2023 : 2025, 1, 15);
      }
      if (below(8) == 0) client.investor.set_status(events::v1::INVESTOR_STATUS_PROFESSIONAL);
      for (int s = below(4); s > 0; --s) client.subscribed.insert(fmt::format("P-{}", below(products)));

      std::set<std::string> wanted;
      for (const auto& product : world.products) {
        bool targeted = product.target_segments().empty();
        for (const auto& target : product.target_segments())
          for (const auto& [scheme, segment] : client.segments)
            targeted |= target.scheme() == scheme && target.segment() == segment;
        if (targeted && client.assets >= product.least_assets() && !product.withdrawn() &&
            client.subscribed.count(product.product_id()) == 0 && PlainlySuits(world, client.investor, product.risk()))
          wanted.insert(product.product_id());
      }
      std::set<std::string> found;
      const auto matches = MatchProducts(catalogue, client, kNow);
      ASSERT_EQ(matches.size(), world.products.size()) << "none is lost";
      for (const auto& match : matches) {
        EXPECT_EQ(match.reasons_size(), 5);
        if (match.fits()) found.insert(match.product_id());
      }
      EXPECT_EQ(found, wanted);
      fitting += static_cast<int64_t>(found.size());
      left_out += static_cast<int64_t>(matches.size() - found.size());
    }
  }
  EXPECT_GT(fitting, 100);
  EXPECT_GT(left_out, 100);
}

}  // namespace
}  // namespace kefu::query

#include "services/cli/demo/people.h"

#include <fmt/format.h>

#include <array>

#include "platform/base/time.h"
#include "services/cli/demo/history.h"

namespace kefu::cli {
namespace {

using events::v1::ClientRegistered;
using events::v1::ServiceConfiguration;

struct Named {
  std::string_view native;
  std::string_view latin;
};

constexpr std::array<Named, 16> kFamilies = {{{"王", "Wang"},
                                              {"陳", "Chen"},
                                              {"林", "Lin"},
                                              {"張", "Chang"},
                                              {"李", "Li"},
                                              {"黃", "Huang"},
                                              {"吳", "Wu"},
                                              {"劉", "Liu"},
                                              {"蔡", "Tsai"},
                                              {"楊", "Yang"},
                                              {"許", "Hsu"},
                                              {"鄭", "Cheng"},
                                              {"謝", "Hsieh"},
                                              {"郭", "Kuo"},
                                              {"歐陽", "Ouyang"},
                                              {"司徒", "Szeto"}}};
constexpr std::array<Named, 16> kGiven = {{{"雅婷", "Ya-Ting"},
                                           {"家豪", "Chia-Hao"},
                                           {"淑芬", "Shu-Fen"},
                                           {"志明", "Chih-Ming"},
                                           {"怡君", "Yi-Chun"},
                                           {"俊傑", "Chun-Chieh"},
                                           {"美玲", "Mei-Ling"},
                                           {"建宏", "Chien-Hung"},
                                           {"佩珊", "Pei-Shan"},
                                           {"宗翰", "Tsung-Han"},
                                           {"麗華", "Li-Hua"},
                                           {"國強", "Kuo-Chiang"},
                                           {"詩涵", "Shih-Han"},
                                           {"冠宇", "Kuan-Yu"},
                                           {"敏", "Min"},
                                           {"子安", "Tzu-An"}}};
// Simplified characters, as on the mainland.
constexpr std::array<Named, 10> kSimplified = {{{"刘伟", "Liu Wei"},
                                                {"张丽", "Zhang Li"},
                                                {"陈静", "Chen Jing"},
                                                {"杨洋", "Yang Yang"},
                                                {"赵强", "Zhao Qiang"},
                                                {"黄芳", "Huang Fang"},
                                                {"周涛", "Zhou Tao"},
                                                {"吴敏", "Wu Min"},
                                                {"孙丽娜", "Sun Lina"},
                                                {"马超", "Ma Chao"}}};
constexpr std::array<std::string_view, 10> kEnglishGiven = {"Emma",   "Oliver", "Sophie", "James", "Grace",
                                                            "Daniel", "Amelia", "Thomas", "Chloe", "Henry"};
constexpr std::array<std::string_view, 10> kEnglishFamily = {"Clarke", "Bennett", "Foster",  "Hughes", "Marsh",
                                                             "Norton", "Palmer",  "Russell", "Turner", "Webb"};
constexpr std::array<Named, 8> kFirms = {{{"遠山", "Yuanshan"},
                                          {"大同", "Datong"},
                                          {"新海", "Xinhai"},
                                          {"明河", "Minghe"},
                                          {"東昇", "Dongsheng"},
                                          {"禾田", "Hetian"},
                                          {"松風", "Songfeng"},
                                          {"立信", "Lixin"}}};
constexpr std::array<Named, 6> kTrades = {{{"電子股份有限公司", "Electronics Co., Ltd."},
                                           {"貿易有限公司", "Trading Ltd."},
                                           {"食品股份有限公司", "Foods Co., Ltd."},
                                           {"投資顧問有限公司", "Capital Advisors Ltd."},
                                           {"物流股份有限公司", "Logistics Co., Ltd."},
                                           {"生技股份有限公司", "Biotech Co., Ltd."}}};
constexpr std::array<std::string_view, 5> kRoads = {"中山路", "和平路", "民生路", "長安路", "建國路"};

}  // namespace

PersonName MakeName(DemoRandom& random, const Office& office) {
  const int64_t kind = random.Below(10);
  if (kind >= 8) {
    const auto given = random.Pick(kEnglishGiven);
    return {fmt::format("{} {}", given, random.Pick(kEnglishFamily)), ""};
  }
  if (office.country == "CN") {
    const Named& name = random.Pick(kSimplified);
    return {std::string(name.native), std::string(name.latin)};
  }
  const Named& family = random.Pick(kFamilies);
  const Named& given = random.Pick(kGiven);
  return {fmt::format("{}{}", family.native, given.native), fmt::format("{} {}", family.latin, given.latin)};
}

ClientRegistered MakeClient(DemoRandom& random, int64_t number, const Office& office) {
  ClientRegistered client;
  const bool mainland = office.country == "CN";
  const bool organisation = random.Chance(120);
  client.set_kind(organisation ? events::v1::CLIENT_KIND_ORGANISATION : events::v1::CLIENT_KIND_PERSON);
  auto& profile = *client.mutable_profile();
  if (organisation) {
    const Named& firm = random.Pick(kFirms);
    const Named& trade = random.Pick(kTrades);
    client.set_display_name(fmt::format("{}{}", firm.native, trade.native));
    client.add_other_names(fmt::format("{} {}", firm.latin, trade.latin));
    FillOrganisation(random, number, office, &profile);
  } else {
    const PersonName name = MakeName(random, office);
    client.set_display_name(name.display);
    if (!name.latin.empty()) client.add_other_names(name.latin);
    FillPerson(random, office, &profile);
  }
  client.add_account_numbers(fmt::format("{}-{:07}", office.branch_id, number * 10 + random.Below(10)));
  if (random.Chance(300)) client.add_account_numbers(fmt::format("F-{:08}", number * 10 + random.Below(10)));
  client.add_phones(mainland ? fmt::format("+86120{:08}", number) : fmt::format("+886900{:06}", number % 1'000'000));
  SetCode("crm", std::to_string(10'000 + number), client.add_external_ids());
  profile.add_emails(fmt::format("client{}@example.com", number));
  const std::string_view road = random.Pick(kRoads);
  profile.mutable_address()->set_text(fmt::format("{}{} {}", office.city, road, random.Between(1, 300)));
  profile.mutable_address()->set_city(office.city);
  profile.mutable_address()->set_country(office.country);
  profile.set_location(office.city);
  return client;
}

ClientRegistered MakeSecondRecord(const ClientRegistered& first, int64_t number) {
  ClientRegistered client = first;
  // Written in the other script: what was a by-name is now the name.
  if (!first.other_names().empty()) {
    client.set_display_name(first.other_names(0));
    client.set_other_names(0, first.display_name());
  }
  client.clear_account_numbers();
  client.add_account_numbers(fmt::format("W-{:07}", number));
  client.mutable_external_ids(0)->set_value(std::to_string(10'000 + number));
  client.mutable_profile()->clear_investment_needs();
  return client;
}

ServiceConfiguration MakeConfiguration(DemoRandom& random, bool organisation, const Office& office, absl::Time since) {
  static constexpr std::array<events::v1::Channel, 4> kPreferred = {
      events::v1::CHANNEL_PHONE, events::v1::CHANNEL_APP, events::v1::CHANNEL_WECHAT, events::v1::CHANNEL_EMAIL};
  static constexpr std::array<Weighted<const char*>, 3> kTiers = {{{70, "standard"}, {22, "gold"}, {8, "private"}}};
  ServiceConfiguration configuration;
  for (const auto channel : kPreferred)
    if (random.Chance(800)) configuration.add_allowed_channels(channel);
  if (random.Chance(300) && !configuration.allowed_channels().empty())
    configuration.add_allowed_channels(events::v1::CHANNEL_VISIT);
  configuration.set_preferred_channel(random.Pick(kPreferred));
  if (random.Chance(400)) {
    auto& quiet = *configuration.add_quiet_hours();
    quiet.set_from_minute(static_cast<int32_t>(random.Between(40, 44) * 30));
    quiet.set_to_minute(static_cast<int32_t>(random.Between(14, 18) * 30));
  }
  configuration.set_language(random.Chance(120) ? "en" : office.country == "CN" ? "zh-Hans" : "zh-Hant");
  configuration.set_tier(organisation ? "corporate" : Draw(random, kTiers));
  if (random.Chance(350)) configuration.add_subscribed_products("morning-brief");
  if (random.Chance(150)) configuration.add_subscribed_products("price-alerts");
  configuration.set_broker_id(MakeBroker(random));
  const auto consent = [&](std::string_view purpose, bool given) {
    auto& added = *configuration.add_consents();
    added.set_purpose(std::string(purpose));
    added.set_given(given);
    *added.mutable_since() = ToProto(since);
    added.set_text_version("2025-01");
  };
  consent("recording", true);
  consent("marketing", random.Chance(780));
  consent("profiling", random.Chance(600));
  return configuration;
}

events::v1::Attendee MakeCompanion(DemoRandom& random, bool organisation, const Office& office) {
  static constexpr std::array<std::string_view, 3> kFamily = {"spouse", "son", "daughter"};
  static constexpr std::array<std::string_view, 3> kFirm = {"finance director", "treasurer", "chief accountant"};
  events::v1::Attendee companion;
  companion.set_role(std::string(organisation ? random.Pick(kFirm) : random.Pick(kFamily)));
  companion.set_name(MakeName(random, office).display);
  return companion;
}

std::string MakeBroker(DemoRandom& random) { return fmt::format("B-{:02}", random.Between(1, 12)); }
std::string MakeAgent(DemoRandom& random) { return fmt::format("S-{:02}", random.Between(1, 8)); }

}  // namespace kefu::cli

#include "services/cli/demo/people.h"

#include <fmt/format.h>

#include <array>

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
constexpr std::array<std::string_view, 8> kOccupations = {"engineer", "teacher", "nurse",  "shop owner",
                                                          "retired",  "student", "lawyer", "civil servant"};
constexpr std::array<std::string_view, 10> kLikes = {"高爾夫", "古典音樂", "登山", "tea",     "photography",
                                                     "攝影",   "下棋",     "茶道", "cycling", "旅遊"};
constexpr std::array<std::string_view, 5> kCities = {"臺北", "新北", "臺中", "高雄", "臺南"};
constexpr std::array<std::string_view, 4> kObjectives = {"growth", "income", "capital preservation", "hedging"};

void SetName(DemoRandom& random, ClientRegistered* client) {
  const int64_t kind = random.Below(10);
  if (kind < 6) {
    const Named& family = random.Pick(kFamilies);
    const Named& given = random.Pick(kGiven);
    client->set_display_name(fmt::format("{}{}", family.native, given.native));
    client->add_other_names(fmt::format("{} {}", family.latin, given.latin));
  } else if (kind < 8) {
    const Named& name = random.Pick(kSimplified);
    client->set_display_name(std::string(name.native));
    client->add_other_names(std::string(name.latin));
  } else {
    const auto given = random.Pick(kEnglishGiven);
    client->set_display_name(fmt::format("{} {}", given, random.Pick(kEnglishFamily)));
  }
}

void SetPerson(DemoRandom& random, events::v1::ClientProfile* profile) {
  auto& person = *profile->mutable_person();
  auto& born = *person.mutable_born_on();
  born.set_year(static_cast<int32_t>(random.Between(1945, 2003)));
  born.set_month(static_cast<int32_t>(random.Between(1, 12)));
  born.set_day(static_cast<int32_t>(random.Between(1, 28)));
  person.mutable_employment()->set_occupation(std::string(random.Pick(kOccupations)));
  const int64_t likes = random.Below(3);
  const int64_t first = random.Below(static_cast<int64_t>(kLikes.size()));
  for (int64_t i = 0; i < likes; ++i)
    person.add_likes(std::string(kLikes[static_cast<size_t>(first + 3 * i) % kLikes.size()]));
  auto& needs = *profile->mutable_investment_needs();
  needs.add_objectives(std::string(random.Pick(kObjectives)));
  needs.set_horizon_months(static_cast<int32_t>(random.Between(1, 20) * 6));
  needs.set_experience_years(static_cast<int32_t>(random.Below(25)));
  needs.set_trades_per_month(static_cast<int32_t>(random.Below(30)));
}

void SetOrganisation(DemoRandom& random, int64_t number, ClientRegistered* client) {
  const Named& firm = random.Pick(kFirms);
  const Named& trade = random.Pick(kTrades);
  client->set_display_name(fmt::format("{}{}", firm.native, trade.native));
  client->add_other_names(fmt::format("{} {}", firm.latin, trade.latin));
  auto& organisation = *client->mutable_profile()->mutable_organisation();
  organisation.set_legal_form("company limited by shares");
  organisation.set_registration_number(fmt::format("000{:05}", number));
  organisation.set_tax_residence("TW");
  auto& officer = *organisation.add_authorised_persons();
  const Named& family = random.Pick(kFamilies);
  officer.set_name(fmt::format("{}{}", family.native, random.Pick(kGiven).native));
  officer.set_role("authorised trader");
}

}  // namespace

ClientRegistered MakeClient(DemoRandom& random, int64_t number) {
  ClientRegistered client;
  const bool organisation = random.Chance(120);
  client.set_kind(organisation ? events::v1::CLIENT_KIND_ORGANISATION : events::v1::CLIENT_KIND_PERSON);
  auto& profile = *client.mutable_profile();
  if (organisation) {
    SetOrganisation(random, number, &client);
  } else {
    SetName(random, &client);
    SetPerson(random, &profile);
  }
  client.add_account_numbers(fmt::format("0001-{:07}", number * 10 + random.Below(10)));
  if (random.Chance(300)) client.add_account_numbers(fmt::format("F-{:08}", number * 10 + random.Below(10)));
  client.add_phones(fmt::format("+886900{:06}", number % 1'000'000));
  auto& external = *client.add_external_ids();
  external.set_scheme("crm");
  external.set_value(std::to_string(10'000 + number));
  profile.add_emails(fmt::format("client{}@example.com", number));
  profile.mutable_address()->set_city(std::string(random.Pick(kCities)));
  profile.mutable_address()->set_country("TW");
  return client;
}

ServiceConfiguration MakeConfiguration(DemoRandom& random, bool organisation) {
  static constexpr std::array<events::v1::Channel, 4> kPreferred = {
      events::v1::CHANNEL_PHONE, events::v1::CHANNEL_APP, events::v1::CHANNEL_WECHAT, events::v1::CHANNEL_EMAIL};
  static constexpr std::array<Weighted<const char*>, 3> kTiers = {{{70, "standard"}, {22, "gold"}, {8, "private"}}};
  static constexpr std::array<Weighted<const char*>, 3> kLanguages = {{{70, "zh-Hant"}, {18, "zh-Hans"}, {12, "en"}}};
  ServiceConfiguration configuration;
  for (const auto channel : kPreferred)
    if (random.Chance(800)) configuration.add_allowed_channels(channel);
  configuration.set_preferred_channel(random.Pick(kPreferred));
  if (random.Chance(400)) {
    auto& quiet = *configuration.add_quiet_hours();
    quiet.set_from_minute(static_cast<int32_t>(random.Between(40, 44) * 30));
    quiet.set_to_minute(static_cast<int32_t>(random.Between(14, 18) * 30));
  }
  configuration.set_language(Draw(random, kLanguages));
  configuration.set_tier(organisation ? "corporate" : Draw(random, kTiers));
  if (random.Chance(350)) configuration.add_subscribed_products("morning-brief");
  if (random.Chance(150)) configuration.add_subscribed_products("price-alerts");
  configuration.set_broker_id(MakeBroker(random));
  auto& consent = *configuration.add_consents();
  consent.set_purpose("recording");
  consent.set_given(true);
  consent.set_text_version("2025-01");
  return configuration;
}

std::string MakeBroker(DemoRandom& random) { return fmt::format("B-{:02}", random.Between(1, 12)); }
std::string MakeAgent(DemoRandom& random) { return fmt::format("S-{:02}", random.Between(1, 8)); }

}  // namespace kefu::cli

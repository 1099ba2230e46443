#include <fmt/format.h>

#include <array>

#include "services/cli/demo/history.h"
#include "services/cli/demo/people.h"

namespace kefu::cli {

namespace {

using events::v1::AuthorisedPerson;
using events::v1::ClientProfile;
using events::v1::Money;

struct Job {
  std::string_view occupation;
  std::string_view industry;
  std::string_view employer;
};

constexpr std::array<Job, 9> kJobs = {{{"engineer", "semiconductors", "明河電子"},
                                       {"teacher", "education", "市立第一中學"},
                                       {"nurse", "health", "仁愛醫院"},
                                       {"shop owner", "retail", ""},
                                       {"retired", "", ""},
                                       {"student", "education", ""},
                                       {"lawyer", "law", "Norton & Partners"},
                                       {"civil servant", "administration", ""},
                                       {"sales manager", "trade", "新海貿易"}}};
constexpr std::array<std::string_view, 4> kPositions = {"employee", "manager", "director", "owner"};
constexpr std::array<std::string_view, 4> kSchools = {"secondary", "bachelor", "master", "doctorate"};
constexpr std::array<std::string_view, 10> kLikes = {"高爾夫", "古典音樂", "登山", "tea",     "photography",
                                                     "攝影",   "下棋",     "茶道", "cycling", "旅遊"};
constexpr std::array<std::string_view, 6> kDrivers = {"fees before service",   "advice of a brother", "聽鄰居的建議",
                                                      "only what pays yearly", "看網路論壇",          "trusts the broker"};
constexpr std::array<std::string_view, 4> kObjectives = {"growth", "income", "capital preservation", "hedging"};
constexpr std::array<std::string_view, 5> kInstruments = {"equity", "fund", "bond", "etf", "option"};
constexpr std::array<std::string_view, 3> kLiquidity = {"daily", "months", "years"};
constexpr std::array<std::string_view, 4> kTrades = {"manufacturing", "wholesale", "logistics", "investment"};

void SetAmount(const Office& office, int64_t minor_units, Money* money) {
  money->set_minor_units(minor_units);
  money->set_currency(office.currency);
}

void FillNeeds(DemoRandom& random, ClientProfile* profile) {
  auto& needs = *profile->mutable_investment_needs();
  needs.add_objectives(std::string(random.Pick(kObjectives)));
  needs.set_horizon_months(static_cast<int32_t>(random.Between(1, 20) * 6));
  needs.set_experience_years(static_cast<int32_t>(random.Below(25)));
  needs.set_trades_per_month(static_cast<int32_t>(random.Below(30)));
  const auto wanted = static_cast<size_t>(random.Below(static_cast<int64_t>(kInstruments.size())));
  needs.add_instruments(std::string(kInstruments[wanted]));
  if (random.Chance(400)) needs.add_instruments(std::string(kInstruments[(wanted + 2) % kInstruments.size()]));
  if (random.Chance(350)) needs.add_exclusions(std::string(kInstruments[(wanted + 4) % kInstruments.size()]));
  needs.set_liquidity(std::string(random.Pick(kLiquidity)));
  needs.set_expected_return_bp(static_cast<int32_t>(random.Between(4, 30) * 25));
}

// Grows or shrinks by up to 15 in a hundred a year; oldest first.
void FillFinancials(DemoRandom& random, const Office& office, events::v1::OrganisationProfile* organisation) {
  int64_t revenue = random.Between(20, 4'000) * 100'000'000;
  for (int32_t year = 2022; year <= 2024; ++year) {
    auto& told = *organisation->add_financials();
    told.set_year(year);
    SetAmount(office, revenue * random.Between(60, 140) / 100, told.mutable_assets());
    SetAmount(office, told.assets().minor_units() * random.Between(30, 75) / 100, told.mutable_liabilities());
    SetAmount(office, revenue, told.mutable_revenue());
    SetAmount(office, revenue * random.Between(-3, 14) / 100, told.mutable_net_profit());
    told.set_audited(year < 2024 || random.Chance(700));
    revenue = revenue * random.Between(85, 115) / 100;
  }
}

void FillOfficers(DemoRandom& random, int64_t number, const Office& office,
                  events::v1::OrganisationProfile* organisation) {
  const auto add = [&](std::string_view role) -> AuthorisedPerson& {
    auto& person = *organisation->add_authorised_persons();
    person.set_name(MakeName(random, office).display);
    person.set_role(std::string(role));
    return person;
  };
  auto& representative = add("legal representative");
  representative.add_powers("sign");
  auto& trader = add("authorised trader");
  trader.add_powers("trade");
  trader.set_phone(fmt::format("+886901{:06}", number % 1'000'000));
  SetAmount(office, random.Between(1, 50) * 100'000'000, trader.mutable_limit());
  SetDate(absl::CivilDay(2025, 1, 1), trader.mutable_valid_from());
  SetDate(absl::CivilDay(2027, 12, 31), trader.mutable_valid_until());
  if (random.Chance(500)) {
    auto& treasurer = add("treasurer");
    treasurer.add_powers("withdraw");
    treasurer.add_powers("sign");
  }
}

}  // namespace

void FillPerson(DemoRandom& random, const Office& office, ClientProfile* profile) {
  auto& person = *profile->mutable_person();
  const int64_t year = random.Between(1945, 2003);
  const int64_t month = random.Between(1, 12);
  SetDate(absl::CivilDay(year, month, random.Between(1, 28)), person.mutable_born_on());
  person.set_identity_number(fmt::format("DEMO{:08}", random.Below(100'000'000)));
  const Job& job = random.Pick(kJobs);
  auto& employment = *person.mutable_employment();
  employment.set_occupation(std::string(job.occupation));
  employment.set_industry(std::string(job.industry));
  employment.set_employer(std::string(job.employer));
  if (!job.employer.empty()) employment.set_position(std::string(random.Pick(kPositions)));
  SetDate(absl::CivilDay(random.Between(2004, 2024), 3, 1), employment.mutable_since());
  const int64_t likes = random.Below(3);
  const int64_t first = random.Below(static_cast<int64_t>(kLikes.size()));
  for (int64_t i = 0; i < likes; ++i)
    person.add_likes(std::string(kLikes[static_cast<size_t>(first + 3 * i) % kLikes.size()]));
  if (random.Chance(500)) person.add_choice_drivers(std::string(random.Pick(kDrivers)));
  const int64_t income = random.Between(4, 60) * 10'000'000;
  SetAmount(office, income, person.mutable_income());
  SetAmount(office, income * random.Between(1, 30), person.mutable_net_worth());
  person.set_education(std::string(random.Pick(kSchools)));
  person.set_tax_residence(random.Chance(40) ? "US" : office.country);
  FillNeeds(random, profile);
}

void FillOrganisation(DemoRandom& random, int64_t number, const Office& office, ClientProfile* profile) {
  auto& organisation = *profile->mutable_organisation();
  organisation.set_legal_form("company limited by shares");
  organisation.set_registration_number(fmt::format("000{:05}", number));
  organisation.set_industry(std::string(random.Pick(kTrades)));
  organisation.set_tax_residence(office.country);
  organisation.set_tax_number(fmt::format("DEMO-{:08}", number));
  organisation.set_tax_status(random.Chance(800) ? "general taxpayer" : "small-scale taxpayer");
  FillFinancials(random, office, &organisation);
  FillOfficers(random, number, office, &organisation);
  const auto add_unit = [&](std::string_view id, std::string_view parent, std::string_view name) {
    auto& unit = *organisation.add_structure();
    unit.set_unit_id(std::string(id));
    unit.set_parent_unit_id(std::string(parent));
    unit.set_name(std::string(name));
    return &unit;
  };
  add_unit("board", "", "董事會");
  auto& contact = *add_unit("finance", "board", "財務部")->add_contact_persons();
  contact.set_name(MakeName(random, office).display);
  contact.set_role("finance director");
  if (random.Chance(500)) add_unit("treasury", "finance", "資金科");
  FillNeeds(random, profile);
}

}  // namespace kefu::cli

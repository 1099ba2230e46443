#include "platform/testkit/recommendation_history.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <random>
#include <utility>

#include "platform/base/time.h"
#include "platform/testkit/events.h"

namespace kefu::testkit {

namespace {

using absl::CivilDay;
using events::v1::Event;
using events::v1::SuitabilityPackPublished;

constexpr int kProducts = 40;
constexpr int kBoundaryEvery = 50;

// Branch days, written here once more: the truth is not to come from the code that is tested.
absl::Time StartOf(CivilDay day) { return absl::FromCivil(day, absl::UTCTimeZone()) - absl::Hours(8); }
CivilDay DayOf(absl::Time time) { return absl::ToCivilDay(time + absl::Hours(8), absl::UTCTimeZone()); }

events::v1::CalendarDate Date(CivilDay day) {
  events::v1::CalendarDate date;
  date.set_year(static_cast<int>(day.year()));
  date.set_month(day.month());
  date.set_day(day.day());
  return date;
}

const CivilDay kFirstDay(2023, 1, 2);
const CivilDay kSecondPackDay(2024, 7, 1);
const CivilDay kLastDay(2025, 12, 31);

// What it is about a wrong recommendation; as many boundary cases that are right lie beside them.
enum class Wrong {
  kBeyondClass,
  kNeverAssessed,
  kLastDayPassed,
  kMonthsPassed,
  kNoEvidence,
  kLowestInsists,
  kNoProfessionalAnyMore,
  kGradedUp,
  kBeforeThePack,
  kNoSuchProduct,
  kEnd,
};

class Maker {
 public:
  Maker(const RecommendationHistoryOptions& options, const std::function<void(const Event&)>& event,
        const std::function<void(const RecommendationTruth&)>& truth)
      : options_(options), tell_(event), tell_truth_(truth), random_(options.seed) {}

  void Make() {
    Publish(1);
    // Two of each level are never graded again, so there is always something that fits.
    for (int p = 0; p < kProducts; ++p) Grade(fmt::format("P-{}", p), p % 5 + 1);
    for (int c = 0; c < options_.clients; ++c) clients_.push_back({.client_id = fmt::format("C-{}", c)});
    const absl::Duration step = (StartOf(kLastDay) - StartOf(kFirstDay)) / std::max(options_.recommendations, 1);
    int wrong = 0;
    for (int i = 0; i < options_.recommendations; ++i) {
      // Not before the first day's end: what is told late must find the pack in force.
      now_ = StartOf(kFirstDay) + absl::Hours(24) + step * i;
      if (!second_ && now_ >= StartOf(kSecondPackDay)) Publish(2);
      if (Chance(1, 400)) Grade(fmt::format("P-{}", 10 + Below(kProducts - 10)), 1 + Below(5));
      if (Chance(1, 4)) Assess(clients_[Below(options_.clients)], now_, 1 + Below(5), Chance(1, 4));
      if (Chance(1, 40)) Classify(clients_[Below(options_.clients)]);
      // Evenly, so that the last one is made at the end at the latest.
      if (options_.wrong > 0 && static_cast<int64_t>(i + 1) * options_.wrong / options_.recommendations > wrong) {
        MakeWrong(static_cast<Wrong>(wrong % static_cast<int>(Wrong::kEnd)));
        ++wrong;
      } else if (i % kBoundaryEvery == 0) {
        MakeBoundary(i / kBoundaryEvery % 4);
      } else {
        MakeRight(clients_[Below(options_.clients)]);
      }
    }
  }

 private:
  using Investor = RecommendationTruth;
  struct Product {
    int version = 0;
    int level = 0;
  };

  int Below(int n) { return static_cast<int>(random_() % static_cast<uint64_t>(n)); }
  bool Chance(int one, int in) { return Below(in) < one; }

  Event Begin(const std::string& client_id, absl::Time at) {
    Event event;
    event.set_event_id(fmt::format("r{}-{}", options_.seed, ++number_));
    event.set_client_id(client_id);
    event.set_source("test");
    *event.mutable_occurred_at() = ToProto(at);
    return event;
  }

  void Publish(int version) {
    second_ = version == 2;
    Event event = Begin("", RecommendationPackStart(version));
    *event.mutable_suitability_pack_published() = RecommendationPack(version);
    tell_(event);
  }
  void Grade(const std::string& id, int level) {
    Product& product = products_[id];
    product = {product.version + 1, level};
    Event event = Begin("", now_);
    auto& body = *event.mutable_service_product_published();
    body.set_product_id(id);
    body.set_version(product.version);
    body.set_name("product " + id);
    body.set_kind(events::v1::PRODUCT_KIND_INSTRUMENT);
    body.set_risk(static_cast<events::v1::RiskLevel>(level));
    tell_(event);
  }
  void Assess(Investor& client, absl::Time at, int investor_class, bool own_end,
              std::optional<CivilDay> valid_until = {}, bool lowest = false) {
    client.investor_class = investor_class;
    client.lowest = investor_class == 1 && (lowest || Chance(1, 3));
    client.assessed = DayOf(at);
    client.valid_until = own_end ? std::optional(DayOf(at) + 30 + Below(400)) : valid_until;
    Event event = Begin(client.client_id, at);
    auto& body = *event.mutable_risk_assessed();
    body.set_assessment_id(fmt::format("A-{}", number_));
    body.set_investor_class(static_cast<events::v1::InvestorClass>(client.investor_class));
    body.set_lowest(client.lowest);
    if (client.valid_until) *body.mutable_valid_until() = Date(*client.valid_until);
    tell_(event);
  }
  void Classify(Investor& client, std::optional<CivilDay> until = {}) {
    client.professional = until.has_value() || Chance(2, 3);
    client.professional_until = until ? until
                                : client.professional && Chance(1, 2)
                                    ? std::optional(DayOf(now_) + Below(300))
                                    : std::nullopt;
    Event event = Begin(client.client_id, now_);
    auto& body = *event.mutable_investor_classified();
    body.set_status(client.professional ? events::v1::INVESTOR_STATUS_PROFESSIONAL
                                        : events::v1::INVESTOR_STATUS_ORDINARY);
    if (client.professional_until) *body.mutable_valid_until() = Date(*client.professional_until);
    tell_(event);
  }

  int Months() const { return second_ ? 12 : 24; }
  CivilDay LastDay(const Investor& client) const {
    if (client.valid_until) return *client.valid_until;
    const absl::CivilMonth month = absl::CivilMonth(client.assessed) + Months();
    return std::min(CivilDay(month.year(), month.month(), 1) + (client.assessed.day() - 1), CivilDay(month + 1) - 1);
  }
  bool IsFree(const Investor& client) const {
    return client.professional && (!client.professional_until || *client.professional_until >= DayOf(now_));
  }

  // One whom nothing is known of.
  Investor Stranger() { return {.client_id = fmt::format("W-{}", ++strangers_)}; }

  void Recommend(const Investor& client, const std::string& product_id, bool insists, std::string rule,
                 bool evidence = true, std::optional<absl::Time> at = {}) {
    const absl::Time made = at.value_or(now_);
    RecommendationTruth truth = client;
    truth.id = fmt::format("R-{}", ++recommendations_);
    truth.product_id = product_id;
    if (const auto product = products_.find(product_id); product != products_.end()) {
      truth.level = product->second.level;
      truth.product_version = product->second.version;
    }
    truth.day = DayOf(made);
    truth.pack_version = made < RecommendationPackStart(1) ? 0 : second_ ? 2 : 1;
    truth.insisted = insists;
    truth.evidence = insists && evidence;
    truth.rule = std::move(rule);
    Event event = Begin(client.client_id, made);
    event.set_branch_id(fmt::format("000{}", 1 + recommendations_ % 3));
    auto& body = *event.mutable_recommendation_made();
    body.set_recommendation_id(truth.id);
    body.set_product_id(product_id);
    body.set_staff_id(fmt::format("S-{}", recommendations_ % 20));
    if (insists) {
      body.mutable_insisted()->set_text_version("w-1");
      *body.mutable_insisted()->mutable_warned_at() = ToProto(made - absl::Minutes(3));
      if (evidence) body.mutable_insisted()->add_evidence()->set_uri(fmt::format("recordings/{}", number_));
    }
    tell_(event);
    tell_truth_(truth);
  }

  std::string ProductOf(int level) const { return fmt::format("P-{}", level - 1); }

  void MakeRight(Investor& client) {
    if (!IsFree(client) && (client.investor_class == 0 || LastDay(client) < DayOf(now_)))
      Assess(client, now_, 1 + Below(5), false);
    const std::string product_id = fmt::format("P-{}", Below(kProducts));
    const int level = products_[product_id].level;
    const int bears = client.investor_class;
    if (IsFree(client) || level <= bears) return Recommend(client, product_id, false, "");
    const int most = client.lowest ? 0 : second_ ? bears + 1 : 5;
    if (level <= most) return Recommend(client, product_id, true, "");
    Recommend(client, ProductOf(1 + Below(bears)), false, "");
  }

  // Right by a hair: on the last day itself, or before the product is graded up.
  void MakeBoundary(int kind) {
    Investor client = Stranger();
    const CivilDay today = DayOf(now_);
    if (kind == 0) {
      Assess(client, now_ - absl::Hours(24 * 20), 3, false, today);
      Recommend(client, ProductOf(3), false, "");
    } else if (kind == 1) {
      Assess(client, StartOf(MonthsBefore(today)), 3, false);
      // A day that the other month does not have: the last day was sooner.
      if (LastDay(client) < today) Assess(client, now_, 3, false);
      Recommend(client, ProductOf(3), false, "");
    } else if (kind == 2) {
      Classify(client, today);
      Recommend(client, ProductOf(5), false, "");
    } else {
      const std::string product_id = fmt::format("B-{}", strangers_);
      Grade(product_id, 3);
      Assess(client, now_, 3, false);
      Recommend(client, product_id, false, "");
      Grade(product_id, 4);
    }
  }
  CivilDay MonthsBefore(CivilDay day) const {
    const absl::CivilMonth month = absl::CivilMonth(day) - Months();
    return CivilDay(month.year(), month.month(), day.day());
  }

  void MakeWrong(Wrong kind) {
    Investor client = Stranger();
    const CivilDay today = DayOf(now_);
    switch (kind) {
      case Wrong::kBeyondClass:
        Assess(client, now_, 2, false);
        return Recommend(client, ProductOf(3 + Below(3)), false, "unsuitable");
      case Wrong::kNeverAssessed:
        return Recommend(client, ProductOf(1), false, "assessment_missing");
      case Wrong::kLastDayPassed:
        Assess(client, now_ - absl::Hours(24 * 20), 5, false, today - 1);
        return Recommend(client, ProductOf(1), false, "assessment_expired");
      case Wrong::kMonthsPassed:
        Assess(client, StartOf(MonthsBefore(today) - 1), 5, false);
        return Recommend(client, ProductOf(1), false, "assessment_expired");
      case Wrong::kNoEvidence:
        Assess(client, now_, 3, false);
        return Recommend(client, ProductOf(4), true, "warning_without_evidence", false);
      case Wrong::kLowestInsists:
        Assess(client, now_, 1, false, {}, true);
        return Recommend(client, ProductOf(2), true, "insisting_not_allowed");
      case Wrong::kNoProfessionalAnyMore:
        Assess(client, now_, 2, false);
        Classify(client, today - 1);
        return Recommend(client, ProductOf(5), false, "unsuitable");
      case Wrong::kGradedUp: {
        const std::string product_id = fmt::format("G-{}", strangers_);
        Grade(product_id, 3);
        Assess(client, now_, 3, false);
        Grade(product_id, 4);
        return Recommend(client, product_id, false, "unsuitable");
      }
      case Wrong::kBeforeThePack: {
        const absl::Time before = RecommendationPackStart(1) - absl::Seconds(1);
        Assess(client, before, 5, false);
        return Recommend(client, ProductOf(1), false, "suitability_pack_missing", true, before);
      }
      case Wrong::kNoSuchProduct:
        Assess(client, now_, 5, false);
        return Recommend(client, fmt::format("nothing-{}", strangers_), false, "product_unknown");
      case Wrong::kEnd:
        break;
    }
  }

  const RecommendationHistoryOptions options_;
  const std::function<void(const Event&)>& tell_;
  const std::function<void(const RecommendationTruth&)>& tell_truth_;
  std::mt19937_64 random_;
  absl::Time now_ = StartOf(kFirstDay);
  bool second_ = false;
  int number_ = 0;
  int recommendations_ = 0;
  int strangers_ = 0;
  std::vector<Investor> clients_;
  std::map<std::string, Product> products_;
};

}  // namespace

absl::Time RecommendationPackStart(int version) { return StartOf(version == 1 ? kFirstDay : kSecondPackDay); }

SuitabilityPackPublished RecommendationPack(int version) {
  SuitabilityPackPublished pack;
  pack.set_pack_id(kRecommendationPack);
  pack.set_version(version);
  *pack.mutable_effective_from() = ToProto(RecommendationPackStart(version));
  pack.set_title("matrix of the tests");
  pack.set_assessment_valid_months(version == 1 ? 24 : 12);
  pack.set_professional_is_free(true);
  for (int level = 0; level <= 5; ++level) {
    auto& row = *pack.add_rows();
    row.set_lowest(level == 0);
    row.set_investor_class(static_cast<events::v1::InvestorClass>(std::max(level, 1)));
    row.set_highest_risk(static_cast<events::v1::RiskLevel>(std::max(level, 1)));
    if (level == 0) continue;
    row.set_highest_insisted_risk(
        static_cast<events::v1::RiskLevel>(version == 1 ? 5 : std::min(level + 1, 5)));
  }
  return pack;
}

void MakeRecommendationHistory(const RecommendationHistoryOptions& options,
                               const std::function<void(const Event&)>& event,
                               const std::function<void(const RecommendationTruth&)>& truth) {
  Maker(options, event, truth).Make();
}

}  // namespace kefu::testkit

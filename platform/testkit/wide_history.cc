#include "platform/testkit/wide_history.h"

#include <absl/time/civil_time.h>

#include <array>
#include <random>
#include <string>

#include "platform/base/time.h"
#include "platform/testkit/events.h"

namespace kefu::testkit {
namespace {

using events::v1::Event;

constexpr std::array kClocks = {"uk.fca.disp/final_response", "us.finra.4530/report", "firm.service/answer"};
constexpr std::array kCurrencies = {"CNY", "CNY", "CNY", "USD"};
constexpr std::array kTiers = {"", "gold", "silver", "platinum"};
constexpr std::array kCauses = {"system", "advice", "staff"};
constexpr std::array kProducts = {"", "fund-7", "margin"};

class Widener {
 public:
  explicit Widener(const HistoryOptions& options)
      : options_(options), random_(options.seed * 7919 + 17), number_(0) {}

  std::vector<Event> Write() {
    HistoryOptions narrow = options_;
    narrow.events = options_.events * 2 / 3;
    std::vector<Event> wide;
    wide.reserve(static_cast<size_t>(options_.events));
    const std::vector<Event> history = RandomHistory(narrow);
    for (size_t i = 0; i < history.size(); ++i) {
      Event event = history[i];
      now_ = FromProto(event.occurred_at());
      // A repeat of an earlier event stays one.
      if (event.event_id().ends_with("7")) Enrich(event);
      Remember(event);
      wide.push_back(std::move(event));
      const size_t wanted = (i + 1) * static_cast<size_t>(options_.events) / history.size();
      while (wide.size() < wanted) wide.push_back(Another());
    }
    return wide;
  }

 private:
  struct Run {
    std::string case_id, client, clock;
    int run = 0;
    absl::Time started;
  };
  struct Undertaking {
    std::string id, client;
    bool is_promise = false;
  };

  uint64_t Below(uint64_t bound) { return random_() % bound; }
  bool Chance(int percent) { return Below(100) < static_cast<uint64_t>(percent); }
  template <class List>
  auto OneOf(const List& list) {
    return list[Below(list.size())];
  }
  template <class List>
  auto Take(List& list) {
    const size_t at = Below(list.size());
    auto taken = list[at];
    list.erase(list.begin() + static_cast<std::ptrdiff_t>(at));
    return taken;
  }
  std::string SomeClient() { return "C-" + std::to_string(Below(static_cast<uint64_t>(options_.clients))); }

  // What the plain history does not say. By the event's own id, so that a repeat says the same.
  static void Enrich(Event& event) {
    const size_t number = event.event_id().size() + static_cast<size_t>(event.event_id()[event.event_id().size() - 2]);
    if (event.has_case_resolved()) {
      auto& resolved = *event.mutable_case_resolved();
      resolved.mutable_root_cause()->set_scheme("kefu.cause");
      resolved.mutable_root_cause()->set_value(kCauses[number % kCauses.size()]);
      resolved.mutable_redress()->set_currency(kCurrencies[number % kCurrencies.size()]);
      resolved.mutable_redress()->set_minor_units(static_cast<int64_t>(number) * 100);
    }
    if (event.has_contact_recorded())
      event.mutable_contact_recorded()->mutable_duration()->set_seconds(static_cast<int64_t>(number));
    if (event.has_complaint_received())
      event.mutable_complaint_received()->mutable_opening()->set_product_id(kProducts[number % kProducts.size()]);
    if (event.has_offer_progressed())
      event.mutable_offer_progressed()->set_product_id(kProducts[number % kProducts.size()]);
  }

  void Remember(const Event& event) {
    if (event.has_complaint_received()) cases_.emplace_back(event.complaint_received().case_id(), event.client_id());
    if (event.has_service_request_opened())
      cases_.emplace_back(event.service_request_opened().case_id(), event.client_id());
  }

  Event Another() {
    Draft draft = Made();
    if (Chance(70)) draft.Branch("000" + std::to_string(Below(5)));
    draft.At(now_ + absl::Seconds(Below(3600)));
    ++number_;
    return Finish(draft.Id("w" + std::to_string(options_.seed) + "-" + std::to_string(number_)), number_);
  }

  Draft Made() {
    switch (Below(8)) {
      case 0:
      case 1:
        return undertakings_.empty() || Chance(55) ? Undertake() : Settle();
      case 2:
        return Rate();
      case 3:
      case 4:
        return Trade();
      case 5:
        return Classify();
      default:
        if (cases_.empty()) return Rate();
        return runs_.empty() || Chance(50) ? StartClock() : EndClock();
    }
  }

  Draft Undertake() {
    const Undertaking made{"W-" + std::to_string(number_), SomeClient(), Chance(50)};
    undertakings_.push_back(made);
    const auto due = ToProto(now_ + absl::Hours(static_cast<int64_t>(1 + Below(72))));
    return Draft().Client(made.client).With([&](Event& event) {
      if (made.is_promise) {
        event.mutable_promise_made()->set_promise_id(made.id);
        event.mutable_promise_made()->set_owner_id("S-1");
        if (Chance(80)) *event.mutable_promise_made()->mutable_due_at() = due;
      } else {
        event.mutable_call_back_planned()->set_call_back_id(made.id);
        event.mutable_call_back_planned()->set_team("T-1");
        *event.mutable_call_back_planned()->mutable_due_at() = due;
      }
    });
  }

  Draft Settle() {
    const Undertaking one = Take(undertakings_);
    return Draft().Client(one.client).With([&](Event& event) {
      const bool done = Chance(75);
      if (one.is_promise && done) event.mutable_promise_kept()->set_promise_id(one.id);
      if (one.is_promise && !done) event.mutable_promise_released()->set_promise_id(one.id);
      if (!one.is_promise && done) event.mutable_call_back_done()->set_call_back_id(one.id);
      if (!one.is_promise && !done) event.mutable_call_back_cancelled()->set_call_back_id(one.id);
    });
  }

  Draft Rate() {
    const bool about_case = !cases_.empty() && Chance(50);
    const auto [case_id, client] = about_case ? OneOf(cases_) : std::pair<std::string, std::string>("", SomeClient());
    return Draft().Client(client).With([&, case_id = case_id](Event& event) {
      auto& rated = *event.mutable_satisfaction_rated();
      rated.set_case_id(case_id);
      rated.set_scale(Chance(60) ? events::v1::SATISFACTION_SCALE_CSAT : events::v1::SATISFACTION_SCALE_NPS);
      const bool csat = rated.scale() == events::v1::SATISFACTION_SCALE_CSAT;
      rated.set_score(static_cast<int32_t>(csat ? 1 + Below(5) : Below(11)));
    });
  }

  Draft Trade() {
    return Draft().Client(SomeClient()).With([&](Event& event) {
      auto& summary = *event.mutable_trading_day_summarised();
      // Of few days, so that some are told again.
      const absl::CivilDay day = absl::ToCivilDay(now_, absl::UTCTimeZone()) - static_cast<int64_t>(Below(3));
      summary.mutable_day()->set_year(static_cast<int32_t>(day.year()));
      summary.mutable_day()->set_month(day.month());
      summary.mutable_day()->set_day(day.day());
      summary.set_trades(static_cast<int32_t>(Below(20)));
      summary.mutable_turnover()->set_currency(OneOf(kCurrencies));
      summary.mutable_turnover()->set_minor_units(static_cast<int64_t>(Below(5'000'000)));
    });
  }

  Draft Classify() {
    return Draft().Client(SomeClient()).With([&](Event& event) {
      auto& classified = *event.mutable_client_classified();
      classified.set_scheme(Chance(80) ? "asset_tier" : "churn_risk");
      classified.set_rules_version(1);
      classified.set_segment(OneOf(kTiers));
      *classified.mutable_as_of() = ToProto(now_);
    });
  }

  Draft StartClock() {
    const auto [case_id, client] = OneOf(cases_);
    const Run run{case_id, client, OneOf(kClocks), static_cast<int>(number_ % 900), now_};
    runs_.push_back(run);
    return Draft().Client(run.client).With([&](Event& event) {
      auto& started = *event.mutable_clock_started();
      started.set_case_id(run.case_id);
      started.set_clock_id(run.clock);
      started.set_run(run.run);
      *started.mutable_started_at() = ToProto(run.started);
      *started.mutable_due_at() = ToProto(run.started + absl::Hours(48));
    });
  }

  Draft EndClock() {
    const uint64_t how = Below(6);
    // A breached one may still be met.
    const Run run = how == 0 ? OneOf(runs_) : Take(runs_);
    return Draft().Client(run.client).With([&](Event& event) {
      const auto fill = [&](auto& body) {
        body.set_case_id(run.case_id);
        body.set_clock_id(run.clock);
        body.set_run(run.run);
      };
      if (how == 0) {
        fill(*event.mutable_clock_breached());
        *event.mutable_clock_breached()->mutable_due_at() = ToProto(run.started + absl::Hours(48));
      } else if (how == 1) {
        fill(*event.mutable_clock_dropped());
        *event.mutable_clock_dropped()->mutable_dropped_at() = ToProto(now_);
      } else {
        auto& met = *event.mutable_clock_met();
        fill(met);
        *met.mutable_met_at() = ToProto(now_);
        met.set_late(how == 2);
        met.set_retracts_breach(how == 3);
      }
    });
  }

  const HistoryOptions options_;
  std::mt19937_64 random_;
  int64_t number_;
  absl::Time now_;
  std::vector<std::pair<std::string, std::string>> cases_;  // with their clients
  std::vector<Run> runs_;
  std::vector<Undertaking> undertakings_;
};

}  // namespace

std::vector<Event> WideHistory(const HistoryOptions& options) { return Widener(options).Write(); }

}  // namespace kefu::testkit

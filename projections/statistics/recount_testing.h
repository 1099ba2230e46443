#pragma once

// The cubes counted by hand, from events and nothing of the view: one line for each event that counts. For tests, which
// compare; it shares no code with the fold.

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "kefu/events/v1/event.pb.h"

namespace kefu::statistics {

class Recount {
 public:
  struct Line {
    std::string cube;
    int64_t day = 0;
    // By dimension; those that are empty are left out.
    std::map<std::string, std::string> values;
    std::string client;
    int64_t milliseconds = -1;
    std::map<std::string, int64_t> sums;
    std::string event_id;

    std::string Value(const std::string& dimension) const {
      const auto found = values.find(dimension);
      return found == values.end() ? "" : found->second;
    }
  };

  // Events that were applied, each partition's in its order.
  void Fold(const events::v1::Event& event) {
    using events::v1::Event;
    switch (event.body_case()) {
      case Event::kServiceConfigurationChanged:
        stated_[event.client_id()] = event.service_configuration_changed().configuration().tier();
        return;
      case Event::kClientClassified:
        if (event.client_classified().scheme() == "asset_tier")
          classified_[event.client_id()] = event.client_classified().segment();
        return;
      case Event::kContactRecorded:
        return FoldContact(event);
      case Event::kOfferProgressed:
        Add(event, "offers",
            {{"branch", event.branch_id()},
             {"stage", Short(OfferStage_Name(event.offer_progressed().stage()), "OFFER_STAGE_")},
             {"product", event.offer_progressed().product_id()},
             {"tier", Tier(event)}});
        return;
      case Event::kComplaintReceived:
        return Open(event, event.complaint_received().case_id(), "complaint", event.complaint_received().opening());
      case Event::kServiceRequestOpened:
        return Open(event, event.service_request_opened().case_id(), "request",
                    event.service_request_opened().opening());
      case Event::kCaseReclassified:
        if (!event.case_reclassified().category().value().empty())
          cases_[event.case_reclassified().case_id()].category = event.case_reclassified().category().value();
        return;
      case Event::kCaseAssigned:
        if (!event.case_assigned().assignee_id().empty())
          cases_[event.case_assigned().case_id()].staff = event.case_assigned().assignee_id();
        return;
      case Event::kCaseAcknowledged:
        AddStep(event, event.case_acknowledged().case_id(), "acknowledged");
        return;
      case Event::kCaseEscalated:
        AddStep(event, event.case_escalated().case_id(), "escalated");
        return;
      case Event::kCaseClosed:
        AddStep(event, event.case_closed().case_id(), "closed");
        return;
      case Event::kCaseReopened:
        AddStep(event, event.case_reopened().case_id(), "reopened");
        return;
      case Event::kCaseWithdrawn:
        AddStep(event, event.case_withdrawn().case_id(), "withdrawn");
        return;
      case Event::kCaseResolved:
        return FoldResolved(event);
      default:
        return FoldNewer(event);
    }
  }

  const std::vector<Line>& lines() const { return lines_; }

 private:
  using Values = std::map<std::string, std::string>;
  struct Case {
    std::string branch, kind, channel, category, product, tier;
    int64_t opened = 0;
    std::string staff = {};
    // By clock and run.
    std::map<std::pair<std::string, int>, int64_t> clocks;
  };
  struct Undertaking {
    std::string kind, branch, tier;
    int64_t made = 0, due = INT64_MAX;
  };
  struct Told {
    std::string branch, tier, currency;
    int64_t trades = 0, turnover = 0;
  };

  static std::string Short(const std::string& name, const std::string& prefix) {
    std::string word = name.substr(prefix.size());
    std::transform(word.begin(), word.end(), word.begin(), [](unsigned char c) { return std::tolower(c); });
    return word == "unspecified" ? "" : word;
  }
  static int64_t Ms(const google::protobuf::Timestamp& time) {
    return time.seconds() * 1000 + time.nanos() / 1'000'000;
  }
  static int64_t DayOf(const events::v1::Event& event) {
    const int64_t local = event.occurred_at().seconds() + 8 * 3600;
    return local >= 0 ? local / 86400 : -((-local + 86399) / 86400);
  }

  std::string Tier(const events::v1::Event& event) {
    const std::string& classified = classified_[event.client_id()];
    return classified.empty() ? stated_[event.client_id()] : classified;
  }

  Line& Add(const events::v1::Event& event, const std::string& cube, const Values& values) {
    Line& line = lines_.emplace_back();
    line.cube = cube;
    line.day = DayOf(event);
    for (const auto& [name, value] : values)
      if (!value.empty()) line.values[name] = value;
    line.client = event.client_id();
    line.event_id = event.event_id();
    return line;
  }

  void FoldContact(const events::v1::Event& event) {
    const auto& body = event.contact_recorded();
    Line& line = Add(event, "contacts",
                     {{"branch", event.branch_id()},
                      {"channel", Short(Channel_Name(body.channel()), "CHANNEL_")},
                      {"direction", Short(Direction_Name(body.direction()), "DIRECTION_")},
                      {"topic", body.topic().value()},
                      {"outcome", body.outcome().value()},
                      {"tier", Tier(event)}});
    if (body.has_duration()) line.milliseconds = body.duration().seconds() * 1000 + body.duration().nanos() / 1'000'000;
  }

  template <class Opening>
  void Open(const events::v1::Event& event, const std::string& id, const std::string& kind, const Opening& opening) {
    cases_[id] = {event.branch_id(),
                  kind,
                  Short(Channel_Name(opening.channel()), "CHANNEL_"),
                  opening.category().value(),
                  opening.product_id(),
                  Tier(event),
                  Ms(event.occurred_at()),
                  {},
                  {}};
    AddStep(event, id, "opened").milliseconds = -1;
  }

  Values OfCase(const events::v1::Event& event, const Case& one) {
    return {{"branch", one.branch.empty() ? event.branch_id() : one.branch},
            {"kind", one.kind},
            {"channel", one.channel},
            {"category", one.category},
            {"product", one.product},
            {"tier", one.tier}};
  }

  Line& AddStep(const events::v1::Event& event, const std::string& id, const std::string& step) {
    const Case& one = cases_[id];
    Values values = OfCase(event, one);
    values["step"] = step;
    Line& line = Add(event, "cases", values);
    line.milliseconds = std::max<int64_t>(Ms(event.occurred_at()) - one.opened, -1);
    return line;
  }

  void FoldResolved(const events::v1::Event& event) {
    const auto& body = event.case_resolved();
    Line& line = AddStep(event, body.case_id(), "resolved");
    line.values["outcome"] = Short(CaseOutcome_Name(body.outcome()), "CASE_OUTCOME_");
    if (line.values["outcome"].empty()) line.values.erase("outcome");
    if (!body.root_cause().value().empty()) line.values["cause"] = body.root_cause().value();
    if (body.redress().minor_units() != 0)
      line.sums["redress." + body.redress().currency()] = body.redress().minor_units();
  }

  template <class Body>
  Line& AddClock(const events::v1::Event& event, const Body& body, const std::string& what) {
    Values values = OfCase(event, cases_[body.case_id()]);
    values.erase("channel");
    values.erase("product");
    values["event"] = what;
    values["clock"] = body.clock_id();
    return Add(event, "clocks", values);
  }
  template <class Body>
  void AddClockEnd(const events::v1::Event& event, const Body& body, const std::string& what,
                   const google::protobuf::Timestamp& at) {
    Line& line = AddClock(event, body, what);
    const auto& clocks = cases_[body.case_id()].clocks;
    const auto started = clocks.find({body.clock_id(), body.run()});
    if (started != clocks.end()) line.milliseconds = std::max<int64_t>(Ms(at) - started->second, -1);
  }

  template <class Body>
  void Undertake(const events::v1::Event& event, const Body& body, const std::string& id, const std::string& kind,
                 const std::string& what) {
    undertakings_[id] = {kind, event.branch_id(), Tier(event), Ms(event.occurred_at()),
                         body.has_due_at() ? Ms(body.due_at()) : INT64_MAX};
    Add(event, "undertakings",
        {{"branch", event.branch_id()}, {"event", what}, {"kind", kind}, {"tier", Tier(event)}});
  }
  void Settle(const events::v1::Event& event, const std::string& id, const std::string& what, const std::string& late) {
    const Undertaking& one = undertakings_[id];
    const int64_t at = Ms(event.occurred_at());
    Line& line = Add(event, "undertakings",
                     {{"branch", one.branch.empty() ? event.branch_id() : one.branch},
                      {"event", at > one.due ? late : what},
                      {"kind", one.kind},
                      {"tier", one.tier}});
    line.milliseconds = std::max<int64_t>(at - one.made, -1);
  }

  void FoldTrading(const events::v1::Event& event) {
    const auto& body = event.trading_day_summarised();
    // Days from civil, by counting them.
    int64_t day = 0;
    const auto leap = [](int y) { return (y % 4 == 0 && y % 100 != 0) || y % 400 == 0; };
    for (int y = 1970; y < body.day().year(); ++y) day += leap(y) ? 366 : 365;
    const int lengths[] = {31, leap(body.day().year()) ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    for (int m = 1; m < body.day().month(); ++m) day += lengths[m - 1];
    day += body.day().day() - 1;
    const bool again = told_.contains({event.client_id(), day});
    Told& told = told_[{event.client_id(), day}];
    if (!again) told = {event.branch_id(), Tier(event), body.turnover().currency(), 0, 0};
    Line& line = Add(event, "trading", {{"branch", told.branch}, {"tier", told.tier}});
    line.day = day;
    if (body.trades() != told.trades) line.sums["trades"] = body.trades() - told.trades;
    line.sums["turnover." + told.currency] -= told.turnover;
    line.sums["turnover." + body.turnover().currency()] += body.turnover().minor_units();
    std::erase_if(line.sums, [](const auto& sum) { return sum.second == 0; });
    told.trades = body.trades();
    told.turnover = body.turnover().minor_units();
    told.currency = body.turnover().currency();
  }

  void FoldRating(const events::v1::Event& event) {
    const auto& body = event.satisfaction_rated();
    const bool known = !body.case_id().empty() && cases_.contains(body.case_id());
    Values values = known ? OfCase(event, cases_[body.case_id()])
                          : Values{{"branch", event.branch_id()}, {"tier", Tier(event)}};
    for (const char* other : {"kind", "category"}) values.erase(other);
    values["broker"] = !body.staff_id().empty() ? body.staff_id() : known ? cases_[body.case_id()].staff : "";
    if (!body.product_id().empty()) values["product"] = body.product_id();
    values["scale"] = Short(SatisfactionScale_Name(body.scale()), "SATISFACTION_SCALE_");
    values["score"] = std::to_string(body.score());
    Line& line = Add(event, "ratings", values);
    if (body.score() != 0) line.sums["score"] = body.score();
  }

  void FoldNewer(const events::v1::Event& event) {
    using events::v1::Event;
    switch (event.body_case()) {
      case Event::kClockStarted: {
        const auto& body = event.clock_started();
        cases_[body.case_id()].clocks[{body.clock_id(), body.run()}] = Ms(body.started_at());
        AddClock(event, body, "started");
        return;
      }
      case Event::kClockMet: {
        const auto& body = event.clock_met();
        if (body.retracts_breach())
          AddClock(event, body, "retracted");
        else
          AddClockEnd(event, body, body.late() ? "met_late" : "met", body.met_at());
        return;
      }
      case Event::kClockBreached:
        AddClock(event, event.clock_breached(), "breached");
        return;
      case Event::kClockDropped:
        return AddClockEnd(event, event.clock_dropped(), "dropped", event.clock_dropped().dropped_at());
      case Event::kPromiseMade:
        return Undertake(event, event.promise_made(), event.promise_made().promise_id(), "promise", "made");
      case Event::kPromiseKept:
        return Settle(event, event.promise_kept().promise_id(), "kept", "kept_late");
      case Event::kPromiseReleased:
        return Settle(event, event.promise_released().promise_id(), "released", "released");
      case Event::kCallBackPlanned:
        return Undertake(event, event.call_back_planned(), event.call_back_planned().call_back_id(), "call_back",
                         "planned");
      case Event::kCallBackDone:
        return Settle(event, event.call_back_done().call_back_id(), "done", "done_late");
      case Event::kCallBackCancelled:
        return Settle(event, event.call_back_cancelled().call_back_id(), "cancelled", "cancelled");
      case Event::kSatisfactionRated:
        return FoldRating(event);
      case Event::kTradingDaySummarised:
        return FoldTrading(event);
      default:
        return;
    }
  }

  std::map<std::string, std::string> stated_, classified_;
  std::map<std::string, Case> cases_;
  std::map<std::string, Undertaking> undertakings_;
  std::map<std::pair<std::string, int64_t>, Told> told_;
  std::vector<Line> lines_;
};

}  // namespace kefu::statistics

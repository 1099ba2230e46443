#include "platform/testkit/history.h"

#include <array>
#include <random>
#include <string>

#include "platform/base/time.h"
#include "platform/testkit/events.h"

namespace kefu::testkit {

namespace {

using events::v1::Event;

constexpr std::array kNames = {"王小明",       "陳美麗", "Wang Xiaoming", "李 四",    "Ana-Maria López",
                               "大華證券投資", "張偉",   "Ōta Ken",       "歐陽娜娜", "Smith & Sons"};
constexpr std::array kTopics = {"account_opening", "margin", "paper_call", "offer_call", "app_login", "fee"};
constexpr std::array kCategories = {"trading", "fees", "advice", "app", "account"};
constexpr std::array kActivities = {"completion", "validation", "fraud_check", "lead"};

class Historian {
 public:
  explicit Historian(const HistoryOptions& options) : options_(options), random_(options.seed) {}

  std::vector<Event> Write() {
    std::vector<Event> history;
    history.reserve(options_.events);
    while (static_cast<int>(history.size()) < options_.events) {
      if (!history.empty() && Chance(options_.repeats)) {
        history.push_back(history[Below(history.size())]);
      } else {
        history.push_back(Next(history));
      }
    }
    return history;
  }

 private:
  struct KnownCase {
    std::string id;
    std::string client;
    int64_t revision = 0;
    bool settled = false;
  };

  uint64_t Below(uint64_t bound) { return random_() % bound; }
  bool Chance(int percent) { return Below(100) < static_cast<uint64_t>(percent); }
  // Of what is only there if asked for: draws nothing where it is not, so that the rest comes out the same.
  bool Asked(int percent) { return percent > 0 && Chance(percent); }
  template <class List>
  const auto& OneOf(const List& list) {
    return list[Below(list.size())];
  }
  // A few clients make most of the noise.
  std::string SomeClient() {
    const uint64_t all = options_.clients;
    return "C-" + std::to_string(Chance(50) ? Below(1 + all / 10) : Below(all));
  }
  std::string SomeStaff() { return "S-" + std::to_string(Below(12)); }

  Event Next(const std::vector<Event>& history) {
    Draft draft = Asked(options_.undertakings) ? UndertakingEvent()
                  : Asked(options_.case_facts) ? CaseFact()
                  : Chance(25)                 ? ClientEvent()
                  : Chance(35)                 ? Contact()
                                               : CaseEvent();
    if (Chance(60)) draft.By(SomeStaff());
    if (Chance(70)) draft.Branch("000" + std::to_string(Below(5)));
    // Some events arrive hours after they happened.
    const int64_t late = Chance(5) ? static_cast<int64_t>(Below(600)) : 0;
    const auto number = static_cast<int64_t>(history.size());
    draft.At(Beginning() + absl::Minutes(number - late));
    Event event = Finish(draft, number);
    event.set_event_id("h" + std::to_string(options_.seed) + "-" + std::to_string(number));
    if (!history.empty() && Chance(options_.wrong) && Chance(15)) event.set_event_id(OneOf(history).event_id());
    return event;
  }

  Draft ClientEvent() {
    const std::string client = SomeClient();
    switch (Below(6)) {
      case 0:
      case 1:
        return Registration().Client(client);
      case 2:
        return SomeProfile().Client(client);
      case 3:
        return SomeIdentifiers().Client(client);
      case 4:
        return Configured(Chance(30) ? "gold" : "standard").Client(client);
      default: {
        const auto status = Chance(8)    ? events::v1::CLIENT_STATUS_CLOSED
                            : Chance(50) ? events::v1::CLIENT_STATUS_ACTIVE
                                         : events::v1::CLIENT_STATUS_DORMANT;
        return StatusChanged(status).Client(client);
      }
    }
  }

  Draft Registration() {
    return Registered(OneOf(kNames)).With([&](Event& event) {
      auto* body = event.mutable_client_registered();
      body->add_account_numbers("8801-" + std::to_string(Below(100000)));
      body->add_phones("+8869" + std::to_string(10000000 + Below(90000000)));
      if (Chance(50)) body->add_other_names(OneOf(kNames));
      auto* external = body->add_external_ids();
      external->set_scheme("crm");
      external->set_value(std::to_string(Below(100000)));
      body->mutable_profile()->mutable_person()->set_education("bachelor");
      body->mutable_profile()->set_location("taipei");
    });
  }

  Draft SomeProfile() {
    events::v1::ClientProfile profile;
    profile.mutable_person()->mutable_employment()->set_occupation("engineer " + std::to_string(Below(5)));
    profile.mutable_investment_needs()->set_horizon_months(static_cast<int32_t>(12 * Below(10)));
    if (Chance(options_.wrong)) return ProfileChanged({"person.no_such_field"}, profile);
    if (Chance(50)) return ProfileChanged({"person.employment"}, profile);
    return ProfileChanged({"investment_needs.horizon_months", "emails"}, profile);
  }

  Draft SomeIdentifiers() {
    events::v1::ClientIdentifiersChanged changed;
    if (Chance(40)) changed.set_display_name(OneOf(kNames));
    changed.add_phones_added("09" + std::to_string(10000000 + Below(90000000)));
    if (Chance(40)) changed.add_other_names_added(OneOf(kNames));
    if (Chance(40)) changed.add_other_names_removed(OneOf(kNames));
    return IdentifiersChanged(changed);
  }

  Draft Contact() {
    if (Chance(20)) return OfferMoved(static_cast<events::v1::OfferStage>(1 + Below(7))).Client(SomeClient());
    return Contacted(static_cast<events::v1::Channel>(1 + Below(12)),
                     Chance(60) ? events::v1::DIRECTION_INBOUND : events::v1::DIRECTION_OUTBOUND, OneOf(kTopics))
        .Client(SomeClient());
  }

  absl::Time SomeTime() { return Beginning() + absl::Minutes(Below(6000)); }

  Draft UndertakingEvent() {
    const uint64_t number = Below(2 + undertakings_);
    const std::string id = "U-" + std::to_string(number);
    const std::string client = "C-" + std::to_string((number * 7 + (Chance(options_.wrong) ? 1 : 0)) %
                                                     static_cast<uint64_t>(options_.clients));
    ++undertakings_;
    const auto due = Chance(70) ? MaybeTime(SomeTime()) : MaybeTime();
    switch (Below(8)) {
      case 0:
        return PromiseKept(id).Client(client);
      case 1:
        return PromiseReleased(id).Client(client);
      case 2:
        return CallBackDone(id).Client(client);
      case 3:
        return CallBackCancelled(id).Client(client);
      case 4:
      case 5:
        return Promised(id, due, SomeStaff()).Client(client).With([](Event& event) {
          event.mutable_promise_made()->set_text("月底前回覆");
        });
      default:
        return CallBackPlanned(id, due, Chance(50) ? SomeStaff() : "").Client(client).With([&](Event& event) {
          event.mutable_call_back_planned()->set_team("T-" + std::to_string(Below(4)));
        });
    }
  }

  Draft CaseFact() {
    if (cases_.empty()) return Opening();
    KnownCase& known = cases_[cases_.size() - 1 - Below(std::min<size_t>(cases_.size(), 30))];
    const std::string clock = "pack/clock-" + std::to_string(Below(3));
    Draft fact = NextActionSet(known.id, "call_client", SomeStaff(), SomeTime());
    switch (Below(9)) {
      case 0:
      case 1:
        break;
      case 2:
        fact = ResponseSent(known.id, static_cast<events::v1::CaseResponseKind>(1 + Below(3)));
        break;
      case 3:
        fact = MatterSet(known.id, "M-" + std::to_string(Below(4)));
        break;
      case 4:
        fact = Referred(known.id, "regulator-" + std::to_string(Below(2)), std::to_string(Below(100)), SomeTime());
        break;
      case 5:
      case 6:
        fact = ClockStarted(known.id, clock, SomeTime());
        break;
      case 7:
        fact = ClockMet(known.id, clock, SomeTime(), Chance(50));
        break;
      default:
        fact = ClockBreached(known.id, clock, SomeTime());
    }
    return fact.Client(known.client);
  }

  Draft CaseEvent() {
    if (cases_.empty() || Chance(18)) return Opening();
    // Mostly a recent case, for old ones are settled.
    const size_t recent = std::min<size_t>(cases_.size(), 30);
    KnownCase& known = cases_[cases_.size() - 1 - Below(Chance(90) ? recent : cases_.size())];
    Draft draft = Step(known);
    draft.Client(Chance(options_.wrong) && Chance(20) ? SomeClient() : known.client);
    if (Chance(10)) draft.IfRevision(known.revision);
    ++known.revision;
    return draft;
  }

  Draft Opening() {
    const bool again = !cases_.empty() && Chance(options_.wrong) && Chance(30);
    const std::string id = again ? OneOf(cases_).id : "K-" + std::to_string(cases_.size());
    const std::string client = SomeClient();
    if (!again) cases_.push_back({id, client, 1, false});
    Draft draft = Chance(40) ? Complained(id, OneOf(kCategories)) : Opened(id, OneOf(kCategories));
    draft.Client(client).With([&](Event& event) {
      auto* opening = event.has_complaint_received() ? event.mutable_complaint_received()->mutable_opening()
                                                     : event.mutable_service_request_opened()->mutable_opening();
      if (Chance(50)) *opening->mutable_due_at() = ToProto(Beginning() + absl::Hours(1 + Below(500)));
      opening->set_team("T-" + std::to_string(Below(4)));
      opening->set_subject("客戶來電詢問");
    });
    return draft;
  }

  Draft Step(KnownCase& known) {
    if (known.settled && !Chance(options_.wrong)) return AfterSettling(known);
    switch (Below(13)) {
      case 0:
        return Acknowledged(known.id);
      case 1:
      case 2:
        return Assigned(known.id, SomeStaff(), Chance(30) ? "T-" + std::to_string(Below(4)) : "");
      case 3:
        return Started(known.id);
      case 4:
        return WaitStarted(known.id, static_cast<events::v1::WaitingOn>(1 + Below(5)));
      case 5:
        return Resumed(known.id);
      case 6:
        return Escalated(known.id, "regulator desk");
      case 7:
        return Reclassified(known.id, static_cast<events::v1::CasePriority>(1 + Below(4)), OneOf(kCategories));
      case 8:
        return TimelinessReported(known.id, Chance(70));
      case 9:
        return NoteAdded(known.id, "已回電");
      case 10:
        return WorkRecorded(known.id, OneOf(kActivities), static_cast<events::v1::WorkPhase>(1 + Below(3)));
      case 11:
        return Chance(50) ? ResolutionProposed(known.id) : Withdraw(known);
      default:
        return Resolve(known);
    }
  }

  Draft AfterSettling(KnownCase& known) {
    if (Chance(50)) return Closed(known.id);
    if (Chance(40)) return NoteAdded(known.id, "結案後備註");
    known.settled = false;
    return Reopened(known.id);
  }

  Draft Resolve(KnownCase& known) {
    known.settled = true;
    return Resolved(known.id, static_cast<events::v1::CaseOutcome>(1 + Below(3)));
  }
  Draft Withdraw(KnownCase& known) {
    known.settled = true;
    return Withdrawn(known.id);
  }

  const HistoryOptions options_;
  std::mt19937_64 random_;
  std::vector<KnownCase> cases_;
  uint64_t undertakings_ = 0;
};

}  // namespace

std::vector<Event> RandomHistory(const HistoryOptions& options) { return Historian(options).Write(); }

}  // namespace kefu::testkit

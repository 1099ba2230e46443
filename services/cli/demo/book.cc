#include "services/cli/demo/book.h"

#include <fmt/format.h>

#include <array>
#include <string>
#include <utility>

#include "platform/base/time.h"
#include "services/cli/demo/history.h"
#include "services/cli/demo/reference.h"
#include "services/cli/demo/writer.h"

namespace kefu::cli {
namespace {

using namespace events::v1;

// A purpose of SeedOf, beside those of story.cc.
constexpr uint64_t kServiceSeed = 5;
constexpr std::string_view kHandoverId = "H-B14";

std::string ConfiguredBroker(const Told& told) {
  return told.manners.At(AtBranch(told.registered + 1, 0)).broker_id();
}

std::string BackupOf(const std::string& broker) { return broker == "B-12" ? "B-11" : "B-12"; }

// Writes what is about one client.
class ServiceWriter {
 public:
  ServiceWriter(const DemoOptions& options, const Office& office, int64_t number, const Told& told)
      : options_(options),
        office_(office),
        number_(number),
        told_(told),
        random_(SeedOf(options.seed, static_cast<uint64_t>(number), kServiceSeed)),
        writer_(options, "service-" + ClientIdOf(number)),
        broker_(IsHandedOver(options, number, told) ? std::string(kLeaver) : ConfiguredBroker(told)) {}

  std::vector<Event> Write() {
    Assign(told_.registered, 1'012, broker_, BROKER_ROLE_PRIMARY);
    if (number_ % 4 == 1) Assign(told_.registered, 1'014, BackupOf(broker_), BROKER_ROLE_BACKUP);
    FindOut();
    Recommend();
    SeeChance();
    Subscribe();
    if (broker_ == kLeaver) Inform();
    return writer_.Take();
  }

 private:
  // What would come after the sample, or after the client left, is a scratch event that nobody sees.
  Event& Add(absl::CivilDay day, int64_t minute, const std::string& staff) {
    const bool seen = day < options_.from + options_.days && day < told_.leaves;
    Event& event = seen ? writer_.Add(AtBranch(day, minute), "crm") : scratch_;
    event.set_client_id(ClientIdOf(number_));
    event.mutable_actor()->set_id(staff);
    event.set_branch_id(office_.branch_id);
    return event;
  }

  void Assign(absl::CivilDay day, int64_t minute, const std::string& staff, BrokerRole role) {
    auto& assigned = *Add(day, minute, "M-02").mutable_client_assigned_to_broker();
    assigned.set_staff_id(staff);
    assigned.set_role(role);
    SetCode("kefu.assignment", "new_client", assigned.mutable_cause());
  }

  // Old clients in the first days of the sample.
  void FindOut() {
    const Bearing bearing = BearingOf(options_, number_, told_);
    if (bearing == Bearing::kUnknown) return;
    const absl::CivilDay day = office_.workdays.Add(options_.from, 1);
    auto& needs = *Add(day, 600, broker_).mutable_needs_assessed();
    needs.set_assessment_id(fmt::format("N-{:05}", number_));
    needs.set_staff_id(broker_);
    needs.mutable_needs()->set_horizon_months(static_cast<int32_t>(random_.Between(2, 20) * 6));
    needs.set_passed_to("wealth_centre");
    auto& risk = *Add(day, 620, broker_).mutable_risk_assessed();
    risk.set_assessment_id(fmt::format("A-{:05}", number_));
    SetCode("kefu.questionnaire", "2025-01", risk.mutable_questionnaire());
    const bool active = bearing == Bearing::kActive || bearing == Bearing::kProfessional;
    risk.set_investor_class(active ? INVESTOR_CLASS_C4 : INVESTOR_CLASS_C2);
    risk.set_score(static_cast<int32_t>(active ? random_.Between(61, 80) : random_.Between(21, 40)));
    risk.set_staff_id(broker_);
    // The first half of the sample only, of these.
    if (bearing == Bearing::kExpired) SetDate(HandoverDay(options_), risk.mutable_valid_until());
    SetEvidence(fmt::format("questionnaire-{:05}.pdf", number_), "application/pdf", risk.add_evidence());
    if (bearing != Bearing::kProfessional) return;
    auto& classified = *Add(day, 640, "M-02").mutable_investor_classified();
    classified.set_status(INVESTOR_STATUS_PROFESSIONAL);
    SetCode("kefu.investor_basis", "institution", classified.add_basis());
    SetEvidence(fmt::format("professional-{:05}.pdf", number_), "application/pdf", classified.add_evidence());
  }

  void Recommend() {
    const Bearing bearing = BearingOf(options_, number_, told_);
    if (bearing == Bearing::kUnknown) return;
    const absl::CivilDay day = office_.workdays.Add(options_.from, random_.Between(2, 6));
    if (day >= HandoverDay(options_)) return;
    const std::string id = fmt::format("RC-{:05}", number_);
    const bool insists = bearing == Bearing::kCautious && random_.Chance(300);
    auto& made = *Add(day, 660, broker_).mutable_recommendation_made();
    made.set_recommendation_id(id);
    made.set_product_id(insists                             ? "structured-note"
                        : bearing == Bearing::kProfessional ? "margin-line"
                        : bearing == Bearing::kActive       ? "fund-balanced"
                                                            : "bond-5y");
    made.set_staff_id(broker_);
    made.set_assessment_id(fmt::format("N-{:05}", number_));
    made.mutable_amount()->set_minor_units(random_.Between(1, 60) * 5'000'000);
    made.mutable_amount()->set_currency(office_.currency);
    if (insists) {
      made.mutable_insisted()->set_text_version("2025-01");
      *made.mutable_insisted()->mutable_warned_at() = ToProto(AtBranch(day, 655));
      SetEvidence(fmt::format("warning-{:05}.pdf", number_), "application/pdf", made.mutable_insisted()->add_evidence());
    }
    // Of a leaver's recommendations all are open still.
    const int64_t end = random_.Below(10);
    const absl::CivilDay then = office_.workdays.Add(day, random_.Between(1, 5));
    if (broker_ == kLeaver || end >= 8) return;
    auto& followed = *Add(then, 690, broker_).mutable_recommendation_followed_up();
    followed.set_recommendation_id(id);
    followed.set_result(end < 5 ? RECOMMENDATION_RESULT_TAKEN : RECOMMENDATION_RESULT_DECLINED);
    if (end >= 5) SetCode("kefu.cause", "client_declined", followed.mutable_cause());
  }

  // Chances that the service desk saw, of clients that agreed to advertising. What is accepted comes to its end on the same
  // day, before a server that reads all this as the past can find it overdue.
  void SeeChance() {
    const absl::CivilDay day = office_.workdays.Add(options_.from, random_.Between(3, 8));
    const int64_t end = random_.Below(10);
    if (number_ % 4 != 3 || told_.registered >= options_.from || day >= HandoverDay(options_)) return;
    if (!told_.manners.AllowsPurpose("marketing", AtBranch(day, 700))) return;
    const std::string id = fmt::format("LD-{:05}", number_);
    const absl::Time due = AtBranch(office_.workdays.Add(day, 3), 1'050);
    auto& raised = *Add(day, 700, "S-02").mutable_lead_raised();
    raised.set_lead_id(id);
    raised.set_direction(LEAD_DIRECTION_SERVICE_TO_MARKETING);
    SetCode("kefu.need", end % 2 == 0 ? "idle_cash" : "pension", raised.mutable_need());
    raised.set_product_id("fund-balanced");
    raised.set_raised_by("S-02");
    raised.set_owner_id(broker_);
    *raised.mutable_due_at() = ToProto(due);
    if (end == 0) return;
    if (end == 1) {
      auto& declined = *Add(day, 701, broker_).mutable_lead_declined();
      declined.set_lead_id(id);
      return SetCode("kefu.cause", "no_interest", declined.mutable_cause());
    }
    auto& accepted = *Add(day, 701, broker_).mutable_lead_accepted();
    accepted.set_lead_id(id);
    accepted.set_staff_id(broker_);
    *accepted.mutable_due_at() = ToProto(due);
    auto& worked = *Add(day, 702, broker_).mutable_lead_worked();
    worked.set_lead_id(id);
    SetCode("kefu.lead_activity", "called", worked.mutable_activity());
    // Of a leaver's all are still to be brought to an end.
    if (broker_ == kLeaver || end == 2) return;
    if (end < 6) {
      auto& lost = *Add(day, 703, broker_).mutable_lead_lost();
      lost.set_lead_id(id);
      return SetCode("kefu.cause", "other_firm", lost.mutable_cause());
    }
    auto& won = *Add(day, 703, broker_).mutable_lead_won();
    won.set_lead_id(id);
    won.set_product_id("fund-balanced");
    won.mutable_amount()->set_minor_units(random_.Between(1, 40) * 5'000'000);
    won.mutable_amount()->set_currency(office_.currency);
    const auto credit = [&](const std::string& staff, int32_t share_bp) {
      auto& part = *won.add_credits();
      part.set_staff_id(staff);
      part.set_share_bp(share_bp);
    };
    credit(broker_, 7'000);
    credit("S-02", 3'000);
  }

  // Reviews of what the client holds: some are through, some have only begun.
  void Subscribe() {
    const absl::CivilDay day = office_.workdays.Add(options_.from, random_.Between(1, 9));
    const int64_t steps = random_.Between(0, 3);
    if (number_ % 5 != 2 || told_.registered >= options_.from || day >= HandoverDay(options_)) return;
    const std::string id = fmt::format("SB-{:05}", number_);
    auto& subscribed = *Add(day, 710, broker_).mutable_service_subscribed();
    subscribed.set_subscription_id(id);
    subscribed.set_product_id("portfolio-review");
    subscribed.set_staff_id(broker_);
    static constexpr std::array<std::string_view, 3> kSteps = {"collect", "report", "meeting"};
    for (int64_t step = 0; step < steps; ++step) {
      auto& delivered =
          *Add(office_.workdays.Add(day, 1 + 2 * step), 720, broker_).mutable_service_delivered();
      delivered.set_subscription_id(id);
      delivered.set_step_id(std::string(kSteps[static_cast<size_t>(step)]));
      delivered.set_channel(CHANNEL_PHONE);
      delivered.set_staff_id(broker_);
    }
    if (steps < 3 || number_ % 2 == 0) return;
    auto& ended = *Add(office_.workdays.Add(day, 6), 730, broker_).mutable_service_ended();
    ended.set_subscription_id(id);
    SetCode("kefu.cause", "ran_out", ended.mutable_cause());
  }

  // On one of the working days that follow.
  void Inform() {
    const absl::CivilDay day = office_.workdays.Add(HandoverDay(options_), random_.Between(1, 4));
    auto& informed =
        *Add(day, random_.Between(560, 1'000), std::string(kSuccessor)).mutable_client_informed_of_handover();
    informed.set_handover_id(std::string(kHandoverId));
    informed.set_channel(CHANNEL_LETTER);
    informed.set_content_version("2025-01");
    informed.set_choice(random_.Chance(850) ? HANDOVER_CHOICE_STAY : HANDOVER_CHOICE_UNDECIDED);
  }

  const DemoOptions& options_;
  const Office& office_;
  const int64_t number_;
  const Told& told_;
  DemoRandom random_;
  Writer writer_;
  const std::string broker_;
  Event scratch_;
};

}  // namespace

absl::CivilDay HandoverDay(const DemoOptions& options) { return options.from + options.days / 2; }

bool IsHandedOver(const DemoOptions& options, int64_t number, const Told& told) {
  // Not those whose records are merged.
  return number % 16 == 7 && told.registered < HandoverDay(options) && told.leaves > HandoverDay(options) + 20;
}

Bearing BearingOf(const DemoOptions& options, int64_t number, const Told& told) {
  if (told.registered >= options.from || told.leaves < options.from + options.days || number % 3 != 1)
    return Bearing::kUnknown;
  if (told.organisation) return Bearing::kProfessional;
  return number % 2 == 0 ? Bearing::kActive : number % 9 == 4 ? Bearing::kExpired : Bearing::kCautious;
}

std::vector<Event> MakeService(const DemoOptions& options, const Office& office, int64_t number, const Told& told) {
  return ServiceWriter(options, office, number, told).Write();
}

std::vector<Event> MakeHandover(const DemoOptions& options, const std::vector<Told>& clients) {
  int64_t book = 0;
  for (size_t i = 0; i < clients.size(); ++i) book += IsHandedOver(options, static_cast<int64_t>(i) + 1, clients[i]);
  if (book == 0) return {};
  Writer writer(options, "handover");
  const absl::CivilDay day = HandoverDay(options);
  auto& opened = *writer.Add(AtBranch(day, 560), "head-office").mutable_handover_opened();
  opened.set_handover_id(std::string(kHandoverId));
  opened.set_from_staff_id(std::string(kLeaver));
  SetDate(day + 20, opened.mutable_last_day());
  SetCode("kefu.leaving", "resigned", opened.mutable_cause());
  opened.set_book_clients(book);
  auto& named = *writer.Add(AtBranch(day, 561), "head-office").mutable_handover_successor_named();
  named.set_handover_id(std::string(kHandoverId));
  named.set_to_staff_id(std::string(kSuccessor));
  // While a book changes hands clients hear from the firm more often.
  *writer.Add(AtBranch(day, 562), "head-office").mutable_service_levels_published() = MakeServiceLevels(2, day + 1);
  return writer.Take();
}

}  // namespace kefu::cli

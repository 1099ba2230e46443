#include "tests/bench/stream.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace kefu::bench {
namespace {

using events::v1::Event;

// 2026-03-02T01:00:00Z.
constexpr int64_t kBeginning = 1'772'413'200;
constexpr int64_t kEventsPerSecond = 100;

constexpr const char* kTopics[] = {"order_status", "password", "fees",      "margin",
                                   "statement",    "ipo",      "complaint", "advice"};
constexpr const char* kOutcomes[] = {"answered", "no_answer", "promised_callback", "forwarded"};
constexpr const char* kCategories[] = {"trading", "fees", "service", "disclosure", "account"};
constexpr const char* kActivities[] = {"check_identity", "ask_exchange", "write_answer"};
constexpr const char* kSchools[] = {"secondary", "bachelor", "master"};
constexpr int kOpenAtMost = 200'000;
// The client view lists up to 50 in a row.
constexpr uint8_t kOpenOfOneClient = 45;

void SetCode(const char* scheme, const char* value, events::v1::Code* code) {
  code->set_scheme(scheme);
  code->set_value(value);
}

std::string CaseId(int64_t number) { return fmt::format("K-{:09}", number); }
std::string StaffId(int64_t number) { return fmt::format("S-{:04}", number); }

}  // namespace

EventStream::EventStream(const StreamOptions& options)
    : options_(options),
      random_(options.seed),
      registered_(static_cast<size_t>(options.clients)),
      open_of_client_(static_cast<size_t>(options.clients)) {}

int64_t EventStream::PickClient() {
  const double uniform = static_cast<double>(random_() >> 11) * 0x1.0p-53;
  const auto picked = static_cast<int64_t>(std::pow(uniform, options_.skew) * static_cast<double>(options_.clients));
  return std::min(picked, options_.clients - 1);
}

void EventStream::Begin(Event* event, int64_t client) {
  event->Clear();
  event->set_event_id(fmt::format("b{}-{:012}", options_.seed, number_));
  event->set_client_id(fmt::format("C-{:07}", client));
  event->mutable_occurred_at()->set_seconds(kBeginning + number_ / kEventsPerSecond);
  event->mutable_occurred_at()->set_nanos(static_cast<int32_t>(number_ % kEventsPerSecond) * 10'000'000);
  event->set_source("cti");
  event->mutable_actor()->set_kind(events::v1::ACTOR_KIND_STAFF);
  event->mutable_actor()->set_id(StaffId(Below(300)));
  event->set_branch_id(fmt::format("{:04}", client % 40));
  event->set_correlation_id(fmt::format("conv-{:08x}", static_cast<uint32_t>(random_())));
}

void EventStream::Next(Event* event) {
  ++number_;
  const int64_t client = PickClient();
  Begin(event, client);
  if (!registered_[static_cast<size_t>(client)]) {
    registered_[static_cast<size_t>(client)] = true;
    return Register(event);
  }
  const int64_t dice = Below(100);
  if (dice < 60) return Contact(event);
  if (dice < 62) return ChangeClient(event);
  if (dice < 67) return Offer(event);
  // A case takes some six more events to its end; so the pile of open ones grows slowly.
  if (dice < 72 || open_.empty())
    return open_of_client_[static_cast<size_t>(client)] < kOpenOfOneClient ? Open(event, client) : Contact(event);
  Advance(event);
}

void EventStream::Register(Event* event) {
  auto& body = *event->mutable_client_registered();
  body.set_kind(events::v1::CLIENT_KIND_PERSON);
  body.set_display_name("王小" + event->client_id().substr(2));
  body.add_phones("+8869" + event->client_id().substr(2));
  body.mutable_profile()->mutable_person()->mutable_employment()->set_occupation("engineer");
}

void EventStream::ChangeClient(Event* event) {
  switch (Below(4)) {
    case 0: {
      auto& body = *event->mutable_client_profile_changed();
      body.mutable_changed()->add_paths("person.education");
      body.mutable_changed()->add_paths("investment_needs.horizon_months");
      body.mutable_profile()->mutable_person()->set_education(kSchools[Below(std::size(kSchools))]);
      body.mutable_profile()->mutable_investment_needs()->set_horizon_months(static_cast<int32_t>(6 + Below(120)));
      body.set_said_by("questionnaire 2026-03");
      break;
    }
    case 1: {
      auto& body = *event->mutable_client_identifiers_changed();
      // One of a few, so that it is now new, now known already, and goes away again.
      auto& phones = Below(2) == 0 ? *body.mutable_phones_added() : *body.mutable_phones_removed();
      phones.Add(fmt::format("+8862{:08}", Below(4)));
      break;
    }
    case 2: {
      auto& configuration = *event->mutable_service_configuration_changed()->mutable_configuration();
      configuration.set_preferred_channel(static_cast<events::v1::Channel>(1 + Below(6)));
      configuration.set_language("zh-Hant");
      configuration.set_tier(Below(4) == 0 ? "gold" : "standard");
      configuration.set_broker_id(StaffId(Below(300)));
      break;
    }
    default:
      // Active, dormant, suspended: a closed client would take nothing more.
      event->mutable_client_status_changed()->set_status(static_cast<events::v1::ClientStatus>(1 + Below(3)));
      break;
  }
}

void EventStream::Contact(Event* event) {
  auto& body = *event->mutable_contact_recorded();
  body.set_contact_id(fmt::format("T-{:010}", number_));
  body.set_channel(static_cast<events::v1::Channel>(1 + Below(6)));
  body.set_direction(static_cast<events::v1::Direction>(1 + Below(2)));
  *body.mutable_started_at() = event->occurred_at();
  body.mutable_duration()->set_seconds(20 + Below(600));
  SetCode("kefu.topic", kTopics[Below(std::size(kTopics))], body.mutable_topic());
  SetCode("kefu.outcome", kOutcomes[Below(std::size(kOutcomes))], body.mutable_outcome());
  body.set_staff_id(event->actor().id());
  body.set_thread_id(fmt::format("line-{:04}", Below(2000)));
}

void EventStream::Offer(Event* event) {
  auto& body = *event->mutable_offer_progressed();
  body.set_offer_id(fmt::format("O-{:09}", number_));
  body.set_stage(static_cast<events::v1::OfferStage>(1 + Below(7)));
  body.set_product_id(fmt::format("fund-{:03}", Below(200)));
}

void EventStream::Open(Event* event, int64_t client) {
  const bool complaint = Below(3) == 0;
  auto& opening = complaint ? *event->mutable_complaint_received()->mutable_opening()
                            : *event->mutable_service_request_opened()->mutable_opening();
  if (complaint) event->mutable_complaint_received()->set_case_id(CaseId(number_));
  if (!complaint) event->mutable_service_request_opened()->set_case_id(CaseId(number_));
  opening.set_channel(events::v1::CHANNEL_PHONE);
  SetCode("kefu.category", kCategories[Below(std::size(kCategories))], opening.mutable_category());
  opening.set_priority(static_cast<events::v1::CasePriority>(1 + Below(4)));
  opening.set_subject("order not executed at the price shown");
  opening.mutable_due_at()->set_seconds(event->occurred_at().seconds() + 5 * 86'400);
  ++open_of_client_[static_cast<size_t>(client)];
  if (open_.size() < kOpenAtMost) open_.push_back({client, number_, Step::kAcknowledge});
}

void EventStream::Advance(Event* event) {
  const size_t at = static_cast<size_t>(Below(static_cast<int64_t>(open_.size())));
  OpenCase& chosen = open_[at];
  Begin(event, chosen.client);
  const std::string id = CaseId(chosen.number);
  if (Below(6) == 0) return TellFact(id, event);
  const Step before = chosen.next;
  chosen.next = TakeStep(chosen, id, event);
  // From the last step on a case is settled.
  uint8_t& open_of_client = open_of_client_[static_cast<size_t>(chosen.client)];
  if (before < Step::kClose && chosen.next >= Step::kClose) --open_of_client;
  if (before >= Step::kClose && chosen.next < Step::kClose) ++open_of_client;
  if (chosen.next != Step::kGone) return;
  chosen = open_.back();
  open_.pop_back();
}

EventStream::Step EventStream::TakeStep(const OpenCase& chosen, const std::string& case_id, Event* event) {
  switch (chosen.next) {
    case Step::kAcknowledge:
      event->mutable_case_acknowledged()->set_case_id(case_id);
      event->mutable_case_acknowledged()->set_channel(events::v1::CHANNEL_PHONE);
      return Step::kAssign;
    case Step::kAssign:
      event->mutable_case_assigned()->set_case_id(case_id);
      event->mutable_case_assigned()->set_assignee_id(StaffId(Below(300)));
      return Step::kStart;
    case Step::kStart:
      event->mutable_case_started()->set_case_id(case_id);
      return Step::kResolve;
    case Step::kResolve:
      return Conclude(case_id, event);
    case Step::kResume:
      event->mutable_case_resumed()->set_case_id(case_id);
      return Step::kSettle;
    case Step::kSettle:
      Resolve(case_id, event);
      return Step::kClose;
    default:
      if (Below(12) == 0 && open_of_client_[static_cast<size_t>(chosen.client)] < kOpenOfOneClient) {
        event->mutable_case_reopened()->set_case_id(case_id);
        return Step::kAcknowledge;
      }
      event->mutable_case_closed()->set_case_id(case_id);
      return Step::kGone;
  }
}

void EventStream::TellFact(const std::string& case_id, Event* event) {
  switch (Below(5)) {
    case 0:
      event->mutable_case_note_added()->set_case_id(case_id);
      event->mutable_case_note_added()->set_text("client called again, asks for a written answer");
      break;
    case 1:
      event->mutable_case_work_recorded()->set_case_id(case_id);
      SetCode("kefu.activity", kActivities[Below(std::size(kActivities))],
              event->mutable_case_work_recorded()->mutable_activity());
      event->mutable_case_work_recorded()->set_phase(static_cast<events::v1::WorkPhase>(1 + Below(3)));
      break;
    case 2:
      event->mutable_case_timeliness_reported()->set_case_id(case_id);
      event->mutable_case_timeliness_reported()->set_in_time(Below(10) != 0);
      break;
    case 3:
      event->mutable_case_escalated()->set_case_id(case_id);
      event->mutable_case_escalated()->set_escalated_to("head office");
      break;
    default:
      event->mutable_case_reclassified()->set_case_id(case_id);
      SetCode("kefu.category", kCategories[Below(std::size(kCategories))],
              event->mutable_case_reclassified()->mutable_category());
      event->mutable_case_reclassified()->mutable_due_at()->set_seconds(event->occurred_at().seconds() + 8 * 86'400);
      break;
  }
}

EventStream::Step EventStream::Conclude(const std::string& case_id, Event* event) {
  switch (Below(10)) {
    case 0:
      event->mutable_case_wait_started()->set_case_id(case_id);
      event->mutable_case_wait_started()->set_waiting_on(events::v1::WAITING_ON_CLIENT);
      return Step::kResume;
    case 1:
      event->mutable_case_resolution_proposed()->set_case_id(case_id);
      event->mutable_case_resolution_proposed()->set_text("half of the fee is paid back");
      return Step::kSettle;
    case 2:
      event->mutable_case_withdrawn()->set_case_id(case_id);
      return Step::kGone;
    default:
      Resolve(case_id, event);
      return Step::kClose;
  }
}

void EventStream::Resolve(const std::string& case_id, Event* event) {
  auto& body = *event->mutable_case_resolved();
  body.set_case_id(case_id);
  body.set_outcome(static_cast<events::v1::CaseOutcome>(1 + Below(3)));
  body.set_text("explained and settled");
}

}  // namespace kefu::bench

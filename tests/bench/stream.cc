#include "tests/bench/stream.h"

#include <absl/time/civil_time.h>
#include <absl/time/time.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace kefu::bench {
namespace {

using events::v1::Event;

// 2025-09-01T01:00:00Z.
constexpr int64_t kBeginning = 1'756'688'400;
constexpr int64_t kNanosPerDay = 86'400'000'000'000;

constexpr const char* kTopics[] = {"order_status", "password", "fees",      "margin",
                                   "statement",    "ipo",      "complaint", "advice"};
constexpr const char* kOutcomes[] = {"answered", "no_answer", "promised_callback", "forwarded"};
constexpr const char* kCategories[] = {"trading", "fees", "service", "disclosure", "account"};
constexpr const char* kActivities[] = {"check_identity", "ask_exchange", "write_answer"};
constexpr const char* kSchools[] = {"secondary", "bachelor", "master"};
constexpr const char* kQuestions[] = {"knows_risks", "own_decision"};
constexpr const char* kInstruments[] = {"equity", "etf", "fund", "bond"};
constexpr int kOpenAtMost = 200'000;
constexpr size_t kUndertakingsAtMost = 100'000;
// The client view lists up to 50 in a row.
constexpr uint8_t kOpenOfOneClient = 45;

void SetCode(const char* scheme, const char* value, events::v1::Code* code) {
  code->set_scheme(scheme);
  code->set_value(value);
}

std::string CaseId(int64_t number) { return fmt::format("K-{:09}", number); }
std::string StaffId(int64_t number) { return fmt::format("S-{:04}", number); }

void SetMoney(int64_t minor_units, events::v1::Money* money) {
  money->set_minor_units(minor_units);
  money->set_currency("CNY");
}

// The branch's own day, UTC+8.
void SetDay(const Event& event, events::v1::CalendarDate* date) {
  const absl::CivilDay day =
      absl::ToCivilDay(absl::FromUnixSeconds(event.occurred_at().seconds()), absl::FixedTimeZone(8 * 3600));
  date->set_year(static_cast<int32_t>(day.year()));
  date->set_month(day.month());
  date->set_day(day.day());
}

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
  // Microseconds are what all of Kefu keeps.
  const int64_t micros = number_ * (kNanosPerDay / options_.events_per_day) / 1000;
  event->mutable_occurred_at()->set_seconds(kBeginning + micros / 1'000'000);
  event->mutable_occurred_at()->set_nanos(static_cast<int32_t>(micros % 1'000'000) * 1000);
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
  if (dice < 43) return Contact(event);
  if (dice < 55) return Trade(event);
  if (dice < 61) return Value(event);
  if (dice < 63) return Promise(event, client);
  if (dice < 65) return CallBack(event, client);
  if (dice < 67) return Rate(event);
  if (dice < 69) return ChangeClient(event);
  if (dice < 72) return Offer(event);
  // A case takes some seven more events to its end; so the pile of open ones grows slowly.
  if (dice < 76 || open_.empty())
    return open_of_client_[static_cast<size_t>(client)] < kOpenOfOneClient ? Open(event, client) : Contact(event);
  Advance(event);
}

void EventStream::Register(Event* event) {
  auto& body = *event->mutable_client_registered();
  body.set_kind(events::v1::CLIENT_KIND_PERSON);
  body.set_display_name("王小" + event->client_id().substr(2));
  body.add_account_numbers("A-" + event->client_id().substr(2));
  body.add_phones("+8869" + event->client_id().substr(2));
  SetCode("crm", event->client_id().substr(2).c_str(), body.add_external_ids());
  body.mutable_profile()->mutable_person()->mutable_employment()->set_occupation("engineer");
}

bool EventStream::NextClassification(Event* event) {
  while (classified_ < options_.clients && !registered_[static_cast<size_t>(classified_)]) ++classified_;
  if (classified_ >= options_.clients) return false;
  ++number_;
  Begin(event, classified_++);
  event->set_source("kefud.clock");
  event->mutable_actor()->set_kind(events::v1::ACTOR_KIND_SYSTEM);
  event->mutable_actor()->set_id("kefud.clock");
  auto& classified = *event->mutable_client_classified();
  classified.set_scheme("asset_tier");
  classified.set_rules_version(1);
  classified.set_segment(Below(4) == 0 ? "gold" : "standard");
  *classified.mutable_as_of() = event->occurred_at();
  auto& reason = *classified.add_reasons();
  reason.set_fact(events::v1::CLIENT_FACT_ASSETS);
  reason.set_value(Below(100'000) * 10'000);
  reason.set_timeline_filter("kind = \"assets_valued\"");
  return true;
}

void EventStream::ChangeClient(Event* event) {
  switch (Below(5)) {
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
    case 3:
      ChangeIdentity(event);
      break;
    default:
      // Active, dormant, suspended: a closed client would take nothing more.
      event->mutable_client_status_changed()->set_status(static_cast<events::v1::ClientStatus>(1 + Below(3)));
      break;
  }
}

// Names on channels and consents. What is withdrawn is advertising; the contacts are about service.
void EventStream::ChangeIdentity(Event* event) {
  const int64_t kind = Below(3);
  if (kind == 0) {
    auto& consent = *event->mutable_consent_changed()->mutable_consent();
    consent.set_purpose(Below(2) == 0 ? "marketing" : "profiling");
    consent.set_given(Below(2) == 0);
    *consent.mutable_since() = event->occurred_at();
    consent.set_text_version("2026-01");
    return;
  }
  const auto channel = Below(2) == 0 ? events::v1::CHANNEL_WECHAT : events::v1::CHANNEL_APP;
  const std::string handle = fmt::format("user-{}-{}", event->client_id(), Below(3));
  if (kind == 1) {
    auto& identity = *event->mutable_channel_identity_linked()->mutable_identity();
    identity.set_channel(channel);
    identity.set_handle(handle);
    identity.set_proof(static_cast<events::v1::IdentityProof>(1 + Below(3)));
  } else {
    event->mutable_channel_identity_unlinked()->set_channel(channel);
    event->mutable_channel_identity_unlinked()->set_handle(handle);
  }
}

void EventStream::Trade(Event* event) {
  auto& body = *event->mutable_trading_day_summarised();
  SetDay(*event, body.mutable_day());
  body.set_trades(static_cast<int32_t>(1 + Below(20)));
  SetMoney((1 + Below(10'000)) * 10'000, body.mutable_turnover());
  SetMoney(body.turnover().minor_units() / 1'000, body.mutable_commission());
  auto& share = *body.add_instruments();
  share.set_instrument(kInstruments[Below(std::size(kInstruments))]);
  share.set_share_bp(10'000);
}

void EventStream::Value(Event* event) {
  auto& body = *event->mutable_assets_valued();
  SetDay(*event, body.mutable_day());
  SetMoney((1 + Below(100'000)) * 10'000, body.mutable_assets());
  SetMoney(Below(1'000) * 10'000, body.mutable_cash());
  if (Below(10) == 0) SetMoney((Below(200) - 100) * 10'000, body.mutable_net_inflow());
}

void EventStream::Rate(Event* event) {
  auto& body = *event->mutable_satisfaction_rated();
  const bool nps = Below(4) == 0;
  body.set_scale(nps ? events::v1::SATISFACTION_SCALE_NPS : events::v1::SATISFACTION_SCALE_CSAT);
  body.set_score(static_cast<int32_t>(nps ? Below(11) : 1 + Below(5)));
  body.set_contact_id(fmt::format("T-{:010}", number_ - 1));
  if (Below(3) == 0) body.set_comment("took long, but the answer was clear");
}

// Now one is made, now one is kept, or is of no use any more.
void EventStream::Promise(Event* event, int64_t client) {
  if (promises_.empty() || (Below(2) == 0 && promises_.size() < kUndertakingsAtMost)) {
    promises_.push_back({client, number_});
    auto& made = *event->mutable_promise_made();
    made.set_promise_id(fmt::format("P-{:09}", number_));
    made.set_text("send the statement of last month by post");
    made.set_owner_id(event->actor().id());
    made.mutable_due_at()->set_seconds(event->occurred_at().seconds() + 2 * 86'400);
    return;
  }
  Undertaking& chosen = promises_[static_cast<size_t>(Below(static_cast<int64_t>(promises_.size())))];
  Begin(event, chosen.client);
  const std::string id = fmt::format("P-{:09}", chosen.number);
  if (Below(10) == 0) {
    event->mutable_promise_released()->set_promise_id(id);
  } else {
    event->mutable_promise_kept()->set_promise_id(id);
  }
  chosen = promises_.back();
  promises_.pop_back();
}

void EventStream::CallBack(Event* event, int64_t client) {
  if (call_backs_.empty() || (Below(2) == 0 && call_backs_.size() < kUndertakingsAtMost)) {
    call_backs_.push_back({client, number_});
    auto& planned = *event->mutable_call_back_planned();
    planned.set_call_back_id(fmt::format("CB-{:09}", number_));
    SetCode("kefu.callback", Below(2) == 0 ? "asked_for" : "yearly_sample", planned.mutable_programme());
    planned.set_team("call-back");
    planned.mutable_due_at()->set_seconds(event->occurred_at().seconds() + 3 * 86'400);
    for (const char* question : kQuestions) SetCode("kefu.question", question, planned.add_questions());
    return;
  }
  Undertaking& chosen = call_backs_[static_cast<size_t>(Below(static_cast<int64_t>(call_backs_.size())))];
  Begin(event, chosen.client);
  const std::string id = fmt::format("CB-{:09}", chosen.number);
  if (Below(10) == 0) {
    event->mutable_call_back_cancelled()->set_call_back_id(id);
  } else {
    auto& done = *event->mutable_call_back_done();
    done.set_call_back_id(id);
    done.set_caller_id(event->actor().id());
    done.set_caller_is_independent(true);
    for (const char* question : kQuestions) {
      auto& answer = *done.add_answers();
      SetCode("kefu.question", question, answer.mutable_question());
      answer.set_answer("yes");
    }
  }
  chosen = call_backs_.back();
  call_backs_.pop_back();
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
  if (Below(5) == 0) return TellFact(chosen, id, event);
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

void EventStream::TellFact(const OpenCase& chosen, const std::string& case_id, Event* event) {
  switch (Below(7)) {
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
    case 4:
      TellOfCase(chosen, case_id, event);
      break;
    case 5:
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

// What has to be done, what was written, what others have to do with it.
void EventStream::TellOfCase(const OpenCase& chosen, const std::string& case_id, Event* event) {
  const int64_t kind = Below(10);
  if (kind < 4 && chosen.next < Step::kClose) {
    auto& next = *event->mutable_case_next_action_set();
    next.set_case_id(case_id);
    SetCode("kefu.action", "call_client", next.mutable_action());
    next.set_owner_id(event->actor().id());
    next.mutable_due_at()->set_seconds(event->occurred_at().seconds() + 86'400);
  } else if (kind < 8) {
    auto& response = *event->mutable_case_response_sent();
    response.set_case_id(case_id);
    response.set_kind(static_cast<events::v1::CaseResponseKind>(1 + Below(3)));
    response.set_channel(events::v1::CHANNEL_LETTER);
    SetCode("kefu.response_item", "reasons", response.add_items());
  } else if (kind < 9) {
    event->mutable_case_matter_set()->set_case_id(case_id);
    event->mutable_case_matter_set()->set_matter_id(fmt::format("M-{}", Below(500)));
  } else {
    auto& external = *event->mutable_case_referred()->mutable_external();
    event->mutable_case_referred()->set_case_id(case_id);
    external.set_scheme("cn.csrc.12386");
    external.set_number(fmt::format("12386-{}", number_));
    external.mutable_due_at()->set_seconds(event->occurred_at().seconds() + 4 * 86'400);
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

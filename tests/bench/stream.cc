#include "tests/bench/stream.h"

#include <fmt/format.h>

namespace kefu::bench {
namespace {

using events::v1::Event;

// 2026-03-02T01:00:00Z.
constexpr int64_t kBeginning = 1'772'413'200;
constexpr int64_t kEventsPerSecond = 100;

constexpr const char* kTopics[] = {"order_status", "password", "fees", "margin", "statement", "ipo", "complaint", "advice"};
constexpr const char* kOutcomes[] = {"answered", "no_answer", "promised_callback", "forwarded"};
constexpr const char* kCategories[] = {"trading", "fees", "service", "disclosure", "account"};
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
    : options_(options), random_(options.seed), registered_(static_cast<size_t>(options.clients)),
      open_of_client_(static_cast<size_t>(options.clients)) {}

int64_t EventStream::PickClient() {
  // The third power of a uniform number: a tenth of the clients have about half of the events.
  const double uniform = static_cast<double>(random_() >> 11) * 0x1.0p-53;
  return static_cast<int64_t>(uniform * uniform * uniform * static_cast<double>(options_.clients));
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
  if (dice < 62) return Contact(event);
  if (dice < 67) return Offer(event);
  // A case takes five more events to its end; so the pile of open ones grows slowly.
  if (dice < 73 || open_.empty())
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
  switch (chosen.next) {
    case Step::kAcknowledge:
      event->mutable_case_acknowledged()->set_case_id(id);
      event->mutable_case_acknowledged()->set_channel(events::v1::CHANNEL_PHONE);
      break;
    case Step::kAssign:
      event->mutable_case_assigned()->set_case_id(id);
      event->mutable_case_assigned()->set_assignee_id(StaffId(Below(300)));
      break;
    case Step::kStart:
      event->mutable_case_started()->set_case_id(id);
      break;
    case Step::kResolve:
      event->mutable_case_resolved()->set_case_id(id);
      --open_of_client_[static_cast<size_t>(chosen.client)];
      event->mutable_case_resolved()->set_outcome(events::v1::CASE_OUTCOME_FULFILLED);
      event->mutable_case_resolved()->set_text("explained and settled");
      break;
    case Step::kClose:
      event->mutable_case_closed()->set_case_id(id);
      chosen = open_.back();
      open_.pop_back();
      return;
  }
  chosen.next = static_cast<Step>(static_cast<int>(chosen.next) + 1);
}

}  // namespace kefu::bench

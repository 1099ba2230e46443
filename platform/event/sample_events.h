#pragma once

// Events for this folder's tests and benchmark.

#include "kefu/events/v1/event.pb.h"

namespace kefu::event {

inline events::v1::Event SampleContact() {
  events::v1::Event event;
  event.set_event_id("0190b3c8-7a1e-7c40-9d3a-5a3f0d6a7b11");
  event.set_client_id("C-000017");
  event.mutable_occurred_at()->set_seconds(1'700'000'000);
  event.set_source("cti");
  event.mutable_actor()->set_kind(events::v1::ACTOR_KIND_STAFF);
  event.mutable_actor()->set_id("S-12");
  event.set_branch_id("B-1");
  auto* contact = event.mutable_contact_recorded();
  contact->set_contact_id("X-90817");
  contact->set_channel(events::v1::CHANNEL_PHONE);
  contact->set_direction(events::v1::DIRECTION_INBOUND);
  contact->mutable_started_at()->set_seconds(1'699'999'900);
  contact->mutable_duration()->set_seconds(95);
  contact->mutable_topic()->set_scheme("kefu.topic");
  contact->mutable_topic()->set_value("fees");
  contact->set_staff_id("S-12");
  contact->set_summary("客戶詢問手續費；已說明。");
  return event;
}

inline events::v1::Event SampleComplaint() {
  events::v1::Event event;
  event.set_event_id("E-2");
  event.set_client_id("C-000017");
  event.mutable_occurred_at()->set_seconds(1'700'000'000);
  event.set_source("crm");
  auto* complaint = event.mutable_complaint_received();
  complaint->set_case_id("K-1");
  complaint->mutable_opening()->set_channel(events::v1::CHANNEL_LETTER);
  complaint->mutable_opening()->set_subject("fees");
  complaint->mutable_disputed_amount()->set_minor_units(12'345);
  complaint->mutable_disputed_amount()->set_currency("CNY");
  return event;
}

}  // namespace kefu::event

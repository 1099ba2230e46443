#include "platform/testkit/client_events.h"

#include "platform/base/time.h"

namespace kefu::testkit {

using events::v1::Event;

namespace {

void SetDay(absl::CivilDay day, events::v1::CalendarDate* date) {
  date->set_year(static_cast<int32_t>(day.year()));
  date->set_month(day.month());
  date->set_day(day.day());
}

// What is about no one client.
template <class Fill>
Draft Broadcast(Fill fill) {
  return Draft().Client("").With([&](Event& event) {
    event.mutable_broadcast()->set_partitions(1);
    fill(event);
  });
}

}  // namespace

Draft IdentityLinked(events::v1::Channel channel, std::string_view handle, events::v1::IdentityProof proof) {
  return Draft().With([&](Event& event) {
    auto* identity = event.mutable_channel_identity_linked()->mutable_identity();
    identity->set_channel(channel);
    identity->set_handle(std::string(handle));
    identity->set_proof(proof);
  });
}

Draft IdentityUnlinked(events::v1::Channel channel, std::string_view handle) {
  return Draft().With([&](Event& event) {
    event.mutable_channel_identity_unlinked()->set_channel(channel);
    event.mutable_channel_identity_unlinked()->set_handle(std::string(handle));
  });
}

Draft ConsentTold(std::string_view purpose, bool given) {
  return Draft().With([&](Event& event) {
    event.mutable_consent_changed()->mutable_consent()->set_purpose(std::string(purpose));
    event.mutable_consent_changed()->mutable_consent()->set_given(given);
  });
}

Draft Traded(absl::CivilDay day, int32_t trades) {
  return Draft().With([&](Event& event) {
    SetDay(day, event.mutable_trading_day_summarised()->mutable_day());
    event.mutable_trading_day_summarised()->set_trades(trades);
  });
}

Draft AssetsTold(absl::CivilDay day, int64_t assets) {
  return Draft().With([&](Event& event) {
    SetDay(day, event.mutable_assets_valued()->mutable_day());
    event.mutable_assets_valued()->mutable_assets()->set_minor_units(assets);
    event.mutable_assets_valued()->mutable_assets()->set_currency("CNY");
  });
}

Draft Classified(std::string_view scheme, std::string_view segment) {
  return Draft().With([&](Event& event) {
    auto* classified = event.mutable_client_classified();
    classified->set_scheme(std::string(scheme));
    classified->set_segment(std::string(segment));
    *classified->mutable_as_of() = ToProto(Beginning());
  });
}

Draft Merged(std::string_view surviving, std::string_view merged) {
  return Broadcast([&](Event& event) {
    event.mutable_client_records_merged()->set_surviving_client_id(std::string(surviving));
    event.mutable_client_records_merged()->set_merged_client_id(std::string(merged));
  });
}

Draft Split(std::string_view merge_event_id) {
  return Broadcast(
      [&](Event& event) { event.mutable_client_records_split()->set_merge_event_id(std::string(merge_event_id)); });
}

Draft Related(std::string_view relation_id, events::v1::RelationKind kind, std::string_view client_id,
              std::string_view other_client_id) {
  return Broadcast([&](Event& event) {
    auto* started = event.mutable_client_relation_started();
    started->set_relation_id(std::string(relation_id));
    started->set_kind(kind);
    started->set_client_id(std::string(client_id));
    started->set_other_client_id(std::string(other_client_id));
  });
}

Draft RelationEnded(std::string_view relation_id) {
  return Broadcast(
      [&](Event& event) { event.mutable_client_relation_ended()->set_relation_id(std::string(relation_id)); });
}

Draft UnitTold(std::string_view unit_id) {
  return Broadcast([&](Event& event) {
    event.mutable_unit_published()->set_unit_id(std::string(unit_id));
    event.mutable_unit_published()->set_level(events::v1::UNIT_LEVEL_BRANCH);
  });
}

Event ForPartition(Event event, int32_t partition, int32_t partitions, int64_t first_offset) {
  auto* broadcast = event.mutable_broadcast();
  broadcast->set_partitions(partitions);
  if (partition != 0) {
    broadcast->set_is_copy(true);
    broadcast->set_first_offset(first_offset);
  }
  return event;
}

}  // namespace kefu::testkit

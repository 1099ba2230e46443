#pragma once

// What each client did, by month: the facts that classification and the churn model look at.

#include "kefu/query/v1/segment.pb.h"
#include "projections/activity/rows.pb.h"
#include "projections/sdk/projection.h"

namespace kefu::activity {

using query::v1::ClientActivity;

struct Clients {
  static constexpr std::string_view kName = "clients";
  static constexpr uint8_t kId = 1;
  using Key = codec::KeyOf<std::string>;  // client id
  using Row = ClientActivity;
};

struct Complaints {
  static constexpr std::string_view kName = "complaints";
  static constexpr uint8_t kId = 2;
  using Key = codec::KeyOf<std::string>;  // case id
  using Row = Complaint;
};

struct ActivityView {
  static constexpr std::string_view kName = "activity";
  static constexpr int32_t kVersion = 1;
  // Of a case only what opens, settles or reopens it: its other steps cost nothing here.
  using Events =
      sdk::TypeList<events::v1::ClientRegistered, events::v1::ServiceConfigurationChanged,
                    events::v1::ClientStatusChanged, events::v1::TradingDaySummarised, events::v1::AssetsValued,
                    events::v1::ContactRecorded, events::v1::SatisfactionRated, events::v1::ComplaintReceived,
                    events::v1::ServiceRequestOpened, events::v1::CaseResolved, events::v1::CaseClosed,
                    events::v1::CaseReopened, events::v1::CaseWithdrawn, events::v1::ClockBreached>;
  using Tables = sdk::TypeList<Clients, Complaints>;
  using Indexes = sdk::TypeList<>;

  static void Ahead(const events::v1::Event& event, sdk::RowsAhead& rows);

  using Rows = sdk::View<ActivityView>;
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::ClientRegistered>& registered, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::ServiceConfigurationChanged>& changed, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::ClientStatusChanged>& changed, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::TradingDaySummarised>& summary, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::AssetsValued>& valued, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::ContactRecorded>& contact, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::SatisfactionRated>& rated, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::ComplaintReceived>& received, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::ServiceRequestOpened>& opened, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CaseResolved>& resolved, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CaseClosed>& closed, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CaseReopened>& reopened, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CaseWithdrawn>& withdrawn, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::ClockBreached>& breached, Rows& view);
};

}  // namespace kefu::activity

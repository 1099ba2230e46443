#pragma once

// The view of one client: who it is, what happened how often, the last contacts, the open cases.

#include "projections/client/client_row.h"
#include "projections/client/rows.pb.h"
#include "projections/sdk/projection.h"

namespace kefu::client {

struct Clients {
  static constexpr std::string_view kName = "clients";
  static constexpr uint8_t kId = 1;
  using Key = codec::KeyOf<std::string>;  // client id
  using Row = ClientRow;  // stored as query.v1.Client
};

// Every case of a client, for lists that go on beyond the row and for cases that are reopened.
struct KnownCases {
  static constexpr std::string_view kName = "known_cases";
  static constexpr uint8_t kId = 2;
  using Key = codec::KeyOf<std::string, std::string>;  // client id, case id
  using Row = KnownCase;
};

inline constexpr int kContactsKept = 10;
inline constexpr int kOpenCasesListed = 50;
// Different tallies in a row, "other" included.
inline constexpr int kTalliesKept = 128;
// Codes longer than this, in bytes, are counted as "other".
inline constexpr size_t kLongestTally = 96;

struct ClientView {
  static constexpr std::string_view kName = "client";
  static constexpr int32_t kVersion = 3;
  using Events =
      sdk::TypeList<events::v1::ClientRegistered, events::v1::ClientProfileChanged,
                    events::v1::ClientIdentifiersChanged, events::v1::ServiceConfigurationChanged,
                    events::v1::ClientStatusChanged, events::v1::ChannelIdentityLinked,
                    events::v1::ChannelIdentityUnlinked, events::v1::ConsentChanged, events::v1::TradingDaySummarised,
                    events::v1::AssetsValued, events::v1::ContactRecorded, events::v1::OfferProgressed,
                    events::v1::PromiseMade, events::v1::PromiseKept, events::v1::PromiseReleased,
                    events::v1::CallBackPlanned, events::v1::CallBackDone, events::v1::CallBackCancelled,
                    events::v1::SatisfactionRated,
                    events::v1::ComplaintReceived, events::v1::ServiceRequestOpened, events::v1::CaseAcknowledged,
                    events::v1::CaseAssigned, events::v1::CaseStarted, events::v1::CaseWaitStarted,
                    events::v1::CaseResumed, events::v1::CaseEscalated, events::v1::CaseReclassified,
                    events::v1::CaseTimelinessReported, events::v1::CaseNoteAdded, events::v1::CaseWorkRecorded,
                    events::v1::CaseResolutionProposed, events::v1::CaseResolved, events::v1::CaseClosed,
                    events::v1::CaseReopened, events::v1::CaseWithdrawn, events::v1::CaseNextActionSet,
                    events::v1::CaseResponseSent, events::v1::CaseMatterSet, events::v1::CaseReferred,
                    events::v1::ClientClassified, events::v1::ClientAssignedToBroker>;
  using Tables = sdk::TypeList<Clients, KnownCases>;
  using Indexes = sdk::TypeList<>;

  static void Ahead(const events::v1::Event& event, sdk::RowsAhead& rows) { rows.Add<Clients>(event.client_id()); }

  using Rows = sdk::View<ClientView>;
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::ClientRegistered>& registered, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::ClientProfileChanged>& changed, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::ClientIdentifiersChanged>& changed, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::ServiceConfigurationChanged>& changed, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::ClientAssignedToBroker>& assigned, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::ClientStatusChanged>& changed, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::ChannelIdentityLinked>& linked, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::ChannelIdentityUnlinked>& unlinked, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::ConsentChanged>& changed, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::TradingDaySummarised>& told, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::AssetsValued>& told, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::ContactRecorded>& contact, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::OfferProgressed>& offer, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::PromiseMade>& promise, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::PromiseKept>& promise, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::PromiseReleased>& promise, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CallBackPlanned>& call_back, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CallBackDone>& call_back, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CallBackCancelled>& call_back, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::SatisfactionRated>& rated, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::ComplaintReceived>& received, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::ServiceRequestOpened>& opened, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CaseAcknowledged>& acknowledged, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CaseAssigned>& assigned, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CaseStarted>& started, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CaseWaitStarted>& waiting, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CaseResumed>& resumed, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CaseEscalated>& escalated, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CaseReclassified>& reclassified, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CaseTimelinessReported>& reported, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CaseNoteAdded>& note, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CaseWorkRecorded>& work, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CaseResolutionProposed>& proposed, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CaseResolved>& resolved, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CaseClosed>& closed, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CaseReopened>& reopened, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CaseWithdrawn>& withdrawn, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CaseNextActionSet>& set, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CaseResponseSent>& sent, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CaseMatterSet>& set, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CaseReferred>& referred, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::ClientClassified>& classified, Rows& view);
};

}  // namespace kefu::client

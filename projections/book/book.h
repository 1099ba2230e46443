#pragma once

// Who serves whom, what each member of staff has in hand, and how it passes on.

#include "projections/book/tables.h"

namespace kefu::book {

struct BookView {
  static constexpr std::string_view kName = "book";
  static constexpr int32_t kVersion = 1;
  using Events = sdk::TypeList<
      events::v1::ClientRegistered, events::v1::ServiceConfigurationChanged, events::v1::ClientStatusChanged,
      events::v1::ContactRecorded, events::v1::ClientAssignedToBroker, events::v1::ClientInformedOfHandover,
      events::v1::WorkReassigned, events::v1::ComplaintReceived, events::v1::ServiceRequestOpened,
      events::v1::CaseAssigned, events::v1::CaseReclassified, events::v1::CaseReferred, events::v1::CaseResolved,
      events::v1::CaseClosed, events::v1::CaseReopened, events::v1::CaseWithdrawn, events::v1::PromiseMade,
      events::v1::PromiseKept, events::v1::PromiseReleased, events::v1::CallBackPlanned, events::v1::CallBackDone,
      events::v1::CallBackCancelled, events::v1::LeadRaised, events::v1::LeadAccepted, events::v1::LeadDeclined,
      events::v1::LeadWon, events::v1::LeadLost, events::v1::RecommendationMade,
      events::v1::RecommendationFollowedUp, events::v1::StaffPublished, events::v1::QualificationRecorded,
      events::v1::TrainingRecorded, events::v1::HandoverOpened, events::v1::HandoverSuccessorNamed,
      events::v1::HandoverCancelled, events::v1::HandoverShareSettled, events::v1::HandoverCompleted>;
  using Tables = sdk::TypeList<Clients, Items, Owners, Tenures, Handovers, HandoverItems, Staff, Orders, OrderLists,
                               Shares>;
  using Indexes = sdk::TypeList<ClientsByBroker, ClientsByNeglect, ItemsByOwner, TenuresByBroker, OpenHandovers>;

  static void Ahead(const events::v1::Event& event, sdk::RowsAhead& rows);

  using Rows = sdk::View<BookView>;
  // Clients (clients.cc).
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::ClientRegistered>& registered, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::ServiceConfigurationChanged>& changed, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::ClientStatusChanged>& changed, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::ContactRecorded>& contact, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::ClientAssignedToBroker>& assigned, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::ClientInformedOfHandover>& informed, Rows& view);
  // Open work (work.cc).
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::WorkReassigned>& reassigned, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::ComplaintReceived>& received, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::ServiceRequestOpened>& opened, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CaseAssigned>& assigned, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CaseReclassified>& reclassified, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CaseReferred>& referred, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CaseResolved>& resolved, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CaseClosed>& closed, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CaseReopened>& reopened, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CaseWithdrawn>& withdrawn, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::PromiseMade>& made, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::PromiseKept>& kept, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::PromiseReleased>& released, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CallBackPlanned>& planned, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CallBackDone>& done, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CallBackCancelled>& cancelled, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::LeadRaised>& raised, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::LeadAccepted>& accepted, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::LeadDeclined>& declined, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::LeadWon>& won, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::LeadLost>& lost, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::RecommendationMade>& made, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::RecommendationFollowedUp>& followed, Rows& view);
  // Staff and handovers (staff.cc).
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::StaffPublished>& published, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::QualificationRecorded>& recorded, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::TrainingRecorded>& recorded, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::HandoverOpened>& opened, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::HandoverSuccessorNamed>& named, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::HandoverCancelled>& cancelled, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::HandoverShareSettled>& settled, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::HandoverCompleted>& completed, Rows& view);
};

}  // namespace kefu::book

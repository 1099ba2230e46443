#pragma once

#include <optional>
#include <string>

#include "projections/client/client.h"

namespace kefu::client {

// The open cases of one client: the oldest in its row, the rest, in order, in the ring of KnownCases behind it. Each
// change costs at most three small rows, however many cases are open; with 50 or fewer, none but the case's own.
// Borrows all; lives within one event.
class OpenCases {
 public:
  OpenCases(ClientRow& row, const std::string& client_id, ClientView::Rows& view)
      : row_(row), client_id_(client_id), view_(view) {}

  // A case never seen before.
  void Open(const query::v1::OpenCase& entry);
  // False: the case is not open.
  bool SetStatus(const std::string& case_id, events::v1::CaseStatus status);
  // Changes the category and the due time, where given, open or not. False: no such case.
  bool Reclassify(const events::v1::CaseReclassified& body);
  // A regulator took it up: BringForward, open or not. False: no such case.
  bool Refer(const events::v1::CaseReferred& body);
  // Takes it off the list; its kind. Empty: it is not open.
  std::optional<events::v1::CaseKind> Settle(const std::string& case_id);
  // Back at the end of the list; its kind. Empty: no such case.
  std::optional<events::v1::CaseKind> Reopen(const std::string& case_id);

 private:
  KnownCase& Known(const std::string& case_id) { return view_.Edit<KnownCases>(client_id_, case_id); }
  std::optional<ClientRow::OpenList::Entry> PlaceOf(const std::string& case_id) const;
  // Parses the entry, lets `change` at it, and puts it back.
  template <class Change>
  bool ChangeKnown(const std::string& case_id, bool changes, Change change);
  template <class Change>
  void ChangeListed(const ClientRow::OpenList::Entry& place, Change change);
  void Append(const query::v1::OpenCase& entry);
  void AddToTotal(int kind, int64_t difference);
  bool SomeWait() const;
  void JoinRing(const std::string& case_id, KnownCase& known);
  void LeaveRing(KnownCase& known);

  ClientRow& row_;
  const std::string& client_id_;
  ClientView::Rows& view_;
};

// The regulator's date, where it is earlier than the entry's, or the only one.
void BringForward(const events::v1::ExternalReference& external, query::v1::OpenCase& entry);

}  // namespace kefu::client

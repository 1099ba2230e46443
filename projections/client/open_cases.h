#pragma once

#include <optional>
#include <string>

#include "projections/client/client.h"

namespace kefu::client {

// The open cases of one client: the oldest in its row, the rest, in order, in the ring of KnownCases behind it. Each
// change costs at most three small rows, however many cases are open; with 50 or fewer, none but the case's own.
// Borrows both; lives within one event.
class OpenCases {
 public:
  OpenCases(query::v1::Client& row, ClientView::Rows& view) : row_(row), view_(view) {}

  // A case never seen before.
  void Open(const query::v1::OpenCase& entry);
  // The list's entry of an open case, to change in place; null if the case is not open.
  query::v1::OpenCase* Find(const std::string& case_id);
  // Changes the category and the due time, where given, open or not. False: no such case.
  bool Reclassify(const events::v1::CaseReclassified& body);
  // Takes it off the list; its kind. Empty: it is not open.
  std::optional<events::v1::CaseKind> Settle(const std::string& case_id);
  // Back at the end of the list; its kind. Empty: no such case.
  std::optional<events::v1::CaseKind> Reopen(const std::string& case_id);

 private:
  KnownCase& Known(const std::string& case_id) { return view_.Edit<KnownCases>(row_.client_id(), case_id); }
  int PlaceOf(const std::string& case_id) const;
  void Append(const query::v1::OpenCase& entry);
  void AddToTotal(int kind, int64_t difference);
  bool SomeWait() const;
  void JoinRing(const std::string& case_id, KnownCase& known);
  void LeaveRing(KnownCase& known);

  query::v1::Client& row_;
  ClientView::Rows& view_;
};

}  // namespace kefu::client

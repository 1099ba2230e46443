#pragma once

// How filters over the book spell kinds of work and acts.

#include <string_view>

#include "kefu/events/v1/book.pb.h"
#include "kefu/events/v1/staff.pb.h"

namespace kefu::query {

// "client" for WORK_KIND_UNSPECIFIED, which is how handovers tell clients from their work. Empty for a kind of a newer
// build.
inline std::string_view WordOf(events::v1::WorkKind kind) {
  switch (kind) {
    case events::v1::WORK_KIND_UNSPECIFIED:
      return "client";
    case events::v1::WORK_KIND_CASE:
      return "case";
    case events::v1::WORK_KIND_PROMISE:
      return "promise";
    case events::v1::WORK_KIND_CALL_BACK:
      return "call_back";
    case events::v1::WORK_KIND_LEAD:
      return "lead";
    case events::v1::WORK_KIND_RECOMMENDATION:
      return "recommendation";
    default:
      return "";
  }
}

inline std::string_view WordOf(events::v1::StaffAct act) {
  switch (act) {
    case events::v1::STAFF_ACT_SERVE:
      return "serve";
    case events::v1::STAFF_ACT_ASSESS:
      return "assess";
    case events::v1::STAFF_ACT_RECOMMEND:
      return "recommend";
    case events::v1::STAFF_ACT_MARKET:
      return "market";
    case events::v1::STAFF_ACT_HANDLE_COMPLAINTS:
      return "handle_complaints";
    case events::v1::STAFF_ACT_CALL_BACK:
      return "call_back";
    default:
      return "";
  }
}

}  // namespace kefu::query

#include "projections/admission/rules.h"

namespace kefu::admission {

std::string_view NameOf(Rule rule) {
  switch (rule) {
    case Rule::kNone:
      return "";
    case Rule::kEventIdMissing:
      return "event_id_missing";
    case Rule::kEventIdReused:
      return "event_id_reused";
    case Rule::kBodyUnknown:
      return "body_unknown";
    case Rule::kClientIdMissing:
      return "client_id_missing";
    case Rule::kRevisionMoved:
      return "revision_moved";
    case Rule::kPreconditionNotApplicable:
      return "precondition_not_applicable";
    case Rule::kClientUnknown:
      return "client_unknown";
    case Rule::kClientExists:
      return "client_exists";
    case Rule::kClientClosed:
      return "client_closed";
    case Rule::kClientStatusUnknown:
      return "client_status_unknown";
    case Rule::kUnknownFieldPath:
      return "unknown_field_path";
    case Rule::kProfileOfOtherKind:
      return "profile_of_other_kind";
    case Rule::kCaseIdMissing:
      return "case_id_missing";
    case Rule::kCaseUnknown:
      return "case_unknown";
    case Rule::kCaseExists:
      return "case_exists";
    case Rule::kCaseOfOtherClient:
      return "case_of_other_client";
    case Rule::kCaseNotOpen:
      return "case_not_open";
    case Rule::kCaseStillOpen:
      return "case_still_open";
    case Rule::kCaseNotResolved:
      return "case_not_resolved";
    case Rule::kCaseNotWaiting:
      return "case_not_waiting";
    case Rule::kCaseAlreadyAcknowledged:
      return "case_already_acknowledged";
    case Rule::kCaseAlreadyStarted:
      return "case_already_started";
    case Rule::kCaseAlreadyClosed:
      return "case_already_closed";
  }
  return "unknown_rule";
}

}  // namespace kefu::admission

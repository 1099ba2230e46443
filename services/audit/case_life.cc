#include "services/audit/case_life.h"

#include "projections/sdk/case_id.h"

namespace kefu::audit {

using events::v1::Event;

void CaseLife::Learn(const Event& event) {
  const auto keep = [](const std::string& id, std::set<std::string>* ids) {
    if (!id.empty()) ids->insert(id);
  };
  if (event.has_complaint_received() && event.complaint_received().case_id() == case_id_)
    keep(event.complaint_received().opening().contact_id(), &contacts_);
  if (event.has_service_request_opened() && event.service_request_opened().case_id() == case_id_)
    keep(event.service_request_opened().opening().contact_id(), &contacts_);
  if (event.has_promise_made() && event.promise_made().case_id() == case_id_)
    keep(event.promise_made().promise_id(), &promises_);
  if (event.has_call_back_planned() && event.call_back_planned().case_id() == case_id_)
    keep(event.call_back_planned().call_back_id(), &call_backs_);
  if (event.has_legal_hold_placed() && event.legal_hold_placed().case_id() == case_id_)
    keep(event.legal_hold_placed().hold_id(), &holds_);
}

bool CaseLife::Names(const Event& event) const {
  if (sdk::CaseIdOf(event) == case_id_) return true;
  switch (event.body_case()) {
    case Event::kContactRecorded: {
      const auto& contact = event.contact_recorded();
      return contact.case_id() == case_id_ || contacts_.contains(contact.contact_id()) ||
             call_backs_.contains(contact.call_back_id());
    }
    case Event::kOfferProgressed:
      return event.offer_progressed().case_id() == case_id_;
    case Event::kSatisfactionRated:
      return event.satisfaction_rated().case_id() == case_id_;
    case Event::kPromiseMade:
      return event.promise_made().case_id() == case_id_;
    case Event::kPromiseKept:
      return promises_.contains(event.promise_kept().promise_id());
    case Event::kPromiseReleased:
      return promises_.contains(event.promise_released().promise_id());
    case Event::kCallBackPlanned:
      return event.call_back_planned().case_id() == case_id_;
    case Event::kCallBackDone:
      return call_backs_.contains(event.call_back_done().call_back_id());
    case Event::kCallBackCancelled:
      return call_backs_.contains(event.call_back_cancelled().call_back_id());
    case Event::kWorkReassigned: {
      const auto& work = event.work_reassigned();
      return (work.kind() == events::v1::WORK_KIND_CASE && work.work_id() == case_id_) ||
             (work.kind() == events::v1::WORK_KIND_PROMISE && promises_.contains(work.work_id())) ||
             (work.kind() == events::v1::WORK_KIND_CALL_BACK && call_backs_.contains(work.work_id()));
    }
    case Event::kLegalHoldPlaced:
      return event.legal_hold_placed().case_id() == case_id_;
    case Event::kLegalHoldLifted:
      return holds_.contains(event.legal_hold_lifted().hold_id());
    case Event::kEventCorrected:
      return taken_.contains(event.event_corrected().corrected_event_id());
    case Event::kEventAnnulled:
      return taken_.contains(event.event_annulled().annulled_event_id());
    default:
      return false;
  }
}

bool CaseLife::Takes(const Event& event) {
  if (!Names(event)) return false;
  taken_.insert(event.event_id());
  return true;
}

}  // namespace kefu::audit

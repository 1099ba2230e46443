#include "projections/admission/standing.h"

#include "platform/base/hash.h"
#include "projections/sdk/case_id.h"

namespace kefu::admission {

namespace {

using events::v1::Event;

class Standing {
 public:
  Standing& Add(std::string_view text) {
    // Odd, so that the order counts and nothing is lost.
    hash_ = hash_ * 0x9E3779B97F4A7C15 + FastHash64(text);
    return *this;
  }
  Standing& Add(int64_t number) {
    hash_ = hash_ * 0x9E3779B97F4A7C15 + static_cast<uint64_t>(number);
    return *this;
  }
  uint32_t value() const { return static_cast<uint32_t>(hash_); }

 private:
  uint64_t hash_ = 1;
};

uint32_t OfCase(const Event& event) {
  Standing standing;
  standing.Add(sdk::CaseIdOf(event));
  if (event.body_case() == Event::kCaseAssigned) standing.Add(event.case_assigned().assignee_id());
  if (event.body_case() == Event::kCaseNextActionSet) standing.Add(event.case_next_action_set().owner_id());
  return standing.value();
}

// What suitability was judged by.
uint32_t OfRecommendation(const Event& event) {
  const auto& made = event.recommendation_made();
  return Standing()
      .Add(made.recommendation_id())
      .Add(made.product_id())
      .Add(made.staff_id())
      .Add(made.has_insisted() ? 1 : 0)
      .Add(event.occurred_at().seconds())
      .value();
}

}  // namespace

Mending MendingOf(int body_tag) {
  switch (body_tag) {
    case Event::kTradingDaySummarised:
    case Event::kAssetsValued:
    case Event::kContactRecorded:
    case Event::kOfferProgressed:
    case Event::kSatisfactionRated:
    case Event::kCaseTimelinessReported:
    case Event::kCaseNoteAdded:
    case Event::kCaseWorkRecorded:
    case Event::kCaseResponseSent:
    case Event::kCaseMatterSet:
    case Event::kCaseReferred:
    case Event::kClientInformedOfHandover:
    case Event::kLeadWorked:
    case Event::kNextActionAnswered:
    case Event::kNeedsAssessed:
    case Event::kServiceDelivered:
      return Mending::kAnnul;
    // What they say last counts for later contacts, leads and recommendations.
    case Event::kServiceConfigurationChanged:
    case Event::kConsentChanged:
    case Event::kRiskAssessed:
    case Event::kInvestorClassified:
    // Whose hands something is in.
    case Event::kClientAssignedToBroker:
    case Event::kWorkReassigned:
      return Mending::kNone;
    default:
      break;
  }
  const bool of_client = (body_tag >= 100 && body_tag < 120) || (body_tag >= 200 && body_tag < 700) ||
                         body_tag == Event::kLegalHoldPlaced || body_tag == Event::kLegalHoldLifted;
  return of_client ? Mending::kCorrect : Mending::kNone;
}

uint32_t StandsOn(const Event& event) {
  switch (event.body_case()) {
    case Event::kClientRegistered:
      return Standing().Add(event.client_registered().kind()).value();
    case Event::kClientStatusChanged:
      return Standing().Add(event.client_status_changed().status()).value();
    case Event::kPromiseMade:
      return Standing().Add(event.promise_made().promise_id()).Add(event.promise_made().owner_id()).value();
    case Event::kPromiseKept:
      return Standing().Add(event.promise_kept().promise_id()).value();
    case Event::kPromiseReleased:
      return Standing().Add(event.promise_released().promise_id()).value();
    case Event::kCallBackPlanned:
      return Standing()
          .Add(event.call_back_planned().call_back_id())
          .Add(event.call_back_planned().owner_id())
          .value();
    case Event::kCallBackDone: {
      const auto& done = event.call_back_done();
      return Standing().Add(done.call_back_id()).Add(done.caller_id()).Add(done.caller_is_independent() ? 1 : 0).value();
    }
    case Event::kCallBackCancelled:
      return Standing().Add(event.call_back_cancelled().call_back_id()).value();
    case Event::kClientInformedOfHandover:
      return Standing().Add(event.client_informed_of_handover().handover_id()).value();
    case Event::kLeadRaised: {
      const auto& raised = event.lead_raised();
      return Standing()
          .Add(raised.lead_id())
          .Add(raised.owner_id())
          .Add(raised.team())
          .Add(raised.direction())
          .Add(event.occurred_at().seconds())
          .value();
    }
    case Event::kLeadAccepted:
      return Standing().Add(event.lead_accepted().lead_id()).Add(event.lead_accepted().staff_id()).value();
    case Event::kLeadDeclined:
      return Standing().Add(event.lead_declined().lead_id()).value();
    case Event::kLeadWorked:
      return Standing().Add(event.lead_worked().lead_id()).value();
    case Event::kLeadWon:
      return Standing().Add(event.lead_won().lead_id()).value();
    case Event::kLeadLost:
      return Standing().Add(event.lead_lost().lead_id()).value();
    case Event::kNeedsAssessed:
      return Standing().Add(event.needs_assessed().staff_id()).value();
    case Event::kRecommendationMade:
      return OfRecommendation(event);
    case Event::kRecommendationFollowedUp: {
      const auto& followed = event.recommendation_followed_up();
      return Standing().Add(followed.recommendation_id()).Add(followed.result()).value();
    }
    case Event::kServiceSubscribed:
      return Standing()
          .Add(event.service_subscribed().subscription_id())
          .Add(event.service_subscribed().product_id())
          .value();
    case Event::kServiceDelivered:
      return Standing()
          .Add(event.service_delivered().subscription_id())
          .Add(event.service_delivered().step_id())
          .value();
    case Event::kServiceEnded:
      return Standing().Add(event.service_ended().subscription_id()).value();
    case Event::kLegalHoldPlaced:
      return Standing().Add(event.legal_hold_placed().hold_id()).Add(event.legal_hold_placed().case_id()).value();
    case Event::kLegalHoldLifted:
      return Standing().Add(event.legal_hold_lifted().hold_id()).value();
    default:
      return static_cast<int>(event.body_case()) / 100 == 3 ? OfCase(event) : 0;
  }
}

uint32_t HashOfClient(std::string_view client_id) { return static_cast<uint32_t>(FastHash64(client_id)); }

}  // namespace kefu::admission

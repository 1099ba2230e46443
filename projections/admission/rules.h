#pragma once

#include <cstdint>
#include <string_view>

namespace kefu::admission {

// Why an event does not count. The numbers are on disk beside the event's id, the names are in verdicts: both are
// frozen, and none is ever used again for something else.
enum class Rule : uint8_t {
  kNone = 0,
  kEventIdMissing = 1,
  kEventIdReused = 2,
  kBodyUnknown = 3,
  kClientIdMissing = 4,
  kRevisionMoved = 5,
  kPreconditionNotApplicable = 6,
  kClientIdNotAllowed = 7,

  kClientUnknown = 20,
  kClientExists = 21,
  kClientClosed = 22,
  kClientStatusUnknown = 23,
  kUnknownFieldPath = 24,
  kProfileOfOtherKind = 25,
  kParentIsSelf = 26,

  kCaseIdMissing = 40,
  kCaseUnknown = 41,
  kCaseExists = 42,
  kCaseOfOtherClient = 43,
  kCaseNotOpen = 44,
  kCaseStillOpen = 45,
  kCaseNotResolved = 46,
  kCaseNotWaiting = 47,
  kCaseAlreadyAcknowledged = 48,
  kCaseAlreadyStarted = 49,
  kCaseAlreadyClosed = 50,
  kNextActionEmpty = 51,

  kConsentWithdrawn = 60,
  kChannelNotAllowed = 61,
  kContactInQuietHours = 62,

  kUndertakingIdMissing = 64,
  kUndertakingExists = 65,
  kUndertakingUnknown = 66,
  kUndertakingOfOtherClient = 67,
  kUndertakingNotOpen = 68,
  kScoreOutOfRange = 69,

  kMergeWithItself = 80,
  kClientAlreadyMerged = 81,
  kClientMergedAway = 82,
  kMergeUnknown = 83,
  kMergeAlreadySplit = 84,

  kRelationExists = 85,
  kRelationUnknown = 86,
  kRelationEnded = 87,
  kRelationWithItself = 88,
  kTreeHasCycle = 89,
  kParentExists = 90,

  kVersionNotNext = 100,
  kReferenceIdInvalid = 101,

  kPolicyWithoutClock = 102,
  kClockIdTwice = 103,
  kTooManyClocks = 104,
  kDueTimeInvalid = 105,
  kCalendarUnknown = 106,
  kCalendarOfOtherKind = 107,
  kPauseNotApplicable = 108,

  kSpansOverlap = 109,
  kSpanInvalid = 110,
  kWeekdayTwice = 111,
  kDaysNotSorted = 112,
  kCalendarNeverOpen = 113,
  kZoneInvalid = 114,
  kCoverageInvalid = 115,

  kUnitUnknown = 116,
  kCodeParentUnknown = 117,

  kRuleDividesByZero = 120,
  kRuleDivisionUnguarded = 121,
  kExpressionInvalid = 122,
  kSegmentTwice = 123,
  kRulesWithoutSegment = 124,
  kModelScaleInvalid = 125,
  kModelUsesScore = 126,
  kTooManySegments = 127,

  kStaffUnknown = 130,
  kStaffLeft = 131,
  kStaffLeaving = 132,
  kActNotPermitted = 133,

  kHandoverExists = 134,
  kHandoverUnknown = 135,
  kHandoverToOneself = 136,
  kHandoverOfEmptyBook = 137,
  kHandoverNotOpen = 138,
  kHandoverNotSettled = 139,

  kClientNotInHandover = 140,
  kBrokerAlreadyAssigned = 141,

  kWorkUnknown = 142,
  kWorkOfOtherClient = 143,
  kWorkNotOpen = 144,
  kWorkNotHeld = 145,

  kLeadExists = 150,
  kLeadUnknown = 151,
  kLeadOfOtherClient = 152,
  kLeadNotOpen = 153,
  kLeadWithoutConsent = 154,
  kCreditsDoNotAddUp = 155,
  kLeadWithoutOwner = 156,

  kAssessmentMissing = 160,
  kAssessmentExpired = 161,
  kUnsuitable = 162,
  kInsistingNotAllowed = 163,
  kWarningWithoutEvidence = 164,

  kRecommendationExists = 165,
  kRecommendationUnknown = 166,
  kRecommendationOfOtherClient = 167,
  kRecommendationEnded = 168,
  kSuitabilityPackMissing = 169,

  kProductUnknown = 170,
  kProductWithdrawn = 171,
  kProductWithoutSteps = 172,
  kNameTaken = 173,
  kAliasTaken = 174,
  kStepTwice = 175,

  kSubscriptionExists = 177,
  kSubscriptionUnknown = 178,
  kSubscriptionOfOtherClient = 179,
  kSubscriptionEnded = 180,
  kStepUnknown = 181,

  kMatrixInvalid = 182,
  kLevelsInvalid = 183,

  kCallerNotIndependent = 184,
  kBundleEmpty = 185,

  kEventUnknown = 190,
  kEventOfOtherClient = 191,
  kEventNotApplied = 192,
  kEventCorrectedAlready = 193,
  kEventIsAServices = 194,
  kCorrectionOfOtherKind = 195,
  kHoldExists = 196,
  kHoldUnknown = 197,
  kRetentionInvalid = 198,
  kEventMovesState = 200,
};

// "case_not_open"; empty for kNone; "unknown_rule" for a number of a newer build.
std::string_view NameOf(Rule rule);

}  // namespace kefu::admission

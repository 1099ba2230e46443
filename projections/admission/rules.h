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

  kClientUnknown = 20,
  kClientExists = 21,
  kClientClosed = 22,
  kClientStatusUnknown = 23,
  kUnknownFieldPath = 24,
  kProfileOfOtherKind = 25,

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
};

// "case_not_open"; empty for kNone; "unknown_rule" for a number of a newer build.
std::string_view NameOf(Rule rule);

}  // namespace kefu::admission

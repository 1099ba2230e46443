#pragma once

// Where imported events go.

#include <functional>
#include <string>

#include "platform/base/status.h"

namespace kefu::events::v1 {
class Event;
}

namespace kefu::cli {

// What a door said of one event.
struct Answer {
  enum class Kind {
    kRecorded,  // on the log, or in the inbox; nobody asked what admission thinks
    kApplied,
    kDuplicate,
    kRefused,  // on the log; `reason` is the rule that forbids it
    kInvalid,  // not on the log; `reason` says why
  };
  Kind kind = Kind::kRecorded;
  std::string reason;
};

// Concurrency: Send and Finish from one thread; Abandon from any. Answers come in the order of Send, one at a time,
// from any thread.
class EventSink {
 public:
  using Answered = std::function<void(const Answer&)>;
  virtual ~EventSink() = default;

  // Takes an event; waits while too many are unanswered. An error means that the door cannot be used any more: what was
  // answered is recorded, of the rest nobody knows.
  virtual Status Send(const events::v1::Event& event) = 0;
  // Waits for the answers that are missing.
  virtual Status Finish() = 0;
  // Makes waiting calls return kCancelled soon.
  virtual void Abandon() = 0;
};

}  // namespace kefu::cli

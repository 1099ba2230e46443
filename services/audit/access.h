#pragma once

// Looking is recorded: who, what, why, on the log before the first byte is answered.

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "kefu/audit/v1/audit.pb.h"
#include "platform/base/status.h"
#include "platform/base/time.h"
#include "platform/log/log.h"

namespace kefu::audit {

// Is it said who asks, and why? kInvalidArgument: REASON_MISSING (blank, too), REASON_TOO_LONG (500 characters),
// ACTOR_INVALID (1 to 64 visible ASCII characters); the fields are below "access".
Status CheckAccess(const v1::Access& access);

// The request as JSON without its field `access`. kInvalidArgument: QUERY_TOO_LONG (48 KiB), QUERY_INVALID (it has no JSON
// form, such as a time in the year 10000).
StatusOr<std::string> QueryOf(const google::protobuf::Message& request);

class AccessRecorder {
 public:
  virtual ~AccessRecorder() = default;

  // States AuditAccessed, and calls `done` once, with OK when it is durable; on this thread, or on one of the log: do little in
  // it. `call` is such as "AuditService.Replay". What CheckAccess and QueryOf refuse, and kUnavailable
  // (AUDIT_NOT_RECORDED) if the log does not take it, or may not have. Thread-safe; waits for nothing.
  virtual void Record(std::string_view call, const v1::Access& access, const google::protobuf::Message& request,
                      std::function<void(Status)> done) = 0;
};

// On partition 0 of `log`, which must outlive it and every call under way, as must `clock`.
std::unique_ptr<AccessRecorder> MakeAccessRecorder(log::EventLog& log, Clock* clock = Clock::Real());

}  // namespace kefu::audit

#pragma once

// The one error vocabulary: absl::Status, spelled over fmt.
//
// Debian builds abseil with its own string_view, which std::string_view does not convert to. This header is the fence:
// nothing else says absl::…Error, absl::string_view or absl::StrCat.

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>

namespace kefu {

using absl::Status;
using absl::StatusCode;
using absl::StatusOr;

inline Status OkStatus() { return absl::OkStatus(); }

inline Status MakeStatus(StatusCode code, std::string_view message) {
  return Status(code, absl::string_view(message.data(), message.size()));
}

inline std::string_view MessageOf(const Status& status) {
  return {status.message().data(), status.message().size()};
}

// "NOT_FOUND: client \"C-1\" …", for logs and terminals.
std::string ToString(const Status& status);

#define KEFU_STATUS_FUNCTION(Name, Code)                                 \
  template <typename... Args>                                            \
  Status Name(fmt::format_string<Args...> format, Args&&... args) {      \
    return MakeStatus(Code, fmt::format(format, std::forward<Args>(args)...)); \
  }

// The caller asked for something malformed; asking again will not help.
KEFU_STATUS_FUNCTION(InvalidArgument, StatusCode::kInvalidArgument)
KEFU_STATUS_FUNCTION(NotFound, StatusCode::kNotFound)
KEFU_STATUS_FUNCTION(AlreadyExists, StatusCode::kAlreadyExists)
// The system is not in the state the request needs; change the state first.
KEFU_STATUS_FUNCTION(FailedPrecondition, StatusCode::kFailedPrecondition)
// Lost a race; read again and decide again.
KEFU_STATUS_FUNCTION(Aborted, StatusCode::kAborted)
// A passing fault; retry with back-off. After a write it means: outcome unknown.
KEFU_STATUS_FUNCTION(Unavailable, StatusCode::kUnavailable)
KEFU_STATUS_FUNCTION(DeadlineExceeded, StatusCode::kDeadlineExceeded)
// No room: disk, memory, queue. Nothing was written.
KEFU_STATUS_FUNCTION(ResourceExhausted, StatusCode::kResourceExhausted)
// Stored bytes are wrong. Stop, and tell a person.
KEFU_STATUS_FUNCTION(DataLoss, StatusCode::kDataLoss)
KEFU_STATUS_FUNCTION(Cancelled, StatusCode::kCancelled)
KEFU_STATUS_FUNCTION(OutOfRange, StatusCode::kOutOfRange)
KEFU_STATUS_FUNCTION(Internal, StatusCode::kInternal)

#undef KEFU_STATUS_FUNCTION

// The same error with "<context>: " before its message.
Status Annotate(const Status& status, std::string_view context);

// Drops an error on purpose; `why` is for the reader.
inline void IgnoreStatus(const Status&, std::string_view /*why*/) {}

}  // namespace kefu

#define KEFU_CONCAT_INNER(a, b) a##b
#define KEFU_CONCAT(a, b) KEFU_CONCAT_INNER(a, b)

// Returns from the function if `expression` is an error.
#define RETURN_IF_ERROR(expression)                              \
  do {                                                           \
    if (::kefu::Status kefu_status = (expression); !kefu_status.ok()) return kefu_status; \
  } while (false)

// ASSIGN_OR_RETURN(auto log, OpenLog(options));
#define ASSIGN_OR_RETURN(target, expression) \
  KEFU_ASSIGN_OR_RETURN(KEFU_CONCAT(kefu_result_, __LINE__), target, expression)
#define KEFU_ASSIGN_OR_RETURN(result, target, expression) \
  auto result = (expression);                             \
  if (!result.ok()) return std::move(result).status();    \
  target = std::move(result).value()

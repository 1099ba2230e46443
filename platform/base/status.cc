#include "platform/base/status.h"

namespace kefu {

std::string ToString(const Status& status) {
  if (status.ok()) return "OK";
  const std::string code = absl::StatusCodeToString(status.code());
  return fmt::format("{}: {}", code, MessageOf(status));
}

Status Annotate(const Status& status, std::string_view context) {
  if (status.ok()) return status;
  Status annotated = MakeStatus(status.code(), fmt::format("{}: {}", context, MessageOf(status)));
  status.ForEachPayload([&](absl::string_view name, const absl::Cord& payload) { annotated.SetPayload(name, payload); });
  return annotated;
}

}  // namespace kefu

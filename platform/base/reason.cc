#include "platform/base/reason.h"

#include <absl/strings/cord.h>

namespace kefu {

namespace {

constexpr char kReason[] = "kefu/reason";
constexpr char kField[] = "kefu/field";

absl::Cord ToCord(std::string_view text) { return absl::Cord(std::string(text)); }

std::string Payload(const Status& status, const char* name) {
  const auto payload = status.GetPayload(name);
  return payload.has_value() ? std::string(*payload) : std::string();
}

}  // namespace

Status WithReason(Status status, std::string_view reason, std::string_view field) {
  if (status.ok()) return status;
  status.SetPayload(kReason, ToCord(reason));
  if (!field.empty()) status.SetPayload(kField, ToCord(field));
  return status;
}

std::string ReasonOf(const Status& status) { return Payload(status, kReason); }

std::string FieldOf(const Status& status) { return Payload(status, kField); }

}  // namespace kefu

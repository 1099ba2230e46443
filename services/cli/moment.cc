#include "services/cli/moment.h"

#include <absl/time/civil_time.h>
#include <absl/time/time.h>

#include <cstdio>

#include "platform/base/time.h"

namespace kefu::cli {
namespace {

constexpr std::string_view kOccurred = "occurred:";
constexpr std::string_view kPosition = "position:";

Status NoMoment(std::string_view text) {
  return InvalidArgument("\"{}\": say a time (2026-03-01T09:30:00+08:00), a day (2026-03-01), occurred: and either, "
                         "position:TOKEN, or moments/ID",
                         text.substr(0, 80));
}

StatusOr<absl::Time> TimeIn(std::string_view text) {
  int year = 0, month = 0, day = 0, read = 0;
  const std::string whole(text);
  if (text.size() == 10 && std::sscanf(whole.c_str(), "%4d-%2d-%2d%n", &year, &month, &day, &read) == 3 && read == 10) {
    const absl::CivilDay given(year, month, day);
    if (given.month() != month || given.day() != day) return NoMoment(text);
    return absl::FromCivil(given + 1, absl::FixedTimeZone(8 * 3600)) - absl::Nanoseconds(1);
  }
  const auto time = ParseRfc3339(text);
  if (!time.ok()) return NoMoment(text);
  return *time;
}

}  // namespace

StatusOr<audit::v1::AsOf> ReadMoment(std::string_view text) {
  audit::v1::AsOf as_of;
  if (text.starts_with(kPosition) && text.size() > kPosition.size()) {
    as_of.set_position(std::string(text.substr(kPosition.size())));
  } else if (text.starts_with(kOccurred)) {
    ASSIGN_OR_RETURN(const absl::Time time, TimeIn(text.substr(kOccurred.size())));
    *as_of.mutable_occurred_time() = ToProto(time);
  } else {
    ASSIGN_OR_RETURN(const absl::Time time, TimeIn(text));
    *as_of.mutable_recorded_time() = ToProto(time);
  }
  return as_of;
}

StatusOr<std::string> MomentOf(std::string_view text) {
  if (text.starts_with("moments/")) return std::string(text);
  ASSIGN_OR_RETURN(const audit::v1::AsOf as_of, ReadMoment(text));
  switch (as_of.moment_case()) {
    case audit::v1::AsOf::kPosition:
      return std::string(kPosition) + as_of.position();
    case audit::v1::AsOf::kOccurredTime:
      return std::string(kOccurred) + FormatRfc3339(FromProto(as_of.occurred_time()));
    default:
      return "recorded:" + FormatRfc3339(FromProto(as_of.recorded_time()));
  }
}

}  // namespace kefu::cli

#include "services/audit/as_of.h"

#include "platform/base/reason.h"
#include "platform/base/time.h"
#include "platform/log/position.h"

namespace kefu::audit {
namespace {

StatusOr<absl::Time> PastTime(const google::protobuf::Timestamp& given, std::string_view field, absl::Time now) {
  // google.protobuf.Timestamp: the years 1 to 9999.
  constexpr int64_t kFirst = -62'135'596'800, kLast = 253'402'300'799;
  if (given.seconds() < kFirst || given.seconds() > kLast || given.nanos() < 0 || given.nanos() > 999'999'999)
    return WithReason(InvalidArgument("{} is no time", field), "TIME_INVALID", field);
  const absl::Time time = FromProto(given);
  if (time > now)
    return WithReason(InvalidArgument("{} is {}, and it is {} now: nothing is known of it yet", field, FormatRfc3339(time),
                                      FormatRfc3339(now)),
                      "AS_OF_IN_FUTURE", field);
  return time;
}

}  // namespace

StatusOr<past::Asked> ReadAsOf(const v1::AsOf& as_of, std::string_view field, const log::LogIdentity& log,
                               absl::Time now) {
  past::Asked asked;
  switch (as_of.moment_case()) {
    case v1::AsOf::kRecordedTime: {
      ASSIGN_OR_RETURN(asked.recorded, PastTime(as_of.recorded_time(), field, now));
      return asked;
    }
    case v1::AsOf::kOccurredTime: {
      ASSIGN_OR_RETURN(asked.occurred, PastTime(as_of.occurred_time(), field, now));
      return asked;
    }
    case v1::AsOf::kPosition: {
      auto position = log::Position::Decode(as_of.position(), log.id, log.partitions);
      if (!position.ok()) return WithReason(Annotate(position.status(), field), "POSITION_INVALID", field);
      asked.position = *std::move(position);
      return asked;
    }
    case v1::AsOf::MOMENT_NOT_SET:
      break;
  }
  return WithReason(InvalidArgument("{} is missing: give a recorded time, an occurred time or a position", field),
                    "AS_OF_MISSING", field);
}

}  // namespace kefu::audit

#include "services/audit/replay_filter.h"

#include <google/protobuf/arena.h>

#include <vector>

#include "platform/base/reason.h"
#include "platform/base/time.h"
#include "platform/event/record.h"
#include "platform/runtime/suggest.h"
#include "services/audit/case_of.h"

namespace kefu::audit {
namespace {

using events::v1::Event;

StatusOr<int> TagOfKind(const std::string& kind) {
  const auto* bodies = Event::descriptor()->FindOneofByName("body");
  std::vector<std::string> known;
  for (int i = 0; i < bodies->field_count(); ++i) {
    if (bodies->field(i)->name() == kind) return bodies->field(i)->number();
    known.push_back(bodies->field(i)->name());
  }
  return WithReason(InvalidArgument("there is no kind of event \"{}\"{}", kind.substr(0, 80),
                                    runtime::DidYouMean(kind.substr(0, 80), known)),
                    "KIND_UNKNOWN", "kinds");
}

StatusOr<absl::Time> TimeOf(const google::protobuf::Timestamp& time, std::string_view field) {
  // google.protobuf.Timestamp: the years 1 to 9999.
  constexpr int64_t kFirst = -62'135'596'800, kLast = 253'402'300'799;
  if (time.seconds() < kFirst || time.seconds() > kLast || time.nanos() < 0 || time.nanos() > 999'999'999)
    return WithReason(InvalidArgument("{} is no time", field), "TIME_INVALID", field);
  return FromProto(time);
}

bool HasText(std::string_view bytes, std::string_view text) {
  return text.empty() || bytes.find(text) != std::string_view::npos;
}

}  // namespace

StatusOr<ReplayFilter::TimeRange> ReplayFilter::TimeRange::Make(bool has_from, const google::protobuf::Timestamp& from,
                                                                bool has_until,
                                                                const google::protobuf::Timestamp& until,
                                                                std::string_view field) {
  TimeRange range;
  if (has_from) {
    ASSIGN_OR_RETURN(range.from, TimeOf(from, fmt::format("{}_from", field)));
  }
  if (has_until) {
    ASSIGN_OR_RETURN(range.until, TimeOf(until, fmt::format("{}_until", field)));
  }
  if (range.from.has_value() && range.until.has_value() && *range.from > *range.until)
    return WithReason(InvalidArgument("{0}_from is after {0}_until", field), "TIME_RANGE_INVALID",
                      fmt::format("{}_from", field));
  return range;
}

bool ReplayFilter::TimeRange::Holds(bool has_time, const google::protobuf::Timestamp& time) const {
  if (!given()) return true;
  if (!has_time) return false;
  const absl::Time at = FromProto(time);
  return (!from.has_value() || at >= *from) && (!until.has_value() || at < *until);
}

StatusOr<ReplayFilter> ReplayFilter::Make(const v1::ReplayRequest& request, FindCase find_case) {
  ReplayFilter made;
  made.find_case_ = std::move(find_case);
  made.client_id_ = request.client_id();
  made.case_id_ = request.case_id();
  made.staff_id_ = request.staff_id();
  for (const std::string& kind : request.kinds()) {
    ASSIGN_OR_RETURN(const int tag, TagOfKind(kind));
    made.kinds_.insert(tag);
  }
  ASSIGN_OR_RETURN(made.recorded_,
                   TimeRange::Make(request.has_recorded_from(), request.recorded_from(), request.has_recorded_until(),
                                   request.recorded_until(), "recorded"));
  ASSIGN_OR_RETURN(made.occurred_,
                   TimeRange::Make(request.has_occurred_from(), request.occurred_from(), request.has_occurred_until(),
                                   request.occurred_until(), "occurred"));
  made.takes_all_ = made.client_id_.empty() && made.case_id_.empty() && made.staff_id_.empty() && made.kinds_.empty() &&
                    !made.recorded_.given() && !made.occurred_.given();
  return made;
}

// A text that an event has lies in its bytes as it is, however they were written: most records are done with here.
bool ReplayFilter::MayMatch(std::string_view recorded_bytes) const {
  return HasText(recorded_bytes, staff_id_) && HasText(recorded_bytes, client_id_) &&
         (HasText(recorded_bytes, case_id_) || MayRefer(recorded_bytes));
}

StatusOr<bool> ReplayFilter::IsOfCase(const Event& event) const {
  const std::string named = CaseOf(event);
  if (!named.empty()) return named == case_id_;
  ASSIGN_OR_RETURN(const std::string referred, find_case_(event));
  return referred == case_id_;
}

StatusOr<bool> ReplayFilter::Matches(std::string_view recorded_bytes) const {
  if (takes_all_) return true;
  if (!MayMatch(recorded_bytes)) return false;
  // Most events fit into this; what does not is allocated, and gone with the arena.
  alignas(8) char first_block[4096];
  google::protobuf::ArenaOptions options;
  options.initial_block = first_block;
  options.initial_block_size = sizeof(first_block);
  google::protobuf::Arena arena(options);
  auto& event = *google::protobuf::Arena::CreateMessage<Event>(&arena);
  if (!event::ParseRecorded(recorded_bytes, &event).ok()) return false;
  if (!client_id_.empty() && event.client_id() != client_id_) return false;
  if (!staff_id_.empty() && (event.actor().kind() != events::v1::ACTOR_KIND_STAFF || event.actor().id() != staff_id_))
    return false;
  if (!kinds_.empty() && !kinds_.contains(event.body_case())) return false;
  if (!recorded_.Holds(event.has_recorded_at(), event.recorded_at()) ||
      !occurred_.Holds(event.has_occurred_at(), event.occurred_at()))
    return false;
  if (case_id_.empty()) return true;
  return IsOfCase(event);
}

}  // namespace kefu::audit

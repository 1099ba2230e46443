#pragma once

// Which recorded events a replay is to show.

#include <absl/time/time.h>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>

#include "kefu/audit/v1/audit.pb.h"
#include "kefu/events/v1/event.pb.h"
#include "platform/base/status.h"

namespace kefu::audit {

// The conditions of a ReplayRequest that look into events: client, case, staff, kinds, times. All must hold; bytes that are
// no event meet none of them. Thread-compatible.
class ReplayFilter {
 public:
  // The case of what refers to an event or a hold that has one: CaseOfReferred (case_of.h).
  using FindCase = std::function<StatusOr<std::string>(const events::v1::Event& event)>;

  // kInvalidArgument: KIND_UNKNOWN (with the name that was probably meant), TIME_INVALID, TIME_RANGE_INVALID (from after until).
  static StatusOr<ReplayFilter> Make(const v1::ReplayRequest& request, FindCase find_case);

  // True without a condition: then nothing needs to be looked into.
  bool TakesAll() const { return takes_all_; }
  // Of a client's own journal everything is about the client, also what names it in the body only.
  void ForgetClient() { client_id_.clear(); }

  // Does the event meet the conditions? Costs a search for the texts asked for, and reading it where they are in it. An
  // error is one of FindCase.
  StatusOr<bool> Matches(std::string_view recorded_bytes) const;

 private:
  struct TimeRange {
    std::optional<absl::Time> from;
    std::optional<absl::Time> until;
    static StatusOr<TimeRange> Make(bool has_from, const google::protobuf::Timestamp& from, bool has_until,
                                    const google::protobuf::Timestamp& until, std::string_view field);
    bool given() const { return from.has_value() || until.has_value(); }
    bool Holds(bool has_time, const google::protobuf::Timestamp& time) const;
  };
  bool MayMatch(std::string_view recorded_bytes) const;
  StatusOr<bool> IsOfCase(const events::v1::Event& event) const;

  FindCase find_case_;
  bool takes_all_ = true;
  std::string client_id_;
  std::string case_id_;
  std::string staff_id_;
  // Tags of bodies.
  std::unordered_set<int> kinds_;
  TimeRange recorded_;
  TimeRange occurred_;
};

}  // namespace kefu::audit

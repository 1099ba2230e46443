#pragma once

// Where clients are served: the branches of the made-up firm, their days and their money.

#include <absl/time/civil_time.h>
#include <absl/time/time.h>

#include <array>
#include <cstdint>
#include <map>
#include <string>

#include "kefu/events/v1/calendar.pb.h"

namespace kefu::cli {

// What happens at a branch is in its own time, which has no summer: UTC+8.
absl::Time AtBranch(absl::CivilDay day, int64_t minute_of_day);
absl::CivilDay BranchDay(absl::Time at);
int64_t BranchMinute(absl::Time at);

// Which days a branch works, by its calendar: holidays and make-up days included.
class Workdays {
 public:
  explicit Workdays(const events::v1::CalendarPublished& calendar);

  bool IsOpen(absl::CivilDay day) const;
  // The exchange does not trade on make-up days at weekends.
  bool IsTradingDay(absl::CivilDay day) const;
  // `count` open days after `day`.
  absl::CivilDay Add(absl::CivilDay day, int64_t count) const;

 private:
  // By absl::Weekday: Monday is 0.
  std::array<bool, 7> week_ = {};
  std::map<absl::CivilDay, bool> exceptions_;
};

struct Office {
  std::string branch_id;
  std::string city;
  std::string country;
  std::string currency;
  Workdays workdays;
};

}  // namespace kefu::cli

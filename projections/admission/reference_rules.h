#pragma once

// What reference data has to be by itself, versions apart. Each gives the first rule of projections/admission/README.md
// that refuses it, or kNone.

#include <absl/functional/function_ref.h>

#include <string>
#include <string_view>

#include "kefu/events/v1/audit.pb.h"
#include "kefu/events/v1/calendar.pb.h"
#include "kefu/events/v1/policy.pb.h"
#include "kefu/events/v1/reference.pb.h"
#include "kefu/events/v1/segment.pb.h"
#include "projections/admission/rules.h"

namespace kefu::admission {

// 1 to 64 visible ASCII characters: units and schemes of codes, which other systems number.
bool IsUnitId(std::string_view id);
// 1 to `longest` characters of [a-z0-9._-]: what the firm itself names.
bool IsReferenceId(std::string_view id, size_t longest);

// The kind of the newest version of a calendar; UNSPECIFIED if none was published.
using KindOfCalendar = absl::FunctionRef<events::v1::CalendarKind(const std::string& calendar_id)>;

Rule CheckCalendarContent(const events::v1::CalendarPublished& calendar);
Rule CheckPack(const events::v1::PolicyPackPublished& pack, KindOfCalendar kind_of);
// Entries have values of their own; a parent is the value of another entry.
Rule CheckCodeSet(const events::v1::CodeSetPublished& codes);
Rule CheckSegmentRules(const events::v1::SegmentRulesPublished& rules);
Rule CheckModel(const events::v1::ChurnModelPublished& model);
// Classes have ids of their own and some years; exactly one of them is for all other kinds; a kind is in one class only.
// Whether there is such a kind is for the door to say, for a newer build knows more of them.
Rule CheckRetention(const events::v1::RetentionPublished& retention);

}  // namespace kefu::admission

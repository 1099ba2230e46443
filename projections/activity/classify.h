#pragma once

// From a client's facts to its segments, with the reasons. Pure: the classifier and whoever tries rules out find the
// same.

#include <absl/time/time.h>

#include <string>

#include "kefu/events/v1/segment.pb.h"
#include "projections/activity/facts.h"

namespace kefu::activity {

// Reasons that a classification gives at most.
inline constexpr size_t kMostReasons = 8;

// The facts of a client at `as_of`, in days, with the score of `model` (null: none), which looks at whole months.
Facts FactsAt(const query::v1::ClientActivity& row, const events::v1::ChurnModelPublished* model, absl::Time as_of);

// The segment that the rules give; empty for none.
const std::string& SegmentOf(const events::v1::SegmentRulesPublished& rules, const Facts& facts);

// Does a rule of these look at the churn score?
bool UsesScore(const events::v1::SegmentRulesPublished& rules);

// What is to be stated: all but `previous_segment` and `as_of_offset`. The reasons are the facts that the deciding rule
// names, where no rule holds those that any names, in the order of first naming, at most kMostReasons. `model_version`
// is 0 if the rules do not look at the score.
events::v1::ClientClassified Classify(const events::v1::SegmentRulesPublished& rules,
                                      const events::v1::ChurnModelPublished* model, const Facts& facts,
                                      absl::Time as_of);

// The id under which a classification is stated: "class/{scheme}/{rules}/{model}/{as_of in seconds}/{client}". At most
// 128 bytes for all ids and versions that admission takes, up to the year 2286.
std::string EventIdOf(const events::v1::ClientClassified& classified, const std::string& client_id);

// The events behind a fact at `as_of`, as a filter for ListTimeline; empty where the value is of the record itself.
std::string TimelineFilterOf(events::v1::ClientFact fact, absl::Time as_of);

}  // namespace kefu::activity

#include "services/cli/timeline_cells.h"

#include <fmt/format.h>

#include "services/cli/output.h"
#include "services/cli/show.h"

namespace kefu::cli {

std::string AmendmentText(const query::v1::TimelineEntry& entry) {
  if (!entry.has_amended()) return "";
  return fmt::format("{} by {}", entry.amended().annulled() ? "annulled" : "corrected", entry.amended().event_id());
}

const std::vector<std::string> kTimelineHeadings = {"WHEN", "WHAT", "SOURCE", "BY", "VERDICT", "EVENT"};

std::vector<std::string> TimelineCells(const query::v1::TimelineEntry& entry) {
  const auto& event = entry.event();
  // That it was applied, and stands as it was said, is the rule; only what is not needs words.
  const bool applied = entry.verdict().outcome() == events::v1::VERDICT_OUTCOME_APPLIED;
  return {TimeText(event.occurred_at()),
          entry.kind(),
          event.source(),
          event.actor().id(),
          applied ? AmendmentText(entry) : VerdictText(entry.verdict()),
          event.event_id()};
}

}  // namespace kefu::cli

#include "services/cli/audit/replay_row.h"

#include <fmt/format.h>

#include "kefu/events/v1/event.pb.h"
#include "platform/event/record.h"
#include "services/cli/audit/event_words.h"
#include "services/cli/output.h"

namespace kefu::cli {

using events::v1::Event;

const std::vector<std::string> kReplayHeadings = {"RECORDED", "PLACE", "WHAT", "CLIENT", "BY", "VERDICT", "EVENT"};

std::vector<std::string> ReplayCells(const audit::v1::RecordedEvent& recorded) {
  Event event;
  const bool is_event = event::ParseRecorded(recorded.record(), &event).ok();
  const auto& verdict = recorded.verdict();
  // Applied is the rule; only what is not needs words.
  std::string decided = verdict.outcome() == events::v1::VERDICT_OUTCOME_APPLIED ? "" : EnumText(verdict.outcome());
  if (!decided.empty() && !verdict.rule().empty()) decided += ": " + verdict.rule();
  return {TimeText(event.recorded_at()),
          fmt::format("{}/{}", recorded.partition(), recorded.offset()),
          is_event ? KindOf(event) : "(no event)",
          event.client_id(),
          event.actor().id(),
          decided,
          event.event_id()};
}

}  // namespace kefu::cli

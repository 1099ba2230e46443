#pragma once

// What becomes of a case's clocks when something happens to it: pure functions over one row. The fold uses them with
// what was published, a simulation with what might be.

#include <absl/time/time.h>

#include <string>
#include <string_view>

#include "platform/calendar/due.h"
#include "projections/clock/inputs.h"
#include "projections/clock/rows.pb.h"

namespace kefu::clock {

// Bounds of a row: a faulty sender must not make it grow without end.
inline constexpr int kClocksKept = 32;
inline constexpr int kInputsKept = 256;
inline constexpr int kMostPauses = 99;
inline constexpr int kMostRuns = 999;

// Where the rules come from. What it gives out lives as long as the event in hand.
class Rules {
 public:
  virtual ~Rules() = default;
  // Null: not known here.
  virtual const events::v1::PolicyPackPublished* Pack(const events::v1::PolicyReference& pack) = 0;
  virtual const events::v1::CalendarPublished* Calendar(const events::v1::CalendarReference& calendar) = 0;
  // By which version of the calendar a run of a clock is judged that starts now.
  virtual events::v1::CalendarReference CalendarFor(const std::string& clock_id, int32_t run,
                                                    const std::string& calendar_id) = 0;
};

// `input` happened. `recorded_at`: when the log learned it. The row has its inputs, or is one with all that Opening
// set.
void Take(const Input& input, Rules& rules, absl::Time recorded_at, CaseClocks& row);
// The same clocks by `rules`: all inputs once more, nothing of what facts said. `row.packs` are what `packs` says.
CaseClocks Replay(const CaseClocks& row, const google::protobuf::RepeatedPtrField<events::v1::PolicyReference>& packs,
                  Rules& rules);

// "clock/met/K-1/uk.fca.disp/final_response/0", at most 128 bytes.
std::string FactId(std::string_view what, const CaseClocks& row, const CaseClock& clock);
// Null if there is none.
CaseClock* FindClock(CaseClocks& row, const std::string& clock_id, int32_t run);
const CaseClock* FindClock(const CaseClocks& row, const std::string& clock_id, int32_t run);
// "final_response" of "uk.fca.disp/final_response"; null if the pack has no such clock (any more).
const events::v1::ClockRule* RuleOf(const events::v1::PolicyPackPublished& pack, std::string_view clock_id);
// What is still to be told: `note` becomes a fact with this id. Nothing of silent clocks.
events::v1::Event* AddNote(std::string event_id, const CaseClock& clock, const std::string& cause, absl::Time at,
                           absl::Time recorded_at, CaseClocks& row);
void AddRetraction(const CaseClock& clock, const std::string& cause, absl::Time recorded_at, CaseClocks& row);

}  // namespace kefu::clock

#pragma once

// What one event adds to its cube. The fold counts by this and by nothing else, so whoever has the events behind a
// number, and what was known when they came, can compute it again.

#include <absl/container/inlined_vector.h>
#include <absl/time/time.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "kefu/events/v1/event.pb.h"
#include "projections/statistics/cubes.h"
#include "projections/statistics/rows.pb.h"

namespace kefu::statistics {

// What is known besides the event itself. Null where there is nothing.
struct Known {
  const CaseFacts* of_case = nullptr;
  const UndertakingFacts* undertaking = nullptr;
  // The client's trading day as told before.
  const DayTold* told = nullptr;
  // Of the client, now.
  std::string_view tier = {};
};

struct Contribution {
  struct Amount {
    std::string_view name;
    // Empty unless the sum is one by currency.
    std::string_view currency;
    int64_t value = 0;
  };

  Family family;
  // Since 1970-01-01.
  int32_t day = 0;
  // Borrowed from the event, or from what is known.
  std::array<std::string_view, kFacts> facts = {};
  std::optional<int64_t> milliseconds = {};
  // Those that are not 0.
  absl::InlinedVector<Amount, 3> sums = {};

  std::string_view& operator[](Fact fact) { return facts[static_cast<size_t>(fact)]; }
  std::string_view operator[](Fact fact) const { return facts[static_cast<size_t>(fact)]; }
};

// Nothing: the event is not counted. Pure. What is missing from `known` counts as not said.
std::optional<Contribution> Explain(const events::v1::Event& event, const Known& known);

// "phone" for CHANNEL_PHONE, as cases keep it for later; empty for what was not said.
std::string_view ChannelWord(events::v1::Channel channel);

// The day of `time` in the branches' zone, counted from 1970-01-01.
int32_t DayOf(absl::Time time);
// The day a trading summary is about; the day of the event where it names none.
int32_t DayToldOf(const events::v1::Event& event);

// The first measure of a cube that no event contributes to, or that an event contributes to without the cube declaring
// it, in words; empty if there is none. What cannot be explained must not be counted, so servers ask before they serve.
std::string UnexplainedMeasure();

}  // namespace kefu::statistics

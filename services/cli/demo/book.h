#pragma once

// Who serves whom in a sample: each client has a broker from its first day on, some a backup; one broker leaves, and its
// clients are told. And what the brokers advise: assessments, recommendations and what came of them.

#include <absl/time/civil_time.h>

#include <string_view>
#include <vector>

#include "services/cli/demo/story.h"

namespace kefu::cli {

// Who leaves, and who takes over.
inline constexpr std::string_view kLeaver = "B-14";
inline constexpr std::string_view kSuccessor = "B-05";

// The day on which it is said that the leaver leaves.
absl::CivilDay HandoverDay(const DemoOptions& options);

// In the leaver's book when that day comes.
bool IsHandedOver(const DemoOptions& options, int64_t number, const Told& told);

// How well the client with this number is known, which decides what may be recommended to it.
enum class Bearing {
  // Never assessed.
  kUnknown,
  // Assessed, but not good any more in the second half of the sample.
  kExpired,
  // Class C2.
  kCautious,
  // Class C4.
  kActive,
  // A professional.
  kProfessional,
};
Bearing BearingOf(const DemoOptions& options, int64_t number, const Told& told);

// Of one client: its brokers, that it was told of the handover, what was found out about it and recommended to it.
std::vector<events::v1::Event> MakeService(const DemoOptions& options, const Office& office, int64_t number,
                                           const Told& told);

// That a broker leaves and who takes over, if anybody is in its book: facts of no client. The last event is reference
// data, so that who waits for it has all before it.
std::vector<events::v1::Event> MakeHandover(const DemoOptions& options, const std::vector<Told>& clients);

}  // namespace kefu::cli

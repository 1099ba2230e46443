#pragma once

// Which bodies are about more than one client, which only services may write, and which rules they may ask for.

#include "kefu/events/v1/event.pb.h"
#include "platform/base/ids.h"

namespace kefu::event {

// Bodies that go to every partition: facts about two clients, reference data, handovers. They are recorded and judged in
// partition 0; what was applied there is copied to the others.
constexpr bool IsBroadcast(events::v1::Event::BodyCase body) {
  const int tag = static_cast<int>(body);
  return (tag >= 120 && tag < 130) || (tag >= 700 && tag < 800);
}

// The newest version of admission's rules that this build has. A log that names a later one is not for it: doors keep
// such a RulesVersionAdopted out, and admission stops before one that a newer build let in.
inline constexpr int32_t kNewestRulesVersion = 2;

// Where they are judged.
inline constexpr Partition kHomeOfBroadcasts{0};

// Bodies about the log itself and about no client: what was signed, looked at, filed, switched. Only services state them,
// in partition 0; nothing is copied.
constexpr bool IsAboutLog(events::v1::Event::BodyCase body) {
  const int tag = static_cast<int>(body);
  return tag >= 880 && tag < 890;
}
inline constexpr Partition kHomeOfLogFacts{0};

// Bodies that services conclude from other events. No door takes them.
constexpr bool IsReserved(events::v1::Event::BodyCase body) {
  const int tag = static_cast<int>(body);
  return tag >= 790 && tag < 900;
}

}  // namespace kefu::event

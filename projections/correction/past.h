#pragma once

// What the rows of one client were folded from, read back from the journal.

#include <absl/time/time.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "kefu/events/v1/event.pb.h"
#include "platform/base/ids.h"
#include "platform/base/status.h"
#include "platform/store/store.h"

namespace kefu::correction {

// EventCorrected, EventAnnulled.
bool IsCorrection(events::v1::Event::BodyCase body);

struct PastEvent {
  Offset offset;
  // The partition's effective recorded time.
  absl::Time recorded_at;
  std::string bytes;
};

// What stands in the place of an event: a serialised Event, or nothing where the event never happened.
using Instead = std::optional<std::string>;

struct Past {
  // Those that were applied, of the client and broadcast, in the order of the log.
  std::vector<PastEvent> events;
  // By the offset of the first event, as far as it was corrected in this past; the last correction counts.
  std::map<int64_t, Instead> instead;
};

// What `correction`, which is of an applied event, puts in the place of the first event.
Instead InsteadBy(const events::v1::Event& correction);

// Everything of `client_id` before `until`. `journal` is a table of the journal's rows, which are at `until` or past it.
// kOutOfRange: the client has more than `most` events of its own.
StatusOr<Past> ReadPast(const store::Snapshot& snapshot, store::TableId journal, const std::string& client_id,
                        Offset until, int64_t most);

}  // namespace kefu::correction

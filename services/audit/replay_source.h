#pragma once

// Where a replay takes records from: the log itself, or the journal of one client.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kefu/events/v1/event.pb.h"
#include "platform/base/status.h"
#include "platform/log/log.h"
#include "projections/engine/engine.h"
#include "services/audit/replay_plan.h"

namespace kefu::audit {

// A record, borrowed from its source until that moves on.
struct SourcedRecord {
  Offset offset;
  std::string_view bytes;
  // Null: it was applied.
  const events::v1::Verdict* verdict = nullptr;
  int64_t leaf_index = 0;
};

// Concurrency: one thread at a time.
class ReplaySource {
 public:
  virtual ~ReplaySource() = default;

  // It will be asked soon: what is fetched from elsewhere may be on its way by then.
  virtual void Prepare() {}

  enum class Step {
    kRecord,  // it is in `record`
    kMore,    // this piece is done: ask again, perhaps on another thread
    kLater,   // the log has not brought it yet: ask again in a while
    kEnd,     // the range is done
  };
  // The record at the place where the source is, or why there is none. The same until Advance.
  virtual StatusOr<Step> Look(SourcedRecord* record) = 0;
  // Past the record that Look gave.
  virtual void Advance() = 0;
  // All records before it are done.
  virtual Offset place() const = 0;
};

// All records of the range, as they lie on the log. Reads ahead one poll of about a MiB, and keeps it between messages. Verdicts
// are those of the engine; of what was applied the revision is not told. kDataLoss: the tree was made of other records.
std::unique_ptr<ReplaySource> SourceFromLog(const engine::Engine& engine, log::EventLog& log, const ReplayRange& range);

// What the range has of one client: its journal's entries (facts about two clients, too), and later deliveries of them.
// Holds no snapshot between calls of Look that gave kMore. kUnavailable (JOURNAL_BEHIND): the journal lacks some of it, for
// events wait to be folded again.
std::unique_ptr<ReplaySource> SourceFromJournal(const engine::Engine& engine, log::EventLog& log,
                                                const std::string& client_id, const ReplayRange& range);

// Has the journal ever heard of the client?
StatusOr<bool> JournalKnows(const engine::Engine& engine, const std::string& client_id);

}  // namespace kefu::audit

#pragma once

// The clocks duty: what the clock view computed and the log does not say yet, it tells the log; and when a due time has
// passed, it says so.

#include <cstdint>
#include <string>
#include <vector>

#include "services/clock/duty.h"
#include "services/clock/fact_writer.h"

namespace kefu::duties {

// Operation: for each partition it reads the view `clock`: cases with pending facts, the longest waiting first, and
// alarms
//   whose due time is before now, in their order. What it finds it appends as one batch; it looks again when the view
//   has passed that. So each fact is appended until it is on the log, and found no more once it is. While more waits
//   than fits into a batch, alarms and pending facts have a half of it each.
// Concurrency: as Duty has it.
// Limitations: between two services, or where an event comes late, due times may be told out of order.
class ClockKeeper final : public Duty {
 public:
  explicit ClockKeeper(const DutyContext& context, size_t max_batch = kMaxFactsABatch);

  std::vector<std::string> views() const override;
  // Called again at the next due time.
  StatusOr<absl::Time> Step() override;
  // `waiting` counts what the last look found, up to twice a batch.
  std::vector<admin::v1::Duty> Describe() const override { return standing_.All(); }

 private:
  StatusOr<absl::Time> Keep(Partition partition);

  const size_t max_batch_;
  FactWriter writer_;
  Standing standing_;
};

}  // namespace kefu::duties

#pragma once

// The lead duty: when the time has passed by which a lead had to be accepted or brought to an end, it says so.

#include <string>
#include <vector>

#include "services/clock/duty.h"
#include "services/clock/fact_writer.h"

namespace kefu::duties {

// Operation: for each partition it reads the view `lead`: open leads whose due time is before now and not told yet, in
//   the order of due times. What it finds it appends as one batch (LeadEscalated, ids of lead and due time); it looks
//   again when the view has passed that. So each due time is told until it is on the log, and found no more once it is.
// Concurrency: as Duty has it.
// Limitations: between two services, or where an event comes late, due times may be told out of order.
class LeadKeeper final : public Duty {
 public:
  explicit LeadKeeper(const DutyContext& context, size_t max_batch = kMaxFactsABatch);

  std::vector<std::string> views() const override;
  // Called again at the next due time.
  StatusOr<absl::Time> Step() override;
  // `waiting` counts what the last look found, up to a batch.
  std::vector<admin::v1::Duty> Describe() const override { return standing_.All(); }

 private:
  StatusOr<absl::Time> Keep(Partition partition);

  const size_t max_batch_;
  FactWriter writer_;
  Standing standing_;
};

}  // namespace kefu::duties

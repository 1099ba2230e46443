#pragma once

// The broadcast duty: what partition 0 applied of facts about two clients and of reference data, it copies to every
// other partition, in partition 0's order.

#include <cstdint>
#include <string>
#include <vector>

#include "services/clock/duty.h"
#include "services/clock/fact_writer.h"

namespace kefu::duties {

// Operation: for each other partition it reads the outbox of the view `reference` from behind the newest copy there,
//   and appends the next events as copies. Every run is contiguous, rises, and begins at or before the first one
//   missing. So the first delivery of each comes in order whatever is killed or runs twice, and the rest are
//   duplicates.
// Concurrency: as Duty has it.
// Limitations: should Kafka, within one append, lose a record and keep later ones, that record is written again but
//   comes out of order.
class Broadcaster final : public Duty {
 public:
  explicit Broadcaster(const DutyContext& context, size_t max_batch = 256);

  std::vector<std::string> views() const override;
  StatusOr<absl::Time> Step() override;
  // Copies still to be made are counted up to 10,000 a partition. Partition 0 needs none.
  std::vector<admin::v1::Duty> Describe() const override { return standing_.All(); }

 private:
  Status CopyTo(Partition partition, const engine::PartitionView& home);
  StatusOr<int64_t> FirstToCopy(Partition partition) const;

  const size_t max_batch_;
  FactWriter writer_;
  Standing standing_;
  // By partition: where the last batch began.
  std::vector<int64_t> sent_from_;
};

}  // namespace kefu::duties

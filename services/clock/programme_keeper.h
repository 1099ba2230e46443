#pragma once

// The programme duty: plans the call-backs that published programmes demand.

#include <absl/container/flat_hash_map.h>
#include <absl/time/civil_time.h>

#include <cstdint>
#include <string>
#include <vector>

#include "kefu/events/v1/event.pb.h"
#include "projections/programme/programme.h"
#include "services/clock/duty.h"
#include "services/clock/fact_writer.h"

namespace kefu::duties {

struct ProgrammeOptions {
  // Clients looked at in one step and partition.
  int rows_a_step = 2000;
  size_t max_batch = kMaxFactsABatch;
};

// Operation: for each partition it reads the view `programme`. NEW_ACCOUNT: every client that registered since the
//   programme's first version and has no such call-back gets one, due `within_days` after it registered. YEARLY_SAMPLE: on
//   the first day of each year, and of its first year on the day it was published, every client that was active at the last
//   year's end and falls into the sample gets one, due at the year's end. Who falls into it follows from the names of
//   programme, year and client alone, so that nobody chooses, and two services plan the same. Clients are walked through
//   once a day, at the start, and when a programme was published; what is planned is in the view.
// Concurrency: as Duty has it.
// Limitations: the sample is drawn client by client, so it has about the share of the clients, not exactly: of 10,000 and
//   10 %, within 90 in 99 of 100 years. A year in which no server ran is not made up for.
class ProgrammeKeeper final : public Duty {
 public:
  explicit ProgrammeKeeper(const DutyContext& context, const ProgrammeOptions& options = {});

  std::vector<std::string> views() const override;
  // Called again at the branches' next midnight.
  StatusOr<absl::Time> Step() override;
  std::vector<admin::v1::Duty> Describe() const override { return standing_.All(); }

 private:
  using Facts = std::vector<events::v1::Event>;
  // A walk through the clients of one partition.
  struct Walk {
    // What it is made for: day and programmes.
    std::string of;
    // The last client looked at, as a key.
    std::string cursor;
    bool done = false;
    // How often each call-back was planned, by its id: what is still not there after that was refused.
    absl::flat_hash_map<std::string, int> tries;
  };

  StatusOr<bool> Keep(Partition partition);
  StatusOr<std::vector<programme::Programme>> ReadProgrammes(const engine::PartitionView& view) const;
  Status PlanNew(const engine::PartitionView& view, const std::vector<programme::Programme>& programmes, Walk& walk,
                 Facts* facts) const;
  Status PlanYear(const engine::PartitionView& view, const std::vector<programme::Programme>& programmes, Walk& walk,
                  Facts* facts) const;

  const ProgrammeOptions options_;
  FactWriter writer_;
  Standing standing_;
  std::vector<Walk> walks_;
};

// Is the client in this year's sample of `share_bp` in ten thousand?
bool IsSampled(const std::string& programme, int32_t year, const std::string& client_id, int32_t share_bp);

}  // namespace kefu::duties

#pragma once

// The classification duty: states into which segments each client falls, whenever that changes.

#include <absl/time/time.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "services/clock/duties.h"
#include "services/clock/duty.h"
#include "services/clock/fact_writer.h"

namespace kefu::duties {

struct ClassifierOptions {
  // Clients looked at in one step and partition.
  int rows_a_step = 2000;
  // How much of one core it may take, in percent; 100: no rest between steps.
  int share_percent = 25;
};

// Operation: walks the view `activity` in key order and appends ClientClassified where the rules give another segment
//   than the view `segment` has. By itself it does so as of each midnight of the branches' zone and as of the moment
//   that rules or a model were recorded: moments that any other server finds as well, so two of them state the same
//   facts under the same ids. On demand it does so as of any moment that is not to come. Nothing is kept over a
//   restart: what is stated already is in the view.
// Concurrency: as Duty has it; Run from any thread.
// Limitations: a client is looked at once a run. A run lasts as long as its share of a core makes it, and later ones
//   wait.
class Classifier final : public Duty {
 public:
  explicit Classifier(const DutyContext& context, const ClassifierOptions& options = {});
  // Runs asked for and not answered yet are answered with kUnavailable.
  ~Classifier() override;

  std::vector<std::string> views() const override;
  StatusOr<absl::Time> Step() override;
  std::vector<admin::v1::Duty> Describe() const override { return standing_.All(); }

  // Classifies all clients as of `request.as_of` (its whole seconds), by the newest rules. Calls `done` once the
  // segment view shows all that was stated. kInvalidArgument: TIME_INVALID, AS_OF_IN_FUTURE. kFailedPrecondition
  // (SEGMENT_RULES_MISSING): no rules are published. kResourceExhausted: too many runs wait already. Thread-safe.
  void Run(const admin::v1::RunClassificationRequest& request, ClassifyCallback done);

 private:
  struct Walk;
  struct Asked {
    absl::Time as_of;
    ClassifyCallback done;
  };

  // Is what partition 0 shows as new as what classification needs?
  bool KnowsRules();
  Status BeginWalk();
  Status WalkOn(Walk& walk);
  Status WalkPartition(Walk& walk, Partition partition);
  void EndWalk();
  absl::Time NextMidnight() const;

  const ClassifierOptions options_;
  FactWriter writer_;
  Standing standing_;
  // The walk under way; null between walks.
  std::unique_ptr<Walk> walk_;
  // What the last walk of its own accord was made of: moment and versions.
  std::string last_;
  absl::Time rests_until_ = absl::InfinitePast();

  std::mutex mutex_;
  std::deque<Asked> asked_;
};

}  // namespace kefu::duties

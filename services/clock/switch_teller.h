#pragma once

// The duty that tells the log which build of a view serves from when on.

#include <string>
#include <vector>

#include "services/clock/duty.h"
#include "services/clock/fact_writer.h"

namespace kefu::duties {

// Operation: writes what Engine::SwitchesToTell gives (ViewSwitched, ids made when the switch was) in partition 0, and takes
//   it off once the log has answered and the views show it. Killed in between it writes the same event again: a duplicate.
// Concurrency: as Duty has it.
class SwitchTeller final : public Duty {
 public:
  explicit SwitchTeller(const DutyContext& context);

  std::vector<std::string> views() const override { return {}; }
  StatusOr<absl::Time> Step() override;
  std::vector<admin::v1::Duty> Describe() const override { return standing_.All(); }

 private:
  FactWriter writer_;
  Standing standing_;
  // Written, and not yet seen to be on the log.
  std::vector<std::string> written_;
};

}  // namespace kefu::duties

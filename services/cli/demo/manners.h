#pragma once

// How one client wants to be served, over time, and what that allows the firm.

#include <absl/time/time.h>

#include <string_view>
#include <utility>
#include <vector>

#include "kefu/events/v1/client.pb.h"

namespace kefu::cli {

// Told from the first configuration to the last; asked in any order.
class Manners {
 public:
  // From `since` on; not before the one told last.
  void Set(absl::Time since, events::v1::ServiceConfiguration configuration);

  // Empty before the first one.
  const events::v1::ServiceConfiguration& At(absl::Time at) const;

  bool AllowsChannel(events::v1::Channel channel, absl::Time at) const;
  // Neither refused nor never asked for: a purpose nobody spoke of is allowed.
  bool AllowsPurpose(std::string_view purpose, absl::Time at) const;
  // How long after `begins` the quiet hours that hold then end; zero outside of them.
  absl::Duration QuietAfter(absl::Time begins, absl::Time at) const;

 private:
  std::vector<std::pair<absl::Time, events::v1::ServiceConfiguration>> told_;
};

}  // namespace kefu::cli

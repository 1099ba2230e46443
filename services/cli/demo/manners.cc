#include "services/cli/demo/manners.h"

#include <algorithm>

#include "services/cli/demo/office.h"

namespace kefu::cli {

using events::v1::ServiceConfiguration;

void Manners::Set(absl::Time since, ServiceConfiguration configuration) {
  told_.emplace_back(since, std::move(configuration));
}

const ServiceConfiguration& Manners::At(absl::Time at) const {
  for (auto told = told_.rbegin(); told != told_.rend(); ++told)
    if (told->first <= at) return told->second;
  return ServiceConfiguration::default_instance();
}

bool Manners::AllowsChannel(events::v1::Channel channel, absl::Time at) const {
  const auto& allowed = At(at).allowed_channels();
  return allowed.empty() || std::find(allowed.begin(), allowed.end(), channel) != allowed.end();
}

bool Manners::AllowsPurpose(std::string_view purpose, absl::Time at) const {
  for (const auto& consent : At(at).consents())
    if (consent.purpose() == purpose) return consent.given();
  return true;
}

absl::Duration Manners::QuietAfter(absl::Time begins, absl::Time at) const {
  const int64_t minute = BranchMinute(begins);
  for (const auto& quiet : At(at).quiet_hours()) {
    const int64_t from = quiet.from_minute();
    const int64_t to = quiet.to_minute();
    if (from == to) continue;
    const bool inside = from < to ? minute >= from && minute < to : minute >= from || minute < to;
    if (inside) return absl::Minutes((to - minute + 1440) % 1440);
  }
  return absl::ZeroDuration();
}

}  // namespace kefu::cli

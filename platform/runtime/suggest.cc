#include "platform/runtime/suggest.h"

#include <fmt/format.h>

#include <algorithm>

#include "platform/runtime/text.h"

namespace kefu::runtime {

std::string Nearest(std::string_view unknown, const std::vector<std::string>& known) {
  std::string nearest;
  int least = std::max<int>(1, static_cast<int>(unknown.size()) / 3) + 1;
  for (const std::string& candidate : known) {
    // Only a part of a dotted key was given: "bootstrap-servers" for "log.kafka.bootstrap-servers".
    const bool is_tail = unknown.size() >= 4 && candidate.size() > unknown.size() && candidate.ends_with(unknown) &&
                         candidate[candidate.size() - unknown.size() - 1] == '.';
    const int distance = is_tail ? 1 : EditDistance(unknown, candidate);
    if (distance < least) {
      least = distance;
      nearest = candidate;
    }
  }
  return nearest;
}

std::string DidYouMean(std::string_view unknown, const std::vector<std::string>& known) {
  const std::string nearest = Nearest(unknown, known);
  return nearest.empty() ? "" : fmt::format("; did you mean \"{}\"?", nearest);
}

}  // namespace kefu::runtime

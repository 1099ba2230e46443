#include "projections/kept/thinning.h"

namespace kefu::kept {

std::optional<size_t> WhichGoes(const std::vector<int64_t>& places, size_t most, int64_t step) {
  if (places.size() <= most || places.empty()) return std::nullopt;
  if (places.size() == 1) return 0;
  const int64_t now = places.back();
  size_t goes = 0;
  double least = 0;
  for (size_t i = 0; i + 1 < places.size(); ++i) {
    const int64_t before = i == 0 ? 0 : places[i - 1];
    const double times = static_cast<double>(now - before) / static_cast<double>(now - places[i + 1] + step);
    if (i > 0 && times >= least) continue;
    goes = i;
    least = times;
  }
  return goes;
}

}  // namespace kefu::kept

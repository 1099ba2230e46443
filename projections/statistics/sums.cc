#include "projections/statistics/sums.h"

#include <algorithm>

namespace kefu::statistics {
namespace {

int64_t Saturated(int64_t a, int64_t b) {
  int64_t sum = 0;
  if (!__builtin_add_overflow(a, b, &sum)) return sum;
  return a < 0 ? INT64_MIN : INT64_MAX;
}

template <class Sums>
auto Place(Sums& sums, std::string_view name) {
  return std::lower_bound(sums.begin(), sums.end(), name,
                          [](const Sum& sum, std::string_view wanted) { return sum.name() < wanted; });
}

}  // namespace

void AddSum(std::string_view name, int64_t value, Cell* cell) {
  auto& sums = *cell->mutable_sums();
  const auto at = Place(sums, name);
  if (at != sums.end() && at->name() == name) {
    at->set_value(Saturated(at->value(), value));
    return;
  }
  int place = static_cast<int>(at - sums.begin());
  Sum& added = *sums.Add();
  added.set_name(std::string(name));
  added.set_value(value);
  for (int last = sums.size() - 1; place < last; ++place) sums.SwapElements(place, last);
}

void MergeSums(const Cell& from, Cell* into) {
  for (const Sum& sum : from.sums()) AddSum(sum.name(), sum.value(), into);
}

int64_t SumNamed(const Cell& cell, std::string_view name) {
  const auto at = Place(cell.sums(), name);
  return at != cell.sums().end() && at->name() == name ? at->value() : 0;
}

}  // namespace kefu::statistics

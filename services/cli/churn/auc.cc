#include "services/cli/churn/auc.h"

#include <algorithm>
#include <numeric>

namespace kefu::cli {

int64_t AucMicros(std::span<const int64_t> scores, const std::vector<bool>& labels) {
  std::vector<size_t> order(scores.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return scores[a] < scores[b]; });
  __extension__ typedef __int128 Wide;
  // Twice the number of pairs won: a tie is one.
  Wide won_twice = 0;
  int64_t below = 0, with = 0;
  for (size_t begin = 0; begin < order.size();) {
    size_t end = begin;
    int64_t with_here = 0, without_here = 0;
    for (; end < order.size() && scores[order[end]] == scores[order[begin]]; ++end)
      ++(labels[order[end]] ? with_here : without_here);
    won_twice += Wide{with_here} * (2 * below + without_here);
    below += without_here;
    with += with_here;
    begin = end;
  }
  if (with == 0 || below == 0) return 500'000;
  return static_cast<int64_t>(won_twice * 1'000'000 / (Wide{2} * with * below));
}

}  // namespace kefu::cli

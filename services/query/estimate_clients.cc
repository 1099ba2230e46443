#include "services/query/estimate_clients.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace kefu::query {
namespace {

// A register holds at most one more.
constexpr int kRankBits = 64 - statistics::kRegisterBits;

// Ertl's sigma and tau: what empty and full registers add.
double Sigma(double x) {
  if (x == 1) return std::numeric_limits<double>::infinity();
  double y = 1, z = x, before = -1;
  while (z != before) {
    x *= x;
    before = z;
    z += x * y;
    y += y;
  }
  return z;
}

double Tau(double x) {
  if (x == 0 || x == 1) return 0;
  double y = 1, z = 1 - x, before = -1;
  while (z != before) {
    x = std::sqrt(x);
    before = z;
    y *= 0.5;
    z -= (1 - x) * (1 - x) * y;
  }
  return z / 3;
}

}  // namespace

int64_t EstimateClients(const statistics::DistinctClients& set) {
  if (statistics::IsExact(set)) return set.hashes_size();
  std::array<int, kRankBits + 2> with{};
  for (const char rank : set.registers()) ++with[std::clamp<int>(rank, 0, kRankBits + 1)];
  constexpr double kM = statistics::kRegisters;
  double z = kM * Tau(1 - with[kRankBits + 1] / kM);
  for (int rank = kRankBits; rank >= 1; --rank) z = 0.5 * (z + with[rank]);
  z += kM * Sigma(with[0] / kM);
  return std::llround(kM * kM / (2 * std::log(2.0) * z));
}

}  // namespace kefu::query

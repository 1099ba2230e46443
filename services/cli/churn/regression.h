#pragma once

// Logistic regression with an L2 penalty, for a few dozen features.

#include <span>
#include <vector>

#include "platform/base/status.h"

namespace kefu::cli {

struct Logistic {
  double intercept = 0;
  std::vector<double> coefficients;
  // Newton steps it took.
  int steps = 0;
};

// Minimises −log likelihood + ½ · l2 · Σ coefficient². The intercept is not penalised. `features` has one row after the
// other, `labels.size()` of them, all of one width. `l2` > 0 makes the minimum unique, also where features hang
// together. kInvalidArgument: sizes do not fit, or all labels are the same.
StatusOr<Logistic> FitLogistic(std::span<const double> features, const std::vector<bool>& labels, double l2);

}  // namespace kefu::cli

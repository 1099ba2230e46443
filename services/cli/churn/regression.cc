#include "services/cli/churn/regression.h"

#include <algorithm>
#include <cmath>

namespace kefu::cli {
namespace {

constexpr int kMostSteps = 50;
// A step that changes no parameter by more than this is the last: a thousandth of what is kept.
constexpr double kSmallStep = 1e-9;

// Solves A x = b for a symmetric, positive definite A (rows one after the other); A is overwritten by its factor.
std::vector<double> SolveByCholesky(std::vector<double> a, std::vector<double> b) {
  const size_t n = b.size();
  for (size_t j = 0; j < n; ++j) {
    for (size_t i = j; i < n; ++i) {
      double sum = a[i * n + j];
      for (size_t k = 0; k < j; ++k) sum -= a[i * n + k] * a[j * n + k];
      a[i * n + j] = i == j ? std::sqrt(sum) : sum / a[j * n + j];
    }
  }
  for (size_t i = 0; i < n; ++i) {
    for (size_t k = 0; k < i; ++k) b[i] -= a[i * n + k] * b[k];
    b[i] /= a[i * n + i];
  }
  for (size_t i = n; i-- > 0;) {
    for (size_t k = i + 1; k < n; ++k) b[i] -= a[k * n + i] * b[k];
    b[i] /= a[i * n + i];
  }
  return b;
}

double Sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

// −log likelihood of one sample, without overflow.
double Loss(double score, bool label) {
  const double x = label ? -score : score;
  return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x));
}

class Fit {
 public:
  Fit(std::span<const double> features, const std::vector<bool>& labels, double l2)
      : features_(features),
        labels_(labels),
        l2_(l2),
        width_(features.size() / labels.size()),
        // The intercept is the last one.
        parameters_(width_ + 1, 0.0) {}

  Logistic Run() {
    Logistic fitted;
    double loss = Total(parameters_);
    for (fitted.steps = 1; fitted.steps <= kMostSteps; ++fitted.steps) {
      const std::vector<double> step = NewtonStep();
      // Far from the minimum a whole step may go too far.
      std::vector<double> next(parameters_);
      double share = 1, moved = 0;
      for (; share > 1e-6; share /= 2) {
        for (size_t i = 0; i < next.size(); ++i) next[i] = parameters_[i] - share * step[i];
        if (Total(next) <= loss) break;
      }
      for (size_t i = 0; i < next.size(); ++i) moved = std::max(moved, std::abs(next[i] - parameters_[i]));
      parameters_ = next;
      loss = Total(parameters_);
      if (moved < kSmallStep) break;
    }
    fitted.intercept = parameters_.back();
    fitted.coefficients.assign(parameters_.begin(), parameters_.end() - 1);
    return fitted;
  }

 private:
  double Score(size_t row, const std::vector<double>& parameters) const {
    double score = parameters.back();
    for (size_t i = 0; i < width_; ++i) score += parameters[i] * features_[row * width_ + i];
    return score;
  }

  double Total(const std::vector<double>& parameters) const {
    double total = 0;
    for (size_t row = 0; row < labels_.size(); ++row) total += Loss(Score(row, parameters), labels_[row]);
    for (size_t i = 0; i < width_; ++i) total += l2_ / 2 * parameters[i] * parameters[i];
    return total;
  }

  // H⁻¹ g.
  std::vector<double> NewtonStep() const {
    const size_t n = width_ + 1;
    std::vector<double> gradient(n, 0.0), hessian(n * n, 0.0), x(n, 1.0);
    for (size_t row = 0; row < labels_.size(); ++row) {
      std::copy_n(features_.begin() + static_cast<std::ptrdiff_t>(row * width_), width_, x.begin());
      const double p = Sigmoid(Score(row, parameters_));
      const double error = p - (labels_[row] ? 1 : 0);
      const double weight = p * (1 - p);
      for (size_t i = 0; i < n; ++i) {
        gradient[i] += error * x[i];
        for (size_t j = 0; j <= i; ++j) hessian[i * n + j] += weight * x[i] * x[j];
      }
    }
    for (size_t i = 0; i < n; ++i) {
      if (i < width_) gradient[i] += l2_ * parameters_[i];
      // A trace for the intercept: with all probabilities near 0 or 1 nothing else holds it.
      hessian[i * n + i] += i < width_ ? l2_ : 1e-9;
    }
    return SolveByCholesky(std::move(hessian), std::move(gradient));
  }

  const std::span<const double> features_;
  const std::vector<bool>& labels_;
  const double l2_;
  const size_t width_;
  std::vector<double> parameters_;
};

}  // namespace

StatusOr<Logistic> FitLogistic(std::span<const double> features, const std::vector<bool>& labels, double l2) {
  if (labels.empty() || features.size() % labels.size() != 0 || l2 <= 0)
    return InvalidArgument("{} numbers are no rows for {} labels", features.size(), labels.size());
  const auto yes = std::count(labels.begin(), labels.end(), true);
  if (yes == 0 || yes == static_cast<std::ptrdiff_t>(labels.size()))
    return InvalidArgument("all {} samples have the same label: there is nothing to learn", labels.size());
  return Fit(features, labels, l2).Run();
}

}  // namespace kefu::cli

#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace kefu::cli {

// Area under the ROC curve in millionths: how often one with the label has a higher score than one without; equal
// scores count half. By rank sums, exact but for the last rounding down. 500,000 if all labels are the same. Both have
// one entry a sample.
int64_t AucMicros(std::span<const int64_t> scores, const std::vector<bool>& labels);

}  // namespace kefu::cli

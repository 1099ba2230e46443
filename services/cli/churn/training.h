#pragma once

// From facts of past months to a model that can be published.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "kefu/events/v1/segment.pb.h"
#include "kefu/query/v1/segment.pb.h"
#include "platform/base/status.h"

namespace kefu::cli {

struct TrainingOptions {
  // So many of the newest months are not trained on; the model is measured on them. At least 1.
  int hold_out_months = 3;
  // The penalty, for facts in units of their scale.
  double l2 = 1;
};

struct Trained {
  // All but version, position and definition. One term a fact that varies, in the order of facts.
  events::v1::ChurnModelPublished model;
  // Samples are clients at months.
  int64_t trained_on = 0, trained_on_churned = 0;
  int64_t held_out = 0, held_out_churned = 0;
  // On what it was trained on; far above `model.auc_micros` it learnt by heart.
  int64_t training_auc_micros = 0;
};

// kFailedPrecondition: months, or clients of either kind, are too few to train on and to measure with; says which.
StatusOr<Trained> TrainChurnModel(std::span<const query::v1::ClientFacts> facts, const TrainingOptions& options);

// "2026-03" as a month counted from January 1970, and back. kInvalidArgument.
StatusOr<int32_t> ParseMonth(std::string_view text);
std::string MonthText(int32_t month);

}  // namespace kefu::cli

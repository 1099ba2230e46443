#pragma once

// The published churn model, applied in whole numbers so that every machine finds the same score.

#include <cstdint>
#include <span>

#include "kefu/events/v1/segment.pb.h"
#include "platform/rules/segment_rules.h"

namespace kefu::rules {

// kExpressionInvalid: a term on a fact there is none of. kModelScaleInvalid: a scale that is not above 0, or bounds the
// wrong way round. kModelUsesScore: a term on CLIENT_FACT_CHURN_SCORE, which is the model's own.
RulesFault CheckModel(const events::v1::ChurnModelPublished& model);

// The log-odds that a client churns, in millionths: intercept + Σ coefficient × (fact, cut to the bounds, − mean) ÷
// scale. Each term is multiplied in 128 bits and divided rounding towards zero; the difference, each term and each sum
// saturate at 64 bits. `facts` by number, at month resolution. Cannot fail: a term at fault adds nothing.
int64_t ScoreOf(const events::v1::ChurnModelPublished& model, std::span<const int64_t> facts);

}  // namespace kefu::rules

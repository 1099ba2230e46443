#pragma once

// A made-up past of a firm that recommends: assessments, professional investors, products that are graded again, packs
// that change, and recommendations, right ones and wrong ones, as a log that nobody judged has them.

#include <absl/time/civil_time.h>
#include <absl/time/time.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "kefu/events/v1/event.pb.h"

namespace kefu::testkit {

struct RecommendationHistoryOptions {
  uint64_t seed = 1;
  int clients = 500;
  int recommendations = 20'000;
  // So many of them, strewn evenly, break a rule; kinds of wrong take turns.
  int wrong = 0;
};

// What is true of one recommendation, kept while it was made up and by no code of the views.
struct RecommendationTruth {
  std::string id;
  std::string client_id;
  // 1 to 5; 0: never assessed.
  int investor_class = 0;
  bool lowest = false;
  absl::CivilDay assessed;
  std::optional<absl::CivilDay> valid_until;
  bool professional = false;
  std::optional<absl::CivilDay> professional_until;
  std::string product_id;
  // 1 to 5; 0: no such product.
  int level = 0;
  int product_version = 0;
  // Of kRecommendationPack; 0: none yet.
  int pack_version = 0;
  absl::CivilDay day;
  bool insisted = false;
  bool evidence = false;
  // The rule it breaks; empty for a right one.
  std::string rule;
};

inline constexpr char kRecommendationPack[] = "test.suitability";

// Tells the events in the order of the log, what is published among what clients do, and of each recommendation the
// truth, right after its event. Same options, same events, on every machine. Ids are "r<seed>-<number>".
//
// The pack's version 1: C1 to C5 bear R1 to R5, all but the lowest sub-class may insist on anything, assessments are
// good for 24 months. Version 2, from the middle on: insisting on one level more at most, 12 months.
void MakeRecommendationHistory(const RecommendationHistoryOptions& options,
                               const std::function<void(const events::v1::Event&)>& event,
                               const std::function<void(const RecommendationTruth&)>& truth);

// When version 1 and version 2 begin.
absl::Time RecommendationPackStart(int version);

// Version 1 or 2 of the pack.
events::v1::SuitabilityPackPublished RecommendationPack(int version);

}  // namespace kefu::testkit

#pragma once

// Folds what is told without asking admission: a log that nobody judged, and tests that need no staff and no catalogue.

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "platform/testkit/events.h"
#include "platform/testkit/view_run.h"
#include "projections/suitability/suitability.h"

namespace kefu::suitability {

// When it dies it folds the same again, from zero and with a restart after each event: the dumps must be equal.
class Unjudged {
 public:
  Unjudged() : run_(sdk::Describe<SuitabilityView>()) {}
  ~Unjudged() {
    const std::string dump = run_.Dump();
    testkit::ViewRun again(sdk::Describe<SuitabilityView>()), restarted(sdk::Describe<SuitabilityView>());
    for (const auto& delivery : deliveries_) {
      again.Fold(delivery, Applied());
      restarted.Fold(delivery, Applied());
      if (deliveries_.size() < 500) restarted.Restart();
    }
    EXPECT_EQ(again.Dump(), dump) << "folded again from zero";
    EXPECT_EQ(restarted.Dump(), dump) << "restarted after each event";
  }

  Unjudged& Tell(const events::v1::Event& event) {
    const auto number = static_cast<int64_t>(deliveries_.size());
    deliveries_.push_back({event, {}, Offset(number), testkit::Beginning() + absl::Seconds(number), Partition(0)});
    run_.Fold(deliveries_.back(), Applied());
    return *this;
  }
  template <class... Drafts>
  Unjudged& Given(const Drafts&... drafts) {
    (Tell(testkit::Finish(drafts, static_cast<int64_t>(deliveries_.size()))), ...);
    return *this;
  }

  // The empty row if there is none.
  const Recommendation& Recommended(const std::string& id) { return Row<Recommendations>(id, &recommendation_); }
  const Investor& InvestorOf(const std::string& client_id) { return Row<Investors>(client_id, &investor_); }
  template <class Index>
  std::vector<std::string> Entries() {
    return run_.view().IndexLines(Index::kName);
  }
  testkit::ViewRun& run() { return run_; }
  const std::vector<testkit::Delivery>& deliveries() const { return deliveries_; }

 private:
  static events::v1::Verdict Applied() {
    events::v1::Verdict verdict;
    verdict.set_outcome(events::v1::VERDICT_OUTCOME_APPLIED);
    return verdict;
  }
  template <class Table>
  const typename Table::Row& Row(const std::string& key, testkit::MemoryStage::Rendered* kept) {
    *kept = run_.view().Render(Table::kId, codec::Key(key));
    return *kept == nullptr ? Table::Row::default_instance() : static_cast<const typename Table::Row&>(**kept);
  }

  testkit::ViewRun run_;
  std::vector<testkit::Delivery> deliveries_;
  testkit::MemoryStage::Rendered recommendation_, investor_;
};

}  // namespace kefu::suitability

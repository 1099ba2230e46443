#pragma once

// The view `lead` over events that admission has let through, folded in memory. When the run dies, the same events are
// folded again from zero, and with a restart after each: all dumps must be equal.

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <string>
#include <vector>

#include "platform/testkit/events.h"
#include "platform/testkit/view_run.h"
#include "projections/lead/lead.h"

namespace kefu::lead {

class LeadRun {
 public:
  LeadRun() : run_(sdk::Describe<LeadView>()) {}
  ~LeadRun() {
    testkit::ViewRun again(sdk::Describe<LeadView>()), restarted(sdk::Describe<LeadView>());
    for (const testkit::Delivery& delivery : deliveries_) {
      again.Fold(delivery, Applied());
      restarted.Fold(delivery, Applied());
      restarted.Restart();
    }
    EXPECT_EQ(run_.Dump(), again.Dump()) << "the rows differ when the events are folded from zero";
    EXPECT_EQ(run_.Dump(), restarted.Dump()) << "the rows differ when the events are folded with restarts";
  }
  LeadRun(const LeadRun&) = delete;
  LeadRun& operator=(const LeadRun&) = delete;

  template <class... Drafts>
  LeadRun& Given(const Drafts&... drafts) {
    (Fold(drafts), ...);
    return *this;
  }
  void Fold(const testkit::Draft& draft) {
    const auto offset = static_cast<int64_t>(deliveries_.size());
    deliveries_.push_back({testkit::Finish(draft, offset), "", Offset(offset), testkit::Beginning(), Partition(0)});
    run_.Fold(deliveries_.back(), Applied());
  }

  // Empty if there is none. Valid until the next Lead of the same id.
  const query::v1::Lead& Lead(const std::string& id) { return Row<Leads>(id); }
  const AnsweredActions& AnswersOf(const std::string& client_id) { return Row<Answers>(client_id); }
  template <class Index>
  std::vector<std::string> Entries() {
    return run_.view().IndexLines(Index::kName);
  }
  testkit::ViewRun& run() { return run_; }

 private:
  static events::v1::Verdict Applied() {
    events::v1::Verdict verdict;
    verdict.set_outcome(events::v1::VERDICT_OUTCOME_APPLIED);
    return verdict;
  }
  template <class Table>
  const typename Table::Row& Row(const std::string& key) {
    auto& kept = rendered_[{Table::kId, key}];
    kept = run_.view().Render(Table::kId, codec::Key(key));
    return kept != nullptr ? static_cast<const typename Table::Row&>(*kept) : Table::Row::default_instance();
  }

  testkit::ViewRun run_;
  std::deque<testkit::Delivery> deliveries_;
  std::map<std::pair<uint8_t, std::string>, testkit::MemoryStage::Rendered> rendered_;
};

}  // namespace kefu::lead

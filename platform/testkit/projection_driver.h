#pragma once

// Given-when-then tests of a view.
//
//   ProjectionDriver<cases::CasesView> test;
//   test.Given(Opened("K-1"), Assigned("K-1", "S-7"))
//       .When(Resolved("K-1").IfRevision(2), Resolved("K-1").IfRevision(2))
//       .Then(Applied(), Refused("case_not_open", 3));
//   EXPECT_EQ(test.Row<cases::Cases>("K-1")->status(), events::v1::CASE_STATUS_RESOLVED);
//
// When the driver dies it runs the same events again in other ways, and all dumps must be equal: from zero; each
// delivered twice, with all of them once more at the end (not for views with kTakesAll, to which that is another log);
// restarted after each; admission through first, the view after it.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "platform/testkit/events.h"
#include "platform/testkit/view_run.h"

namespace kefu::testkit {

// What a verdict is expected to be. A revision of -1 is not looked at.
struct Expected {
  events::v1::VerdictOutcome outcome;
  std::string rule;
  int64_t revision = -1;
};
inline Expected Applied(int64_t revision = -1) { return {events::v1::VERDICT_OUTCOME_APPLIED, "", revision}; }
inline Expected Duplicate(std::string rule = "") { return {events::v1::VERDICT_OUTCOME_DUPLICATE, std::move(rule)}; }
inline Expected Refused(std::string rule, int64_t revision = -1) {
  return {events::v1::VERDICT_OUTCOME_REFUSED, std::move(rule), revision};
}

// The driver without the view's type.
class Driver {
 public:
  explicit Driver(const sdk::Projection& projection, Partition partition = Partition(0))
      : projection_(projection), partition_(partition), run_(projection) {}
  ~Driver();
  Driver(const Driver&) = delete;
  Driver& operator=(const Driver&) = delete;

  // Events that must all be applied; the test fails otherwise.
  template <class... Drafts>
  Driver& Given(const Drafts&... drafts) {
    (GivenOne(drafts), ...);
    return *this;
  }
  // Events to be looked at by Then.
  template <class... Drafts>
  Driver& When(const Drafts&... drafts) {
    verdicts_.clear();
    (WhenOne(drafts), ...);
    return *this;
  }
  // The verdicts on the last When, one each, in order.
  template <class... Each>
  Driver& Then(const Each&... expected) {
    Compare({expected...});
    return *this;
  }

  // A whole history, whatever becomes of it. The verdicts, in order.
  std::vector<events::v1::Verdict> Play(const std::vector<events::v1::Event>& history);

  std::string Dump() const { return run_.Dump(); }
  ViewRun& run() { return run_; }
  // The event delivered last, as recorded.
  const Delivery& last() const { return deliveries_.back(); }
  const std::vector<Delivery>& deliveries() const { return deliveries_; }

 private:
  void GivenOne(const Draft& draft);
  void WhenOne(const Draft& draft);
  void Compare(const std::vector<Expected>& expected);
  events::v1::Verdict DeliverOne(const events::v1::Event& event);
  std::unique_ptr<ViewRun> DeliveredTwice() const;
  void RunInOtherWays() const;

  const sdk::Projection& projection_;
  const Partition partition_;
  ViewRun run_;
  std::vector<Delivery> deliveries_;
  std::vector<events::v1::Verdict> verdicts_;
};

template <class P>
class ProjectionDriver : public Driver {
 public:
  // The partition whose events these are; only what is broadcast looks at it.
  explicit ProjectionDriver(Partition partition = Partition(0)) : Driver(sdk::Describe<P>(), partition) {}

  // Null if there is no such row. Valid until the next Row of the same table.
  template <class Table, class... Parts>
  const sdk::RowMessage<typename Table::Row>* Row(const Parts&... key) {
    auto& kept = rendered_[Table::kId];
    kept = run().view().Render(Table::kId, codec::Key(key...));
    return static_cast<const sdk::RowMessage<typename Table::Row>*>(kept.get());
  }
  template <class Index>
  std::vector<std::string> Entries() {
    return run().view().IndexLines(Index::kName);
  }

 private:
  std::map<uint8_t, MemoryStage::Rendered> rendered_;
};

}  // namespace kefu::testkit

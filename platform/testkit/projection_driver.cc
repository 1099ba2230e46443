#include "platform/testkit/projection_driver.h"

#include <gtest/gtest.h>

namespace kefu::testkit {

namespace {

// Offsets leave room for a second delivery behind each first, so that rows that name offsets come out equal.
constexpr int64_t kOffsetStep = 2;

Delivery MakeDelivery(const events::v1::Event& event, int64_t offset, Partition partition) {
  Delivery delivery{event, {}, Offset(offset), Beginning() + absl::Milliseconds(10 * offset), partition};
  delivery.bytes = Recorded(event, delivery.recorded_at);
  delivery.event.ParseFromString(delivery.bytes);
  return delivery;
}

Delivery Again(const Delivery& first) { return MakeDelivery(first.event, first.offset.value() + 1, first.partition); }

std::string Describe(const events::v1::Verdict& verdict) { return verdict.ShortDebugString(); }

void ExpectSame(const std::string& dump, ViewRun& run, const char* way) {
  EXPECT_EQ(dump, run.Dump()) << "the rows differ when the events are " << way;
}

}  // namespace

Driver::~Driver() { RunInOtherWays(); }

events::v1::Verdict Driver::DeliverOne(const events::v1::Event& event) {
  deliveries_.push_back(MakeDelivery(event, kOffsetStep * static_cast<int64_t>(deliveries_.size()), partition_));
  return run_.Deliver(deliveries_.back());
}

void Driver::GivenOne(const Draft& draft) {
  const auto verdict = DeliverOne(Finish(draft, static_cast<int64_t>(deliveries_.size())));
  EXPECT_EQ(verdict.outcome(), events::v1::VERDICT_OUTCOME_APPLIED)
      << "given event " << deliveries_.size() << ": " << Describe(verdict);
}

void Driver::WhenOne(const Draft& draft) {
  verdicts_.push_back(DeliverOne(Finish(draft, static_cast<int64_t>(deliveries_.size()))));
}

void Driver::Compare(const std::vector<Expected>& expected) {
  ASSERT_EQ(expected.size(), verdicts_.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    SCOPED_TRACE(testing::Message() << "event " << i + 1 << ": " << Describe(verdicts_[i]));
    EXPECT_EQ(verdicts_[i].outcome(), expected[i].outcome);
    EXPECT_EQ(verdicts_[i].rule(), expected[i].rule);
    if (expected[i].revision >= 0) {
      EXPECT_EQ(verdicts_[i].revision(), expected[i].revision);
    }
  }
}

std::vector<events::v1::Verdict> Driver::Play(const std::vector<events::v1::Event>& history) {
  std::vector<events::v1::Verdict> verdicts;
  for (const events::v1::Event& event : history) verdicts.push_back(DeliverOne(event));
  return verdicts;
}

std::unique_ptr<ViewRun> Driver::DeliveredTwice() const {
  auto twice = std::make_unique<ViewRun>(projection_);
  std::vector<const Delivery*> remembered;
  for (const Delivery& delivery : deliveries_) {
    const auto verdict = twice->Deliver(delivery);
    // An attempt to use another event's id is not remembered under that id: each is an attempt of its own.
    if (verdict.rule() == "event_id_reused" && verdict.outcome() == events::v1::VERDICT_OUTCOME_REFUSED) continue;
    twice->Deliver(Again(delivery));
    remembered.push_back(&delivery);
  }
  for (const Delivery* delivery : remembered) twice->Deliver(Again(*delivery));
  return twice;
}

void Driver::RunInOtherWays() const {
  const std::string dump = run_.Dump();

  ViewRun from_zero(projection_);
  for (const Delivery& delivery : deliveries_) from_zero.Deliver(delivery);
  ExpectSame(dump, from_zero, "folded from zero");

  // To a view about the log itself a second delivery is another record.
  if (!projection_.takes_all) ExpectSame(dump, *DeliveredTwice(), "delivered twice");

  ViewRun restarted(projection_);
  for (const Delivery& delivery : deliveries_) {
    restarted.Deliver(delivery);
    // A restart touches every row: with a long history after each event would be forever.
    if (deliveries_.size() < 200 || delivery.offset.value() % 64 == 0) restarted.Restart();
  }
  ExpectSame(dump, restarted, "folded with restarts");

  ViewRun behind(projection_);
  std::vector<events::v1::Verdict> verdicts;
  for (const Delivery& delivery : deliveries_) verdicts.push_back(behind.Judge(delivery));
  for (size_t i = 0; i < deliveries_.size(); ++i) behind.Fold(deliveries_[i], verdicts[i]);
  ExpectSame(dump, behind, "judged all before any is folded");
}

}  // namespace kefu::testkit

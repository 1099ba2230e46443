#include "projections/late/late.h"

#include <gtest/gtest.h>

#include "platform/base/time.h"
#include "platform/testkit/golden.h"
#include "platform/testkit/projection_driver.h"

namespace kefu::late {
namespace {

using namespace testkit;

absl::Time Minute(int minute) { return Beginning() + absl::Minutes(minute); }

// What a record with this stamp leaves, when `effective` is the time that counts.
std::string LeftBy(MemoryStage& stage, Offset offset, absl::Time stamp, absl::Time effective) {
  events::v1::Event event = Finish(Contacted(events::v1::CHANNEL_PHONE, events::v1::DIRECTION_INBOUND), offset.value());
  *event.mutable_recorded_at() = ToProto(stamp);
  const events::v1::Verdict verdict;
  const sdk::RecordedEvent record{&event, "", Partition(0), offset, effective, &verdict};
  stage.Begin();
  (void)sdk::Describe<LateView>().Apply(record, stage);
  return stage.Dump();
}

TEST(Late, ARecordStampedBeforeAnEarlierOneIsKeptWithTheTimeThatCounts) {
  MemoryStage stage(sdk::Describe<LateView>());
  EXPECT_EQ(LeftBy(stage, Offset(0), Minute(3), Minute(3)), "");
  EXPECT_EQ(LeftBy(stage, Offset(1), Minute(5), Minute(5)), "");
  EXPECT_NE(LeftBy(stage, Offset(2), Minute(4), Minute(5)), "");
  ASSERT_EQ(stage.RawRows("records").size(), 1u);
  EXPECT_EQ(DecodeTime(stage.RawRows("records").front().second), Minute(5));
  LeftBy(stage, Offset(3), Minute(6), Minute(6));
  EXPECT_EQ(stage.RawRows("records").size(), 1u);
}

TEST(Late, OfOneWriterNothingIsKept) {
  ProjectionDriver<LateView> test;
  test.Given(Registered("Lin"), Contacted(events::v1::CHANNEL_PHONE, events::v1::DIRECTION_INBOUND));
  EXPECT_EQ(test.Dump(), "");
}

TEST(Late, TimesAreKeptToTheNanosecond) {
  const absl::Time time = Minute(1) + absl::Nanoseconds(1);
  EXPECT_EQ(DecodeTime(EncodeTime(time)), time);
  EXPECT_EQ(EncodeTime(absl::FromUnixNanos(258)), std::string("\x80\0\0\0\0\0\x01\x02", 8));
  EXPECT_FALSE(DecodeTime("short").has_value());
}

}  // namespace
}  // namespace kefu::late

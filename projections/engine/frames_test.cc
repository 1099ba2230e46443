#include "projections/engine/frames.h"

#include <gtest/gtest.h>

namespace kefu::engine {
namespace {

// The first and the last a Timestamp can say, and some with all digits.
std::vector<absl::Time> Times() {
  return {absl::FromUnixSeconds(-62135596800), absl::UnixEpoch() - absl::Nanoseconds(1), absl::UnixEpoch(),
          absl::FromUnixSeconds(1'780'000'000) + absl::Nanoseconds(123'456'789),
          absl::FromUnixSeconds(253402300799) + absl::Nanoseconds(999'999'999)};
}

TEST(Frames, APlaceComesBackAsItWas) {
  for (const absl::Time time : Times()) {
    const Place place{Offset(7), FastHash128("record"), time};
    const auto back = Place::Decode(place.Encode());
    ASSERT_TRUE(back.has_value());
    EXPECT_EQ(back->next, place.next);
    EXPECT_TRUE(back->last_record == place.last_record);
    EXPECT_EQ(back->effective_time, time);
  }
  EXPECT_FALSE(Place::Decode(Place().Encode() + "x").has_value());
  EXPECT_FALSE(Place::Decode(Place().Encode().substr(1)).has_value());
}

TEST(Frames, AParkedEventComesBackAsItWas) {
  for (const absl::Time time : Times()) {
    const std::string bytes = ParkedFrame{time, "reason", "verdict", "record"}.Encode();
    const auto back = ParkedFrame::Decode(bytes);
    ASSERT_TRUE(back.has_value());
    EXPECT_EQ(back->recorded_at, time);
    EXPECT_EQ(back->reason, "reason");
    EXPECT_EQ(back->verdict, "verdict");
    EXPECT_EQ(back->record, "record");
  }
  EXPECT_FALSE(ParkedFrame::Decode("short").has_value());
}

TEST(Frames, ATablesNameComesBackAsItWas) {
  EXPECT_EQ(TableName::Decode("a@b@3.1"), (TableName{"a@b", 3, 1}));
  for (const char* none : {"", "client", "client@3", "client@.1", "client@3.", "client.3@1", "client@3.1x"})
    EXPECT_FALSE(TableName::Decode(none).has_value()) << none;
}

}  // namespace
}  // namespace kefu::engine

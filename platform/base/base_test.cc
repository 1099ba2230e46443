#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "platform/base/hash.h"
#include "platform/base/ids.h"
#include "platform/base/reason.h"
#include "platform/base/status.h"
#include "platform/base/time.h"
#include "platform/base/uuid.h"

namespace kefu {
namespace {

// Values that the Java client's Utils.murmur2 gives.
TEST(Murmur2, AgreesWithTheJavaClient) {
  EXPECT_EQ(static_cast<int32_t>(Murmur2("21")), -973932308);
  EXPECT_EQ(static_cast<int32_t>(Murmur2("foobar")), -790332482);
  EXPECT_EQ(static_cast<int32_t>(Murmur2("a-little-bit-long-string")), -985981536);
  EXPECT_EQ(static_cast<int32_t>(Murmur2("a-little-bit-longer-string")), -1486304829);
  EXPECT_EQ(static_cast<int32_t>(Murmur2("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8")), -58897971);
  EXPECT_EQ(static_cast<int32_t>(Murmur2("abc")), 479470107);
}

// RFC 3720, B.4.
TEST(Crc32c, KnownAnswers) {
  EXPECT_EQ(Crc32c("123456789"), 0xe3069283u);
  EXPECT_EQ(Crc32c(std::string(32, '\0')), 0x8a9136aau);
  EXPECT_EQ(Crc32c(std::string(32, '\xff')), 0x62a8ab43u);
}

TEST(Sha256, KnownAnswerWholeAndInPieces) {
  const std::string expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  EXPECT_EQ(Hex(Sha256("abc")), expected);
  Sha256Stream stream;
  stream.Update("a");
  stream.Update("bc");
  EXPECT_EQ(Hex(stream.Finish()), expected);
}

TEST(Uuid, IsVersion7AndIncreases) {
  std::string last;
  for (int i = 0; i < 10'000; ++i) {
    const std::string id = NewUuid();
    ASSERT_EQ(id.size(), 36u);
    ASSERT_EQ(id[14], '7');
    ASSERT_THAT(std::string("89ab"), testing::HasSubstr(std::string(1, id[19])));
    ASSERT_GT(id, last);
    last = id;
  }
}

TEST(Time, GoesToProtoAndBack) {
  for (const char* text : {"2026-03-01T09:30:00.25Z", "1969-12-31T23:59:59.999999999Z", "0001-01-01T00:00:00Z"}) {
    const auto time = ParseRfc3339(text);
    ASSERT_TRUE(time.ok());
    EXPECT_EQ(FormatRfc3339(FromProto(ToProto(*time))), text);
  }
  EXPECT_EQ(ParseRfc3339("yesterday").status().code(), StatusCode::kInvalidArgument);
}

TEST(Status, KeepsItsCodeWhenAnnotated) {
  const Status status = Annotate(NotFound("client \"{}\"", "C-1"), "directory");
  EXPECT_EQ(status.code(), StatusCode::kNotFound);
  EXPECT_EQ(MessageOf(status), "directory: client \"C-1\"");
}

TEST(Status, KeepsItsReasonWhenAnnotated) {
  const Status status = Annotate(WithReason(InvalidArgument("empty"), "EVENT_ID_MISSING", "event.event_id"), "event 3");
  EXPECT_EQ(ReasonOf(status), "EVENT_ID_MISSING");
  EXPECT_EQ(FieldOf(status), "event.event_id");
  EXPECT_EQ(ReasonOf(OkStatus()), "");
}

}  // namespace
}  // namespace kefu

#include "projections/kept/kept_record.h"

#include <gtest/gtest.h>

namespace kefu::kept {
namespace {

KeptRecord Record() {
  KeptRecord record;
  record.number = 7;
  record.log_id = "3f0c \"log\"";
  record.partitions.resize(2);
  record.partitions[0].next = Offset(1'000);
  record.partitions[0].effective_time = absl::FromUnixSeconds(1'772'424'000) + absl::Nanoseconds(123'456'789);
  record.partitions[0].tables = {"admission@2.0", "client@3.1"};
  record.partitions[0].files = {{"000012.sst", 4'096, FastHash128("x")}, {"CURRENT", 16, FastHash128("")}};
  record.partitions[1].effective_time = absl::FromUnixSeconds(-5'000'000'000) + absl::Nanoseconds(1);
  return record;
}

TEST(KeptRecord, SaysAgainWhatItWasTold) {
  const auto read = KeptRecord::Decode(Record().Encode());
  ASSERT_TRUE(read.ok()) << ToString(read.status());
  EXPECT_EQ(read->Encode(), Record().Encode());
  EXPECT_EQ(read->number, 7);
  EXPECT_EQ(read->log_id, Record().log_id);
  EXPECT_EQ(read->Events(), 1'000);
  ASSERT_EQ(read->partitions.size(), 2U);
  EXPECT_EQ(read->partitions[0].effective_time, Record().partitions[0].effective_time) << "to the nanosecond";
  EXPECT_EQ(read->partitions[1].effective_time, Record().partitions[1].effective_time);
  EXPECT_EQ(read->partitions[0].tables, Record().partitions[0].tables);
  EXPECT_EQ(read->partitions[0].files, Record().partitions[0].files);
}

TEST(KeptRecord, EveryByteThatChangesIsSeen) {
  const std::string bytes = Record().Encode();
  for (size_t i = 0; i < bytes.size(); ++i) {
    std::string changed = bytes;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_EQ(KeptRecord::Decode(changed).status().code(), StatusCode::kDataLoss) << "byte " << i;
  }
  for (size_t size = 0; size < bytes.size(); ++size)
    EXPECT_EQ(KeptRecord::Decode(bytes.substr(0, size)).status().code(), StatusCode::kDataLoss) << size;
}

TEST(KeptRecord, AnotherFormIsNotRead) {
  for (const std::string text : {R"({"format":2})", R"({"format":1,"number":"x"})", "[]", "not json"}) {
    const Hash128 hash = FastHash128(text);
    const std::string bytes = fmt::format("{:016x}{:016x}\n{}", hash.high, hash.low, text);
    EXPECT_EQ(KeptRecord::Decode(bytes).status().code(), StatusCode::kDataLoss) << text;
  }
}

}  // namespace
}  // namespace kefu::kept

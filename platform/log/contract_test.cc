#include "platform/log/contract_test.h"

#include <absl/time/clock.h>
#include <gmock/gmock.h>

#include <atomic>
#include <map>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

namespace kefu::log {
namespace {

using testing::ElementsAre;

constexpr Partition kFirst(0);

absl::Time Soon() { return absl::Now() + absl::Seconds(30); }

Offset Put(EventLog& log, Partition partition, std::vector<std::string> values) {
  std::vector<AppendRecord> records;
  for (std::string& value : values) records.push_back({"key", std::move(value)});
  const auto offset = AppendAndWait(log, partition, std::move(records), Soon());
  EXPECT_TRUE(offset.ok()) << ToString(offset.status());
  return offset.value_or(Offset(-1));
}

struct Read {
  int32_t partition;
  int64_t offset;
  std::string value;
  friend bool operator==(const Read&, const Read&) = default;
};

// Reads until `count` records came.
std::vector<Read> ReadSome(LogReader& reader, size_t count, size_t max_bytes = 1 << 20) {
  std::vector<Read> all;
  const absl::Time deadline = Soon();
  while (all.size() < count && absl::Now() < deadline) {
    std::vector<RecordBatch> batches;
    const Status status = reader.Poll(absl::Milliseconds(200), max_bytes, &batches);
    EXPECT_TRUE(status.ok() || status.code() == StatusCode::kUnavailable) << ToString(status);
    for (const RecordBatch& batch : batches)
      for (const RecordView& record : batch.records)
        all.push_back({batch.partition.value(), record.offset.value(), std::string(record.value)});
  }
  return all;
}

std::unique_ptr<LogReader> ReaderFrom(EventLog& log, std::vector<ReadFrom> from) {
  auto reader = log.OpenReader(std::move(from));
  EXPECT_TRUE(reader.ok()) << ToString(reader.status());
  return std::move(*reader);
}

TEST_P(EventLogContract, OffsetsBeginAtZeroAndHaveNoGaps) {
  const auto test = GetParam().make(2);
  EventLog& log = test->log();
  EXPECT_EQ(*log.EndOffset(kFirst), Offset(0));
  EXPECT_EQ(Put(log, kFirst, {"a"}), Offset(0));
  EXPECT_EQ(Put(log, kFirst, {"b", "c"}), Offset(1));
  EXPECT_EQ(Put(log, Partition(1), {"d"}), Offset(0));
  EXPECT_EQ(*log.EndOffset(kFirst), Offset(3));
  EXPECT_EQ(*log.EndOffset(Partition(1)), Offset(1));
}

TEST_P(EventLogContract, WhatWasAcknowledgedIsThereAfterReopening) {
  const auto test = GetParam().make(1);
  const LogIdentity before = test->log().identity();
  Put(test->log(), kFirst, {"a", "b"});
  test->Reopen();
  EXPECT_EQ(test->log().identity().id, before.id);
  EXPECT_EQ(Put(test->log(), kFirst, {"c"}), Offset(2));
  const auto reader = ReaderFrom(test->log(), {{kFirst, Offset(0)}});
  EXPECT_THAT(ReadSome(*reader, 3), ElementsAre(Read{0, 0, "a"}, Read{0, 1, "b"}, Read{0, 2, "c"}));
}

TEST_P(EventLogContract, TwoLogsHaveTwoIdentities) {
  const auto one = GetParam().make(1);
  const auto other = GetParam().make(1);
  EXPECT_NE(one->log().identity().id, other->log().identity().id);
}

TEST_P(EventLogContract, AppendsOfOneCallerKeepTheirOrder) {
  const auto test = GetParam().make(1);
  constexpr int kAppends = 2000;
  std::mutex mutex;
  std::vector<int64_t> offsets(kAppends, -1);
  std::atomic<int> answered{0};
  for (int i = 0; i < kAppends; ++i) {
    test->log().Append(kFirst, {{"", std::to_string(i)}}, [&, i](StatusOr<Offset> offset) {
      const std::lock_guard lock(mutex);
      if (offset.ok()) offsets[i] = offset->value();
      ++answered;
    });
  }
  const auto reader = ReaderFrom(test->log(), {{kFirst, Offset(0)}});
  const auto all = ReadSome(*reader, kAppends);
  ASSERT_EQ(all.size(), static_cast<size_t>(kAppends));
  for (int i = 0; i < kAppends; ++i) ASSERT_EQ(all[i].value, std::to_string(i));
  while (answered < kAppends) std::this_thread::yield();
  const std::lock_guard lock(mutex);
  for (int i = 0; i < kAppends; ++i) ASSERT_EQ(offsets[i], i);
}

TEST_P(EventLogContract, ManyWritersLoseNothing) {
  const auto test = GetParam().make(3);
  std::vector<std::thread> writers;
  for (int w = 0; w < 4; ++w)
    writers.emplace_back([&, w] {
      for (int i = 0; i < 100; ++i)
        Put(test->log(), Partition((w + i) % 3), {fmt::format("{}-{}-a", w, i), fmt::format("{}-{}-b", w, i)});
    });
  for (auto& writer : writers) writer.join();
  const auto reader =
      ReaderFrom(test->log(), {{Partition(0), Offset(0)}, {Partition(1), Offset(0)}, {Partition(2), Offset(0)}});
  const auto all = ReadSome(*reader, 800);
  ASSERT_EQ(all.size(), 800u);
  std::map<int32_t, int64_t> next;
  std::set<std::string> values;
  for (const Read& read : all) {
    EXPECT_EQ(read.offset, next[read.partition]++);
    EXPECT_TRUE(values.insert(read.value).second) << read.value;
  }
}

TEST_P(EventLogContract, AReaderMayBeginAnywhereAndSeesEachRecordOnce) {
  const auto test = GetParam().make(1);
  for (int i = 0; i < 10; ++i) Put(test->log(), kFirst, {std::to_string(2 * i), std::to_string(2 * i + 1)});
  for (int64_t start = 0; start < 20; ++start) {
    const auto reader = ReaderFrom(test->log(), {{kFirst, Offset(start)}});
    // A record at a time, and all at once.
    const auto all = ReadSome(*reader, static_cast<size_t>(20 - start), start % 2 == 0 ? 1 : 1 << 20);
    ASSERT_EQ(all.size(), static_cast<size_t>(20 - start));
    for (int64_t i = start; i < 20; ++i) ASSERT_EQ(all[i - start], (Read{0, i, std::to_string(i)}));
  }
}

TEST_P(EventLogContract, BatchesOutliveTheirReader) {
  const auto test = GetParam().make(1);
  Put(test->log(), kFirst, {"a", "b"});
  std::vector<RecordBatch> batches;
  {
    const auto reader = ReaderFrom(test->log(), {{kFirst, Offset(0)}});
    while (batches.empty()) ASSERT_TRUE(reader->Poll(absl::Seconds(1), 1 << 20, &batches).ok());
  }
  EXPECT_EQ(batches[0].records[0].key, "key");
  EXPECT_EQ(batches[0].records[0].value, "a");
}

TEST_P(EventLogContract, AReaderAtTheEndIsWokenByAnAppend) {
  const auto test = GetParam().make(1);
  const auto reader = ReaderFrom(test->log(), {{kFirst, Offset(0)}});
  std::thread writer([&] { Put(test->log(), kFirst, {"a"}); });
  EXPECT_THAT(ReadSome(*reader, 1), ElementsAre(Read{0, 0, "a"}));
  writer.join();
}

TEST_P(EventLogContract, WakeEndsAPollAtOnce) {
  const auto test = GetParam().make(1);
  const auto reader = ReaderFrom(test->log(), {{kFirst, Offset(0)}});
  std::thread waker([&] { reader->Wake(); });
  const absl::Time begin = absl::Now();
  std::vector<RecordBatch> batches;
  EXPECT_TRUE(reader->Poll(absl::Seconds(20), 1 << 20, &batches).ok());
  EXPECT_LT(absl::Now() - begin, absl::Seconds(10));
  waker.join();
}

TEST_P(EventLogContract, APositionPastTheEndIsSaidToBe) {
  const auto test = GetParam().make(1);
  Put(test->log(), kFirst, {"a"});
  const auto reader = ReaderFrom(test->log(), {{kFirst, Offset(5)}});
  Status status;
  for (const absl::Time deadline = Soon(); absl::Now() < deadline && status.code() != StatusCode::kOutOfRange;) {
    std::vector<RecordBatch> batches;
    status = reader->Poll(absl::Milliseconds(100), 1 << 20, &batches);
    ASSERT_TRUE(batches.empty());
  }
  EXPECT_EQ(status.code(), StatusCode::kOutOfRange);
}

TEST_P(EventLogContract, AnyBytesComeBack) {
  const auto test = GetParam().make(1);
  const std::vector<std::string> values = {"", std::string(1, '\0'), std::string("\0\xff\n", 3),
                                           std::string(256 << 10, 'x'), "王小明"};
  Put(test->log(), kFirst, values);
  const auto reader = ReaderFrom(test->log(), {{kFirst, Offset(0)}});
  const auto all = ReadSome(*reader, values.size());
  ASSERT_EQ(all.size(), values.size());
  for (size_t i = 0; i < values.size(); ++i) EXPECT_EQ(all[i].value, values[i]);
}

TEST_P(EventLogContract, OneRecordCanBeRead) {
  const auto test = GetParam().make(1);
  Put(test->log(), kFirst, {"a", "b"});
  EXPECT_EQ(*test->log().ReadOne(kFirst, Offset(1)), "b");
  EXPECT_EQ(test->log().ReadOne(kFirst, Offset(2)).status().code(), StatusCode::kNotFound);
}

TEST_P(EventLogContract, AFullQueueRefusesAtOnceAndLaterTakesAgain) {
  const auto test = GetParam().make(1);
  test->ReopenWithQueue(64 << 10);
  const Status status =
      AppendAndWait(test->log(), kFirst, {{"", std::string(128 << 10, 'x')}}, Soon()).status();
  EXPECT_EQ(status.code(), StatusCode::kResourceExhausted);
  EXPECT_EQ(*test->log().EndOffset(kFirst), Offset(0));
  EXPECT_EQ(Put(test->log(), kFirst, {"a"}), Offset(0));
}

}  // namespace
}  // namespace kefu::log

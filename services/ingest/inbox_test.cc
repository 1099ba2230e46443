#include "services/ingest/inbox.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kefu/ingest/v1/ingest.pb.h"
#include "platform/base/reason.h"
#include "platform/event/cloudevents.h"
#include "services/ingest/ingest_testing.h"

namespace kefu::ingest {
namespace {

using testing::ElementsAre;

class InboxTest : public testing::Test {
 protected:
  InboxTest() {
    options_.min_backoff = absl::Milliseconds(1);
    options_.max_backoff = absl::Milliseconds(2);
    options_.poll_wait = absl::Milliseconds(20);
  }

  std::unique_ptr<Inbox> MakeInbox() {
    return std::make_unique<Inbox>(std::make_unique<FakeInbox>(topic_), recorder_, rejected_, options_);
  }

  log::InboxRecord Record(std::string value, std::string key = "C-1") {
    return {2, next_offset_++, std::move(key), std::move(value), {}};
  }
  log::InboxRecord Good(const std::string& event_id) { return Record(Contact(event_id).SerializeAsString()); }

  std::vector<std::string> RecordedIds() {
    std::vector<std::string> ids;
    for (const auto& event : events_.Events()) ids.push_back(event.event_id());
    return ids;
  }

  std::vector<v1::Rejection> Rejections() {
    std::vector<v1::Rejection> rejections;
    const int64_t end = rejected_.EndOffset(Partition(0))->value();
    for (int64_t offset = 0; offset < end; ++offset)
      EXPECT_TRUE(rejections.emplace_back().ParseFromString(*rejected_.ReadOne(Partition(0), Offset(offset))));
    return rejections;
  }

  FakeInbox::Topic topic_;
  HeldLog events_{1};
  HeldLog rejected_{1};
  Recorder recorder_{events_, RecorderOptions{}};
  InboxOptions options_;
  int64_t next_offset_ = 100;
};

TEST_F(InboxTest, RecordsEveryFormInOrderAndCommits) {
  const auto binary = *event::ToBinaryCloudEvent(Contact("E-2"));
  log::InboxRecord cloud_event = Record(binary.value, binary.key);
  cloud_event.headers = binary.headers;
  log::InboxRecord structured = Record(*event::ToStructuredCloudEvent(Contact("E-3")));
  structured.headers = {{"content-type", "application/cloudevents+json"}};
  topic_.Put({Good("E-1"), cloud_event, structured});
  const auto inbox = MakeInbox();
  inbox->Start();
  topic_.WaitForCommitted(3);
  inbox->Stop();
  EXPECT_THAT(RecordedIds(), ElementsAre("E-1", "E-2", "E-3"));
  EXPECT_EQ(inbox->counters().recorded, 3);
  EXPECT_EQ(inbox->counters().rejected, 0);
}

TEST_F(InboxTest, EachBadInputIsKeptWithItsReasonAndTheNextEventsGoOn) {
  const auto bad_events = BadEvents();
  std::vector<log::InboxRecord> records;
  for (const BadEvent& bad : bad_events) {
    records.push_back(Record(bad.bytes, "key-of " + bad.name));
    records.back().headers = {{"note", bad.name}};
    records.push_back(Good("after-" + std::to_string(records.size())));
  }
  topic_.Put(records);
  const auto inbox = MakeInbox();
  inbox->Start();
  topic_.WaitForCommitted(records.size());
  inbox->Stop();
  EXPECT_EQ(RecordedIds().size(), bad_events.size());
  const auto rejections = Rejections();
  ASSERT_EQ(rejections.size(), bad_events.size());
  for (size_t i = 0; i < bad_events.size(); ++i) {
    SCOPED_TRACE(bad_events[i].name);
    EXPECT_EQ(rejections[i].reason(), bad_events[i].reason);
    EXPECT_EQ(rejections[i].original_value(), bad_events[i].bytes);
    EXPECT_EQ(rejections[i].original_key(), "key-of " + bad_events[i].name);
    EXPECT_EQ(rejections[i].headers(0).value(), bad_events[i].name);
    EXPECT_EQ(rejections[i].origin(), fmt::format("kafka:kefu.inbox/2@{}", records[2 * i].offset));
    EXPECT_FALSE(rejections[i].message().empty());
  }
  EXPECT_EQ(inbox->counters().rejected, static_cast<int64_t>(bad_events.size()));
}

TEST_F(InboxTest, HeadersThatAreNoTextAreKeptAsFarAsTextGoes) {
  log::InboxRecord record = Record("x");
  record.headers = {{"ce_\xff", "value\xff"}};
  topic_.Put({record});
  const auto inbox = MakeInbox();
  inbox->Start();
  topic_.WaitForCommitted(1);
  const auto rejections = Rejections();
  ASSERT_EQ(rejections.size(), 1u);
  EXPECT_EQ(rejections[0].headers(0).key(), "ce_\\xff");
  EXPECT_EQ(rejections[0].headers(0).value(), "value\xff");
  EXPECT_EQ(rejections[0].reason(), "TEXT_NOT_UTF8");
}

TEST_F(InboxTest, TriesAgainUntilTheLogTakesThemAndKeepsTheirOrder) {
  int failures = 5;
  events_.SetVerdict([&](const auto&) {
    if (failures-- <= 0) return OkStatus();
    return failures % 2 == 0 ? Unavailable("broker is gone") : ResourceExhausted("disk is full");
  });
  topic_.Put({Good("E-1"), Good("E-2")});
  topic_.Put({Good("E-3")});
  const auto inbox = MakeInbox();
  inbox->Start();
  topic_.WaitForCommitted(3);
  EXPECT_THAT(RecordedIds(), ElementsAre("E-1", "E-2", "E-3"));
  EXPECT_EQ(inbox->counters().retries, 5);
  EXPECT_TRUE(inbox->Health().ok());
}

TEST_F(InboxTest, CommitsNothingBeforeAllOfAPollIsDurable) {
  events_.SetVerdict([](const auto&) { return Unavailable("broker is gone"); });
  topic_.Put({Record("not an event"), Good("E-1")});
  const auto inbox = MakeInbox();
  inbox->Start();
  while (inbox->counters().retries < 3) std::this_thread::yield();
  EXPECT_EQ(inbox->Health().code(), StatusCode::kUnavailable);
  inbox->Stop();
  EXPECT_EQ(topic_.committed, 0u);
}

TEST_F(InboxTest, TheLogOfRejectionsMustTakeThemBeforeTheCommit) {
  int failures = 3;
  rejected_.SetVerdict([&](const auto&) { return failures-- > 0 ? Unavailable("broker is gone") : OkStatus(); });
  topic_.Put({Record("not an event")});
  const auto inbox = MakeInbox();
  inbox->Start();
  topic_.WaitForCommitted(1);
  EXPECT_EQ(Rejections().size(), 1u);
  EXPECT_EQ(inbox->counters().retries, 3);
}

TEST_F(InboxTest, OnlyTheRejectionsThatFailedAreTriedAgain) {
  bool failed = false;
  rejected_.SetVerdict([&](const std::vector<log::AppendRecord>& records) {
    if (failed || records[0].key != "second") return OkStatus();
    failed = true;
    return Unavailable("broker is gone");
  });
  topic_.Put({Record("bad", "first"), Record("bad", "second"), Record("bad", "third")});
  const auto inbox = MakeInbox();
  inbox->Start();
  topic_.WaitForCommitted(3);
  std::vector<std::string> keys;
  for (const auto& rejection : Rejections()) keys.push_back(rejection.original_key());
  EXPECT_THAT(keys, ElementsAre("first", "third", "second"));
  EXPECT_EQ(inbox->counters().rejected, 3);
}

TEST_F(InboxTest, AValueTooLargeForTheLogOfRejectionsIsKeptInPart) {
  rejected_.SetVerdict([](const std::vector<log::AppendRecord>& records) {
    return records[0].value.size() > 100'000 ? InvalidArgument("too large") : OkStatus();
  });
  topic_.Put({Record(std::string(500'000, 'x'))});
  const auto inbox = MakeInbox();
  inbox->Start();
  topic_.WaitForCommitted(1);
  const auto rejections = Rejections();
  ASSERT_EQ(rejections.size(), 1u);
  EXPECT_EQ(rejections[0].original_value().size(), 64u << 10);
  EXPECT_NE(rejections[0].message().find("of 500000 bytes"), std::string::npos);
}

TEST_F(InboxTest, FailingPollsAndCommitsArePassing) {
  topic_.poll_answers = {Unavailable("no broker"), Unavailable("no broker"), OkStatus()};
  topic_.commit_answers = {Unavailable("no coordinator")};
  topic_.Put({Good("E-1")});
  const auto inbox = MakeInbox();
  inbox->Start();
  topic_.WaitForCommitted(1);
  EXPECT_EQ(inbox->counters().retries, 3);
  EXPECT_THAT(RecordedIds(), ElementsAre("E-1"));
}

TEST_F(InboxTest, LargePollsAreRecordedInPieces) {
  options_.max_chunk_bytes = 1;
  topic_.Put({Good("E-1"), Good("E-2"), Good("E-3")});
  const auto inbox = MakeInbox();
  inbox->Start();
  topic_.WaitForCommitted(3);
  EXPECT_THAT(RecordedIds(), ElementsAre("E-1", "E-2", "E-3"));
}

}  // namespace
}  // namespace kefu::ingest

#include "services/audit/checkpoints.h"

#include <gmock/gmock.h>

#include "platform/log/position.h"
#include "platform/note/checkpoint.h"
#include "platform/note/key_change.h"
#include "projections/checkpoints/checkpoints.h"
#include "services/audit/audit_testing.h"

namespace kefu::audit {
namespace {

using events::v1::Event;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr int32_t kPartitions = 2;

class CheckpointsTest : public testing::Test {
 protected:
  CheckpointsTest() : log_(kPartitions) {
    engine::EngineOptions options;
    options.directory = directory_.path();
    options.reserve_bytes = 0;
    auto opened = engine::Engine::Open(options, log_, {&sdk::Describe<checkpoints::CheckpointsView>()});
    EXPECT_TRUE(opened.ok()) << ToString(opened.status());
    engine_ = *std::move(opened);
    EXPECT_TRUE(engine_->Start().ok());
  }
  ~CheckpointsTest() override { engine_->Stop(); }

  CheckpointContext Context() {
    return {.engine = *engine_, .log = log_, .tokens = rpc::PageTokens("a key of this test"), .verifier_key = "vkey"};
  }

  void Put(Event event) {
    event.set_event_id(fmt::format("e-{}", ++number_));
    event.set_source("test");
    *event.mutable_occurred_at() = ToProto(testkit::Beginning());
    log_.Put(Partition(0), event::RecordedBytes(event, testkit::Beginning() + absl::Seconds(number_)));
    ASSERT_TRUE(engine_->WaitFor(Partition(0), *log_.EndOffset(Partition(0)), absl::Now() + absl::Seconds(20)).ok());
  }
  // A checkpoint of so many records in both partitions; offsets run ahead of sizes.
  void Sign(int64_t first, int64_t second) {
    Event event;
    auto& body = *event.mutable_checkpoint_signed();
    body.set_note(fmt::format("{}", first + second));
    int32_t partition = 0;
    for (const int64_t size : {first, second}) {
      auto& part = *body.add_partitions();
      part.set_partition(partition++);
      part.set_size(size);
      part.set_next_offset(size + 10);
    }
    Put(event);
  }

  static std::vector<std::string> Notes(const v1::ListCheckpointsResponse& response) {
    std::vector<std::string> notes;
    for (const auto& each : response.checkpoints()) notes.push_back(each.signed_().note());
    return notes;
  }
  // All pages of `size`, one after the other.
  std::vector<std::string> Paged(v1::ListCheckpointsRequest request, int size) {
    const Checkpoints checkpoints(Context());
    std::vector<std::string> notes;
    request.set_page_size(size);
    do {
      v1::ListCheckpointsResponse response;
      const Status status = checkpoints.List(request, &response);
      EXPECT_TRUE(status.ok()) << ToString(status);
      EXPECT_LE(response.checkpoints_size(), size);
      for (std::string& note : Notes(response)) notes.push_back(std::move(note));
      request.set_page_token(response.next_page_token());
    } while (!request.page_token().empty());
    return notes;
  }
  static v1::ListCheckpointsRequest Covering(int32_t partition, int64_t offset) {
    v1::ListCheckpointsRequest request;
    request.set_covers_partition(partition);
    request.set_covers_offset(offset);
    return request;
  }
  std::string WhyNot(const v1::ListCheckpointsRequest& request) {
    v1::ListCheckpointsResponse response;
    return ReasonOf(Checkpoints(Context()).List(request, &response));
  }

  testkit::MemoryLog log_;
  TempDirectory directory_;
  std::unique_ptr<engine::Engine> engine_;
  int64_t number_ = 0;
};

TEST_F(CheckpointsTest, AreListedNewestFirstInPages) {
  EXPECT_THAT(Paged({}, 2), IsEmpty());
  for (int64_t size = 1; size <= 7; ++size) Sign(size, 1);
  for (const int page : {1, 2, 3, 7, 50})
    EXPECT_THAT(Paged({}, page), ElementsAre("8", "7", "6", "5", "4", "3", "2")) << page;
}

TEST_F(CheckpointsTest, SayWhatTheyCoverAndWhereTheyAre) {
  Sign(3, 1);
  Sign(5, 2);
  v1::ListCheckpointsResponse response;
  ASSERT_TRUE(Checkpoints(Context()).List({}, &response).ok());
  const v1::Checkpoint& newest = response.checkpoints(0);
  EXPECT_EQ(newest.name(), "checkpoints/7");
  EXPECT_EQ(newest.offset(), 1);
  EXPECT_EQ(FromProto(newest.recorded_time()), testkit::Beginning() + absl::Seconds(2));
  EXPECT_THAT(log::Position::Decode(newest.position(), "memory-log", kPartitions)->next_offsets, ElementsAre(15, 12));
  EXPECT_EQ(response.verifier_key(), "vkey");
}

TEST_F(CheckpointsTest, TheFirstPageHasEveryChangeOfTheKeyThatHolds) {
  const auto old_key = *note::Signer::OfSeed("kefu", std::string(32, 'a'));
  const auto new_key = *note::Signer::OfSeed("kefu", std::string(32, 'b'));
  Event of_old;
  of_old.mutable_checkpoint_signed()->set_note(*old_key.Sign(*note::FormatCheckpoint({.origin = "kefu/log", .size = 4})));
  Put(of_old);
  Event changed;
  auto& body = *changed.mutable_checkpoint_key_changed();
  body.set_old_key(old_key.verifier().Text());
  body.set_new_key(new_key.verifier().Text());
  const note::KeyChange change{"kefu/log", 4, old_key.verifier(), new_key.verifier()};
  body.set_statement(*new_key.Sign(*note::FormatKeyChange(change)));
  Put(changed);  // by the new key itself: it does not hold
  body.set_statement(*old_key.Sign(*note::FormatKeyChange(change)));
  Put(changed);
  Event of_new;
  of_new.mutable_checkpoint_signed()->set_note(*new_key.Sign(*note::FormatCheckpoint({.origin = "kefu/log", .size = 5})));
  Put(of_new);

  v1::ListCheckpointsRequest request;
  request.set_page_size(1);
  v1::ListCheckpointsResponse response;
  ASSERT_TRUE(Checkpoints(Context()).List(request, &response).ok());
  ASSERT_EQ(response.key_changes_size(), 1);
  EXPECT_EQ(response.key_changes(0).offset(), 2);
  EXPECT_EQ(response.key_changes(0).changed().statement(), body.statement());
  request.set_page_token(response.next_page_token());
  v1::ListCheckpointsResponse next;
  ASSERT_TRUE(Checkpoints(Context()).List(request, &next).ok());
  EXPECT_EQ(next.checkpoints_size(), 1);
  EXPECT_EQ(next.key_changes_size(), 0);
}

TEST_F(CheckpointsTest, TheOldestThatCoversARecordIsFirst) {
  Sign(3, 1);   // offsets below 13 and 11
  Sign(3, 5);   // 13, 15
  Sign(20, 5);  // 30, 15
  EXPECT_THAT(Paged(Covering(0, 12), 1), ElementsAre("4", "8", "25"));
  EXPECT_THAT(Paged(Covering(0, 13), 1), ElementsAre("25"));
  EXPECT_THAT(Paged(Covering(0, 30), 1), IsEmpty());
  EXPECT_THAT(Paged(Covering(1, 11), 2), ElementsAre("8", "25"));
  EXPECT_THAT(Paged(Covering(1, 0), 2), ElementsAre("4", "8", "25"));
}

TEST_F(CheckpointsTest, AfterAnAcceptedLossOnlyNewOnesCover) {
  Sign(30, 1);
  Event loss;
  loss.mutable_checkpoint_loss_accepted()->set_lost_note("31");
  Put(loss);
  EXPECT_THAT(Paged(Covering(0, 12), 5), IsEmpty());
  Sign(12, 1);
  EXPECT_THAT(Paged(Covering(0, 12), 5), ElementsAre("13"));
  EXPECT_THAT(Paged({}, 5), ElementsAre("13", "31")) << "the list keeps all";
}

TEST_F(CheckpointsTest, WhatIsAskedWrongIsNamed) {
  Sign(3, 1);
  EXPECT_EQ(WhyNot(Covering(2, 0)), "PARTITION_INVALID");
  EXPECT_EQ(WhyNot(Covering(-1, 0)), "PARTITION_INVALID");
  EXPECT_EQ(WhyNot(Covering(0, -1)), "OFFSET_INVALID");
  v1::ListCheckpointsRequest request;
  request.set_page_size(-1);
  EXPECT_EQ(WhyNot(request), "PAGE_SIZE_NEGATIVE");
  request.set_page_size(1);
  request.set_page_token("broken");
  EXPECT_EQ(WhyNot(request), "PAGE_TOKEN_INVALID");
  // A token of another question.
  Sign(4, 1);
  v1::ListCheckpointsResponse response;
  request.clear_page_token();
  ASSERT_TRUE(Checkpoints(Context()).List(request, &response).ok());
  v1::ListCheckpointsRequest other = Covering(0, 0);
  other.set_page_token(response.next_page_token());
  EXPECT_EQ(WhyNot(other), "PAGE_TOKEN_INVALID");
}

TEST_F(CheckpointsTest, ALossIsAcceptedOnlyWhereThereIsOne) {
  v1::AcceptLossRequest request;
  SetAccess(request.mutable_access());
  const auto accept = [&](const CheckpointContext& context, v1::AcceptLossResponse* response) {
    Status answer = Internal("not called");
    Checkpoints(context).AcceptLoss(request, response, [&](Status status) { answer = std::move(status); });
    return answer;
  };
  v1::AcceptLossResponse response;
  CheckpointContext context = Context();
  EXPECT_EQ(ReasonOf(accept(context, &response)), "NO_NOTARY");
  context.lost_note = [] { return std::optional<std::string>(); };
  EXPECT_EQ(ReasonOf(accept(context, &response)), "NOTHING_LOST");
  EXPECT_EQ(*log_.EndOffset(Partition(0)), Offset(0));

  context.lost_note = [] { return std::optional<std::string>("a note"); };
  const Status accepted = accept(context, &response);
  ASSERT_TRUE(accepted.ok()) << ToString(accepted);
  EXPECT_EQ(response.offset(), 0);
  Event event;
  ASSERT_TRUE(event::ParseRecorded(*log_.ReadOne(Partition(0), Offset(0)), &event).ok());
  EXPECT_EQ(event.checkpoint_loss_accepted().lost_note(), "a note");
  EXPECT_EQ(event.checkpoint_loss_accepted().reason(), request.access().reason());
  EXPECT_EQ(event.actor().id(), request.access().actor_id());
  log_.FailAppends(Unavailable("the disk is gone"));
  EXPECT_EQ(accept(context, &response).code(), StatusCode::kUnavailable);
}

}  // namespace
}  // namespace kefu::audit

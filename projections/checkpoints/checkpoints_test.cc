#include "projections/checkpoints/checkpoints.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "platform/base/time.h"
#include "platform/note/checkpoint.h"
#include "platform/note/key_change.h"
#include "platform/testkit/golden.h"
#include "platform/testkit/projection_driver.h"

namespace kefu::checkpoints {
namespace {

using namespace testkit;
using events::v1::Event;
using testing::ElementsAre;
using testing::SizeIs;

Draft Signed2(int64_t first, int64_t second) {
  return Draft().Client("").With([&](Event& event) {
    auto& body = *event.mutable_checkpoint_signed();
    body.set_note(fmt::format("of {}", first + second));
    int32_t partition = 0;
    for (const int64_t size : {first, second}) {
      auto& part = *body.add_partitions();
      part.set_partition(partition++);
      part.set_size(size);
      // As Kafka may have it: some offsets hold nothing.
      part.set_next_offset(size + 10);
      part.set_note(fmt::format("part of {}", size));
    }
  });
}

Draft LossAccepted(std::string_view by) {
  return Draft().Client("").By(by).With([&](Event& event) {
    event.mutable_checkpoint_loss_accepted()->set_lost_note("of 100");
    event.mutable_checkpoint_loss_accepted()->set_reason("disk");
  });
}

note::Signer KeyOf(char seed) { return *note::Signer::OfSeed("kefu", std::string(32, seed)); }

// A checkpoint with a note that can be read.
Draft SignedBy(char key, int64_t size) {
  const std::string note = *KeyOf(key).Sign(*note::FormatCheckpoint({.origin = "kefu/log-1", .size = size}));
  return Draft().Client("").With([&](Event& event) {
    event.mutable_checkpoint_signed()->set_note(note);
    event.mutable_checkpoint_signed()->add_partitions()->set_size(size);
  });
}

Draft KeyChanged(char old_key, char new_key, int64_t size) {
  const note::Verifier before = KeyOf(old_key).verifier(), after = KeyOf(new_key).verifier();
  const std::string statement = *KeyOf(old_key).Sign(*note::FormatKeyChange({"kefu/log-1", size, before, after}));
  return Draft().Client("").With([&](Event& event) {
    event.mutable_checkpoint_key_changed()->set_old_key(before.Text());
    event.mutable_checkpoint_key_changed()->set_new_key(after.Text());
    event.mutable_checkpoint_key_changed()->set_statement(statement);
  });
}

class CheckpointsTest : public testing::Test {
 protected:
  // The table's notes, in the order of its keys.
  std::vector<std::string> Notes() {
    std::vector<std::string> notes;
    for (const auto& [key, row] : test_.run().view().Rows("signed"))
      notes.push_back(static_cast<const SignedRow&>(*row).signed_().note());
    return notes;
  }
  ProjectionDriver<CheckpointsView> test_;
};

TEST_F(CheckpointsTest, KeepsEachInTheOrderOfTheLog) {
  test_.Given(Signed2(3, 0), Signed2(3, 2).Id("second"), Signed2(9, 4));
  EXPECT_THAT(Notes(), ElementsAre("of 3", "of 5", "of 13"));
  const Delivery& last = test_.last();
  const auto* row = test_.Row<Signed>(last.offset);
  ASSERT_NE(row, nullptr);
  EXPECT_EQ(row->offset(), last.offset.value());
  EXPECT_EQ(FromProto(row->recorded_at()), last.recorded_at);
  EXPECT_EQ(row->signed_().partitions(1).note(), "part of 4");
  EXPECT_EQ(test_.Row<Stand>(kStandKey)->signed_end(), last.offset.value() + 1);
}

TEST_F(CheckpointsTest, IsFoundByWhatItCoversAndByItsSizes) {
  test_.Given(Signed2(3, 0), Signed2(3, 2));
  const auto at = [&](int i) { return test_.deliveries()[static_cast<size_t>(i)].offset.value(); };
  EXPECT_THAT(test_.Entries<SignedByEnd>(),
              ElementsAre(fmt::format("0, 0, 13, {}", at(0)),
                          fmt::format("0, 0, 13, {}", at(1)),
                          fmt::format("0, 1, 10, {}", at(0)),
                          fmt::format("0, 1, 12, {}", at(1))));
  EXPECT_THAT(test_.Entries<SignedBySize>(),
              ElementsAre(fmt::format("0, 0, 3, {}", at(0)),
                          fmt::format("0, 0, 3, {}", at(1)),
                          fmt::format("0, 1, 0, {}", at(0)),
                          fmt::format("0, 1, 2, {}", at(1))));
}

TEST_F(CheckpointsTest, AfterAnAcceptedLossTheOnesBeforeAreFoundNoMoreByWhatTheyCover) {
  test_.Given(Signed2(60, 40), LossAccepted("S-1"), Signed2(20, 40));
  EXPECT_THAT(Notes(), ElementsAre("of 100", "of 60"));
  const Offset loss = test_.deliveries()[1].offset;
  const auto* row = test_.Row<Losses>(loss);
  ASSERT_NE(row, nullptr);
  EXPECT_EQ(row->accepted_by(), "S-1");
  EXPECT_EQ(row->accepted().reason(), "disk");
  EXPECT_EQ(test_.Row<Stand>(kStandKey)->losses(), 1);
  EXPECT_EQ(test_.Row<Stand>(kStandKey)->loss_end(), loss.value() + 1);
  EXPECT_EQ(test_.Row<Signed>(test_.last().offset)->losses(), 1);
  EXPECT_EQ(test_.Row<Signed>(test_.deliveries()[0].offset)->losses(), 0);
}

TEST_F(CheckpointsTest, TheSameOneFromASecondNotaryCountsOnce) {
  const Draft once = Signed2(3, 2).Id("checkpoint/5").AtMinute(1);
  test_.Given(once).When(once).Then(Duplicate());
  EXPECT_THAT(Notes(), ElementsAre("of 5"));
}

TEST_F(CheckpointsTest, KeyChangesAreKept) {
  test_.Given(SignedBy('a', 5), KeyChanged('a', 'b', 5), KeyChanged('b', 'c', 5));
  const auto* row = test_.Row<KeyChanges>(test_.last().offset);
  ASSERT_NE(row, nullptr);
  EXPECT_EQ(row->changed().new_key(), KeyOf('c').verifier().Text());
  EXPECT_EQ(test_.Row<Stand>(kStandKey)->key_change_end(), test_.last().offset.value() + 1);
  EXPECT_THAT(Notes(), SizeIs(1));
}

TEST_F(CheckpointsTest, GoldenDump) {
  test_.Given(Signed2(3, 0), SignedBy('a', 4), KeyChanged('a', 'b', 4), LossAccepted("S-1"), Signed2(2, 0));
  ExpectGolden("projections/checkpoints/golden/checkpoints.txt", test_.Dump());
}

}  // namespace
}  // namespace kefu::checkpoints

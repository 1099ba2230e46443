#pragma once

// A log in memory with a notary over it, and what the log itself says, by the naive tree, for tests of the notary.

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <utility>

#include "platform/base/time.h"
#include "platform/note/checkpoint.h"
#include "platform/note/key_change.h"
#include "projections/checkpoints/checkpoints.h"
#include "projections/tree/tree.h"
#include "services/clock/duty_testing.h"
#include "services/clock/notary.h"

namespace kefu::duties {

using events::v1::CheckpointSigned;
using events::v1::Event;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testkit::MemoryLog;

inline constexpr Partition kHome{0};

// What the log itself says, without the view: the naive tree.
inline merkle::Hash RootOfLog(MemoryLog& log, Partition partition, int64_t size) {
  std::vector<merkle::Hash> leaves;
  for (int64_t at = 0; at < size; ++at) leaves.push_back(merkle::LeafHash(*log.ReadOne(partition, Offset(at))));
  return merkle::RootOf(std::move(leaves));
}

struct Signed {
  std::string id;
  CheckpointSigned checkpoint;
};

class NotaryTest : public testing::Test {
 protected:
  explicit NotaryTest(int32_t partitions = 3) : log_(partitions), node_(NewNode()) {}

  std::unique_ptr<Node> NewNode() {
    const std::vector<const sdk::Projection*> views = {&sdk::Describe<checkpoints::CheckpointsView>(),
                                                       &sdk::Describe<tree::TreeView>()};
    return std::make_unique<Node>(log_, views);
  }

  NotaryOptions Options() {
    NotaryOptions options{.signer = signer_};
    options.memory_path = memory_.path() + "/audit/last-checkpoint.json";
    return options;
  }
  NotaryOptions Forgetful() {
    NotaryOptions options = Options();
    options.memory_path.clear();
    return options;
  }
  // Of a notary that looks before `first` has written, and writes after it.
  NotaryOptions WhichLooksBefore(Notary& first, NotaryOptions options) {
    options.heads = [this, &first, is_first_look = true]() mutable {
      auto heads = HeadsOfView(node_->engine())();
      EXPECT_TRUE(!std::exchange(is_first_look, false) || first.Step().ok());
      return heads;
    };
    return options;
  }
  DutyContext Context() { return node_->Context(log_, now_); }

  void Given(int records) {
    for (int i = 0; i < records; ++i) {
      ++number_;
      auto draft = testkit::Contacted(events::v1::CHANNEL_PHONE, events::v1::DIRECTION_INBOUND);
      Record(log_, testkit::Finish(draft.Client(fmt::format("C-{}", number_ % 17)), number_), now_.Now());
    }
  }
  void Given(const Event& about_log) { log_.Put(kHome, event::RecordedBytes(about_log, now_.Now())); }
  // A record that is in `partition` alone.
  void GivenIn(Partition partition, std::string_view text) {
    Event event = testkit::Finish(testkit::Contacted(events::v1::CHANNEL_PHONE, events::v1::DIRECTION_INBOUND), ++number_);
    for (int i = 0; PartitionForKey(event.client_id(), log_.partitions()) != partition.value(); ++i)
      event.set_client_id(fmt::format("{}-{}", text, i));
    log_.Put(partition, event::RecordedBytes(event, now_.Now()));
  }

  // A person goes on with what is left.
  Event Accepted(const std::string& lost_note) {
    Event event;
    event.set_event_id(fmt::format("loss-{}", ++number_));
    event.set_source("test");
    *event.mutable_occurred_at() = ToProto(now_.Now());
    event.mutable_checkpoint_loss_accepted()->set_lost_note(lost_note);
    return event;
  }

  // Until there is nothing to do at this moment.
  StatusOr<absl::Time> Settle(Notary& notary) {
    for (;;) {
      node_->CatchUp();
      const int64_t before = log_.EndOffset(kHome)->value();
      const auto next = notary.Step();
      node_->CatchUp();
      if (!next.ok() || log_.EndOffset(kHome)->value() == before) return next;
    }
  }

  std::vector<Signed> AllSigned() {
    std::vector<Signed> all;
    for (int64_t offset = 0; offset < log_.EndOffset(kHome)->value(); ++offset) {
      Event event;
      EXPECT_TRUE(event::ParseRecorded(*log_.ReadOne(kHome, Offset(offset)), &event).ok());
      if (event.has_checkpoint_signed()) all.push_back({event.event_id(), event.checkpoint_signed()});
    }
    return all;
  }
  size_t CountSigned() { return AllSigned().size(); }

  // Changes of the key that the log holds, with where they lie; each once, however often it was written.
  std::vector<std::pair<int64_t, events::v1::CheckpointKeyChanged>> AllChanges() {
    std::vector<std::pair<int64_t, events::v1::CheckpointKeyChanged>> all;
    for (int64_t offset = 0; offset < log_.EndOffset(kHome)->value(); ++offset) {
      Event event;
      EXPECT_TRUE(event::ParseRecorded(*log_.ReadOne(kHome, Offset(offset)), &event).ok());
      const auto verdict = node_->engine().VerdictAt(kHome, Offset(offset));
      if (event.has_checkpoint_key_changed() && verdict.ok() &&
          verdict->outcome() == events::v1::VERDICT_OUTCOME_APPLIED)
        all.emplace_back(offset, event.checkpoint_key_changed());
    }
    return all;
  }
  // Of a server that is started with a new key.
  NotaryOptions ChangingTo(const note::Signer& next) {
    NotaryOptions options = Options();
    options.old_signer = signer_;
    options.signer = next;
    return options;
  }

  // Empty if the checkpoint says of the log what the naive tree says, signed by `key`.
  std::string Wrong(const CheckpointSigned& checkpoint, const note::Verifier& key) {
    const auto parts = PartsOf(checkpoint);
    if (!parts.ok()) return ToString(parts.status());
    std::vector<merkle::Hash> bodies;
    int64_t size = 0;
    for (int32_t p = 0; p < checkpoint.partitions_size(); ++p) {
      const auto opened = note::OpenNote(checkpoint.partitions(p).note(), {key});
      if (!opened.ok()) return ToString(opened.status());
      const auto body = note::ParseCheckpoint(opened->text);
      if (!body.ok()) return ToString(body.status());
      if (body->origin != fmt::format("kefu/memory-log/{}", p)) return "another origin: " + body->origin;
      if (body->size > log_.EndOffset(Partition(p))->value()) return "more records than there are";
      if (body->root != RootOfLog(log_, Partition(p), body->size)) return fmt::format("another root of partition {}", p);
      bodies.push_back(merkle::LeafHash(opened->text));
      size += body->size;
    }
    const auto opened = note::OpenNote(checkpoint.note(), {key});
    if (!opened.ok()) return ToString(opened.status());
    const auto body = note::ParseCheckpoint(opened->text);
    if (!body.ok()) return ToString(body.status());
    if (body->origin != "kefu/memory-log" || body->size != size || body->root != merkle::RootOf(bodies))
      return "the note over all is not over the partitions' notes";
    if (body->extensions != std::vector{fmt::format("partitions {}", log_.partitions())}) return "partitions not told";
    return {};
  }

  // The log comes back as an older copy, and views are folded anew from it.
  void CutBack(Partition partition, Offset offset) {
    node_.reset();
    log_.Cut(partition, offset);
    node_ = NewNode();
  }
  void FoldAnew() {
    node_.reset();
    node_ = NewNode();
  }

  int64_t EndOf(Partition partition) { return log_.EndOffset(partition)->value(); }

  MemoryLog log_;
  std::unique_ptr<Node> node_;
  HandClock now_;
  TempDirectory memory_;
  const note::Signer signer_ = *note::Signer::Generate("branch-7");
  const note::Signer next_ = *note::Signer::Generate("branch-7");
  int64_t number_ = 0;
};

}  // namespace kefu::duties

#include "services/audit/proofs.h"

#include <absl/time/clock.h>
#include <gtest/gtest.h>

#include "platform/base/files.h"
#include "platform/base/hash.h"
#include "platform/base/reason.h"
#include "platform/merkle/verify.h"
#include "platform/note/checkpoint.h"
#include "platform/note/key.h"
#include "platform/testkit/client_events.h"
#include "platform/testkit/events.h"
#include "platform/testkit/history.h"
#include "platform/testkit/memory_log.h"
#include "projections/checkpoints/checkpoints.h"
#include "projections/journal/journal.h"
#include "projections/tree/tree.h"
#include "services/audit/audit_testing.h"

namespace kefu::audit {
namespace {

using events::v1::Event;

constexpr int32_t kPartitions = 2;

merkle::Path PathOf(const google::protobuf::RepeatedPtrField<std::string>& hashes) {
  merkle::Path path;
  for (const std::string& hash : hashes) path.push_back(merkle::HashFrom(hash).value());
  return path;
}

class ProofsTest : public testing::Test {
 protected:
  ProofsTest() { Open(directory_.path()); }
  ~ProofsTest() override { engine_->Stop(); }

  void Open(const std::string& directory) {
    engine::EngineOptions options;
    options.directory = directory;
    options.reserve_bytes = 0;
    auto opened = engine::Engine::Open(options, log_,
                                       {&sdk::Describe<checkpoints::CheckpointsView>(),
                                        &sdk::Describe<journal::JournalView>(), &sdk::Describe<tree::TreeView>()});
    ASSERT_TRUE(opened.ok()) << ToString(opened.status());
    engine_ = *std::move(opened);
    ASSERT_TRUE(engine_->Start().ok());
  }

  static Partition HomeOf(std::string_view client) { return Partition(PartitionForKey(client, kPartitions)); }

  Offset Put(Partition partition, const Event& event) {
    return log_.Put(partition, testkit::Recorded(event, testkit::Beginning() + absl::Seconds(++seconds_)));
  }
  // An event of the client in its partition.
  Offset Note(const std::string& client, const std::string& event_id = "") {
    Event event = testkit::Finish(
        testkit::Contacted(events::v1::CHANNEL_PHONE, events::v1::DIRECTION_INBOUND).Client(client), ++number_);
    event.set_event_id(event_id.empty() ? fmt::format("n-{}", number_) : event_id);
    return Put(HomeOf(client), event);
  }
  void Fill(int events) {
    for (int i = 0; i < events; ++i) Note(fmt::format("C-{}", i % 9));
  }
  void CatchUp() {
    for (int32_t p = 0; p < kPartitions; ++p)
      ASSERT_TRUE(
          engine_->WaitFor(Partition(p), *log_.EndOffset(Partition(p)), absl::Now() + absl::Seconds(20)).ok());
  }
  merkle::Hash RootOf(Partition partition, int64_t size) {
    std::vector<merkle::Hash> leaves;
    for (int64_t i = 0; i < size; ++i) leaves.push_back(merkle::LeafHash(*log_.ReadOne(partition, Offset(i))));
    return merkle::RootOf(std::move(leaves));
  }
  // A checkpoint of all there is, as the notary states it; returns the sizes.
  std::vector<int64_t> Sign() {
    const auto signer = *note::Signer::OfSeed("kefu", std::string(32, 'k'));
    Event event = testkit::Finish(testkit::Draft().Client(""), ++number_);
    auto& body = *event.mutable_checkpoint_signed();
    body.set_note("over all");
    std::vector<int64_t> sizes;
    for (int32_t p = 0; p < kPartitions; ++p) {
      const int64_t size = log_.EndOffset(Partition(p))->value();
      sizes.push_back(size);
      auto& part = *body.add_partitions();
      part.set_partition(p);
      part.set_size(size);
      part.set_next_offset(size);
      part.set_note(*signer.Sign(*note::FormatCheckpoint(
          {.origin = note::OriginOf("memory-log", Partition(p)), .size = size, .root = RootOf(Partition(p), size)})));
    }
    Put(Partition(0), event);
    CatchUp();
    return sizes;
  }

  StatusOr<v1::InclusionProof> Prove(Partition partition, Offset offset, int64_t size = 0) {
    v1::GetInclusionProofRequest request;
    request.set_partition(partition.value());
    request.set_offset(offset.value());
    request.set_tree_size(size);
    return Proofs(*engine_, log_).Inclusion(request);
  }
  StatusOr<v1::InclusionProof> ProveEvent(const std::string& client, const std::string& event_id) {
    v1::GetInclusionProofRequest request;
    request.set_client_id(client);
    request.set_event_id(event_id);
    return Proofs(*engine_, log_).Inclusion(request);
  }
  StatusOr<v1::ConsistencyProof> Grown(Partition partition, int64_t old_size, int64_t new_size = 0) {
    v1::GetConsistencyProofRequest request;
    request.set_partition(partition.value());
    request.set_old_size(old_size);
    request.set_new_size(new_size);
    return Proofs(*engine_, log_).Consistency(request);
  }
  // Whether it proves what the log has, against a root that the test makes of the log itself.
  void ExpectHolds(const v1::InclusionProof& proof) {
    const Partition partition(proof.partition());
    const std::string record = *log_.ReadOne(partition, Offset(proof.offset()));
    EXPECT_EQ(proof.leaf_hash(), merkle::BytesOf(merkle::LeafHash(record)));
    const merkle::Hash root = RootOf(partition, proof.tree_size());
    EXPECT_EQ(proof.root(), merkle::BytesOf(root));
    EXPECT_EQ(merkle::VerifyInclusion(merkle::LeafHash(record), proof.leaf_index(), proof.tree_size(),
                                      PathOf(proof.path()), root),
              OkStatus());
  }
  template <class Answer>
  void ExpectRefused(const StatusOr<Answer>& answer, StatusCode code, std::string_view reason) {
    EXPECT_EQ(answer.status().code(), code) << ToString(answer.status());
    EXPECT_EQ(ReasonOf(answer.status()), reason) << ToString(answer.status());
  }

  testkit::MemoryLog log_{kPartitions};
  const TempDirectory directory_, other_directory_;
  std::unique_ptr<engine::Engine> engine_;
  int64_t number_ = 0;
  int64_t seconds_ = 0;
};

TEST_F(ProofsTest, AreAgainstTheNewestCheckpoint) {
  Fill(700);
  Sign();
  Fill(20);
  const auto sizes = Sign();
  Fill(5);
  CatchUp();
  for (int32_t p = 0; p < kPartitions; ++p) {
    for (const int64_t offset : {int64_t{0}, int64_t{100}, sizes[p] - 1}) {
      const auto proof = Prove(Partition(p), Offset(offset));
      ASSERT_TRUE(proof.ok()) << ToString(proof.status());
      EXPECT_EQ(proof->tree_size(), sizes[p]);
      EXPECT_EQ(proof->leaf_index(), offset);
      ExpectHolds(*proof);
      const auto checkpoint = note::ParseCheckpoint(note::ParseNote(proof->note())->text);
      ASSERT_TRUE(checkpoint.ok());
      EXPECT_EQ(checkpoint->size, sizes[p]);
      EXPECT_EQ(merkle::BytesOf(checkpoint->root), proof->root());
    }
  }
}

TEST_F(ProofsTest, AreAgainstAnEarlierCheckpointIfItIsAskedFor) {
  Fill(300);
  const auto first = Sign();
  Fill(300);
  Sign();
  const auto proof = Prove(Partition(1), Offset(3), first[1]);
  ASSERT_TRUE(proof.ok()) << ToString(proof.status());
  EXPECT_EQ(proof->tree_size(), first[1]);
  EXPECT_FALSE(proof->note().empty());
  ExpectHolds(*proof);
  const auto between = Prove(Partition(1), Offset(3), first[1] + 1);
  ASSERT_TRUE(between.ok()) << ToString(between.status());
  EXPECT_TRUE(between->note().empty()) << "no checkpoint has this size";
  ExpectHolds(*between);
}

TEST_F(ProofsTest, WithoutACheckpointAreAgainstTheTreeAsItIsAndHaveNoNote) {
  Fill(40);
  CatchUp();
  const auto proof = Prove(Partition(0), Offset(0));
  ASSERT_TRUE(proof.ok()) << ToString(proof.status());
  EXPECT_EQ(proof->tree_size(), log_.EndOffset(Partition(0))->value());
  EXPECT_TRUE(proof->note().empty());
  ExpectHolds(*proof);
}

TEST_F(ProofsTest, FindAnEventByItsIdAndClient) {
  Fill(100);
  const Offset offset = Note("C-77", "the one");
  // A second delivery is another leaf; the first is meant.
  log_.Put(HomeOf("C-77"), *log_.ReadOne(HomeOf("C-77"), offset));
  Fill(10);
  Sign();
  const auto proof = ProveEvent("C-77", "the one");
  ASSERT_TRUE(proof.ok()) << ToString(proof.status());
  EXPECT_EQ(Partition(proof->partition()), HomeOf("C-77"));
  EXPECT_EQ(Offset(proof->offset()), offset);
  ExpectHolds(*proof);
  ExpectRefused(ProveEvent("C-77", "another"), StatusCode::kNotFound, "EVENT_NOT_FOUND");
  ExpectRefused(ProveEvent("C-78", "the one"), StatusCode::kNotFound, "EVENT_NOT_FOUND");
  ExpectRefused(ProveEvent("", "the one"), StatusCode::kNotFound, "EVENT_NOT_FOUND");
}

TEST_F(ProofsTest, FindWhatIsBroadcastWithoutAClient) {
  const Offset offset = Put(Partition(0), testkit::ForPartition(testkit::Finish(testkit::UnitTold("0001").Id("unit"), 1), 0,
                                                                kPartitions, 0));
  Sign();
  const auto proof = ProveEvent("", "unit");
  ASSERT_TRUE(proof.ok()) << ToString(proof.status());
  EXPECT_EQ(Offset(proof->offset()), offset);
  ExpectHolds(*proof);
}

TEST_F(ProofsTest, WhatNoCheckpointCoversIsNotSignedYet) {
  Fill(100);
  const auto sizes = Sign();
  Fill(100);
  CatchUp();
  const auto refused = Prove(Partition(1), Offset(sizes[1]));
  ExpectRefused(refused, StatusCode::kFailedPrecondition, "NOT_YET_SIGNED");
  EXPECT_NE(MessageOf(refused.status()).find(fmt::format("covers {} records", sizes[1])), std::string_view::npos)
      << ToString(refused.status());
  ExpectRefused(Prove(Partition(1), Offset(5), 5), StatusCode::kFailedPrecondition, "NOT_YET_SIGNED");
  Sign();
  EXPECT_TRUE(Prove(Partition(1), Offset(sizes[1])).ok());
}

TEST_F(ProofsTest, WhatIsNotThereIsSaid) {
  Fill(50);
  Sign();
  const int64_t end = log_.EndOffset(Partition(1))->value();
  ExpectRefused(Prove(Partition(1), Offset(end)), StatusCode::kNotFound, "RECORD_NOT_FOUND");
  ExpectRefused(Prove(Partition(1), Offset(-1)), StatusCode::kNotFound, "RECORD_NOT_FOUND");
  ExpectRefused(Prove(Partition(kPartitions), Offset(0)), StatusCode::kInvalidArgument, "PARTITION_INVALID");
  ExpectRefused(Prove(Partition(-1), Offset(0)), StatusCode::kInvalidArgument, "PARTITION_INVALID");
  ExpectRefused(Prove(Partition(1), Offset(0), end + 1), StatusCode::kInvalidArgument, "TREE_SIZE_INVALID");
  ExpectRefused(Prove(Partition(1), Offset(0), -1), StatusCode::kInvalidArgument, "TREE_SIZE_INVALID");
  v1::GetInclusionProofRequest request;
  ExpectRefused(Proofs(*engine_, log_).Inclusion(request), StatusCode::kInvalidArgument, "RECORD_UNNAMED");
  request.set_offset(1);
  request.set_event_id("both");
  ExpectRefused(Proofs(*engine_, log_).Inclusion(request), StatusCode::kInvalidArgument, "RECORD_UNNAMED");
}

TEST_F(ProofsTest, TheLogOnlyGrew) {
  Fill(300);
  const auto first = Sign();
  Fill(400);
  const auto second = Sign();
  for (int32_t p = 0; p < kPartitions; ++p) {
    for (const int64_t old_size : {int64_t{0}, int64_t{1}, int64_t{64}, first[p], second[p]}) {
      const auto proof = Grown(Partition(p), old_size);
      ASSERT_TRUE(proof.ok()) << ToString(proof.status());
      EXPECT_EQ(proof->new_size(), second[p]);
      EXPECT_EQ(merkle::VerifyConsistency(old_size, RootOf(Partition(p), old_size), second[p],
                                          RootOf(Partition(p), second[p]), PathOf(proof->path())),
                OkStatus());
      EXPECT_EQ(proof->old_root(), merkle::BytesOf(RootOf(Partition(p), old_size)));
      EXPECT_EQ(proof->new_root(), merkle::BytesOf(RootOf(Partition(p), second[p])));
    }
  }
  ExpectRefused(Grown(Partition(0), second[0] + 1), StatusCode::kInvalidArgument, "TREE_SIZE_INVALID");
  ExpectRefused(Grown(Partition(0), -1), StatusCode::kInvalidArgument, "TREE_SIZE_INVALID");
  ExpectRefused(Grown(Partition(9), 1), StatusCode::kInvalidArgument, "PARTITION_INVALID");
  EXPECT_EQ(Grown(Partition(0), 1, first[0])->new_size(), first[0]);
}

// A record changed underneath, after it was folded: no proof vouches for what lies there now.
TEST_F(ProofsTest, OfARecordThatWasChangedAreNotGiven) {
  Fill(100);
  Sign();
  ASSERT_TRUE(Prove(Partition(1), Offset(7)).ok());
  log_.Replace(Partition(1), Offset(7), *log_.ReadOne(Partition(1), Offset(8)));
  ExpectRefused(Prove(Partition(1), Offset(7)), StatusCode::kDataLoss, "TREE_DIFFERS");
  EXPECT_TRUE(Prove(Partition(1), Offset(8)).ok()) << "another record's tree is the one that was signed";
}

// Changed underneath, and folded from nothing: the views agree with the log, and what was signed gives it away.
TEST_F(ProofsTest, OfALogThatIsNotTheOneThatWasSignedAreNotGiven) {
  Fill(100);
  Sign();
  log_.Replace(Partition(1), Offset(7), *log_.ReadOne(Partition(1), Offset(8)));
  engine_->Stop();
  engine_.reset();
  Open(other_directory_.path());
  CatchUp();
  ExpectRefused(Prove(Partition(1), Offset(8)), StatusCode::kDataLoss, "TREE_DIFFERS");
  ExpectRefused(Grown(Partition(1), 3), StatusCode::kDataLoss, "TREE_DIFFERS");
}

// As a caller sees it: the look is on the log before the proof is given, and without a reason there is none.
TEST(ProofCalls, AreRecordedFirst) {
  AuditServer server;
  const Offset offset = server.Publish(testkit::Contacted(events::v1::CHANNEL_PHONE, events::v1::DIRECTION_INBOUND).Client("C-1"));
  server.CatchUp();
  v1::GetInclusionProofRequest request;
  request.set_partition(server.HomeOf("C-1").value());
  request.set_offset(offset.value());
  v1::InclusionProof proof;
  Patient refused;
  ExpectRefused(server.stub->GetInclusionProof(&refused, request, &proof), grpc::StatusCode::INVALID_ARGUMENT,
                "REASON_MISSING");
  SetAccess(request.mutable_access());
  const int64_t before = server.log().EndOffset(Partition(0))->value();
  Patient asked;
  const grpc::Status status = server.stub->GetInclusionProof(&asked, request, &proof);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(proof.leaf_hash(), merkle::BytesOf(merkle::LeafHash(*server.log().ReadOne(server.HomeOf("C-1"), offset))));
  Event access;
  ASSERT_TRUE(access.ParseFromString(*server.log().ReadOne(Partition(0), Offset(before))));
  EXPECT_EQ(access.audit_accessed().call(), "AuditService.GetInclusionProof");
  v1::GetConsistencyProofRequest growth;
  SetAccess(growth.mutable_access());
  growth.set_partition(server.HomeOf("C-1").value());
  growth.set_old_size(1);
  v1::ConsistencyProof grown;
  Patient grows;
  ASSERT_TRUE(server.stub->GetConsistencyProof(&grows, growth, &grown).ok());
  EXPECT_EQ(grown.old_size(), 1);
}

}  // namespace
}  // namespace kefu::audit

#include "services/cli/audit/bundle_writer.h"

#include <absl/strings/escaping.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "kefu/query/v1/client.pb.h"
#include "platform/base/files.h"
#include "platform/merkle/verify.h"
#include "platform/testkit/golden.h"
#include "services/cli/audit/evidence_testing.h"
#include "services/cli/audit/record_lines.h"

namespace kefu::cli {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string Read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file) << path;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<nlohmann::json> Lines(const std::string& path) {
  std::vector<nlohmann::json> lines;
  std::istringstream text(Read(path));
  for (std::string line; std::getline(text, line);) lines.push_back(nlohmann::json::parse(line));
  return lines;
}

std::string FromBase64(const std::string& text) {
  std::string bytes;
  EXPECT_TRUE(absl::Base64Unescape(text, &bytes));
  return bytes;
}

BundleFacts Facts() {
  BundleFacts facts;
  facts.asked = "case K-1";
  facts.views_of = "checkpoint";
  facts.program_version = "1.2.3";
  facts.request.mutable_access()->set_actor_id("A-1");
  facts.request.mutable_access()->set_reason("letter 2026-17 \"urgent\"");
  facts.request.mutable_events()->set_case_id("K-1");
  facts.request.add_since_notes("a note");
  return facts;
}

Status WriteAll(const SampleLog& log, const std::string& directory) {
  ASSIGN_OR_RETURN(const auto writer, BundleWriter::Create(directory));
  RETURN_IF_ERROR(writer->Begin(log.Head()));
  for (size_t i = 0; i < log.records().size(); ++i) RETURN_IF_ERROR(writer->Add(log.Record(i)));
  query::v1::Client client;
  client.set_client_id("C-1");
  RETURN_IF_ERROR(writer->AddView("client", client));
  RETURN_IF_ERROR(writer->AddPage("summary.txt", "summary\n"));
  return writer->Commit(Facts());
}

class Bundle : public testing::Test {
 protected:
  std::string path() const { return folder_.path() + "/bundle"; }
  TempDirectory folder_;
};

TEST_F(Bundle, ManifestIsAsReviewed) {
  ASSERT_TRUE(WriteAll(ComplaintLog(), path()).ok());
  testkit::ExpectGolden("services/cli/audit/testdata/manifest.json", Read(path() + "/manifest.json"));
}

TEST_F(Bundle, EveryFileIsNamedWithItsSizeAndHashAndNothingElseLiesThere) {
  ASSERT_TRUE(WriteAll(ComplaintLog(), path()).ok());
  std::set<std::string> there;
  for (const auto& entry : fs::recursive_directory_iterator(path()))
    if (entry.is_regular_file()) there.insert(fs::relative(entry.path(), path()).string());
  EXPECT_EQ(there.erase("manifest.json"), 1u);
  std::set<std::string> named;
  const auto manifest = nlohmann::json::parse(Read(path() + "/manifest.json"));
  std::string last;
  for (const auto& file : manifest["files"]) {
    const std::string name = file["name"];
    EXPECT_LT(last, name) << "sorted";
    last = name;
    named.insert(name);
    const std::string bytes = Read(path() + "/" + name);
    EXPECT_EQ(file["size"], bytes.size()) << name;
    EXPECT_EQ(file["sha256"], Hex(Sha256(bytes))) << name;
  }
  EXPECT_EQ(named, there);
  EXPECT_FALSE(fs::exists(path() + ".partial"));
}

TEST_F(Bundle, OnlyItsOwnerMayReadIt) {
  ASSERT_TRUE(WriteAll(ComplaintLog(), path()).ok());
  EXPECT_EQ(fs::status(path()).permissions(), fs::perms::owner_all);
  for (const auto& entry : fs::recursive_directory_iterator(path())) {
    const auto want = entry.is_directory() ? fs::perms::owner_all : fs::perms::owner_read | fs::perms::owner_write;
    EXPECT_EQ(entry.status().permissions(), want) << entry.path();
  }
}

TEST_F(Bundle, EventsRecordsAndProofsBelongTogetherAndProofsHold) {
  const SampleLog log = ComplaintLog();
  ASSERT_TRUE(WriteAll(log, path()).ok());
  std::vector<merkle::Hash> leaves;
  for (const std::string& record : log.records()) leaves.push_back(merkle::LeafHash(record));
  const merkle::Hash root = merkle::RootOf(leaves);
  const auto events = Lines(path() + "/events.ndjson");
  const auto proofs = Lines(path() + "/proofs.ndjson");
  ASSERT_EQ(events.size(), log.records().size());
  ASSERT_EQ(proofs.size(), events.size());
  for (size_t i = 0; i < events.size(); ++i) {
    SCOPED_TRACE(i);
    const std::string record = Read(fmt::format("{}/records/0-{}.pb", path(), i));
    EXPECT_EQ(record, log.records()[i]);
    EXPECT_EQ(events[i]["offset"], i);
    EXPECT_EQ(proofs[i]["offset"], i);
    EXPECT_EQ(FromBase64(proofs[i]["leaf_hash"]), merkle::BytesOf(merkle::LeafHash(record)));
    merkle::Path way;
    for (const std::string text : proofs[i]["path"]) way.push_back(*merkle::HashFrom(FromBase64(text)));
    const int64_t leaf = proofs[i]["leaf_index"];
    EXPECT_TRUE(merkle::VerifyInclusion(leaves[i], leaf, proofs[i]["tree_size"], way, root).ok());
    // The control: at another place it does not.
    EXPECT_FALSE(merkle::VerifyInclusion(leaves[i], leaf ^ 1, proofs[i]["tree_size"], way, root).ok());
  }
  EXPECT_EQ(events[2]["event"]["complaint_received"]["opening"]["subject"], "委託未成交");
  EXPECT_EQ(events[2]["verdict"]["outcome"], "VERDICT_OUTCOME_APPLIED");
  EXPECT_EQ(events[6]["verdict"]["rule"], "case_not_resolved");
  EXPECT_TRUE(events.back()["undecodable"]);
  EXPECT_FALSE(events.back().contains("event"));
}

TEST_F(Bundle, AnEventThatJsonCannotSayWholeIsNotShortened) {
  SampleLog log;
  log.Add([](auto& event) { event.mutable_case_started()->set_case_id("K-1"); });
  audit::v1::RecordedEvent event = log.Record(0).event();
  EXPECT_THAT(EventLine(event, Undecodable::kNamed), HasSubstr("\"case_started\""));
  // A field that this build does not know: tag 1999, varint 1.
  event.set_record(event.record() + std::string("\xf8\x7c\x01", 3));
  EXPECT_THAT(EventLine(event, Undecodable::kNamed), HasSubstr("\"undecodable\":true"));
}

TEST_F(Bundle, NoEventsIsABundleThatSaysSo) {
  const SampleLog log;
  ASSERT_TRUE(WriteAll(log, path()).ok());
  EXPECT_EQ(Read(path() + "/events.ndjson"), "");
  EXPECT_EQ(Read(path() + "/proofs.ndjson"), "");
  EXPECT_FALSE(fs::exists(path() + "/records"));
  EXPECT_EQ(Read(path() + "/checkpoints/newest.note"), "the note over all\n");
  EXPECT_TRUE(nlohmann::json::parse(Read(path() + "/manifest.json"))["covers"].empty());
}

TEST_F(Bundle, OlderCheckpointsComeWithTheirProofs) {
  const SampleLog log = ComplaintLog();
  audit::v1::ExportHead head = log.Head();
  auto& since = *head.add_since();
  since.mutable_checkpoint()->mutable_signed_()->set_note("old\n");
  since.mutable_checkpoint()->mutable_signed_()->add_partitions()->set_note("old of 0\n");
  auto& proof = *since.add_proofs();
  proof.set_old_size(3);
  proof.set_new_size(16);
  proof.add_path(std::string(32, 'x'));
  const auto writer = BundleWriter::Create(path());
  ASSERT_TRUE(writer.ok());
  ASSERT_TRUE((*writer)->Begin(head).ok());
  for (size_t i = 0; i < log.records().size(); ++i) ASSERT_TRUE((*writer)->Add(log.Record(i)).ok());
  ASSERT_TRUE((*writer)->Commit(Facts()).ok());
  EXPECT_EQ(Read(path() + "/checkpoints/since-0.note"), "old\n");
  EXPECT_EQ(Read(path() + "/checkpoints/since-0-0.note"), "old of 0\n");
  const auto lines = Lines(path() + "/checkpoints/consistency.ndjson");
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0], nlohmann::json::parse(R"({"since":0,"partition":0,"old_size":3,"new_size":16,
                                                "path":["eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHg="]})"));
}

TEST_F(Bundle, AFolderWithSomethingInItIsNeverAddedTo) {
  fs::create_directory(path());
  std::ofstream(path() + "/mine.txt") << "mine";
  const auto writer = BundleWriter::Create(path());
  EXPECT_EQ(writer.status().code(), StatusCode::kAlreadyExists);
  EXPECT_THAT(ToString(writer.status()), HasSubstr("not empty"));
  EXPECT_EQ(Read(path() + "/mine.txt"), "mine");
  EXPECT_FALSE(fs::exists(path() + ".partial"));
  // The control: an empty one is taken.
  fs::remove(path() + "/mine.txt");
  EXPECT_TRUE(WriteAll(ComplaintLog(), path() + "/").ok());
}

TEST_F(Bundle, NoFileAndNoBadNameIsAFolder) {
  std::ofstream(path()) << "a file";
  EXPECT_EQ(BundleWriter::Create(path()).status().code(), StatusCode::kAlreadyExists);
  for (const char* name : {"", "/", ".", "..", "./."})
    EXPECT_EQ(BundleWriter::Create(name).status().code(), StatusCode::kInvalidArgument) << name;
  EXPECT_EQ(BundleWriter::Create(folder_.path() + "/no/such").status().code(), StatusCode::kFailedPrecondition);
}

TEST_F(Bundle, OneThatBrokeOffLeavesNothingThatLooksWhole) {
  const SampleLog log = ComplaintLog();
  {
    const auto writer = BundleWriter::Create(path());
    ASSERT_TRUE(writer.ok());
    ASSERT_TRUE((*writer)->Begin(log.Head()).ok());
    ASSERT_TRUE((*writer)->Add(log.Record(0)).ok());
    // Another one at the same time does not get in between.
    EXPECT_EQ(BundleWriter::Create(path()).status().code(), StatusCode::kAlreadyExists);
    // Fewer records than were promised are no bundle.
    EXPECT_EQ((*writer)->Commit(Facts()).code(), StatusCode::kDataLoss);
  }
  EXPECT_TRUE(fs::is_empty(folder_.path()));
}

TEST_F(Bundle, WhatSomeoneElsePutThereMeanwhileStays) {
  const SampleLog log = ComplaintLog();
  const auto writer = BundleWriter::Create(path());
  ASSERT_TRUE(writer.ok());
  ASSERT_TRUE((*writer)->Begin(log.Head()).ok());
  for (size_t i = 0; i < log.records().size(); ++i) ASSERT_TRUE((*writer)->Add(log.Record(i)).ok());
  fs::create_directory(path());
  std::ofstream(path() + "/theirs.txt") << "theirs";
  EXPECT_FALSE((*writer)->Commit(Facts()).ok());
  EXPECT_EQ(Read(path() + "/theirs.txt"), "theirs");
  EXPECT_FALSE(fs::exists(path() + "/manifest.json"));
}

TEST_F(Bundle, WhatTheServerSendsWrongIsRefused) {
  const SampleLog log = ComplaintLog();
  const auto refuses = [&](const std::function<void(audit::v1::ExportRecord&)>& edit) {
    const auto writer = BundleWriter::Create(path());
    EXPECT_TRUE(writer.ok() && (*writer)->Begin(log.Head()).ok() && (*writer)->Add(log.Record(2)).ok());
    audit::v1::ExportRecord record = log.Record(3);
    edit(record);
    return (*writer)->Add(record).code() == StatusCode::kDataLoss;
  };
  EXPECT_TRUE(refuses([&](auto& record) { record = log.Record(2); })) << "twice";
  EXPECT_TRUE(refuses([&](auto& record) { record = log.Record(1); })) << "backwards";
  EXPECT_TRUE(refuses([](auto& record) { record.mutable_proof()->set_offset(9); }));
  EXPECT_TRUE(refuses([](auto& record) { record.mutable_proof()->set_leaf_index(9); }));
  EXPECT_TRUE(refuses([](auto& record) { record.mutable_proof()->set_tree_size(9); }));
  EXPECT_TRUE(refuses([](auto& record) {
    record.mutable_event()->set_partition(7);
    record.mutable_proof()->set_partition(7);
  })) << "no such partition in the checkpoint";
  EXPECT_FALSE(refuses([](auto&) {})) << "the control";
}

TEST_F(Bundle, NoViewGetsOutOfItsFolder) {
  const auto writer = BundleWriter::Create(path());
  ASSERT_TRUE(writer.ok());
  for (const char* name : {"", "..", "../client", "a/b", "a.b"})
    EXPECT_EQ((*writer)->AddView(name, query::v1::Client()).code(), StatusCode::kInvalidArgument) << name;
}

TEST_F(Bundle, AFullDiskIsSaidAndNothingIsLeft) {
  if (mount("tmpfs", folder_.path().c_str(), "tmpfs", 0, "size=256k") != 0)
    GTEST_SKIP() << "tmpfs cannot be mounted here (root is needed): the full-disk test did not run";
  SampleLog log;
  for (int i = 0; i < 40; ++i)
    log.Add([](auto& event) {
      event.mutable_case_note_added()->set_case_id("K-1");
      event.mutable_case_note_added()->set_text(std::string(20'000, 'x'));
    });
  const Status status = WriteAll(log, path());
  const bool is_empty = fs::is_empty(folder_.path());
  // The control: with less there is room enough.
  const Status again = WriteAll(ComplaintLog(), path());
  umount(folder_.path().c_str());
  EXPECT_EQ(status.code(), StatusCode::kResourceExhausted) << ToString(status);
  EXPECT_THAT(ToString(status), HasSubstr("no room"));
  EXPECT_TRUE(is_empty);
  EXPECT_TRUE(again.ok()) << ToString(again);
}

// The same where no disk can be made: the system lets no file grow past a few KiB.
TEST_F(Bundle, AFileThatMayNotGrowIsAFullDisk) {
  SampleLog log;
  log.Add([](auto& event) { event.mutable_case_note_added()->set_text(std::string(60'000, 'x')); });
  signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit low{.rlim_cur = 10'000, .rlim_max = before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &low), 0);
  const Status status = WriteAll(log, path());
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  EXPECT_EQ(status.code(), StatusCode::kResourceExhausted) << ToString(status);
  EXPECT_TRUE(fs::is_empty(folder_.path()));
}

}  // namespace
}  // namespace kefu::cli

#include "services/cli/audit/replay_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "platform/base/files.h"
#include "platform/testkit/events.h"
#include "services/cli/audit/record_lines.h"
#include "services/cli/audit/replay_row.h"

namespace kefu::cli {
namespace {

std::string Contents(const std::string& path) {
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

class ReplayFiles : public testing::Test {
 protected:
  const TempDirectory directory_;
  const std::string path_ = directory_.path() + "/out.ndjson";
};

TEST_F(ReplayFiles, GoesOnAfterWhateverABreakLeft) {
  {
    auto file = ReplayFile::Begin(path_);
    ASSERT_TRUE(file.ok()) << ToString(file.status());
    ASSERT_TRUE(file->Write("one\n", "T-1").ok());
    ASSERT_TRUE(file->Write("two\n", "T-2").ok());
  }
  // A break in the middle of the next write.
  std::ofstream(path_, std::ios::app) << "thr";
  auto file = ReplayFile::GoOn(path_);
  ASSERT_TRUE(file.ok()) << ToString(file.status());
  EXPECT_EQ(file->resume_token(), "T-2");
  ASSERT_TRUE(file->Write("three\n", "T-3").ok());
  ASSERT_TRUE(file->Complete().ok());
  EXPECT_EQ(Contents(path_), "one\ntwo\nthree\n");
  EXPECT_EQ(ReplayFile::GoOn(path_).status().code(), StatusCode::kFailedPrecondition);
}

TEST_F(ReplayFiles, ABreakBeforeAnythingCameGoesOnFromTheBeginning) {
  ASSERT_TRUE(ReplayFile::Begin(path_).ok());
  auto file = ReplayFile::GoOn(path_);
  ASSERT_TRUE(file.ok()) << ToString(file.status());
  EXPECT_EQ(file->resume_token(), "");
}

TEST_F(ReplayFiles, NeverOverwritesAFile) {
  std::ofstream(path_) << "evidence";
  EXPECT_EQ(ReplayFile::Begin(path_).status().code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(Contents(path_), "evidence");
}

TEST_F(ReplayFiles, AFileThatLostBytesIsNotGoneOnWith) {
  {
    auto file = ReplayFile::Begin(path_);
    ASSERT_TRUE(file->Write("one\ntwo\n", "T-1").ok());
  }
  std::filesystem::resize_file(path_, 3);
  const Status refused = ReplayFile::GoOn(path_).status();
  EXPECT_THAT(std::string(MessageOf(refused)), testing::HasSubstr("is not the file that was begun"));
}

// --- lines ---

audit::v1::RecordedEvent Recorded(std::string record) {
  audit::v1::RecordedEvent recorded;
  recorded.set_partition(2);
  recorded.set_offset(7);
  recorded.set_leaf_index(6);
  recorded.mutable_verdict()->set_outcome(events::v1::VERDICT_OUTCOME_REFUSED);
  recorded.mutable_verdict()->set_rule("case_unknown");
  recorded.set_record(std::move(record));
  return recorded;
}

std::string SomeRecord() {
  return testkit::Recorded(testkit::Finish(testkit::NoteAdded("K-1", "說\"好\"\n").By("S-7"), 1),
                           testkit::Beginning() + absl::Hours(1));
}

TEST(ReplayLine, SaysWhereAndWhatWasDecidedAndTheEvent) {
  EXPECT_EQ(EventLine(Recorded(SomeRecord()), Undecodable::kWithBytes),
            R"({"partition":2,"offset":7,"leaf_index":6,"verdict":{"outcome":"VERDICT_OUTCOME_REFUSED","rule":"case_unknown"},)"
            R"("event":{"event_id":"e-1","client_id":"C-1","occurred_at":"2026-03-02T01:01:00Z","source":"test",)"
            R"("actor":{"kind":"ACTOR_KIND_STAFF","id":"S-7"},"case_note_added":{"case_id":"K-1","text":"說\"好\"\n"},)"
            R"("recorded_at":"2026-03-02T02:00:00Z"}})");
}

TEST(ReplayLine, WhatJsonWouldNotSayIsGivenAsItIs) {
  EXPECT_THAT(EventLine(Recorded("\xff\xfe"), Undecodable::kWithBytes),
              testing::HasSubstr(R"("undecodable":true,"record":"//4=")"));
  // In a bundle they lie in a file of their own.
  EXPECT_THAT(EventLine(Recorded("\xff\xfe"), Undecodable::kNamed), testing::EndsWith(R"("undecodable":true})"));
  // A field of a newer version: JSON would leave it out.
  const std::string newer = SomeRecord() + std::string("\xf8\xff\x01\x01", 4);
  EXPECT_THAT(EventLine(Recorded(newer), Undecodable::kWithBytes), testing::HasSubstr(R"("undecodable":true)"));
}

TEST(ReplayLine, IsOneRowForEyes) {
  EXPECT_THAT(ReplayCells(Recorded(SomeRecord())),
              testing::ElementsAre(testing::Not(""), "2/7", "case_note_added", "C-1", "S-7", "refused: case_unknown", "e-1"));
  EXPECT_THAT(ReplayCells(Recorded("\xff")), testing::Contains("(no event)"));
}

}  // namespace
}  // namespace kefu::cli

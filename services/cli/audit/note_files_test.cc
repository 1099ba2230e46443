#include "services/cli/audit/note_files.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "platform/base/files.h"

namespace kefu::cli {
namespace {

std::string Read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

audit::v1::Checkpoint Checkpoint(std::string_view note) {
  audit::v1::Checkpoint checkpoint;
  checkpoint.mutable_signed_()->set_note(std::string(note));
  for (int32_t p = 0; p < 2; ++p) {
    auto& part = *checkpoint.mutable_signed_()->add_partitions();
    part.set_partition(p);
    part.set_size(10 + p);
    part.set_note(fmt::format("{} of {}\n", note, p));
  }
  return checkpoint;
}

TEST(NoteFiles, EachNoteIsAFileAndStays) {
  const TempDirectory folder;
  const std::string kept = folder.path() + "/kept/2026";
  EXPECT_TRUE(*WriteNotes(Checkpoint("a"), kept));
  EXPECT_EQ(Read(kept + "/checkpoint-21.note"), "a");
  EXPECT_EQ(Read(kept + "/checkpoint-21-0.note"), "a of 0\n");
  EXPECT_EQ(Read(kept + "/checkpoint-21-1.note"), "a of 1\n");
  EXPECT_FALSE(*WriteNotes(Checkpoint("a"), kept)) << "the same again";
  std::filesystem::remove(kept + "/checkpoint-21-1.note");
  EXPECT_TRUE(*WriteNotes(Checkpoint("a"), kept));
}

TEST(NoteFiles, AnotherOneOfTheSameSizeIsToldAndNotWrittenOver) {
  const TempDirectory folder;
  ASSERT_TRUE(WriteNotes(Checkpoint("a"), folder.path()).ok());
  EXPECT_EQ(WriteNotes(Checkpoint("b"), folder.path()).status().code(), StatusCode::kDataLoss);
  EXPECT_EQ(Read(folder.path() + "/checkpoint-21.note"), "a");
}

TEST(NoteFiles, ChangesOfTheKeyAreFilesInTheirOrder) {
  const TempDirectory folder;
  KeyChanges changes;
  changes.Add()->mutable_changed()->set_statement("first");
  EXPECT_EQ(*WriteKeyChanges(changes, folder.path()), 1);
  changes.Add()->mutable_changed()->set_statement("second");
  EXPECT_EQ(*WriteKeyChanges(changes, folder.path()), 1) << "the first one is there";
  EXPECT_EQ(Read(folder.path() + "/key-change-0.note"), "first");
  EXPECT_EQ(Read(folder.path() + "/key-change-1.note"), "second");
  changes[0].mutable_changed()->set_statement("another");
  EXPECT_EQ(WriteKeyChanges(changes, folder.path()).status().code(), StatusCode::kDataLoss);
}

TEST(NoteFiles, AFolderThatCannotBeMadeIsSaid) {
  const TempDirectory folder;
  std::ofstream(folder.path() + "/file") << "x";
  EXPECT_EQ(WriteNotes(Checkpoint("a"), folder.path() + "/file/below").status().code(),
            StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace kefu::cli

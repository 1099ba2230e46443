#include "services/cli/import/importer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "platform/base/files.h"
#include "platform/base/reason.h"

namespace kefu::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

// A door in memory: remembers what it got, refuses and rejects by id, and breaks when told.
class FakeDoor {
 public:
  Importer::MakeSink Maker() {
    return [this](EventSink::Answered answered) -> StatusOr<std::unique_ptr<EventSink>> {
      return std::make_unique<Sink>(*this, std::move(answered));
    };
  }

  std::vector<std::string> got;
  std::set<std::string> known;
  // Breaks after so many events of one run; their last `unanswered` get no answer.
  int64_t break_after = -1;
  size_t unanswered = 0;
  std::function<void(int64_t)> on_event;

 private:
  class Sink final : public EventSink {
   public:
    Sink(FakeDoor& door, Answered answered) : door_(door), answered_(std::move(answered)) {}
    Status Send(const events::v1::Event& event) override {
      if (door_.break_after >= 0 && sent_ == door_.break_after) return Unavailable("broken");
      door_.got.push_back(event.event_id());
      waiting_.push_back(event.event_id());
      while (waiting_.size() > door_.unanswered) AnswerFront();
      if (door_.on_event) door_.on_event(sent_);
      ++sent_;
      return OkStatus();
    }
    Status Finish() override {
      while (!waiting_.empty()) AnswerFront();
      return OkStatus();
    }
    void Abandon() override {}

   private:
    void AnswerFront() {
      const std::string id = waiting_.front();
      waiting_.pop_front();
      if (id.find("bad") != std::string::npos) return answered_({Answer::Kind::kInvalid, "CLIENT_ID_MISSING"});
      if (!door_.known.insert(id).second) return answered_({Answer::Kind::kDuplicate, {}});
      if (id.find("late") != std::string::npos) return answered_({Answer::Kind::kRefused, "case_not_open"});
      answered_({Answer::Kind::kApplied, {}});
    }

    FakeDoor& door_;
    const Answered answered_;
    std::deque<std::string> waiting_;
    int64_t sent_ = 0;
  };
};

class ImporterTest : public ::testing::Test {
 protected:
  void Write(const std::vector<std::string>& lines) {
    std::ofstream file(File());
    for (const std::string& line : lines) file << line << '\n';
  }
  static std::string Line(const std::string& id) { return fmt::format(R"({{"eventId":"{}","clientId":"C-1"}})", id); }
  std::string File() const { return folder_.path() + "/events.ndjson"; }

  StatusOr<ImportSummary> Run(const std::string& identity = "one") {
    ImportOptions options{.quarantine_path = folder_.path() + "/aside.ndjson",
                          .checkpoint_path = folder_.path() + "/checkpoint",
                          .identity = identity,
                          .checkpoint_every = absl::ZeroDuration()};
    ASSIGN_OR_RETURN(const auto source, OpenNdjsonSource(File()));
    runtime::Progress progress({.mode = runtime::ProgressMode::kNone});
    Importer importer(options, *source, door_.Maker(), progress);
    running_ = &importer;
    return importer.Run();
  }

  std::vector<std::string> Aside() const {
    std::ifstream file(folder_.path() + "/aside.ndjson");
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line);) {
      const auto entry = nlohmann::json::parse(line);
      lines.push_back(fmt::format("{} {}", entry["line"].get<int>(), entry["reason"].get<std::string>()));
    }
    return lines;
  }

  TempDirectory folder_;
  FakeDoor door_;
  Importer* running_ = nullptr;
};

TEST_F(ImporterTest, EveryLineIsAccountedFor) {
  Write({Line("e-1"), "{broken", Line("e-bad"), Line("e-late"), Line("e-1"), "\xff\xfe"});
  const auto summary = Run();
  ASSERT_TRUE(summary.ok()) << summary.status();
  EXPECT_EQ(summary->rows.rows, 6);
  EXPECT_EQ(summary->events.sent, 4);
  EXPECT_EQ(summary->events.applied, 1);
  EXPECT_EQ(summary->events.duplicates, 1);
  EXPECT_THAT(summary->events.refused, ElementsAre(Pair("case_not_open", 1)));
  EXPECT_THAT(summary->events.invalid, ElementsAre(Pair("CLIENT_ID_MISSING", 1)));
  EXPECT_THAT(summary->events.quarantined, ElementsAre(Pair("NOT_JSON", 1), Pair("NOT_UTF8", 1)));
  EXPECT_EQ(summary->PutAside(), 3);
  EXPECT_THAT(Aside(), ElementsAre("2 NOT_JSON", "3 CLIENT_ID_MISSING", "6 NOT_UTF8"));
  EXPECT_FALSE(std::filesystem::exists(folder_.path() + "/checkpoint"));
}

TEST_F(ImporterTest, ASecondImportChangesNothingAndSaysSo) {
  Write({Line("e-1"), Line("e-2")});
  ASSERT_TRUE(Run().ok());
  const auto again = Run();
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->events.duplicates, 2);
  EXPECT_TRUE(again->NothingNew());
}

// Broken off after every possible event, with answers outstanding, and run again: the same account as in one run.
TEST_F(ImporterTest, ABrokenImportGoesOnWhereItsAnswersEnded) {
  std::vector<std::string> lines;
  for (int i = 0; i < 12; ++i)
    lines.push_back(i % 4 == 3 ? "{broken" : Line(fmt::format("e-{}{}", i, i % 5 == 4 ? "-bad" : "")));
  Write(lines);
  for (int64_t cut = 0; cut < 9; ++cut) {
    SCOPED_TRACE(cut);
    door_ = FakeDoor();
    door_.break_after = cut;
    door_.unanswered = 2;
    EXPECT_EQ(Run().status().code(), StatusCode::kUnavailable);
    const size_t sent_before = door_.got.size();
    door_.break_after = -1;
    const auto summary = Run();
    ASSERT_TRUE(summary.ok()) << summary.status();
    EXPECT_EQ(summary->events.sent, 9);
    EXPECT_EQ(summary->events.applied + summary->events.duplicates, 7);
    EXPECT_EQ(summary->PutAside(), 5);
    EXPECT_EQ(Aside().size(), 5u);
    // Only what had no answer is sent again.
    EXPECT_LE(door_.got.size(), 9 + std::min<size_t>(sent_before, 2));
    EXPECT_EQ(door_.known.size(), 7u);
  }
}

TEST_F(ImporterTest, StoppingLeavesACheckpointAndNothingHalfDone) {
  std::vector<std::string> lines;
  for (int i = 0; i < 10; ++i) lines.push_back(Line(fmt::format("e-{}", i)));
  Write(lines);
  door_.unanswered = 3;
  door_.on_event = [&](int64_t sent) {
    if (sent == 4) running_->Stop();
  };
  const auto first = Run();
  ASSERT_TRUE(first.ok());
  EXPECT_TRUE(first->interrupted);
  EXPECT_EQ(first->events.applied, 5);
  door_.on_event = nullptr;
  const auto second = Run();
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(second->resumed_after, 5);
  EXPECT_EQ(second->events.applied, 10);
  EXPECT_EQ(door_.got.size(), 10u);
}

TEST_F(ImporterTest, ACheckpointOfAnotherFileOrMappingIsNotUsed) {
  Write({Line("e-1"), Line("e-2")});
  door_.break_after = 1;
  EXPECT_FALSE(Run("one").ok());
  door_.break_after = -1;
  const auto summary = Run("two");
  ASSERT_TRUE(summary.ok());
  EXPECT_EQ(summary->resumed_after, 0);
  EXPECT_EQ(summary->events.sent, 2);
}

TEST_F(ImporterTest, AQuarantineFileThatCannotBeWrittenEndsTheImport) {
  Write({"{broken", Line("e-1")});
  std::filesystem::create_directory(folder_.path() + "/aside.ndjson");
  std::ofstream(folder_.path() + "/aside.ndjson/occupied");
  EXPECT_EQ(Run().status().code(), StatusCode::kFailedPrecondition);
}

TEST_F(ImporterTest, ADamagedCheckpointIsAnErrorNotAGuess) {
  Write({Line("e-1")});
  std::ofstream(folder_.path() + "/checkpoint") << "{\"identity\":";
  EXPECT_EQ(Run().status().code(), StatusCode::kDataLoss);
}

}  // namespace
}  // namespace kefu::cli

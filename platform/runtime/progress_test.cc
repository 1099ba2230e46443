#include "platform/runtime/progress.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <sstream>

namespace kefu::runtime {
namespace {

class FakeClock : public Clock {
 public:
  absl::Time Now() override { return now; }
  absl::Time now = absl::FromUnixSeconds(1'000'000);
};

// What a run of progress wrote.
class Written {
 public:
  Written() : file_(std::tmpfile()) {}
  ~Written() { std::fclose(file_); }
  std::FILE* file() { return file_; }
  std::vector<std::string> Lines() {
    std::rewind(file_);
    std::vector<std::string> lines(1);
    for (int c = std::fgetc(file_); c != EOF; c = std::fgetc(file_)) {
      if (c == '\n') {
        lines.emplace_back();
      } else {
        lines.back().push_back(static_cast<char>(c));
      }
    }
    lines.pop_back();
    return lines;
  }

 private:
  std::FILE* file_;
};

TEST(Progress, AwayFromATerminalThereIsALineEveryFiveSecondsAndOneAtTheEnd) {
  FakeClock clock;
  Written written;
  Progress progress({.label = "importing", .total = 1000, .out = written.file(), .clock = &clock});
  for (int second = 1; second <= 12; ++second) {
    clock.now += absl::Seconds(1);
    progress.Update(second * 50);
  }
  progress.SetNote("3 refused");
  progress.Finish();
  progress.Finish();
  EXPECT_THAT(written.Lines(),
              ::testing::ElementsAre("importing   25%  250 of 1,000 events  50/s  0:15 left",
                                     "importing   50%  500 of 1,000 events  50/s  0:10 left",
                                     "importing   60%  600 of 1,000 events  50/s  in 0:12  3 refused"));
}

TEST(Progress, JsonIsOneObjectALine) {
  FakeClock clock;
  Written written;
  Progress progress(
      {.label = "匯入 \"x\"", .total = 10, .mode = ProgressMode::kJson, .out = written.file(), .clock = &clock});
  clock.now += absl::Seconds(2);
  progress.Update(4);
  progress.Finish();
  const auto lines = written.Lines();
  ASSERT_EQ(lines.size(), 2u);
  const auto first = nlohmann::json::parse(lines[0]);
  EXPECT_EQ(first["progress"], "匯入 \"x\"");
  EXPECT_EQ(first["done"], 4);
  EXPECT_EQ(first["rate"], 2);
  EXPECT_EQ(first["remaining_seconds"], 3);
  EXPECT_EQ(nlohmann::json::parse(lines[1])["finished"], true);
}

TEST(Progress, WhatWasDoneBeforeDoesNotCountIntoTheRate) {
  FakeClock clock;
  Written written;
  Progress progress(
      {.label = "catching up", .total = 2000, .already_done = 1000, .out = written.file(), .clock = &clock});
  clock.now += absl::Seconds(5);
  progress.Update(1500);
  EXPECT_THAT(written.Lines(), ::testing::ElementsAre("catching up   75%  1,500 of 2,000 events  100/s  0:05 left"));
}

TEST(Progress, ShortWorkStaysSilent) {
  FakeClock clock;
  Written written;
  {
    Progress progress({.label = "catching up", .quiet_for = absl::Seconds(2), .out = written.file(), .clock = &clock});
    clock.now += absl::Seconds(1);
    progress.Update(5);
  }
  EXPECT_THAT(written.Lines(), ::testing::IsEmpty());
}

}  // namespace
}  // namespace kefu::runtime

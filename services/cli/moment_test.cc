#include "services/cli/moment.h"

#include <gtest/gtest.h>

namespace kefu::cli {
namespace {

TEST(MomentText, IsWrittenAsPeopleDo) {
  const auto said = [](std::string_view text) {
    const auto moment = MomentOf(text);
    return moment.ok() ? *moment : std::string("?");
  };
  EXPECT_EQ(said("2026-03-01T09:30:00+08:00"), "recorded:2026-03-01T01:30:00Z");
  EXPECT_EQ(said("2026-03-01"), "recorded:2026-03-01T15:59:59.999999999Z");
  EXPECT_EQ(said("occurred:2026-03-01T01:30:00Z"), "occurred:2026-03-01T01:30:00Z");
  EXPECT_EQ(said("position:AAEC"), "position:AAEC");
  EXPECT_EQ(said("moments/1f"), "moments/1f");
  for (const std::string_view wrong : {"", "yesterday", "2026-02-30", "position:", "occurred:", "2026-3-1"})
    EXPECT_EQ(said(wrong), "?") << wrong;
}

}  // namespace
}  // namespace kefu::cli

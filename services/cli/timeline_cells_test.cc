#include "services/cli/timeline_cells.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "platform/runtime/table.h"

namespace kefu::cli {
namespace {

using ::testing::HasSubstr;

query::v1::TimelineEntry Applied(const char* event_id, const char* actor) {
  query::v1::TimelineEntry entry;
  entry.set_kind("contact_recorded");
  entry.mutable_event()->set_event_id(event_id);
  entry.mutable_event()->mutable_actor()->set_id(actor);
  entry.mutable_verdict()->set_outcome(events::v1::VERDICT_OUTCOME_APPLIED);
  return entry;
}

TEST(Timeline, ShowsByWhatAnEntryWasCorrectedOrAnnulled) {
  query::v1::TimelineEntry entry = Applied("e-1", "S-7");
  EXPECT_EQ(TimelineCells(entry)[4], "") << "it stands as it was said";
  entry.mutable_amended()->set_event_id("e-9");
  EXPECT_EQ(TimelineCells(entry)[4], "corrected by e-9");
  EXPECT_EQ(AmendmentText(entry), "corrected by e-9");
  entry.mutable_amended()->set_annulled(true);
  EXPECT_EQ(TimelineCells(entry)[4], "annulled by e-9");
}

TEST(Timeline, ARefusedAttemptShowsItsRule) {
  query::v1::TimelineEntry entry = Applied("e-1", "S-7");
  entry.mutable_verdict()->set_outcome(events::v1::VERDICT_OUTCOME_REFUSED);
  entry.mutable_verdict()->set_rule("case_unknown");
  EXPECT_THAT(TimelineCells(entry)[4], HasSubstr("case_unknown"));
}

TEST(Timeline, ColumnsLineUpWhateverTheScript) {
  runtime::Table table(kTimelineHeadings);
  query::v1::TimelineEntry corrected = Applied("e-1", "王小明");
  corrected.mutable_amended()->set_event_id("更正-1");
  table.Row(TimelineCells(corrected));
  table.Row(TimelineCells(Applied("e-2", "S-7")));
  // "王小明" is as wide as six letters, "更正-1" as wide as six.
  EXPECT_EQ(table.Text(),
            "WHEN  WHAT              SOURCE  BY      VERDICT              EVENT\n"
            "      contact_recorded          王小明  corrected by 更正-1  e-1\n"
            "      contact_recorded          S-7                          e-2\n");
}

}  // namespace
}  // namespace kefu::cli

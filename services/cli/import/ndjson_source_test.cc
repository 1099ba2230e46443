#include <gtest/gtest.h>

#include <fstream>

#include "platform/base/files.h"
#include "platform/base/reason.h"
#include "services/cli/import/event_source.h"

namespace kefu::cli {
namespace {

TEST(NdjsonSource, ReadsEventsAndPutsAsideWhatIsNone) {
  TempDirectory folder;
  const std::string path = folder.path() + "/events.ndjson";
  std::ofstream(path) << R"({"eventId":"e-1","clientId":"C-1","contactRecorded":{"channel":"CHANNEL_PHONE"}})"
                      << "\n\n{\"eventId\":\n"
                      << R"({"eventId":"e-2","colour":"red"})"
                      << "\r\n"
                      << R"({"eventId":"e-3","clientId":"C-2"})";
  const auto source = OpenNdjsonSource(path);
  ASSERT_TRUE(source.ok());
  ImportItem item;
  ASSERT_TRUE(*(*source)->Next(&item));
  EXPECT_EQ(item.event.event_id(), "e-1");
  EXPECT_EQ(item.event.contact_recorded().channel(), events::v1::CHANNEL_PHONE);
  ASSERT_TRUE(*(*source)->Next(&item));
  EXPECT_EQ(ReasonOf(item.problem), "NOT_JSON");
  EXPECT_EQ(item.line, 3);
  EXPECT_EQ(item.raw, "{\"eventId\":");
  ASSERT_TRUE(*(*source)->Next(&item));
  EXPECT_EQ(ReasonOf(item.problem), "NOT_JSON");
  ASSERT_TRUE(*(*source)->Next(&item));
  EXPECT_EQ(item.event.event_id(), "e-3");
  EXPECT_EQ(item.line, 5);
  EXPECT_FALSE(*(*source)->Next(&item));
  EXPECT_EQ((*source)->counts().rows, 4);
  EXPECT_EQ((*source)->counts().quarantined, 2);
}

TEST(NdjsonSource, ALineWithoutEndIsCutAndReported) {
  TempDirectory folder;
  const std::string path = folder.path() + "/events.ndjson";
  std::ofstream(path) << std::string(6 << 20, 'x') << "\n{\"eventId\":\"e-1\"}\n";
  const auto source = OpenNdjsonSource(path);
  ASSERT_TRUE(source.ok());
  ImportItem item;
  ASSERT_TRUE(*(*source)->Next(&item));
  EXPECT_EQ(ReasonOf(item.problem), "TOO_LONG");
  ASSERT_TRUE(*(*source)->Next(&item));
  EXPECT_EQ(item.event.event_id(), "e-1");
}

}  // namespace
}  // namespace kefu::cli

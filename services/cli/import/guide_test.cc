// docs/IMPORT.md shows a file, a mapping and the events they make. This runs them.

#include <gmock/gmock.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "platform/base/files.h"
#include "platform/base/reason.h"
#include "platform/runtime/json.h"
#include "services/cli/import/event_source.h"

namespace kefu::cli {
namespace {

// The first block of `language` on the page.
std::string Block(const std::string& page, const std::string& language) {
  const std::string fence = "```" + language + "\n";
  const size_t begin = page.find(fence);
  EXPECT_NE(begin, std::string::npos) << language;
  const size_t text = begin + fence.size();
  return page.substr(text, page.find("```", text) - text);
}

TEST(ImportGuide, TheExampleMakesTheEventsItShows) {
  std::ifstream file("docs/IMPORT.md");
  ASSERT_TRUE(file) << "run from the checkout's root";
  std::stringstream read;
  read << file.rdbuf();
  const std::string page = read.str();

  TempDirectory folder;
  const std::string path = folder.path() + "/tickets.csv";
  std::ofstream(path) << Block(page, "csv");
  const auto mapping = ParseMapping(Block(page, "yaml"), "docs/IMPORT.md");
  ASSERT_TRUE(mapping.ok()) << mapping.status();
  const auto source = OpenCsvSource(path, **mapping);
  ASSERT_TRUE(source.ok()) << source.status();

  std::istringstream expected(Block(page, "json"));
  ImportItem item;
  std::vector<std::string> aside;
  while (*(*source)->Next(&item)) {
    if (!item.problem.ok()) {
      aside.push_back(ReasonOf(item.problem));
      continue;
    }
    std::string line;
    ASSERT_TRUE(std::getline(expected, line)) << item.event.ShortDebugString();
    events::v1::Event event;
    ASSERT_TRUE(runtime::FromJson(line, &event).ok()) << line;
    EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(event, item.event)) << item.event.ShortDebugString();
  }
  std::string rest;
  EXPECT_FALSE(std::getline(expected, rest)) << rest;
  EXPECT_THAT(aside, ::testing::ElementsAre("NOT_IN_TABLE"));
}

}  // namespace
}  // namespace kefu::cli

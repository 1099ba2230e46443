#include "services/cli/page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kefu::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Page, ShownIsWhatPeopleCanSee) {
  EXPECT_EQ(Shown("a\tb\r\nc\rd"), "a b\nc\nd");
  EXPECT_EQ(Shown("\xff\xc3"), "\uFFFD\uFFFD");
  EXPECT_EQ(Shown("\xed\xa0\x80"), "\uFFFD\uFFFD\uFFFD") << "a surrogate";
  EXPECT_EQ(Shown("王\u200B小明 𠮷"), "王[U+200B]小明 𠮷");
}

TEST(Page, HtmlTextIsTextWhateverItSays) {
  EXPECT_EQ(HtmlText("a\x01<&>\"'"), "a\uFFFD&lt;&amp;&gt;&quot;&#39;");
  EXPECT_EQ(HtmlText("\u202Eevil"), "[U+202E]evil");
}

TEST(Page, ATitleStaysATitleAndNothingMayRun) {
  const std::string html = HtmlPage("</title><script>alert(1)</script>", ".own { color: red; }\n", "<p>said</p>\n");
  EXPECT_THAT(html, Not(HasSubstr("<script")));
  EXPECT_THAT(html, HasSubstr("<title>&lt;/title&gt;&lt;script&gt;alert(1)&lt;/script&gt;</title>"));
  EXPECT_THAT(html, HasSubstr("default-src 'none'"));
  EXPECT_THAT(html, HasSubstr(".own { color: red; }\n</style>"));
  EXPECT_THAT(html, HasSubstr("<body>\n<p>said</p>\n</body>"));
}

}  // namespace
}  // namespace kefu::cli

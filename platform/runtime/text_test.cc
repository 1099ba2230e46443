#include "platform/runtime/text.h"

#include <gmock/gmock.h>
#include <google/protobuf/timestamp.pb.h>

#include "platform/runtime/json.h"
#include "platform/runtime/suggest.h"
#include "platform/runtime/table.h"
#include "platform/runtime/units.h"

namespace kefu::runtime {
namespace {

TEST(Text, ChineseCharactersTakeTwoColumns) {
  EXPECT_EQ(DisplayWidth("Wang"), 4);
  EXPECT_EQ(DisplayWidth("王小明"), 6);
  EXPECT_EQ(DisplayWidth("王 x"), 4);
  EXPECT_EQ(DisplayWidth("e\u0301"), 1) << "a combining accent takes no column";
  EXPECT_EQ(DisplayWidth("ＡＢ"), 4) << "full-width Latin";
  EXPECT_EQ(DisplayWidth("\xff\xfe"), 2) << "broken bytes count one each";
}

TEST(Text, CuttingNeverCutsACharacterInTwo) {
  EXPECT_EQ(CutToWidth("王小明", 6), "王小明");
  EXPECT_EQ(CutToWidth("王小明", 5), "王小…");
  EXPECT_EQ(CutToWidth("王小明", 4), "王…") << "two characters and the ellipsis would take five";
  EXPECT_EQ(CutToWidth("abcdef", 3), "ab…");
  EXPECT_EQ(CutToWidth("abc", 0), "");
}

TEST(Text, DataCannotSteerTheTerminal) {
  EXPECT_EQ(Printable("a\x1b[31mred"), "a\uFFFD[31mred");
  EXPECT_EQ(Printable("two\nlines\tand"), "two lines and");
  EXPECT_EQ(Printable("bad\xff"), "bad\uFFFD");
  EXPECT_EQ(Printable("x\u202Egpj.exe"), "x\uFFFDgpj.exe");
  EXPECT_EQ(Printable("王小明"), "王小明");
}

TEST(Text, NumbersAreGroupedByThousands) {
  EXPECT_EQ(WithThousands(0), "0");
  EXPECT_EQ(WithThousands(1234567), "1,234,567");
  EXPECT_EQ(WithThousands(-123), "-123");
  EXPECT_EQ(WithThousands(-1234), "-1,234");
}

TEST(Table, ColumnsWithChineseNamesLineUp) {
  Table table({"CLIENT", "NAME", "STATUS"});
  table.Row({"C-1", "王小明", "active"});
  table.Row({"C-1000", "Wang Xiaoming", "closed"});
  EXPECT_EQ(table.Text(),
            "CLIENT  NAME           STATUS\n"
            "C-1     王小明         active\n"
            "C-1000  Wang Xiaoming  closed\n");
}

TEST(Table, TheWidestColumnGivesWayWhenTheTerminalIsNarrow) {
  Table table({"ID", "SUBJECT"});
  table.Row({"K-1", "扣款兩次，請求退還手續費並書面說明"});
  EXPECT_EQ(table.Text(20), "ID   SUBJECT\nK-1  扣款兩次，請求…\n");
}

TEST(Suggest, TheNearestNameIsFoundAndAFarOneIsNot) {
  const std::vector<std::string> known = {"client", "case", "view", "publish"};
  EXPECT_EQ(Nearest("cleint", known), "client");
  EXPECT_EQ(Nearest("vew", known), "view");
  EXPECT_EQ(Nearest("zzz", known), "");
  EXPECT_EQ(DidYouMean("publsh", known), "; did you mean \"publish\"?");
}

TEST(Units, SizesAreReadAndWritten) {
  EXPECT_EQ(*ParseBytes("64MiB"), 64 << 20);
  EXPECT_EQ(*ParseBytes("1.5 GiB"), 3LL << 29);
  EXPECT_EQ(*ParseBytes("10MB"), 10'000'000);
  EXPECT_EQ(*ParseBytes("4096"), 4096);
  for (const char* bad : {"", "MiB", "12XB", "1e400", "nan", "99999999TiB", "1 2"}) {
    EXPECT_FALSE(ParseBytes(bad).ok()) << bad;
  }
  EXPECT_EQ(FormatBytes(64 << 20), "64MiB");
  EXPECT_EQ(FormatBytes(1000), "1000");
  EXPECT_EQ(FormatBytes(0), "0");
}

TEST(Json, AMessageGoesThereAndBackAndMisspeltFieldsAreRefused) {
  google::protobuf::Timestamp time;
  EXPECT_FALSE(FromJson("{\"second\": 1}", &time).ok());
  ASSERT_TRUE(FromJson("\"2026-03-01T09:30:00Z\"", &time).ok());
  EXPECT_EQ(*ToJson(time), "\"2026-03-01T09:30:00Z\"");
  EXPECT_FALSE(FromJson("", &time).ok());
}

}  // namespace
}  // namespace kefu::runtime

#include "services/cli/import/csv.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <random>

#include "platform/base/files.h"
#include "platform/base/reason.h"

namespace kefu::cli {
namespace {

using ::testing::ElementsAre;

class CsvTest : public ::testing::Test {
 protected:
  std::string Write(const std::string& bytes) {
    const std::string path = folder_.path() + "/rows.csv";
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
  }

  std::vector<CsvRow> ReadAll(const std::string& path, CsvOptions options = {}) {
    auto reader = CsvReader::Open(path, options);
    EXPECT_TRUE(reader.ok()) << reader.status();
    std::vector<CsvRow> rows;
    CsvRow row;
    for (;;) {
      const auto more = (*reader)->Next(&row);
      EXPECT_TRUE(more.ok()) << more.status();
      if (!more.ok() || !*more) return rows;
      rows.push_back(row);
    }
  }

  TempDirectory folder_;
};

TEST_F(CsvTest, TakesQuotesLineBreaksAndBothLineEnds) {
  const auto rows =
      ReadAll(Write("\xef\xbb\xbf"
                    "a,b\r\n1,\"x, \"\"y\"\"\"\r\n\n\"two\nlines\",\n3,last"));
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_THAT(rows[0].cells, ElementsAre("1", "x, \"y\""));
  EXPECT_EQ(rows[0].line, 2);
  EXPECT_THAT(rows[1].cells, ElementsAre("two\nlines", ""));
  EXPECT_EQ(rows[1].line, 4);
  EXPECT_EQ(rows[1].raw, "\"two\nlines\",");
  EXPECT_THAT(rows[2].cells, ElementsAre("3", "last"));
  EXPECT_EQ(rows[2].line, 6);
}

TEST_F(CsvTest, TheByteOrderMarkIsNoPartOfTheFirstColumn) {
  const auto reader = CsvReader::Open(Write("\xef\xbb\xbf"
                                            "number,x\n"),
                                      {});
  ASSERT_TRUE(reader.ok());
  EXPECT_THAT((*reader)->header(), ElementsAre("number", "x"));
}

TEST_F(CsvTest, ARaggedRowIsReportedWithItsLineAndTheNextOneIsRead) {
  const auto rows = ReadAll(Write("a,b\n1\n2,2\n3,3,3\n"));
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(ReasonOf(rows[0].problem), "RAGGED_ROW");
  EXPECT_EQ(rows[0].line, 2);
  EXPECT_TRUE(rows[1].problem.ok());
  EXPECT_EQ(ReasonOf(rows[2].problem), "RAGGED_ROW");
  EXPECT_EQ(rows[2].raw, "3,3,3");
}

TEST_F(CsvTest, AStrayQuoteCostsOneLineNotTheFile) {
  const auto rows = ReadAll(Write("a,b\n1,\"open\n2,two\n3,three\n"));
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(ReasonOf(rows[0].problem), "UNCLOSED_QUOTE");
  EXPECT_EQ(rows[0].raw, "1,\"open");
  EXPECT_THAT(rows[1].cells, ElementsAre("2", "two"));
  EXPECT_EQ(rows[1].line, 3);
  EXPECT_THAT(rows[2].cells, ElementsAre("3", "three"));
}

TEST_F(CsvTest, ALongRecordIsBoundedAndReported) {
  CsvOptions options;
  options.max_record_bytes = 100;
  const auto rows = ReadAll(Write("a,b\n1," + std::string(150, 'x') + "\n2,two\n"), options);
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(ReasonOf(rows[0].problem), "TOO_LONG");
  EXPECT_THAT(rows[1].cells, ElementsAre("2", "two"));
}

TEST_F(CsvTest, BytesThatAreNotUtf8AreReported) {
  const auto rows = ReadAll(Write("a,b\n1,\xff\n2,客服\n"));
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(ReasonOf(rows[0].problem), "NOT_UTF8");
  EXPECT_TRUE(rows[1].problem.ok());
}

TEST_F(CsvTest, GzipIsReadAsItIsAndACutStreamIsAnError) {
  std::string text = "a,b\n";
  for (int i = 0; i < 20000; ++i) text += std::to_string(i * 7919) + ",value\n";
  const std::string path = folder_.path() + "/rows.csv.gz";
  const gzFile file = gzopen(path.c_str(), "wb");
  ASSERT_EQ(gzwrite(file, text.data(), static_cast<unsigned>(text.size())), static_cast<int>(text.size()));
  gzclose(file);
  EXPECT_EQ(ReadAll(path).size(), 20000u);

  std::filesystem::resize_file(path, std::filesystem::file_size(path) / 2);
  const auto reader = CsvReader::Open(path, {});
  Status status = reader.status();
  CsvRow row;
  while (status.ok()) {
    const auto more = (*reader)->Next(&row);
    status = more.status();
    if (more.ok() && !*more) break;
  }
  EXPECT_EQ(status.code(), StatusCode::kDataLoss) << status;
}

// Whatever the cells hold, writing them as CSV and reading them gives the same cells, over block borders too.
TEST_F(CsvTest, RandomCellsComeBackAsTheyWere) {
  const uint32_t seed = 20260301;
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  const std::string alphabet = "ab,\"\n\r ;";
  std::vector<std::vector<std::string>> expected;
  std::string text = "a,b,c\n";
  for (int row = 0; row < 20000; ++row) {
    std::vector<std::string> cells;
    for (int column = 0; column < 3; ++column) {
      std::string cell = column == 0 ? "k" : "";
      for (uint32_t left = random() % 12; left > 0; --left) cell.push_back(alphabet[random() % alphabet.size()]);
      std::string quoted;
      for (const char c : cell) quoted += c == '"' ? "\"\"" : std::string(1, c);
      text += (column == 0 ? "\"" : ",\"") + quoted + "\"";
      cells.push_back(cell);
    }
    text += random() % 2 == 0 ? "\r\n" : "\n";
    expected.push_back(cells);
  }
  const auto rows = ReadAll(Write(text));
  ASSERT_EQ(rows.size(), expected.size());
  for (size_t i = 0; i < rows.size(); ++i) ASSERT_EQ(rows[i].cells, expected[i]) << "row " << i;
}

TEST_F(CsvTest, SurveyCountsWhatIsInside) {
  const auto facts = SurveyFile(Write("a,b\n1,2\n3,4"));
  ASSERT_TRUE(facts.ok());
  EXPECT_EQ(facts->lines, 3);
  EXPECT_EQ(facts->bytes, 11);
  EXPECT_EQ(facts->sha256.size(), 64u);
  EXPECT_EQ(SurveyFile(folder_.path() + "/none").status().code(), StatusCode::kNotFound);
  EXPECT_EQ(SurveyFile(folder_.path()).status().code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace kefu::cli

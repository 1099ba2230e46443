#pragma once

// A paper for people: what stands in it, without how it looks. One paper is shown as text and as HTML, so that both say
// the same.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "services/cli/page.h"

namespace kefu::cli {

struct DocumentRow {
  std::vector<std::string> cells;
  // Stands out: an attempt that was refused, a clock that was missed.
  bool marked = false;
};

struct DocumentSection {
  // In English and in Chinese.
  std::string title;
  std::string title_zh;
  // Said above the table.
  std::string about;
  std::vector<std::string> columns;
  std::vector<DocumentRow> rows;
  // Said instead of an empty table.
  std::string none;
  // Shown below as they are: commands.
  std::vector<std::string> commands;
};

struct Document {
  std::string title;
  std::string title_zh;
  // Whose file it is, in a line.
  std::string subtitle;
  // Label and value; those with an empty value are left out. Labels are in English and Chinese.
  std::vector<std::pair<std::string, std::string>> facts;
  std::vector<DocumentSection> sections;
};

// A whole page, good on A4 paper: nothing is fetched, nothing runs, everything is escaped.
std::string HtmlOf(const Document& document);
// The same as plain text: UTF-8, no line broken but where the data has breaks.
std::string TextOf(const Document& document);

}  // namespace kefu::cli

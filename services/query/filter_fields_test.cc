#include "services/query/filter_fields.h"

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <regex>

namespace kefu::query {
namespace {

// Rows of the form "| `field` | type | …" below a heading that begins with the resource.
std::map<std::string, std::map<std::string, std::string>> Documented() {
  std::ifstream file("docs/FILTERS.md");
  EXPECT_TRUE(file.is_open()) << "run from the top of the checkout";
  std::map<std::string, std::map<std::string, std::string>> resources;
  std::string line;
  std::string resource;
  const std::regex row("\\| `([a-z_.]+)` \\| ([a-z ]+) \\|.*");
  std::smatch match;
  while (std::getline(file, line)) {
    if (line.starts_with("## Fields of ")) resource = line.substr(std::string("## Fields of ").size());
    if (std::regex_match(line, match, row)) resources[resource][match[1]] = match[2];
  }
  return resources;
}

TEST(FilterFields, TheDocumentListsExactlyTheFieldsThereAre) {
  std::map<std::string, std::map<std::string, std::string>> declared;
  for (const FilterTable* table : AllFilterTables())
    for (const FilterField& field : table->fields)
      declared[std::string(table->resource)][std::string(field.name)] = std::string(NameOf(field.type));
  EXPECT_EQ(Documented(), declared);
}

}  // namespace
}  // namespace kefu::query

#include "projections/catalogue.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "platform/testkit/golden.h"

namespace kefu::projections {
namespace {

TEST(Catalogue, IsInTheOrderOfNamesAndNoNameComesTwice) {
  std::vector<std::string_view> names;
  for (const auto* view : Catalogue()) names.push_back(view->name);
  EXPECT_TRUE(std::is_sorted(names.begin(), names.end()));
  EXPECT_EQ(std::set<std::string_view>(names.begin(), names.end()).size(), names.size());
}

// The ids are the first byte of every key on disk. A new table takes a new id; no id is ever used again.
TEST(Catalogue, TablesAndTheirIdsAreFrozen) {
  std::string text;
  for (const auto* view : Catalogue()) {
    const std::string_view takes = view->takes_all ? ", takes all" : view->takes_refused ? ", takes refused" : "";
    text += fmt::format("{} version {}{}\n", view->name, view->version, takes);
    std::set<int> ids;
    for (const auto& table : view->tables) {
      EXPECT_TRUE(ids.insert(table.id).second && table.id != 0) << view->name << " " << table.name;
      text += fmt::format("  {} {} {}\n", table.id, table.name,
                          table.prototype == nullptr ? "bytes" : table.prototype->GetDescriptor()->full_name());
      for (const auto& index : table.indexes) {
        EXPECT_TRUE(ids.insert(index.id).second && index.id != 0) << view->name << " " << index.name;
        text += fmt::format("  {} {} of {}\n", index.id, index.name, table.name);
      }
    }
  }
  testkit::ExpectGolden("projections/golden/catalogue.txt", text);
}

}  // namespace
}  // namespace kefu::projections

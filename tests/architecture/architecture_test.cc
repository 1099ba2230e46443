// The checkout keeps the rules, and each rule can fail.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/architecture/rules.h"

namespace kefu::architecture {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Checkout : public ::testing::Test {
 protected:
  // Read once: it is a few hundred files.
  static const Tree& tree() {
    static const Tree* tree = new Tree(ReadTree(KEFU_SOURCE_DIR));
    return *tree;
  }
  static Layers layers() { return ParseLayers(tree().files.at("tests/architecture/layers.txt")); }
};

TEST_F(Checkout, IsThere) { EXPECT_GT(tree().files.size(), 50u); }
TEST_F(Checkout, KeepsItsLayers) { EXPECT_THAT(CheckLayers(tree(), layers()), IsEmpty()); }
TEST_F(Checkout, KeepsLibrariesInTheirFolders) { EXPECT_THAT(CheckLibraries(tree(), layers()), IsEmpty()); }
TEST_F(Checkout, HasNoLongFiles) { EXPECT_THAT(CheckLength(tree()), IsEmpty()); }
TEST_F(Checkout, ExplainsEachFolder) { EXPECT_THAT(CheckReadmes(tree(), layers()), IsEmpty()); }
TEST_F(Checkout, NamesOnlyPathsThatExist) { EXPECT_THAT(CheckPaths(tree()), IsEmpty()); }
TEST_F(Checkout, UsesNoBannedWords) { EXPECT_THAT(CheckWords(tree()), IsEmpty()); }
TEST_F(Checkout, HasNothingNewAtTheTop) { EXPECT_THAT(CheckTop(tree(), layers()), IsEmpty()); }
TEST_F(Checkout, IsDescribedByTheFolderTable) { EXPECT_THAT(CheckFolderTable(tree()), IsEmpty()); }

Tree With(std::map<std::string, std::string> files) { return {std::move(files), {}}; }

const Layers& SampleLayers() {
  static const Layers layers = ParseLayers(
      "layer platform platform   # no view, no service\n"
      "layer projections projections/sdk platform/base\n"
      "test projections platform\n"
      "only rocksdb/ platform/store/rocks\n"
      "top docs\n"
      "bare docs/adr\n");
  return layers;
}

TEST(Rules, APlatformThatKnowsAViewIsFound) {
  EXPECT_THAT(CheckLayers(With({{"platform/log/a.h", "#include <string>\n#include \"projections/sdk/stage.h\"\n"}}),
                          SampleLayers()),
              ElementsAre(HasSubstr("platform/log/a.h:2: may not include projections/sdk/stage.h")));
}

TEST(Rules, AViewThatKnowsAnotherIsFoundAndItsOwnHeadersAreNot) {
  EXPECT_THAT(CheckLayers(With({{"projections/case/case.cc",
                                 "#include \"projections/case/case.h\"\n#include \"projections/client/client.h\"\n"}}),
                          SampleLayers()),
              ElementsAre(HasSubstr("case.cc:2: may not include projections/client/client.h")));
}

TEST(Rules, ATestMayIncludeMore) {
  const std::string text = "#include \"platform/testkit/events.h\"\n";
  EXPECT_THAT(CheckLayers(With({{"projections/case/case_test.cc", text}}), SampleLayers()), IsEmpty());
  EXPECT_THAT(CheckLayers(With({{"projections/case/case.cc", text}}), SampleLayers()), ::testing::SizeIs(1));
}

TEST(Rules, AFolderWhoseNameOnlyBeginsTheSameIsAnotherFolder) {
  EXPECT_THAT(CheckLayers(With({{"projections/case/case.cc", "#include \"platform/basement/a.h\"\n"}}), SampleLayers()),
              ::testing::SizeIs(1));
}

TEST(Rules, ALibraryOutsideItsFolderIsFound) {
  EXPECT_THAT(CheckLibraries(With({{"services/query/a.cc", "#include <rocksdb/db.h>\n"},
                                   {"platform/store/rocks/store.cc", "#include <rocksdb/db.h>\n"}}),
                             SampleLayers()),
              ElementsAre(HasSubstr("services/query/a.cc:1: rocksdb/ is for platform/store/rocks only")));
}

TEST(Rules, ALongFileIsFound) {
  EXPECT_THAT(CheckLength(With({{"a.cc", std::string(501, '\n')}, {"b.cc", std::string(500, '\n')}})),
              ElementsAre(HasSubstr("a.cc: 501 lines")));
}

TEST(Rules, AFolderWithoutReadmeIsFound) {
  EXPECT_THAT(CheckReadmes(With({{"platform/log/CMakeLists.txt", ""}, {"docs/adr/0001-log.md", ""}}), SampleLayers()),
              ElementsAre(HasSubstr("platform/log: has no README.md")));
}

TEST(Rules, ADeadLinkIsFound) {
  EXPECT_THAT(CheckPaths(With({{"docs/A.md", "[x](adr/0001.md) [y](../README.md) [web](https://example.org)\n"},
                               {"README.md", ""}})),
              ElementsAre(HasSubstr("docs/A.md:1: names adr/0001.md")));
}

TEST(Rules, ADeadPathInBackticksIsFound) {
  EXPECT_THAT(CheckPaths(With({{"README.md", "run `tests/run`, read `platform/log` and `docs/GONE.md`\n"},
                               {"tests/run", ""},
                               {"platform/log/log.h", ""}})),
              ElementsAre(HasSubstr("README.md:1: names docs/GONE.md")));
}

TEST(Rules, ASleepInATestIsFound) {
  EXPECT_THAT(CheckWords(With({{"platform/log/a_test.cc", "std::this_thread::sleep_for(1s);\n"},
                               {"platform/log/a_fault_test.cc", "std::this_thread::sleep_for(1s);\n"},
                               {"platform/log/a.cc", "std::this_thread::sleep_for(1s);\n"}})),
              ElementsAre(HasSubstr("a_test.cc:1: \"sleep_for\"; wait for")));
}

TEST(Rules, ClocksAndHashOrderInAFoldAreFound) {
  EXPECT_THAT(CheckWords(With({{"projections/case/case.cc", "std::unordered_map<int, int> m;\nabsl::Now();\n"},
                               {"projections/engine/lane.cc", "std::unordered_map<int, int> m;\n"}})),
              ElementsAre(HasSubstr("case.cc:1"), HasSubstr("case.cc:2")));
}

TEST(Rules, ANewNameAtTheTopIsFound) {
  Tree tree;
  tree.top = {"docs", "stuff"};
  EXPECT_THAT(CheckTop(tree, SampleLayers()), ElementsAre(HasSubstr("stuff: a new name at the top")));
}

TEST(Rules, AFolderTableThatLagsBehindIsFound) {
  EXPECT_THAT(CheckFolderTable(With({{"docs/ARCHITECTURE.md", "| `platform/gone` | was here |\n"},
                                     {"services/query/CMakeLists.txt", ""}})),
              ElementsAre(HasSubstr("no folder platform/gone"), HasSubstr("does not name services/query")));
}

}  // namespace
}  // namespace kefu::architecture

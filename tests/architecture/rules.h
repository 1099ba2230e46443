#pragma once

// Rules about the checkout as text. Each takes a tree and says what breaks it, with the cure, so that a bad sample of
// three lines can show that the rule bites.

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace kefu::architecture {

// Text files by their path from the root, with '/'. Build folders and data are not in it.
struct Tree {
  std::map<std::string, std::string> files;
  // Everything at the top, also what is no text.
  std::set<std::string> top;

  bool Has(const std::string& path) const;
};

// Reads the checkout at `root`.
Tree ReadTree(const std::string& root);

// tests/architecture/layers.txt, read.
struct Layers {
  std::map<std::string, std::vector<std::string>> may_include;
  std::map<std::string, std::vector<std::string>> tests_may_include;
  std::map<std::string, std::vector<std::string>> only;
  std::set<std::string> top;
  std::set<std::string> bare;
};
Layers ParseLayers(std::string_view text);

// "path:line: what is wrong; the cure".
using Findings = std::vector<std::string>;

// Our own headers, by layers.
Findings CheckLayers(const Tree& tree, const Layers& layers);
// Libraries that only some folders may include.
Findings CheckLibraries(const Tree& tree, const Layers& layers);
// Files over 500 lines.
Findings CheckLength(const Tree& tree);
// A README in each folder that holds code, deployment or documents.
Findings CheckReadmes(const Tree& tree, const Layers& layers);
// Paths that documents name, as links or in backticks, exist.
Findings CheckPaths(const Tree& tree);
// Words that have a cure.
Findings CheckWords(const Tree& tree);
// Nothing at the top that is not on the list.
Findings CheckTop(const Tree& tree, const Layers& layers);
// The folder table of docs/ARCHITECTURE.md names every module, and no folder that is not there.
Findings CheckFolderTable(const Tree& tree);

}  // namespace kefu::architecture

// Reading the checkout and the table of layers.

#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/architecture/rules.h"

namespace kefu::architecture {
namespace fs = std::filesystem;
namespace {

// What is made, not written: the same as .gitignore.
bool IsMade(const std::string& name) {
  return name.starts_with("build") || name == ".cache" || name == "kefu-data" || name == "__pycache__" ||
         name == "node_modules" || name == "target";
}

bool IsText(const fs::path& path) {
  static const std::set<std::string> extensions = {".cc",   ".h",    ".md",  ".proto", ".txt", ".cmake", ".py",
                                                   ".yaml", ".java", ".xml", ".json",  ".sh",  ".service"};
  return extensions.contains(path.extension()) || path.extension().empty();
}

std::vector<std::string> Words(const std::string& line) {
  std::istringstream stream(line);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

}  // namespace

bool Tree::Has(const std::string& path) const {
  if (files.contains(path)) return true;
  const std::string folder = path.ends_with('/') ? path : path + "/";
  const auto below = files.lower_bound(folder);
  return below != files.end() && below->first.starts_with(folder);
}

Tree ReadTree(const std::string& root) {
  Tree tree;
  for (const auto& entry : fs::directory_iterator(root)) {
    const std::string name = entry.path().filename();
    if (!IsMade(name)) tree.top.insert(name);
  }
  for (auto walk = fs::recursive_directory_iterator(root); walk != fs::recursive_directory_iterator(); ++walk) {
    const std::string name = walk->path().filename();
    const bool is_folder = walk->is_directory();
    // `deploy/build` is a program; only folders are skipped by name.
    if (is_folder && (IsMade(name) || name == ".git")) {
      walk.disable_recursion_pending();
    } else if (walk->is_regular_file()) {
      std::string& text = tree.files[fs::relative(walk->path(), root)];
      if (!IsText(walk->path())) continue;
      std::ifstream stream(walk->path(), std::ios::binary);
      text.assign(std::istreambuf_iterator<char>(stream), {});
    }
  }
  return tree;
}

Layers ParseLayers(std::string_view text) {
  Layers layers;
  std::istringstream stream{std::string(text)};
  for (std::string line; std::getline(stream, line);) {
    const std::vector<std::string> words = Words(line.substr(0, line.find('#')));
    if (words.size() < 2) continue;
    const std::vector<std::string> rest(words.begin() + 2, words.end());
    if (words[0] == "layer") layers.may_include[words[1]] = rest;
    if (words[0] == "test") layers.tests_may_include[words[1]] = rest;
    if (words[0] == "only") layers.only[words[1]] = rest;
    if (words[0] == "top") layers.top.insert(words.begin() + 1, words.end());
    if (words[0] == "bare") layers.bare.insert(words.begin() + 1, words.end());
  }
  return layers;
}

}  // namespace kefu::architecture

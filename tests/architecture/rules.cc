#include "tests/architecture/rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <regex>
#include <sstream>

namespace kefu::architecture {
namespace {

constexpr int kLongest = 500;

bool IsCode(const std::string& path) { return path.ends_with(".cc") || path.ends_with(".h"); }

bool IsBelow(const std::string& path, const std::string& folder) {
  return path == folder || (path.starts_with(folder) && (folder.ends_with('/') || path[folder.size()] == '/'));
}

bool IsBelowAny(const std::string& path, const std::vector<std::string>& folders) {
  return std::any_of(folders.begin(), folders.end(), [&](const std::string& folder) { return IsBelow(path, folder); });
}

std::string FolderOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash);
}

bool IsTest(const std::string& path) {
  const std::string name = path.substr(path.rfind('/') + 1);
  return name.find("_test.") != std::string::npos || name.find("_testing.") != std::string::npos ||
         name.find("_driver.") != std::string::npos;
}

// The entry of the longest folder that holds `path`; null if there is none.
const std::vector<std::string>* Longest(const std::map<std::string, std::vector<std::string>>& by_folder,
                                        const std::string& path) {
  const std::vector<std::string>* found = nullptr;
  size_t length = 0;
  for (const auto& [folder, entry] : by_folder) {
    if (IsBelow(path, folder) && folder.size() >= length) {
      found = &entry;
      length = folder.size();
    }
  }
  return found;
}

void ForEachLine(const std::string& text, const std::function<void(int, const std::string&)>& visit) {
  std::istringstream stream(text);
  int number = 0;
  for (std::string line; std::getline(stream, line);) visit(++number, line);
}

// The path of an #include; empty if the line is none.
std::string IncludedBy(const std::string& line) {
  if (!line.starts_with("#include")) return "";
  const size_t begin = line.find_first_of("\"<");
  const size_t end = line.find_first_of("\">", begin + 1);
  return end == std::string::npos ? "" : line.substr(begin + 1, end - begin - 1);
}

// (path, line number, included path) of every #include of the tree.
void ForEachInclude(const Tree& tree,
                    const std::function<void(const std::string&, int, const std::string&)>& visit) {
  for (const auto& [path, text] : tree.files) {
    if (!IsCode(path)) continue;
    ForEachLine(text, [&, &path = path](int number, const std::string& line) {
      const std::string included = IncludedBy(line);
      if (!included.empty()) visit(path, number, included);
    });
  }
}

bool IsOurs(const std::string& included) {
  return IsBelowAny(included, {"platform", "projections", "services", "tests", "kefu"});
}

struct BannedWord {
  const char* pattern;
  // Where it is banned: a regular expression over the path.
  const char* where;
  const char* cure;
};
// A word is written here in two halves where it would find itself.
const BannedWord kBanned[] = {
    // In tests of faults a pause, and the moment of a kill, are times.
    {"sleep_for|absl::Sleep" "For|\\busleep\\(|\\bsleep\\([0-9]",
     "^(?!tests/(faults|kafka)/|.*(fault|mock)_test\\.cc$).*_test\\.cc$",
     "wait for what the test needs (a callback, WaitFor, a ready file)"},
    {"absl::string_" "view|absl::Str" "Cat", "^(platform/(?!base/)|projections|services).*\\.(cc|h)$",
     "use std::string_view and fmt::format; platform/base is the fence"},
    {"\\bTO" "DO\\b|\\bFIX" "ME\\b|\\bXX" "X\\b", "\\.(cc|h|py|proto|md|java|cmake)$", "do it, or file an issue"},
    {"unordered_|flat_hash|\\brand\\(|random_device|absl::Now|system_clock|getenv|\\b(float|double)\\b",
     "^projections/(?!engine/|kept/|past/|sdk/)[^/]+/(?!.*_(test|testing|driver)\\.).*\\.(cc|h)$",
     "a fold is pure: ordered containers, the record's own time, whole numbers"},
    {"std::regex", "^(platform|projections|services)/(?!.*_test\\.).*\\.(cc|h)$", "input could blow the stack; parse by hand"},
};

}  // namespace

Findings CheckLayers(const Tree& tree, const Layers& layers) {
  Findings findings;
  ForEachInclude(tree, [&](const std::string& path, int line, const std::string& included) {
    if (!IsOurs(included) || IsBelow(included, FolderOf(path))) return;
    const auto* allowed = Longest(layers.may_include, path);
    if (allowed == nullptr || IsBelowAny(included, *allowed)) return;
    const auto* in_tests = Longest(layers.tests_may_include, path);
    if (IsTest(path) && in_tests != nullptr && IsBelowAny(included, *in_tests)) return;
    findings.push_back(fmt::format("{}:{}: may not include {}; see tests/architecture/layers.txt", path, line, included));
  });
  return findings;
}

Findings CheckLibraries(const Tree& tree, const Layers& layers) {
  Findings findings;
  ForEachInclude(tree, [&](const std::string& path, int line, const std::string& included) {
    for (const auto& [header, folders] : layers.only) {
      if (!included.starts_with(header) || IsBelowAny(path, folders)) continue;
      findings.push_back(fmt::format("{}:{}: {} is for {} only; use what that folder offers", path, line, header,
                                     fmt::join(folders, ", ")));
    }
  });
  return findings;
}

Findings CheckLength(const Tree& tree) {
  Findings findings;
  for (const auto& [path, text] : tree.files) {
    const auto lines = std::count(text.begin(), text.end(), '\n');
    const bool is_source = IsCode(path) || path.ends_with(".py") || path.ends_with(".java") || path.ends_with(".proto");
    if (is_source && lines > kLongest)
      findings.push_back(fmt::format("{}: {} lines, more than {}; split it by what it does", path, lines, kLongest));
  }
  return findings;
}

Findings CheckReadmes(const Tree& tree, const Layers& layers) {
  std::set<std::string> folders;
  for (const auto& [path, text] : tree.files) {
    const std::string folder = FolderOf(path);
    const bool is_module = path.ends_with("/CMakeLists.txt") || IsBelow(path, "deploy") || IsBelow(path, "docs");
    if (is_module && !layers.bare.contains(folder)) folders.insert(folder);
  }
  Findings findings;
  for (const std::string& folder : folders)
    if (!tree.files.contains(folder + "/README.md"))
      findings.push_back(fmt::format("{}: has no README.md; say what it is for, and what not", folder));
  return findings;
}

Findings CheckPaths(const Tree& tree) {
  static const std::regex link(R"(\]\(([^)#: ]+)(#[^)]*)?\))");
  static const std::regex quoted(R"(`((platform|projections|services|proto|deploy|tests|docs|cmake|\.ci)/[A-Za-z0-9_./-]*)`)");
  Findings findings;
  for (const auto& [path, text] : tree.files) {
    if (!path.ends_with(".md")) continue;
    const auto report = [&findings, &path = path](int line, const std::string& named) {
      findings.push_back(fmt::format("{}:{}: names {}, which is not there", path, line, named));
    };
    ForEachLine(text, [&, &path = path](int number, const std::string& line) {
      for (std::sregex_iterator it(line.begin(), line.end(), link), end; it != end; ++it) {
        std::string target = FolderOf(path) + "/" + (*it)[1].str();
        static const std::regex up(R"([^/]*/\.\./)");
        if (target.starts_with('/')) target.erase(0, 1);
        for (std::string before; before != target;) {
          before = target;
          target = std::regex_replace(target, up, "", std::regex_constants::format_first_only);
        }
        if (!tree.Has(target)) report(number, (*it)[1]);
      }
      for (std::sregex_iterator it(line.begin(), line.end(), quoted), end; it != end; ++it)
        if (!tree.Has((*it)[1])) report(number, (*it)[1]);
    });
  }
  return findings;
}

Findings CheckWords(const Tree& tree) {
  Findings findings;
  for (const BannedWord& word : kBanned) {
    const std::regex pattern(word.pattern);
    const std::regex where(word.where);
    for (const auto& [path, text] : tree.files) {
      // This folder holds the patterns themselves.
      if (!std::regex_search(path, where) || IsBelow(path, "tests/architecture")) continue;
      ForEachLine(text, [&, &path = path](int number, const std::string& line) {
        const std::string code = IsCode(path) && word.cure[0] == 'a' ? line.substr(0, line.find("//")) : line;
        std::smatch match;
        if (std::regex_search(code, match, pattern))
          findings.push_back(fmt::format("{}:{}: \"{}\"; {}", path, number, match.str(), word.cure));
      });
    }
  }
  return findings;
}

Findings CheckTop(const Tree& tree, const Layers& layers) {
  Findings findings;
  for (const std::string& name : tree.top)
    if (!layers.top.contains(name))
      findings.push_back(fmt::format("{}: a new name at the top needs an ADR and a line in layers.txt", name));
  return findings;
}

Findings CheckFolderTable(const Tree& tree) {
  const std::string page = "docs/ARCHITECTURE.md";
  static const std::regex folder_name("`([a-z0-9_/.]+)`");
  std::set<std::string> named;
  Findings findings;
  const auto text = tree.files.find(page);
  if (text == tree.files.end()) return {page + ": is missing"};
  ForEachLine(text->second, [&](int number, const std::string& line) {
    if (!line.starts_with("| `")) return;
    const std::string first_cell = line.substr(0, line.find('|', 1));
    for (std::sregex_iterator it(first_cell.begin(), first_cell.end(), folder_name), end; it != end; ++it) {
      named.insert((*it)[1]);
      if (!tree.Has((*it)[1])) findings.push_back(fmt::format("{}:{}: no folder {}", page, number, (*it)[1].str()));
    }
  });
  for (const auto& [path, unused] : tree.files) {
    const std::string folder = FolderOf(path);
    if (!path.ends_with("/CMakeLists.txt") || folder.find('/') == std::string::npos) continue;
    if (!named.contains(folder) && !named.contains(FolderOf(folder)))
      findings.push_back(fmt::format("{}: the table of folders does not name {}", page, folder));
  }
  return findings;
}

}  // namespace kefu::architecture

// The places that values come from: the command line, the environment, a YAML file.

#include <fmt/format.h>
#include <unistd.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <map>
#include <optional>

#include "platform/runtime/config.h"
#include "platform/runtime/suggest.h"

namespace kefu::runtime {
namespace {

std::vector<std::string> SplitCommas(const std::string& text) {
  std::vector<std::string> entries;
  for (size_t from = 0; from <= text.size();) {
    const size_t comma = std::min(text.find(',', from), text.size());
    if (comma > from) entries.push_back(text.substr(from, comma - from));
    from = comma + 1;
  }
  return entries;
}

// A leaf of a YAML file.
struct Leaf {
  std::string key;
  std::vector<std::string> entries;
  bool is_sequence = false;
  int line = 0;
};

int LineOf(const YAML::Node& node) { return node.Mark().line + 1; }

// Flattens nested maps; `is_list(key)` keeps a map together as "name=value" entries.
template <class IsList>
void Flatten(const YAML::Node& node, const std::string& key, int line, const IsList& is_list,
             std::vector<Leaf>* leaves) {
  if (node.IsMap() && !(is_list(key) && !key.empty())) {
    for (const auto& entry : node) {
      const auto name = entry.first.as<std::string>();
      Flatten(entry.second, key.empty() ? name : key + "." + name, LineOf(entry.first), is_list, leaves);
    }
    return;
  }
  Leaf leaf{.key = key, .line = line};
  if (node.IsMap()) {
    leaf.is_sequence = true;
    for (const auto& entry : node) {
      leaf.entries.push_back(entry.first.as<std::string>() + "=" + entry.second.as<std::string>());
    }
  } else if (node.IsSequence()) {
    leaf.is_sequence = true;
    for (const auto& entry : node) leaf.entries.push_back(entry.as<std::string>());
  } else if (node.IsScalar()) {
    leaf.entries.push_back(node.as<std::string>());
  }
  leaves->push_back(std::move(leaf));
}

}  // namespace

Environment ProcessEnvironment() {
  Environment environment;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const size_t equals = text.find('=');
    if (equals == std::string_view::npos) continue;
    environment.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  return environment;
}

std::vector<std::string> Config::TakeFlags(const std::vector<std::string>& arguments, GivenValues* given) {
  std::vector<std::string> words;
  for (size_t at = 0; at < arguments.size(); ++at) {
    const std::string& argument = arguments[at];
    if (argument == "--help" || argument == "-h") {
      help_wanted_ = true;
    } else if (argument == "--version") {
      version_wanted_ = true;
    } else if (argument.starts_with("--")) {
      const size_t equals = argument.find('=');
      const std::string name = argument.substr(2, equals == std::string::npos ? equals : equals - 2);
      if (equals == std::string::npos) {
        TakeFlag(name, nullptr, arguments, &at, given);
      } else {
        const std::string attached = argument.substr(equals + 1);
        TakeFlag(name, &attached, arguments, &at, given);
      }
    } else if (argument.starts_with("-") && argument.size() > 1) {
      problems_.push_back(fmt::format("{}: no such flag; all flags begin with two dashes", argument));
    } else {
      words.push_back(argument);
    }
  }
  return words;
}

void Config::TakeFlag(const std::string& name, const std::string* attached, const std::vector<std::string>& arguments,
                      size_t* at, GivenValues* given) {
  const bool is_config = name == "config";
  const Setting* setting = Find(name);
  if (!is_config && setting == nullptr) {
    std::vector<std::string> known = Keys();
    known.insert(known.end(), {"config", "help", "version"});
    problems_.push_back(fmt::format("--{}: no such flag{}", name, DidYouMean(name, known)));
    // What follows is most likely its value, not a word of its own.
    if (attached == nullptr && *at + 1 < arguments.size() && !arguments[*at + 1].starts_with("-")) ++*at;
    return;
  }
  std::string value;
  if (attached != nullptr) {
    value = *attached;
  } else if (!is_config && setting->kind == Kind::kBool) {
    value = "true";
  } else if (*at + 1 < arguments.size()) {
    value = arguments[++*at];
  } else {
    problems_.push_back(fmt::format("--{}: a value is missing", name));
    return;
  }
  if (is_config) {
    file_ = value;
    return;
  }
  const bool is_list = setting->kind == Kind::kList;
  const auto before = std::ranges::find(*given, name, [](const auto& entry) { return entry.first; });
  std::vector<std::string> entries = is_list ? SplitCommas(value) : std::vector<std::string>{value};
  if (before == given->end()) {
    given->emplace_back(name, Given{std::move(entries), "--" + name});
  } else if (is_list) {
    before->second.entries.insert(before->second.entries.end(), entries.begin(), entries.end());
  } else {
    problems_.push_back(fmt::format("--{}: given twice", name));
  }
}

void Config::TakeEnvironment(const Environment& environment, GivenValues* given) {
  std::map<std::string, const Setting*> by_variable;
  std::vector<std::string> known = {prefix_ + "_CONFIG"};
  for (const Setting& setting : settings_) {
    known.push_back(VariableOf(setting.key));
    by_variable[known.back()] = &setting;
  }
  for (const auto& [name, value] : environment) {
    if (!name.starts_with(prefix_ + "_")) continue;
    if (std::ranges::find(ignored_variables_, name) != ignored_variables_.end()) continue;
    if (name == prefix_ + "_CONFIG") {
      if (file_.empty()) file_ = value;
      continue;
    }
    const auto found = by_variable.find(name);
    if (found == by_variable.end()) {
      problems_.push_back(fmt::format("{}: no such setting{}", name, DidYouMean(name, known)));
      continue;
    }
    const bool is_list = found->second->kind == Kind::kList;
    given->emplace_back(found->second->key,
                        Given{is_list ? SplitCommas(value) : std::vector<std::string>{value}, name});
  }
}

void Config::TakeFile(const std::string& path, GivenValues* given) {
  std::vector<Leaf> leaves;
  // yaml-cpp throws for a file it cannot read and for text that is no YAML.
  try {
    const YAML::Node root = YAML::LoadFile(path);
    if (root.IsNull()) return;
    if (!root.IsMap()) {
      problems_.push_back(fmt::format("{}:1: settings are expected, such as \"listen: 127.0.0.1:7800\"", path));
      return;
    }
    const auto is_list = [this](const std::string& key) {
      const Setting* setting = Find(key);
      return setting != nullptr && setting->kind == Kind::kList;
    };
    Flatten(root, "", 1, is_list, &leaves);
  } catch (const YAML::BadFile&) {
    problems_.push_back(fmt::format("{}: the configuration file cannot be read", path));
    return;
  } catch (const YAML::Exception& error) {
    problems_.push_back(fmt::format("{}:{}: {}", path, error.mark.line + 1, error.msg));
    return;
  }
  std::map<std::string, int> lines;
  for (Leaf& leaf : leaves) {
    const std::string origin = fmt::format("{}:{}", path, leaf.line);
    const Setting* setting = Find(leaf.key);
    if (setting == nullptr) {
      problems_.push_back(fmt::format("{}: no setting \"{}\"{}", origin, leaf.key, DidYouMean(leaf.key, Keys())));
    } else if (const auto [before, fresh] = lines.emplace(leaf.key, leaf.line); !fresh) {
      problems_.push_back(fmt::format("{}: \"{}\" is also on line {}", origin, leaf.key, before->second));
    } else if (leaf.is_sequence && setting->kind != Kind::kList) {
      problems_.push_back(fmt::format("{}: \"{}\" takes one value, not a list", origin, leaf.key));
    } else if (leaf.entries.empty() && !leaf.is_sequence) {
      problems_.push_back(fmt::format("{}: \"{}\" has no value", origin, leaf.key));
    } else {
      given->emplace_back(leaf.key, Given{std::move(leaf.entries), origin});
    }
  }
}

}  // namespace kefu::runtime

#include "platform/runtime/config.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <nlohmann/json.hpp>

#include "platform/base/check.h"
#include "platform/runtime/units.h"

namespace kefu::runtime {
namespace {

StatusOr<int64_t> ParseInteger(std::string_view text) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return InvalidArgument("\"{}\" is no number", text);
  return number;
}

std::string FormatInteger(int64_t number) { return fmt::format("{}", number); }

StatusOr<int64_t> ParseMilliseconds(std::string_view text) {
  ASSIGN_OR_RETURN(const absl::Duration duration, ParseDuration(text));
  return absl::ToInt64Milliseconds(duration);
}

std::string FormatMilliseconds(int64_t milliseconds) { return absl::FormatDuration(absl::Milliseconds(milliseconds)); }

StatusOr<bool> ParseBool(std::string_view text) {
  if (text == "true") return true;
  if (text == "false") return false;
  return InvalidArgument("\"{}\" is neither true nor false", text);
}

// JSON strings are YAML strings.
std::string Quoted(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

Status CheckOneOf(const Config::Rules& rules, const std::string& text) {
  if (rules.one_of.empty() || std::ranges::find(rules.one_of, text) != rules.one_of.end()) return OkStatus();
  return InvalidArgument("\"{}\" is none of: {}", text, fmt::join(rules.one_of, ", "));
}

// Rules without limits say nothing; `show` spells them in the setting's own unit.
Status CheckRange(const Config::Rules& rules, int64_t number, std::string (*show)(int64_t)) {
  if (number < rules.min)
    return InvalidArgument("{} is less than {}, the least allowed", show(number), show(rules.min));
  if (number > rules.max) return InvalidArgument("{} is more than {}, the most allowed", show(number), show(rules.max));
  return OkStatus();
}

}  // namespace

Config::Config(std::string prefix) : prefix_(std::move(prefix)) {}

void Config::Declare(Setting setting) {
  KEFU_CHECK(Find(setting.key) == nullptr, "setting {} declared twice", setting.key);
  setting.default_text = setting.show();
  settings_.push_back(std::move(setting));
}

void Config::Add(std::string key, std::string* target, std::string help, Rules rules) {
  Setting setting{.key = std::move(key), .help = std::move(help), .type = "text", .rules = rules};
  setting.set = [target, rules](const std::vector<std::string>& entries) -> Status {
    RETURN_IF_ERROR(CheckOneOf(rules, entries[0]));
    *target = entries[0];
    return OkStatus();
  };
  setting.show = [target] { return Quoted(*target); };
  Declare(std::move(setting));
}

void Config::AddNumber(std::string key, std::string type, std::string help, Rules rules, std::function<int64_t()> get,
                       std::function<void(int64_t)> put, StatusOr<int64_t> (*parse)(std::string_view),
                       std::string (*show)(int64_t)) {
  Setting setting{.key = std::move(key), .help = std::move(help), .type = std::move(type), .rules = rules};
  setting.set = [=](const std::vector<std::string>& entries) -> Status {
    ASSIGN_OR_RETURN(const int64_t number, parse(entries[0]));
    RETURN_IF_ERROR(CheckRange(rules, number, show));
    put(number);
    return OkStatus();
  };
  setting.show = [=] { return show(get()); };
  Declare(std::move(setting));
}

void Config::Add(std::string key, int64_t* target, std::string help, Rules rules) {
  AddNumber(
      std::move(key), "number", std::move(help), std::move(rules), [target] { return *target; },
      [target](int64_t number) { *target = number; }, ParseInteger, FormatInteger);
}

void Config::Add(std::string key, int* target, std::string help, Rules rules) {
  rules.min = std::max<int64_t>(rules.min, std::numeric_limits<int>::min());
  rules.max = std::min<int64_t>(rules.max, std::numeric_limits<int>::max());
  AddNumber(
      std::move(key), "number", std::move(help), std::move(rules), [target] { return int64_t{*target}; },
      [target](int64_t number) { *target = static_cast<int>(number); }, ParseInteger, FormatInteger);
}

void Config::Add(std::string key, Bytes* target, std::string help, Rules rules) {
  rules.min = std::max<int64_t>(rules.min, 0);
  AddNumber(
      std::move(key), "size", std::move(help), std::move(rules), [target] { return target->value; },
      [target](int64_t number) { target->value = number; }, ParseBytes, FormatBytes);
}

void Config::Add(std::string key, absl::Duration* target, std::string help, Rules rules) {
  rules.min = std::max<int64_t>(rules.min, 0);
  AddNumber(
      std::move(key), "duration", std::move(help), std::move(rules),
      [target] { return absl::ToInt64Milliseconds(*target); },
      [target](int64_t number) { *target = absl::Milliseconds(number); }, ParseMilliseconds, FormatMilliseconds);
}

void Config::Add(std::string key, bool* target, std::string help, Rules rules) {
  Setting setting{
      .key = std::move(key), .help = std::move(help), .type = "true|false", .kind = Kind::kBool, .rules = rules};
  setting.set = [target](const std::vector<std::string>& entries) -> Status {
    ASSIGN_OR_RETURN(*target, ParseBool(entries[0]));
    return OkStatus();
  };
  setting.show = [target] { return std::string(*target ? "true" : "false"); };
  Declare(std::move(setting));
}

void Config::Add(std::string key, std::vector<std::string>* target, std::string help, Rules rules) {
  rules.min = std::max<int64_t>(rules.min, 0);
  Setting setting{.key = std::move(key), .help = std::move(help), .type = "list", .kind = Kind::kList, .rules = rules};
  setting.set = [target, rules](const std::vector<std::string>& entries) -> Status {
    for (const std::string& entry : entries) RETURN_IF_ERROR(CheckOneOf(rules, entry));
    RETURN_IF_ERROR(CheckRange(rules, static_cast<int64_t>(entries.size()), FormatInteger));
    *target = entries;
    return OkStatus();
  };
  setting.show = [target] {
    std::vector<std::string> quoted;
    for (const std::string& entry : *target) quoted.push_back(Quoted(entry));
    return fmt::format("[{}]", fmt::join(quoted, ", "));
  };
  Declare(std::move(setting));
}

Config::Setting* Config::Find(std::string_view key) {
  const auto found = std::ranges::find(settings_, key, &Setting::key);
  return found == settings_.end() ? nullptr : &*found;
}

const Config::Setting* Config::Find(std::string_view key) const { return const_cast<Config*>(this)->Find(key); }

void Config::Apply(const GivenValues& given, Source source) {
  for (const auto& [key, value] : given) {
    Setting* setting = Find(key);
    KEFU_CHECK(setting != nullptr, "{}", key);
    if (const Status status = setting->set(value.entries); !status.ok()) {
      // A secret's value stays out of messages too.
      problems_.push_back(setting->rules.secret ? fmt::format("{}: no valid {}", value.origin, key)
                                                : fmt::format("{}: {}", value.origin, MessageOf(status)));
      continue;
    }
    setting->source = source;
    setting->origin = value.origin;
  }
}

StatusOr<std::vector<std::string>> Config::Load(const std::vector<std::string>& arguments,
                                                const Environment& environment) {
  GivenValues flags, variables, file;
  std::vector<std::string> words = TakeFlags(arguments, &flags);
  if (help_wanted_ || version_wanted_) return words;
  TakeEnvironment(environment, &variables);
  if (!file_.empty()) TakeFile(file_, &file);
  // Weakest first, so that the strongest has the last word.
  Apply(file, Source::kFile);
  Apply(variables, Source::kEnvironment);
  Apply(flags, Source::kFlag);
  if (!problems_.empty()) return InvalidArgument("{}", fmt::join(problems_, "\n"));
  return words;
}

std::string Config::Help() const {
  std::string text;
  for (const Setting& setting : settings_) {
    text += fmt::format("  --{} {}\n      {}", setting.key, setting.type, setting.help);
    if (!setting.rules.one_of.empty()) text += fmt::format(": {}", fmt::join(setting.rules.one_of, ", "));
    if (setting.default_text != "\"\"" && setting.default_text != "[]") {
      text += fmt::format(" (default {})", setting.default_text);
    }
    text += "\n";
  }
  return text;
}

std::string Config::Effective() const {
  std::string text;
  for (const Setting& setting : settings_) {
    if (setting.rules.secret && setting.source != Source::kDefault) {
      text += fmt::format("# {}: (secret, not shown)  # {}\n", setting.key, setting.origin);
    } else {
      text += fmt::format("{}: {}  # {}\n", setting.key, setting.show(), setting.origin);
    }
  }
  return text;
}

Source Config::SourceOf(std::string_view key) const {
  const Setting* setting = Find(key);
  KEFU_CHECK(setting != nullptr, "{}", key);
  return setting->source;
}

std::vector<std::string> Config::Keys() const {
  std::vector<std::string> keys;
  for (const Setting& setting : settings_) keys.push_back(setting.key);
  return keys;
}

std::string Config::VariableOf(std::string_view key) const {
  std::string variable = prefix_ + "_";
  for (const char c : key) {
    variable.push_back(c == '.' || c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c))));
  }
  return variable;
}

}  // namespace kefu::runtime

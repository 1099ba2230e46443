#pragma once

// Settings of a program, declared once each, from four places: flag > environment > YAML file > default.
//
//   struct Options { std::string listen = "127.0.0.1:7800"; Bytes cache{256 << 20}; };
//   Config config("KEFU");
//   config.Add("listen", &options.listen, "Address to serve on");
//   config.Add("views.cache", &options.cache, "Cache for blocks of the views", {.min = 1 << 20});
//   ASSIGN_OR_RETURN(auto words, config.Load(args, environment));
//
// "views.cache" is --views.cache, KEFU_VIEWS_CACHE, and `views: {cache: 64MiB}` (or `views.cache: 64MiB`) in the file
// that --config names. What nobody declared is refused wherever it stands, with the nearest name that exists.

#include <absl/time/time.h>

#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "platform/base/status.h"

namespace kefu::runtime {

// A size: "64MiB", "1.5GiB", "4096".
struct Bytes {
  int64_t value = 0;
  friend bool operator==(Bytes, Bytes) = default;
};

// Name and value, such as environ holds them.
using Environment = std::vector<std::pair<std::string, std::string>>;
// This process's environment.
Environment ProcessEnvironment();

enum class Source { kDefault, kFile, kEnvironment, kFlag };

// What a value must keep to.
struct SettingRules {
  // Numbers and sizes as they are; durations in milliseconds; lists: their length.
  int64_t min = std::numeric_limits<int64_t>::min();
  int64_t max = std::numeric_limits<int64_t>::max();
  // Texts, and each entry of a list; empty means any.
  std::vector<std::string> one_of;
  // Never shown.
  bool secret = false;
};

class Config {
 public:
  using Rules = SettingRules;

  // `prefix` begins the names of environment variables: "KEFU".
  explicit Config(std::string prefix);

  // Declares a setting. What `*target` holds now is the default; Load writes to it, so it must live until then.
  void Add(std::string key, std::string* target, std::string help, Rules rules = {});
  void Add(std::string key, int64_t* target, std::string help, Rules rules = {});
  void Add(std::string key, int* target, std::string help, Rules rules = {});
  void Add(std::string key, bool* target, std::string help, Rules rules = {});
  void Add(std::string key, Bytes* target, std::string help, Rules rules = {});
  void Add(std::string key, absl::Duration* target, std::string help, Rules rules = {});
  // Flags may be repeated; commas separate entries, but in a file only its own lists do. A map in a file becomes
  // "name=value" entries.
  void Add(std::string key, std::vector<std::string>* target, std::string help, Rules rules = {});

  // Variables that begin with the prefix and are someone else's.
  void IgnoreVariables(std::vector<std::string> names) { ignored_variables_ = std::move(names); }

  // Reads `arguments` (without the program's name), the environment, and the file of --config or <PREFIX>_CONFIG.
  // Returns the arguments that are no flags. kInvalidArgument names everything that is wrong, a line each. On error
  // the targets may be half written.
  StatusOr<std::vector<std::string>> Load(const std::vector<std::string>& arguments, const Environment& environment);

  // --help or --version was among the arguments; nothing else was checked then.
  bool help_wanted() const { return help_wanted_; }
  bool version_wanted() const { return version_wanted_; }

  // All settings with their defaults, for --help.
  std::string Help() const;
  // The values in force and where each comes from, as a YAML file that --config would take. Secrets are left out.
  std::string Effective() const;

  Source SourceOf(std::string_view key) const;
  std::vector<std::string> Keys() const;
  std::string VariableOf(std::string_view key) const;

 private:
  enum class Kind { kScalar, kBool, kList };
  struct Setting {
    std::string key;
    std::string help;
    std::string type;
    Kind kind = Kind::kScalar;
    Rules rules;
    std::string default_text;
    // Sets the target from entries (one, unless it is a list); the error says only what is wrong with the value.
    std::function<Status(const std::vector<std::string>&)> set;
    // The value as YAML.
    std::function<std::string()> show;
    Source source = Source::kDefault;
    // "flag --listen", "KEFU_LISTEN", "kefud.yaml:3".
    std::string origin = "default";
  };
  // A value as found, before it is checked.
  struct Given {
    std::vector<std::string> entries;
    std::string origin;
  };
  using GivenValues = std::vector<std::pair<std::string, Given>>;

  void Declare(Setting setting);
  void AddNumber(std::string key, std::string type, std::string help, Rules rules, std::function<int64_t()> get,
                 std::function<void(int64_t)> put, StatusOr<int64_t> (*parse)(std::string_view),
                 std::string (*show)(int64_t));
  Setting* Find(std::string_view key);
  const Setting* Find(std::string_view key) const;

  std::vector<std::string> TakeFlags(const std::vector<std::string>& arguments, GivenValues* given);
  void TakeFlag(const std::string& name, const std::string* attached, const std::vector<std::string>& arguments,
                size_t* at, GivenValues* given);
  void TakeEnvironment(const Environment& environment, GivenValues* given);
  void TakeFile(const std::string& path, GivenValues* given);
  void Apply(const GivenValues& given, Source source);

  const std::string prefix_;
  std::vector<Setting> settings_;
  std::vector<std::string> ignored_variables_;
  std::string file_;
  std::vector<std::string> problems_;
  bool help_wanted_ = false;
  bool version_wanted_ = false;
};

}  // namespace kefu::runtime

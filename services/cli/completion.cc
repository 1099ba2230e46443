#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>

#include "services/cli/verbs.h"

namespace kefu::cli {
namespace {

// The script knows the tree of verbs as it was when it was made: one list of words for each path.
constexpr std::string_view kHead =
    R"bash(# bash completion for kefu; put it in /etc/bash_completion.d/kefu, or: source <(kefu completion bash)
_kefu_words() {
  case "$1" in
)bash";
constexpr std::string_view kTail = R"bash(  esac
}
_kefu() {
  local path=kefu word at
  for ((at = 1; at < COMP_CWORD; at++)); do
    word=${COMP_WORDS[at]}
    if [[ $word != -* && -n $(_kefu_words "$path $word") ]]; then path="$path $word"; fi
  done
  mapfile -t COMPREPLY < <(compgen -W "$(_kefu_words "$path") $(_kefu_words shared)" -- "${COMP_WORDS[COMP_CWORD]}")
  if [[ ${#COMPREPLY[@]} -eq 0 ]]; then compopt -o default; fi
}
complete -F _kefu kefu
)bash";

std::string OptionWords(const CLI::App& app) {
  std::vector<std::string> words;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) words.push_back("--" + name);
  }
  return fmt::format("{}", fmt::join(words, " "));
}

void AddCase(const CLI::App& app, const std::string& path, std::string* script) {
  std::vector<std::string> words;
  for (const CLI::App* verb : app.get_subcommands(nullptr)) {
    // A group of options has no name of its own.
    words.push_back(verb->get_name().empty() ? OptionWords(*verb) : verb->get_name());
    if (!verb->get_name().empty()) AddCase(*verb, path + " " + verb->get_name(), script);
  }
  if (app.get_parent() != nullptr) words.push_back(OptionWords(app));
  *script += fmt::format("    \"{}\") echo \"{}\" ;;\n", path, fmt::join(words, " "));
}

}  // namespace

void AddCompletionVerb(CLI::App& app, Tool& tool) {
  CLI::App& verb = AddVerb(app, "completion", "Completion for the shell",
                           {"kefu completion bash >> ~/.bash_completion",
                            "kefu completion bash > /etc/bash_completion.d/kefu", "kefu completion bash | less"});
  auto shell = std::make_shared<std::string>();
  verb.add_option("shell", *shell, "bash")->required()->check(CLI::IsMember({"bash"}));
  OnRun(verb, tool, [&app, shell](Tool&) {
    std::string script(kHead);
    AddCase(app, "kefu", &script);
    script += fmt::format("    shared) echo \"{}\" ;;\n", OptionWords(app));
    script += kTail;
    fmt::print("{}", script);
    return OkStatus();
  });
}

}  // namespace kefu::cli

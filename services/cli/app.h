#pragma once

// The command line of `kefu` as a whole, without its main.

#include <memory>
#include <string>
#include <vector>

#include "services/cli/verb.h"

namespace kefu::cli {

// All verbs and shared options. `tool` must outlive it.
std::unique_ptr<CLI::App> MakeApp(Tool& tool);

// Parses `arguments` (without the program's name), runs the verb, says what went wrong, and returns the exit code.
int RunApp(const std::vector<std::string>& arguments);

// What is wrong with a command line that did not parse: names the nearest verb or option. Empty if nothing better can
// be said than what the parser says.
std::string ExplainUsage(const CLI::App& app, const std::vector<std::string>& arguments);

}  // namespace kefu::cli

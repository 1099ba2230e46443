#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "platform/base/status.h"
#include "platform/runtime/config.h"

namespace kefu::kefud {

inline constexpr int kExitOk = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 2;
// A broker cannot be reached.
inline constexpr int kExitUnreachable = 3;

int ExitCodeOf(const Status& status);

std::string HelpText(const runtime::Config& config);

// Variables that begin with KEFU_ and belong to the tool `kefu` or to the tests.
std::vector<std::string> VariablesOfOthers();

std::string UnknownWord(std::string_view word);

}  // namespace kefu::kefud

#pragma once

// The command line of kefu-verify, without its main.

#include <iosfwd>
#include <string>
#include <vector>

namespace kefu::verify {

// Exit codes.
inline constexpr int kAllHolds = 0;
inline constexpr int kSomethingDoesNot = 1;
inline constexpr int kWrongUsage = 2;

// Reads `arguments` (without the program's name), checks, writes the report to `out` and what is wrong with the command
// line to `err`; returns the exit code.
int RunCommand(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& err);

}  // namespace kefu::verify

#pragma once

// Checks of our own invariants. Always on: a wrong state must not write one more byte. Input can never trip one.

#include <fmt/format.h>

namespace kefu::base {

[[noreturn]] void CheckFailed(const char* file, int line, const char* expression, const std::string& detail);

}  // namespace kefu::base

// KEFU_CHECK(position.next > last, "next {} last {}", position.next, last);
#define KEFU_CHECK(condition, ...)                                                                     \
  do {                                                                                                 \
    if (!(condition)) [[unlikely]]                                                                     \
      ::kefu::base::CheckFailed(__FILE__, __LINE__, #condition, ::fmt::format("" __VA_ARGS__));        \
  } while (false)

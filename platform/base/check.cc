#include "platform/base/check.h"

#include <cstdio>
#include <cstdlib>

namespace kefu::base {

void CheckFailed(const char* file, int line, const char* expression, const std::string& detail) {
  std::fprintf(stderr, "%s:%d: this must hold: %s (%s)\n", file, line, expression, detail.c_str());
  std::abort();
}

}  // namespace kefu::base

#include "platform/runtime/signals.h"
#include "services/cli/app.h"

int main(int count, char** arguments) {
  kefu::runtime::IgnoreBrokenPipes();
  return kefu::cli::RunApp({arguments + 1, arguments + count});
}

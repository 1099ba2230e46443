#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <string>
#include <vector>

#include "platform/runtime/config.h"
#include "platform/runtime/logging.h"
#include "platform/runtime/signals.h"
#include "services/kefud/help.h"
#include "services/kefud/options.h"
#include "services/kefud/server.h"

namespace {

// Memory holds personal data: it goes neither into core files nor into files that others can read.
void KeepToOneself() {
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  umask(077);
}

int Usage(std::string_view problem) {
  fmt::print(stderr, "kefud: {}\nSee \"kefud --help\".\n", problem);
  return kefu::kefud::kExitUsage;
}

}  // namespace

int main(int count, char** arguments) {
  using namespace kefu;
  KeepToOneself();

  kefud::Options options;
  runtime::Config config("KEFU");
  kefud::Declare(&options, &config);
  config.IgnoreVariables(kefud::VariablesOfOthers());
  const auto words = config.Load({arguments + 1, arguments + count}, runtime::ProcessEnvironment());
  if (!words.ok()) return Usage(MessageOf(words.status()));
  if (config.help_wanted()) return fmt::print("{}", kefud::HelpText(config)), kefud::kExitOk;
  if (config.version_wanted()) return fmt::print("kefud {}\n", KEFU_VERSION), kefud::kExitOk;
  if (const Status status = kefud::Check(options); !status.ok()) return Usage(MessageOf(status));
  if (!words->empty() && *words == std::vector<std::string>{"config"}) {
    return fmt::print("{}", config.Effective()), kefud::kExitOk;
  }
  if (!words->empty()) return Usage(kefud::UnknownWord(words->front()));

  runtime::SetUpLogging(*runtime::ParseLogLevel(options.log.level), *runtime::ParseLogFormat(options.log.format));
  runtime::IgnoreBrokenPipes();
  const Status status = kefud::Serve(options);
  if (!status.ok()) fmt::print(stderr, "kefud: {}\n", MessageOf(status));
  return kefud::ExitCodeOf(status);
}

#include "services/kefud/help.h"

#include <fmt/format.h>

#include "platform/base/reason.h"
#include "platform/runtime/suggest.h"

namespace kefu::kefud {
namespace {

constexpr std::string_view kHead = R"(kefud: takes events, keeps them on a log, folds them into views, answers queries.

Usage: kefud [SETTING]...         serve until SIGTERM or Ctrl-C
       kefud config [SETTING]...  show the settings in force, and where each comes from

Examples:
  kefud                                            one machine: everything in ./kefu-data
  kefud --data-dir /var/lib/kefu --listen 0.0.0.0:7800 --tls.certificate c.pem --tls.private-key k.pem
  kefud --log.kind kafka --log.kafka.bootstrap-servers k1:9092,k2:9092 --inbox.kafka.bootstrap-servers k1:9092

A setting is a flag (--views.threads 4), a variable (KEFU_VIEWS_THREADS=4), or a line in the YAML file that
--config names (views: {threads: 4}). Flags win over variables, variables over the file. Lists are separated by
commas. Exit codes: 0 ended as told, 1 failed, 2 wrong usage, 3 a broker is unreachable.

Settings:
)";

}  // namespace

int ExitCodeOf(const Status& status) {
  switch (status.code()) {
    case StatusCode::kOk:
      return kExitOk;
    case StatusCode::kInvalidArgument:
      return kExitUsage;
    case StatusCode::kUnavailable:
    case StatusCode::kDeadlineExceeded:
      // A lock or a port that someone has is a failure; only a broker is far away.
      return ReasonOf(status) == "BROKER_UNREACHABLE" ? kExitUnreachable : kExitFailed;
    default:
      return kExitFailed;
  }
}

std::string HelpText(const runtime::Config& config) {
  return fmt::format("{}  --config file\n      YAML file with settings\n{}", kHead, config.Help());
}

std::vector<std::string> VariablesOfOthers() {
  // Of the tool, then of tests/run.
  return {"KEFU_ACTOR",  "KEFU_SERVER", "KEFU_TLS_CA", "KEFU_TLS_CERT", "KEFU_TLS_KEY", "KEFU_CACHE", "KEFU_SEED", "KEFU_TEST_DATA"};
}

std::string UnknownWord(std::string_view word) {
  return fmt::format("no command \"{}\"{}", word, runtime::DidYouMean(word, {"config"}));
}

}  // namespace kefu::kefud

// kefu demo: the sample branch, straight into a server or into a file.

#include <absl/time/clock.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>

#include "platform/base/time.h"
#include "platform/runtime/json.h"
#include "platform/runtime/text.h"
#include "services/cli/demo/branch.h"
#include "services/cli/demo/office.h"
#include "services/cli/demo/publisher.h"
#include "services/cli/import/report.h"
#include "services/cli/output.h"
#include "services/cli/verb.h"

namespace kefu::cli {
namespace {

struct Flags {
  DemoOptions demo;
  std::string from;
  // Empty: into the server.
  std::string out;
};

StatusOr<DemoOptions> OptionsOf(const Flags& flags) {
  DemoOptions options = flags.demo;
  if (!flags.from.empty() && !absl::ParseCivilTime(flags.from, &options.from))
    return InvalidArgument("--from {} is no day: write it as 2025-09-01", flags.from);
  const absl::CivilDay end = options.from + options.days;
  // No door takes what is still to happen.
  if (AtBranch(end, 0) > absl::Now())
    return InvalidArgument("{} days from {} on end in the future, on {}: take fewer --days or an earlier --from",
                           options.days, absl::FormatCivilTime(options.from), absl::FormatCivilTime(end));
  return options;
}

Status Write(const Branch& branch, std::ostream& out, runtime::Progress& progress) {
  int64_t written = 0;
  for (const auto* events : {&branch.reference, &branch.events}) {
    for (const events::v1::Event& event : *events) {
      ASSIGN_OR_RETURN(const std::string json, runtime::ToJson(event));
      out << json << '\n';
      progress.Update(++written);
    }
  }
  out.flush();
  if (!out) return FailedPrecondition("cannot write the sample: {}", std::strerror(errno));
  return OkStatus();
}

Status WriteTo(Tool& tool, const std::string& path, const Branch& branch) {
  const auto total = static_cast<int64_t>(branch.reference.size() + branch.events.size());
  runtime::Progress progress(tool.ProgressOf("writing the sample", "events", total));
  if (path == "-") return Write(branch, std::cout, progress);
  std::ofstream file(path, std::ios::trunc | std::ios::binary);
  if (!file) return FailedPrecondition("cannot write {}: {}", path, std::strerror(errno));
  RETURN_IF_ERROR(Write(branch, file, progress));
  progress.Finish();
  Remark(tool, fmt::format("{} events in {}", runtime::WithThousands(total), path));
  return OkStatus();
}

Status Demo(Tool& tool, const Flags& flags) {
  ASSIGN_OR_RETURN(const DemoOptions options, OptionsOf(flags));
  Branch branch = MakeBranch(options);
  if (!flags.out.empty()) return WriteTo(tool, flags.out, branch);
  ASSIGN_OR_RETURN(const Published published, PublishBranch(tool, std::move(branch)));
  PrintSummary(tool, published.summary, "kefu-demo.quarantine.ndjson", false);
  if (published.summary.interrupted) return AlreadyTold();
  if (!published.AsMeant())
    return FailedPrecondition(
        "the server refused events of the sample that it should take; is there another sample in its log already?");
  if (published.summary.Refused() > 0) Remark(tool, "the refused ones are attempts that have to fail, to be looked at");
  return OkStatus();
}

}  // namespace

void AddDemoVerb(CLI::App& app, Tool& tool) {
  auto flags = std::make_shared<Flags>();
  CLI::App& demo = AddVerb(app, "demo", "Make a sample branch and publish it, or write it to a file",
                           {"kefu demo", "kefu demo --seed 8 --clients 5000 --days 365",
                            "kefu demo --clients 50 --out sample.ndjson"});
  demo.add_option("--seed", flags->demo.seed, "The same seed gives the same events")->capture_default_str();
  demo.add_option("--clients", flags->demo.clients, "How many clients")
      ->check(CLI::Range(int64_t{1}, int64_t{99'999}))
      ->capture_default_str();
  demo.add_option("--days", flags->demo.days, "How many days")
      ->check(CLI::Range(int64_t{1}, int64_t{3'650}))
      ->capture_default_str();
  demo.add_option("--from", flags->from, "The first day; without it 2025-09-01");
  demo.add_option("--out", flags->out, "Write events as JSON, one a line, to this file instead; - is standard output");
  OnRun(demo, tool, [flags](Tool& tool) { return Demo(tool, *flags); });
}

}  // namespace kefu::cli

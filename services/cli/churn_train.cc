// kefu churn train.

#include <absl/time/civil_time.h>
#include <absl/time/clock.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <fstream>

#include "kefu/query/v1/segment.grpc.pb.h"
#include "services/cli/call.h"
#include "services/cli/churn/training.h"
#include "services/cli/output.h"
#include "services/cli/reference.h"
#include "services/cli/verbs.h"

namespace kefu::cli {
namespace {

using events::v1::Event;
using query::v1::ClientFacts;
using query::v1::SegmentService;

struct TrainFlags {
  std::string months, out, min_position;
  int hold_out = 3;
  int horizon = 3;
  int assets_left = 10;
  double penalty = 1;
  bool publish = false;
  PublishReferenceFlags reference;
};

struct Months {
  int32_t first = 0, last = 0;
};

// A year before each month and the horizon after it must be within the two years that are kept; by default as many as
// are.
constexpr int kMostMonths = 12;

StatusOr<Months> ReadMonths(const TrainFlags& flags) {
  if (flags.months.empty()) {
    const absl::CivilMonth now(absl::ToCivilMonth(absl::Now(), absl::FixedTimeZone(8 * 3600)));
    const auto last = static_cast<int32_t>(now - absl::CivilMonth(1970, 1)) - flags.horizon;
    return Months{last - (kMostMonths - flags.horizon), last};
  }
  const size_t dots = flags.months.find("..");
  if (dots == std::string::npos)
    return InvalidArgument("--months {}: not a span such as 2025-06..2026-02", flags.months);
  Months months;
  ASSIGN_OR_RETURN(months.first, ParseMonth(std::string_view(flags.months).substr(0, dots)));
  ASSIGN_OR_RETURN(months.last, ParseMonth(std::string_view(flags.months).substr(dots + 2)));
  if (months.first > months.last) return InvalidArgument("--months {}: the first is after the last", flags.months);
  return months;
}

std::string Percent(int64_t part, int64_t of) {
  return of == 0 ? "" : fmt::format("{:.1f} %", 100.0 * static_cast<double>(part) / static_cast<double>(of));
}

void PrintTrained(const Trained& trained) {
  const auto& model = trained.model;
  runtime::Table table({"FACT", "COEFFICIENT", "MEAN", "SCALE", "FROM", "TO"});
  for (const auto& term : model.terms())
    table.Row({EnumText(term.fact()), fmt::format("{:+.3f}", static_cast<double>(term.coefficient_micros()) / 1e6),
               std::to_string(term.mean()), std::to_string(term.scale()), std::to_string(term.lower_bound()),
               std::to_string(term.upper_bound())});
  PrintTable(table);
  PrintDetails({{"intercept", fmt::format("{:+.3f}", static_cast<double>(model.intercept_micros()) / 1e6)},
                {"trained on", fmt::format("{} clients at months, {} left", trained.trained_on,
                                           Percent(trained.trained_on_churned, trained.trained_on))},
                {"held out", fmt::format("{} clients at months, {} left", trained.held_out,
                                         Percent(trained.held_out_churned, trained.held_out))},
                {"AUC held out", fmt::format("{:.4f}", static_cast<double>(model.auc_micros()) / 1e6)},
                {"AUC trained on", fmt::format("{:.4f}", static_cast<double>(trained.training_auc_micros) / 1e6)}});
}

// What the server tells, and where its log was.
struct Told {
  std::vector<ClientFacts> facts;
  std::string position;
};

StatusOr<Told> Export(Tool& tool, const TrainFlags& flags, const Months& months) {
  query::v1::ExportClientFactsRequest request;
  for (int32_t month = months.first; month <= months.last; ++month) request.add_months(month);
  request.set_horizon_months(flags.horizon);
  request.set_assets_left_bp(flags.assets_left * 100);
  request.set_min_position(flags.min_position);
  Told told;
  RETURN_IF_ERROR(Follow(tool, &SegmentService::Stub::ExportClientFacts, request,
                         [&](const query::v1::ExportClientFactsResponse& response) {
                           told.facts.insert(told.facts.end(), response.facts().begin(), response.facts().end());
                           told.position = response.position();
                           return OkStatus();
                         }));
  if (told.position.empty()) return Cancelled("the facts were not told to the end");
  return told;
}

Status Train(Tool& tool, const TrainFlags& flags) {
  ASSIGN_OR_RETURN(const Months months, ReadMonths(flags));
  ASSIGN_OR_RETURN(const Told told, Export(tool, flags, months));
  ASSIGN_OR_RETURN(Trained trained,
                   TrainChurnModel(told.facts, {.hold_out_months = flags.hold_out, .l2 = flags.penalty}));
  Event event;
  auto& model = *event.mutable_churn_model_published();
  model = trained.model;
  model.set_position(told.position);
  model.set_definition(
      fmt::format("Within {} months from the month's beginning: accounts closed, or no trade and no more than {} % of "
                  "the assets left.",
                  flags.horizon, flags.assets_left));
  if (tool.json()) {
    RETURN_IF_ERROR(PrintJson(model));
  } else {
    PrintTrained(trained);
  }
  if (!flags.out.empty()) {
    ASSIGN_OR_RETURN(const std::string json, BodyJson(event));
    if (!(std::ofstream(flags.out) << json << "\n").flush())
      return FailedPrecondition("{} cannot be written", flags.out);
  }
  if (!flags.publish) return OkStatus();
  return PublishReferences(tool, flags.reference, {event}, SetNextVersion);
}

}  // namespace

void AddChurnTrainVerb(CLI::App& group, Tool& tool) {
  auto flags = std::make_shared<TrainFlags>();
  CLI::App& verb =
      AddVerb(group, "train", "Learn from past months who leaves, and measure it on months held out",
              {"kefu churn train", "kefu churn train --months 2025-06..2026-02 --hold-out 3 --out model.json",
               "kefu churn train --horizon 3 --assets-left 10 --publish"});
  verb.add_option("--months", flags->months,
                  "First and last month whose beginnings to look at; as many as are kept if not given");
  verb.add_option("--hold-out", flags->hold_out, "The newest months, not trained on, to measure with")
      ->check(CLI::Range(1, 12))
      ->capture_default_str();
  verb.add_option("--horizon", flags->horizon, "Months within which a client has left")
      ->check(CLI::Range(1, 12))
      ->capture_default_str();
  verb.add_option("--assets-left", flags->assets_left, "Percent of its assets that one who left may keep")
      ->check(CLI::Range(0, 100))
      ->capture_default_str();
  verb.add_option("--penalty", flags->penalty, "L2 penalty on coefficients")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  verb.add_option("--out", flags->out, "File to write the model to, as JSON");
  verb.add_flag("--publish", flags->publish, "Publish the model as the next version");
  verb.add_option("--min-position", flags->min_position, "The view must have reached this position");
  AddPublishReferenceFlags(verb, flags->reference, false);
  OnRun(verb, tool, [flags](Tool& tool) { return Train(tool, *flags); });
}

}  // namespace kefu::cli

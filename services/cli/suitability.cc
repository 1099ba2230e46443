// kefu suitability check, investor, recheck.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>

#include "kefu/query/v1/suitability.grpc.pb.h"
#include "services/cli/call.h"
#include "services/cli/case_filter.h"
#include "services/cli/output.h"
#include "services/cli/record.h"
#include "services/cli/recommend.h"
#include "services/cli/reference.h"
#include "services/cli/show.h"
#include "services/cli/verbs.h"

namespace kefu::cli {
namespace {

using query::v1::InvestorMoment;
using query::v1::SuitabilityService;

std::string DayText(bool has, const events::v1::CalendarDate& date) {
  return has ? fmt::format("{:04}-{:02}-{:02}", date.year(), date.month(), date.day()) : std::string();
}

std::string PacksText(const google::protobuf::RepeatedPtrField<query::v1::PackVersion>& packs) {
  std::vector<std::string> texts;
  for (const auto& pack : packs) texts.push_back(fmt::format("{} {}", pack.pack_id(), pack.version()));
  return fmt::format("{}", fmt::join(texts, ", "));
}

// --- check ---

struct CheckFlags {
  std::string client, product, at, min_position;
};

Status Check(Tool& tool, const CheckFlags& flags) {
  query::v1::CheckSuitabilityRequest request;
  request.set_name(ClientName(flags.client));
  request.set_product(flags.product);
  request.set_min_position(flags.min_position);
  RETURN_IF_ERROR(SetTime("--at", flags.at, &query::v1::CheckSuitabilityRequest::mutable_at, &request));
  ASSIGN_OR_RETURN(const query::v1::CheckSuitabilityResponse response,
                   Call(tool, &SuitabilityService::Stub::CheckSuitability, request));
  if (tool.json()) return PrintJson(response);
  const std::string answer = response.suitable() ? "yes" : response.may_insist() ? "only if the client insists" : "no";
  PrintDetails({{"suitable", answer},
                {"rule", response.rule()},
                {"client", ClassText(response.investor())},
                {"product", fmt::format("{} version {}", response.product_id(), response.product_version())},
                {"level", EnumText(response.risk())},
                {"packs", PacksText(response.packs())}});
  return OkStatus();
}

void AddCheck(CLI::App& group, Tool& tool) {
  auto flags = std::make_shared<CheckFlags>();
  CLI::App& verb = AddVerb(group, "check", "May this be recommended to this client? Asked before recommending",
                           {"kefu suitability check C-1 P-fund-7", "kefu suitability check C-1 '穩健一號' --at 720h",
                            "kefu suitability check C-1 P-fund-7 --output json"});
  verb.add_option("client", flags->client, "The client's id")->required();
  verb.add_option("product", flags->product, "The product's id, its name or another name of it")->required();
  verb.add_option("--at", flags->at, "When: RFC 3339, or a time from now such as 24h; now if not given");
  verb.add_option("--min-position", flags->min_position, "Wait until the view has reached this position");
  OnRun(verb, tool, [flags](Tool& tool) { return Check(tool, *flags); });
}

// --- investor ---

std::vector<std::string> MomentCells(const InvestorMoment& moment) {
  return {EnumText(moment.investor_class()) + (moment.lowest() ? ", lowest" : ""),
          DayText(moment.has_assessed_on(), moment.assessed_on()),
          DayText(moment.has_valid_until(), moment.valid_until()),
          EnumText(moment.status()),
          DayText(moment.has_classified_on(), moment.classified_on()),
          DayText(moment.has_status_valid_until(), moment.status_valid_until())};
}

Status ShowInvestor(Tool& tool, const std::string& client, const std::string& min_position) {
  query::v1::GetInvestorRequest request;
  request.set_name(ClientName(client));
  request.set_min_position(min_position);
  ASSIGN_OR_RETURN(const query::v1::Investor investor,
                   Call(tool, &SuitabilityService::Stub::GetInvestor, request));
  if (tool.json()) return PrintJson(investor);
  // The present one first.
  runtime::Table table({"CLASS", "ASSESSED", "GOOD UNTIL", "STATUS", "CLASSIFIED", "HOLDS UNTIL"});
  table.Row(MomentCells(investor.now()));
  for (const InvestorMoment& moment : investor.history()) table.Row(MomentCells(moment));
  PrintTable(table);
  return OkStatus();
}

void AddInvestor(CLI::App& group, Tool& tool) {
  struct SuitabilityFlags {
    std::string client, min_position;
  };
  auto flags = std::make_shared<SuitabilityFlags>();
  CLI::App& verb = AddVerb(group, "investor", "What a client can bear, now and before, newest first",
                           {"kefu suitability investor C-1", "kefu suitability investor clients/C-1",
                            "kefu suitability investor C-1 --output json"});
  verb.add_option("client", flags->client, "The client's id")->required();
  verb.add_option("--min-position", flags->min_position, "Wait until the view has reached this position");
  OnRun(verb, tool, [flags](Tool& tool) { return ShowInvestor(tool, flags->client, flags->min_position); });
}

// --- recheck ---

struct RecheckFlags {
  std::vector<std::string> packs, risks;
  std::string from, until, min_position;
  int limit = 50;
  bool personal = false;
};

Status AddPack(const std::string& path, query::v1::RecheckRecommendationsRequest* request) {
  ASSIGN_OR_RETURN(const std::vector<events::v1::Event> events, ReadBodies(path, kSuitabilityNoun));
  for (const auto& event : events) *request->add_proposed_packs() = event.suitability_pack_published();
  return OkStatus();
}

// "P-7=R4".
Status AddRisk(const std::string& text, query::v1::RecheckRecommendationsRequest* request) {
  const size_t equals = text.rfind('=');
  auto& risk = *request->add_proposed_risks();
  events::v1::RiskLevel level = events::v1::RISK_LEVEL_UNSPECIFIED;
  if (equals == 0 || equals == text.npos ||
      !events::v1::RiskLevel_Parse("RISK_LEVEL_" + Capitals(text.substr(equals + 1)), &level))
    return InvalidArgument("--risk {}: not of the form PRODUCT=R1 … PRODUCT=R5", text);
  risk.set_product_id(text.substr(0, equals));
  risk.set_risk(level);
  return OkStatus();
}

Status Recheck(Tool& tool, const RecheckFlags& flags) {
  using Request = query::v1::RecheckRecommendationsRequest;
  Request request;
  for (const std::string& pack : flags.packs) RETURN_IF_ERROR(AddPack(pack, &request));
  for (const std::string& risk : flags.risks) RETURN_IF_ERROR(AddRisk(risk, &request));
  RETURN_IF_ERROR(SetTime("--from", flags.from, &Request::mutable_from, &request));
  RETURN_IF_ERROR(SetTime("--until", flags.until, &Request::mutable_until, &request));
  request.set_max_failures(flags.limit);
  request.set_min_position(flags.min_position);
  const bool proposes = !flags.packs.empty() || !flags.risks.empty();
  runtime::Table table({"ID", "CLIENT", "MADE", "BY", "PRODUCT", "LEVEL", "CLASS", "BREAKS", "WOULD BREAK"});
  runtime::Progress progress(tool.ProgressOf("Decided again", "recommendations", 0));
  query::v1::RecheckSummary summary;
  const Status followed =
      Follow(tool, &SuitabilityService::Stub::RecheckRecommendations, request,
             [&](query::v1::RecheckRecommendationsResponse response) -> Status {
               if (response.has_progress()) {
                 progress.Update(response.progress().recommendations());
                 return OkStatus();
               }
               if (response.has_summary()) summary = response.summary();
               if (!flags.personal) ClearPersonal(&response);
               if (tool.json()) return PrintJson(response);
               if (!response.has_failure()) return OkStatus();
               const auto& failure = response.failure();
               const auto& one = failure.recommendation();
               table.Row({one.recommendation_id(), one.client_id(), TimeText(one.made_at()), one.staff_id(),
                          one.product_id(), EnumText(one.risk()), flags.personal ? ClassText(one.investor()) : "",
                          failure.rule(), failure.proposed_rule()});
               return OkStatus();
             });
  progress.Finish();
  RETURN_IF_ERROR(followed);
  if (tool.json()) return OkStatus();
  if (!table.empty()) {
    PrintTable(table);
    fmt::print("\n");
  }
  PrintDetails({{"recommendations", fmt::format("{}", summary.recommendations())},
                {"suitable", fmt::format("{}", summary.suitable())},
                {"insisted on", fmt::format("{}", summary.insisted())},
                {"failed", fmt::format("{}", summary.failed())},
                {"would fail", proposes ? fmt::format("{}", summary.would_fail()) : ""}});
  return OkStatus();
}

void AddRecheck(CLI::App& group, Tool& tool) {
  auto flags = std::make_shared<RecheckFlags>();
  CLI::App& verb = AddVerb(group, "recheck",
                           "Decide every recommendation again by its own moment, and by what is proposed; changes "
                           "nothing",
                           {"kefu suitability recheck", "kefu suitability recheck --pack stricter.json --limit 500",
                            "kefu suitability recheck --risk P-fund-7=R4 --from 2026-01-01T00:00:00+08:00"});
  verb.add_option("--pack", flags->packs, "A suitability pack in protobuf JSON, in place of the one of its id");
  verb.add_option("--risk", flags->risks, "PRODUCT=R4: this level in place of the product's own");
  verb.add_option("--from", flags->from, "Only those made from then on (RFC 3339)");
  verb.add_option("--until", flags->until, "Only those made before");
  verb.add_option("--limit", flags->limit, "Show so many failures at most; all are counted")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  verb.add_flag("--personal", flags->personal, "Also class, amount and reasons");
  verb.add_option("--min-position", flags->min_position, "Wait until the view has reached this position");
  OnRun(verb, tool, [flags](Tool& tool) { return Recheck(tool, *flags); });
}

}  // namespace

std::string ClassText(const InvestorMoment& moment) {
  std::string text = EnumText(moment.investor_class());
  if (moment.lowest()) text += ", lowest";
  if (moment.status() == events::v1::INVESTOR_STATUS_PROFESSIONAL)
    text += text.empty() ? "professional" : ", professional";
  return text.empty() ? "never assessed" : text;
}

void AddSuitabilityVerbs(CLI::App& app, Tool& tool) {
  CLI::App& group = AddGroup(app, "suitability", "What clients can bear, and whether recommendations fit it");
  AddCheck(group, tool);
  AddRecheck(group, tool);
  AddInvestor(group, tool);
  AddSuitabilityPackVerbs(group, tool);
}

}  // namespace kefu::cli

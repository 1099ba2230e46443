// kefu recommend make, follow, list, get.

#include "services/cli/recommend.h"

#include <absl/strings/ascii.h>
#include <absl/strings/escaping.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <functional>

#include "kefu/query/v1/suitability.grpc.pb.h"
#include "services/cli/call.h"
#include "services/cli/case_filter.h"
#include "services/cli/listing.h"
#include "services/cli/record.h"
#include "services/cli/show.h"
#include "services/cli/verbs.h"

namespace kefu::cli {
namespace {

using events::v1::Event;
using query::v1::Recommendation;
using query::v1::SuitabilityService;

struct ListRecommendationFlags {
  std::string client, staff, owner, product, risk, result, filter, min_position;
  bool open = false, insisted = false, count = false;
  ListFlags list;

  std::string Filter() const {
    std::vector<std::string> terms;
    if (!staff.empty()) terms.push_back("staff_id = " + QuotedText(staff));
    if (!owner.empty()) terms.push_back("owner_id = " + QuotedText(owner));
    if (!product.empty()) terms.push_back("product_id = " + QuotedText(product));
    if (!risk.empty()) terms.push_back("risk = " + Capitals(risk));
    if (!result.empty()) terms.push_back("result = " + Capitals(result));
    if (open) terms.push_back("open = true");
    if (insisted) terms.push_back("insisted = true");
    if (!filter.empty()) terms.push_back("(" + filter + ")");
    return fmt::format("{}", fmt::join(terms, " AND "));
  }
};

// Each page through `take`, which may change what it is given.
Status EachRecommendation(Tool& tool, const ListRecommendationFlags& flags, int64_t* total,
                          const std::function<Status(Recommendation&)>& take) {
  query::v1::ListRecommendationsRequest request;
  request.set_parent(flags.client.empty() ? "clients/-" : ClientName(flags.client));
  request.set_filter(flags.Filter());
  request.set_min_position(flags.min_position);
  // Counted once, with the first page.
  request.set_show_total_size(flags.count);
  return EachPage(tool, flags.list, [&](int size, std::string* token) -> StatusOr<int> {
    request.set_page_size(size);
    request.set_page_token(*token);
    ASSIGN_OR_RETURN(query::v1::ListRecommendationsResponse response,
                     Call(tool, &SuitabilityService::Stub::ListRecommendations, request));
    if (request.show_total_size()) *total = response.total_size();
    request.set_show_total_size(false);
    for (auto& one : *response.mutable_recommendations()) RETURN_IF_ERROR(take(one));
    *token = response.next_page_token();
    return response.recommendations_size();
  });
}

std::vector<std::string> RecommendationCells(const Recommendation& one) {
  return {one.recommendation_id(),
          one.client_id(),
          TimeText(one.made_at()),
          one.owner_id(),
          one.product_id(),
          EnumText(one.risk()),
          one.has_insisted() ? "insisted" : "",
          one.has_ended_at() ? EnumText(one.result()) : "open",
          MoneyText(one.amount())};
}

Status List(Tool& tool, const ListRecommendationFlags& flags) {
  int64_t total = 0;
  Listing<Recommendation> listing(
      tool, {"ID", "CLIENT", "MADE", "OWNER", "PRODUCT", "LEVEL", "INSISTED", "STATE", "AMOUNT"}, RecommendationCells);
  RETURN_IF_ERROR(EachRecommendation(tool, flags, &total, [&](Recommendation& one) {
    if (!flags.list.personal) ClearPersonal(&one);
    return listing.Add(one);
  }));
  listing.Finish("Nothing matches.");
  if (flags.count) Remark(tool, fmt::format("{} in all", total));
  return OkStatus();
}

// The client to whom it was made. A page may be empty and still have more behind it: all are looked through.
StatusOr<std::string> ClientOf(Tool& tool, const std::string& id) {
  ListRecommendationFlags flags;
  flags.filter = "recommendation_id = " + QuotedText(id);
  flags.list.all = true;
  std::string client;
  RETURN_IF_ERROR(EachRecommendation(tool, flags, nullptr, [&](Recommendation& one) {
    client = one.client_id();
    return OkStatus();
  }));
  if (client.empty()) return NotFound("\"{}\" is not known; say --client if it was only just recorded", id);
  return client;
}

struct MakeFlags {
  std::string id, client, product, staff, assessment, contact, currency = "CNY", rationale, insisted, warned_at;
  std::vector<std::string> evidence;
  int64_t amount = 0;
  RecordFlags record;
};

// "URI=SHA256", the digest in hex.
Status AddEvidence(const std::string& text, events::v1::MismatchWarning* warning) {
  const size_t equals = text.rfind('=');
  const std::string digest = equals == text.npos ? std::string() : text.substr(equals + 1);
  if (equals == 0 || digest.size() != 64 || !std::all_of(digest.begin(), digest.end(), absl::ascii_isxdigit))
    return InvalidArgument("--evidence {}: not of the form URI=SHA256, with the file's SHA-256 as 64 hex digits", text);
  auto& evidence = *warning->add_evidence();
  evidence.set_uri(text.substr(0, equals));
  evidence.set_sha256(absl::HexStringToBytes(digest));
  return OkStatus();
}

Status Make(Tool& tool, const MakeFlags& flags) {
  Event event;
  event.set_client_id(flags.client);
  auto& body = *event.mutable_recommendation_made();
  body.set_recommendation_id(flags.id);
  body.set_product_id(flags.product);
  body.set_staff_id(flags.staff);
  body.set_assessment_id(flags.assessment);
  body.set_contact_id(flags.contact);
  body.set_rationale(flags.rationale);
  if (flags.amount != 0) {
    body.mutable_amount()->set_minor_units(flags.amount);
    body.mutable_amount()->set_currency(flags.currency);
  }
  if (!flags.insisted.empty()) {
    auto& warning = *body.mutable_insisted();
    warning.set_text_version(flags.insisted);
    RETURN_IF_ERROR(SetTime("--warned-at", flags.warned_at, &events::v1::MismatchWarning::mutable_warned_at, &warning));
    for (const std::string& evidence : flags.evidence) RETURN_IF_ERROR(AddEvidence(evidence, &warning));
  }
  return RecordEvent(tool, flags.record, std::move(event));
}

void AddMake(CLI::App& group, Tool& tool) {
  auto flags = std::make_shared<MakeFlags>();
  CLI::App& verb = AddVerb(group, "make", "A product was recommended to a client; refused if it does not fit",
                           {"kefu recommend make R-1 --client C-1 --product P-fund-7 --staff S-7",
                            "kefu recommend make R-2 --client C-1 --product P-fund-7 --staff S-7 --amount 5000000",
                            "kefu recommend make R-3 --client C-1 --product P-fund-9 --staff S-7 --insisted w-3 "
                            "--warned-at 2026-03-05T10:00:00+08:00 --evidence rec/77=$(sha256sum 77.ogg | cut -c1-64)"});
  verb.add_option("recommendation", flags->id, "The firm's own id of the recommendation")->required();
  verb.add_option("--client", flags->client, "To whom")->required();
  verb.add_option("--product", flags->product, "The product's id")->required();
  verb.add_option("--staff", flags->staff, "Who recommends, by staff number")->required();
  verb.add_option("--assessment", flags->assessment, "The assessment of the need it answers");
  verb.add_option("--contact", flags->contact, "The contact in which it was made");
  verb.add_option("--amount", flags->amount, "In minor units of the currency")->check(CLI::PositiveNumber);
  verb.add_option("--currency", flags->currency, "ISO 4217")->capture_default_str();
  verb.add_option("--rationale", flags->rationale, "Why this, for this client");
  auto* insisted = verb.add_option("--insisted", flags->insisted,
                                   "The client insists although it does not fit: version of the warning's text");
  verb.add_option("--warned-at", flags->warned_at, "When it was warned (RFC 3339)")
      ->needs(insisted);
  verb.add_option("--evidence", flags->evidence, "Recording or signed statement: URI=SHA256; at least one")
      ->needs(insisted);
  AddRecordFlags(verb, flags->record);
  OnRun(verb, tool, [flags](Tool& tool) { return Make(tool, *flags); });
}

struct FollowFlags {
  std::string id, client, result, cause;
  int outcome_bp = 0, benchmark_bp = 0, horizon_days = 0;
  RecordFlags record;
};

Status FollowUp(Tool& tool, const FollowFlags& flags) {
  Event event;
  event.set_client_id(flags.client);
  if (flags.client.empty()) {
    ASSIGN_OR_RETURN(*event.mutable_client_id(), ClientOf(tool, flags.id));
  }
  auto& body = *event.mutable_recommendation_followed_up();
  body.set_recommendation_id(flags.id);
  events::v1::RecommendationResult result{};
  if (!events::v1::RecommendationResult_Parse("RECOMMENDATION_RESULT_" + Capitals(flags.result), &result))
    return InvalidArgument("{} is no result", flags.result);
  body.set_result(result);
  body.set_outcome_bp(flags.outcome_bp);
  body.set_benchmark_bp(flags.benchmark_bp);
  body.set_horizon_days(flags.horizon_days);
  if (!flags.cause.empty()) *body.mutable_cause() = CodeOf("kefu.cause", flags.cause);
  return RecordEvent(tool, flags.record, std::move(event));
}

void AddFollow(CLI::App& group, Tool& tool) {
  auto flags = std::make_shared<FollowFlags>();
  CLI::App& verb = AddVerb(group, "follow", "What came of a recommendation",
                           {"kefu recommend follow R-1 taken --by S-7",
                            "kefu recommend follow R-2 declined --cause too_dear",
                            "kefu recommend follow R-1 reviewed --outcome-bp 340 --benchmark-bp 210 --days 365"});
  verb.add_option("recommendation", flags->id, "The recommendation's id")->required();
  verb.add_option("result", flags->result, "taken, declined or withdrawn, which ends it; or reviewed")
      ->required()
      ->check(CLI::IsMember({"taken", "declined", "withdrawn", "reviewed"}));
  verb.add_option("--client", flags->client, "To whom it was made; asked for at the server if not given");
  verb.add_option("--cause", flags->cause, "Why, in one word");
  verb.add_option("--outcome-bp", flags->outcome_bp, "Reviewed: yield since then, in basis points");
  verb.add_option("--benchmark-bp", flags->benchmark_bp, "Reviewed: and of the benchmark");
  verb.add_option("--days", flags->horizon_days, "Reviewed: over so many days")->check(CLI::NonNegativeNumber);
  AddRecordFlags(verb, flags->record);
  OnRun(verb, tool, [flags](Tool& tool) { return FollowUp(tool, *flags); });
}

void AddRecommendationList(CLI::App& group, Tool& tool) {
  auto flags = std::make_shared<ListRecommendationFlags>();
  CLI::App& verb = AddVerb(group, "list", "Recommendations, newest first",
                           {"kefu recommend list --client C-1 --open", "kefu recommend list --staff S-7 --count",
                            "kefu recommend list --insisted --risk r5 --all --output json"});
  verb.add_option("--client", flags->client, "Only this client's");
  verb.add_option("--staff", flags->staff, "Only those that this member of staff made");
  verb.add_option("--owner", flags->owner, "Only those that this member of staff has in hand now");
  verb.add_option("--product", flags->product, "Only of this product, by id");
  verb.add_option("--risk", flags->risk, "Only of this level")->check(CLI::IsMember({"r1", "r2", "r3", "r4", "r5"}));
  verb.add_option("--result", flags->result, "Only with this result")
      ->check(CLI::IsMember({"taken", "declined", "withdrawn"}));
  verb.add_flag("--open", flags->open, "Only those that have not ended");
  verb.add_flag("--insisted", flags->insisted, "Only those that the client insisted on");
  verb.add_option("--filter", flags->filter, "More conditions; docs/FILTERS.md lists the fields");
  verb.add_flag("--count", flags->count, "Also say how many there are in all");
  verb.add_option("--min-position", flags->min_position, "Wait until the view has reached this position");
  AddListFlags(verb, flags->list);
  AddPersonalFlag(verb, flags->list.personal);
  OnRun(verb, tool, [flags](Tool& tool) { return List(tool, *flags); });
}

}  // namespace

void AddRecommendVerbs(CLI::App& app, Tool& tool) {
  CLI::App& group = AddGroup(app, "recommend", "Recommendations to clients, and what came of them");
  AddMake(group, tool);
  AddFollow(group, tool);
  AddRecommendationList(group, tool);
}

}  // namespace kefu::cli

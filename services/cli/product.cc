// kefu product list, get, match, publish, alias; kefu bundle publish.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>

#include "kefu/query/v1/product.grpc.pb.h"
#include "services/cli/call.h"
#include "services/cli/case_filter.h"
#include "services/cli/listing.h"
#include "services/cli/record.h"
#include "services/cli/reference.h"
#include "services/cli/show.h"
#include "services/cli/verbs.h"

namespace kefu::cli {
namespace {

using events::v1::Event;
using query::v1::CatalogueService;
using query::v1::Product;
using query::v1::ProductMatch;

const ReferenceNoun kProductNoun = {query::v1::REFERENCE_KIND_PRODUCT, "a product", "service_product_published", "P-1"};
const ReferenceNoun kBundleNoun = {query::v1::REFERENCE_KIND_BUNDLE, "a bundle", "bundle_published", "gold"};

template <class Enum>
std::string EnumTexts(const google::protobuf::RepeatedField<int>& values) {
  std::vector<std::string> texts;
  for (const int value : values) texts.push_back(EnumText(static_cast<Enum>(value)));
  return fmt::format("{}", fmt::join(texts, ", "));
}

struct ListProductFlags {
  std::string kind, content_class, channel, filter, min_position;
  bool withdrawn = false, count = false;
  ListFlags list;

  std::string Filter() const {
    std::vector<std::string> terms;
    if (!kind.empty()) terms.push_back("kind = PRODUCT_KIND_" + Capitals(kind));
    if (!content_class.empty()) terms.push_back("content_class = " + QuotedText(content_class));
    if (!channel.empty()) terms.push_back("channel:" + Capitals(channel));
    if (!withdrawn) terms.push_back("withdrawn = false");
    if (!filter.empty()) terms.push_back("(" + filter + ")");
    return fmt::format("{}", fmt::join(terms, " AND "));
  }
};

std::vector<std::string> ProductCells(const Product& one) {
  const auto& product = one.product();
  return {product.product_id(),
          product.name(),
          fmt::format("{}", product.version()),
          EnumText(product.kind()),
          product.content_class(),
          EnumText(product.risk()),
          EnumTexts<events::v1::Channel>(product.channels()),
          product.withdrawn() ? "withdrawn" : "",
          JoinText(one.aliases())};
}

Status ListProducts(Tool& tool, const ListProductFlags& flags) {
  query::v1::ListProductsRequest request;
  request.set_filter(flags.Filter());
  request.set_min_position(flags.min_position);
  // Counted once, with the first page.
  request.set_show_total_size(flags.count);
  int64_t total = 0;
  Listing<Product> listing(
      tool, {"PRODUCT", "NAME", "VERSION", "KIND", "CLASS", "RISK", "CHANNELS", "STATE", "ALIASES"}, ProductCells);
  RETURN_IF_ERROR(EachPage(tool, flags.list, [&](int size, std::string* token) -> StatusOr<int> {
    request.set_page_size(size);
    request.set_page_token(*token);
    ASSIGN_OR_RETURN(const query::v1::ListProductsResponse response,
                     Call(tool, &CatalogueService::Stub::ListProducts, request));
    if (request.show_total_size()) total = response.total_size();
    request.set_show_total_size(false);
    for (const Product& one : response.products()) RETURN_IF_ERROR(listing.Add(one));
    *token = response.next_page_token();
    return response.products_size();
  }));
  listing.Finish("No product matches.");
  if (flags.count) Remark(tool, fmt::format("{} in all", total));
  return OkStatus();
}

StatusOr<Product> AskForProduct(Tool& tool, const std::string& name, int32_t version) {
  query::v1::GetProductRequest request;
  request.set_name("products/" + name);
  request.set_version(version);
  return Call(tool, &CatalogueService::Stub::GetProduct, request);
}

Status GetProduct(Tool& tool, const std::string& name, int32_t version) {
  ASSIGN_OR_RETURN(const Product one, AskForProduct(tool, name, version));
  if (tool.json()) return PrintJson(one);
  const auto& product = one.product();
  std::vector<std::string> targets;
  for (const auto& target : product.target_segments()) targets.push_back(target.scheme() + " = " + target.segment());
  PrintDetails({{"product", product.product_id()},
                {"name", product.name()},
                {"version", fmt::format("{}", product.version())},
                {"aliases", JoinText(one.aliases())},
                {"kind", EnumText(product.kind())},
                {"class", product.content_class()},
                {"risk", EnumText(product.risk())},
                {"channels", EnumTexts<events::v1::Channel>(product.channels())},
                {"price", MoneyText(product.price())},
                {"for", fmt::format("{}", fmt::join(targets, ", "))},
                {"from assets", product.least_assets() > 0 ? fmt::format("{}", product.least_assets()) : ""},
                {"state", product.withdrawn() ? "withdrawn" : ""},
                {"published", TimeText(one.published_at())},
                {"event", one.event_id()}});
  if (product.steps().empty()) return OkStatus();
  runtime::Table table({"STEP", "NAME", "WITHIN", "CHANNELS"});
  for (const auto& step : product.steps())
    table.Row({step.step_id(), step.name(), step.within_minutes() > 0 ? fmt::format("{} min", step.within_minutes()) : "",
               EnumTexts<events::v1::Channel>(step.channels())});
  fmt::print("\n");
  PrintTable(table);
  return OkStatus();
}

struct MatchFlags {
  std::string client, as_of, min_position;
  bool all = false;
};

// What speaks against it; where it fits, what speaks for it.
std::vector<std::string> MatchCells(const ProductMatch& match) {
  std::vector<std::string> why;
  for (const auto& reason : match.reasons())
    if (reason.holds() == match.fits()) why.push_back(reason.check() + ": " + reason.detail());
  return {match.product_id(), match.name(), match.fits() ? "fits" : "left out", match.bundle_id(),
          fmt::format("{}", fmt::join(why, "; "))};
}

Status Match(Tool& tool, const MatchFlags& flags) {
  query::v1::MatchProductsRequest request;
  request.set_parent(ClientName(flags.client));
  request.set_show_left_out(flags.all);
  request.set_min_position(flags.min_position);
  RETURN_IF_ERROR(SetTime("--as-of", flags.as_of, &query::v1::MatchProductsRequest::mutable_as_of, &request));
  ASSIGN_OR_RETURN(const query::v1::MatchProductsResponse response,
                   Call(tool, &CatalogueService::Stub::MatchProducts, request));
  Listing<ProductMatch> listing(tool, {"PRODUCT", "NAME", "VERDICT", "BUNDLE", "WHY"}, MatchCells);
  for (const ProductMatch& match : response.matches()) RETURN_IF_ERROR(listing.Add(match));
  listing.Finish("Nothing fits; --all says why.");
  return OkStatus();
}

struct AliasFlags {
  std::string alias, product;
  PublishReferenceFlags publish;
};

Status PublishAlias(Tool& tool, const AliasFlags& flags) {
  ASSIGN_OR_RETURN(const Product product, AskForProduct(tool, flags.product, 0));
  Event event;
  event.mutable_product_alias_published()->set_alias(flags.alias);
  event.mutable_product_alias_published()->set_product_id(product.product().product_id());
  return PublishReferences(tool, flags.publish, {event});
}

void AddPublish(CLI::App& group, Tool& tool, const ReferenceNoun& noun, const std::string& help,
                const std::vector<std::string>& examples) {
  auto flags = std::make_shared<PublishReferenceFlags>();
  CLI::App& verb = AddVerb(group, "publish", help, examples);
  AddPublishReferenceFlags(verb, *flags);
  OnRun(verb, tool, [flags, &noun](Tool& tool) -> Status {
    std::vector<Event> all;
    for (const std::string& file : flags->files) {
      ASSIGN_OR_RETURN(std::vector<Event> events, ReadBodies(file, noun));
      std::move(events.begin(), events.end(), std::back_inserter(all));
    }
    return PublishReferences(tool, *flags, std::move(all), SetNextVersion);
  });
}

void AddProductList(CLI::App& group, Tool& tool) {
  auto flags = std::make_shared<ListProductFlags>();
  CLI::App& verb = AddVerb(group, "list", "Products as they are now",
                           {"kefu product list --count", "kefu product list --kind instrument --withdrawn",
                            "kefu product list --channel phone --filter 'risk = R3' --output json"});
  verb.add_option("--kind", flags->kind, "service or instrument")->check(CLI::IsMember({"service", "instrument"}));
  verb.add_option("--class", flags->content_class, "Only those about this: research, trading, advice, care");
  verb.add_option("--channel", flags->channel, "Only those on this channel: phone, visit, app");
  verb.add_flag("--withdrawn", flags->withdrawn, "Also those that new clients do not get any more");
  verb.add_option("--filter", flags->filter, "More conditions; docs/FILTERS.md lists the fields");
  verb.add_flag("--count", flags->count, "Also say how many there are in all");
  verb.add_option("--min-position", flags->min_position, "Wait until the view has reached this position");
  AddListFlags(verb, flags->list);
  OnRun(verb, tool, [flags](Tool& tool) { return ListProducts(tool, *flags); });
}

void AddProductGet(CLI::App& group, Tool& tool) {
  struct ProductFlags {
    std::string name;
    int32_t version = 0;
  };
  auto flags = std::make_shared<ProductFlags>();
  CLI::App& verb = AddVerb(group, "get", "One product with its process, by id, name or alias, however it is written",
                           {"kefu product get P-1", "kefu product get 晨报", "kefu product get P-1 --version 1 --output json"});
  verb.add_option("product", flags->name, "Id, name or alias")->required();
  verb.add_option("--version", flags->version, "Which version; the newest if not given")->check(CLI::PositiveNumber);
  OnRun(verb, tool, [flags](Tool& tool) { return GetProduct(tool, flags->name, flags->version); });
}

void AddMatch(CLI::App& group, Tool& tool) {
  auto flags = std::make_shared<MatchFlags>();
  CLI::App& verb = AddVerb(group, "match", "Which products fit a client, and why; never what does not suit it",
                           {"kefu product match C-1", "kefu product match C-1 --all",
                            "kefu product match C-1 --as-of 2026-03-01T09:00:00+08:00 --output json"});
  verb.add_option("client", flags->client, "Which client")->required();
  verb.add_flag("--all", flags->all, "Also those that do not fit, with what speaks against them");
  verb.add_option("--as-of", flags->as_of, "When packs and assessment have to be good: RFC 3339, or a time from now");
  verb.add_option("--min-position", flags->min_position, "Wait until the view has reached this position");
  OnRun(verb, tool, [flags](Tool& tool) { return Match(tool, *flags); });
}

void AddAlias(CLI::App& group, Tool& tool) {
  auto flags = std::make_shared<AliasFlags>();
  CLI::App& verb = AddVerb(group, "alias", "Have an old name lead to a product from now on",
                           {"kefu product alias 早報 P-1", "kefu product alias 'Morning News' 晨报 --actor S-7",
                            "kefu product alias 快訊 P-1 --wait 30s"});
  verb.add_option("alias", flags->alias, "The old name")->required();
  verb.add_option("product", flags->product, "Id, name or another alias of the product")->required();
  AddPublishReferenceFlags(verb, flags->publish, /*with_files=*/false);
  OnRun(verb, tool, [flags](Tool& tool) { return PublishAlias(tool, *flags); });
}

}  // namespace

void AddProductVerbs(CLI::App& app, Tool& tool) {
  CLI::App& product = AddGroup(app, "product", "Service products: the catalogue, and what fits whom");
  AddProductList(product, tool);
  AddProductGet(product, tool);
  AddMatch(product, tool);
  AddPublish(product, tool, kProductNoun, "Publish products; without a version they become the next one",
             {"kefu product publish products.json", "kefu product publish *.json --wait 30s",
              "kefu product publish - --actor S-1 < product.json"});
  AddAlias(product, tool);
  CLI::App& bundle = AddGroup(app, "bundle", "Bundles: which products a segment gets together");
  AddPublish(bundle, tool, kBundleNoun, "Publish bundles; without a version they become the next one",
             {"kefu bundle publish bundles.json", "kefu bundle publish gold.json --wait 30s",
              "kefu bundle publish - --actor S-1 < gold.json"});
}

}  // namespace kefu::cli

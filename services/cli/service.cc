// kefu service list, subscribe, deliver, end.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>

#include "kefu/query/v1/product.grpc.pb.h"
#include "services/cli/call.h"
#include "services/cli/case_filter.h"
#include "services/cli/listing.h"
#include "services/cli/record.h"
#include "services/cli/show.h"
#include "services/cli/verbs.h"

namespace kefu::cli {
namespace {

using events::v1::Event;
using query::v1::CatalogueService;
using query::v1::Subscription;

struct ListServiceFlags {
  std::string client, product, staff, branch, state = "active", filter, as_of, min_position;
  bool overdue = false, deviated = false, count = false;
  ListFlags list;

  std::string Filter() const {
    std::vector<std::string> terms;
    if (!product.empty()) terms.push_back("product_id = " + QuotedText(product));
    if (!staff.empty()) terms.push_back("staff_id = " + QuotedText(staff));
    if (!branch.empty()) terms.push_back("branch_id = " + QuotedText(branch));
    if (overdue) terms.push_back("overdue = true");
    if (deviated) terms.push_back("deviated = true");
    if (state != "all") terms.push_back("state = SUBSCRIPTION_STATE_" + Capitals(state));
    if (!filter.empty()) terms.push_back("(" + filter + ")");
    return fmt::format("{}", fmt::join(terms, " AND "));
  }
};

std::vector<std::string> SubscriptionCells(const Subscription& one) {
  return {one.subscription_id(),
          one.client_id(),
          one.product_id(),
          one.overdue() ? "overdue" : EnumText(one.state()),
          fmt::format("{}", one.step_count()),
          one.next_step_id(),
          TimeText(one.next_due_at()),
          one.deviations() == 0 ? "followed" : fmt::format("{} deviated", one.deviations()),
          one.staff_id()};
}

Status List(Tool& tool, const ListServiceFlags& flags) {
  query::v1::ListSubscriptionsRequest request;
  request.set_parent(flags.client.empty() ? "clients/-" : ClientName(flags.client));
  request.set_filter(flags.Filter());
  request.set_min_position(flags.min_position);
  RETURN_IF_ERROR(SetTime("--as-of", flags.as_of, &query::v1::ListSubscriptionsRequest::mutable_as_of, &request));
  // Counted once, with the first page.
  request.set_show_total_size(flags.count);
  int64_t total = 0;
  Listing<Subscription> listing(
      tool, {"ID", "CLIENT", "PRODUCT", "STATE", "STEPS", "NEXT", "DUE", "PROCESS", "BY"}, SubscriptionCells);
  RETURN_IF_ERROR(EachPage(tool, flags.list, [&](int size, std::string* token) -> StatusOr<int> {
    request.set_page_size(size);
    request.set_page_token(*token);
    ASSIGN_OR_RETURN(const query::v1::ListSubscriptionsResponse response,
                     Call(tool, &CatalogueService::Stub::ListSubscriptions, request));
    if (request.show_total_size()) total = response.total_size();
    request.set_show_total_size(false);
    for (const Subscription& one : response.subscriptions()) RETURN_IF_ERROR(listing.Add(one));
    *token = response.next_page_token();
    return response.subscriptions_size();
  }));
  listing.Finish("Nothing matches.");
  if (flags.count) Remark(tool, fmt::format("{} in all", total));
  return OkStatus();
}

struct ServiceFlags {
  std::string subscription, client, product, bundle, staff, step, channel, contact, cause;
  RecordFlags record;
};

Status Subscribe(Tool& tool, const ServiceFlags& flags) {
  query::v1::GetProductRequest request;
  request.set_name("products/" + flags.product);
  ASSIGN_OR_RETURN(const query::v1::Product product, Call(tool, &CatalogueService::Stub::GetProduct, request));
  Event event;
  event.set_client_id(flags.client);
  auto* body = event.mutable_service_subscribed();
  body->set_subscription_id(flags.subscription);
  body->set_product_id(product.product().product_id());
  body->set_bundle_id(flags.bundle);
  body->set_staff_id(flags.staff);
  return RecordEvent(tool, flags.record, std::move(event));
}

Status Deliver(Tool& tool, const ServiceFlags& flags) {
  Event event;
  event.set_client_id(flags.client);
  auto* body = event.mutable_service_delivered();
  body->set_subscription_id(flags.subscription);
  body->set_step_id(flags.step);
  body->set_contact_id(flags.contact);
  body->set_staff_id(flags.staff);
  if (!flags.channel.empty()) {
    events::v1::Channel channel;
    if (!events::v1::Channel_Parse("CHANNEL_" + Capitals(flags.channel), &channel))
      return InvalidArgument("--channel {}: not a channel such as phone, visit or app", flags.channel);
    body->set_channel(channel);
  }
  return RecordEvent(tool, flags.record, std::move(event));
}

Status End(Tool& tool, const ServiceFlags& flags) {
  Event event;
  event.set_client_id(flags.client);
  auto* body = event.mutable_service_ended();
  body->set_subscription_id(flags.subscription);
  if (!flags.cause.empty()) *body->mutable_cause() = CodeOf("kefu.cause", flags.cause);
  return RecordEvent(tool, flags.record, std::move(event));
}

CLI::App& AddMove(CLI::App& group, ServiceFlags& flags, const std::string& name, const std::string& help,
                  const std::vector<std::string>& examples) {
  CLI::App& verb = AddVerb(group, name, help, examples);
  verb.add_option("subscription", flags.subscription, "The firm's own id of the subscription")->required();
  verb.add_option("--client", flags.client, "Whose it is")->required();
  return verb;
}

void AddListVerb(CLI::App& group, Tool& tool) {
  auto flags = std::make_shared<ListServiceFlags>();
  CLI::App& verb = AddVerb(group, "list", "Who has which product, and how it is delivered, by due time",
                           {"kefu service list --client C-1 --state all", "kefu service list --overdue --count",
                            "kefu service list --product P-1 --deviated --output json"});
  verb.add_option("--client", flags->client, "Only this client's");
  verb.add_option("--product", flags->product, "Only of this product, by its id");
  verb.add_option("--staff", flags->staff, "Only what this member of staff subscribed");
  verb.add_option("--branch", flags->branch, "Only of this branch");
  verb.add_option("--state", flags->state, "active, ended or all")
      ->check(CLI::IsMember({"active", "ended", "all"}))
      ->capture_default_str();
  verb.add_flag("--overdue", flags->overdue, "Only those whose next step is past its due time");
  verb.add_flag("--deviated", flags->deviated, "Only those not delivered as the standard process says");
  verb.add_option("--as-of", flags->as_of, "The moment that overdue means: RFC 3339, or a time from now");
  verb.add_option("--filter", flags->filter, "More conditions; docs/FILTERS.md lists the fields");
  verb.add_flag("--count", flags->count, "Also say how many there are in all");
  verb.add_option("--min-position", flags->min_position, "Wait until the view has reached this position");
  AddListFlags(verb, flags->list);
  OnRun(verb, tool, [flags](Tool& tool) { return List(tool, *flags); });
}

void AddSubscribe(CLI::App& group, Tool& tool) {
  auto flags = std::make_shared<ServiceFlags>();
  CLI::App& verb = AddMove(group, *flags, "subscribe", "A client takes a product",
                           {"kefu service subscribe B-1 --client C-1 --product P-1",
                            "kefu service subscribe B-2 --client C-1 --product 晨报 --staff S-7",
                            "kefu service subscribe B-3 --client C-9 --product P-2 --bundle gold"});
  verb.add_option("--product", flags->product, "Id, name or alias")->required();
  verb.add_option("--bundle", flags->bundle, "The bundle it comes with");
  verb.add_option("--staff", flags->staff, "Who subscribed it for the client");
  AddRecordFlags(verb, flags->record);
  OnRun(verb, tool, [flags](Tool& tool) { return Subscribe(tool, *flags); });
}

void AddDeliver(CLI::App& group, Tool& tool) {
  auto flags = std::make_shared<ServiceFlags>();
  CLI::App& verb = AddMove(group, *flags, "deliver", "A step of the standard process was done",
                           {"kefu service deliver B-1 --client C-1 --step welcome --channel phone",
                            "kefu service deliver B-1 --client C-1 --step plan --contact X-77 --staff S-7",
                            "kefu service deliver B-1 --client C-1 --step plan --at 2026-03-05T16:10:00+08:00"});
  verb.add_option("--step", flags->step, "Which step")->required();
  verb.add_option("--channel", flags->channel, "On which channel: phone, visit, app");
  verb.add_option("--contact", flags->contact, "The contact in which it was done");
  verb.add_option("--staff", flags->staff, "Who did it");
  AddRecordFlags(verb, flags->record);
  OnRun(verb, tool, [flags](Tool& tool) { return Deliver(tool, *flags); });
}

void AddEnd(CLI::App& group, Tool& tool) {
  auto flags = std::make_shared<ServiceFlags>();
  CLI::App& verb = AddMove(group, *flags, "end", "The client does not want it any more, or it ran out",
                           {"kefu service end B-1 --client C-1", "kefu service end B-1 --client C-1 --cause client_wish",
                            "kefu service end B-1 --client C-1 --cause ran_out --by S-7"});
  verb.add_option("--cause", flags->cause, "Why, in one word");
  AddRecordFlags(verb, flags->record);
  OnRun(verb, tool, [flags](Tool& tool) { return End(tool, *flags); });
}

}  // namespace

void AddServiceVerbs(CLI::App& app, Tool& tool) {
  CLI::App& group = AddGroup(app, "service", "Products that clients took, and their delivery");
  AddListVerb(group, tool);
  AddSubscribe(group, tool);
  AddDeliver(group, tool);
  AddEnd(group, tool);
}

}  // namespace kefu::cli

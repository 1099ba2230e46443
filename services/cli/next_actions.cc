// kefu next-actions list, answer, publish.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "kefu/query/v1/lead.grpc.pb.h"
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
using query::v1::LeadService;
using query::v1::NextAction;

const ReferenceNoun kRulesNoun = {query::v1::REFERENCE_KIND_NEXT_ACTION_RULES, "rules for next actions",
                                  "next_action_rules_published", "next_actions"};

struct ListActionsFlags {
  std::string client, staff, as_of, min_position;
  ListFlags list;
};

// "days_since_contact 90, open_complaints 1", or without the values.
std::vector<std::string> ActionCells(const NextAction& action, bool with_values) {
  std::vector<std::string> facts;
  for (const auto& reason : action.reasons()) {
    facts.push_back(EnumText(reason.fact()));
    if (with_values) facts.back() += fmt::format(" {}", reason.value());
  }
  return {action.client_id(),
          action.action_id(),
          std::to_string(action.priority()),
          action.title(),
          action.product_id(),
          fmt::format("{}", fmt::join(facts, ", ")),
          std::to_string(action.rules_version())};
}
std::vector<std::string> FullCells(const NextAction& action) { return ActionCells(action, true); }
std::vector<std::string> PlainCells(const NextAction& action) { return ActionCells(action, false); }

Status ListActions(Tool& tool, const ListActionsFlags& flags) {
  if (flags.client.empty() == flags.staff.empty())
    return InvalidArgument("say whose: a client, or --staff for the clients of a book");
  query::v1::ListNextActionsRequest request;
  request.set_parent(flags.staff.empty() ? ClientName(flags.client) : "staff/" + flags.staff);
  request.set_min_position(flags.min_position);
  RETURN_IF_ERROR(SetTime("--as-of", flags.as_of, &query::v1::ListNextActionsRequest::mutable_as_of, &request));
  // What a whole book has and does is shown only to who asks for it.
  const bool with_values = flags.staff.empty() || flags.list.personal;
  Listing<NextAction> listing(tool, {"CLIENT", "ACTION", "PRIORITY", "TITLE", "PRODUCT", "BECAUSE", "RULES"},
                              with_values ? FullCells : PlainCells);
  RETURN_IF_ERROR(EachPage(tool, flags.list, [&](int size, std::string* token) -> StatusOr<int> {
    request.set_page_size(size);
    request.set_page_token(*token);
    ASSIGN_OR_RETURN(query::v1::ListNextActionsResponse response,
                     Call(tool, &LeadService::Stub::ListNextActions, request));
    for (NextAction& action : *response.mutable_actions()) {
      if (!with_values) ClearPersonal(&action);
      RETURN_IF_ERROR(listing.Add(action));
    }
    *token = response.next_page_token();
    return response.actions_size();
  }));
  listing.Finish("Nothing is proposed. Are rules published (kefu next-actions publish)?");
  return OkStatus();
}

struct AnswerFlags {
  std::string client, action, answer, contact, lead, outcome;
  int32_t rules = 0;
  RecordFlags record;
};

Status Answer(Tool& tool, const AnswerFlags& flags) {
  Event event;
  event.set_client_id(flags.client);
  auto* body = event.mutable_next_action_answered();
  body->set_action_id(flags.action);
  body->set_rules_version(flags.rules);
  events::v1::NextActionAnswer answer{};
  if (!events::v1::NextActionAnswer_Parse("NEXT_ACTION_ANSWER_" + Capitals(flags.answer), &answer))
    return InvalidArgument("\"{}\" is no answer", flags.answer);
  body->set_answer(answer);
  body->set_contact_id(flags.contact);
  body->set_lead_id(flags.lead);
  if (!flags.outcome.empty()) *body->mutable_outcome() = CodeOf("kefu.action_outcome", flags.outcome);
  return RecordEvent(tool, flags.record, std::move(event));
}

Status Publish(Tool& tool, const PublishReferenceFlags& flags) {
  std::vector<Event> all;
  for (const std::string& file : flags.files) {
    ASSIGN_OR_RETURN(const std::vector<Event> events, ReadBodies(file, kRulesNoun));
    all.insert(all.end(), events.begin(), events.end());
  }
  return PublishReferences(tool, flags, std::move(all), SetNextVersion);
}

void AddNextActionList(CLI::App& group, Tool& tool) {
  auto flags = std::make_shared<ListActionsFlags>();
  CLI::App& verb =
      AddVerb(group, "list", "What the rules propose for a client or a book, the most urgent first, and why",
              {"kefu next-actions list C-1", "kefu next-actions list --staff S-7 --limit 20",
               "kefu next-actions list C-1 --as-of 2026-03-05T09:00:00+08:00 --output json"});
  verb.add_option("client", flags->client, "The client's id");
  verb.add_option("--staff", flags->staff, "Whose book, by staff number");
  verb.add_option("--as-of", flags->as_of, "The moment to take facts at: RFC 3339, or a time from now");
  verb.add_option("--min-position", flags->min_position, "Wait until the view has reached this position");
  AddListFlags(verb, flags->list);
  verb.add_flag("--personal", flags->list.personal, "Of a book also show the facts' values");
  OnRun(verb, tool, [flags](Tool& tool) { return ListActions(tool, *flags); });
}

void AddAnswer(CLI::App& group, Tool& tool) {
  auto flags = std::make_shared<AnswerFlags>();
  CLI::App& verb = AddVerb(group, "answer", "What came of a proposed action; it then rests as long as its rule says",
                           {"kefu next-actions answer C-1 call_neglected done --contact X-9 --by S-7",
                            "kefu next-actions answer C-1 offer_pension postponed --outcome after_new_year",
                            "kefu next-actions answer C-1 offer_pension dismissed --rules 3"});
  verb.add_option("client", flags->client, "The client's id")->required();
  verb.add_option("action", flags->action, "As in the rules, such as call_neglected")->required();
  verb.add_option("answer", flags->answer, "done, postponed or dismissed")
      ->required()
      ->check(CLI::IsMember({"done", "postponed", "dismissed"}));
  verb.add_option("--contact", flags->contact, "The contact in which it was done");
  verb.add_option("--lead", flags->lead, "The lead that came of it");
  verb.add_option("--outcome", flags->outcome, "What came of it, in one word");
  verb.add_option("--rules", flags->rules, "The version of the rules that proposed it");
  AddRecordFlags(verb, flags->record);
  OnRun(verb, tool, [flags](Tool& tool) { return Answer(tool, *flags); });
}

void AddPublish(CLI::App& group, Tool& tool) {
  auto flags = std::make_shared<PublishReferenceFlags>();
  CLI::App& verb =
      AddVerb(group, "publish", "Publish rules, all of them together; without a version they become the next one",
              {"kefu next-actions publish deploy/policies/next_actions.json",
               "kefu next-actions publish rules.json --actor S-7", "kefu next-actions publish - --wait 30s"});
  AddPublishReferenceFlags(verb, *flags);
  OnRun(verb, tool, [flags](Tool& tool) { return Publish(tool, *flags); });
}

}  // namespace

void AddNextActionVerbs(CLI::App& app, Tool& tool) {
  CLI::App& group = AddGroup(app, "next-actions", "What to do next with clients, by published rules");
  AddNextActionList(group, tool);
  AddAnswer(group, tool);
  AddPublish(group, tool);
}

}  // namespace kefu::cli

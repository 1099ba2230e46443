// kefu handover open, name, inform, cancel, status, list, items.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>

#include "kefu/query/v1/book.grpc.pb.h"
#include "services/cli/call.h"
#include "services/cli/case_filter.h"
#include "services/cli/listing.h"
#include "services/cli/record.h"
#include "services/cli/verbs.h"
#include "services/cli/words.h"

namespace kefu::cli {
namespace {

using events::v1::Event;
using query::v1::BookService;
using query::v1::Handover;
using query::v1::HandoverItem;

struct HandoverFlags {
  std::string handover, from, to, last_day, cause, client, channel, choice, content, contact, kind, filter, state,
      min_position;
  std::vector<std::string> clients;
  int64_t book_clients = 0;
  bool open = false, moved = false, not_told = false, count = false;
  ListFlags list;
  RecordFlags record;
};

std::string HandoverName(const std::string& id) { return id.starts_with("handovers/") ? id : "handovers/" + id; }

// How many clients the book holds is what the author of the event saw: asked for where it was not told.
Status Open(Tool& tool, const HandoverFlags& flags) {
  Event event;
  auto* body = event.mutable_handover_opened();
  body->set_handover_id(flags.handover);
  body->set_from_staff_id(flags.from);
  RETURN_IF_ERROR(SetDay("--last-day", flags.last_day, body->mutable_last_day()));
  if (!flags.cause.empty()) *body->mutable_cause() = CodeOf("kefu.leaving", flags.cause);
  body->set_book_clients(flags.book_clients);
  if (flags.book_clients == 0) {
    query::v1::GetBrokerRequest request;
    request.set_name("staff/" + flags.from);
    ASSIGN_OR_RETURN(const query::v1::Broker broker, Call(tool, &BookService::Stub::GetBroker, request));
    body->set_book_clients(broker.workload().clients());
  }
  return RecordEvent(tool, flags.record, std::move(event));
}

Status Name(Tool& tool, const HandoverFlags& flags) {
  Event event;
  auto* body = event.mutable_handover_successor_named();
  body->set_handover_id(flags.handover);
  body->set_to_staff_id(flags.to);
  for (const std::string& client : flags.clients) body->add_client_ids(client);
  return RecordEvent(tool, flags.record, std::move(event));
}

Status Inform(Tool& tool, const HandoverFlags& flags) {
  Event event;
  event.set_client_id(flags.client);
  auto* body = event.mutable_client_informed_of_handover();
  body->set_handover_id(flags.handover);
  body->set_channel(ValueOf<events::v1::Channel>(flags.channel));
  body->set_choice(ValueOf<events::v1::HandoverChoice>(flags.choice));
  body->set_content_version(flags.content);
  body->set_contact_id(flags.contact);
  return RecordEvent(tool, flags.record, std::move(event));
}

Status Cancel(Tool& tool, const HandoverFlags& flags) {
  Event event;
  auto* body = event.mutable_handover_cancelled();
  body->set_handover_id(flags.handover);
  if (!flags.cause.empty()) *body->mutable_cause() = CodeOf("kefu.cause", flags.cause);
  return RecordEvent(tool, flags.record, std::move(event));
}

// "12 clients, 3 cases"; "nothing".
template <class Counts>
std::string CountsText(const Counts& counts) {
  std::vector<std::string> parts;
  const auto add = [&](int64_t count, const char* what) {
    if (count != 0) parts.push_back(fmt::format("{} {}", count, what));
  };
  add(counts.clients(), "clients");
  add(counts.cases(), "cases");
  add(counts.promises(), "promises");
  add(counts.call_backs(), "call-backs");
  add(counts.leads(), "leads");
  add(counts.recommendations(), "recommendations");
  return parts.empty() ? "nothing" : fmt::format("{}", fmt::join(parts, ", "));
}

std::string Hex(const std::string& bytes) {
  std::string text;
  for (const char byte : bytes) text += fmt::format("{:02x}", static_cast<uint8_t>(byte));
  return text;
}

Status Show(Tool& tool, const HandoverFlags& flags) {
  query::v1::GetHandoverRequest request;
  request.set_name(HandoverName(flags.handover));
  request.set_min_position(flags.min_position);
  ASSIGN_OR_RETURN(const Handover one, Call(tool, &BookService::Stub::GetHandover, request));
  if (tool.json()) return PrintJson(one);
  const auto& moved = one.moved();
  PrintDetails({{"handover", one.handover_id()},
                {"leaves", one.from_staff_id()},
                {"last day", DayText(one.last_day())},
                {"cause", one.cause().value()},
                {"state", EnumText(one.state())},
                {"opened", TimeText(one.opened_at())},
                {"ended", TimeText(one.ended_at())},
                {"began with", CountsText(one.opened_with())},
                {"moved", CountsText(moved)},
                {"remains", one.state() == query::v1::HANDOVER_STATE_OPEN ? CountsText(one.remaining()) : ""},
                {"told", fmt::format("{} clients: {} stay, {} other broker, {} leave the firm, {} undecided",
                                     moved.informed(), moved.stay(), moved.other_broker(), moved.transfer(),
                                     moved.undecided())},
                {"not told", fmt::format("{}", one.not_informed())},
                {"closed", moved.closed() == 0 ? "" : fmt::format("{}", moved.closed())},
                {"settled", fmt::format("{}", fmt::join(one.settled_partitions(), ", "))},
                {"certificate", one.completed_by_event_id()},
                {"digest", Hex(one.digest())}});
  return OkStatus();
}

std::vector<std::string> HandoverCells(const Handover& one) {
  return {one.handover_id(),          one.from_staff_id(),         EnumText(one.state()),
          DayText(one.last_day()),    CountsText(one.moved()),
          one.state() == query::v1::HANDOVER_STATE_OPEN ? CountsText(one.remaining()) : "",
          fmt::format("{}", one.not_informed())};
}

Status List(Tool& tool, const HandoverFlags& flags) {
  query::v1::ListHandoversRequest request;
  std::vector<std::string> terms;
  if (!flags.state.empty()) terms.push_back("state = HANDOVER_STATE_" + Capitals(flags.state));
  if (!flags.from.empty()) terms.push_back("from_staff_id = " + QuotedText(flags.from));
  request.set_filter(fmt::format("{}", fmt::join(terms, " AND ")));
  request.set_min_position(flags.min_position);
  Listing<Handover> listing(tool, {"HANDOVER", "LEAVES", "STATE", "LAST DAY", "MOVED", "REMAINS", "NOT TOLD"},
      HandoverCells);
  RETURN_IF_ERROR(EachPage(tool, flags.list, [&](int size, std::string* token) -> StatusOr<int> {
    request.set_page_size(size);
    request.set_page_token(*token);
    ASSIGN_OR_RETURN(const query::v1::ListHandoversResponse response,
                     Call(tool, &BookService::Stub::ListHandovers, request));
    for (const auto& one : response.handovers()) RETURN_IF_ERROR(listing.Add(one));
    *token = response.next_page_token();
    return response.handovers_size();
  }));
  listing.Finish("Nothing matches.");
  return OkStatus();
}

std::vector<std::string> ItemCells(const HandoverItem& item) {
  const std::string kind = item.kind() == events::v1::WORK_KIND_UNSPECIFIED ? "client" : EnumText(item.kind());
  const std::string state = item.has_moved_at() ? "moved" : item.closed() ? "closed" : "open";
  return {kind,
          item.work_id(),
          item.client_id(),
          state,
          item.to_staff_id(),
          TimeText(item.moved_at()),
          TimeText(item.informed_at()),
          item.has_informed_at() ? EnumText(item.choice()) : ""};
}

Status Items(Tool& tool, const HandoverFlags& flags) {
  query::v1::ListHandoverItemsRequest request;
  request.set_parent(HandoverName(flags.handover));
  std::vector<std::string> terms;
  if (flags.open) terms.push_back("moved = false AND closed = false");
  if (flags.moved) terms.push_back("moved = true");
  if (flags.not_told) terms.push_back("kind = client AND moved = true AND informed = false AND closed = false");
  if (!flags.kind.empty()) terms.push_back("kind = " + flags.kind);
  if (!flags.filter.empty()) terms.push_back("(" + flags.filter + ")");
  request.set_filter(fmt::format("{}", fmt::join(terms, " AND ")));
  request.set_min_position(flags.min_position);
  request.set_show_total_size(flags.count);
  int64_t total = 0;
  Listing<HandoverItem> listing(tool, {"KIND", "ID", "CLIENT", "STATE", "TO", "MOVED", "TOLD", "CHOICE"}, ItemCells);
  RETURN_IF_ERROR(EachPage(tool, flags.list, [&](int size, std::string* token) -> StatusOr<int> {
    request.set_page_size(size);
    request.set_page_token(*token);
    ASSIGN_OR_RETURN(const query::v1::ListHandoverItemsResponse response,
                     Call(tool, &BookService::Stub::ListHandoverItems, request));
    if (request.show_total_size()) total = response.total_size();
    request.set_show_total_size(false);
    for (const auto& one : response.items()) RETURN_IF_ERROR(listing.Add(one));
    *token = response.next_page_token();
    return response.items_size();
  }));
  listing.Finish("Nothing matches.");
  if (flags.count) Remark(tool, fmt::format("{} in all", total));
  return OkStatus();
}

CLI::App& AddOne(CLI::App& group, HandoverFlags& flags, const std::string& name, const std::string& help,
                 const std::vector<std::string>& examples) {
  CLI::App& verb = AddVerb(group, name, help, examples);
  verb.add_option("handover", flags.handover, "The firm's own id of the handover")->required();
  return verb;
}

void AddOrders(CLI::App& group, Tool& tool) {
  auto open = std::make_shared<HandoverFlags>();
  CLI::App& open_verb = AddOne(group, *open, "open",
                               "A member of staff leaves: from here on nothing more is given to it",
                               {"kefu handover open H-1 --from S-7 --last-day 2026-04-30 --cause resigned",
                                "kefu handover open H-2 --from S-8 --last-day 2026-04-30 --clients 120 --by S-1",
                                "kefu handover open H-3 --from S-9 --last-day 2026-05-15 --cause licence_withdrawn"});
  open_verb.add_option("--from", open->from, "Who leaves, by staff number")->required();
  open_verb.add_option("--last-day", open->last_day, "Its last day, such as 2026-04-30")->required();
  open_verb.add_option("--cause", open->cause, "resigned, transferred, licence_withdrawn");
  open_verb.add_option("--clients", open->book_clients, "Clients in the book; asked for at the server if not given")
      ->check(CLI::PositiveNumber);
  AddRecordFlags(open_verb, open->record);
  OnRun(open_verb, tool, [open](Tool& tool) { return Open(tool, *open); });

  auto name = std::make_shared<HandoverFlags>();
  CLI::App& name_verb = AddOne(group, *name, "name",
                               "Who takes over; the server then moves clients and their open work",
                               {"kefu handover name H-1 --to S-8",
                                "kefu handover name H-1 --to S-9 --client C-1 --client C-2",
                                "kefu handover name H-1 --to S-8 --by S-1"});
  name_verb.add_option("--to", name->to, "Who takes over, by staff number")->required();
  name_verb.add_option("--client", name->clients, "Only these clients; all that are left if not given");
  AddRecordFlags(name_verb, name->record);
  OnRun(name_verb, tool, [name](Tool& tool) { return Name(tool, *name); });

  auto inform = std::make_shared<HandoverFlags>();
  CLI::App& inform_verb =
      AddOne(group, *inform, "inform", "A client was told who serves it from now on, and what it may choose",
             {"kefu handover inform H-1 C-1 --channel phone --choice stay",
              "kefu handover inform H-1 C-2 --channel letter --choice undecided --content v2",
              "kefu handover inform H-1 C-3 --channel visit --choice other_broker --contact X-9 --by S-8"});
  inform_verb.add_option("client", inform->client, "Who was told")->required();
  inform_verb.add_option("--channel", inform->channel, "phone, letter, visit …")
      ->required()
      ->check(CLI::IsMember(WordsOf<events::v1::Channel>()));
  inform_verb.add_option("--choice", inform->choice, "stay, other_broker, transfer or undecided")
      ->required()
      ->check(CLI::IsMember(WordsOf<events::v1::HandoverChoice>()));
  inform_verb.add_option("--content", inform->content, "Version of the letter or the words");
  inform_verb.add_option("--contact", inform->contact, "The contact in which it was told");
  AddRecordFlags(inform_verb, inform->record);
  OnRun(inform_verb, tool, [inform](Tool& tool) { return Inform(tool, *inform); });

  auto cancel = std::make_shared<HandoverFlags>();
  CLI::App& cancel_verb = AddOne(group, *cancel, "cancel", "It stays after all; what has moved stays where it is",
                                 {"kefu handover cancel H-1", "kefu handover cancel H-1 --cause stays --by S-1",
                                  "kefu handover cancel H-1 --at 2026-04-02T09:00:00+08:00"});
  cancel_verb.add_option("--cause", cancel->cause, "Why, in one word");
  AddRecordFlags(cancel_verb, cancel->record);
  OnRun(cancel_verb, tool, [cancel](Tool& tool) { return Cancel(tool, *cancel); });
}

void AddHandoverReading(CLI::App& group, Tool& tool) {
  auto status = std::make_shared<HandoverFlags>();
  CLI::App& status_verb = AddOne(group, *status, "status", "One handover: what has moved, what remains, who was told",
                                 {"kefu handover status H-1", "kefu handover status H-1 --output json",
                                  "kefu handover status H-1 --min-position POSITION"});
  status_verb.add_option("--min-position", status->min_position, "Wait until the view has reached this position");
  OnRun(status_verb, tool, [status](Tool& tool) { return Show(tool, *status); });

  auto list = std::make_shared<HandoverFlags>();
  CLI::App& list_verb = AddVerb(group, "list", "Handovers by id",
                                {"kefu handover list --state open", "kefu handover list --from S-7",
                                 "kefu handover list --all --output json"});
  list_verb.add_option("--state", list->state, "open, completed or cancelled")
      ->check(CLI::IsMember(WordsOf<query::v1::HandoverState>()));
  list_verb.add_option("--from", list->from, "Only of this leaver");
  list_verb.add_option("--min-position", list->min_position, "Wait until the view has reached this position");
  AddListFlags(list_verb, list->list);
  OnRun(list_verb, tool, [list](Tool& tool) { return List(tool, *list); });

  auto items = std::make_shared<HandoverFlags>();
  CLI::App& items_verb = AddOne(group, *items, "items", "The checklist: every client and every piece of work",
                                {"kefu handover items H-1 --open", "kefu handover items H-1 --not-told --count",
                                 "kefu handover items H-1 --kind case --all --output json"});
  items_verb.add_flag("--open", items->open, "Only what the leaver still holds");
  items_verb.add_flag("--moved", items->moved, "Only what has found other hands");
  items_verb.add_flag("--not-told", items->not_told, "Only clients that moved and were not told yet");
  items_verb.add_option("--kind", items->kind, "client, case, promise, call_back, lead or recommendation")
      ->check(CLI::IsMember({"client", "case", "promise", "call_back", "lead", "recommendation"}));
  items_verb.add_option("--filter", items->filter, "More conditions; docs/FILTERS.md lists the fields");
  items_verb.add_flag("--count", items->count, "Also say how many there are in all");
  items_verb.add_option("--min-position", items->min_position, "Wait until the view has reached this position");
  AddListFlags(items_verb, items->list);
  OnRun(items_verb, tool, [items](Tool& tool) { return Items(tool, *items); });
}

}  // namespace

void AddHandoverVerbs(CLI::App& app, Tool& tool) {
  CLI::App& group = AddGroup(app, "handover", "Handovers: how a book passes on when its broker leaves");
  AddOrders(group, tool);
  AddHandoverReading(group, tool);
}

}  // namespace kefu::cli

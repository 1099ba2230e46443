// kefu broker list, get, book, work, assign, levels, orphans.

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
using query::v1::BookClient;
using query::v1::BookItem;
using query::v1::BookService;
using query::v1::Broker;

struct BrokerFlags {
  std::string staff, client, role = "broker", filter, as_of, on_day, order, kind, handover, from, by, min_position;
  bool neglected = false, count = false;
  ListFlags list;
  RecordFlags record;
};

std::string StaffName(const std::string& staff) { return staff.starts_with("staff/") ? staff : "staff/" + staff; }

std::string Joined(const std::vector<std::string>& terms) { return fmt::format("{}", fmt::join(terms, " AND ")); }

StatusOr<Broker> Get(Tool& tool, const std::string& staff, const BrokerFlags& flags) {
  query::v1::GetBrokerRequest request;
  request.set_name(StaffName(staff));
  request.set_min_position(flags.min_position);
  RETURN_IF_ERROR(SetTime("--as-of", flags.as_of, &query::v1::GetBrokerRequest::mutable_as_of, &request));
  return Call(tool, &BookService::Stub::GetBroker, request);
}

std::string Number(int64_t count) { return count == 0 ? "" : fmt::format("{}", count); }

std::vector<std::string> BrokerCells(const Broker& broker) {
  const auto& load = broker.workload();
  return {broker.staff().staff_id(),   broker.staff().name(),    EnumText(broker.staff().status()),
          Number(load.clients()),      Number(load.neglected()), Number(load.at_risk()),
          Number(load.cases()),        Number(load.promises()),  Number(load.call_backs()),
          Number(load.leads()),        Number(load.recommendations()), Number(load.overdue())};
}

// Each broker with its workload: a call each.
Status List(Tool& tool, const BrokerFlags& flags) {
  query::v1::ListStaffRequest request;
  std::vector<std::string> terms{"role:" + QuotedText(flags.role)};
  if (!flags.filter.empty()) terms.push_back("(" + flags.filter + ")");
  request.set_filter(Joined(terms));
  request.set_min_position(flags.min_position);
  RETURN_IF_ERROR(SetTime("--as-of", flags.as_of, &query::v1::ListStaffRequest::mutable_as_of, &request));
  Listing<Broker> listing(tool,
                          {"STAFF", "NAME", "STATUS", "CLIENTS", "NEGLECTED", "AT RISK", "CASES", "PROMISES",
                           "CALL-BACKS", "LEADS", "RECOMMENDED", "OVERDUE"},
                          BrokerCells);
  RETURN_IF_ERROR(EachPage(tool, flags.list, [&](int size, std::string* token) -> StatusOr<int> {
    request.set_page_size(size);
    request.set_page_token(*token);
    ASSIGN_OR_RETURN(const query::v1::ListStaffResponse response,
                     Call(tool, &BookService::Stub::ListStaff, request));
    for (const auto& member : response.staff()) {
      ASSIGN_OR_RETURN(Broker broker, Get(tool, member.staff_id(), flags));
      if (!flags.list.personal) ClearPersonal(&broker);
      RETURN_IF_ERROR(listing.Add(broker));
    }
    *token = response.next_page_token();
    return response.staff_size();
  }));
  listing.Finish("Nobody matches.");
  return OkStatus();
}

Status Show(Tool& tool, const BrokerFlags& flags) {
  ASSIGN_OR_RETURN(Broker broker, Get(tool, flags.staff, flags));
  if (!flags.list.personal) ClearPersonal(&broker);
  if (tool.json()) return PrintJson(broker);
  const auto& staff = broker.staff();
  const auto& load = broker.workload();
  std::vector<std::string> acts;
  for (const int act : staff.permitted_acts()) acts.push_back(EnumText(static_cast<events::v1::StaffAct>(act)));
  const auto number = [](int64_t count) { return fmt::format("{}", count); };
  PrintDetails({{"staff", staff.staff_id()},
                {"name", staff.name()},
                {"unit", staff.unit_id()},
                {"status", EnumText(staff.status())},
                {"handover", staff.handover_id()},
                {"last day", DayText(staff.last_day())},
                {"roles", JoinText(staff.roles())},
                {"may", fmt::format("{}", fmt::join(acts, ", "))},
                {"expires", TimeText(staff.expires_at())},
                {"clients", number(load.clients())},
                {"neglected", number(load.neglected())},
                {"at risk", number(load.at_risk())},
                {"cases", number(load.cases())},
                {"promises", number(load.promises())},
                {"call-backs", number(load.call_backs())},
                {"leads", number(load.leads())},
                {"recommended", number(load.recommendations())},
                {"overdue", number(load.overdue())}});
  return OkStatus();
}

std::vector<std::string> BookCells(const BookClient& client) {
  const std::string state = client.neglected() ? "neglected" : client.has_promised_by() ? "kept" : "";
  return {client.client_id(),
          client.tier(),
          client.branch_id(),
          TimeText(client.since()),
          TimeText(client.last_served_at()),
          TimeText(client.promised_by()),
          state,
          client.handover_id(),
          client.has_informed_at() ? EnumText(client.choice()) : ""};
}

Status Book(Tool& tool, const BrokerFlags& flags) {
  query::v1::ListBookRequest request;
  request.set_parent(StaffName(flags.staff));
  std::vector<std::string> terms;
  if (flags.neglected) terms.push_back("neglected = true");
  if (!flags.filter.empty()) terms.push_back("(" + flags.filter + ")");
  request.set_filter(Joined(terms));
  request.set_order_by(flags.order);
  request.set_on_day(flags.on_day);
  request.set_min_position(flags.min_position);
  RETURN_IF_ERROR(SetTime("--as-of", flags.as_of, &query::v1::ListBookRequest::mutable_as_of, &request));
  request.set_show_total_size(flags.count);
  int64_t total = 0;
  Listing<BookClient> listing(
      tool, {"CLIENT", "TIER", "BRANCH", "SINCE", "LAST SERVED", "PROMISED BY", "STATE", "HANDOVER", "CHOICE"},
      BookCells);
  RETURN_IF_ERROR(EachPage(tool, flags.list, [&](int size, std::string* token) -> StatusOr<int> {
    request.set_page_size(size);
    request.set_page_token(*token);
    ASSIGN_OR_RETURN(const query::v1::ListBookResponse response, Call(tool, &BookService::Stub::ListBook, request));
    if (request.show_total_size()) total = response.total_size();
    request.set_show_total_size(false);
    for (const auto& one : response.clients()) RETURN_IF_ERROR(listing.Add(one));
    *token = response.next_page_token();
    return response.clients_size();
  }));
  listing.Finish("Nobody matches.");
  if (flags.count) Remark(tool, fmt::format("{} in all", total));
  return OkStatus();
}

std::vector<std::string> WorkCells(const BookItem& item) {
  return {EnumText(item.kind()), item.work_id(), item.client_id(), TimeText(item.due_at()), TimeText(item.since())};
}

Status Work(Tool& tool, const BrokerFlags& flags) {
  query::v1::ListWorkRequest request;
  request.set_parent(StaffName(flags.staff));
  std::vector<std::string> terms;
  if (!flags.kind.empty()) terms.push_back("kind = WORK_KIND_" + Capitals(flags.kind));
  if (!flags.filter.empty()) terms.push_back("(" + flags.filter + ")");
  request.set_filter(Joined(terms));
  request.set_min_position(flags.min_position);
  request.set_show_total_size(flags.count);
  int64_t total = 0;
  Listing<BookItem> listing(tool, {"KIND", "ID", "CLIENT", "DUE", "SINCE"}, WorkCells);
  RETURN_IF_ERROR(EachPage(tool, flags.list, [&](int size, std::string* token) -> StatusOr<int> {
    request.set_page_size(size);
    request.set_page_token(*token);
    ASSIGN_OR_RETURN(const query::v1::ListWorkResponse response, Call(tool, &BookService::Stub::ListWork, request));
    if (request.show_total_size()) total = response.total_size();
    request.set_show_total_size(false);
    for (const auto& one : response.items()) RETURN_IF_ERROR(listing.Add(one));
    *token = response.next_page_token();
    return response.items_size();
  }));
  listing.Finish("Nothing is open.");
  if (flags.count) Remark(tool, fmt::format("{} in all", total));
  return OkStatus();
}

Status Assign(Tool& tool, const BrokerFlags& flags) {
  Event event;
  event.set_client_id(flags.client);
  auto* body = event.mutable_client_assigned_to_broker();
  body->set_staff_id(flags.staff);
  body->set_role(ValueOf<events::v1::BrokerRole>(flags.role));
  body->set_handover_id(flags.handover);
  if (!flags.kind.empty()) *body->mutable_cause() = CodeOf("kefu.assignment", flags.kind);
  RETURN_IF_ERROR(
      SetTime("--from", flags.from, &events::v1::ClientAssignedToBroker::mutable_effective_from, body));
  return RecordEvent(tool, flags.record, std::move(event));
}

std::vector<std::string> LevelCells(const query::v1::ServiceLevelCount& count) {
  return {count.group(),
          count.tier(),
          count.contact_every_days() == 0 ? "nothing" : fmt::format("every {} days", count.contact_every_days()),
          fmt::format("{}", count.clients()),
          fmt::format("{}", count.promised()),
          fmt::format("{}", count.kept()),
          fmt::format("{}", count.missed())};
}

Status Levels(Tool& tool, const BrokerFlags& flags) {
  query::v1::ReportServiceLevelsRequest request;
  request.set_group_by(ValueOf<query::v1::ServiceLevelGroup>(flags.by));
  request.set_filter(flags.filter);
  request.set_min_position(flags.min_position);
  RETURN_IF_ERROR(SetTime("--as-of", flags.as_of, &query::v1::ReportServiceLevelsRequest::mutable_as_of, &request));
  ASSIGN_OR_RETURN(const query::v1::ReportServiceLevelsResponse response,
                   Call(tool, &BookService::Stub::ReportServiceLevels, request));
  if (tool.json()) return PrintJson(response);
  Listing<query::v1::ServiceLevelCount> listing(
      tool,
      {flags.by == "branch" ? "BRANCH" : "BROKER", "TIER", "PROMISED", "CLIENTS", "WITH PROMISE", "KEPT", "MISSED"},
      LevelCells);
  for (const auto& one : response.counts()) RETURN_IF_ERROR(listing.Add(one));
  listing.Finish("Nobody is served by anybody.");
  const auto& total = response.total();
  Remark(tool, fmt::format("{} clients, {} promises, {} kept, {} missed; by {}", total.clients(), total.promised(),
                           total.kept(), total.missed(),
                           response.packs().empty() ? "no pack" : JoinText(response.packs())));
  return OkStatus();
}

// Exit code 1: there are some.
Status Orphans(Tool& tool, const BrokerFlags& flags) {
  query::v1::CheckOrphansRequest request;
  request.set_min_position(flags.min_position);
  ASSIGN_OR_RETURN(const query::v1::CheckOrphansResponse response,
                   Call(tool, &BookService::Stub::CheckOrphans, request));
  if (tool.json()) {
    RETURN_IF_ERROR(PrintJson(response));
  } else {
    for (const std::string& client_id : response.orphans()) fmt::print("{}\n", client_id);
    fmt::print("{} orphans among {} clients; {} in open handovers, {} that nobody serves yet\n",
               response.orphans_total(), response.clients_total(), response.in_open_handovers_total(),
               response.unassigned_total());
  }
  return response.orphans_total() == 0 ? OkStatus() : AlreadyTold();
}

CLI::App& AddOne(CLI::App& group, BrokerFlags& flags, const std::string& name, const std::string& help,
                 const std::vector<std::string>& examples) {
  CLI::App& verb = AddVerb(group, name, help, examples);
  verb.add_option("staff", flags.staff, "The staff number")->required();
  return verb;
}

void AddCommon(CLI::App& verb, BrokerFlags& flags, bool as_of = true) {
  if (as_of) verb.add_option("--as-of", flags.as_of, "The moment it is judged at: RFC 3339, or a time from now");
  verb.add_option("--min-position", flags.min_position, "Wait until the view has reached this position");
}

void AddBrokerReading(CLI::App& group, Tool& tool) {
  auto list = std::make_shared<BrokerFlags>();
  CLI::App& list_verb = AddVerb(group, "list", "Brokers with their workload",
                                {"kefu broker list", "kefu broker list --filter 'unit_id = B-01' --personal",
                                 "kefu broker list --role wealth_adviser --output json"});
  list_verb.add_option("--role", list->role, "Staff with this role")->capture_default_str();
  list_verb.add_option("--filter", list->filter, "More conditions; docs/FILTERS.md lists the fields of staff");
  AddCommon(list_verb, *list);
  AddListFlags(list_verb, list->list);
  AddPersonalFlag(list_verb, list->list.personal);
  OnRun(list_verb, tool, [list](Tool& tool) { return List(tool, *list); });

  auto get = std::make_shared<BrokerFlags>();
  CLI::App& get_verb = AddOne(group, *get, "get", "One broker: what it may do, and all it has in hand",
                              {"kefu broker get S-7", "kefu broker get S-7 --personal",
                               "kefu broker get S-7 --as-of 2026-03-31T18:00:00+08:00 --output json"});
  AddCommon(get_verb, *get);
  AddPersonalFlag(get_verb, get->list.personal);
  OnRun(get_verb, tool, [get](Tool& tool) { return Show(tool, *get); });

  auto book = std::make_shared<BrokerFlags>();
  CLI::App& book_verb = AddOne(group, *book, "book", "The clients of a broker, those longest without service first",
                               {"kefu broker book S-7 --neglected --count", "kefu broker book S-7 --on-day 2026-03-01",
                                "kefu broker book - --filter 'branch_id = B-01' --all"});
  book_verb.get_option("staff")->description("The staff number; - for clients that nobody serves");
  book_verb.add_flag("--neglected", book->neglected, "Only those not served for longer than was promised");
  book_verb.add_option("--on-day", book->on_day, "Who was in the book on this day, such as 2026-03-01");
  book_verb.add_option("--order", book->order, "neglect or client_id")
      ->check(CLI::IsMember({"neglect", "client_id"}));
  book_verb.add_option("--filter", book->filter, "More conditions; docs/FILTERS.md lists the fields of book clients");
  book_verb.add_flag("--count", book->count, "Also say how many there are in all");
  AddCommon(book_verb, *book);
  AddListFlags(book_verb, book->list);
  OnRun(book_verb, tool, [book](Tool& tool) { return Book(tool, *book); });

  auto work = std::make_shared<BrokerFlags>();
  CLI::App& work_verb = AddOne(group, *work, "work", "Open cases, promises, call-backs, leads, recommendations of one",
                               {"kefu broker work S-7", "kefu broker work S-7 --kind promise --count",
                                "kefu broker work S-7 --filter 'client_id = C-1' --output json"});
  work_verb.add_option("--kind", work->kind, "Only this kind")
      ->check(CLI::IsMember(WordsOf<events::v1::WorkKind>()));
  work_verb.add_option("--filter", work->filter, "More conditions; docs/FILTERS.md lists the fields of work");
  work_verb.add_flag("--count", work->count, "Also say how many there are in all");
  AddCommon(work_verb, *work, /*as_of=*/false);
  AddListFlags(work_verb, work->list);
  OnRun(work_verb, tool, [work](Tool& tool) { return Work(tool, *work); });
}

void AddAssign(CLI::App& group, Tool& tool) {
  auto flags = std::make_shared<BrokerFlags>();
  flags->role = "primary";
  CLI::App& verb = AddVerb(group, "assign", "A member of staff takes a client into the book",
                           {"kefu broker assign C-1 S-7 --cause new_client", "kefu broker assign C-1 S-8 --role backup",
                            "kefu broker assign C-1 S-9 --from 2026-03-01T00:00:00+08:00 --cause client_wish"});
  verb.add_option("client", flags->client, "Whom")->required();
  verb.add_option("staff", flags->staff, "Who takes it, by staff number")->required();
  verb.add_option("--role", flags->role, "primary, backup or specialist")
      ->check(CLI::IsMember(WordsOf<events::v1::BrokerRole>()))
      ->capture_default_str();
  verb.add_option("--from", flags->from, "Since when it holds; the event's own time if not given");
  verb.add_option("--cause", flags->kind, "new_client, client_wish, workload …");
  verb.add_option("--handover", flags->handover, "The handover it belongs to");
  AddRecordFlags(verb, flags->record);
  OnRun(verb, tool, [flags](Tool& tool) { return Assign(tool, *flags); });
}

void AddChecks(CLI::App& group, Tool& tool) {
  auto levels = std::make_shared<BrokerFlags>();
  CLI::App& levels_verb = AddVerb(group, "levels", "What each tier is promised, and how often it is kept",
                                  {"kefu broker levels", "kefu broker levels --by broker",
                                   "kefu broker levels --by branch --filter 'tier = gold' --output json"});
  levels_verb.add_option("--by", levels->by, "Also by broker or branch")
      ->check(CLI::IsMember(WordsOf<query::v1::ServiceLevelGroup>()));
  levels_verb.add_option("--filter", levels->filter, "Conditions; docs/FILTERS.md lists the fields of book clients");
  AddCommon(levels_verb, *levels);
  OnRun(levels_verb, tool, [levels](Tool& tool) { return Levels(tool, *levels); });

  auto orphans = std::make_shared<BrokerFlags>();
  CLI::App& orphans_verb =
      AddVerb(group, "orphans", "Clients whose broker has left: there must be none. Exit code 1 says some",
              {"kefu broker orphans", "kefu broker orphans --output json",
               "kefu broker orphans --server kefu.example:7800"});
  AddCommon(orphans_verb, *orphans, /*as_of=*/false);
  OnRun(orphans_verb, tool, [orphans](Tool& tool) { return Orphans(tool, *orphans); });
}

}  // namespace

void AddBrokerVerbs(CLI::App& app, Tool& tool) {
  CLI::App& group = AddGroup(app, "broker", "Brokers, their books and their work");
  AddBrokerReading(group, tool);
  AddAssign(group, tool);
  AddChecks(group, tool);
}

}  // namespace kefu::cli

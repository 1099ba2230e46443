// kefu staff list, publish, qualify, train.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>

#include "kefu/query/v1/book.grpc.pb.h"
#include "platform/base/time.h"
#include "services/cli/call.h"
#include "services/cli/case_filter.h"
#include "services/cli/listing.h"
#include "services/cli/record.h"
#include "services/cli/verbs.h"
#include "services/cli/words.h"

namespace kefu::cli {
namespace {

using events::v1::Event;
using query::v1::StaffMember;

struct ListStaffFlags {
  std::string status, unit, role, permits, expiring, filter, as_of, min_position;
  bool count = false;
  ListFlags list;

  StatusOr<std::string> Filter() const {
    std::vector<std::string> terms;
    if (!status.empty()) terms.push_back("status = STAFF_STATUS_" + Capitals(status));
    if (!unit.empty()) terms.push_back("unit_id = " + QuotedText(unit));
    if (!role.empty()) terms.push_back("role:" + QuotedText(role));
    if (!permits.empty()) terms.push_back("permits:" + QuotedText(permits));
    if (!expiring.empty()) {
      ASSIGN_OR_RETURN(const absl::Time until, TimeOf("--expiring", expiring));
      terms.push_back(fmt::format("expire_time < \"{}\"", FormatRfc3339(until)));
    }
    if (!filter.empty()) terms.push_back("(" + filter + ")");
    return fmt::format("{}", fmt::join(terms, " AND "));
  }
};

std::string ActsText(const StaffMember& member) {
  std::vector<std::string> acts;
  for (const int act : member.permitted_acts()) acts.push_back(EnumText(static_cast<events::v1::StaffAct>(act)));
  return fmt::format("{}", fmt::join(acts, ", "));
}

std::string TrainingText(const StaffMember& member) {
  if (member.training().empty()) return "";
  const auto& last = *member.training().rbegin();
  return fmt::format("{}: {} min, {} law", last.year(), last.minutes(), last.law_and_ethics_minutes());
}

std::vector<std::string> Cells(const StaffMember& member) {
  return {member.staff_id(),  member.name(),       member.unit_id(),
          EnumText(member.status()), JoinText(member.roles()), ActsText(member),
          TimeText(member.expires_at()), TrainingText(member), member.handover_id()};
}

Status List(Tool& tool, const ListStaffFlags& flags) {
  query::v1::ListStaffRequest request;
  ASSIGN_OR_RETURN(*request.mutable_filter(), flags.Filter());
  request.set_min_position(flags.min_position);
  RETURN_IF_ERROR(SetTime("--as-of", flags.as_of, &query::v1::ListStaffRequest::mutable_as_of, &request));
  request.set_show_total_size(flags.count);
  int64_t total = 0;
  Listing<StaffMember> listing(
      tool, {"STAFF", "NAME", "UNIT", "STATUS", "ROLES", "MAY", "EXPIRES", "TRAINING", "HANDOVER"}, Cells);
  RETURN_IF_ERROR(EachPage(tool, flags.list, [&](int size, std::string* token) -> StatusOr<int> {
    request.set_page_size(size);
    request.set_page_token(*token);
    ASSIGN_OR_RETURN(query::v1::ListStaffResponse response,
                     Call(tool, &query::v1::BookService::Stub::ListStaff, request));
    if (request.show_total_size()) total = response.total_size();
    request.set_show_total_size(false);
    for (auto& one : *response.mutable_staff()) {
      if (!flags.list.personal) ClearPersonal(&one);
      RETURN_IF_ERROR(listing.Add(one));
    }
    *token = response.next_page_token();
    return response.staff_size();
  }));
  listing.Finish("Nothing matches.");
  if (flags.count) Remark(tool, fmt::format("{} in all", total));
  return OkStatus();
}

void AddList(CLI::App& group, Tool& tool) {
  auto flags = std::make_shared<ListStaffFlags>();
  CLI::App& verb = AddVerb(group, "list", "Staff, what each may do, and what runs out",
                           {"kefu staff list --count", "kefu staff list --expiring 720h --personal",
                            "kefu staff list --permits recommend --as-of 2026-03-01T09:00:00+08:00 --output json"});
  verb.add_option("--status", flags->status, "active, leaving or left")
      ->check(CLI::IsMember(WordsOf<query::v1::StaffStatus>()));
  verb.add_option("--unit", flags->unit, "Only of this unit");
  verb.add_option("--role", flags->role, "Only with this role");
  verb.add_option("--permits", flags->permits, "Only who may do this on the day")
      ->check(CLI::IsMember(WordsOf<events::v1::StaffAct>()));
  verb.add_option("--expiring", flags->expiring,
                  "Only with a qualification that runs out before: RFC 3339, or a time from now such as 720h");
  verb.add_option("--as-of", flags->as_of, "The moment whose day decides: RFC 3339, or a time from now");
  verb.add_option("--filter", flags->filter, "More conditions; docs/FILTERS.md lists the fields");
  verb.add_flag("--count", flags->count, "Also say how many there are in all");
  verb.add_option("--min-position", flags->min_position, "Wait until the view has reached this position");
  AddListFlags(verb, flags->list);
  AddPersonalFlag(verb, flags->list.personal);
  OnRun(verb, tool, [flags](Tool& tool) { return List(tool, *flags); });
}

struct StaffFlags {
  std::string staff, name, unit, contract = "employee", joined, qualification, number, from, until, course, on;
  std::vector<std::string> roles, permits;
  int32_t minutes = 0, law_minutes = 0;
  RecordFlags record;
};

Status Publish(Tool& tool, const StaffFlags& flags) {
  Event event;
  auto* body = event.mutable_staff_published();
  body->set_staff_id(flags.staff);
  body->set_name(flags.name);
  body->set_unit_id(flags.unit);
  for (const std::string& role : flags.roles) body->add_roles(role);
  body->set_contract(ValueOf<events::v1::StaffContract>(flags.contract));
  if (!flags.joined.empty()) RETURN_IF_ERROR(SetDay("--joined", flags.joined, body->mutable_joined()));
  return RecordEvent(tool, flags.record, std::move(event));
}

Status Qualify(Tool& tool, const StaffFlags& flags) {
  Event event;
  auto* body = event.mutable_qualification_recorded();
  body->set_staff_id(flags.staff);
  *body->mutable_qualification() = CodeOf("kefu.qualification", flags.qualification);
  body->set_number(flags.number);
  RETURN_IF_ERROR(SetDay("--from", flags.from, body->mutable_valid_from()));
  if (!flags.until.empty()) RETURN_IF_ERROR(SetDay("--until", flags.until, body->mutable_valid_until()));
  for (const std::string& act : flags.permits) body->add_permitted_acts(ValueOf<events::v1::StaffAct>(act));
  return RecordEvent(tool, flags.record, std::move(event));
}

Status Train(Tool& tool, const StaffFlags& flags) {
  Event event;
  auto* body = event.mutable_training_recorded();
  body->set_staff_id(flags.staff);
  *body->mutable_course() = CodeOf("kefu.training", flags.course);
  RETURN_IF_ERROR(SetDay("--on", flags.on, body->mutable_completed()));
  body->set_minutes(flags.minutes);
  body->set_law_and_ethics_minutes(flags.law_minutes);
  return RecordEvent(tool, flags.record, std::move(event));
}

CLI::App& AddOne(CLI::App& group, StaffFlags& flags, const std::string& name, const std::string& help,
                 const std::vector<std::string>& examples) {
  CLI::App& verb = AddVerb(group, name, help, examples);
  verb.add_option("staff", flags.staff, "The staff number")->required();
  return verb;
}

void AddPublish(CLI::App& group, Tool& tool) {
  auto flags = std::make_shared<StaffFlags>();
  CLI::App& verb =
      AddOne(group, *flags, "publish", "A member of staff as it is from now on: the whole record",
             {"kefu staff publish S-7 --name 王小明 --unit B-01 --role broker --joined 2026-01-05",
              "kefu staff publish S-8 --unit B-01 --role broker --role wealth_adviser --contract agent",
              "kefu staff publish S-7 --name 王小明 --unit B-02 --role broker --by S-1"});
  verb.add_option("--name", flags->name, "Its name");
  verb.add_option("--unit", flags->unit, "The unit it belongs to")->required();
  verb.add_option("--role", flags->roles, "broker, wealth_adviser, service_desk, complaint_handler; may be repeated");
  verb.add_option("--contract", flags->contract, "employee or agent")
      ->check(CLI::IsMember(WordsOf<events::v1::StaffContract>()))
      ->capture_default_str();
  verb.add_option("--joined", flags->joined, "Its first day, such as 2026-03-01");
  AddRecordFlags(verb, flags->record);
  OnRun(verb, tool, [flags](Tool& tool) { return Publish(tool, *flags); });
}

void AddQualify(CLI::App& group, Tool& tool) {
  auto flags = std::make_shared<StaffFlags>();
  CLI::App& verb = AddOne(
      group, *flags, "qualify", "What a member of staff is qualified for, and how long; replaces the earlier record",
      {"kefu staff qualify S-7 securities_practice --number S0010 --from 2026-01-01 --until 2027-12-31 --permits serve",
       "kefu staff qualify S-7 investment_adviser --from 2026-01-01 --permits assess --permits recommend",
       "kefu staff qualify S-8 broker_agent --from 2026-02-01 --permits serve --permits market --by S-1"});
  verb.add_option("qualification", flags->qualification, "securities_practice, investment_adviser, broker_agent …")
      ->required();
  verb.add_option("--number", flags->number, "As the association registered it");
  verb.add_option("--from", flags->from, "The first day on which it is valid")->required();
  verb.add_option("--until", flags->until, "The last day; without end if not given");
  verb.add_option("--permits", flags->permits, "What it permits; may be repeated")
      ->required()
      ->check(CLI::IsMember(WordsOf<events::v1::StaffAct>()));
  AddRecordFlags(verb, flags->record);
  OnRun(verb, tool, [flags](Tool& tool) { return Qualify(tool, *flags); });
}

void AddTrain(CLI::App& group, Tool& tool) {
  auto flags = std::make_shared<StaffFlags>();
  CLI::App& verb = AddOne(group, *flags, "train", "Training that a member of staff took",
                          {"kefu staff train S-7 suitability_2026 --on 2026-03-01 --minutes 90",
                           "kefu staff train S-7 anti_money_laundering --on 2026-03-02 --minutes 60 --law-minutes 60",
                           "kefu staff train S-8 products --on 2026-03-02 --minutes 120 --by S-1"});
  verb.add_option("course", flags->course, "Which course")->required();
  verb.add_option("--on", flags->on, "The day it was completed")->required();
  verb.add_option("--minutes", flags->minutes, "How long it took")->required()->check(CLI::PositiveNumber);
  verb.add_option("--law-minutes", flags->law_minutes, "Of them about law and ethics")->check(CLI::NonNegativeNumber);
  AddRecordFlags(verb, flags->record);
  OnRun(verb, tool, [flags](Tool& tool) { return Train(tool, *flags); });
}

}  // namespace

void AddStaffVerbs(CLI::App& app, Tool& tool) {
  CLI::App& group = AddGroup(app, "staff", "Staff: what each may do, and its training");
  AddList(group, tool);
  AddPublish(group, tool);
  AddQualify(group, tool);
  AddTrain(group, tool);
}

}  // namespace kefu::cli

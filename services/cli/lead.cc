// kefu lead list, credits, raise, accept, decline, work, win, lose.

#include <CLI/CLI.hpp>
#include <charconv>
#include <memory>

#include "services/cli/lead_list.h"
#include "services/cli/record.h"
#include "services/cli/verbs.h"

namespace kefu::cli {
namespace {

using events::v1::Event;

struct LeadFlags {
  std::string lead, client, need, product, contact, promise, owner, team, due, note, staff, cause, activity, currency;
  std::vector<std::string> credits;
  int64_t amount = 0;
  bool for_service = false;
  RecordFlags record;
};

// The event's client: told, or the one the lead is about.
Status SetClient(Tool& tool, const LeadFlags& flags, Event* event) {
  event->set_client_id(flags.client);
  if (flags.client.empty()) {
    ASSIGN_OR_RETURN(*event->mutable_client_id(), ClientOfLead(tool, flags.lead));
  }
  return OkStatus();
}

Status Raise(Tool& tool, const LeadFlags& flags) {
  Event event;
  event.set_client_id(flags.client);
  auto* body = event.mutable_lead_raised();
  body->set_lead_id(flags.lead);
  body->set_direction(flags.for_service ? events::v1::LEAD_DIRECTION_MARKETING_TO_SERVICE
                                        : events::v1::LEAD_DIRECTION_SERVICE_TO_MARKETING);
  if (!flags.need.empty()) *body->mutable_need() = CodeOf("kefu.need", flags.need);
  body->set_product_id(flags.product);
  body->set_contact_id(flags.contact);
  body->set_promise_id(flags.promise);
  body->set_raised_by(flags.record.by);
  body->set_owner_id(flags.owner);
  body->set_team(flags.team);
  body->set_note(flags.note);
  RETURN_IF_ERROR(SetTime("--due", flags.due, &events::v1::LeadRaised::mutable_due_at, body));
  return RecordEvent(tool, flags.record, std::move(event));
}

Status Accept(Tool& tool, const LeadFlags& flags) {
  Event event;
  RETURN_IF_ERROR(SetClient(tool, flags, &event));
  auto* body = event.mutable_lead_accepted();
  body->set_lead_id(flags.lead);
  body->set_staff_id(flags.staff);
  RETURN_IF_ERROR(SetTime("--due", flags.due, &events::v1::LeadAccepted::mutable_due_at, body));
  return RecordEvent(tool, flags.record, std::move(event));
}

Status Decline(Tool& tool, const LeadFlags& flags) {
  Event event;
  RETURN_IF_ERROR(SetClient(tool, flags, &event));
  auto* body = event.mutable_lead_declined();
  body->set_lead_id(flags.lead);
  if (!flags.cause.empty()) *body->mutable_cause() = CodeOf("kefu.cause", flags.cause);
  return RecordEvent(tool, flags.record, std::move(event));
}

Status Work(Tool& tool, const LeadFlags& flags) {
  Event event;
  RETURN_IF_ERROR(SetClient(tool, flags, &event));
  auto* body = event.mutable_lead_worked();
  body->set_lead_id(flags.lead);
  *body->mutable_activity() = CodeOf("kefu.lead_activity", flags.activity);
  body->set_contact_id(flags.contact);
  return RecordEvent(tool, flags.record, std::move(event));
}

// "S-7=30" or "S-7=33.33", in per cent.
Status AddCredit(const std::string& text, events::v1::LeadWon* body) {
  const size_t equals = text.find('=');
  const auto bad = [&] {
    return InvalidArgument("--credit \"{}\": write staff=share, the share in per cent with at most two decimals",
                           text.substr(0, 80));
  };
  if (equals == std::string::npos || equals == 0) return bad();
  std::string digits = text.substr(equals + 1);
  const size_t point = digits.find('.');
  const size_t decimals = point == std::string::npos ? 0 : digits.size() - point - 1;
  if (decimals > 2 || (point != std::string::npos && decimals == 0)) return bad();
  if (point != std::string::npos) digits.erase(point, 1);
  digits.append(2 - decimals, '0');
  int32_t share = 0;
  const auto [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), share);
  if (fault != std::errc() || end != digits.data() + digits.size() || share < 0 || share > 10'000) return bad();
  auto* credit = body->add_credits();
  credit->set_staff_id(text.substr(0, equals));
  credit->set_share_bp(share);
  return OkStatus();
}

Status Win(Tool& tool, const LeadFlags& flags) {
  Event event;
  RETURN_IF_ERROR(SetClient(tool, flags, &event));
  auto* body = event.mutable_lead_won();
  body->set_lead_id(flags.lead);
  body->set_product_id(flags.product);
  if (flags.amount != 0) {
    body->mutable_amount()->set_minor_units(flags.amount);
    body->mutable_amount()->set_currency(flags.currency);
  }
  for (const std::string& credit : flags.credits) RETURN_IF_ERROR(AddCredit(credit, body));
  return RecordEvent(tool, flags.record, std::move(event));
}

Status Lose(Tool& tool, const LeadFlags& flags) {
  Event event;
  RETURN_IF_ERROR(SetClient(tool, flags, &event));
  auto* body = event.mutable_lead_lost();
  body->set_lead_id(flags.lead);
  if (!flags.cause.empty()) *body->mutable_cause() = CodeOf("kefu.cause", flags.cause);
  return RecordEvent(tool, flags.record, std::move(event));
}

// A verb about one lead, with the flags that all of them share.
CLI::App& AddLead(CLI::App& group, LeadFlags& flags, const std::string& name, const std::string& help,
                  const std::vector<std::string>& examples) {
  CLI::App& verb = AddVerb(group, name, help, examples);
  verb.add_option("lead", flags.lead, "The firm's own id of the lead")->required();
  return verb;
}

void AddClientFlag(CLI::App& verb, LeadFlags& flags) {
  verb.add_option("--client", flags.client, "Whom it is about; asked for at the server if not given");
}

void AddRaise(CLI::App& group, Tool& tool) {
  auto flags = std::make_shared<LeadFlags>();
  CLI::App& verb = AddLead(
      group, *flags, "raise", "Service saw a chance, or marketing promised what service has to do",
      {"kefu lead raise L-1 --client C-1 --need idle_cash --team wealth --due 48h --by S-3 --note '定存下月到期'",
       "kefu lead raise L-2 --client C-1 --product P-9 --owner S-7 --due 2026-03-05T17:00:00+08:00 --by S-3",
       "kefu lead raise L-3 --client C-1 --for-service --promise P-1 --team desk --due 24h --by S-7"});
  verb.add_option("--client", flags->client, "Whom it is about")->required();
  verb.add_option("--due", flags->due, "By when it has to be taken up: RFC 3339, or a time from now such as 48h")
      ->required();
  verb.add_option("--owner", flags->owner, "Who is to take it, by staff number");
  verb.add_option("--team", flags->team, "Whose it is if nobody is named");
  verb.add_option("--need", flags->need, "What was seen, in one word such as pension");
  verb.add_option("--product", flags->product, "What could be offered");
  verb.add_option("--contact", flags->contact, "The contact in which it was seen");
  verb.add_flag("--for-service", flags->for_service, "From marketing to service, not the other way round");
  verb.add_option("--promise", flags->promise, "The promise that marketing made");
  verb.add_option("--note", flags->note, "In words");
  AddRecordFlags(verb, flags->record);
  OnRun(verb, tool, [flags](Tool& tool) { return Raise(tool, *flags); });
}

void AddAccept(CLI::App& group, Tool& tool) {
  auto flags = std::make_shared<LeadFlags>();
  CLI::App& verb = AddLead(group, *flags, "accept", "Someone takes a lead, and owns it from now on",
                           {"kefu lead accept L-1 --staff S-7 --due 336h", "kefu lead accept L-1 --staff S-7 --by S-7",
                            "kefu lead accept L-1 --staff S-7 --client C-1 --due 2026-03-20T17:00:00+08:00"});
  AddClientFlag(verb, *flags);
  verb.add_option("--staff", flags->staff, "Who takes it, by staff number")->required();
  verb.add_option("--due", flags->due, "By when it has to end; if not given, by when it had to be taken up");
  AddRecordFlags(verb, flags->record);
  OnRun(verb, tool, [flags](Tool& tool) { return Accept(tool, *flags); });
}

void AddDecline(CLI::App& group, Tool& tool) {
  auto flags = std::make_shared<LeadFlags>();
  CLI::App& verb = AddLead(group, *flags, "decline", "Nobody will take it up",
                           {"kefu lead decline L-1 --cause no_need", "kefu lead decline L-1 --by S-7",
                            "kefu lead decline L-1 --client C-1 --cause already_has_it"});
  AddClientFlag(verb, *flags);
  verb.add_option("--cause", flags->cause, "Why, in one word");
  AddRecordFlags(verb, flags->record);
  OnRun(verb, tool, [flags](Tool& tool) { return Decline(tool, *flags); });
}

void AddWork(CLI::App& group, Tool& tool) {
  auto flags = std::make_shared<LeadFlags>();
  CLI::App& verb = AddLead(group, *flags, "work", "Something was done about a lead",
                           {"kefu lead work L-1 called --by S-7", "kefu lead work L-1 met --contact X-77",
                            "kefu lead work L-1 offer_made --client C-1 --at 2026-03-05T16:10:00+08:00"});
  verb.add_option("activity", flags->activity, "What, in one word: called, met, offer_made")->required();
  AddClientFlag(verb, *flags);
  verb.add_option("--contact", flags->contact, "The contact in which it was done");
  AddRecordFlags(verb, flags->record);
  OnRun(verb, tool, [flags](Tool& tool) { return Work(tool, *flags); });
}

void AddWin(CLI::App& group, Tool& tool) {
  auto flags = std::make_shared<LeadFlags>();
  CLI::App& verb = AddLead(
      group, *flags, "win", "The client took it; who has which part in it",
      {"kefu lead win L-1 --amount 500000 --currency CNY --credit S-3=30 --credit S-7=70",
       "kefu lead win L-1 --product P-9 --amount 100 --currency CNY --credit S-3=33.33 --credit S-7=66.67",
       "kefu lead win L-1 --client C-1 --credit S-7=100"});
  AddClientFlag(verb, *flags);
  verb.add_option("--product", flags->product, "What was sold; if not given, what it was raised for");
  auto* amount = verb.add_option("--amount", flags->amount, "In minor units, such as cents");
  amount->needs(verb.add_option("--currency", flags->currency, "Such as CNY"));
  verb.add_option("--credit", flags->credits, "staff=share in per cent; all shares together are 100; may be repeated");
  AddRecordFlags(verb, flags->record);
  OnRun(verb, tool, [flags](Tool& tool) { return Win(tool, *flags); });
}

void AddLose(CLI::App& group, Tool& tool) {
  auto flags = std::make_shared<LeadFlags>();
  CLI::App& verb = AddLead(group, *flags, "lose", "It came to nothing",
                           {"kefu lead lose L-1 --cause went_elsewhere", "kefu lead lose L-1 --by S-7",
                            "kefu lead lose L-1 --client C-1 --cause too_expensive"});
  AddClientFlag(verb, *flags);
  verb.add_option("--cause", flags->cause, "Why, in one word");
  AddRecordFlags(verb, flags->record);
  OnRun(verb, tool, [flags](Tool& tool) { return Lose(tool, *flags); });
}

}  // namespace

void AddLeadVerbs(CLI::App& app, Tool& tool) {
  CLI::App& group = AddGroup(app, "lead", "Leads between service and marketing");
  AddLeadListVerb(group, tool);
  AddLeadCreditsVerb(group, tool);
  AddRaise(group, tool);
  AddAccept(group, tool);
  AddDecline(group, tool);
  AddWork(group, tool);
  AddWin(group, tool);
  AddLose(group, tool);
}

}  // namespace kefu::cli

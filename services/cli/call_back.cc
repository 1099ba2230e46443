// kefu callback list, plan, done, cancel.

#include <CLI/CLI.hpp>

#include "services/cli/record.h"
#include "services/cli/undertaking_list.h"
#include "services/cli/verbs.h"

namespace kefu::cli {
namespace {

using events::v1::Event;

struct CallBackFlags {
  std::string call_back, client, due, owner, team, programme, case_id, contact, caller, outcome, cause;
  std::vector<std::string> questions, answers, findings;
  bool independent = false;
  RecordFlags record;
};

// The event's client: told, or the one who is to be called.
Status SetClient(Tool& tool, const CallBackFlags& flags, Event* event) {
  event->set_client_id(flags.client);
  if (flags.client.empty()) {
    ASSIGN_OR_RETURN(*event->mutable_client_id(), ClientOfUndertaking(tool, flags.call_back));
  }
  return OkStatus();
}

Status Plan(Tool& tool, const CallBackFlags& flags) {
  Event event;
  event.set_client_id(flags.client);
  auto* body = event.mutable_call_back_planned();
  body->set_call_back_id(flags.call_back);
  if (!flags.programme.empty()) *body->mutable_programme() = CodeOf("kefu.callback", flags.programme);
  body->set_owner_id(flags.owner);
  body->set_team(flags.team);
  body->set_case_id(flags.case_id);
  body->set_contact_id(flags.contact);
  for (const std::string& question : flags.questions) *body->add_questions() = CodeOf("kefu.question", question);
  RETURN_IF_ERROR(SetTime("--due", flags.due, &events::v1::CallBackPlanned::mutable_due_at, body));
  return RecordEvent(tool, flags.record, std::move(event));
}

// "knows_risks=yes"
Status AddAnswers(std::string_view flag, const std::vector<std::string>& texts, bool is_finding,
                  events::v1::CallBackDone* body) {
  for (const std::string& text : texts) {
    const size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0)
      return InvalidArgument("{} \"{}\": write question=answer", flag, text.substr(0, 80));
    auto* answer = body->add_answers();
    *answer->mutable_question() = CodeOf("kefu.question", text.substr(0, equals));
    answer->set_answer(text.substr(equals + 1));
    answer->set_is_finding(is_finding);
  }
  return OkStatus();
}

Status Done(Tool& tool, const CallBackFlags& flags) {
  Event event;
  auto* body = event.mutable_call_back_done();
  body->set_call_back_id(flags.call_back);
  body->set_contact_id(flags.contact);
  body->set_caller_id(flags.caller.empty() ? flags.record.by : flags.caller);
  body->set_caller_is_independent(flags.independent);
  if (!flags.outcome.empty()) *body->mutable_outcome() = CodeOf("kefu.outcome", flags.outcome);
  RETURN_IF_ERROR(AddAnswers("--answer", flags.answers, false, body));
  RETURN_IF_ERROR(AddAnswers("--finding", flags.findings, true, body));
  RETURN_IF_ERROR(SetClient(tool, flags, &event));
  return RecordEvent(tool, flags.record, std::move(event));
}

Status Cancel(Tool& tool, const CallBackFlags& flags) {
  Event event;
  RETURN_IF_ERROR(SetClient(tool, flags, &event));
  auto* body = event.mutable_call_back_cancelled();
  body->set_call_back_id(flags.call_back);
  if (!flags.cause.empty()) *body->mutable_cause() = CodeOf("kefu.cause", flags.cause);
  return RecordEvent(tool, flags.record, std::move(event));
}

CLI::App& AddCallBack(CLI::App& group, CallBackFlags& flags, const std::string& name, const std::string& help,
                      const std::vector<std::string>& examples) {
  CLI::App& verb = AddVerb(group, name, help, examples);
  verb.add_option("callback", flags.call_back, "The firm's own id of the call-back")->required();
  return verb;
}

void AddClientFlag(CLI::App& verb, CallBackFlags& flags) {
  verb.add_option("--client", flags.client, "Whom it is with; asked for at the server if not given");
}

void AddPlan(CLI::App& group, Tool& tool) {
  auto flags = std::make_shared<CallBackFlags>();
  CLI::App& verb = AddCallBack(
      group, *flags, "plan", "A client is to be called back",
      {"kefu callback plan B-1 --client C-1 --programme new_account --due 240h --team callbacks",
       "kefu callback plan B-2 --client C-1 --case K-1 --owner S-3 --due 2026-03-05T17:00:00+08:00",
       "kefu callback plan B-3 --client C-9 --due 240h --programme yearly_sample --question knows_risks,knows_fees"});
  verb.add_option("--client", flags->client, "Whom to call")->required();
  verb.add_option("--programme", flags->programme, "Why: new_account, yearly_sample, complaint, asked_for");
  verb.add_option("--due", flags->due, "Until when: RFC 3339, or a time from now such as 240h")->required();
  verb.add_option("--owner", flags->owner, "Who is to call, by staff number");
  verb.add_option("--team", flags->team, "Or anyone of this team");
  verb.add_option("--question", flags->questions, "What has to be asked")->delimiter(',');
  verb.add_option("--case", flags->case_id, "The case it is about");
  verb.add_option("--contact", flags->contact, "The contact in which it was agreed");
  AddRecordFlags(verb, flags->record);
  OnRun(verb, tool, [flags](Tool& tool) { return Plan(tool, *flags); });
}

void AddDone(CLI::App& group, Tool& tool) {
  auto flags = std::make_shared<CallBackFlags>();
  CLI::App& verb = AddCallBack(group, *flags, "done", "The client was reached and asked",
                               {"kefu callback done B-1 --caller S-3 --independent --answer knows_fees=yes",
                                "kefu callback done B-1 --by S-3 --finding 'knows_risks=did not read them'",
                                "kefu callback done B-1 --client C-1 --contact X-9 --outcome satisfied"});
  AddClientFlag(verb, *flags);
  verb.add_option("--caller", flags->caller, "Who called, by staff number; --by if not given");
  verb.add_flag("--independent", flags->independent, "The caller neither serves nor sells to this client");
  verb.add_option("--answer", flags->answers, "question=answer; may be given again");
  verb.add_option("--finding", flags->findings, "question=answer that has to be looked into; may be given again");
  verb.add_option("--outcome", flags->outcome, "How it ended, in one word");
  verb.add_option("--contact", flags->contact, "The contact it was");
  AddRecordFlags(verb, flags->record);
  OnRun(verb, tool, [flags](Tool& tool) { return Done(tool, *flags); });
}

void AddCancel(CLI::App& group, Tool& tool) {
  auto flags = std::make_shared<CallBackFlags>();
  CLI::App& verb = AddCallBack(group, *flags, "cancel", "It will not be made",
                               {"kefu callback cancel B-1 --cause client_declined", "kefu callback cancel B-1 --by S-3",
                                "kefu callback cancel B-1 --client C-1 --cause account_closed"});
  AddClientFlag(verb, *flags);
  verb.add_option("--cause", flags->cause, "Why, in one word");
  AddRecordFlags(verb, flags->record);
  OnRun(verb, tool, [flags](Tool& tool) { return Cancel(tool, *flags); });
}

}  // namespace

void AddCallBackVerbs(CLI::App& app, Tool& tool) {
  CLI::App& group = AddGroup(app, "callback", "Call-backs planned with clients");
  AddUndertakingListVerb(group, tool, query::v1::UNDERTAKING_KIND_CALL_BACK, "Call-backs by due time",
                         {"kefu callback list --overdue --count", "kefu callback list --team callbacks",
                          "kefu callback list --client C-1 --state done --filter 'programme = new_account'"});
  AddPlan(group, tool);
  AddDone(group, tool);
  AddCancel(group, tool);
}

}  // namespace kefu::cli

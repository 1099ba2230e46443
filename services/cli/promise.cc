// kefu promise list, make, keep, release.

#include <CLI/CLI.hpp>

#include "services/cli/record.h"
#include "services/cli/undertaking_list.h"
#include "services/cli/verbs.h"

namespace kefu::cli {
namespace {

using events::v1::Event;

struct PromiseFlags {
  std::string promise, client, text, due, owner, case_id, contact, cause;
  RecordFlags record;
};

// The event's client: told, or the one the promise was made to.
Status SetClient(Tool& tool, const PromiseFlags& flags, Event* event) {
  event->set_client_id(flags.client);
  if (flags.client.empty()) {
    ASSIGN_OR_RETURN(*event->mutable_client_id(), ClientOfUndertaking(tool, flags.promise));
  }
  return OkStatus();
}

Status Make(Tool& tool, const PromiseFlags& flags) {
  Event event;
  event.set_client_id(flags.client);
  auto* body = event.mutable_promise_made();
  body->set_promise_id(flags.promise);
  body->set_text(flags.text);
  body->set_owner_id(flags.owner);
  body->set_case_id(flags.case_id);
  body->set_contact_id(flags.contact);
  RETURN_IF_ERROR(SetTime("--due", flags.due, &events::v1::PromiseMade::mutable_due_at, body));
  return RecordEvent(tool, flags.record, std::move(event));
}

Status Keep(Tool& tool, const PromiseFlags& flags) {
  Event event;
  RETURN_IF_ERROR(SetClient(tool, flags, &event));
  event.mutable_promise_kept()->set_promise_id(flags.promise);
  event.mutable_promise_kept()->set_contact_id(flags.contact);
  return RecordEvent(tool, flags.record, std::move(event));
}

Status Release(Tool& tool, const PromiseFlags& flags) {
  Event event;
  RETURN_IF_ERROR(SetClient(tool, flags, &event));
  auto* body = event.mutable_promise_released();
  body->set_promise_id(flags.promise);
  if (!flags.cause.empty()) *body->mutable_cause() = CodeOf("kefu.cause", flags.cause);
  return RecordEvent(tool, flags.record, std::move(event));
}

CLI::App& AddPromise(CLI::App& group, PromiseFlags& flags, const std::string& name, const std::string& help,
                     const std::vector<std::string>& examples) {
  CLI::App& verb = AddVerb(group, name, help, examples);
  verb.add_option("promise", flags.promise, "The firm's own id of the promise")->required();
  return verb;
}

void AddClientFlag(CLI::App& verb, PromiseFlags& flags) {
  verb.add_option("--client", flags.client, "Whom it was made to; asked for at the server if not given");
}

void AddMake(CLI::App& group, Tool& tool) {
  auto flags = std::make_shared<PromiseFlags>();
  CLI::App& verb = AddPromise(group, *flags, "make", "The firm promised a client something",
                              {"kefu promise make P-1 --client C-1 --text '週五前寄出對帳單' --due 72h --owner S-7",
                               "kefu promise make P-2 --client C-1 --case K-1 --due 2026-03-05T17:00:00+08:00",
                               "kefu promise make P-3 --client C-9 --text 'send the form' --due 48h --by S-7"});
  verb.add_option("--client", flags->client, "Whom it was made to")->required();
  verb.add_option("--text", flags->text, "What was promised");
  verb.add_option("--due", flags->due, "Until when: RFC 3339, or a time from now such as 72h")->required();
  verb.add_option("--owner", flags->owner, "Who has to keep it, by staff number");
  verb.add_option("--case", flags->case_id, "The case it is about");
  verb.add_option("--contact", flags->contact, "The contact in which it was made");
  AddRecordFlags(verb, flags->record);
  OnRun(verb, tool, [flags](Tool& tool) { return Make(tool, *flags); });
}

void AddKeep(CLI::App& group, Tool& tool) {
  auto flags = std::make_shared<PromiseFlags>();
  CLI::App& verb = AddPromise(group, *flags, "keep", "It was done as promised",
                              {"kefu promise keep P-1 --by S-7", "kefu promise keep P-1 --contact X-77",
                               "kefu promise keep P-1 --client C-1 --at 2026-03-05T16:10:00+08:00"});
  AddClientFlag(verb, *flags);
  verb.add_option("--contact", flags->contact, "The contact in which the client was told");
  AddRecordFlags(verb, flags->record);
  OnRun(verb, tool, [flags](Tool& tool) { return Keep(tool, *flags); });
}

void AddRelease(CLI::App& group, Tool& tool) {
  auto flags = std::make_shared<PromiseFlags>();
  CLI::App& verb = AddPromise(group, *flags, "release", "The client does not want it any more, or it became void",
                              {"kefu promise release P-1 --cause client_waived", "kefu promise release P-1 --by S-7",
                               "kefu promise release P-1 --client C-1 --cause account_closed"});
  AddClientFlag(verb, *flags);
  verb.add_option("--cause", flags->cause, "Why, in one word");
  AddRecordFlags(verb, flags->record);
  OnRun(verb, tool, [flags](Tool& tool) { return Release(tool, *flags); });
}

}  // namespace

void AddPromiseVerbs(CLI::App& app, Tool& tool) {
  CLI::App& group = AddGroup(app, "promise", "Promises made to clients");
  AddUndertakingListVerb(group, tool, query::v1::UNDERTAKING_KIND_PROMISE, "Promises by due time",
                         {"kefu promise list --overdue --count", "kefu promise list --owner S-7 --personal",
                          "kefu promise list --client C-1 --state all --as-of 2026-03-05T17:00:00+08:00"});
  AddMake(group, tool);
  AddKeep(group, tool);
  AddRelease(group, tool);
}

}  // namespace kefu::cli

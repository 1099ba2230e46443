// kefu case acknowledge … withdraw, next-action, respond, refer, matter: what can be done with a case, one event each.

#include <CLI/CLI.hpp>
#include <functional>

#include "kefu/query/v1/case.grpc.pb.h"
#include "services/cli/call.h"
#include "services/cli/record.h"
#include "services/cli/show.h"
#include "services/cli/verbs.h"

namespace kefu::cli {
namespace {

using events::v1::Event;

// What these verbs can be told; each verb offers what its event has.
struct Move {
  std::string case_id, client;
  std::string who, team, cause, text, action, owner, due, until, kind, channel, number, scheme, matter;
  std::vector<std::string> items;
  bool none = false;
  RecordFlags record;
};

using Fill = std::function<Status(const Move&, Event*)>;
using Offer = std::function<void(CLI::App&, Move&)>;

// The event's client is the case's: asked for where it was not told.
Status Run(Tool& tool, const Move& move, const Fill& fill) {
  Event event;
  event.set_client_id(move.client);
  if (move.client.empty()) {
    query::v1::GetCaseRequest request;
    request.set_name(CaseName(move.case_id));
    ASSIGN_OR_RETURN(const query::v1::Case found, Call(tool, &query::v1::CaseService::Stub::GetCase, request));
    event.set_client_id(found.client_id());
    event.set_branch_id(found.branch_id());
  }
  RETURN_IF_ERROR(fill(move, &event));
  return RecordEvent(tool, move.record, std::move(event));
}

void AddMove(CLI::App& group, Tool& tool, const std::string& name, const std::string& help,
             const std::vector<std::string>& examples, const Offer& offer, Fill fill) {
  auto move = std::make_shared<Move>();
  CLI::App& verb = AddVerb(group, name, help, examples);
  verb.add_option("case", move->case_id, "Case id")->required();
  verb.add_option("--client", move->client, "The client it belongs to; asked for at the server if not given");
  offer(verb, *move);
  AddRecordFlags(verb, move->record);
  OnRun(verb, tool, [move, fill = std::move(fill)](Tool& tool) { return Run(tool, *move, fill); });
}

void OfferNothing(CLI::App&, Move&) {}
void OfferCause(CLI::App& verb, Move& move) { verb.add_option("--cause", move.cause, "Why, in one word"); }

template <class Enum>
Enum Named(const std::string& beginning, const std::string& word) {
  std::string name = beginning;
  for (const char c : word) name.push_back(c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c);
  const auto* value = google::protobuf::GetEnumDescriptor<Enum>()->FindValueByName(name);
  return static_cast<Enum>(value == nullptr ? 0 : value->number());
}

void OfferChannel(CLI::App& verb, Move& move) {
  verb.add_option("--channel", move.channel, "counter, phone, app, wechat, email, letter …")
      ->check([](const std::string& word) {
        const bool known = Named<events::v1::Channel>("CHANNEL_", word) != events::v1::CHANNEL_UNSPECIFIED;
        return known ? std::string() : "no channel \"" + word + "\"";
      });
}

void SetChannel(const Move& move, std::function<void(events::v1::Channel)> set) {
  if (!move.channel.empty()) set(Named<events::v1::Channel>("CHANNEL_", move.channel));
}

template <class Body>
void SetCause(const Move& move, Body* body) {
  if (!move.cause.empty()) *body->mutable_cause() = CodeOf("kefu.cause", move.cause);
}

void AddLifeCycle(CLI::App& group, Tool& tool) {
  AddMove(
      group, tool, "acknowledge", "The client was told that the case was received",
      {"kefu case acknowledge K-1 --by S-7", "kefu case acknowledge K-1 --channel wechat",
       "kefu case acknowledge K-1 --at 2026-03-02T09:30:00+08:00"},
      OfferChannel, [](const Move& move, Event* event) {
        auto* body = event->mutable_case_acknowledged();
        body->set_case_id(move.case_id);
        SetChannel(move, [&](events::v1::Channel channel) { body->set_channel(channel); });
        return OkStatus();
      });
  AddMove(
      group, tool, "assign", "Give it to a member of staff, a team, or both",
      {"kefu case assign K-1 --to S-7", "kefu case assign K-1 --team complaints",
       "kefu case assign K-1 --to S-7 --cause holiday --by S-2"},
      [](CLI::App& verb, Move& move) {
        verb.add_option("--to", move.who, "Staff number");
        verb.add_option("--team", move.team, "Team");
        OfferCause(verb, move);
      },
      [](const Move& move, Event* event) -> Status {
        if (move.who.empty() && move.team.empty()) return InvalidArgument("assign: say --to or --team");
        auto* body = event->mutable_case_assigned();
        body->set_case_id(move.case_id);
        body->set_assignee_id(move.who);
        body->set_team(move.team);
        SetCause(move, body);
        return OkStatus();
      });
  AddMove(group, tool, "start", "Someone began to work on it",
          {"kefu case start K-1 --by S-7", "kefu case start K-1 --if-revision 3", "kefu case start K-1 --client C-1"},
          OfferNothing, [](const Move& move, Event* event) {
            event->mutable_case_started()->set_case_id(move.case_id);
            return OkStatus();
          });
  AddMove(
      group, tool, "wait", "Nothing goes on until someone else acts",
      {"kefu case wait K-1 --on client --until 72h", "kefu case wait K-1 --on evidence",
       "kefu case wait K-1 --on exchange --until 2026-03-05T17:00:00+08:00"},
      [](CLI::App& verb, Move& move) {
        verb.add_option("--on", move.kind, "Who has to act")
            ->required()
            ->check(CLI::IsMember({"client", "vendor", "internal", "evidence", "exchange"}));
        verb.add_option("--until", move.until, "The longest it may wait: RFC 3339, or a time from now such as 72h");
        OfferCause(verb, move);
      },
      [](const Move& move, Event* event) -> Status {
        auto* body = event->mutable_case_wait_started();
        body->set_case_id(move.case_id);
        body->set_waiting_on(Named<events::v1::WaitingOn>("WAITING_ON_", move.kind));
        SetCause(move, body);
        return SetTime("--until", move.until, &events::v1::CaseWaitStarted::mutable_until, body);
      });
  AddMove(group, tool, "resume", "The wait is over",
          {"kefu case resume K-1", "kefu case resume K-1 --by S-7", "kefu case resume K-1 --output json"}, OfferNothing,
          [](const Move& move, Event* event) {
            event->mutable_case_resumed()->set_case_id(move.case_id);
            return OkStatus();
          });
  AddMove(
      group, tool, "note", "Add a note; allowed in every state",
      {"kefu case note K-1 --text '客戶將於週五補件'", "kefu case note K-1 --text 'papers came' --by S-7",
       "kefu case note K-1 --client C-1 --text 'called, no answer'"},
      [](CLI::App& verb, Move& move) { verb.add_option("--text", move.text, "The note")->required(); },
      [](const Move& move, Event* event) {
        event->mutable_case_note_added()->set_case_id(move.case_id);
        event->mutable_case_note_added()->set_text(move.text);
        return OkStatus();
      });
  AddMove(
      group, tool, "escalate", "Take it to a higher level",
      {"kefu case escalate K-1 --to compliance", "kefu case escalate K-1 --to regulator --cause repeated",
       "kefu case escalate K-1 --to head_office --by S-7"},
      [](CLI::App& verb, Move& move) {
        verb.add_option("--to", move.who, "Who has it now: a unit, a desk, a regulator")->required();
        OfferCause(verb, move);
      },
      [](const Move& move, Event* event) {
        auto* body = event->mutable_case_escalated();
        body->set_case_id(move.case_id);
        body->set_escalated_to(move.who);
        SetCause(move, body);
        return OkStatus();
      });
  AddMove(
      group, tool, "propose", "A resolution was put to the client",
      {"kefu case propose K-1 --text 'fee waived'", "kefu case propose K-1 --by S-7",
       "kefu case propose K-1 --text '退還手續費' --if-revision 6"},
      [](CLI::App& verb, Move& move) { verb.add_option("--text", move.text, "What was proposed"); },
      [](const Move& move, Event* event) {
        event->mutable_case_resolution_proposed()->set_case_id(move.case_id);
        event->mutable_case_resolution_proposed()->set_text(move.text);
        return OkStatus();
      });
  AddMove(
      group, tool, "resolve", "Settled: fulfilled, or turned down",
      {"kefu case resolve K-1 --outcome fulfilled --by S-7",
       "kefu case resolve K-1 --outcome declined --cause not_our_fault",
       "kefu case resolve K-1 --outcome partly --text 'half of the fee paid back'"},
      [](CLI::App& verb, Move& move) {
        verb.add_option("--outcome", move.kind, "How it was settled")
            ->required()
            ->check(CLI::IsMember({"fulfilled", "partly", "declined"}));
        verb.add_option("--cause", move.cause, "The root cause, in one word");
        verb.add_option("--text", move.text, "What was decided");
      },
      [](const Move& move, Event* event) {
        auto* body = event->mutable_case_resolved();
        body->set_case_id(move.case_id);
        body->set_outcome(Named<events::v1::CaseOutcome>("CASE_OUTCOME_", move.kind));
        if (!move.cause.empty()) *body->mutable_root_cause() = CodeOf("kefu.root_cause", move.cause);
        body->set_text(move.text);
        return OkStatus();
      });
  AddMove(group, tool, "close", "File a resolved case away",
          {"kefu case close K-1", "kefu case close K-1 --cause accepted", "kefu case close K-1 --by S-7"}, OfferCause,
          [](const Move& move, Event* event) {
            event->mutable_case_closed()->set_case_id(move.case_id);
            SetCause(move, event->mutable_case_closed());
            return OkStatus();
          });
  AddMove(group, tool, "reopen", "Not settled after all",
          {"kefu case reopen K-1 --cause not_accepted", "kefu case reopen K-1 --by S-7",
           "kefu case reopen K-1 --if-revision 8"},
          OfferCause, [](const Move& move, Event* event) {
            event->mutable_case_reopened()->set_case_id(move.case_id);
            SetCause(move, event->mutable_case_reopened());
            return OkStatus();
          });
  AddMove(group, tool, "withdraw", "The client took it back",
          {"kefu case withdraw K-1", "kefu case withdraw K-1 --cause settled_otherwise",
           "kefu case withdraw K-1 --by S-7 --output json"},
          OfferCause, [](const Move& move, Event* event) {
            event->mutable_case_withdrawn()->set_case_id(move.case_id);
            SetCause(move, event->mutable_case_withdrawn());
            return OkStatus();
          });
}

void AddNextAction(CLI::App& group, Tool& tool) {
  AddMove(
      group, tool, "next-action", "What has to be done next, by whom, until when; what is not said stays as it is",
      {"kefu case next-action K-1 --action call_client --owner S-7 --due 24h",
       "kefu case next-action K-1 --due 2026-03-05T17:00:00+08:00", "kefu case next-action K-1 --owner S-8"},
      [](CLI::App& verb, Move& move) {
        verb.add_option("--action", move.action, "Such as call_client, send_answer");
        verb.add_option("--owner", move.owner, "Who has to do it, by staff number");
        verb.add_option("--due", move.due, "Until when: RFC 3339, or a time from now such as 24h");
      },
      [](const Move& move, Event* event) -> Status {
        if (move.action.empty() && move.owner.empty() && move.due.empty())
          return InvalidArgument("next-action: say --action, --owner or --due");
        auto* body = event->mutable_case_next_action_set();
        body->set_case_id(move.case_id);
        if (!move.action.empty()) *body->mutable_action() = CodeOf("kefu.action", move.action);
        body->set_owner_id(move.owner);
        return SetTime("--due", move.due, &events::v1::CaseNextActionSet::mutable_due_at, body);
      });
}

void AddRespond(CLI::App& group, Tool& tool) {
  AddMove(
      group, tool, "respond", "The client was answered in writing",
      {"kefu case respond K-1 --kind final --channel letter --item reasons,referral_rights",
       "kefu case respond K-1 --kind holding --until 480h", "kefu case respond K-1 --kind summary --channel email"},
      [](CLI::App& verb, Move& move) {
        verb.add_option("--kind", move.kind, "holding: no decision yet; final: with reasons; summary: accepted early")
            ->required()
            ->check(CLI::IsMember({"holding", "final", "summary"}));
        OfferChannel(verb, move);
        verb.add_option("--item", move.items, "What the letter contains: reasons, referral_rights, expected_by")
            ->delimiter(',');
        verb.add_option("--until", move.until, "With holding: when a decision is to be expected");
      },
      [](const Move& move, Event* event) -> Status {
        auto* body = event->mutable_case_response_sent();
        body->set_case_id(move.case_id);
        body->set_kind(Named<events::v1::CaseResponseKind>("CASE_RESPONSE_KIND_", move.kind));
        SetChannel(move, [&](events::v1::Channel channel) { body->set_channel(channel); });
        for (const std::string& item : move.items) *body->add_items() = CodeOf("kefu.response_item", item);
        return SetTime("--until", move.until, &events::v1::CaseResponseSent::mutable_expected_by, body);
      });
}

void AddReferAndMatter(CLI::App& group, Tool& tool) {
  AddMove(
      group, tool, "refer", "A regulator, an exchange or a mediator has it too and gave it a number",
      {"kefu case refer K-1 --scheme cn.csrc.12386 --number 2026-001234 --due 2026-03-20T16:00:00+08:00",
       "kefu case refer K-1 --scheme cn.sac --number M-17",
       "kefu case refer K-1 --scheme uk.fos --number 77 --due 480h"},
      [](CLI::App& verb, Move& move) {
        verb.add_option("--scheme", move.scheme, "Whose number, such as cn.csrc.12386")->required();
        verb.add_option("--number", move.number, "The number")->required();
        verb.add_option("--due", move.due, "When they want an answer: RFC 3339, or a time from now such as 480h");
      },
      [](const Move& move, Event* event) -> Status {
        event->mutable_case_referred()->set_case_id(move.case_id);
        auto* external = event->mutable_case_referred()->mutable_external();
        external->set_scheme(move.scheme);
        external->set_number(move.number);
        return SetTime("--due", move.due, &events::v1::ExternalReference::mutable_due_at, external);
      });
  AddMove(
      group, tool, "matter", "It is about a matter that others raised too",
      {"kefu case matter K-1 --matter M-2026-03", "kefu case matter K-1 --none",
       "kefu case matter K-1 --matter M-2 --by S-7"},
      [](CLI::App& verb, Move& move) {
        auto* matter = verb.add_option("--matter", move.matter, "The matter's id");
        verb.add_flag("--none", move.none, "It is about no such matter after all")->excludes(matter);
      },
      [](const Move& move, Event* event) -> Status {
        if (move.matter.empty() && !move.none) return InvalidArgument("matter: say --matter or --none");
        event->mutable_case_matter_set()->set_case_id(move.case_id);
        event->mutable_case_matter_set()->set_matter_id(move.matter);
        return OkStatus();
      });
}

}  // namespace

void AddCaseMoveVerbs(CLI::App& group, Tool& tool) {
  AddLifeCycle(group, tool);
  AddNextAction(group, tool);
  AddRespond(group, tool);
  AddReferAndMatter(group, tool);
}

}  // namespace kefu::cli

// The paper of one case.

#include <fmt/format.h>

#include <algorithm>

#include "services/cli/audit/case_file.h"
#include "services/cli/output.h"

namespace kefu::cli {
namespace {

using events::v1::Event;
using google::protobuf::Message;

// The event that opened the case; null if it is not there.
const FiledEvent* OpeningOf(const CaseFile& file) {
  const auto opens = [&](const FiledEvent& filed) {
    return filed.applied() &&
           ((filed.event.has_complaint_received() && filed.event.complaint_received().case_id() == file.case_id) ||
            (filed.event.has_service_request_opened() &&
             filed.event.service_request_opened().case_id() == file.case_id));
  };
  const auto found = std::ranges::find_if(file.events, opens);
  return found == file.events.end() ? nullptr : &*found;
}

// What the case is, as its first event said it; then how it stands, as the server answered.
void AddCaseFacts(const CaseFile& file, Document* document) {
  auto& facts = document->facts;
  facts.emplace_back("Case 案件", file.case_id);
  const std::string name = file.client.has_value() ? file.client->display_name() : "";
  facts.emplace_back("Complainant or client 客戶", Joined({file.head.client_id(), name}, "  "));
  if (const FiledEvent* opening = OpeningOf(file)) {
    const Event& event = opening->event;
    const bool complaint = event.has_complaint_received();
    const auto& how = complaint ? event.complaint_received().opening() : event.service_request_opened().opening();
    facts.emplace_back("Kind 種類", complaint ? "complaint 投訴" : "service request 服務請求");
    facts.emplace_back("Received 收到時間",
                       Joined({file.zone.Text(event.occurred_at()), UtcText(event.occurred_at())}, "\n"));
    facts.emplace_back("Branch 營業部", event.branch_id());
    facts.emplace_back("Subject 主題", how.subject());
    facts.emplace_back("In the client's words 內容", how.description());
    // The rest of what was said first, whatever it is.
    const Message* body = BodyOf(event);
    std::vector<std::string> rest;
    for (const std::string& line : DetailLines(*body, file.zone, file.staff, {"case_id"}))
      if (!line.starts_with("subject: ") && !line.starts_with("description: ")) rest.push_back(line);
    facts.emplace_back("As it was taken in 受理登記", Joined(rest, "\n"));
  }
  if (!file.one.has_value()) return;
  const auto& one = *file.one;
  facts.emplace_back("Status when this was made 現況",
                     Joined({EnumText(one.status()), EnumText(one.outcome()), one.root_cause().value()}, ", "));
  facts.emplace_back("Handled by 經辦人", Joined({StaffText(one.assignee_id(), file.staff), one.team()}, ", "));
  facts.emplace_back("Redress 補償", MoneyText(one.redress()));
}

std::string From(const std::string& from, const std::string& to) {
  return from.empty() || from == to ? to : from + " → " + to;
}

// Every hand: who had it, who got it, who said so.
DocumentSection Hands(const CaseFile& file) {
  DocumentSection section;
  section.title = "Every hand it passed";
  section.title_zh = "經手";
  section.columns = {"When", "What", "From and to", "Who did it, and why", "Record"};
  section.none = "It was never given to anyone.";
  std::string holder;
  for (const FiledEvent& filed : file.events) {
    const Event& event = filed.event;
    if (!filed.applied()) continue;
    std::string to, why;
    if (event.has_case_assigned()) {
      const auto& assigned = event.case_assigned();
      to = Joined({StaffText(assigned.assignee_id(), file.staff), assigned.team()}, ", ");
      why = assigned.cause().value();
    } else if (event.has_case_escalated()) {
      to = event.case_escalated().escalated_to();
      why = event.case_escalated().cause().value();
    } else if (event.has_case_referred()) {
      to = Joined({event.case_referred().external().scheme(), event.case_referred().external().number()}, " ");
    } else if (event.has_work_reassigned()) {
      to = StaffText(event.work_reassigned().to_staff_id(), file.staff);
      why = Joined({event.work_reassigned().handover_id().empty() ? "" : "handover " +
                    event.work_reassigned().handover_id()}, "");
      holder = StaffText(event.work_reassigned().from_staff_id(), file.staff);
    } else {
      continue;
    }
    section.rows.push_back({{file.zone.Text(event.occurred_at()), KindText(KindOf(event)), From(holder, to),
                             Joined({ActorText(event, file.staff), why}, "\n"), filed.Place()}});
    // A regulator that has it too does not take it away.
    if (!event.has_case_referred() && !to.empty()) holder = to;
  }
  return section;
}

// How one clock stands after all its events.
struct ClockLife {
  std::string started, due, settled, state, places;
  bool marked = false;
};

std::string ClockKey(const std::string& clock_id, int32_t run) {
  return run == 0 ? clock_id : fmt::format("{}, run {}", clock_id, run + 1);
}

DocumentSection Clocks(const CaseFile& file) {
  DocumentSection section;
  section.title = "Time limits";
  section.title_zh = "時限";
  section.about = "As the log has them: each was judged by the rules and the calendar in force when it began.";
  section.columns = {"Time limit", "Began", "Due", "Ended", "How it ended", "Records"};
  section.none = "No time limit ran.";
  std::map<std::string, ClockLife> clocks;
  std::vector<std::string> order;
  for (const FiledEvent& filed : file.events) {
    const Event& event = filed.event;
    if (!filed.applied()) continue;
    const auto touch = [&](const auto& clock) -> ClockLife& {
      const std::string key = ClockKey(clock.clock_id(), clock.run());
      if (!clocks.contains(key)) order.push_back(key);
      ClockLife& life = clocks[key];
      life.places = Joined({life.places, filed.Place()}, " ");
      return life;
    };
    if (event.has_clock_started()) {
      ClockLife& life = touch(event.clock_started());
      life.started = file.zone.Text(event.clock_started().started_at());
      life.due = file.zone.Text(event.clock_started().due_at());
      life.state = event.clock_started().confirmed() ? "running" : "running; its rule or calendar was a draft";
    } else if (event.has_clock_paused()) {
      ClockLife& life = touch(event.clock_paused());
      life.state = "stood still, waiting on " + EnumText(event.clock_paused().waiting_on());
      life.due = file.zone.Text(event.clock_paused().due_at());
    } else if (event.has_clock_resumed()) {
      ClockLife& life = touch(event.clock_resumed());
      life.state = "running";
      life.due = file.zone.Text(event.clock_resumed().due_at());
    } else if (event.has_clock_met()) {
      const auto& met = event.clock_met();
      ClockLife& life = touch(met);
      life.settled = file.zone.Text(met.met_at());
      life.state = met.late() ? "done late" : met.retracts_breach() ? "done in time; news of it came late" : "done in time";
      life.marked = met.late();
    } else if (event.has_clock_breached()) {
      ClockLife& life = touch(event.clock_breached());
      life.state = "missed";
      life.marked = true;
    } else if (event.has_clock_dropped()) {
      ClockLife& life = touch(event.clock_dropped());
      life.settled = file.zone.Text(event.clock_dropped().dropped_at());
      life.state = "did not apply any more";
    }
  }
  for (const std::string& key : order) {
    const ClockLife& life = clocks[key];
    section.rows.push_back({{key, life.started, life.due, life.settled, life.state, life.places}, life.marked});
  }
  return section;
}

// What the client was told.
DocumentSection Answers(const CaseFile& file) {
  DocumentSection section;
  section.title = "What was answered and decided";
  section.title_zh = "答覆與處理結果";
  section.columns = {"When", "What", "Who", "What was said", "Record"};
  section.none = "Nothing was answered or decided.";
  const Amended amended(file);
  for (const FiledEvent& filed : file.events) {
    const Event& event = filed.event;
    if (!filed.applied() ||
        !(event.has_case_acknowledged() || event.has_case_resolution_proposed() || event.has_case_resolved() ||
          event.has_case_response_sent() || event.has_case_closed() || event.has_case_reopened() ||
          event.has_case_withdrawn()))
      continue;
    section.rows.push_back({{file.zone.Text(event.occurred_at()), KindText(KindOf(event)), ActorText(event, file.staff),
                             Joined(DetailLines(*BodyOf(event), file.zone, file.staff, {"case_id"}), "\n"),
                             amended.Place(filed)}});
  }
  return section;
}

}  // namespace

Document CaseDocument(const CaseFile& file) {
  Document document;
  document.title = "Case file " + file.case_id;
  document.title_zh = "案件卷宗";
  document.subtitle = "The whole life of one case: every contact, every hand it passed, every time limit, every answer.";
  AddCaseFacts(file, &document);
  AddOrigin(file, &document);
  document.sections = {Answers(file),     Contacts(file), Hands(file),    Clocks(file), Undertakings(file),
                       Corrections(file), Refusals(file), Timeline(file), Glossary(),   HowToCheck(file)};
  return document;
}

}  // namespace kefu::cli

// The paper of one client.

#include <fmt/format.h>

#include "services/cli/audit/case_file.h"
#include "services/cli/audit/event_words.h"
#include "services/cli/output.h"

namespace kefu::cli {
namespace {

using events::v1::Event;

void AddClientFacts(const CaseFile& file, Document* document) {
  auto& facts = document->facts;
  facts.emplace_back("Client 客戶", file.head.client_id());
  for (const FiledEvent& filed : file.events) {
    if (!filed.applied() || !filed.event.has_client_registered()) continue;
    facts.emplace_back("Registered 開戶", Joined({file.zone.Text(filed.event.occurred_at()),
                                                UtcText(filed.event.occurred_at())}, "\n"));
    facts.emplace_back("As registered 開戶登記",
                       Joined(DetailLines(filed.event.client_registered(), file.zone, file.staff), "\n"));
    break;
  }
  if (!file.client.has_value()) return;
  const auto& client = *file.client;
  facts.emplace_back("Name when this was made 現用名稱", client.display_name());
  facts.emplace_back("Status when this was made 現況", EnumText(client.status()));
  facts.emplace_back("Branch 營業部", client.branch_id());
  facts.emplace_back("Merged with 合併", JoinText(client.merged_client_ids()));
}

// How a case went: its first and its last word.
struct CaseLine {
  std::string kind, subject, opened, last, ended, place;
  int64_t events = 0;
};

// The case that an event of a case is of; empty for other events.
std::string CaseIdOf(const Event& event) {
  const int tag = static_cast<int>(event.body_case());
  const auto* body = BodyOf(event);
  if (body == nullptr || tag < 300 || tag >= 400) return "";
  const auto* field = body->GetDescriptor()->FindFieldByName("case_id");
  return field == nullptr ? "" : body->GetReflection()->GetString(*body, field);
}

DocumentSection Cases(const CaseFile& file) {
  DocumentSection section;
  section.title = "Complaints and requests";
  section.title_zh = "投訴與服務請求";
  section.columns = {"Case", "What", "Opened", "Last step", "Ended", "Events", "First record"};
  section.none = "There were none.";
  std::map<std::string, CaseLine> cases;
  std::vector<std::string> order;
  for (const FiledEvent& filed : file.events) {
    const std::string id = filed.applied() ? CaseIdOf(filed.event) : "";
    if (id.empty()) continue;
    if (!cases.contains(id)) order.push_back(id);
    CaseLine& line = cases[id];
    const Event& event = filed.event;
    if (event.has_complaint_received() || event.has_service_request_opened()) {
      line.kind = event.has_complaint_received() ? "complaint 投訴" : "service request 服務請求";
      line.subject = event.has_complaint_received() ? event.complaint_received().opening().subject()
                                                    : event.service_request_opened().opening().subject();
      line.opened = file.zone.Text(event.occurred_at());
    }
    if (line.place.empty()) line.place = filed.Place();
    line.last = KindText(KindOf(event)) + "\n" + file.zone.Text(event.occurred_at());
    if (event.has_case_resolved() || event.has_case_closed() || event.has_case_withdrawn())
      line.ended = file.zone.Text(event.occurred_at());
    if (event.has_case_reopened()) line.ended.clear();
    ++line.events;
  }
  for (const std::string& id : order) {
    const CaseLine& line = cases[id];
    section.rows.push_back({{id, Joined({line.kind, line.subject}, "\n"), line.opened, line.last, line.ended,
                             fmt::format("{}", line.events), line.place}});
  }
  return section;
}

// Events whose tags lie in [from, until), told whole.
DocumentSection Told(const CaseFile& file, DocumentSection section, int from, int until) {
  section.columns = {"When", "What", "Who", "What was said", "Record"};
  for (const FiledEvent& filed : file.events) {
    const int tag = static_cast<int>(filed.event.body_case());
    const auto* body = BodyOf(filed.event);
    if (!filed.applied() || body == nullptr || tag < from || tag >= until) continue;
    section.rows.push_back({{file.zone.Text(filed.event.occurred_at()), KindText(KindOf(filed.event)),
                             ActorText(filed.event, file.staff), Joined(DetailLines(*body, file.zone, file.staff), "\n"),
                             filed.Place()}});
  }
  return section;
}

DocumentSection Named(const char* title, const char* title_zh, const char* none) {
  DocumentSection section;
  section.title = title;
  section.title_zh = title_zh;
  section.none = none;
  return section;
}

}  // namespace

Document ClientDocument(const CaseFile& file) {
  Document document;
  document.title = "Client file " + file.head.client_id();
  document.title_zh = "客戶卷宗";
  document.subtitle = "Everything that was recorded of one client.";
  AddClientFacts(file, &document);
  AddOrigin(file, &document);
  // By the tags of event.proto: 400 the book, 500 leads, 600 suitability.
  document.sections = {Cases(file),
                       Contacts(file),
                       Undertakings(file),
                       Told(file, Named("Needs, risk and recommendations", "適當性與推介", "Nothing was recommended."), 600, 610),
                       Told(file, Named("Who served the client", "客戶經理與交接", "No one was put in charge."), 400, 500),
                       Corrections(file),
                       Refusals(file),
                       Timeline(file),
                       Glossary(),
                       HowToCheck(file)};
  return document;
}

}  // namespace kefu::cli

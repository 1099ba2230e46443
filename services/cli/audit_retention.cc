#include <absl/time/civil_time.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "kefu/admin/v1/view.grpc.pb.h"
#include "kefu/query/v1/client.grpc.pb.h"
#include "platform/base/time.h"
#include "platform/runtime/json.h"
#include "services/cli/call.h"
#include "services/cli/output.h"
#include "services/cli/show.h"
#include "services/cli/verbs.h"

namespace kefu::cli {
namespace {

using nlohmann::json;

constexpr int kPage = 1000;

// Rows of the view of retention, as the server tells any view's rows.
Status EachRow(Tool& tool, const char* table, const std::function<Status(const json&)>& take) {
  admin::v1::BrowseRowsRequest request;
  request.set_parent("views/retention");
  request.set_table(table);
  request.set_page_size(kPage);
  do {
    ASSIGN_OR_RETURN(const admin::v1::BrowseRowsResponse response,
                     Call(tool, &admin::v1::ViewService::Stub::BrowseRows, request));
    for (const auto& row : response.rows()) {
      const json parsed = json::parse(row.json(), nullptr, false);
      if (parsed.is_discarded()) return DataLoss("a row of views/retention is no JSON; upgrade kefu");
      RETURN_IF_ERROR(take(parsed));
    }
    request.set_page_token(response.next_page_token());
  } while (!request.page_token().empty());
  return OkStatus();
}

// Either spelling of a field's name.
std::string Text(const json& object, const char* name, const char* camel) {
  for (const char* each : {name, camel})
    if (object.contains(each) && object[each].is_string()) return object[each].get<std::string>();
  return {};
}

struct Hold {
  std::string id, case_id;
};

StatusOr<std::vector<Hold>> OpenHolds(Tool& tool, const std::string& client) {
  std::vector<Hold> holds;
  RETURN_IF_ERROR(EachRow(tool, "holds", [&](const json& row) {
    if (Text(row, "client_id", "clientId") == client && Text(row, "lifted_at", "liftedAt").empty())
      holds.push_back({Text(row, "hold_id", "holdId"), Text(row, "case_id", "caseId")});
    return OkStatus();
  }));
  return holds;
}

StatusOr<std::optional<events::v1::RetentionPublished>> Published(Tool& tool) {
  std::optional<events::v1::RetentionPublished> newest;
  RETURN_IF_ERROR(EachRow(tool, "published", [&](const json& row) -> Status {
    events::v1::RetentionPublished one;
    RETURN_IF_ERROR(runtime::FromJson(row.value("published", json::object()).dump(), &one));
    if (!newest || newest->version() < one.version()) newest = one;
    return OkStatus();
  }));
  return newest;
}

// What a client has of one kind of event.
struct Kept {
  int64_t events = 0;
  absl::Time first = absl::InfiniteFuture(), last = absl::InfinitePast();
  std::set<std::string> cases;
};

const std::string& CaseIdIn(const events::v1::Event& event) {
  static const std::string none;
  const auto* body =
      event.GetReflection()->GetOneofFieldDescriptor(event, event.GetDescriptor()->FindOneofByName("body"));
  if (body == nullptr) return none;
  const auto& message = event.GetReflection()->GetMessage(event, body);
  const auto* field = body->message_type()->FindFieldByName("case_id");
  if (field == nullptr || field->is_repeated() || field->type() != google::protobuf::FieldDescriptor::TYPE_STRING)
    return none;
  static thread_local std::string scratch;
  return message.GetReflection()->GetStringReference(message, field, &scratch);
}

StatusOr<std::map<std::string, Kept>> KindsOf(Tool& tool, const std::string& client) {
  std::map<std::string, Kept> kinds;
  query::v1::ListTimelineRequest request;
  request.set_parent(ClientName(client));
  request.set_page_size(kPage);
  do {
    ASSIGN_OR_RETURN(const query::v1::ListTimelineResponse response,
                     Call(tool, &query::v1::ClientService::Stub::ListTimeline, request));
    for (const auto& entry : response.entries()) {
      Kept& kept = kinds[entry.kind()];
      const absl::Time at = FromProto(entry.event().occurred_at());
      ++kept.events;
      kept.first = std::min(kept.first, at);
      kept.last = std::max(kept.last, at);
      if (const std::string& case_id = CaseIdIn(entry.event()); !case_id.empty()) kept.cases.insert(case_id);
    }
    request.set_page_token(response.next_page_token());
  } while (!request.page_token().empty());
  return kinds;
}

const events::v1::RetentionClass* ClassOf(const events::v1::RetentionPublished& retention, const std::string& kind) {
  const events::v1::RetentionClass* others = nullptr;
  for (const auto& one : retention.classes()) {
    if (one.kinds().empty()) others = &one;
    if (std::find(one.kinds().begin(), one.kinds().end(), kind) != one.kinds().end()) return &one;
  }
  return others;
}

// The first day on which it need not be kept any more, in UTC: as many years after the newest event, to the day.
std::string DueOn(absl::Time last, int32_t years) {
  const absl::CivilDay day = absl::ToCivilDay(last, absl::UTCTimeZone());
  return absl::FormatCivilTime(absl::CivilDay(day.year() + years, day.month(), day.day() + 1));
}

std::string DayOf(absl::Time time) { return absl::FormatCivilTime(absl::ToCivilDay(time, absl::UTCTimeZone())); }

std::string HeldBy(const std::vector<Hold>& holds, const Kept& kept) {
  std::string text;
  for (const Hold& hold : holds) {
    if (!hold.case_id.empty() && !kept.cases.contains(hold.case_id)) continue;
    if (!text.empty()) text += ", ";
    text += hold.case_id.empty() ? hold.id : fmt::format("{} ({})", hold.id, hold.case_id);
  }
  return text;
}

Status Retention(Tool& tool, const std::string& client) {
  ASSIGN_OR_RETURN(const auto kinds, KindsOf(tool, client));
  ASSIGN_OR_RETURN(const auto holds, OpenHolds(tool, client));
  ASSIGN_OR_RETURN(const auto published, Published(tool));
  runtime::Table table({"KIND", "EVENTS", "FIRST", "LAST", "KEPT UNTIL", "CLASS", "SOURCE", "HELD BY"});
  for (const auto& [kind, kept] : kinds) {
    const auto* one = published ? ClassOf(*published, kind) : nullptr;
    const std::string until = one != nullptr ? DueOn(kept.last, one->years()) : "";
    const std::string held = HeldBy(holds, kept);
    if (tool.json()) {
      const json line = {{"kind", kind},
                         {"events", kept.events},
                         {"first", DayOf(kept.first)},
                         {"last", DayOf(kept.last)},
                         {"keptUntil", until},
                         {"classId", one != nullptr ? one->class_id() : ""},
                         {"source", one != nullptr ? one->source() : ""},
                         {"heldBy", held}};
      fmt::print("{}\n", line.dump());
      continue;
    }
    table.Row({kind, fmt::format("{}", kept.events), DayOf(kept.first), DayOf(kept.last), until,
               one != nullptr ? one->class_id() : "", one != nullptr ? one->source() : "", held});
  }
  if (tool.json()) return OkStatus();
  if (table.empty()) {
    Remark(tool, "Nothing is recorded for this client.");
    return OkStatus();
  }
  PrintTable(table);
  if (!published)
    Remark(tool, "How long events must be kept is not published: kefu publish --json '{\"retention_published\": …}'.");
  Remark(tool, "Nothing is deleted; what is held is kept however old it is.");
  return OkStatus();
}

}  // namespace

void AddRetentionVerb(CLI::App& group, Tool& tool) {
  auto client = std::make_shared<std::string>();
  CLI::App& verb = AddVerb(group, "retention", "Until when a client's events are kept, by which rule, and what holds them",
                           {"kefu audit retention --client C-1", "kefu audit retention --client C-1 --output json",
                            "kefu audit retention --client C-1 --quiet"});
  verb.add_option("--client", *client, "Whose events")->required();
  OnRun(verb, tool, [client](Tool& tool) { return Retention(tool, *client); });
}

}  // namespace kefu::cli

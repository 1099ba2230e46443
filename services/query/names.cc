#include "services/query/names.h"

#include "platform/base/reason.h"

namespace kefu::query {
namespace {

Status Bad(std::string_view name, std::string_view field, std::string_view form) {
  return WithReason(InvalidArgument("{} \"{}\" is not of the form \"{}\"", field, name.substr(0, 160), form),
                    "NAME_INVALID", field);
}

// What follows `collection`, or nothing.
std::string_view After(std::string_view name, std::string_view collection) {
  return name.starts_with(collection) ? name.substr(collection.size()) : std::string_view();
}

// "clients/{client}{collection}{id}"; client "-" is the empty one.
bool SplitOfClient(std::string_view name, std::string_view collection, std::string* client_id, std::string* id) {
  const std::string_view rest = After(name, "clients/");
  const size_t at = rest.find(collection);
  if (at == 0 || at == rest.npos || at + collection.size() == rest.size()) return false;
  const std::string_view client = rest.substr(0, at);
  *client_id = client == "-" ? std::string() : std::string(client);
  *id = std::string(rest.substr(at + collection.size()));
  return true;
}

}  // namespace

StatusOr<std::string> ParentClientOf(std::string_view name, std::string_view field) {
  const std::string_view client = After(name, "clients/");
  if (client.empty()) return Bad(name, field, "clients/{client}");
  return client == "-" ? std::string() : std::string(client);
}

StatusOr<std::string> ClientOf(std::string_view name, std::string_view field) {
  ASSIGN_OR_RETURN(std::string client, ParentClientOf(name, field));
  if (client.empty()) return Bad(name, field, "clients/{client}");
  return client;
}

StatusOr<CaseName> CaseOf(std::string_view name, std::string_view field) {
  CaseName made;
  if (!SplitOfClient(name, "/cases/", &made.client_id, &made.case_id))
    return Bad(name, field, "clients/{client}/cases/{case}");
  return made;
}

StatusOr<LeadName> LeadOf(std::string_view name, std::string_view field) {
  LeadName made;
  if (!SplitOfClient(name, "/leads/", &made.client_id, &made.lead_id))
    return Bad(name, field, "clients/{client}/leads/{lead}");
  return made;
}

StatusOr<SegmentName> SegmentOf(std::string_view name, std::string_view field) {
  constexpr std::string_view kSegments = "/segments/";
  const std::string_view rest = After(name, "schemes/");
  const size_t at = rest.find(kSegments);
  if (at == 0 || at == rest.npos || at + kSegments.size() == rest.size())
    return Bad(name, field, "schemes/{scheme}/segments/{segment}");
  return SegmentName{std::string(rest.substr(0, at)), std::string(rest.substr(at + kSegments.size()))};
}

StatusOr<std::string> ViewOf(std::string_view name, std::string_view field) {
  const std::string_view view = After(name, "views/");
  if (view.empty() || view.find('/') != view.npos) return Bad(name, field, "views/{view}");
  return std::string(view);
}

}  // namespace kefu::query

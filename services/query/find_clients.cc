#include "services/query/find_clients.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "platform/base/reason.h"
#include "platform/codec/key.h"
#include "projections/directory/directory.h"
#include "projections/directory/normalise.h"
#include "services/query/union.h"

namespace kefu::query {
namespace {

using query::v1::DirectoryEntry;
using query::v1::FindClientsRequest;

Status NothingToFind(std::string_view field) {
  return WithReason(InvalidArgument("{}: nothing to look for; give a client_id, account_number, phone, external_id, "
                                    "identity, name_prefix, or anything with letters or digits in it",
                                    field),
                    "FIND_BY_MISSING", field);
}

DirectoryQuery ById(const std::string& client_id) { return {"entries", {codec::Key(client_id)}, {}}; }

std::optional<DirectoryQuery> ByAccount(const std::string& typed) {
  const std::string account = directory::NormaliseAccount(typed);
  if (account.empty()) return std::nullopt;
  return DirectoryQuery{"by_account", {codec::Key(account)}, {}};
}

std::optional<DirectoryQuery> ByPhone(const std::string& typed) {
  DirectoryQuery query{"by_phone", {}, {}};
  for (const std::string& phone : directory::PhoneKeys(typed)) query.prefixes.push_back(codec::Key(phone));
  if (query.prefixes.empty()) return std::nullopt;
  return query;
}

std::optional<DirectoryQuery> ByName(const std::string& typed) {
  const std::string prefix = directory::NamePrefix(typed);
  if (prefix.empty()) return std::nullopt;
  return DirectoryQuery{"by_name", {codec::OpenTextPrefix(prefix)}, prefix};
}

// What is surely meant comes first.
std::vector<DirectoryQuery> ByAnything(std::string_view typed) {
  const auto is_space = [](char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; };
  while (!typed.empty() && is_space(typed.front())) typed.remove_prefix(1);
  while (!typed.empty() && is_space(typed.back())) typed.remove_suffix(1);
  std::vector<DirectoryQuery> queries;
  if (typed.empty()) return queries;
  const std::string text(typed);
  queries.push_back(ById(text));
  if (auto query = ByAccount(text)) queries.push_back(*std::move(query));
  if (auto query = ByPhone(text)) queries.push_back(*std::move(query));
  queries.push_back({"by_external_value", {codec::Key(text)}, {}});
  if (auto query = ByName(text)) queries.push_back(*std::move(query));
  return queries;
}

class KeyList final : public sdk::IndexKeys {
 public:
  void AddEncoded(std::string key) override { keys.push_back(std::move(key)); }
  std::vector<std::string> keys;
};

// Would `query` give this entry? By the directory's own keys.
bool Finds(const DirectoryQuery& query, const DirectoryEntry& entry) {
  KeyList list;
  if (query.table == "entries") list.keys.push_back(codec::Key(entry.client_id()));
  if (query.table == "by_account") directory::EntriesByAccount::Keys(entry, list);
  if (query.table == "by_phone") directory::EntriesByPhone::Keys(entry, list);
  if (query.table == "by_external_value") directory::EntriesByExternalValue::Keys(entry, list);
  if (query.table == "by_name") directory::EntriesByName::Keys(entry, list);
  return std::any_of(list.keys.begin(), list.keys.end(), [&](const std::string& key) {
    return std::any_of(query.prefixes.begin(), query.prefixes.end(),
                       [&](const std::string& prefix) { return key.starts_with(prefix); });
  });
}

// The index gives a client once for each of its name's parts; it is shown at the first that fits.
bool IsFirstPart(const DirectoryEntry& entry, std::string_view part, std::string_view prefix) {
  std::string first;
  const auto look = [&](const std::string& name) {
    for (std::string& each : directory::NameParts(name))
      if (std::string_view(each).starts_with(prefix) && (first.empty() || each < first)) first = std::move(each);
  };
  look(entry.display_name());
  for (const std::string& name : entry.other_names()) look(name);
  return part == first;
}

}  // namespace

StatusOr<std::vector<DirectoryQuery>> ReadDirectoryQueries(const FindClientsRequest& request) {
  std::optional<DirectoryQuery> query;
  switch (request.by_case()) {
    case FindClientsRequest::kClientId:
      if (!request.client_id().empty()) query = ById(request.client_id());
      if (!query.has_value()) return NothingToFind("client_id");
      break;
    case FindClientsRequest::kAccountNumber:
      query = ByAccount(request.account_number());
      if (!query.has_value()) return NothingToFind("account_number");
      break;
    case FindClientsRequest::kPhone:
      query = ByPhone(request.phone());
      if (!query.has_value()) return NothingToFind("phone");
      break;
    case FindClientsRequest::kExternalId:
      if (request.external_id().value().empty()) return NothingToFind("external_id.value");
      query = DirectoryQuery{"by_external", {codec::Key(request.external_id().scheme(), request.external_id().value())}, {}};
      break;
    case FindClientsRequest::kIdentity: {
      const auto& identity = request.identity();
      if (identity.handle().empty()) return NothingToFind("identity.handle");
      query = DirectoryQuery{"by_identity", {codec::Key(static_cast<int32_t>(identity.channel()), identity.handle())}, {}};
      break;
    }
    case FindClientsRequest::kNamePrefix:
      query = ByName(request.name_prefix());
      if (!query.has_value()) return NothingToFind("name_prefix");
      break;
    case FindClientsRequest::kAnything: {
      auto queries = ByAnything(request.anything());
      if (queries.empty()) return NothingToFind("anything");
      return queries;
    }
    case FindClientsRequest::BY_NOT_SET:
      return NothingToFind("by");
  }
  return std::vector<DirectoryQuery>{*std::move(query)};
}

std::string KeyOf(const std::vector<DirectoryQuery>& queries) {
  std::string key;
  for (const DirectoryQuery& query : queries) {
    codec::AppendPart(key, query.table);
    codec::AppendPart(key, query.prefixes.front());
  }
  return key;
}

namespace {

// A page of what `queries[at]` finds and none before it does.
StatusOr<std::string> FillOne(const Moment& moment, const std::vector<DirectoryQuery>& queries, size_t at,
                              std::string_view cursor, const PageLimits& limits,
                              query::v1::FindClientsResponse* response) {
  const DirectoryQuery& query = queries[at];
  ScanPlan plan{"directory", "entries", query.table, {}, ScanPlan::Order::kKey};
  const bool whole_key = query.table == "entries" || !query.name_prefix.empty();
  for (const std::string& prefix : query.prefixes) plan.ranges.push_back({prefix, whole_key ? 0 : prefix.size()});
  ASSIGN_OR_RETURN(const auto scan, MergedScan::Open(moment, std::move(plan), cursor));
  std::string last;
  const auto accepts = [&](DirectoryEntry& entry, const engine::PartitionView&) {
    for (size_t before = 0; before < at; ++before)
      if (Finds(queries[before], entry)) return false;
    std::string_view key = scan->order_key();
    if (!query.name_prefix.empty()) {
      std::string part;
      return codec::TakePart(key, &part) && IsFirstPart(entry, part, query.name_prefix);
    }
    // Two forms of one phone meet here, one after the other.
    return std::exchange(last, std::string(key)) != key;
  };
  return FillPage<DirectoryEntry>(*scan, limits, accepts, response->mutable_entries());
}

}  // namespace

StatusOr<std::string> FillDirectory(const Moment& moment, const std::vector<DirectoryQuery>& queries,
                                    std::string_view cursor, const PageLimits& limits,
                                    query::v1::FindClientsResponse* response) {
  int32_t at = 0;
  if (!cursor.empty() && (!codec::TakePart(cursor, &at) || at < 0 || static_cast<size_t>(at) >= queries.size()))
    return WithReason(InvalidArgument("page_token: broken"), "PAGE_TOKEN_INVALID", "page_token");
  for (; static_cast<size_t>(at) < queries.size(); ++at) {
    PageLimits rest = limits;
    rest.rows -= response->entries_size();
    if (rest.rows <= 0) return codec::Key(at);
    ASSIGN_OR_RETURN(const std::string next, FillOne(moment, queries, static_cast<size_t>(at), cursor, rest, response));
    if (!next.empty()) return codec::Key(at) + next;
    cursor = {};
  }
  return std::string();
}

Status MarkSurvivors(const engine::Engine& engine, query::v1::FindClientsResponse* response) {
  for (DirectoryEntry& entry : *response->mutable_entries()) {
    ASSIGN_OR_RETURN(const Union records, UnionOf(engine, entry.client_id()));
    if (records.root != entry.client_id()) entry.set_surviving_client_id(records.root);
  }
  return OkStatus();
}

}  // namespace kefu::query

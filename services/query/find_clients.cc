#include "services/query/find_clients.h"

#include <utility>

#include "platform/base/reason.h"
#include "platform/codec/key.h"
#include "projections/directory/normalise.h"

namespace kefu::query {
namespace {

using query::v1::DirectoryEntry;
using query::v1::FindClientsRequest;

Status NothingToFind(std::string_view field) {
  return WithReason(InvalidArgument("{}: nothing to look for; give a client_id, account_number, phone, external_id or "
                                    "name_prefix with letters or digits in it",
                                    field),
                    "FIND_BY_MISSING", field);
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

StatusOr<DirectoryQuery> ReadDirectoryQuery(const FindClientsRequest& request) {
  DirectoryQuery query;
  switch (request.by_case()) {
    case FindClientsRequest::kClientId:
      if (request.client_id().empty()) return NothingToFind("client_id");
      query.table = "entries";
      query.prefixes.push_back(codec::Key(request.client_id()));
      return query;
    case FindClientsRequest::kAccountNumber: {
      const std::string account = directory::NormaliseAccount(request.account_number());
      if (account.empty()) return NothingToFind("account_number");
      query.table = "by_account";
      query.prefixes.push_back(codec::Key(account));
      return query;
    }
    case FindClientsRequest::kPhone:
      query.table = "by_phone";
      for (const std::string& phone : directory::PhoneKeys(request.phone()))
        query.prefixes.push_back(codec::Key(phone));
      if (query.prefixes.empty()) return NothingToFind("phone");
      return query;
    case FindClientsRequest::kExternalId:
      if (request.external_id().value().empty()) return NothingToFind("external_id.value");
      query.table = "by_external";
      query.prefixes.push_back(codec::Key(request.external_id().scheme(), request.external_id().value()));
      return query;
    case FindClientsRequest::kNamePrefix:
      query.name_prefix = directory::NamePrefix(request.name_prefix());
      if (query.name_prefix.empty()) return NothingToFind("name_prefix");
      query.table = "by_name";
      query.prefixes.push_back(codec::OpenTextPrefix(query.name_prefix));
      return query;
    case FindClientsRequest::BY_NOT_SET:
      break;
  }
  return NothingToFind("by");
}

StatusOr<std::string> FillDirectory(const Moment& moment, const DirectoryQuery& query, std::string_view cursor,
                                    const PageLimits& limits, query::v1::FindClientsResponse* response) {
  ScanPlan plan{"directory", "entries", query.table, {}, ScanPlan::Order::kKey};
  const bool whole_key = query.table == "entries" || !query.name_prefix.empty();
  for (const std::string& prefix : query.prefixes) plan.ranges.push_back({prefix, whole_key ? 0 : prefix.size()});
  ASSIGN_OR_RETURN(const auto scan, MergedScan::Open(moment, std::move(plan), cursor));
  std::string last;
  const auto accepts = [&](DirectoryEntry& entry, const engine::PartitionView&) {
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

}  // namespace kefu::query

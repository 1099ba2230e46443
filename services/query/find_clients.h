#pragma once

#include <string>

#include "kefu/query/v1/client.pb.h"
#include "services/query/merged_scan.h"
#include "services/query/page.h"

namespace kefu::query {

// What FindClients looks for, in the directory's normal forms.
struct DirectoryQuery {
  // The table or index, and what its keys begin with.
  std::string table;
  std::vector<std::string> prefixes;
  // By name: a prefix of the part, which orders the list. Otherwise the list is by client id.
  std::string name_prefix;
};

// kInvalidArgument (FIND_BY_MISSING) if nothing is asked for, or nothing is left of it once it is made plain.
StatusOr<DirectoryQuery> ReadDirectoryQuery(const query::v1::FindClientsRequest& request);

// A page from after `cursor`; each client once. Returns the cursor to go on from, empty at the end.
StatusOr<std::string> FillDirectory(const Moment& moment, const DirectoryQuery& query, std::string_view cursor,
                                    const PageLimits& limits, query::v1::FindClientsResponse* response);

}  // namespace kefu::query

#pragma once

#include <string>
#include <vector>

#include "kefu/query/v1/client.pb.h"
#include "services/query/merged_scan.h"
#include "services/query/page.h"

namespace kefu::query {

// What FindClients looks for in one table of the directory, in its normal forms.
struct DirectoryQuery {
  // The table or index, and what its keys begin with.
  std::string table;
  std::vector<std::string> prefixes;
  // By name: a prefix of the part, which orders the list. Otherwise the list is by client id.
  std::string name_prefix;
};

// One query, or, for `anything`, one for each kind of thing that it may be, in the order they are tried.
// kInvalidArgument (FIND_BY_MISSING) if nothing is asked for, or nothing is left of it once it is made plain.
StatusOr<std::vector<DirectoryQuery>> ReadDirectoryQueries(const query::v1::FindClientsRequest& request);

// What tells two requests apart, for page tokens.
std::string KeyOf(const std::vector<DirectoryQuery>& queries);

// A page from after `cursor`, one query after the other; each client once. Returns the cursor to go on from, empty at the
// end.
StatusOr<std::string> FillDirectory(const Moment& moment, const std::vector<DirectoryQuery>& queries,
                                    std::string_view cursor, const PageLimits& limits,
                                    query::v1::FindClientsResponse* response);

// Says of merged records which one survives. Costs a look-up an entry.
Status MarkSurvivors(const engine::Engine& engine, query::v1::FindClientsResponse* response);

}  // namespace kefu::query

#pragma once

#include <string>
#include <vector>

#include "kefu/query/v1/client.pb.h"
#include "services/query/union.h"

namespace kefu::query {

// The rows of merged records as one client; the first is the one that survives. What only one record can say is taken
// from the survivor, and where it never said it, from the first of the others that did: parts of the profile with where
// they come from, the name, the configuration. Counts are added, lists are joined and cut as the view cuts them.
// `revision` and `last_offset` are the first row's.
query::v1::Client Unite(const std::vector<query::v1::Client>& rows);

// The client that `records` are, with `merged_client_ids`. Asked for by the id of a merged record, it says which one
// survives, and the revision is the asked record's, for that is what a precondition is held against.
// kNotFound (CLIENT_NOT_FOUND) if no event of any of the records is known.
StatusOr<query::v1::Client> ReadUnited(const Union& records, const std::string& asked);

// Names the records joined to the one asked for: `members` of its union.
void SetLinks(const std::vector<std::string>& members, const std::string& asked, query::v1::Client* client);

}  // namespace kefu::query

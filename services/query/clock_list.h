#pragma once

// Clocks of cases, filtered, page by page.

#include <functional>
#include <string>

#include "kefu/query/v1/clock.pb.h"
#include "services/query/filter.h"
#include "services/query/page.h"
#include "services/query/page_token.h"
#include "services/query/reader.h"

namespace kefu::query {

// What one ListClocks asks.
struct ClockQuery {
  std::string client_id;  // empty: all
  std::string case_id;    // empty: all
  Filter filter;
  // From the filter; unless it says `state = …`, those that are not settled.
  bool takes_settled = false;
  bool takes_unsettled = true;
  bool by_name = false;
  absl::Time as_of;
  // What page tokens belong to.
  std::string hash;

  // kInvalidArgument: NAME_INVALID, FILTER_INVALID, ORDER_BY_INVALID. `now` stands in for an absent `as_of`.
  static StatusOr<ClockQuery> Read(const query::v1::ListClocksRequest& request, absl::Time now);

  bool Passes(const query::v1::Clock& clock) const;
};

// Fills in the clocks; gives the cursor to go on from, empty at the end. One case, or the cases of one client, are read
// whole and sorted; all others are walked: by due time those that have one, by name all.
StatusOr<std::string> FillClocks(const Moment& moment, const ClockQuery& query, const PageLimits& limits,
                                 std::string_view cursor, query::v1::ListClocksResponse* response);

// How many FillClocks lists. Walks all of them.
StatusOr<int64_t> CountClocks(const Moment& moment, const ClockQuery& query,
                              const std::function<Status()>& keeps_going);

}  // namespace kefu::query

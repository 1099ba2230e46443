#pragma once

// What segment rules, published or not, would say of all clients.

#include <functional>

#include "kefu/query/v1/segment.pb.h"
#include "platform/base/status.h"
#include "services/query/reader.h"

namespace kefu::query {

// Are these rules that could be published? kInvalidArgument with the rule that would refuse them as its reason, such as
// RULE_DIVIDES_BY_ZERO, about `rules`; EXPRESSION_INVALID, MODEL_SCALE_INVALID, MODEL_USES_SCORE about `model`.
Status CheckTrial(const query::v1::TrySegmentRulesRequest& request);

// Counts clients by the segment that `request.rules` give as of `as_of`, and those that would change. Without a model
// of its own the newest published one scores. Looks at every client of the moment's partitions.
Status TryRules(const Moment& moment, const query::v1::TrySegmentRulesRequest& request, absl::Time as_of,
                const std::function<Status()>& keeps_going, query::v1::TrySegmentRulesResponse* response);

}  // namespace kefu::query

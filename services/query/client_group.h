#pragma once

#include <absl/time/time.h>

#include <functional>
#include <string>

#include "kefu/query/v1/relation.pb.h"
#include "platform/base/status.h"

namespace kefu::query {

// Members listed; all are counted.
inline constexpr int kMostGroupMembers = 1000;

// Was it true at `moment`? From `true_since` on, and before `true_until`.
bool HoldsAt(const query::v1::Relation& relation, absl::Time moment);

// Shows every relation of a client, ended ones too, in any order.
using EachRelation =
    std::function<Status(const std::string& client_id, const std::function<void(const query::v1::Relation&)>& take)>;

// The tree of companies that `client_id` belonged to at `moment`: its top, then all below it, parents before children,
// siblings by id. A client without relations is a group of itself. Should records say that a client had two parents at
// once, the later one counts; a circle is cut where it closes.
// Cost: the relations of every member once.
StatusOr<query::v1::ClientGroup> GroupOf(const std::string& client_id, absl::Time moment, const EachRelation& relations);

}  // namespace kefu::query

#include "services/query/client_group.h"

#include <algorithm>
#include <deque>
#include <set>
#include <tuple>
#include <vector>

#include "platform/base/time.h"
#include "services/query/union.h"

namespace kefu::query {
namespace {

using query::v1::ClientGroup;
using query::v1::Relation;

struct Tie {
  std::string client_id;
  std::string relation_id;
};

// What one client's relations say of its place in the tree.
struct Place {
  // Empty ids: it is at the top.
  Tie parent;
  // Sorted by client.
  std::vector<Tie> children;
};

StatusOr<Place> PlaceOf(const std::string& client_id, absl::Time moment, const EachRelation& relations) {
  Place place;
  absl::Time parent_since = absl::InfinitePast();
  RETURN_IF_ERROR(relations(client_id, [&](const Relation& relation) {
    if (relation.kind() != events::v1::RELATION_KIND_PARENT || !HoldsAt(relation, moment)) return;
    if (relation.client_id() == client_id) {
      place.children.push_back({relation.other_client_id(), relation.relation_id()});
      return;
    }
    const absl::Time since = FromProto(relation.true_since());
    const bool is_later = place.parent.relation_id.empty() || since > parent_since ||
                          (since == parent_since && relation.relation_id() < place.parent.relation_id);
    if (!is_later) return;
    place.parent = {relation.client_id(), relation.relation_id()};
    parent_since = since;
  }));
  std::sort(place.children.begin(), place.children.end(), [](const Tie& a, const Tie& b) {
    return std::tie(a.client_id, a.relation_id) < std::tie(b.client_id, b.relation_id);
  });
  return place;
}

StatusOr<std::string> TopOf(std::string client_id, absl::Time moment, const EachRelation& relations) {
  std::set<std::string> met{client_id};
  for (int hop = 0; hop < kMostHops; ++hop) {
    ASSIGN_OR_RETURN(const Place place, PlaceOf(client_id, moment, relations));
    if (place.parent.relation_id.empty() || !met.insert(place.parent.client_id).second) break;
    client_id = place.parent.client_id;
  }
  return client_id;
}

}  // namespace

bool HoldsAt(const Relation& relation, absl::Time moment) {
  if (moment < FromProto(relation.true_since())) return false;
  return !relation.has_true_until() || moment < FromProto(relation.true_until());
}

StatusOr<ClientGroup> GroupOf(const std::string& client_id, absl::Time moment, const EachRelation& relations) {
  struct Found {
    Tie self;  // with the relation to its parent
    std::string parent;
    int32_t depth;
  };
  ClientGroup group;
  ASSIGN_OR_RETURN(const std::string top, TopOf(client_id, moment, relations));
  group.set_name("clients/" + top);
  std::set<std::string> met;
  std::deque<Found> open{{{top, ""}, "", 0}};
  int64_t total = 0;
  while (!open.empty()) {
    const Found found = std::move(open.front());
    open.pop_front();
    if (!met.insert(found.self.client_id).second) continue;
    ASSIGN_OR_RETURN(const Place place, PlaceOf(found.self.client_id, moment, relations));
    const bool is_top = total == 0;
    if (!is_top && place.parent.relation_id != found.self.relation_id) {
      // The child of another: whoever finds it there may list it.
      met.erase(found.self.client_id);
      continue;
    }
    ++total;
    if (group.members_size() < kMostGroupMembers) {
      auto* member = group.add_members();
      member->set_client_id(found.self.client_id);
      member->set_parent_client_id(found.parent);
      member->set_relation_id(found.self.relation_id);
      member->set_depth(found.depth);
    }
    for (const Tie& child : place.children) open.push_back({child, found.self.client_id, found.depth + 1});
  }
  group.set_members_total(total);
  return group;
}

}  // namespace kefu::query

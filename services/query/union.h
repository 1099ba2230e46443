#pragma once

// Records that were merged are read as one client. Nothing was rewritten when they were merged: whoever reads unites
// them, and a split needs no undoing.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "kefu/query/v1/relation.pb.h"
#include "projections/engine/engine.h"
#include "services/query/merged_scan.h"
#include "services/query/reader.h"

namespace kefu::query {

// Merges on the way from a record to the one that survives.
inline constexpr int kMostHops = 64;
// Records read as one client; further ones stand alone.
inline constexpr size_t kMostMembers = 1000;

// The records of one client. Of the usual client it is alone.
struct Union {
  // The record that survives.
  std::string root;
  // All records: the root first, then by id.
  std::vector<std::string> members;
  // The partitions they live in, each at one moment: for the answer, too.
  Moment moment;

  bool alone() const { return members.size() == 1; }
  bool Has(std::string_view client_id) const;
  // For page tokens: a token of a list over other records does not fit. Empty if alone.
  std::string Key() const;
};

// The union that `client_id` belongs to; known or not. A link counts where both ends have it, for copies of a merge reach
// their partitions one after the other.
//
// Cost: one look-up, which finds nothing for a client without links; else one a record.
StatusOr<Union> UnionOf(const engine::Engine& engine, const std::string& client_id);

// The same, with links from anywhere: `links` gives a record's encoded MergeLinks, or nothing. For tests without an
// engine. The root first, then by id.
StatusOr<std::vector<std::string>> MembersOf(
    const std::string& client_id,
    const std::function<StatusOr<bool>(const std::string& client_id, store::PinnedValue* links)>& links);

// One range a record, for an index whose keys begin with the client's id. The list is by what follows.
void AddRanges(const Union& records, ScanPlan* plan);

// `position` with the partitions of other clients set to 0.
log::Position OnlyPartitionsOf(log::Position position, const Union& records);

}  // namespace kefu::query

#include "services/query/union.h"

#include <algorithm>
#include <deque>
#include <set>

#include "platform/base/hash.h"
#include "platform/codec/key.h"
#include "projections/relation/rows.pb.h"

namespace kefu::query {
namespace {

constexpr std::string_view kView = "relation";
constexpr std::string_view kTable = "merges";

using Links = relation::MergeLinks;
using ReadLinks = std::function<StatusOr<bool>(const std::string& client_id, store::PinnedValue* links)>;

bool NamesMerged(const Links& links, const std::string& client_id) {
  return std::any_of(links.merged().begin(), links.merged().end(),
                     [&](const relation::MergedRecord& each) { return each.client_id() == client_id; });
}

StatusOr<bool> Read(const ReadLinks& read, const std::string& client_id, Links* links) {
  store::PinnedValue stored;
  ASSIGN_OR_RETURN(const bool found, read(client_id, &stored));
  links->Clear();
  if (found && !links->ParseFromArray(stored.view().data(), static_cast<int>(stored.view().size())))
    return DataLoss("the links of client \"{}\" cannot be read; rebuild the view \"relation\"", client_id);
  return found;
}

// The record that survives, and its links.
StatusOr<std::string> RootOf(const ReadLinks& read, std::string client_id, Links* links) {
  for (int hop = 0; hop < kMostHops && !links->surviving_client_id().empty(); ++hop) {
    Links above;
    ASSIGN_OR_RETURN(const bool found, Read(read, links->surviving_client_id(), &above));
    if (!found || !NamesMerged(above, client_id)) break;
    client_id = links->surviving_client_id();
    *links = std::move(above);
  }
  return client_id;
}

}  // namespace

StatusOr<std::vector<std::string>> MembersOf(const std::string& client_id, const ReadLinks& read) {
  Links links;
  ASSIGN_OR_RETURN(const bool linked, Read(read, client_id, &links));
  if (!linked) return std::vector<std::string>{client_id};
  ASSIGN_OR_RETURN(const std::string root, RootOf(read, client_id, &links));
  std::set<std::string> below;
  std::deque<std::pair<std::string, Links>> open;
  open.emplace_back(root, std::move(links));
  while (!open.empty()) {
    const auto [parent, of_parent] = std::move(open.front());
    open.pop_front();
    for (const auto& merged : of_parent.merged()) {
      if (below.size() + 1 >= kMostMembers || merged.client_id() == root || below.contains(merged.client_id())) continue;
      Links own;
      RETURN_IF_ERROR(Read(read, merged.client_id(), &own).status());
      if (own.surviving_client_id() != parent) continue;
      below.insert(merged.client_id());
      open.emplace_back(merged.client_id(), std::move(own));
    }
  }
  std::vector<std::string> members{root};
  members.insert(members.end(), below.begin(), below.end());
  return members;
}

StatusOr<Union> UnionOf(const engine::Engine& engine, const std::string& client_id) {
  const auto home = [&](std::string_view client) { return Partition(PartitionForKey(client, engine.partitions())); };
  Union made{client_id, {}, Moment::Now(engine, home(client_id))};
  const auto read = [&](const std::string& client, store::PinnedValue* links) -> StatusOr<bool> {
    auto found = made.moment.Add(home(client)).Get(kView, kTable, codec::Key(client), links);
    // A server without the view unites nothing.
    if (found.status().code() == StatusCode::kNotFound) return false;
    return found;
  };
  ASSIGN_OR_RETURN(made.members, MembersOf(client_id, read));
  made.root = made.members.front();
  return made;
}

bool Union::Has(std::string_view client_id) const {
  return std::find(members.begin(), members.end(), client_id) != members.end();
}

std::string Union::Key() const {
  std::string key;
  if (alone()) return key;
  for (const std::string& member : members) codec::AppendPart(key, member);
  return key;
}

void AddRanges(const Union& records, ScanPlan* plan) {
  for (const std::string& member : records.members) {
    std::string prefix = codec::Key(member);
    const size_t skip = prefix.size();
    plan->ranges.push_back({std::move(prefix), skip});
  }
}

log::Position OnlyPartitionsOf(log::Position position, const Union& records) {
  std::vector<int64_t> kept(position.next_offsets.size());
  for (const auto& partition : records.moment.partitions()) {
    const auto p = static_cast<size_t>(partition->partition().value());
    kept[p] = position.next_offsets[p];
  }
  position.next_offsets = std::move(kept);
  return position;
}

}  // namespace kefu::query

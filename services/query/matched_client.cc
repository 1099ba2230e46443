#include "services/query/matched_client.h"

#include "kefu/query/v1/segment.pb.h"
#include "platform/base/reason.h"
#include "platform/codec/key.h"
#include "projections/activity/facts.h"
#include "projections/sdk/branch_time.h"

namespace kefu::query {
namespace {

// False: there is no such row.
StatusOr<bool> Load(const engine::PartitionView& partition, std::string_view view, std::string_view table,
                    std::string_view key, google::protobuf::Message* row) {
  store::PinnedValue stored;
  ASSIGN_OR_RETURN(const bool found, partition.Get(view, table, key, &stored));
  if (found && !row->ParseFromArray(stored.view().data(), static_cast<int>(stored.view().size())))
    return DataLoss("a row of the view \"{}\" cannot be read; rebuild the view", view);
  return found;
}

// Products of the active subscriptions of a record.
Status AddSubscribed(const engine::PartitionView& partition, const std::string& member, MatchedClient* client) {
  constexpr std::string_view kView = "subscription";
  const std::string prefix = codec::Key(member, static_cast<int32_t>(v1::SUBSCRIPTION_STATE_ACTIVE));
  ASSIGN_OR_RETURN(const auto cursor, partition.Scan(kView, "by_client", prefix, codec::PrefixEnd(prefix)));
  v1::Subscription row;
  for (; cursor->Valid(); cursor->Next()) {
    ASSIGN_OR_RETURN(const bool found, Load(partition, kView, "subscriptions", cursor->value(), &row));
    if (found) client->subscribed.insert(row.product_id());
  }
  return cursor->status();
}

}  // namespace

StatusOr<MatchedClient> ReadMatchedClient(const Union& records, absl::Time at) {
  MatchedClient client;
  std::string tier;
  bool known = false;
  for (const std::string& member : records.members) {
    const engine::PartitionView& partition = records.moment.HomeOf(member);
    const std::string key = codec::Key(member);
    v1::ClientActivity activity;
    ASSIGN_OR_RETURN(const bool has_activity, Load(partition, "activity", "clients", key, &activity));
    if (!has_activity) continue;
    known = true;
    client.assets += activity::FactsOf(activity, sdk::BranchDayOf(at),
                                       activity::Resolution::kDay)[events::v1::CLIENT_FACT_ASSETS];
    if (tier.empty()) tier = activity.tier();
    v1::Classification classes;
    ASSIGN_OR_RETURN(const bool classified, Load(partition, "segment", "clients", key, &classes));
    if (classified)
      for (const auto& entry : classes.current())
        client.segments.emplace(entry.classified().scheme(), entry.classified().segment());
    if (client.investor.investor_class() == events::v1::INVESTOR_CLASS_UNSPECIFIED &&
        client.investor.status() == events::v1::INVESTOR_STATUS_UNSPECIFIED) {
      v1::Investor investor;
      ASSIGN_OR_RETURN(const bool assessed, Load(partition, "suitability", "investors", key, &investor));
      if (assessed) client.investor = investor.now();
    }
    RETURN_IF_ERROR(AddSubscribed(partition, member, &client));
  }
  if (!known) return WithReason(NotFound("client \"{}\" is not known", records.root), "CLIENT_NOT_FOUND", "parent");
  if (!tier.empty()) client.segments.emplace(std::string(kTierScheme), tier);
  return client;
}

}  // namespace kefu::query

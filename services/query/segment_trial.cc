#include "services/query/segment_trial.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>

#include "platform/base/reason.h"
#include "platform/codec/key.h"
#include "platform/event/broadcast.h"
#include "platform/rules/churn_model.h"
#include "platform/rules/segment_rules.h"
#include "projections/activity/activity.h"
#include "projections/activity/classify.h"
#include "projections/reference/reference.h"
#include "projections/segment/segment.h"
#include "services/query/page.h"

namespace kefu::query {
namespace {

using events::v1::ChurnModelPublished;

Status RefusedAs(rules::RulesFault fault, std::string_view field) {
  if (fault == rules::RulesFault::kNone) return OkStatus();
  std::string reason(rules::NameOf(fault));
  for (char& c : reason) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return WithReason(InvalidArgument("{}: the rule {} refuses it", field, rules::NameOf(fault)), reason, field);
}

StatusOr<std::optional<ChurnModelPublished>> NewestModel(const engine::PartitionView& home) {
  const std::string prefix =
      codec::Key(static_cast<int32_t>(query::v1::REFERENCE_KIND_CHURN_MODEL), reference::kChurnModelId);
  ASSIGN_OR_RETURN(const auto cursor, home.Scan(reference::ReferenceView::kName, reference::Items::kName, prefix,
                                                codec::PrefixEnd(prefix), store::Order::kDescending));
  RETURN_IF_ERROR(cursor->status());
  std::optional<ChurnModelPublished> newest;
  if (!cursor->Valid()) return newest;
  query::v1::Reference item;
  if (!item.ParseFromArray(cursor->value().data(), static_cast<int>(cursor->value().size())))
    return DataLoss("a published model cannot be read; rebuild the view {}", reference::ReferenceView::kName);
  newest = item.event().churn_model_published();
  return newest;
}

// The segment of a scheme that the view has a client in; empty for none.
StatusOr<std::string> PresentSegment(const engine::PartitionView& partition, std::string_view client_key,
                                     const std::string& scheme) {
  store::PinnedValue row;
  ASSIGN_OR_RETURN(const bool found,
                   partition.Get(segment::SegmentView::kName, segment::Clients::kName, client_key, &row));
  query::v1::Classification known;
  if (found && !known.ParseFromArray(row.view().data(), static_cast<int>(row.view().size())))
    return DataLoss("a client's classification cannot be read; rebuild the view {}", segment::SegmentView::kName);
  for (const auto& entry : known.current())
    if (entry.classified().scheme() == scheme) return entry.classified().segment();
  return std::string();
}

}  // namespace

Status CheckTrial(const query::v1::TrySegmentRulesRequest& request) {
  RETURN_IF_ERROR(RefusedAs(rules::CheckSegmentRules(request.rules()), "rules"));
  return RefusedAs(rules::CheckModel(request.model()), "model");
}

Status TryRules(const Moment& moment, const query::v1::TrySegmentRulesRequest& request, absl::Time as_of,
                const std::function<Status()>& keeps_going, query::v1::TrySegmentRulesResponse* response) {
  std::optional<ChurnModelPublished> model;
  if (request.has_model()) model = request.model();
  std::map<std::string, int64_t> clients;
  int64_t changed = 0, examined = 0;
  query::v1::ClientActivity client;
  for (const auto& partition : moment.partitions()) {
    if (!model.has_value() && partition->partition() == event::kHomeOfBroadcasts) {
      ASSIGN_OR_RETURN(model, NewestModel(*partition));
    }
    ASSIGN_OR_RETURN(const auto cursor,
                     partition->Scan(activity::ActivityView::kName, activity::Clients::kName, {}, {}));
    for (; cursor->Valid(); cursor->Next()) {
      if (++examined % kRowsBetweenChecks == 0) RETURN_IF_ERROR(keeps_going());
      if (!client.ParseFromArray(cursor->value().data(), static_cast<int>(cursor->value().size())))
        return DataLoss("a client's activity cannot be read; rebuild the view {}", activity::ActivityView::kName);
      const auto facts = activity::FactsAt(client, model.has_value() ? &*model : nullptr, as_of);
      const std::string& in = activity::SegmentOf(request.rules(), facts);
      if (!in.empty()) ++clients[in];
      ASSIGN_OR_RETURN(const std::string present, PresentSegment(*partition, cursor->key(), request.rules().scheme()));
      changed += present != in;
    }
    RETURN_IF_ERROR(cursor->status());
  }
  // In the order of the rules; those that nobody would be in as well.
  for (const auto& rule : request.rules().rules()) {
    auto& count = *response->add_segments();
    count.set_scheme(request.rules().scheme());
    count.set_segment(rule.segment());
    count.set_clients(clients[rule.segment()]);
    count.set_rules_version(request.rules().version());
  }
  response->set_changed(changed);
  return OkStatus();
}

}  // namespace kefu::query

#include "services/query/investor.h"

#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include "kefu/query/v1/client.pb.h"
#include "kefu/query/v1/reference.pb.h"
#include "platform/base/reason.h"
#include "platform/codec/key.h"
#include "projections/admission/catalogue_rules.h"
#include "projections/reference/reference.h"
#include "projections/sdk/suitability_rules.h"
#include "projections/suitability/suitability.h"

namespace kefu::query {
namespace {

namespace v1 = query::v1;
using events::v1::CalendarDate;
using events::v1::SuitabilityPackPublished;
using suitability::SuitabilityView;

// False: there is no such row.
template <class Row>
StatusOr<bool> Read(const engine::PartitionView& partition, std::string_view view, std::string_view table,
                    const std::string& key, Row* row) {
  store::PinnedValue stored;
  ASSIGN_OR_RETURN(const bool found, partition.Get(view, table, key, &stored));
  if (found && !row->ParseFromArray(stored.view().data(), static_cast<int>(stored.view().size())))
    return DataLoss("a row of {} cannot be read; rebuild the view {}", table, view);
  return found;
}

std::tuple<int, int, int> Sortable(const CalendarDate& date) { return {date.year(), date.month(), date.day()}; }

std::tuple<int, int, int> DayOf(const v1::InvestorMoment& moment) {
  return std::max(Sortable(moment.assessed_on()), Sortable(moment.classified_on()));
}

// The later half of each.
void Unite(const v1::InvestorMoment& other, v1::InvestorMoment* now) {
  if (Sortable(other.assessed_on()) > Sortable(now->assessed_on())) {
    now->set_investor_class(other.investor_class());
    now->set_lowest(other.lowest());
    *now->mutable_assessed_on() = other.assessed_on();
    now->clear_valid_until();
    if (other.has_valid_until()) *now->mutable_valid_until() = other.valid_until();
    now->set_assessment_event_id(other.assessment_event_id());
  }
  if (Sortable(other.classified_on()) > Sortable(now->classified_on())) {
    now->set_status(other.status());
    *now->mutable_classified_on() = other.classified_on();
    now->clear_status_valid_until();
    if (other.has_status_valid_until()) *now->mutable_status_valid_until() = other.status_valid_until();
    now->set_status_event_id(other.status_event_id());
  }
}

// The rule that refuses whatever is recommended to the client.
StatusOr<std::string_view> RuleOfClient(const engine::PartitionView& home, const std::string& client_id) {
  v1::Client client;
  ASSIGN_OR_RETURN(const bool found, Read(home, "client", "clients", codec::Key(client_id), &client));
  if (!found || client.status() == events::v1::CLIENT_STATUS_UNSPECIFIED) return "client_unknown";
  return client.status() == events::v1::CLIENT_STATUS_CLOSED ? "client_closed" : "";
}

// The id of the product that has this name or alias, however it is written; a newer one goes before an older one.
StatusOr<std::string> ProductNamed(const engine::PartitionView& home, std::string_view name) {
  const std::string wanted = admission::FoldedName(name);
  std::string id;
  int64_t newest = -1;
  for (const auto kind : {v1::REFERENCE_KIND_PRODUCT, v1::REFERENCE_KIND_PRODUCT_ALIAS}) {
    const std::string prefix = codec::Key(static_cast<int32_t>(kind));
    ASSIGN_OR_RETURN(const auto cursor,
                     home.Scan(reference::ReferenceView::kName, reference::Items::kName, prefix,
                               codec::PrefixEnd(prefix)));
    for (; cursor->Valid(); cursor->Next()) {
      v1::Reference item;
      if (!item.ParseFromArray(cursor->value().data(), static_cast<int>(cursor->value().size())))
        return DataLoss("a published item cannot be read; rebuild the view {}", reference::ReferenceView::kName);
      const auto& product = item.event().service_product_published();
      const auto& alias = item.event().product_alias_published();
      const bool is_product = kind == v1::REFERENCE_KIND_PRODUCT;
      if (item.offset() <= newest || admission::FoldedName(is_product ? product.name() : alias.alias()) != wanted)
        continue;
      newest = item.offset();
      id = is_product ? product.product_id() : alias.product_id();
    }
    RETURN_IF_ERROR(cursor->status());
  }
  return id;
}

// The version of each pack that holds at `at`; told in `response`, too.
StatusOr<std::vector<SuitabilityPackPublished>> PacksAt(const engine::PartitionView& home, absl::Time at,
                                                        v1::CheckSuitabilityResponse* response) {
  std::vector<SuitabilityPackPublished> packs;
  suitability::PackVersions starts;
  ASSIGN_OR_RETURN(const bool any, Read(home, SuitabilityView::kName, suitability::Starts::kName,
                                        codec::Key(suitability::kStartsKey), &starts));
  if (!any) return packs;
  for (const auto& pack : starts.packs()) {
    const auto* start = sdk::InForceAt(pack.versions(), at);
    if (start == nullptr) continue;
    SuitabilityPackPublished& whole = packs.emplace_back();
    ASSIGN_OR_RETURN(const bool found, Read(home, SuitabilityView::kName, suitability::Packs::kName,
                                            codec::Key(pack.pack_id(), start->version()), &whole));
    if (!found) return DataLoss("pack \"{}\" has lost its version {}; rebuild the view {}", pack.pack_id(),
                                start->version(), SuitabilityView::kName);
    auto& told = *response->add_packs();
    told.set_pack_id(pack.pack_id());
    told.set_version(start->version());
  }
  return packs;
}

}  // namespace

StatusOr<v1::Investor> ReadInvestor(const Union& records, const std::string& asked) {
  v1::Investor united;
  std::vector<v1::InvestorMoment> moments;
  bool any = false;
  for (const std::string& member : records.members) {
    v1::Investor row;
    ASSIGN_OR_RETURN(const bool found, Read(records.moment.HomeOf(member), SuitabilityView::kName,
                                            suitability::Investors::kName, codec::Key(member), &row));
    if (!found) continue;
    if (records.alone()) return row;
    any = true;
    Unite(row.now(), united.mutable_now());
    united.set_last_offset(std::max(united.last_offset(), row.last_offset()));
    moments.push_back(row.now());
    moments.insert(moments.end(), row.history().begin(), row.history().end());
  }
  if (!any)
    return WithReason(NotFound("client \"{}\" was never assessed or classified", asked), "INVESTOR_NOT_FOUND", "name");
  std::stable_sort(moments.begin(), moments.end(),
                   [](const auto& a, const auto& b) { return DayOf(a) > DayOf(b); });
  united.set_client_id(records.root);
  const std::string now = united.now().SerializeAsString();
  for (auto& moment : moments)
    if (united.history_size() < suitability::kMomentsKept - 1 && moment.SerializeAsString() != now)
      *united.add_history() = std::move(moment);
  return united;
}

Status CheckSuitability(const Moment& moment, const std::string& client_id, const std::string& product, absl::Time at,
                        v1::CheckSuitabilityResponse* response) {
  const engine::PartitionView& home = moment.HomeOf(client_id);
  suitability::ProductLevel level;
  std::string product_id = product;
  const auto read_level = [&] {
    return Read(home, SuitabilityView::kName, suitability::Products::kName, codec::Key(product_id), &level);
  };
  ASSIGN_OR_RETURN(bool known, read_level());
  if (!known) {
    ASSIGN_OR_RETURN(product_id, ProductNamed(moment.front(), product));
    if (product_id.empty())
      return WithReason(NotFound("no product has \"{}\" as id, name or alias", product), "PRODUCT_NOT_FOUND",
                        "product");
    // It may not have come to the client's partition yet.
    ASSIGN_OR_RETURN(known, read_level());
  }
  response->set_product_id(product_id);
  response->set_product_version(level.version());
  response->set_risk(level.risk());
  v1::Investor investor;
  ASSIGN_OR_RETURN(const bool assessed, Read(home, SuitabilityView::kName, suitability::Investors::kName,
                                             codec::Key(client_id), &investor));
  if (assessed) *response->mutable_investor() = investor.now();
  ASSIGN_OR_RETURN(const auto packs, PacksAt(home, at, response));

  ASSIGN_OR_RETURN(std::string_view rule, RuleOfClient(home, client_id));
  if (rule.empty() && !known) rule = "product_unknown";
  if (rule.empty() && level.withdrawn()) rule = "product_withdrawn";
  if (rule.empty()) {
    std::vector<const SuitabilityPackPublished*> in_force;
    for (const auto& pack : packs) in_force.push_back(&pack);
    const auto verdict = sdk::JudgeSuitability(investor.now(), level.risk(), in_force, at);
    rule = NameOf(verdict.refusal);
    response->set_may_insist(verdict.refusal == sdk::SuitabilityRefusal::kUnsuitable && verdict.may_insist);
  }
  response->set_suitable(rule.empty());
  response->set_rule(std::string(rule));
  return OkStatus();
}

}  // namespace kefu::query

#include "services/query/next_actions.h"

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

#include "platform/base/reason.h"
#include "platform/base/time.h"
#include "platform/codec/key.h"
#include "platform/event/broadcast.h"
#include "platform/rules/expression.h"
#include "projections/activity/activity.h"
#include "projections/activity/classify.h"
#include "projections/book/book.h"
#include "projections/lead/lead.h"
#include "projections/reference/reference.h"
#include "projections/sdk/suitability_rules.h"
#include "services/query/page.h"

namespace kefu::query {
namespace {

using events::v1::NextActionRule;
using query::v1::NextAction;
using query::v1::Reference;
using reference::ReferenceView;

// The view of investors, by name: a server without it knows of no assessment, and then nothing that is at risk fits.
constexpr std::string_view kSuitabilityView = "suitability";
constexpr std::string_view kInvestors = "investors";

template <class Message>
Status Parse(std::string_view bytes, std::string_view view, Message* message) {
  if (message->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return OkStatus();
  return DataLoss("a row of the view {} cannot be read; rebuild it", view);
}

// Every version of the items of a kind, or of one item of it: by id, then rising.
StatusOr<std::vector<Reference>> ItemsOf(const engine::PartitionView& home, query::v1::ReferenceKind kind,
                                         std::string prefix, bool newest_only) {
  const auto order = newest_only ? store::Order::kDescending : store::Order::kAscending;
  prefix = codec::Key(static_cast<int32_t>(kind)) + prefix;
  ASSIGN_OR_RETURN(const auto cursor, home.Scan(ReferenceView::kName, reference::Items::kName, prefix,
                                                codec::PrefixEnd(prefix), order));
  std::vector<Reference> items;
  for (; cursor->Valid() && !(newest_only && !items.empty()); cursor->Next())
    RETURN_IF_ERROR(Parse(cursor->value(), ReferenceView::kName, &items.emplace_back()));
  RETURN_IF_ERROR(cursor->status());
  return items;
}

StatusOr<std::optional<Reference>> Newest(const engine::PartitionView& home, query::v1::ReferenceKind kind,
                                          std::string_view id) {
  ASSIGN_OR_RETURN(auto items, ItemsOf(home, kind, codec::Key(id), true));
  if (items.empty()) return std::optional<Reference>();
  return std::optional<Reference>(std::move(items.front()));
}

StatusOr<std::vector<events::v1::SuitabilityPackPublished>> PacksInForce(const engine::PartitionView& home,
                                                                         absl::Time as_of) {
  ASSIGN_OR_RETURN(const auto items, ItemsOf(home, query::v1::REFERENCE_KIND_SUITABILITY_PACK, {}, false));
  std::map<std::string, std::vector<events::v1::SuitabilityPackPublished>> by_id;
  for (const Reference& item : items)
    by_id[item.reference_id()].push_back(item.event().suitability_pack_published());
  std::vector<events::v1::SuitabilityPackPublished> packs;
  for (const auto& [id, versions] : by_id)
    if (const auto* in_force = sdk::InForceAt(versions, as_of)) packs.push_back(*in_force);
  return packs;
}

// May the product be offered to this client? Never on the strength of insisting: that is the client's to say.
bool MayBeOffered(const std::string& product_id, const NextActionRules& rules, const ClientSituation& client,
                  absl::Time as_of) {
  const auto found = rules.products.find(product_id);
  if (found == rules.products.end() || found->second.withdrawn()) return false;
  std::vector<const events::v1::SuitabilityPackPublished*> packs;
  for (const auto& pack : rules.packs) packs.push_back(&pack);
  return sdk::JudgeSuitability(client.investor, sdk::RiskOf(found->second), packs, as_of).fits;
}

void AddReasons(const events::v1::Expression& expression, const activity::Facts& facts, absl::Time as_of,
                NextAction* action) {
  for (const auto fact : rules::FactsNamed(expression, activity::kMostReasons)) {
    const auto& known = action->reasons();
    if (static_cast<size_t>(known.size()) >= activity::kMostReasons ||
        std::any_of(known.begin(), known.end(), [&](const auto& each) { return each.fact() == fact; }))
      continue;
    auto& reason = *action->add_reasons();
    reason.set_fact(fact);
    if (const auto number = static_cast<size_t>(fact); number < facts.size()) reason.set_value(facts[number]);
    reason.set_timeline_filter(activity::TimelineFilterOf(fact, as_of));
  }
}

// The rows of one client where it lives.
StatusOr<std::optional<ClientSituation>> SituationOf(const engine::PartitionView& home, std::string_view client_key) {
  ClientSituation client;
  store::PinnedValue row;
  ASSIGN_OR_RETURN(const bool active,
                   home.Get(activity::ActivityView::kName, activity::Clients::kName, client_key, &row));
  if (!active) return std::optional<ClientSituation>();
  RETURN_IF_ERROR(Parse(row.view(), activity::ActivityView::kName, &client.activity));
  ASSIGN_OR_RETURN(const bool answered, home.Get(lead::LeadView::kName, lead::Answers::kName, client_key, &row));
  if (answered) RETURN_IF_ERROR(Parse(row.view(), lead::LeadView::kName, &client.answers));
  const auto assessed = home.Get(kSuitabilityView, kInvestors, client_key, &row);
  if (!assessed.ok() && assessed.status().code() != StatusCode::kNotFound) return assessed.status();
  if (assessed.ok() && *assessed) {
    query::v1::Investor investor;
    RETURN_IF_ERROR(Parse(row.view(), kSuitabilityView, &investor));
    client.investor = std::move(*investor.mutable_now());
  }
  return std::optional<ClientSituation>(std::move(client));
}

// Keeps the first `size` actions after a place, and whether there are more.
class FirstActions {
 public:
  FirstActions(size_t size, const std::optional<NextActionPlace>& after) : size_(size), after_(after) {}

  void Add(NextAction action) {
    NextActionPlace place = NextActionPlace::Of(action);
    if (after_.has_value() && !(*after_ < place)) return;
    kept_.emplace(std::move(place), std::move(action));
    if (kept_.size() > size_ + 1) kept_.erase(std::prev(kept_.end()));
  }

  NextActionPage Page() && {
    NextActionPage page;
    for (auto& [place, action] : kept_) {
      if (page.actions.size() == size_) {
        page.next = NextActionPlace::Of(page.actions.back());
        break;
      }
      page.actions.push_back(std::move(action));
    }
    return page;
  }

 private:
  const size_t size_;
  const std::optional<NextActionPlace>& after_;
  std::map<NextActionPlace, NextAction> kept_;
};

}  // namespace

StatusOr<NextActionRules> ReadNextActionRules(const engine::PartitionView& home, absl::Time as_of) {
  NextActionRules made;
  ASSIGN_OR_RETURN(auto rules, Newest(home, query::v1::REFERENCE_KIND_NEXT_ACTION_RULES, reference::kNextActionsId));
  if (!rules.has_value()) return made;
  made.rules = std::move(*rules->mutable_event()->mutable_next_action_rules_published());
  ASSIGN_OR_RETURN(auto model, Newest(home, query::v1::REFERENCE_KIND_CHURN_MODEL, reference::kChurnModelId));
  if (model.has_value()) made.model = std::move(*model->mutable_event()->mutable_churn_model_published());
  for (const NextActionRule& rule : made.rules->rules()) {
    if (rule.product_id().empty() || made.products.contains(rule.product_id())) continue;
    ASSIGN_OR_RETURN(auto product, Newest(home, query::v1::REFERENCE_KIND_PRODUCT, rule.product_id()));
    if (product.has_value())
      made.products[rule.product_id()] = std::move(*product->mutable_event()->mutable_service_product_published());
  }
  if (!made.products.empty()) {
    ASSIGN_OR_RETURN(made.packs, PacksInForce(home, as_of));
  }
  return made;
}

std::vector<NextAction> NextActionsOf(const NextActionRules& rules, const ClientSituation& client, absl::Time as_of) {
  std::vector<NextAction> actions;
  if (!rules.rules.has_value() || client.activity.status() == events::v1::CLIENT_STATUS_CLOSED) return actions;
  const auto facts = activity::FactsAt(client.activity, rules.model.has_value() ? &*rules.model : nullptr, as_of);
  for (const NextActionRule& rule : rules.rules->rules()) {
    if (rules::Evaluate(rule.condition(), facts) == 0) continue;
    if (lead::Rests(client.answers, rule.action_id(), rule.rests_days(), as_of)) continue;
    if (!rule.product_id().empty() && !MayBeOffered(rule.product_id(), rules, client, as_of)) continue;
    NextAction& action = actions.emplace_back();
    action.set_client_id(client.activity.client_id());
    action.set_action_id(rule.action_id());
    action.set_title(rule.title());
    action.set_priority(rules::Evaluate(rule.priority(), facts));
    action.set_product_id(rule.product_id());
    action.set_rules_version(rules.rules->version());
    AddReasons(rule.condition(), facts, as_of, &action);
    AddReasons(rule.priority(), facts, as_of, &action);
  }
  return actions;
}

NextActionPlace NextActionPlace::Of(const NextAction& action) {
  return {action.priority(), action.client_id(), action.action_id()};
}

std::string NextActionPlace::Encode() const { return codec::Key(priority, client_id, action_id); }

std::optional<NextActionPlace> NextActionPlace::Decode(std::string_view text) {
  NextActionPlace place;
  if (!codec::TakePart(text, &place.priority) || !codec::TakePart(text, &place.client_id) ||
      !codec::TakePart(text, &place.action_id) || !text.empty())
    return std::nullopt;
  return place;
}

bool operator<(const NextActionPlace& a, const NextActionPlace& b) {
  return std::tie(b.priority, a.client_id, a.action_id) < std::tie(a.priority, b.client_id, b.action_id);
}

StatusOr<NextActionPage> NextActionsOfClient(const Moment& moment, const std::string& client_id, absl::Time as_of,
                                             size_t size, const std::optional<NextActionPlace>& after) {
  ASSIGN_OR_RETURN(const auto client, SituationOf(moment.HomeOf(client_id), codec::Key(client_id)));
  if (!client.has_value())
    return WithReason(NotFound("client \"{}\" is not known", client_id), "CLIENT_NOT_FOUND", "parent");
  ASSIGN_OR_RETURN(const NextActionRules rules, ReadNextActionRules(moment.front(), as_of));
  FirstActions first(size, after);
  for (NextAction& action : NextActionsOf(rules, *client, as_of)) first.Add(std::move(action));
  return std::move(first).Page();
}

StatusOr<NextActionPage> NextActionsOfBook(const Moment& moment, const std::string& staff_id, absl::Time as_of,
                                           size_t size, const std::optional<NextActionPlace>& after,
                                           const std::function<Status()>& keeps_going) {
  ASSIGN_OR_RETURN(const NextActionRules rules, ReadNextActionRules(moment.front(), as_of));
  FirstActions first(size, after);
  if (!rules.rules.has_value()) return std::move(first).Page();
  const std::string prefix = codec::Key(staff_id);
  int64_t examined = 0;
  for (const auto& partition : moment.partitions()) {
    ASSIGN_OR_RETURN(const auto cursor, partition->Scan(book::BookView::kName, book::ClientsByBroker::kName, prefix,
                                                        codec::PrefixEnd(prefix)));
    for (; cursor->Valid(); cursor->Next()) {
      if (++examined % kRowsBetweenChecks == 0) RETURN_IF_ERROR(keeps_going());
      // Both tables are by the client's id.
      ASSIGN_OR_RETURN(const auto client, SituationOf(*partition, cursor->value()));
      if (!client.has_value()) continue;
      for (NextAction& action : NextActionsOf(rules, *client, as_of)) first.Add(std::move(action));
    }
    RETURN_IF_ERROR(cursor->status());
  }
  return std::move(first).Page();
}

}  // namespace kefu::query

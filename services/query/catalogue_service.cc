#include <absl/time/clock.h>
#include <grpcpp/support/server_callback.h>

#include <optional>

#include "kefu/query/v1/product.grpc.pb.h"
#include "platform/base/reason.h"
#include "platform/base/time.h"
#include "platform/codec/key.h"
#include "projections/reference/reference.h"
#include "services/query/catalogue.h"
#include "services/query/catalogue_fields.h"
#include "services/query/match.h"
#include "services/query/matched_client.h"
#include "services/query/names.h"
#include "services/query/page.h"
#include "services/query/past.h"
#include "services/query/query_services.h"
#include "services/query/request_time.h"
#include "services/query/row_list.h"
#include "services/query/subscription_plan.h"
#include "services/query/unary.h"
#include "services/query/union.h"
#include "services/query/units.h"

namespace kefu::query {
namespace {

namespace v1 = query::v1;
using grpc::CallbackServerContext;
using grpc::ServerUnaryReactor;
using reference::ReferenceView;

constexpr std::string_view kSubscriptions = "subscription";
constexpr std::string_view kProducts = "products/";

class CatalogueService final : public v1::CatalogueService::CallbackService {
 public:
  CatalogueService(engine::Engine& engine, const QueryOptions& options)
      : engine_(engine), options_(options), past_(engine, options), tokens_(options.token_key) {}

  ServerUnaryReactor* ListProducts(CallbackServerContext* context, const v1::ListProductsRequest* request,
                                   v1::ListProductsResponse* response) override {
    if (auto* past = past_.Answer(context, &CatalogueService::ListProducts, request, response)) return past;
    return AnswerFromHome(context, request->min_position(), [=, this] { return List(*request, response); });
  }

  ServerUnaryReactor* GetProduct(CallbackServerContext* context, const v1::GetProductRequest* request,
                                 v1::Product* response) override {
    if (auto* past = past_.Answer(context, &CatalogueService::GetProduct, request, response)) return past;
    return AnswerFromHome(context, request->min_position(), [=, this] { return Get(*request, response); });
  }

  ServerUnaryReactor* ListBundles(CallbackServerContext* context, const v1::ListBundlesRequest* request,
                                  v1::ListBundlesResponse* response) override {
    if (auto* past = past_.Answer(context, &CatalogueService::ListBundles, request, response)) return past;
    return AnswerFromHome(context, request->min_position(), [=, this]() -> Status {
      const Moment moment = Moment::Now(engine_, kReferenceHome);
      ASSIGN_OR_RETURN(const auto catalogue, keeper_.Get(moment.front()));
      for (const auto& [id, bundle] : catalogue->bundles()) *response->add_bundles() = bundle;
      response->set_position(moment.PositionOf(ReferenceView::kName));
      return OkStatus();
    });
  }

  ServerUnaryReactor* MatchProducts(CallbackServerContext* context, const v1::MatchProductsRequest* request,
                                    v1::MatchProductsResponse* response) override {
    if (auto* past = past_.Answer(context, &CatalogueService::MatchProducts, request, response)) return past;
    const auto position = ReadPosition(engine_, request->min_position(), "min_position");
    return AnswerWhenReached(context, engine_, kSubscriptions, position,
                             [=, this] { return Match(*request, response); });
  }

  ServerUnaryReactor* ListSubscriptions(CallbackServerContext* context, const v1::ListSubscriptionsRequest* request,
                                        v1::ListSubscriptionsResponse* response) override {
    if (auto* past = past_.Answer(context, &CatalogueService::ListSubscriptions, request, response)) return past;
    auto position = ReadPosition(engine_, request->min_position(), "min_position");
    const auto work = [=, this] { return ListSubscribed(KeepsGoing(context), *request, response); };
    // Counting walks all there is: not on a thread that serves others.
    if (position.ok() && !position->has_value() && request->show_total_size()) return AnswerLater(context, work);
    return AnswerWhenReached(context, engine_, kSubscriptions, position, work);
  }

 private:
  // Only partition 0 holds what is asked for; a caller may name a position of everything.
  ServerUnaryReactor* AnswerFromHome(CallbackServerContext* context, const std::string& min_position, Work work) {
    auto position = ReadPosition(engine_, min_position, "min_position");
    if (position.ok() && position->has_value()) *position = OnlyPartition(**position, kReferenceHome);
    return AnswerWhenReached(context, engine_, ReferenceView::kName, position, std::move(work));
  }

  Status List(const v1::ListProductsRequest& request, v1::ListProductsResponse* response) {
    ASSIGN_OR_RETURN(const int32_t size, PageSize(request.page_size()));
    ASSIGN_OR_RETURN(const Filter filter, Filter::Parse(request.filter(), ProductFields()));
    const std::string hash = PageTokens::QueryHash({"ListProducts", filter.normal_form()});
    ASSIGN_OR_RETURN(const std::string after, tokens_.Open(request.page_token(), hash));
    const Moment moment = Moment::Now(engine_, kReferenceHome);
    ASSIGN_OR_RETURN(const auto catalogue, keeper_.Get(moment.front()));
    const auto& products = catalogue->products();
    std::string last;
    for (auto each = after.empty() ? products.begin() : products.upper_bound(after); each != products.end(); ++each) {
      if (!filter.Matches(each->second)) continue;
      if (response->products_size() == size) {
        response->set_next_page_token(tokens_.Make(hash, last));
        break;
      }
      *response->add_products() = each->second;
      last = each->first;
    }
    if (request.show_total_size()) {
      int64_t total = 0;
      for (const auto& [id, product] : products) total += filter.Matches(product);
      response->set_total_size(total);
    }
    response->set_position(moment.PositionOf(ReferenceView::kName));
    return OkStatus();
  }

  Status Get(const v1::GetProductRequest& request, v1::Product* response) {
    const std::string_view name = request.name();
    if (!name.starts_with(kProducts) || name.size() == kProducts.size())
      return WithReason(InvalidArgument("name \"{}\" is not of the form \"products/{{id, name or alias}}\"",
                                        name.substr(0, 160)),
                        "NAME_INVALID", "name");
    const std::string_view sought = name.substr(kProducts.size());
    const Moment moment = Moment::Now(engine_, kReferenceHome);
    ASSIGN_OR_RETURN(const auto catalogue, keeper_.Get(moment.front()));
    const v1::Product* newest = catalogue->Find(sought);
    if (newest == nullptr)
      return WithReason(NotFound("no product has the id, the name or the alias \"{}\"", sought.substr(0, 160)),
                        "PRODUCT_NOT_FOUND", "name");
    *response = *newest;
    if (request.version() != 0) RETURN_IF_ERROR(GetVersion(moment.front(), request.version(), response));
    response->set_position(moment.PositionOf(ReferenceView::kName));
    return OkStatus();
  }

  // Puts another version into `product`.
  static Status GetVersion(const engine::PartitionView& home, int32_t version, v1::Product* product) {
    const std::string& id = product->product().product_id();
    store::PinnedValue stored;
    ASSIGN_OR_RETURN(const bool found,
                     home.Get(ReferenceView::kName, reference::Items::kName,
                              reference::Items::Key::Encode(static_cast<int32_t>(v1::REFERENCE_KIND_PRODUCT), id,
                                                            int64_t{version}),
                              &stored));
    if (!found)
      return WithReason(NotFound("product \"{}\" has no version {}", id, version), "PRODUCT_NOT_FOUND", "version");
    v1::Reference item;
    if (!item.ParseFromArray(stored.view().data(), static_cast<int>(stored.view().size())))
      return DataLoss("a row of the view \"reference\" cannot be read; rebuild the view");
    *product->mutable_product() = item.event().service_product_published();
    product->set_event_id(item.event().event_id());
    *product->mutable_published_at() = item.recorded_at();
    return OkStatus();
  }

  Status Match(const v1::MatchProductsRequest& request, v1::MatchProductsResponse* response) {
    ASSIGN_OR_RETURN(const std::string client_id, ClientOf(request.parent(), "parent"));
    ASSIGN_OR_RETURN(const absl::Time at, TimeOrNow(engine_, request.has_as_of(), request.as_of(), "as_of"));
    ASSIGN_OR_RETURN(Union records, UnionOf(engine_, client_id));
    const engine::PartitionView& home = records.moment.Add(kReferenceHome);
    ASSIGN_OR_RETURN(const auto catalogue, keeper_.Get(home));
    ASSIGN_OR_RETURN(const MatchedClient client, ReadMatchedClient(records, at));
    for (v1::ProductMatch& match : query::MatchProducts(*catalogue, client, at))
      if (match.fits() || request.show_left_out()) *response->add_matches() = std::move(match);
    response->set_position(records.moment.PositionOf(kSubscriptions));
    return OkStatus();
  }

  Status ListSubscribed(const std::function<Status()>& keeps_going, const v1::ListSubscriptionsRequest& request,
                        v1::ListSubscriptionsResponse* response) const {
    ASSIGN_OR_RETURN(auto list, RowList<v1::Subscription>::Read(engine_, request.parent(), request.filter(),
                                                                SubscriptionFields()));
    ASSIGN_OR_RETURN(const absl::Time as_of, TimeOrNow(engine_, request.has_as_of(), request.as_of(), "as_of"));
    list.plan.scan = PlanSubscriptions(list.records.has_value() ? &*list.records : nullptr, list.filter, as_of);
    list.tell = [as_of](v1::Subscription& row) {
      if (row.state() == v1::SUBSCRIPTION_STATE_ACTIVE && row.has_next_due_at() &&
          FromProto(row.next_due_at()) < as_of)
        row.set_overdue(true);
    };
    return AnswerList(engine_, options_, tokens_, "ListSubscriptions", request, MomentAsked(request, as_of), list,
                      keeps_going, response->mutable_subscriptions(), response);
  }

  engine::Engine& engine_;
  const QueryOptions options_;
  const PastOf<CatalogueService> past_;
  const PageTokens tokens_;
  CatalogueKeeper keeper_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeCatalogueService(engine::Engine& engine, const QueryOptions& options) {
  return std::make_unique<CatalogueService>(engine, options);
}

}  // namespace kefu::query

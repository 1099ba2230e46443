#include <absl/time/clock.h>
#include <grpcpp/support/server_callback.h>

#include <memory>
#include <optional>

#include "kefu/query/v1/suitability.grpc.pb.h"
#include "platform/base/hash.h"
#include "platform/base/reason.h"
#include "platform/base/time.h"
#include "platform/codec/key.h"
#include "projections/suitability/suitability.h"
#include "services/query/filter_fields.h"
#include "services/query/gap.h"
#include "services/query/investor.h"
#include "services/query/later.h"
#include "services/query/names.h"
#include "services/query/page.h"
#include "services/query/past.h"
#include "services/query/query_services.h"
#include "services/query/recheck.h"
#include "services/query/recommendation_plan.h"
#include "services/query/refused_stream.h"
#include "services/query/request_time.h"
#include "services/query/row_list.h"
#include "services/query/unary.h"
#include "services/query/watch.h"

namespace kefu::query {
namespace {

namespace v1 = query::v1;
using grpc::CallbackServerContext;
using grpc::ServerUnaryReactor;
using suitability::SuitabilityView;

constexpr std::string_view kView = SuitabilityView::kName;
// Where names of products are kept.
constexpr Partition kReferenceHome(0);

struct RecommendationName {
  std::string client_id;
  std::string recommendation_id;
};
StatusOr<RecommendationName> RecommendationOf(std::string_view name) {
  constexpr std::string_view kClients = "clients/", kRecommendations = "/recommendations/";
  const std::string_view rest = name.starts_with(kClients) ? name.substr(kClients.size()) : std::string_view();
  const size_t at = rest.find(kRecommendations);
  if (at == 0 || at == rest.npos || at + kRecommendations.size() == rest.size())
    return WithReason(InvalidArgument("name \"{}\" is not of the form \"clients/{{client}}/recommendations/"
                                      "{{recommendation}}\"",
                                      name.substr(0, 160)),
                      "NAME_INVALID", "name");
  return RecommendationName{std::string(rest.substr(0, at)), std::string(rest.substr(at + kRecommendations.size()))};
}

class SuitabilityService final : public v1::SuitabilityService::CallbackService, public HasStreams {
 public:
  SuitabilityService(engine::Engine& engine, const QueryOptions& options)
      : engine_(engine), options_(options), past_(engine, options), tokens_(options.token_key) {}

  void EndStreams() override { *ending_ = true; }

  ServerUnaryReactor* GetInvestor(CallbackServerContext* context, const v1::GetInvestorRequest* request,
                                  v1::Investor* response) override {
    if (auto* past = past_.Answer(context, &SuitabilityService::GetInvestor, request, response)) return past;
    auto client = ClientOf(request->name(), "name");
    if (!client.ok()) return AnswerNow(context, client.status());
    return AnswerWhenReached(context, engine_, kView, ReadPosition(engine_, request->min_position(), "min_position"),
                             [this, client = *std::move(client), response]() -> Status {
                               ASSIGN_OR_RETURN(const Union records, UnionOf(engine_, client));
                               ASSIGN_OR_RETURN(*response, ReadInvestor(records, client));
                               response->set_position(records.moment.PositionOf(kView));
                               return OkStatus();
                             });
  }

  ServerUnaryReactor* GetRecommendation(CallbackServerContext* context, const v1::GetRecommendationRequest* request,
                                        v1::Recommendation* response) override {
    if (auto* past = past_.Answer(context, &SuitabilityService::GetRecommendation, request, response)) return past;
    auto name = RecommendationOf(request->name());
    if (!name.ok()) return AnswerNow(context, name.status());
    return AnswerWhenReached(context, engine_, kView, ReadPosition(engine_, request->min_position(), "min_position"),
                             [this, name = *std::move(name), response] { return Get(name, response); });
  }

  ServerUnaryReactor* CheckSuitability(CallbackServerContext* context, const v1::CheckSuitabilityRequest* request,
                                       v1::CheckSuitabilityResponse* response) override {
    if (auto* past = past_.Answer(context, &SuitabilityService::CheckSuitability, request, response)) return past;
    auto client = ClientOf(request->name(), "name");
    if (!client.ok()) return AnswerNow(context, client.status());
    const auto at = TimeOrNow(engine_, request->has_at(), request->at(), "at");
    if (!at.ok()) return AnswerNow(context, at.status());
    if (request->product().empty())
      return AnswerNow(context, WithReason(InvalidArgument("product is missing"), "PRODUCT_MISSING", "product"));
    return AnswerWhenReached(context, engine_, kView, ReadPosition(engine_, request->min_position(), "min_position"),
                             [=, this, at = *at, client = *std::move(client)]() -> Status {
                               Moment moment = Moment::Now(engine_, kReferenceHome);
                               moment.Add(Partition(PartitionForKey(client, engine_.partitions())));
                               RETURN_IF_ERROR(
                                   query::CheckSuitability(moment, client, request->product(), at, response));
                               response->set_position(moment.PositionOf(kView));
                               return OkStatus();
                             });
  }

  ServerUnaryReactor* ListRecommendations(CallbackServerContext* context, const v1::ListRecommendationsRequest* request,
                                          v1::ListRecommendationsResponse* response) override {
    if (auto* past = past_.Answer(context, &SuitabilityService::ListRecommendations, request, response)) return past;
    auto position = ReadPosition(engine_, request->min_position(), "min_position");
    const auto work = [=, this] { return List(KeepsGoing(context), *request, response); };
    // Counting walks all there is: not on a thread that serves others.
    if (position.ok() && !position->has_value() && request->show_total_size()) return AnswerLater(context, work);
    return AnswerWhenReached(context, engine_, kView, position, work);
  }

  grpc::ServerWriteReactor<v1::RecheckRecommendationsResponse>* RecheckRecommendations(
      CallbackServerContext* context, const v1::RecheckRecommendationsRequest* request) override {
    if (const Status present = CheckPresent(*context); !present.ok())
      return new RefusedStream<v1::RecheckRecommendationsResponse>(present);
    using Refused = RefusedStream<v1::RecheckRecommendationsResponse>;
    if (const Status fit = CheckRecheck(*request); !fit.ok()) return new Refused(fit);
    const auto position = ReadPosition(engine_, request->min_position(), "min_position");
    if (!position.ok()) return new Refused(position.status());
    auto* stream = new RecheckStream(ending_);
    const auto start = [this, stream, request = *request] {
      stream->Start(std::make_unique<Recheck>(Moment::Now(engine_), request));
    };
    if (!position->has_value()) {
      start();
      return stream;
    }
    WhenReached(engine_, std::string(kView), **position, absl::Now() + kLongestWait,
                [stream, start](const Status& status) { status.ok() ? start() : stream->Refuse(status); });
    return stream;
  }

 private:
  Status Get(const RecommendationName& name, v1::Recommendation* response) const {
    ASSIGN_OR_RETURN(const Union records, UnionOf(engine_, name.client_id));
    for (const auto& partition : records.moment.partitions()) {
      store::PinnedValue stored;
      ASSIGN_OR_RETURN(const bool found, partition->Get(kView, suitability::Recommendations::kName,
                                                        codec::Key(name.recommendation_id), &stored));
      if (!found) continue;
      if (!response->ParseFromArray(stored.view().data(), static_cast<int>(stored.view().size())))
        return DataLoss("recommendation \"{}\" cannot be read; rebuild the view {}", name.recommendation_id, kView);
      if (!records.Has(response->client_id())) break;
      SetGap(*partition, kView, response->client_id(), response);
      return OkStatus();
    }
    response->Clear();
    return WithReason(NotFound("client \"{}\" has no recommendation \"{}\"", name.client_id, name.recommendation_id),
                      "RECOMMENDATION_NOT_FOUND", "name");
  }

  Status List(const std::function<Status()>& keeps_going, const v1::ListRecommendationsRequest& request,
              v1::ListRecommendationsResponse* response) const {
    ASSIGN_OR_RETURN(auto list, RowList<v1::Recommendation>::Read(engine_, request.parent(), request.filter(),
                                                                  RecommendationFields()));
    list.plan = list.records.has_value() ? PlanRecommendations(*list.records, list.filter, engine_.partitions())
                                         : PlanRecommendations("", list.filter, engine_.partitions());
    return AnswerList(engine_, options_, tokens_, "ListRecommendations", request, "", list, keeps_going,
                      response->mutable_recommendations(), response);
  }

  engine::Engine& engine_;
  const QueryOptions options_;
  const PastOf<SuitabilityService> past_;
  const PageTokens tokens_;
  const std::shared_ptr<std::atomic<bool>> ending_ = std::make_shared<std::atomic<bool>>(false);
};

}  // namespace

std::unique_ptr<grpc::Service> MakeSuitabilityService(engine::Engine& engine, const QueryOptions& options) {
  return std::make_unique<SuitabilityService>(engine, options);
}

}  // namespace kefu::query

#include <grpcpp/support/server_callback.h>

#include "kefu/query/v1/search.grpc.pb.h"
#include "platform/base/reason.h"
#include "platform/base/time.h"
#include "platform/codec/key.h"
#include "projections/text/text.h"
#include "services/query/names.h"
#include "services/query/page.h"
#include "services/query/past.h"
#include "services/query/query_services.h"
#include "services/query/request_time.h"
#include "services/query/text_scan.h"
#include "services/query/unary.h"
#include "services/query/union.h"

namespace kefu::query {
namespace {

namespace v1 = query::v1;
using events::v1::Event;
using grpc::CallbackServerContext;
using grpc::ServerUnaryReactor;

// The tag of a kind of event that can hold text; 0 for all kinds.
StatusOr<int32_t> BodyOf(const std::string& kind) {
  if (kind.empty()) return 0;
  const auto* bodies = Event::descriptor()->FindOneofByName("body");
  std::string known;
  for (int i = 0; i < bodies->field_count(); ++i) {
    const auto* body = bodies->field(i);
    if (!text::MayHoldText(body->number())) continue;
    if (body->name() == kind) return body->number();
    known += (known.empty() ? "" : ", ") + body->name();
  }
  return WithReason(InvalidArgument("kind \"{}\" is no event that holds text; there are {}", kind.substr(0, 80), known),
                    "KIND_UNKNOWN", "kind");
}

StatusOr<SearchFilter> ReadFilter(const v1::SearchTextRequest& request) {
  SearchFilter filter;
  if (!request.parent().empty()) {
    ASSIGN_OR_RETURN(const std::string client_id, ParentClientOf(request.parent(), "parent"));
    if (!client_id.empty()) filter.client_ids.push_back(client_id);
  }
  ASSIGN_OR_RETURN(filter.body, BodyOf(request.kind()));
  filter.branch_id = request.branch_id();
  filter.case_id = request.case_id();
  if (request.has_occurred_from()) {
    ASSIGN_OR_RETURN(filter.from, TimeOf(request.occurred_from(), "occurred_from"));
  }
  if (request.has_occurred_before()) {
    ASSIGN_OR_RETURN(filter.before, TimeOf(request.occurred_before(), "occurred_before"));
  }
  if (filter.from >= filter.before)
    return WithReason(InvalidArgument("occurred_from is not before occurred_before"), "TIME_RANGE_EMPTY",
                      "occurred_before");
  return filter;
}

std::string TextOf(const google::protobuf::Timestamp& time) { return codec::Key(time.seconds(), time.nanos()); }

class SearchService final : public v1::SearchService::WithCallbackMethod_SearchText<v1::SearchService::Service> {
 public:
  SearchService(engine::Engine& engine, const QueryOptions& options)
      : engine_(engine), options_(options), past_(engine, options), tokens_(options.token_key) {}

  ServerUnaryReactor* SearchText(CallbackServerContext* context, const v1::SearchTextRequest* request,
                                 v1::SearchTextResponse* response) override {
    if (auto* past = past_.Answer(context, &SearchService::SearchText, request, response)) return past;
    auto filter = ReadFilter(*request);
    if (!filter.ok()) return AnswerNow(context, filter.status());
    auto query = ReadSearchQuery(request->query());
    if (!query.ok()) return AnswerNow(context, query.status());
    auto position = ReadPosition(engine_, request->min_position(), "min_position");
    if (!filter->client_ids.empty() && position.ok() && position->has_value()) {
      const auto records = UnionOf(engine_, filter->client_ids.front());
      if (!records.ok()) return AnswerNow(context, records.status());
      *position = OnlyPartitionsOf(**position, *records);
    }
    return AnswerWhenReached(context, engine_, text::TextView::kName, position,
                             [=, this, filter = *std::move(filter), query = *std::move(query)] {
                               RETURN_IF_ERROR(JournalHasReached(position->value_or(log::Position())));
                               return Search(KeepsGoing(context), *request, query, filter, response);
                             });
  }

 private:
  // Texts are read in the journal, which may be the one that is behind while it is rebuilt.
  Status JournalHasReached(const log::Position& wanted) const {
    for (size_t p = 0; p < wanted.next_offsets.size(); ++p) {
      const Offset reached = engine_.At(Partition(static_cast<int32_t>(p)))->next_offset("journal");
      if (reached.value() < wanted.next_offsets[p])
        return WithReason(Unavailable("view \"journal\" is at offset {} of partition {}, the position asked for is {}; "
                                      "try again",
                                      reached, p, wanted.next_offsets[p]),
                          "POSITION_NOT_REACHED", "min_position");
    }
    return OkStatus();
  }

  Status Search(std::function<Status()> keeps_going, const v1::SearchTextRequest& request, const SearchQuery& query,
                SearchFilter filter, v1::SearchTextResponse* response) const {
    ASSIGN_OR_RETURN(const int32_t size, PageSize(request.page_size()));
    Moment moment;
    if (filter.client_ids.empty()) {
      moment = Moment::Now(engine_);
    } else {
      ASSIGN_OR_RETURN(Union records, UnionOf(engine_, filter.client_ids.front()));
      RETURN_IF_ERROR(MustBeKnown(records, filter.client_ids.front()));
      filter.client_ids = std::move(records.members);
      moment = std::move(records.moment);
    }
    std::string parts;
    for (const std::string& client_id : filter.client_ids) codec::AppendPart(parts, client_id);
    const std::string hash =
        PageTokens::QueryHash({"SearchText", request.query(), parts, request.kind(),
                               TextOf(request.occurred_from()), TextOf(request.occurred_before()),
                               filter.branch_id, filter.case_id});
    ASSIGN_OR_RETURN(const std::string after, tokens_.Open(request.page_token(), hash));
    const PageLimits limits = LimitsOf(options_, size, std::move(keeps_going));
    ASSIGN_OR_RETURN(const std::string cursor, FillSearch(moment, query, filter, after, limits, response));
    if (request.show_total_size() && request.page_token().empty()) {
      ASSIGN_OR_RETURN(const SearchCount count, CountSearch(moment, query, filter, limits));
      response->set_total_size(count.hits);
      response->set_total_size_is_at_least(count.at_least);
    }
    if (!cursor.empty()) response->set_next_page_token(tokens_.Make(hash, cursor));
    response->set_position(PositionOf(moment));
    return OkStatus();
  }

  static Status MustBeKnown(const Union& records, const std::string& client_id) {
    store::PinnedValue row;
    for (const std::string& member : records.members) {
      ASSIGN_OR_RETURN(const bool found,
                       records.moment.HomeOf(member).Get("client", "clients", codec::Key(member), &row));
      if (found) return OkStatus();
    }
    return WithReason(NotFound("client \"{}\" is not known", client_id), "CLIENT_NOT_FOUND", "parent");
  }

  // What both views know.
  std::string PositionOf(const Moment& moment) const {
    log::Position position{engine_.log_identity().id, std::vector<int64_t>(static_cast<size_t>(engine_.partitions()))};
    for (const auto& partition : moment.partitions())
      position.next_offsets[static_cast<size_t>(partition->partition().value())] = TextScan::EndOf(*partition).value();
    return position.Encode();
  }

  engine::Engine& engine_;
  const QueryOptions options_;
  const PastOf<SearchService> past_;
  const PageTokens tokens_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeSearchService(engine::Engine& engine, const QueryOptions& options) {
  return std::make_unique<SearchService>(engine, options);
}

}  // namespace kefu::query

#include <absl/time/clock.h>
#include <grpcpp/support/server_callback.h>

#include <atomic>
#include <map>

#include "kefu/query/v1/segment.grpc.pb.h"
#include "platform/base/hash.h"
#include "platform/base/reason.h"
#include "platform/base/time.h"
#include "platform/codec/key.h"
#include "platform/rpc/bytes.h"
#include "projections/activity/activity.h"
#include "projections/segment/segment.h"
#include "services/query/facts_export.h"
#include "services/query/names.h"
#include "services/query/page.h"
#include "services/query/past.h"
#include "services/query/query_services.h"
#include "services/query/raw_answer.h"
#include "services/query/refused_stream.h"
#include "services/query/request_time.h"
#include "services/query/segment_trial.h"
#include "services/query/unary.h"
#include "services/query/watch.h"

namespace kefu::query {
namespace {

namespace v1 = query::v1;
using grpc::CallbackServerContext;
using grpc::ServerUnaryReactor;

constexpr std::string_view kView = segment::SegmentView::kName;

using Base =
    v1::SegmentService::WithCallbackMethod_ListSegments<v1::SegmentService::WithCallbackMethod_ListSegmentMembers<
        v1::SegmentService::WithRawCallbackMethod_GetClassification<
            v1::SegmentService::WithCallbackMethod_TrySegmentRules<
                v1::SegmentService::WithCallbackMethod_ExportClientFacts<v1::SegmentService::Service>>>>>;

class SegmentService final : public Base, public HasStreams {
 public:
  SegmentService(engine::Engine& engine, const QueryOptions& options)
      : engine_(engine), options_(options), past_(engine, options), tokens_(options.token_key) {}

  void EndStreams() override { *ending_ = true; }

  ServerUnaryReactor* ListSegments(CallbackServerContext* context, const v1::ListSegmentsRequest* request,
                                   v1::ListSegmentsResponse* response) override {
    if (auto* past = past_.Answer(context, &SegmentService::ListSegments, request, response)) return past;
    const auto position = ReadPosition(engine_, request->min_position(), "min_position");
    return AnswerWhenReached(context, engine_, kView, position, [=, this] { return List(*request, response); });
  }

  ServerUnaryReactor* ListSegmentMembers(CallbackServerContext* context, const v1::ListSegmentMembersRequest* request,
                                         v1::ListSegmentMembersResponse* response) override {
    if (auto* past = past_.Answer(context, &SegmentService::ListSegmentMembers, request, response)) return past;
    const auto position = ReadPosition(engine_, request->min_position(), "min_position");
    return AnswerWhenReached(context, engine_, kView, position,
                             [=, this] { return ListMembers(KeepsGoing(context), *request, response); });
  }

  ServerUnaryReactor* GetClassification(CallbackServerContext* context, const grpc::ByteBuffer* bytes,
                                        grpc::ByteBuffer* answer) override {
    if (auto* past = past_.Answer(context, &SegmentService::GetClassification, bytes, answer)) return past;
    v1::GetClassificationRequest request;
    if (!rpc::ParseBuffer(*bytes, &request))
      return AnswerNow(context, InvalidArgument("the request is not a GetClassificationRequest"));
    auto client = ClientOf(request.name(), "name");
    if (!client.ok()) return AnswerNow(context, client.status());
    auto position = ReadPosition(engine_, request.min_position(), "min_position");
    const Partition partition(PartitionForKey(*client, engine_.partitions()));
    if (position.ok() && position->has_value()) *position = OnlyPartition(**position, partition);
    return AnswerWhenReached(context, engine_, kView, position, [this, client = *std::move(client), partition, answer] {
      return Get(client, partition, answer);
    });
  }

  ServerUnaryReactor* TrySegmentRules(CallbackServerContext* context, const v1::TrySegmentRulesRequest* request,
                                      v1::TrySegmentRulesResponse* response) override {
    if (auto* past = past_.Answer(context, &SegmentService::TrySegmentRules, request, response)) return past;
    if (const Status fit = CheckTrial(*request); !fit.ok()) return AnswerNow(context, fit);
    const auto position = ReadPosition(engine_, request->min_position(), "min_position");
    const auto work = [=, this] { return Try(KeepsGoing(context), *request, response); };
    // Walks all clients: not on a thread that serves others.
    if (position.ok() && !position->has_value()) return AnswerLater(context, work);
    return AnswerWhenReached(context, engine_, activity::ActivityView::kName, position, work);
  }

  grpc::ServerWriteReactor<v1::ExportClientFactsResponse>* ExportClientFacts(
      CallbackServerContext* context, const v1::ExportClientFactsRequest* request) override {
    if (const Status present = CheckPresent(*context); !present.ok())
      return new RefusedStream<v1::ExportClientFactsResponse>(present);
    using Refused = RefusedStream<v1::ExportClientFactsResponse>;
    if (const Status fit = CheckExport(*request, absl::Now()); !fit.ok()) return new Refused(fit);
    const auto position = ReadPosition(engine_, request->min_position(), "min_position");
    if (!position.ok()) return new Refused(position.status());
    if (const Status reached = HasReached(*position); !reached.ok()) return new Refused(reached);
    auto* stream = new FactsExport(Moment::Now(engine_), *request, ending_);
    stream->Start();
    return stream;
  }

 private:
  // A stream holds no call back until a view is there: who wants that asks again.
  Status HasReached(const std::optional<log::Position>& position) const {
    if (!position.has_value()) return OkStatus();
    for (size_t p = 0; p < position->next_offsets.size(); ++p) {
      const Offset next = engine_.At(Partition(static_cast<int32_t>(p)))->next_offset(activity::ActivityView::kName);
      if (next.value() < position->next_offsets[p])
        return WithReason(Unavailable("partition {} is at {} and not at {} yet; try again", p, next.value(),
                                      position->next_offsets[p]),
                          "POSITION_NOT_REACHED", "min_position");
    }
    return OkStatus();
  }

  Status List(const v1::ListSegmentsRequest& request, v1::ListSegmentsResponse* response) const {
    const std::string prefix = request.scheme().empty() ? std::string() : codec::Key(request.scheme());
    const Moment moment = Moment::Now(engine_);
    std::map<std::string, v1::SegmentCount> counts;
    for (const auto& partition : moment.partitions()) {
      ASSIGN_OR_RETURN(const auto cursor,
                       partition->Scan(kView, segment::Counts::kName, prefix, codec::PrefixEnd(prefix)));
      for (; cursor->Valid(); cursor->Next()) {
        v1::SegmentCount count;
        if (!count.ParseFromArray(cursor->value().data(), static_cast<int>(cursor->value().size())))
          return DataLoss("a count of partition {} cannot be read; rebuild the view", partition->partition());
        v1::SegmentCount& all = counts[std::string(cursor->key())];
        const int64_t clients = all.clients() + count.clients();
        const int32_t version = std::max(all.rules_version(), count.rules_version());
        all = count;
        all.set_clients(clients);
        all.set_rules_version(version);
      }
      RETURN_IF_ERROR(cursor->status());
    }
    for (auto& [key, count] : counts) *response->add_segments() = std::move(count);
    response->set_position(moment.PositionOf(kView));
    return OkStatus();
  }

  // The clients of a segment, over all partitions.
  static StatusOr<int64_t> CountMembers(const Moment& moment, const SegmentName& name) {
    int64_t clients = 0;
    for (const auto& partition : moment.partitions()) {
      store::PinnedValue row;
      ASSIGN_OR_RETURN(const bool found,
                       partition->Get(kView, segment::Counts::kName, codec::Key(name.scheme, name.segment), &row));
      v1::SegmentCount count;
      if (found && !count.ParseFromArray(row.view().data(), static_cast<int>(row.view().size())))
        return DataLoss("a count of partition {} cannot be read; rebuild the view", partition->partition());
      clients += count.clients();
    }
    return clients;
  }

  Status ListMembers(std::function<Status()> keeps_going, const v1::ListSegmentMembersRequest& request,
                     v1::ListSegmentMembersResponse* response) const {
    ASSIGN_OR_RETURN(const int32_t size, PageSize(request.page_size()));
    ASSIGN_OR_RETURN(const SegmentName name, SegmentOf(request.parent(), "parent"));
    const std::string hash = PageTokens::QueryHash({"ListSegmentMembers", request.parent()});
    ASSIGN_OR_RETURN(const std::string after, tokens_.Open(request.page_token(), hash));
    const Moment moment = Moment::Now(engine_);
    ScanPlan plan;
    plan.view = kView;
    plan.rows = segment::Clients::kName;
    plan.table = segment::ClientsBySegment::kName;
    const std::string prefix = codec::Key(name.scheme, name.segment);
    plan.ranges.push_back({prefix, prefix.size()});
    ASSIGN_OR_RETURN(const auto scan, MergedScan::Open(moment, std::move(plan), after));
    v1::Classification row;
    const auto take = [&](std::string_view stored) -> StatusOr<bool> {
      if (!row.ParseFromArray(stored.data(), static_cast<int>(stored.size()))) return UnreadableRow(*scan);
      v1::SegmentMember& member = *response->add_members();
      member.set_client_id(row.client_id());
      for (const auto& entry : row.current()) {
        if (entry.classified().scheme() != name.scheme) continue;
        *member.mutable_since() = entry.since();
        member.set_rules_version(entry.classified().rules_version());
      }
      return true;
    };
    ASSIGN_OR_RETURN(const std::string cursor, WalkPage(*scan, LimitsOf(options_, size, std::move(keeps_going)), take));
    if (!cursor.empty()) response->set_next_page_token(tokens_.Make(hash, cursor));
    if (request.show_total_size()) {
      ASSIGN_OR_RETURN(const int64_t clients, CountMembers(moment, name));
      response->set_total_size(clients);
    }
    response->set_position(moment.PositionOf(kView));
    return OkStatus();
  }

  Status Get(const std::string& client_id, Partition partition, grpc::ByteBuffer* answer) const {
    const Moment moment = Moment::Now(engine_, partition);
    store::PinnedValue row;
    ASSIGN_OR_RETURN(const bool found, moment.front().Get(kView, segment::Clients::kName, codec::Key(client_id), &row));
    if (!found)
      return WithReason(NotFound("client \"{}\" was never classified", client_id), "CLASSIFICATION_NOT_FOUND");
    *answer = RawAnswer(std::move(row), moment.PositionOf(kView), std::nullopt);
    return OkStatus();
  }

  Status Try(const std::function<Status()>& keeps_going, const v1::TrySegmentRulesRequest& request,
             v1::TrySegmentRulesResponse* response) const {
    const Moment moment = Moment::Now(engine_);
    ASSIGN_OR_RETURN(const absl::Time as_of, TimeOrNow(engine_, request.has_as_of(), request.as_of(), "as_of"));
    RETURN_IF_ERROR(TryRules(moment, request, as_of, keeps_going, response));
    response->set_position(moment.PositionOf(activity::ActivityView::kName));
    return OkStatus();
  }

  engine::Engine& engine_;
  const QueryOptions options_;
  const PastOf<SegmentService> past_;
  const PageTokens tokens_;
  const std::shared_ptr<std::atomic<bool>> ending_ = std::make_shared<std::atomic<bool>>(false);
};

}  // namespace

std::unique_ptr<grpc::Service> MakeSegmentService(engine::Engine& engine, const QueryOptions& options) {
  return std::make_unique<SegmentService>(engine, options);
}

}  // namespace kefu::query

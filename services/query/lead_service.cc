#include <grpcpp/support/server_callback.h>

#include <algorithm>
#include <optional>

#include "kefu/query/v1/lead.grpc.pb.h"
#include "platform/base/hash.h"
#include "platform/base/reason.h"
#include "platform/base/time.h"
#include "platform/codec/key.h"
#include "platform/event/broadcast.h"
#include "projections/lead/lead.h"
#include "services/query/filter_fields.h"
#include "services/query/gap.h"
#include "services/query/lead_credits.h"
#include "services/query/lead_plan.h"
#include "services/query/names.h"
#include "services/query/next_actions.h"
#include "services/query/page.h"
#include "services/query/past.h"
#include "services/query/query_services.h"
#include "services/query/request_time.h"
#include "services/query/row_list.h"
#include "services/query/unary.h"
#include "services/query/union.h"

namespace kefu::query {
namespace {

namespace v1 = query::v1;
using grpc::CallbackServerContext;
using grpc::ServerUnaryReactor;

constexpr std::string_view kView = lead::LeadView::kName;

// What only a moment decides.
void SetAge(absl::Time as_of, v1::Lead* row) {
  const bool open = lead::IsOpen(row->state());
  if (open && FromProto(row->due_at()) < as_of) row->set_overdue(true);
  const absl::Time until = open ? as_of : std::min(as_of, FromProto(row->ended_at()));
  const int64_t days = absl::ToInt64Hours(until - FromProto(row->raised_at())) / 24;
  row->set_age_days(std::max<int64_t>(days, 0));
}

// Whose next actions: a client's or a book's.
struct ActionsParent {
  std::string client_id;
  std::string staff_id;
};
StatusOr<ActionsParent> ActionsParentOf(std::string_view parent) {
  constexpr std::string_view kStaff = "staff/", kClients = "clients/";
  ActionsParent made;
  if (parent.starts_with(kStaff)) made.staff_id = std::string(parent.substr(kStaff.size()));
  if (parent.starts_with(kClients)) made.client_id = std::string(parent.substr(kClients.size()));
  const std::string& id = made.staff_id.empty() ? made.client_id : made.staff_id;
  if (!id.empty() && id != "-") return made;
  return WithReason(InvalidArgument("parent \"{}\" is neither \"clients/{{client}}\" nor \"staff/{{staff}}\"",
                                    parent.substr(0, 160)),
                    "NAME_INVALID", "parent");
}

using Base = v1::LeadService::WithCallbackMethod_ListLeads<v1::LeadService::WithCallbackMethod_GetLead<
    v1::LeadService::WithCallbackMethod_ListCredits<
        v1::LeadService::WithCallbackMethod_ListNextActions<v1::LeadService::Service>>>>;

class LeadService final : public Base {
 public:
  LeadService(engine::Engine& engine, const QueryOptions& options)
      : engine_(engine), options_(options), past_(engine, options), tokens_(options.token_key) {}

  ServerUnaryReactor* ListLeads(CallbackServerContext* context, const v1::ListLeadsRequest* request,
                                v1::ListLeadsResponse* response) override {
    if (auto* past = past_.Answer(context, &LeadService::ListLeads, request, response)) return past;
    // Counting walks all there is: not on a thread that serves others.
    return Answer(context, request->min_position(), request->show_total_size(),
                  [=, this] { return List(KeepsGoing(context), *request, response); });
  }

  ServerUnaryReactor* GetLead(CallbackServerContext* context, const v1::GetLeadRequest* request,
                              v1::Lead* response) override {
    if (auto* past = past_.Answer(context, &LeadService::GetLead, request, response)) return past;
    return Answer(context, request->min_position(), false, [=, this] { return Get(*request, response); });
  }

  ServerUnaryReactor* ListCredits(CallbackServerContext* context, const v1::ListCreditsRequest* request,
                                  v1::ListCreditsResponse* response) override {
    if (auto* past = past_.Answer(context, &LeadService::ListCredits, request, response)) return past;
    return Answer(context, request->min_position(), true, [=, this]() -> Status {
      ASSIGN_OR_RETURN(const CreditDays days, CreditDaysOf(*request));
      const Moment moment = Moment::Now(engine_);
      RETURN_IF_ERROR(query::ListCredits(moment, days, KeepsGoing(context), response));
      response->set_position(moment.PositionOf(kView));
      return OkStatus();
    });
  }

  ServerUnaryReactor* ListNextActions(CallbackServerContext* context, const v1::ListNextActionsRequest* request,
                                      v1::ListNextActionsResponse* response) override {
    if (auto* past = past_.Answer(context, &LeadService::ListNextActions, request, response)) return past;
    const bool is_book = request->parent().starts_with("staff/");
    return Answer(context, request->min_position(), is_book,
                  [=, this] { return Propose(KeepsGoing(context), *request, response); });
  }

 private:
  // `is_long`: not on a thread that serves others.
  ServerUnaryReactor* Answer(CallbackServerContext* context, const std::string& min_position, bool is_long, Work work) {
    const auto position = ReadPosition(engine_, min_position, "min_position");
    if (is_long && position.ok() && !position->has_value()) return AnswerLater(context, std::move(work));
    return AnswerWhenReached(context, engine_, kView, position, std::move(work));
  }

  Status List(const std::function<Status()>& keeps_going, const v1::ListLeadsRequest& request,
              v1::ListLeadsResponse* response) const {
    ASSIGN_OR_RETURN(auto list,
                     RowList<v1::Lead>::Read(engine_, request.parent(), request.filter(), LeadFields()));
    ASSIGN_OR_RETURN(const absl::Time as_of, TimeOrNow(engine_, request.has_as_of(), request.as_of(), "as_of"));
    list.plan = list.records.has_value() ? PlanLeads(*list.records, list.filter, as_of, engine_.partitions())
                                         : PlanLeads("", list.filter, as_of, engine_.partitions());
    list.tell = [as_of](v1::Lead& row) { SetAge(as_of, &row); };
    return AnswerList(engine_, options_, tokens_, "ListLeads", request, MomentAsked(request, as_of), list, keeps_going,
                      response->mutable_leads(), response);
  }

  Status Get(const v1::GetLeadRequest& request, v1::Lead* response) const {
    ASSIGN_OR_RETURN(const LeadName name, LeadOf(request.name(), "name"));
    std::optional<Union> records;
    if (!name.client_id.empty()) {
      ASSIGN_OR_RETURN(records, UnionOf(engine_, name.client_id));
    }
    const Moment moment = records.has_value() ? records->moment : Moment::Now(engine_);
    for (const auto& partition : moment.partitions()) {
      store::PinnedValue row;
      ASSIGN_OR_RETURN(const bool found, partition->Get(kView, lead::Leads::kName, codec::Key(name.lead_id), &row));
      if (!found) continue;
      if (!response->ParseFromArray(row.view().data(), static_cast<int>(row.view().size())))
        return DataLoss("lead \"{}\" cannot be read; rebuild the view {}", name.lead_id, kView);
      if (records.has_value() && !records->Has(response->client_id())) continue;
      SetAge(NowOf(engine_), response);
      SetGap(*partition, kView, response->client_id(), response);
      return OkStatus();
    }
    response->Clear();
    return WithReason(NotFound("lead \"{}\" is not known", name.lead_id), "LEAD_NOT_FOUND", "name");
  }

  StatusOr<NextActionPage> Page(const std::function<Status()>& keeps_going, const ActionsParent& parent,
                                const Moment& moment, absl::Time as_of, size_t size,
                                const std::optional<NextActionPlace>& after) const {
    if (!parent.client_id.empty()) return NextActionsOfClient(moment, parent.client_id, as_of, size, after);
    return NextActionsOfBook(moment, parent.staff_id, as_of, size, after, keeps_going);
  }

  Status Propose(const std::function<Status()>& keeps_going, const v1::ListNextActionsRequest& request,
                 v1::ListNextActionsResponse* response) const {
    ASSIGN_OR_RETURN(const int32_t size, PageSize(request.page_size()));
    ASSIGN_OR_RETURN(const ActionsParent parent, ActionsParentOf(request.parent()));
    ASSIGN_OR_RETURN(const absl::Time as_of, TimeOrNow(engine_, request.has_as_of(), request.as_of(), "as_of"));
    const std::string hash =
        PageTokens::QueryHash({"ListNextActions", request.parent(), request.has_as_of() ? codec::Key(as_of) : ""});
    ASSIGN_OR_RETURN(const std::string cursor, tokens_.Open(request.page_token(), hash));
    std::optional<NextActionPlace> after;
    if (!cursor.empty()) after = NextActionPlace::Decode(cursor);
    Moment moment = parent.client_id.empty()
                        ? Moment::Now(engine_)
                        : Moment::Now(engine_, Partition(PartitionForKey(parent.client_id, engine_.partitions())));
    moment.Add(event::kHomeOfBroadcasts);
    ASSIGN_OR_RETURN(NextActionPage page,
                     Page(keeps_going, parent, moment, as_of, static_cast<size_t>(size), after));
    for (v1::NextAction& action : page.actions) *response->add_actions() = std::move(action);
    if (page.next.has_value()) response->set_next_page_token(tokens_.Make(hash, page.next->Encode()));
    response->set_position(moment.PositionOf(kView));
    return OkStatus();
  }

  engine::Engine& engine_;
  const QueryOptions options_;
  const PastOf<LeadService> past_;
  const PageTokens tokens_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeLeadService(engine::Engine& engine, const QueryOptions& options) {
  return std::make_unique<LeadService>(engine, options);
}

}  // namespace kefu::query

#include "services/cli/audit/answers.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "kefu/query/v1/book.grpc.pb.h"
#include "kefu/query/v1/case.grpc.pb.h"
#include "kefu/query/v1/client.grpc.pb.h"
#include "kefu/query/v1/clock.grpc.pb.h"
#include "kefu/query/v1/contact.grpc.pb.h"
#include "kefu/query/v1/lead.grpc.pb.h"
#include "kefu/query/v1/reference.grpc.pb.h"
#include "kefu/query/v1/suitability.grpc.pb.h"
#include "services/cli/output.h"

namespace kefu::cli {
namespace {

namespace q = query::v1;

constexpr int kPageSize = 1000;
// More members of staff than have a client or a case in hand in a lifetime.
constexpr size_t kMostStaff = 500;
constexpr int kDeepestUnit = 16;

class Answers {
 public:
  Answers(AskedMoment& moment, CaseFile* file, BundleWriter* writer)
      : moment_(moment), file_(*file), writer_(*writer), client_("clients/" + file->head.client_id()) {}

  Status Take(const std::string& name) {
    if (name == "client") return TakeClient();
    if (name == "case") return TakeCase();
    if (name == "cases")
      return TakeList<q::ListCasesResponse>(name, &q::CaseService::Stub::ListCases, q::ListCasesRequest(), client_,
                                           Reads::kOneClient);
    if (name == "clocks") {
      q::ListClocksRequest request;
      // Those that are over, too.
      request.set_filter(
          "state = CLOCK_STATE_RUNNING OR state = CLOCK_STATE_PAUSED OR state = CLOCK_STATE_MET OR "
          "state = CLOCK_STATE_BREACHED OR state = CLOCK_STATE_DROPPED");
      request.set_order_by("name");
      // Whether one is overdue is a question about a time; of a moment it is that moment's.
      if (moment_.of() == ViewsOf::kNow) *request.mutable_as_of() = file_.head.made_at();
      const std::string cases = client_ + "/cases/" + (file_.case_id.empty() ? "-" : file_.case_id);
      return TakeList<q::ListClocksResponse>(name, &q::ClockService::Stub::ListClocks, request, cases);
    }
    if (name == "timeline") {
      q::ListTimelineRequest request;
      request.set_order_by("offset");
      return TakeList<q::ListTimelineResponse>(name, &q::ClientService::Stub::ListTimeline, request, client_,
                                              Reads::kOneClient);
    }
    if (name == "undertakings")
      return TakeList<q::ListUndertakingsResponse>(name, &q::ContactService::Stub::ListUndertakings,
                                                   q::ListUndertakingsRequest(), client_);
    if (name == "recommendations")
      return TakeList<q::ListRecommendationsResponse>(name, &q::SuitabilityService::Stub::ListRecommendations,
                                                      q::ListRecommendationsRequest(), client_);
    if (name == "leads")
      return TakeList<q::ListLeadsResponse>(name, &q::LeadService::Stub::ListLeads, q::ListLeadsRequest(), client_);
    return InvalidArgument("--view {}: there is no such view", name);
  }

  // Names of those who had a hand in it.
  Status TakeStaff() {
    std::set<std::string> ids;
    for (const FiledEvent& filed : file_.events)
      if (filed.readable) AddStaff(filed.event, &ids);
    q::ListStaffResponse staff;
    for (const std::string& id : ids) {
      if (staff.staff_size() >= static_cast<int>(kMostStaff)) break;
      q::GetBrokerRequest request;
      request.set_name("staff/" + id);
      const auto broker = moment_.Ask(&q::BookService::Stub::GetBroker, request);
      // Whoever was never published has a number only.
      if (broker.status().code() == StatusCode::kNotFound || broker.status().code() == StatusCode::kInvalidArgument)
        continue;
      if (broker.status().code() == StatusCode::kFailedPrecondition) break;
      RETURN_IF_ERROR(broker.status());
      file_.staff[id] = broker->staff().name();
      *staff.add_staff() = broker->staff();
    }
    return staff.staff().empty() ? OkStatus() : writer_.AddView("staff", staff);
  }

  // The zone of the branch, or of the units above it, as its calendar has it.
  Status TakeZone() {
    file_.zone.offsets.set_name("UTC+08:00 (no calendar of the branch was published)");
    file_.zone.offsets.set_offset_seconds(8 * 3600);
    std::string unit = Branch();
    std::string calendar;
    for (int i = 0; i < kDeepestUnit && !unit.empty() && calendar.empty(); ++i) {
      const auto published = Reference("references/unit/" + unit + "/-");
      if (!published.ok()) return OkStatus();
      calendar = published->event().unit_published().calendar_id();
      unit = published->event().unit_published().parent_unit_id();
    }
    if (calendar.empty()) return OkStatus();
    const auto published = Reference("references/calendar/" + calendar + "/-");
    if (!published.ok() || !published->event().calendar_published().has_zone()) return OkStatus();
    file_.zone.offsets = published->event().calendar_published().zone();
    return writer_.AddView("calendar", *published);
  }

 private:
  Status TakeClient() {
    q::GetClientRequest request;
    request.set_name(client_);
    ASSIGN_OR_RETURN(file_.client, moment_.Ask(&q::ClientService::Stub::GetClient, request, Reads::kOneClient));
    return writer_.AddView("client", *file_.client);
  }

  Status TakeCase() {
    if (file_.case_id.empty()) return InvalidArgument("--view case goes with --case; --view cases has all of a client");
    q::GetCaseRequest request;
    request.set_name(client_ + "/cases/" + file_.case_id);
    ASSIGN_OR_RETURN(file_.one, moment_.Ask(&q::CaseService::Stub::GetCase, request, Reads::kOneClient));
    return writer_.AddView("case", *file_.one);
  }

  // All pages as one answer.
  template <class Response, class Stub, class Request>
  Status TakeList(const std::string& name,
                  grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*), Request request,
                  const std::string& parent, Reads reads = Reads::kMore) {
    request.set_parent(parent);
    request.set_page_size(kPageSize);
    Response all;
    while (true) {
      ASSIGN_OR_RETURN(const Response page, moment_.Ask(method, request, reads));
      all.MergeFrom(page);
      if (page.next_page_token().empty()) break;
      request.set_page_token(page.next_page_token());
    }
    all.clear_next_page_token();
    return writer_.AddView(name, all);
  }

  StatusOr<q::Reference> Reference(const std::string& name) {
    q::GetReferenceRequest request;
    request.set_name(name);
    return moment_.Ask(&q::ReferenceService::Stub::GetReference, request);
  }

  std::string Branch() const {
    if (file_.one.has_value() && !file_.one->branch_id().empty()) return file_.one->branch_id();
    if (file_.client.has_value() && !file_.client->branch_id().empty()) return file_.client->branch_id();
    const auto found = std::ranges::find_if(file_.events, [](const FiledEvent& filed) {
      return !filed.event.branch_id().empty();
    });
    return found == file_.events.end() ? "" : found->event.branch_id();
  }

  AskedMoment& moment_;
  CaseFile& file_;
  BundleWriter& writer_;
  const std::string client_;
};

}  // namespace

std::vector<std::string> AnswerNames() {
  return {"client", "case", "cases", "clocks", "timeline", "undertakings", "recommendations", "leads"};
}

Status TakeAnswers(Tool& tool, const std::vector<std::string>& names, AskedMoment& moment, CaseFile* file,
                   BundleWriter* writer) {
  Answers answers(moment, file, writer);
  std::vector<std::string> wanted = names;
  if (wanted.empty())
    wanted = file->case_id.empty() ? std::vector<std::string>{"client", "cases", "clocks", "undertakings", "recommendations"}
                                   : std::vector<std::string>{"case", "client", "clocks"};
  for (const std::string& name : wanted) {
    const Status taken = answers.Take(name);
    if (taken.ok()) continue;
    RETURN_IF_ERROR(moment.opening());
    // No such row, or a server without that role: the events say it all the same.
    const bool is_missing =
        taken.code() == StatusCode::kNotFound || taken.code() == StatusCode::kFailedPrecondition;
    if (!names.empty() || !is_missing) return Annotate(taken, "view " + name);
    Remark(tool, fmt::format("view {} is left out: {}", name, MessageOf(taken)));
  }
  RETURN_IF_ERROR(answers.TakeStaff());
  RETURN_IF_ERROR(answers.TakeZone());
  return moment.opening();
}

}  // namespace kefu::cli

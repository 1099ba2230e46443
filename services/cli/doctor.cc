#include <fmt/format.h>
#include <grpcpp/generic/generic_stub.h>

#include <CLI/CLI.hpp>
#include <future>
#include <nlohmann/json.hpp>

#include "grpc/health/v1/health.pb.h"
#include "kefu/admin/v1/duty.grpc.pb.h"
#include "kefu/admin/v1/view.grpc.pb.h"
#include "platform/base/time.h"
#include "platform/runtime/text.h"
#include "platform/runtime/units.h"
#include "services/cli/call.h"
#include "services/cli/output.h"
#include "services/cli/verbs.h"
#include "services/cli/view_show.h"

namespace kefu::cli {
namespace {

using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;

// Clocks that differ by more make times in answers misleading.
constexpr absl::Duration kSkewAllowed = absl::Seconds(2);

enum class Mark { kGood, kWarning, kBad };

// What was looked at, and what to do where it is not well.
class Findings {
 public:
  explicit Findings(const Tool& tool) : tool_(tool) {}

  void Add(Mark mark, std::string_view what, std::string_view text) {
    static constexpr const char* kWords[] = {"ok", "warning", "FAILED"};
    const char* word = kWords[static_cast<int>(mark)];
    if (mark == Mark::kBad) failed_ = true;
    if (tool_.json()) {
      const nlohmann::ordered_json line = {{"check", what}, {"result", word}, {"text", text}};
      fmt::print("{}\n", line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
    } else {
      fmt::print("{:<8} {:<10} {}\n", word, what, runtime::Printable(text));
    }
  }
  bool failed() const { return failed_; }

 private:
  const Tool& tool_;
  bool failed_ = false;
};

// gRPC's own health protocol, for which Debian ships no stub.
StatusOr<HealthCheckResponse> AskHealth(Tool& tool, const std::string& service) {
  ASSIGN_OR_RETURN(const auto channel, tool.Channel());
  grpc::TemplatedGenericStub<HealthCheckRequest, HealthCheckResponse> stub(channel);
  grpc::ClientContext context;
  tool.Prepare(context);
  HealthCheckRequest request;
  request.set_service(service);
  HealthCheckResponse response;
  std::promise<grpc::Status> answered;
  stub.UnaryCall(&context, "/grpc.health.v1.Health/Check", {}, &request, &response,
                 [&](grpc::Status status) { answered.set_value(std::move(status)); });
  const grpc::Status status = answered.get_future().get();
  if (!status.ok()) return Explained(tool, status);
  return response;
}

void CheckHealth(Tool& tool, Findings& findings) {
  for (const std::string service : {"", "kefu.ingest.v1.IngestService", "kefu.query.v1.ClientService",
                                    "kefu.query.v1.CaseService", "kefu.admin.v1.ViewService"}) {
    const std::string name = service.empty() ? "the server as a whole" : service;
    const auto health = AskHealth(tool, service);
    if (!health.ok()) {
      findings.Add(Mark::kWarning, "health", fmt::format("{}: {}", name, MessageOf(health.status())));
    } else if (health->status() != HealthCheckResponse::SERVING) {
      findings.Add(Mark::kBad, "health", name + " does not serve yet, or no more; the views below say why");
    } else {
      findings.Add(Mark::kGood, "health", name + " serves");
    }
  }
}

void CheckLog(const admin::v1::ServerInfo& info, Findings& findings) {
  const std::string text = fmt::format("{}, {} partitions, {} events, id {}", info.log_kind(), info.partitions(),
                                       runtime::WithThousands(info.events()), info.log_id());
  if (info.log_problem().empty()) {
    findings.Add(Mark::kGood, "log", text);
  } else {
    findings.Add(Mark::kBad, "log", fmt::format("{}: {}", text, info.log_problem()));
  }
}

// The server read its clock somewhere between the call and the answer.
void CheckClock(const admin::v1::ServerInfo& info, absl::Time called_at, absl::Time answered_at, Findings& findings) {
  if (!info.has_server_time()) return;
  const absl::Time theirs = FromProto(info.server_time());
  const absl::Duration skew = theirs < called_at     ? theirs - called_at
                              : theirs > answered_at ? theirs - answered_at
                                                     : absl::ZeroDuration();
  const std::string text = skew == absl::ZeroDuration()
                               ? "the server's clock agrees with this machine's"
                               : fmt::format("the server's clock is {} off this machine's", absl::FormatDuration(skew));
  const bool good = absl::AbsDuration(skew) <= kSkewAllowed;
  findings.Add(good ? Mark::kGood : Mark::kWarning, "clock",
               good ? text : text + "; set both by NTP: times of events come from clocks");
}

void CheckDisk(const admin::v1::ServerInfo& info, Findings& findings) {
  if (info.disk_free_bytes() == 0) return;
  const std::string text =
      fmt::format("{} free, writes stop below {}", runtime::ApproximateBytes(info.disk_free_bytes()),
                  runtime::ApproximateBytes(info.disk_reserve_bytes()));
  const bool full = info.disk_free_bytes() <= info.disk_reserve_bytes();
  const bool tight = info.disk_free_bytes() <= 4 * info.disk_reserve_bytes();
  findings.Add(full    ? Mark::kBad
               : tight ? Mark::kWarning
                       : Mark::kGood,
               "disk", full ? text + "; make room, then writing goes on by itself" : text);
}

Status CheckViews(Tool& tool, Findings& findings) {
  ASSIGN_OR_RETURN(const admin::v1::ListViewsResponse response,
                   Call(tool, &admin::v1::ViewService::Stub::ListViews, admin::v1::ListViewsRequest()));
  for (const auto& view : response.views()) {
    const ViewSummary summary = Summarise(view);
    std::string text = fmt::format("{} is {}, {} of {} events", view.name(), EnumText(view.state()),
                                   runtime::WithThousands(summary.done), runtime::WithThousands(summary.total));
    if (!summary.behind.empty()) text += fmt::format(", {} behind", summary.behind);
    if (!view.reason().empty()) text += ": " + view.reason();
    Mark mark = Mark::kGood;
    if (view.parked_events() > 0) {
      mark = Mark::kWarning;
      text += fmt::format("; {} events are parked, see \"kefu view parked\"", view.parked_events());
    }
    if (view.state() == admin::v1::VIEW_STATE_STALLED || view.state() == admin::v1::VIEW_STATE_STOPPED) {
      mark = Mark::kBad;
    }
    findings.Add(mark, "view", text);
  }
  return OkStatus();
}

// Does the server sign checkpoints of its log?
void CheckSigning(Tool& tool, Findings& findings) {
  const auto duties = Call(tool, &admin::v1::DutyService::Stub::ListDuties, admin::v1::ListDutiesRequest());
  // A server without the role does not serve this.
  const bool signs_elsewhere = absl::IsFailedPrecondition(duties.status());
  if (!duties.ok() && !signs_elsewhere) return findings.Add(Mark::kWarning, "signing", MessageOf(duties.status()));
  if (signs_elsewhere)
    return findings.Add(Mark::kGood, "signing", "not by this server: it runs without the role clock");
  for (const auto& duty : duties->duties()) {
    if (duty.kind() != admin::v1::DUTY_KIND_NOTARY) continue;
    if (!duty.trouble().empty()) return findings.Add(Mark::kBad, "signing", duty.trouble());
    return findings.Add(Mark::kGood, "signing",
                        fmt::format("{} records are not in a checkpoint yet", runtime::WithThousands(duty.waiting())));
  }
  findings.Add(Mark::kWarning, "signing",
               "nothing is signed: start kefud with audit.key-file, which \"kefu audit key --out FILE\" makes");
}

Status Examine(Tool& tool) {
  Findings findings(tool);
  const absl::Time called_at = absl::Now();
  const auto info = Call(tool, &admin::v1::ViewService::Stub::GetServerInfo, admin::v1::GetServerInfoRequest());
  const absl::Time answered_at = absl::Now();
  if (!info.ok()) {
    findings.Add(Mark::kBad, "server", MessageOf(info.status()));
    return info.status();
  }
  findings.Add(Mark::kGood, "server",
               fmt::format("kefud {} at {} answers in {:.1f} ms", info->version(), tool.options().server,
                           absl::ToDoubleMilliseconds(answered_at - called_at)));
  if (info->version() != KEFU_VERSION) {
    findings.Add(Mark::kWarning, "version", "this kefu is " KEFU_VERSION "; use the same version on both sides");
  }
  CheckHealth(tool, findings);
  CheckLog(*info, findings);
  RETURN_IF_ERROR(CheckViews(tool, findings));
  CheckSigning(tool, findings);
  CheckClock(*info, called_at, answered_at, findings);
  CheckDisk(*info, findings);
  return findings.failed() ? AlreadyTold() : OkStatus();
}

}  // namespace

void AddDoctorVerb(CLI::App& app, Tool& tool) {
  CLI::App& verb = AddVerb(app, "doctor", "Look at everything that could be wrong with a server",
                           {"kefu doctor", "kefu doctor --server 10.0.0.5:7800 --tls-ca ca.pem",
                            "kefu doctor --output json | jq 'select(.result != \"ok\")'"});
  OnRun(verb, tool, Examine);
}

}  // namespace kefu::cli

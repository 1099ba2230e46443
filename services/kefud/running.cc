#include "services/kefud/running.h"

#include <fmt/ranges.h>
#include <grpcpp/impl/codegen/service_type.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "kefu/admin/v1/view.pb.h"
#include "platform/log/kafka/kafka_log.h"
#include "platform/runtime/logging.h"
#include "projections/catalogue.h"
#include "projections/kept/kept_views.h"
#include "projections/past/moments.h"
#include "services/audit/audit_service.h"
#include "services/clock/broadcaster.h"
#include "services/clock/classifier.h"
#include "services/clock/clock_keeper.h"
#include "services/clock/duties.h"
#include "services/clock/handover_keeper.h"
#include "services/clock/lead_keeper.h"
#include "services/clock/notary.h"
#include "services/clock/programme_keeper.h"
#include "services/clock/switch_teller.h"
#include "services/ingest/inbox.h"
#include "services/ingest/ingest_service.h"
#include "services/query/query_services.h"

namespace kefu::kefud {
namespace {

using runtime::Log;
using runtime::LogLevel;

engine::EngineOptions EngineOptionsOf(const ViewsOptions& views, const std::string& directory) {
  engine::EngineOptions options;
  options.directory = directory;
  options.threads = views.threads;
  options.row_cache_bytes = views.row_cache.value;
  options.resources.cache_bytes = views.block_cache.value;
  options.resources.write_buffer_bytes = views.write_buffers.value;
  options.resources.background_jobs = views.background_jobs;
  options.reserve_bytes = views.reserve.value;
  options.stall_after = views.stall_after;
  return options;
}

rpc::ServerOptions ServerOptionsOf(const Options& options) {
  rpc::ServerOptions server;
  server.listen = options.listen;
  server.tls = {
      .certificate = options.tls.certificate, .private_key = options.tls.private_key, .ca = options.tls.client_ca};
  server.allow_insecure = options.allow_insecure;
  server.max_receive_bytes = static_cast<int>(options.limits.message.value);
  server.memory_bytes = options.limits.memory.value;
  server.max_concurrent_streams = options.limits.streams;
  server.max_threads = options.limits.threads;
  return server;
}

// "127.0.0.1:0" with the port that was bound; an address without a port stays.
std::string Bound(const std::string& address, int port) {
  const size_t colon = address.rfind(':');
  if (colon == std::string::npos || address.starts_with("unix:")) return address;
  return fmt::format("{}:{}", address.substr(0, colon), port);
}

}  // namespace

Running::Running(const Options& options, DataDirectory directory)
    : options_(options), directory_(std::move(directory)) {}

Running::~Running() = default;

StatusOr<std::unique_ptr<Running>> Running::Start(const Options& options) {
  ASSIGN_OR_RETURN(DataDirectory directory, DataDirectory::Open(options.data_directory));
  std::unique_ptr<Running> running(new Running(options, std::move(directory)));
  running->RemoveReadyFile();
  RETURN_IF_ERROR(running->ReadAuditKey());
  ASSIGN_OR_RETURN(running->logs_, Logs::Open(options, running->directory_));
  if (options.HasRole("view")) RETURN_IF_ERROR(running->OpenViews());
  if (options.HasRole("clock")) running->OpenDuties();
  RETURN_IF_ERROR(running->OpenDoors());
  RETURN_IF_ERROR(running->OpenInbox());
  RETURN_IF_ERROR(running->StartServer());
  if (running->engine_ != nullptr) RETURN_IF_ERROR(running->engine_->Start());
  if (running->kept_ != nullptr) running->kept_->Start();
  if (running->duties_ != nullptr) running->duties_->Start();
  running->Introduce();
  running->readiness_ = std::make_unique<Readiness>(*running->server_, running->logs_->events(), running->engine_.get(),
                                                    running->ingest_ != nullptr, running->duties_ != nullptr);
  if (running->inbox_ != nullptr) running->inbox_->Start();
  RETURN_IF_ERROR(running->WriteReadyFile());
  return running;
}

Status Running::ReadAuditKey() {
  if (options_.audit.key_file.empty()) return OkStatus();
  auto signer = note::Signer::ReadFile(options_.audit.key_file);
  if (!signer.ok()) return Annotate(signer.status(), "audit.key-file");
  signer_ = *std::move(signer);
  if (options_.audit.old_key_file.empty()) return OkStatus();
  auto old_signer = note::Signer::ReadFile(options_.audit.old_key_file);
  if (!old_signer.ok()) return Annotate(old_signer.status(), "audit.old-key-file");
  if (old_signer->verifier() == signer_->verifier())
    return InvalidArgument(
        "audit.old-key-file: it holds the key of audit.key-file; to change keys name the one before, else leave it out");
  old_signer_ = *std::move(old_signer);
  return OkStatus();
}

Status Running::OpenViews() {
  ASSIGN_OR_RETURN(engine_, engine::Engine::Open(EngineOptionsOf(options_.views, directory_.Below("views")),
                                                 logs_->events(), projections::Catalogue()));
  RETURN_IF_ERROR(OpenKeptViews());
  // A moment is asked by few: it gets a share of what the views get.
  past::MomentsOptions moments{.directory = directory_.Below("moments"),
                               .engine = EngineOptionsOf(options_.views, std::string()),
                               .kept = kept_.get()};
  moments.engine.row_cache_bytes /= 4;
  moments.engine.resources.cache_bytes /= 4;
  moments.engine.resources.write_buffer_bytes /= 4;
  moments_ = std::make_unique<past::Moments>(logs_->events(), projections::Catalogue(), std::move(moments));
  query::QueryOptions query;
  query.moments = moments_.get();
  ASSIGN_OR_RETURN(query.token_key, directory_.Secret("page-token.key"));
  query.version = KEFU_VERSION;
  query.complete_info = [this](admin::v1::ServerInfo* info) { CompleteInfo(info); };
  queries_.push_back(query::MakeBookService(*engine_, query));
  queries_.push_back(query::MakeClientService(*engine_, query));
  queries_.push_back(query::MakeCaseService(*engine_, query));
  queries_.push_back(query::MakeContactService(*engine_, query));
  queries_.push_back(query::MakeLeadService(*engine_, query));
  queries_.push_back(query::MakeCatalogueService(*engine_, query));
  queries_.push_back(query::MakeSearchService(*engine_, query));
  queries_.push_back(query::MakeClockService(*engine_, query));
  queries_.push_back(query::MakeSegmentService(*engine_, query));
  queries_.push_back(query::MakeStatisticsService(*engine_, query));
  queries_.push_back(query::MakeReferenceService(*engine_, query));
  queries_.push_back(query::MakeRelationService(*engine_, query));
  queries_.push_back(query::MakeReportService(*engine_, query));
  queries_.push_back(query::MakeSuitabilityService(*engine_, query));
  queries_.push_back(query::MakeViewService(*engine_, query));
  returns_ = std::make_unique<returns::Returns>(
      *engine_, logs_->events(), [this](const auto& position) { return ViewsAt(position); }, KEFU_VERSION);
  audit::AuditOptions audit{.token_key = query.token_key, .returns = returns_.get(), .moments = moments_.get()};
  if (signer_.has_value()) {
    audit.verifier_key = signer_->verifier().Text();
    audit.lost_note = [this] { return notary_->LostNote(); };
  }
  queries_.push_back(audit::MakeAuditService(*engine_, logs_->events(), audit));
  return OkStatus();
}

Status Running::OpenKeptViews() {
  const std::string directory = directory_.Below("kept");
  if (options_.views.keep_every_events == 0) {
    // Those of an earlier run would only take disk.
    std::error_code ignored;
    std::filesystem::remove_all(directory, ignored);
    return OkStatus();
  }
  kept::KeptOptions kept;
  kept.directory = directory;
  kept.every_events = options_.views.keep_every_events;
  kept.most = options_.views.keep_most;
  // They go before the views themselves have to wait.
  kept.reserve_bytes = 2 * options_.views.reserve.value;
  ASSIGN_OR_RETURN(kept_, kept::KeptViews::Open(std::move(kept), *engine_));
  return OkStatus();
}

// As any caller asks this server: of now, or of a moment.
StatusOr<returns::AskedViews> Running::ViewsAt(const std::optional<log::Position>& position) {
  returns::AskedViews views{server_->InProcess(), {}, nullptr};
  if (!position) return views;
  ASSIGN_OR_RETURN(const auto moment,
                   moments_->Open({.position = *position}, [](int64_t, int64_t) { return OkStatus(); }));
  views.as_of = moment->name();
  views.moment = moment;
  return views;
}

void Running::OpenDuties() {
  duties_ = std::make_unique<duties::Duties>();
  const duties::DutyContext context{.engine = engine_.get(), .log = &logs_->events()};
  duties_->Add(std::make_unique<duties::Broadcaster>(context));
  duties_->Add(std::make_unique<duties::ClockKeeper>(context));
  duties_->Add(std::make_unique<duties::LeadKeeper>(context));
  auto classifier = std::make_unique<duties::Classifier>(context);
  queries_.push_back(duties::MakeDutyService(
      *duties_, [classifier = classifier.get()](const admin::v1::RunClassificationRequest& request,
                                                duties::ClassifyCallback done) {
        classifier->Run(request, std::move(done));
      }));
  duties_->Add(std::move(classifier));
  duties_->Add(std::make_unique<duties::HandoverKeeper>(context));
  duties_->Add(std::make_unique<duties::ProgrammeKeeper>(context));
  duties_->Add(std::make_unique<duties::SwitchTeller>(context));
  if (!signer_.has_value()) return;
  auto notary = std::make_unique<duties::Notary>(
      context, duties::NotaryOptions{.signer = *signer_,
                                     .old_signer = old_signer_,
                                     .memory_path = directory_.Below("audit/last-checkpoint.json")});
  notary_ = notary.get();
  duties_->Add(std::move(notary));
}

void Running::CompleteInfo(admin::v1::ServerInfo* info) const {
  if (const Status log = logs_->events().Health(); !log.ok()) info->set_log_problem(ToString(log));
  std::error_code error;
  const auto disk = std::filesystem::space(directory_.path(), error);
  if (error) return;
  info->set_disk_free_bytes(static_cast<int64_t>(disk.available));
  const bool log_is_here = options_.log.kind == "embedded";
  info->set_disk_reserve_bytes(
      std::max(options_.views.reserve.value, log_is_here ? options_.log.reserve.value : int64_t{0}));
}

Status Running::OpenDoors() {
  if (!options_.HasRole("ingest")) return OkStatus();
  ingest::RecorderOptions recorder;
  recorder.max_bytes_in_flight = options_.log.queue.value;
  recorder_ = std::make_unique<ingest::Recorder>(logs_->events(), recorder);
  ingest_ = ingest::IngestServer::Make({}, *recorder_, logs_->events(), logs_->rejected(), engine_.get());
  return OkStatus();
}

Status Running::StartServer() {
  std::vector<grpc::Service*> services;
  for (const auto& query : queries_) services.push_back(query.get());
  if (ingest_ != nullptr) services.push_back(ingest_->service());
  ASSIGN_OR_RETURN(server_, rpc::Server::Start(ServerOptionsOf(options_), services));
  for (size_t i = 0; i < options_.listen.size(); ++i) {
    addresses_.push_back(Bound(options_.listen[i], server_->ports()[i]));
  }
  server_->OnDrain([this] {
    for (const auto& query : queries_) {
      query::EndStreams(*query);
      audit::EndStreams(*query);
      if (duties_ != nullptr) duties::EndCalls(*query);
    }
    if (ingest_ != nullptr) ingest_->EndStreams();
  });
  return OkStatus();
}

Status Running::OpenInbox() {
  if (options_.inbox.bootstrap_servers.empty()) return OkStatus();
  ASSIGN_OR_RETURN(auto source, OpenKafkaInbox(options_));
  inbox_ = std::make_unique<ingest::Inbox>(std::move(source), *recorder_, logs_->rejected(),
                                           ingest::InboxOptions{.topic = options_.inbox.topic});
  return OkStatus();
}

// Written beside and moved into place: who waits for the file never reads half of it.
Status Running::WriteReadyFile() const {
  if (options_.ready_file.empty()) return OkStatus();
  const std::string beside = options_.ready_file + ".new";
  std::ofstream(beside) << fmt::format("{}\n", fmt::join(addresses_, "\n"));
  std::error_code error;
  std::filesystem::rename(beside, options_.ready_file, error);
  if (error) return FailedPrecondition("ready-file {} cannot be written: {}", options_.ready_file, error.message());
  return OkStatus();
}

// One that an earlier run left behind would send callers to a port that is no more.
void Running::RemoveReadyFile() const {
  std::error_code ignored;
  if (!options_.ready_file.empty()) std::filesystem::remove(options_.ready_file, ignored);
}

void Running::Introduce() const {
  const log::LogIdentity& log = logs_->events().identity();
  Log(LogLevel::kInfo, "kefud " KEFU_VERSION " is up",
      {{"listen", fmt::format("{}", fmt::join(addresses_, ","))},
       {"roles", fmt::format("{}", fmt::join(options_.roles, ","))},
       {"log", log.kind},
       {"partitions", log.partitions},
       {"inbox", options_.inbox.bootstrap_servers.empty() ? std::string("none") : options_.inbox.topic},
       {"data", directory_.path()},
       {"signs_with", signer_.has_value() ? signer_->verifier().Text() : std::string("nothing")},
       {"views", static_cast<int64_t>(engine_ == nullptr ? 0 : engine_->projections().size())},
       {"pid", static_cast<int64_t>(getpid())}});
}

Status Running::Stop() {
  // It would say SERVING again while the server drains.
  readiness_.reset();
  RemoveReadyFile();
  const Status drained = server_->Drain(absl::Now() + options_.limits.drain);
  if (inbox_ != nullptr) inbox_->Stop();
  if (duties_ != nullptr) duties_->Stop();
  if (kept_ != nullptr) kept_->Stop();
  if (engine_ != nullptr) engine_->Stop();
  return drained;
}

}  // namespace kefu::kefud

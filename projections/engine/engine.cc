#include "projections/engine/engine.h"

#include <absl/time/clock.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <condition_variable>
#include <future>
#include <shared_mutex>
#include <thread>

#include "platform/base/check.h"
#include "platform/base/time.h"
#include "projections/engine/builder.h"
#include "projections/engine/copies.h"
#include "projections/engine/host.h"
#include "projections/engine/monitor.h"
#include "projections/engine/switcher.h"
#include "projections/engine/waiters.h"
#include "projections/engine/worker.h"

namespace kefu::engine {

Status Engine::WaitFor(Partition partition, Offset next, absl::Time deadline) {
  auto reached = std::make_shared<std::promise<Status>>();
  std::future<Status> answer = reached->get_future();
  WhenReached(partition, next, deadline, [reached](Status status) { reached->set_value(std::move(status)); });
  return answer.get();
}

StatusOr<std::vector<std::pair<Offset, events::v1::Verdict>>> Engine::VerdictsBetween(Partition partition, Offset from,
                                                                                      Offset until) const {
  std::vector<std::pair<Offset, events::v1::Verdict>> verdicts;
  for (Offset offset = from; offset < until; offset = offset.Next()) {
    ASSIGN_OR_RETURN(events::v1::Verdict verdict, VerdictAt(partition, offset));
    if (verdict.outcome() != events::v1::VERDICT_OUTCOME_APPLIED) verdicts.emplace_back(offset, std::move(verdict));
  }
  return verdicts;
}

StatusOr<admin::v1::CompareBuildsResponse> Engine::CompareBuilds(std::string_view view, int) const {
  return FailedPrecondition("view \"{}\" has one build only", view);
}

Status Engine::SwitchView(std::string_view view, bool, std::string_view, std::string_view) {
  return FailedPrecondition("view \"{}\" has one build only", view);
}

Status Engine::SwitchIsTold(std::string_view event_id) {
  return NotFound("no switch waits to be told by the id \"{}\"", event_id);
}

std::vector<std::shared_ptr<const PartitionView>> Engine::AtAll() const {
  std::vector<std::shared_ptr<const PartitionView>> all;
  all.reserve(static_cast<size_t>(partitions()));
  for (int32_t p = 0; p < partitions(); ++p) all.push_back(At(Partition(p)));
  return all;
}

namespace {

int ThreadCount(const EngineOptions& options, int32_t partitions) {
  const int cores = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  return std::clamp(options.threads > 0 ? options.threads : cores, 1, static_cast<int>(partitions));
}

class LogEngine final : public Engine, public Copier {
 public:
  LogEngine(const EngineOptions& options, log::EventLog& log, const std::vector<const sdk::Projection*>& projections)
      : log_(log), waiters_(log.partitions()) {
    context_.options = options;
    context_.budget.limit = options.row_cache_bytes;
    context_.log = log.identity();
    context_.projections = projections;
    context_.resources = store::MakeSharedResources(options.resources);
    for (size_t i = 0; i < projections.size(); ++i)
      context_.listened.push_back(std::make_unique<std::atomic<bool>>(false));
  }

  ~LogEngine() override { Stop(); }

  Status OpenPartitions() {
    for (int32_t p = 0; p < log_.partitions(); ++p) {
      ASSIGN_OR_RETURN(auto host, PartitionHost::Open(context_, Partition(p)));
      waiters_.Reached(Partition(p), host->shown_next());
      if (const auto trouble = host->trouble())
        waiters_.Fail(Partition(p), FailedPrecondition("{}", MessageOf(trouble->status)));
      hosts_.push_back(std::move(host));
    }
    return OkStatus();
  }

  Status Start() override {
    const int threads = ThreadCount(context_.options, partitions());
    std::vector<std::vector<PartitionHost*>> shares(threads);
    for (const auto& host : hosts_) shares[host->partition().value() % threads].push_back(host.get());
    for (auto& share : shares)
      workers_.push_back(std::make_unique<Worker>(log_, std::move(share), context_.options.max_batch_events, context_.budget,
                                                  [this](PartitionHost& host, const Committed& committed) {
                                                    OnCommit(host, committed);
                                                  }));
    builder_ = std::make_unique<Builder>(
        log_, threads, context_.options.max_batch_events, context_.budget, [this](Partition p) -> Worker& { return WorkerOf(p); },
        [this](PartitionHost& host) { OnJoined(host); });
    switcher_ = std::make_unique<Switcher>(context_, hosts_, [this](Partition p) -> Worker& { return WorkerOf(p); });
    monitor_ = std::make_unique<Monitor>(log_, hosts_, context_.projections, context_.options.stall_after);
    for (const auto& host : hosts_)
      for (auto& lane : host->TakeLagging()) builder_->Add(*host, std::move(lane));
    for (const auto& worker : workers_) worker->Start();
    switcher_->Start();
    // A build that had joined everywhere before the last stop, but had not been switched to.
    for (const auto& host : hosts_)
      WorkerOf(host->partition()).Post([this, host = host.get()] { OnJoined(*host); });
    return OkStatus();
  }

  void Stop() override {
    if (stopped_.exchange(true)) return;
    if (switcher_) switcher_->Stop();
    if (builder_) builder_->Stop();
    for (const auto& worker : workers_) worker->Stop();
  }

  int32_t partitions() const override { return log_.partitions(); }
  const log::LogIdentity& log_identity() const override { return context_.log; }
  const std::vector<const sdk::Projection*>& projections() const override { return context_.projections; }

  std::shared_ptr<const PartitionView> At(Partition partition) const override { return HostOf(partition).View(); }

  std::vector<std::shared_ptr<const PartitionView>> AtAll() const override {
    std::shared_lock<std::shared_mutex> gate;
    if (switcher_) gate = std::shared_lock(switcher_->gate());
    std::vector<std::shared_ptr<const PartitionView>> all;
    all.reserve(hosts_.size());
    for (const auto& host : hosts_) all.push_back(host->View());
    return all;
  }

  StatusOr<admin::v1::CompareBuildsResponse> CompareBuilds(std::string_view view, int limit) const override {
    RETURN_IF_ERROR(CheckSwitchable(view));
    return switcher_->Compare(std::string(view), limit);
  }
  Status SwitchView(std::string_view view, bool back, std::string_view actor_id, std::string_view reason) override {
    RETURN_IF_ERROR(CheckSwitchable(view));
    return switcher_->Order(std::string(view), back, actor_id, reason);
  }
  std::vector<events::v1::Event> SwitchesToTell() const override {
    return switcher_ ? switcher_->ToTell() : std::vector<events::v1::Event>();
  }
  Status SwitchIsTold(std::string_view event_id) override {
    return switcher_ ? switcher_->IsTold(event_id) : Engine::SwitchIsTold(event_id);
  }

  log::Position CurrentPosition() const override {
    log::Position position{context_.log.id, {}};
    for (const auto& host : hosts_) position.next_offsets.push_back(host->shown_next().value());
    return position;
  }

  void WhenReached(Partition partition, Offset next, absl::Time deadline, std::function<void(Status)> done) override {
    waiters_.Add(partition, next, deadline, std::move(done));
  }

  StatusOr<events::v1::Verdict> VerdictAt(Partition partition, Offset offset) const override {
    const PartitionHost& host = HostOf(partition);
    if (offset >= host.shown_next())
      return OutOfRange("partition {} offset {} is not applied yet", partition, offset);
    if (auto recent = host.RecentVerdict(offset)) return *std::move(recent);
    return host.StoredVerdict(offset);
  }

  StatusOr<std::vector<std::pair<Offset, events::v1::Verdict>>> VerdictsBetween(Partition partition, Offset from,
                                                                                Offset until) const override {
    const PartitionHost& host = HostOf(partition);
    if (until > host.shown_next())
      return OutOfRange("partition {} offset {} is not applied yet", partition, until.value() - 1);
    return host.StoredVerdicts(from, until);
  }

  std::shared_ptr<void> Listen(std::string_view view, ChangeListener listener) override;

  std::vector<admin::v1::View> Describe() const override {
    if (monitor_) return monitor_->Describe();
    return Monitor::DescribeWithoutLog(hosts_, context_.projections);
  }

  Status Rebuild(std::string_view view) override;
  StatusOr<std::vector<admin::v1::ParkedEvent>> ListParked(std::string_view view, Partition after_partition,
                                                           Offset after_offset, int limit) const override;
  StatusOr<Retried> RetryParked(std::string_view view, std::string_view client_id) override;

  StatusOr<admin::v1::PartitionDigest> Digest(std::string_view view, Partition partition) const override {
    return HostOf(partition).Digest(view);
  }

  std::vector<std::string> TablesServing(Partition partition) const override {
    return HostOf(partition).TablesServing();
  }
  StatusOr<StoreCopy> CopyStore(Partition partition, const std::string& directory) override {
    return HostOf(partition).CopyTo(directory);
  }

  Status Health() const override { return monitor_ ? monitor_->Health() : Unavailable("the engine is not started"); }

 private:
  PartitionHost& HostOf(Partition partition) const {
    KEFU_CHECK(partition.value() >= 0 && static_cast<size_t>(partition.value()) < hosts_.size(), "partition {}",
               partition);
    return *hosts_[partition.value()];
  }
  Worker& WorkerOf(Partition partition) { return *workers_[partition.value() % workers_.size()]; }
  int IndexOf(std::string_view view) const {
    for (size_t i = 0; i < context_.projections.size(); ++i)
      if (context_.projections[i]->name == view) return static_cast<int>(i);
    return -1;
  }
  Status CheckSwitchable(std::string_view view) const {
    if (IndexOf(view) < 0) return NotFound("there is no view \"{}\"", view);
    return switcher_ ? OkStatus() : Unavailable("the engine is not started");
  }
  // Runs `task` on the partition's worker and waits for its answer.
  template <class Result>
  Result OnWorker(Partition partition, std::function<Result()> task) {
    auto answer = std::make_shared<std::promise<Result>>();
    auto future = answer->get_future();
    WorkerOf(partition).Post([answer, task = std::move(task)] { answer->set_value(task()); });
    return future.get();
  }

  void OnCommit(PartitionHost& host, const Committed& committed);
  void OnJoined(PartitionHost& host);

  log::EventLog& log_;
  HostContext context_;
  Waiters waiters_;
  std::vector<std::unique_ptr<PartitionHost>> hosts_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::unique_ptr<Builder> builder_;
  std::unique_ptr<Switcher> switcher_;
  std::unique_ptr<Monitor> monitor_;
  std::atomic<bool> stopped_{false};
  std::mutex rebuild_mutex_;

  // Listeners by view, copied on write so that commits take no lock while calling them.
  using Listeners = std::vector<std::pair<uint64_t, std::shared_ptr<ChangeListener>>>;
  std::mutex listeners_mutex_;
  std::map<std::string, std::shared_ptr<const Listeners>, std::less<>> listeners_;
  uint64_t last_listener_ = 0;
};

void LogEngine::OnCommit(PartitionHost& host, const Committed& committed) {
  if (const auto trouble = host.trouble()) {
    waiters_.Fail(host.partition(), FailedPrecondition("{}", MessageOf(trouble->status)));
    return;
  }
  waiters_.Reached(host.partition(), committed.place.next);
  for (const auto& [projection, changes] : committed.changes) {
    std::shared_ptr<const Listeners> listeners;
    {
      const std::lock_guard lock(listeners_mutex_);
      const auto found = listeners_.find(projection->name);
      if (found != listeners_.end()) listeners = found->second;
    }
    if (!listeners) continue;
    for (const auto& [id, listener] : *listeners) (*listener)(host.partition(), committed.place.next, changes);
  }
}

std::shared_ptr<void> LogEngine::Listen(std::string_view view, ChangeListener listener) {
  const int index = IndexOf(view);
  if (index < 0) return nullptr;
  const std::lock_guard lock(listeners_mutex_);
  const uint64_t id = ++last_listener_;
  auto& slot = listeners_[std::string(view)];
  auto added = slot ? std::make_shared<Listeners>(*slot) : std::make_shared<Listeners>();
  added->emplace_back(id, std::make_shared<ChangeListener>(std::move(listener)));
  slot = std::move(added);
  *context_.listened[index] = true;
  return std::shared_ptr<void>(nullptr, [this, index, id, name = std::string(view)](void*) {
    const std::lock_guard lock(listeners_mutex_);
    auto& slot = listeners_[name];
    auto left = std::make_shared<Listeners>(*slot);
    std::erase_if(*left, [&](const auto& entry) { return entry.first == id; });
    *context_.listened[index] = !left->empty();
    slot = std::move(left);
  });
}

Status LogEngine::Rebuild(std::string_view view) {
  if (IndexOf(view) < 0) return NotFound("there is no view \"{}\"", view);
  const std::lock_guard lock(rebuild_mutex_);
  for (const auto& host : hosts_) {
    const auto progress = host->ProgressOf(view);
    if (progress.building && !progress.refused)
      return FailedPrecondition("view \"{}\" is being rebuilt already", view);
  }
  // One that was refused makes way.
  for (const auto& host : hosts_)
    RETURN_IF_ERROR(OnWorker<Status>(host->partition(), [&host, view] { return host->DropRefused(view); }));
  // Begun in all partitions before any of them may be the first to have it.
  std::vector<std::pair<PartitionHost*, std::unique_ptr<Lane>>> begun;
  for (const auto& host : hosts_) {
    using Built = StatusOr<std::unique_ptr<Lane>>;
    ASSIGN_OR_RETURN(auto lane, OnWorker<Built>(host->partition(), [&host, view] { return host->StartBuild(view); }));
    if (lane) begun.emplace_back(host.get(), std::move(lane));
  }
  for (auto& [host, lane] : begun) builder_->Add(*host, std::move(lane));
  return OkStatus();
}

// A build has joined in one partition. Once it has in all, it is compared and serves in all: until then every answer is
// from the old.
void LogEngine::OnJoined(PartitionHost&) {
  for (const sdk::Projection* projection : context_.projections) {
    const bool building = std::any_of(hosts_.begin(), hosts_.end(), [&](const auto& host) {
      return host->ProgressOf(projection->name).building.has_value();
    });
    if (!building) continue;
    const bool joined = std::all_of(hosts_.begin(), hosts_.end(),
                                    [&](const auto& host) { return host->BuildHasJoined(projection->name); });
    if (joined) switcher_->Decide(std::string(projection->name));
  }
}

StatusOr<std::vector<admin::v1::ParkedEvent>> LogEngine::ListParked(std::string_view view, Partition after_partition,
                                                                    Offset after_offset, int limit) const {
  std::vector<admin::v1::ParkedEvent> parked;
  for (const auto& host : hosts_) {
    if (host->partition() < after_partition) continue;
    const Offset after = host->partition() == after_partition ? after_offset : Offset(-1);
    ASSIGN_OR_RETURN(auto here, host->ListParked(view, after, limit - static_cast<int>(parked.size())));
    std::move(here.begin(), here.end(), std::back_inserter(parked));
    if (parked.size() >= static_cast<size_t>(limit)) break;
  }
  return parked;
}

StatusOr<Engine::Retried> LogEngine::RetryParked(std::string_view view, std::string_view client_id) {
  if (IndexOf(view) < 0) return NotFound("there is no view \"{}\"", view);
  Retried sum;
  for (const auto& host : hosts_) {
    using Answer = StatusOr<Lane::Retried>;
    ASSIGN_OR_RETURN(const Lane::Retried retried, OnWorker<Answer>(host->partition(), [&host, view, client_id] {
                       return host->RetryParked(view, client_id);
                     }));
    sum.applied += retried.applied;
    sum.still_parked += retried.still_parked;
  }
  return sum;
}

}  // namespace

StatusOr<std::unique_ptr<Engine>> Engine::Open(const EngineOptions& options, log::EventLog& log,
                                               const std::vector<const sdk::Projection*>& projections) {
  auto engine = std::make_unique<LogEngine>(options, log, projections);
  RETURN_IF_ERROR(engine->OpenPartitions());
  return engine;
}

}  // namespace kefu::engine

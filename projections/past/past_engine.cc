#include "projections/past/past_engine.h"

#include <absl/time/clock.h>

#include <filesystem>

#include "platform/base/reason.h"
#include "projections/past/cut_log.h"

namespace kefu::past {
namespace {

// How often who waits is told how far it is.
constexpr absl::Duration kTellEvery = absl::Milliseconds(200);

Status NotOfThePast() {
  return WithReason(FailedPrecondition("views of the past cannot be changed"), "AS_OF_NOT_APPLICABLE");
}

class PastEngine final : public engine::Engine {
 public:
  PastEngine(const Cut& cut, log::EventLog& log, std::string directory)
      : cut_(cut), log_(MakeCutLog(log, cut)), directory_(std::move(directory)) {}

  ~PastEngine() override {
    engine_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }

  Status OpenViews(const std::vector<const sdk::Projection*>& projections, const engine::EngineOptions& options) {
    std::error_code error;
    std::filesystem::remove_all(directory_, error);
    std::filesystem::create_directories(directory_, error);
    if (error) return FailedPrecondition("{} cannot be made: {}", directory_, error.message());
    ASSIGN_OR_RETURN(engine_, Engine::Open(options, *log_, projections));
    return engine_->Start();
  }

  Status Reach(const Progress& progress) {
    for (int32_t p = 0; p < partitions(); ++p) {
      const Offset end(cut_.ends[static_cast<size_t>(p)]);
      while (true) {
        const Status reached = WaitFor(Partition(p), end, absl::Now() + kTellEvery);
        if (!reached.ok() && reached.code() != StatusCode::kDeadlineExceeded) return reached;
        RETURN_IF_ERROR(Tell(progress));
        if (reached.ok()) break;
      }
    }
    // Nothing more will come: no thread needs to wait for it.
    engine_->Stop();
    return OkStatus();
  }

  Status Start() override { return OkStatus(); }
  void Stop() override { engine_->Stop(); }
  int32_t partitions() const override { return engine_->partitions(); }
  const log::LogIdentity& log_identity() const override { return engine_->log_identity(); }
  const std::vector<const sdk::Projection*>& projections() const override { return engine_->projections(); }
  std::shared_ptr<const engine::PartitionView> At(Partition partition) const override { return engine_->At(partition); }
  std::vector<std::shared_ptr<const engine::PartitionView>> AtAll() const override { return engine_->AtAll(); }
  log::Position CurrentPosition() const override { return engine_->CurrentPosition(); }
  void WhenReached(Partition partition, Offset next, absl::Time deadline, std::function<void(Status)> done) override {
    // It stands still: who asks for more would only wait in vain.
    if (next.value() > cut_.ends[static_cast<size_t>(partition.value())])
      return done(DeadlineExceeded("partition {} ended at offset {} then", partition,
                                   cut_.ends[static_cast<size_t>(partition.value())]));
    engine_->WhenReached(partition, next, deadline, std::move(done));
  }
  StatusOr<events::v1::Verdict> VerdictAt(Partition partition, Offset offset) const override {
    return engine_->VerdictAt(partition, offset);
  }
  StatusOr<std::vector<std::pair<Offset, events::v1::Verdict>>> VerdictsBetween(Partition partition, Offset from,
                                                                                Offset until) const override {
    return engine_->VerdictsBetween(partition, from, until);
  }
  std::optional<absl::Time> moment() const override { return cut_.time; }
  std::shared_ptr<void> Listen(std::string_view view, engine::ChangeListener listener) override {
    return engine_->Listen(view, std::move(listener));
  }
  std::vector<admin::v1::View> Describe() const override { return engine_->Describe(); }
  Status Rebuild(std::string_view) override { return NotOfThePast(); }
  StatusOr<std::vector<admin::v1::ParkedEvent>> ListParked(std::string_view view, Partition after_partition,
                                                           Offset after_offset, int limit) const override {
    return engine_->ListParked(view, after_partition, after_offset, limit);
  }
  StatusOr<Retried> RetryParked(std::string_view, std::string_view) override { return NotOfThePast(); }
  StatusOr<admin::v1::CompareBuildsResponse> CompareBuilds(std::string_view view, int limit) const override {
    return engine_->CompareBuilds(view, limit);
  }
  Status SwitchView(std::string_view, bool, std::string_view) override { return NotOfThePast(); }
  StatusOr<admin::v1::PartitionDigest> Digest(std::string_view view, Partition partition) const override {
    return engine_->Digest(view, partition);
  }
  Status Health() const override { return engine_->Health(); }

 private:
  Status Tell(const Progress& progress) const {
    int64_t done = 0;
    int64_t total = 0;
    const log::Position at = engine_->CurrentPosition();
    for (size_t p = 0; p < cut_.ends.size(); ++p) {
      done += at.next_offsets[p];
      total += cut_.ends[p];
    }
    return progress(done, total);
  }

  const Cut cut_;
  const std::unique_ptr<log::EventLog> log_;
  const std::string directory_;
  std::unique_ptr<engine::Engine> engine_;
};

}  // namespace

StatusOr<std::unique_ptr<engine::Engine>> OpenAsOf(const Cut& cut, log::EventLog& log,
                                                   const std::vector<const sdk::Projection*>& projections,
                                                   engine::EngineOptions options, const Progress& progress) {
  auto past = std::make_unique<PastEngine>(cut, log, options.directory);
  RETURN_IF_ERROR(past->OpenViews(projections, options));
  RETURN_IF_ERROR(past->Reach(progress));
  return std::unique_ptr<engine::Engine>(std::move(past));
}

}  // namespace kefu::past

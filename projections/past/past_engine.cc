#include "projections/past/past_engine.h"

#include <absl/time/clock.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <filesystem>

#include "platform/base/reason.h"
#include "projections/engine/frames.h"
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

  Status OpenViews(const std::vector<const sdk::Projection*>& projections, const engine::EngineOptions& options,
                   const KeptStart& start) {
    std::error_code error;
    std::filesystem::remove_all(directory_, error);
    std::filesystem::create_directories(directory_, error);
    if (error) return FailedPrecondition("{} cannot be made: {}", directory_, error.message());
    for (size_t p = 0; p < start.places.size(); ++p) TakeKept(start, Partition(static_cast<int32_t>(p)));
    ASSIGN_OR_RETURN(engine_, Engine::Open(options, *log_, projections));
    begun_ = engine_->CurrentPosition().next_offsets;
    for (size_t p = 0; p < begun_.size(); ++p)
      if (begun_[p] > cut_.ends[p])
        return DataLoss("what was kept of partition {} is at offset {}, the moment ended at {}", p, begun_[p],
                        cut_.ends[p]);
    return engine_->Start();
  }

  // Are any views not folded from the beginning?
  bool began_later() const {
    return std::any_of(begun_.begin(), begun_.end(), [](int64_t next) { return next > 0; });
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
  Status SwitchView(std::string_view, bool, std::string_view, std::string_view) override { return NotOfThePast(); }
  StatusOr<admin::v1::PartitionDigest> Digest(std::string_view view, Partition partition) const override {
    return engine_->Digest(view, partition);
  }
  Status Health() const override { return engine_->Health(); }

 private:
  // Where it fails, that partition is folded from the beginning.
  void TakeKept(const KeptStart& start, Partition partition) {
    const auto& place = start.places[static_cast<size_t>(partition.value())];
    // What was kept after the moment is of no use to it.
    if (!place.has_value() || place->next.value() > cut_.ends[static_cast<size_t>(partition.value())]) return;
    const Status taken =
        start.kept->CopyInto(*place, partition, *log_, engine::StoreFolder(directory_, partition));
    if (!taken.ok())
      spdlog::warn("a moment of the past folds partition {} from the beginning: {}", partition, MessageOf(taken));
  }

  Status Tell(const Progress& progress) const {
    int64_t done = 0;
    int64_t total = 0;
    const log::Position at = engine_->CurrentPosition();
    for (size_t p = 0; p < cut_.ends.size(); ++p) {
      done += at.next_offsets[p] - begun_[p];
      total += cut_.ends[p] - begun_[p];
    }
    return progress(done, total);
  }

  const Cut cut_;
  const std::unique_ptr<log::EventLog> log_;
  const std::string directory_;
  std::unique_ptr<engine::Engine> engine_;
  std::vector<int64_t> begun_;  // by partition: from here on it was folded
};

}  // namespace

KeptStart FindStart(kept::KeptViews* kept, const log::LogIdentity& log, const Asked& asked) {
  KeptStart start;
  const bool of_this_log = !asked.position || (asked.position->log_id == log.id &&
                                               asked.position->next_offsets.size() ==
                                                   static_cast<size_t>(log.partitions));
  if (kept == nullptr || asked.occurred.has_value() || !of_this_log) return start;
  start.kept = kept;
  for (int32_t p = 0; p < log.partitions; ++p)
    start.places.push_back(kept->Newest(Partition(p), [&](const kept::KeptPlace& place) {
      if (asked.position.has_value())
        return place.next.value() <= asked.position->next_offsets[static_cast<size_t>(p)];
      return asked.recorded.has_value() && place.effective_time <= *asked.recorded;
    }));
  return start;
}

std::vector<KnownPlace> KnownPlacesOf(const KeptStart& start) {
  std::vector<KnownPlace> places;
  for (const auto& place : start.places)
    places.push_back(place.has_value() ? KnownPlace{place->next, place->effective_time} : KnownPlace());
  return places;
}

StatusOr<std::unique_ptr<engine::Engine>> OpenAsOf(const Cut& cut, log::EventLog& log,
                                                   const std::vector<const sdk::Projection*>& projections,
                                                   engine::EngineOptions options, const Progress& progress,
                                                   const KeptStart& start) {
  auto past = std::make_unique<PastEngine>(cut, log, options.directory);
  Status reached = past->OpenViews(projections, options, start);
  if (reached.ok()) reached = past->Reach(progress);
  if (reached.ok()) return std::unique_ptr<engine::Engine>(std::move(past));
  // The engine itself found that what was kept does not go with this log, or is damaged.
  const bool of_the_views =
      reached.code() == StatusCode::kDataLoss || reached.code() == StatusCode::kFailedPrecondition;
  if (!past->began_later() || !of_the_views) return reached;
  spdlog::warn("a moment of the past is folded from the beginning: {}", MessageOf(reached));
  past.reset();
  return OpenAsOf(cut, log, projections, std::move(options), progress);
}

}  // namespace kefu::past

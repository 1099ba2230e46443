#include "projections/engine/monitor.h"

#include <absl/time/clock.h>

#include <algorithm>

#include "platform/base/time.h"

namespace kefu::engine {

namespace {

constexpr absl::Duration kLookEvery = absl::Milliseconds(500);
// A view so little behind is live: events keep coming while we look.
constexpr int64_t kLiveLag = 1'000;

admin::v1::View Header(const sdk::Projection& projection) {
  admin::v1::View view;
  view.set_name(fmt::format("views/{}", projection.name));
  view.set_version(projection.version);
  for (const sdk::TableInfo& table : projection.tables) {
    view.add_tables(std::string(table.name));
    for (const sdk::IndexInfo& index : table.indexes) view.add_tables(std::string(index.name));
  }
  return view;
}

// How bad a state is; a view is as its worst partition.
int Severity(admin::v1::ViewState state) {
  switch (state) {
    case admin::v1::VIEW_STATE_STOPPED: return 4;
    case admin::v1::VIEW_STATE_STALLED: return 3;
    case admin::v1::VIEW_STATE_CATCHING_UP: return 2;
    case admin::v1::VIEW_STATE_REBUILDING: return 1;
    default: return 0;
  }
}

}  // namespace

Monitor::Monitor(log::EventLog& log, const std::vector<std::unique_ptr<PartitionHost>>& hosts,
                 const std::vector<const sdk::Projection*>& projections, absl::Duration stall_after)
    : log_(log), hosts_(hosts), projections_(projections), stall_after_(stall_after), builds_(projections.size()) {
  const absl::Time now = absl::Now();
  for (const auto& host : hosts_) {
    PartitionSeen seen;
    seen.end = host->shown_next();
    for (const sdk::Projection* projection : projections_)
      seen.views.push_back({host->ProgressOf(projection->name).serving_next, now});
    seen_.push_back(std::move(seen));
  }
  thread_ = std::thread([this] { Run(); });
}

Monitor::~Monitor() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stop_.notify_all();
  thread_.join();
}

void Monitor::Run() {
  while (true) {
    for (size_t p = 0; p < hosts_.size(); ++p) Look(p);
    LookAtBuilds();
    std::unique_lock lock(mutex_);
    if (stop_.wait_for(lock, absl::ToChronoNanoseconds(kLookEvery), [&] { return stopping_; })) return;
  }
}

void Monitor::Look(size_t partition) {
  const PartitionHost& host = *hosts_[partition];
  const StatusOr<Offset> end = log_.EndOffset(host.partition());
  const Offset next = host.shown_next();
  absl::Time oldest = absl::InfinitePast();
  if (end.ok() && next < *end) {
    const StatusOr<std::string> record = log_.ReadOne(host.partition(), next);
    events::v1::Event event;
    if (record.ok() && event.ParseFromString(*record)) oldest = FromProto(event.recorded_at());
  }
  const absl::Time now = absl::Now();
  const std::lock_guard lock(mutex_);
  PartitionSeen& seen = seen_[partition];
  if (end.ok()) seen.end = *end;
  seen.oldest_unapplied = oldest;
  for (size_t i = 0; i < projections_.size(); ++i) {
    const Offset view_next = host.ProgressOf(projections_[i]->name).serving_next;
    if (view_next != seen.views[i].next || view_next >= seen.end) seen.views[i] = {view_next, now};
  }
}

void Monitor::LookAtBuilds() {
  const absl::Time now = absl::Now();
  const std::lock_guard lock(mutex_);
  for (size_t i = 0; i < projections_.size(); ++i) {
    bool building = false;
    int64_t done = 0;
    for (const auto& host : hosts_) {
      const auto progress = host->ProgressOf(projections_[i]->name);
      building |= progress.building.has_value() && !progress.refused;
      done += progress.building ? progress.building_next.value() : 0;
    }
    Build& build = builds_[i];
    if (!building) {
      build = Build();
    } else if (build.started == absl::InfinitePast()) {
      build = {now, now, done, 0};
    } else {
      const double seconds = std::max(0.001, absl::ToDoubleSeconds(now - build.sampled));
      const double rate = static_cast<double>(std::max<int64_t>(0, done - build.done)) / seconds;
      build.rate = build.rate == 0 ? rate : 0.7 * build.rate + 0.3 * rate;
      build.sampled = now;
      build.done = done;
    }
  }
}

admin::v1::ViewState Monitor::StateOf(const PartitionHost& host, const Seen& seen, Offset end) const {
  if (host.trouble()) return admin::v1::VIEW_STATE_STOPPED;
  if (seen.next >= end) return admin::v1::VIEW_STATE_LIVE;
  if (absl::Now() - seen.progress > stall_after_) return admin::v1::VIEW_STATE_STALLED;
  return end - seen.next <= kLiveLag ? admin::v1::VIEW_STATE_LIVE : admin::v1::VIEW_STATE_CATCHING_UP;
}

admin::v1::View Monitor::DescribeOne(size_t index) const {
  admin::v1::View view = Header(*projections_[index]);
  admin::v1::Rebuild rebuild;
  bool building = false;
  view.set_state(admin::v1::VIEW_STATE_LIVE);
  for (size_t p = 0; p < hosts_.size(); ++p) {
    const PartitionHost& host = *hosts_[p];
    const auto progress = host.ProgressOf(projections_[index]->name);
    const PartitionSeen& seen = seen_[p];
    auto* partition = view.add_partitions();
    partition->set_partition(static_cast<int32_t>(p));
    partition->set_next_offset(progress.serving_next.value());
    // The view may have moved on since the log was asked.
    const Offset end = std::max(seen.end, progress.serving_next);
    partition->set_end_offset(end.value());
    const Seen now{progress.serving_next, progress.serving_next != seen.views[index].next ? absl::Now()
                                                                                         : seen.views[index].progress};
    partition->set_state(StateOf(host, now, end));
    if (const auto trouble = host.trouble()) partition->set_reason(std::string(MessageOf(trouble->status)));
    if (partition->state() == admin::v1::VIEW_STATE_STALLED)
      partition->set_reason(fmt::format("{} events wait and none was applied for {} s", end - now.next,
                                        absl::ToInt64Seconds(absl::Now() - now.progress)));
    if (now.next < end && seen.oldest_unapplied != absl::InfinitePast())
      *partition->mutable_oldest_unapplied() = ToProto(seen.oldest_unapplied);
    *partition->mutable_last_progress() = ToProto(now.progress);
    if (Severity(partition->state()) > Severity(view.state())) {
      view.set_state(partition->state());
      view.set_reason(partition->reason());
    }
    view.set_parked_events(view.parked_events() + progress.parked);
    if (progress.previous) view.set_previous_build(progress.previous->Encode());
    if (progress.building && progress.refused) view.set_refused_build(progress.building->Encode());
    if (progress.building && !progress.refused) {
      building = true;
      rebuild.set_version(progress.building->version);
      rebuild.set_events_done(rebuild.events_done() + progress.building_next.value());
    } else {
      rebuild.set_events_done(rebuild.events_done() + end.value());
    }
    rebuild.set_events_total(rebuild.events_total() + end.value());
    view.set_version(progress.serving.version);
  }
  if (building) {
    const Build& build = builds_[index];
    rebuild.set_rate(build.rate);
    *rebuild.mutable_started_at() = ToProto(build.started == absl::InfinitePast() ? absl::Now() : build.started);
    *view.mutable_rebuild() = rebuild;
    if (Severity(view.state()) < Severity(admin::v1::VIEW_STATE_REBUILDING))
      view.set_state(admin::v1::VIEW_STATE_REBUILDING);
  }
  return view;
}

std::vector<admin::v1::View> Monitor::Describe() const {
  const std::lock_guard lock(mutex_);
  std::vector<admin::v1::View> views;
  for (size_t i = 0; i < projections_.size(); ++i) views.push_back(DescribeOne(i));
  return views;
}

std::vector<admin::v1::View> Monitor::DescribeWithoutLog(const std::vector<std::unique_ptr<PartitionHost>>& hosts,
                                                         const std::vector<const sdk::Projection*>& projections) {
  std::vector<admin::v1::View> views;
  for (const sdk::Projection* projection : projections) {
    admin::v1::View& view = views.emplace_back(Header(*projection));
    view.set_state(admin::v1::VIEW_STATE_CATCHING_UP);
    for (const auto& host : hosts) {
      const auto progress = host->ProgressOf(projection->name);
      auto* partition = view.add_partitions();
      partition->set_partition(host->partition().value());
      partition->set_next_offset(progress.serving_next.value());
      partition->set_end_offset(progress.serving_next.value());
      partition->set_state(admin::v1::VIEW_STATE_CATCHING_UP);
      view.set_parked_events(view.parked_events() + progress.parked);
    }
  }
  return views;
}

Status Monitor::Health() const {
  for (const admin::v1::View& view : Describe()) {
    if (view.state() == admin::v1::VIEW_STATE_STOPPED)
      return DataLoss("{} is stopped: {}", view.name(), view.reason());
    if (view.state() == admin::v1::VIEW_STATE_STALLED)
      return Unavailable("{} is stalled: {}", view.name(), view.reason());
  }
  return OkStatus();
}

}  // namespace kefu::engine

#include "services/kefud/readiness.h"

#include <algorithm>
#include <limits>

#include "platform/runtime/logging.h"
#include "platform/runtime/text.h"

namespace kefu::kefud {
namespace {

using runtime::Log;
using runtime::LogLevel;

constexpr absl::Duration kLookEvery = absl::Seconds(1);
// A start is mostly short; callers should not wait a second for it.
constexpr absl::Duration kLookEveryAtFirst = absl::Milliseconds(20);
constexpr absl::Duration kQuietFor = absl::Seconds(2);
constexpr absl::Duration kLineEvery = absl::Seconds(5);

}  // namespace

Readiness::Readiness(rpc::Server& server, log::EventLog& events, engine::Engine* engine, bool has_ingest,
                     bool has_duties)
    : server_(server),
      events_(events),
      engine_(engine),
      has_ingest_(has_ingest),
      started_at_(absl::Now()),
      last_shown_(started_at_) {
  // Until Look says otherwise; the server itself begins with everything SERVING.
  server_.SetServing("", false);
  if (has_ingest_) server_.SetServing(kIngestService, false);
  if (engine_ != nullptr) {
    SayOfQueries(false);
    server_.SetServing(kViewService, true);
  }
  if (has_duties) server_.SetServing(kDutyService, true);
  thread_ = std::thread([this] { Run(); });
}

Readiness::~Readiness() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void Readiness::Run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    lock.unlock();
    Look();
    lock.lock();
    const bool at_first = engine_ != nullptr && !caught_up_;
    wake_.wait_for(lock, absl::ToChronoMilliseconds(at_first ? kLookEveryAtFirst : kLookEvery),
                   [this] { return stopping_; });
  }
}

void Readiness::Look() {
  const Status log = events_.Health();
  if (has_ingest_) Say(kIngestService, log.ok(), &said_ingest_, log);
  bool views_serve = true;
  if (engine_ != nullptr) {
    if (!caught_up_) caught_up_ = CaughtUp();
    const Status views = engine_->Health();
    views_serve = caught_up_ && views.ok();
    const bool before = said_views_;
    Say(kQueryServices[0], views_serve, &said_views_, views);
    if (views_serve != before) SayOfQueries(views_serve);
  }
  server_.SetServing("", views_serve && (!has_ingest_ || log.ok()));
}

bool Readiness::CaughtUp() {
  if (goal_.empty()) {
    std::vector<Offset> goal;
    for (int32_t partition = 0; partition < events_.partitions(); ++partition) {
      const auto end = events_.EndOffset(Partition(partition));
      if (!end.ok()) return false;  // the log's health says it
      goal.push_back(*end);
    }
    goal_ = std::move(goal);
  }
  int64_t done = 0, total = 0;
  for (int32_t partition = 0; partition < events_.partitions(); ++partition) {
    const auto view_of_partition = engine_->At(Partition(partition));
    int64_t slowest = std::numeric_limits<int64_t>::max();
    for (const auto* projection : engine_->projections()) {
      slowest = std::min(slowest, view_of_partition->next_offset(projection->name).value());
    }
    done += std::min(slowest, goal_[partition].value());
    total += goal_[partition].value();
  }
  if (done < total) {
    ShowCatchingUp(done, total);
    return false;
  }
  progress_.reset();
  Log(LogLevel::kInfo, "views have caught up",
      {{"events", total}, {"seconds", absl::ToDoubleSeconds(absl::Now() - started_at_)}});
  return true;
}

// A bar on a terminal; among lines of logs a line of the log.
void Readiness::ShowCatchingUp(int64_t done, int64_t total) {
  const absl::Time now = absl::Now();
  if (now - started_at_ < kQuietFor) return;
  if (runtime::IsTerminal(stderr)) {
    if (progress_ == nullptr) {
      progress_ = std::make_unique<runtime::Progress>(
          runtime::ProgressOptions{.label = "views catching up", .total = total, .already_done = done});
    }
    progress_->Update(done);
  } else if (now - last_shown_ >= kLineEvery) {
    last_shown_ = now;
    Log(LogLevel::kInfo, "views are catching up", {{"events", done}, {"of", total}});
  }
}

void Readiness::SayOfQueries(bool serving) {
  for (const char* service : kQueryServices) server_.SetServing(service, serving);
}

void Readiness::Say(const char* service, bool serving, bool* said, const Status& why) {
  if (serving == *said) return;
  *said = serving;
  server_.SetServing(service, serving);
  if (serving) {
    Log(LogLevel::kInfo, "serving", {{"service", service}});
  } else {
    Log(LogLevel::kError, "not serving", {{"service", service}, {"why", why}});
  }
}

}  // namespace kefu::kefud

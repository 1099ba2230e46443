#include "projections/engine/switcher.h"

#include <absl/time/clock.h>
#include <spdlog/spdlog.h>

#include <algorithm>

#include "platform/base/time.h"
#include "platform/base/uuid.h"
#include "projections/engine/build_compare.h"

namespace kefu::engine {

Switcher::Switcher(HostContext& context, const std::vector<std::unique_ptr<PartitionHost>>& hosts,
                   std::function<Worker&(Partition)> worker_of)
    : context_(context), hosts_(hosts), worker_of_(std::move(worker_of)) {}

Switcher::~Switcher() { Stop(); }

void Switcher::Start() {
  for (const sdk::Projection* projection : context_.projections)
    if (BuildsIn(std::string(projection->name), true)) DropPreviousLater(std::string(projection->name));
  thread_ = std::thread([this] { Run(); });
}

void Switcher::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Switcher::Decide(const std::string& view) {
  const std::lock_guard lock(mutex_);
  to_decide_.insert(view);
  wake_.notify_all();
}

void Switcher::DropPreviousLater(const std::string& view) {
  const std::lock_guard lock(mutex_);
  drop_previous_at_[view] = absl::Now() + context_.options.keep_previous;
  wake_.notify_all();
}

void Switcher::Run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (!to_decide_.empty()) {
      const std::string view = *to_decide_.begin();
      to_decide_.erase(to_decide_.begin());
      lock.unlock();
      DecideNow(view);
      lock.lock();
      continue;
    }
    absl::Time next = absl::Now() + absl::Hours(1);
    for (auto each = drop_previous_at_.begin(); each != drop_previous_at_.end();) {
      if (each->second > absl::Now()) {
        next = std::min(next, each->second);
        ++each;
        continue;
      }
      for (const auto& host : hosts_)
        worker_of_(host->partition()).Post([host = host.get(), view = each->first] {
          const Status dropped = host->DropPrevious(view);
          if (!dropped.ok()) spdlog::error("partition {}: {}", host->partition(), ToString(dropped));
        });
      each = drop_previous_at_.erase(each);
    }
    if (!stopping_) wake_.wait_until(lock, absl::ToChronoTime(next));
  }
}

std::optional<std::vector<TableName>> Switcher::BuildsIn(const std::string& view, bool previous) const {
  std::vector<TableName> builds;
  for (const auto& host : hosts_) {
    const auto progress = host->ProgressOf(view);
    const auto& build = previous ? progress.previous : progress.building;
    if (!build) return std::nullopt;
    builds.push_back(*build);
  }
  return builds;
}

StatusOr<admin::v1::CompareBuildsResponse> Switcher::Compare(const std::string& view, int limit) const {
  admin::v1::CompareBuildsResponse sum;
  log::Position position{context_.log.id, {}};
  const bool any_building = std::any_of(hosts_.begin(), hosts_.end(),
                                        [&](const auto& host) { return host->ProgressOf(view).building.has_value(); });
  for (const auto& host : hosts_) {
    position.next_offsets.push_back(0);
    // Switched before a crash, the others were not: only they have two.
    const auto progress = host->ProgressOf(view);
    if (any_building && !progress.building) continue;
    ASSIGN_OR_RETURN(const auto one, host->Compare(view, limit));
    AddComparison(one, limit, &sum);
    position.next_offsets.back() = std::stoll(one.position());
  }
  FinishDigests(&sum);
  sum.set_position(position.Encode());
  return sum;
}

void Switcher::DecideNow(const std::string& view) {
  const std::lock_guard switching(switching_);
  // Some partitions may have switched before a crash: the rest follows.
  std::vector<TableName> to;
  for (const auto& host : hosts_) {
    const auto progress = host->ProgressOf(view);
    if (progress.refused || !host->BuildHasJoined(view)) return;
    to.push_back(progress.building ? *progress.building : progress.serving);
  }
  if (!std::any_of(hosts_.begin(), hosts_.end(), [&](const auto& host) { return host->ProgressOf(view).building; }))
    return;
  admin::v1::CompareBuildsResponse compared;
  if (const auto answer = Compare(view, kShownDifferences); answer.ok()) {
    compared = *answer;
  } else {
    // One of an older version that the new build had passed before this program could compare.
    spdlog::warn("view {}: switched without comparing: {}", view, ToString(answer.status()));
  }
  if (compared.unexpected_differences() > 0) {
    const auto& first = compared.differences(0);
    spdlog::error("view {}: {} is not let serve: {} keys differ from {}, the first in partition {}, table {}; see `kefu view "
                  "compare {}`",
                  view, compared.other_build(), compared.unexpected_differences(), compared.serving_build(),
                  first.partition(), first.table(), view);
    for (size_t p = 0; p < hosts_.size(); ++p)
      if (const Status refused = hosts_[p]->Refuse(view, to[p]); !refused.ok())
        spdlog::error("partition {}: {}", p, ToString(refused));
    return;
  }
  const Status switched = ServeEverywhere(view, to, compared, false, "", "");
  if (!switched.ok()) spdlog::error("view {}: cannot switch to {}: {}", view, to.front().Encode(), ToString(switched));
}

Status Switcher::Order(const std::string& view, bool back, std::string_view actor_id, std::string_view reason) {
  const std::lock_guard switching(switching_);
  const auto to = BuildsIn(view, back);
  if (!to)
    return FailedPrecondition("view \"{}\" has no build that {}", view, back ? "served before" : "waits to serve");
  admin::v1::CompareBuildsResponse compared;
  if (back) {
    // At once: how the two differ can be asked for before and after.
    log::Position position{context_.log.id, {}};
    for (const auto& host : hosts_) position.next_offsets.push_back(host->ProgressOf(view).serving_next.value());
    compared.set_position(position.Encode());
  } else {
    for (const auto& host : hosts_)
      if (!host->ProgressOf(view).refused)
        return FailedPrecondition("{} is still being made or compared in partition {}; it comes to serve by itself, or "
                                  "waits then",
                                  to->front().Encode(), host->partition());
    ASSIGN_OR_RETURN(compared, Compare(view, 0));
  }
  return ServeEverywhere(view, *to, compared, back, actor_id, reason);
}

Status Switcher::ServeEverywhere(const std::string& view, const std::vector<TableName>& to,
                                 const admin::v1::CompareBuildsResponse& compared, bool back,
                                 std::string_view actor_id, std::string_view reason) {
  events::v1::Event event;
  event.set_event_id(fmt::format("view-switched-{}", NewUuid()));
  event.set_source("kefud.views");
  event.mutable_actor()->set_kind(actor_id.empty() ? events::v1::ACTOR_KIND_SYSTEM : events::v1::ACTOR_KIND_STAFF);
  event.mutable_actor()->set_id(actor_id.empty() ? "kefud" : std::string(actor_id));
  *event.mutable_occurred_at() = ToProto(absl::Now());
  auto& body = *event.mutable_view_switched();
  body.set_view(view);
  body.set_from_build(hosts_.front()->ProgressOf(view).serving.Encode());
  body.set_to_build(to.front().Encode());
  body.set_position(compared.position());
  body.set_from_digest(compared.serving_digest());
  body.set_to_digest(compared.other_digest());
  body.set_expected_differences(compared.expected_differences() + compared.unexpected_differences());
  body.set_went_back(back);
  body.set_reason(std::string(reason));
  // Before the switch: better told of one that a crash kept from happening than not told.
  RETURN_IF_ERROR(hosts_.front()->PutNote(event.event_id(), event.SerializeAsString()));
  {
    const std::unique_lock gate(gate_);
    for (size_t p = 0; p < hosts_.size(); ++p) RETURN_IF_ERROR(hosts_[p]->Serve(view, to[p]));
  }
  for (const auto& host : hosts_)
    worker_of_(host->partition()).Post([host = host.get(), view] {
      const Status settled = host->Settle(view);
      if (!settled.ok()) spdlog::error("partition {}: {}", host->partition(), ToString(settled));
    });
  spdlog::info("view {}: {} serves, {} did before", view, body.to_build(), body.from_build());
  DropPreviousLater(view);
  return OkStatus();
}

std::vector<events::v1::Event> Switcher::ToTell() const {
  std::vector<events::v1::Event> events;
  const auto notes = hosts_.front()->Notes();
  if (!notes.ok()) return events;
  for (const std::string& note : *notes)
    if (events::v1::Event event; event.ParseFromString(note)) events.push_back(std::move(event));
  return events;
}

Status Switcher::IsTold(std::string_view event_id) { return hosts_.front()->PutNote(event_id, ""); }

}  // namespace kefu::engine

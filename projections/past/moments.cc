#include "projections/past/moments.h"

#include <absl/time/clock.h>
#include <fmt/format.h>

#include <filesystem>
#include <random>

#include "platform/base/reason.h"
#include "projections/past/past_engine.h"

namespace kefu::past {
namespace {

// How long the log may bring nothing.
constexpr absl::Duration kPatience = absl::Seconds(30);

// Names cannot be guessed from one another: who was given one asks by it.
std::string NewId() {
  std::random_device random;
  std::string id;
  for (int i = 0; i < 4; ++i) id += fmt::format("{:08x}", random());
  return id;
}

}  // namespace

Moments::Moments(log::EventLog& log, std::vector<const sdk::Projection*> projections, MomentsOptions options)
    : log_(log), projections_(std::move(projections)), options_(std::move(options)) {
  // What an earlier process left.
  std::error_code ignored;
  std::filesystem::remove_all(options_.directory, ignored);
  thread_ = std::thread([this] { Run(); });
}

Moments::~Moments() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stop_.notify_all();
  thread_.join();
  open_.clear();
  std::error_code ignored;
  std::filesystem::remove_all(options_.directory, ignored);
}

StatusOr<std::shared_ptr<OpenMoment>> Moments::Open(const Asked& asked, const Progress& progress) {
  const Progress guarded = [&](int64_t done, int64_t total) -> Status {
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) return Unavailable("the server is ending");
    }
    return progress(done, total);
  };
  const KeptStart start = FindStart(options_.kept, log_.identity(), asked);
  // Reading is the smaller part of the work; it is told as the first half.
  ASSIGN_OR_RETURN(const Cut cut, FindCut(
                                      log_, asked,
                                      [&](int64_t done, int64_t total) { return guarded(done / 2, total); },
                                      kPatience, KnownPlacesOf(start)));
  if (auto same = FindSame(cut)) return same;
  CloseUnused(absl::Now());
  {
    std::shared_ptr<OpenMoment> leaving;
    RETURN_IF_ERROR(TakePlace(&leaving));
  }
  const std::string id = NewId();
  engine::EngineOptions options = options_.engine;
  options.directory = options_.directory + "/" + id;
  auto opened = OpenAsOf(
      cut, log_, projections_, std::move(options),
      [&](int64_t done, int64_t total) { return guarded((total + done) / 2, total); }, start);
  const std::lock_guard lock(mutex_);
  --opening_;
  if (!opened.ok()) return opened.status();
  auto moment = std::make_shared<OpenMoment>("moments/" + id, cut, *std::move(opened));
  open_[moment->name()] = {moment, absl::Now()};
  return moment;
}

Status Moments::TakePlace(std::shared_ptr<OpenMoment>* leaving) {
  const std::lock_guard lock(mutex_);
  if (static_cast<int>(open_.size()) + opening_ >= options_.most) {
    auto longest = open_.end();
    for (auto at = open_.begin(); at != open_.end(); ++at)
      if (!at->second.Held() && (longest == open_.end() || at->second.used < longest->second.used)) longest = at;
    if (longest == open_.end() || longest->second.used + options_.keep_at_least > absl::Now())
      return WithReason(ResourceExhausted("{} moments are open, as many as there may be, all in use or asked within {}; "
                                          "close one (AuditService.CloseMoment), or try again later",
                                          options_.most, absl::FormatDuration(options_.keep_at_least)),
                        "MOMENTS_EXHAUSTED");
    *leaving = std::move(longest->second.moment);
    open_.erase(longest);
  }
  ++opening_;
  return OkStatus();
}

std::shared_ptr<OpenMoment> Moments::FindSame(const Cut& cut) {
  const std::lock_guard lock(mutex_);
  for (auto& [name, entry] : open_) {
    const Cut& other = entry.moment->cut();
    if (other.ends != cut.ends || other.occurred_until != cut.occurred_until || other.time != cut.time) continue;
    entry.used = absl::Now();
    ++entry.openers;
    return entry.moment;
  }
  return nullptr;
}

StatusOr<Moments::Entry*> Moments::EntryOf(std::string_view name) {
  const auto found = open_.find(name);
  if (found == open_.end())
    return WithReason(NotFound("no moment \"{}\" is open (any more); open it again with AuditService.OpenMoment",
                               name.substr(0, 80)),
                      "MOMENT_NOT_FOUND", "kefu-as-of");
  return &found->second;
}

StatusOr<std::shared_ptr<OpenMoment>> Moments::Find(std::string_view name) {
  const std::lock_guard lock(mutex_);
  ASSIGN_OR_RETURN(Entry* const entry, EntryOf(name));
  entry->used = absl::Now();
  return entry->moment;
}

Status Moments::Close(std::string_view name) {
  {
    const std::lock_guard lock(mutex_);
    ASSIGN_OR_RETURN(Entry* const entry, EntryOf(name));
    if (--entry->openers > 0) return OkStatus();
    entry->openers = 0;
    entry->used = absl::InfinitePast();
  }
  CloseUnused(absl::Now());
  return OkStatus();
}

absl::Time Moments::ExpiryOf(std::string_view name) const {
  const std::lock_guard lock(mutex_);
  const auto found = open_.find(name);
  return found == open_.end() ? absl::InfinitePast() : found->second.used + options_.keep_unused;
}

int Moments::CloseUnused(absl::Time now) {
  std::vector<std::shared_ptr<OpenMoment>> closing;
  {
    const std::lock_guard lock(mutex_);
    for (auto at = open_.begin(); at != open_.end();) {
      const bool due = at->second.used + options_.keep_unused <= now && !at->second.Held();
      if (due) closing.push_back(std::move(at->second.moment));
      at = due ? open_.erase(at) : std::next(at);
    }
  }
  return static_cast<int>(closing.size());
}

void Moments::Run() {
  const absl::Duration pause = std::min(options_.keep_unused, absl::Seconds(30));
  std::unique_lock lock(mutex_);
  while (!stop_.wait_for(lock, absl::ToChronoNanoseconds(pause), [&] { return stopping_; })) {
    lock.unlock();
    CloseUnused(absl::Now());
    lock.lock();
  }
}

}  // namespace kefu::past

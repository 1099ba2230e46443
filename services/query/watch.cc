#include "services/query/watch.h"

#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "services/query/later.h"

namespace kefu::query {

struct WatchHub::State {
  std::mutex mutex;
  std::unordered_map<const Watcher*, std::shared_ptr<Watcher>> all;
  std::unordered_map<const Watcher*, std::string> key_of;
  std::unordered_multimap<std::string, const Watcher*> by_key;
  std::unordered_set<const Watcher*> of_any;
  // Who is to be signalled in the next round.
  std::unordered_set<const Watcher*> concerned;
  bool heartbeat = false;
  bool round_planned = false;
  bool ended = false;

  // With the lock held: should a round be planned?
  bool Plan() { return (heartbeat || !concerned.empty()) && !all.empty() && !std::exchange(round_planned, true); }

  void OnChanges(const std::vector<engine::Change>& changes) {
    concerned.insert(of_any.begin(), of_any.end());
    if (by_key.empty()) return;
    for (const engine::Change& change : changes) {
      for (const std::string& key : change.keys) {
        const auto [first, last] = by_key.equal_range(key);
        for (auto at = first; at != last; ++at) concerned.insert(at->second);
      }
    }
  }

  void Round() {
    std::vector<std::shared_ptr<Watcher>> watchers;
    bool beat;
    {
      std::lock_guard lock(mutex);
      round_planned = false;
      beat = std::exchange(heartbeat, false);
      for (const auto& [watcher, kept] : all)
        if (beat || concerned.contains(watcher)) watchers.push_back(kept);
      concerned.clear();
    }
    for (const auto& watcher : watchers) watcher->Signal(beat);
  }
};

WatchHub::WatchHub(engine::Engine& engine, std::string_view view, absl::Duration heartbeat)
    : state_(std::make_shared<State>()) {
  // Nothing changes in the past.
  if (engine.moment().has_value()) return;
  subscription_ = engine.Listen(view, [state = state_](Partition, Offset, const std::vector<engine::Change>& changes) {
    {
      std::lock_guard lock(state->mutex);
      if (state->all.empty()) return;
      state->OnChanges(changes);
      if (!state->Plan()) return;
    }
    RunSoon([state] { state->Round(); });
  });
  timer_ = std::make_shared<PeriodicTimer>(heartbeat, [state = state_] {
    {
      std::lock_guard lock(state->mutex);
      state->heartbeat = true;
      if (!state->Plan()) return;
    }
    state->Round();
  });
}

WatchHub::~WatchHub() = default;

void WatchHub::Add(std::shared_ptr<Watcher> watcher, std::string key) {
  std::unique_lock lock(state_->mutex);
  if (state_->ended) {
    lock.unlock();
    return watcher->End(Unavailable("the server is going down; watch another"));
  }
  const Watcher* id = watcher.get();
  if (key.empty()) {
    state_->of_any.insert(id);
  } else {
    state_->by_key.emplace(key, id);
    state_->key_of.emplace(id, std::move(key));
  }
  state_->all.emplace(id, std::move(watcher));
}

void WatchHub::Remove(const Watcher* watcher) {
  std::shared_ptr<Watcher> kept;
  std::lock_guard lock(state_->mutex);
  const auto found = state_->all.find(watcher);
  if (found == state_->all.end()) return;
  kept = std::move(found->second);
  state_->all.erase(found);
  state_->of_any.erase(watcher);
  state_->concerned.erase(watcher);
  const auto key = state_->key_of.find(watcher);
  if (key == state_->key_of.end()) return;
  const auto [first, last] = state_->by_key.equal_range(key->second);
  for (auto at = first; at != last; ++at) {
    if (at->second != watcher) continue;
    state_->by_key.erase(at);
    break;
  }
  state_->key_of.erase(key);
}

void WatchHub::EndAll() {
  std::vector<std::shared_ptr<Watcher>> watchers;
  {
    std::lock_guard lock(state_->mutex);
    state_->ended = true;
    for (const auto& [id, watcher] : state_->all) watchers.push_back(watcher);
  }
  for (const auto& watcher : watchers) watcher->End(Unavailable("the server is going down; watch another"));
}

}  // namespace kefu::query

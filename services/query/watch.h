#pragma once

// Server streams that follow a view: a snapshot, then changes.
//
// A stream keeps no queue. It has one write in flight; when that is done it reads what is newest from the view and
// sends that. So a slow reader skips what was overtaken, costs a fixed few bytes, and holds nobody up.

#include <grpcpp/support/server_callback.h>

#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "platform/base/status.h"
#include "platform/rpc/status.h"
#include "projections/engine/engine.h"

namespace kefu::query {

// Someone who wants to hear of changes. Called without locks held, from one thread of gRPC for all.
class Watcher {
 public:
  virtual ~Watcher() = default;
  // Something may have changed; `heartbeat`: say where you are even if not.
  virtual void Signal(bool heartbeat) = 0;
  virtual void End(Status status) = 0;
};

// Brings the changes of one view to its watchers. The engine's thread only notes who is concerned; a thread of gRPC
// does the rest, and what happens meanwhile becomes one more round.
//
// Concurrency: thread-safe.
class WatchHub {
 public:
  WatchHub(engine::Engine& engine, std::string_view view, absl::Duration heartbeat);
  ~WatchHub();

  // Signals `watcher` for changes of the row with this key in any table of the view; of any row if the key is empty.
  void Add(std::shared_ptr<Watcher> watcher, std::string key);
  void Remove(const Watcher* watcher);
  // Ends all, and all that come.
  void EndAll();

 private:
  struct State;
  std::shared_ptr<State> state_;
  std::shared_ptr<void> subscription_;
  std::shared_ptr<void> timer_;
};

// A service with streams; query_services.cc finds it behind a grpc::Service.
class HasStreams {
 public:
  virtual ~HasStreams() = default;
  virtual void EndStreams() = 0;
};

// The protocol of one stream. Whoever has set `busy_` is the only one who may write or finish, so nothing is written
// twice at once, nor after the end, and gRPC is never called with a lock held.
template <class Response>
class WatchStream : public grpc::ServerWriteReactor<Response>,
                    public Watcher,
                    public std::enable_shared_from_this<WatchStream<Response>> {
 public:
  // To be called once, after construction; returns what gRPC wants.
  grpc::ServerWriteReactor<Response>* Begin(WatchHub& hub, std::string key) {
    hub_ = &hub;
    self_ = this->shared_from_this();
    hub.Add(self_, std::move(key));
    Signal(false);
    return this;
  }

  void Signal(bool heartbeat) final {
    {
      std::lock_guard lock(mutex_);
      heartbeat_ |= heartbeat;
      again_ = true;
      if (std::exchange(busy_, true)) return;
    }
    Pump();
  }

  void End(Status status) final {
    {
      std::lock_guard lock(mutex_);
      if (end_.ok()) end_ = std::move(status);
    }
    Signal(false);
  }

  void OnWriteDone(bool ok) final {
    if (!ok) {
      std::lock_guard lock(mutex_);
      if (end_.ok()) end_ = Cancelled("the caller went away");
    }
    Pump();
  }
  void OnCancel() final { End(Cancelled("the caller went away")); }
  void OnDone() final {
    hub_->Remove(this);
    // Perhaps the last that keeps this alive.
    const auto self = std::move(self_);
  }

 protected:
  enum class Made { kSomething, kNothing, kNotYet };
  // Puts the next message into `response`. kNotYet: not done looking, call again. An error ends the stream.
  virtual StatusOr<Made> Make(Response* response) = 0;
  virtual void MakeHeartbeat(Response* response) = 0;

 private:
  void Pump() {
    while (true) {
      Status end;
      bool heartbeat;
      {
        std::lock_guard lock(mutex_);
        again_ = false;
        heartbeat = std::exchange(heartbeat_, false);
        end = end_;
      }
      response_.Clear();
      StatusOr<Made> made = end.ok() ? Make(&response_) : StatusOr<Made>(end);
      if (!made.ok()) return this->Finish(rpc::ToGrpc(made.status()));
      if (*made == Made::kNothing && heartbeat) {
        MakeHeartbeat(&response_);
        made = Made::kSomething;
      }
      if (*made == Made::kSomething) return this->StartWrite(&response_);
      std::lock_guard lock(mutex_);
      heartbeat_ |= heartbeat;
      if (*made == Made::kNothing && !again_) {
        busy_ = false;
        return;
      }
    }
  }

  WatchHub* hub_ = nullptr;
  std::shared_ptr<Watcher> self_;
  Response response_;
  std::mutex mutex_;
  Status end_;
  bool busy_ = false;
  bool again_ = false;
  bool heartbeat_ = false;
};

}  // namespace kefu::query

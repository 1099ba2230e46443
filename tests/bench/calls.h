#pragma once

// What the modes of kefu_bench_calls share.

#include <absl/time/time.h>
#include <grpcpp/channel.h>

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "kefu/query/v1/client.pb.h"
#include "platform/base/status.h"

namespace kefu::bench {

struct CallOptions {
  std::string mode;
  std::string server;
  std::string other;
  std::string method = "get";
  // Empty: wait_current takes the first there is.
  std::string client;
  std::string label;
  std::string ready_file;
  std::string min_position;
  int64_t since_ms = 0;
  int64_t expect_events = 0;
  int64_t expect_offset = -1;
  int64_t in_flight = 64;
  int64_t rate = 1000;
  int64_t batch = 1;
  int64_t capacity_percent = 0;
  int64_t seconds = 10;
  int64_t warm_up = 0;
  int64_t clients = 1000;
  int64_t watchers = 100;
  int64_t bytes = 1024;
  int64_t seed = 7;
};

// Counts what is under way, and lets one wait for the end.
class Pending {
 public:
  void Add() {
    const std::lock_guard lock(mutex_);
    ++count_;
  }
  void Done() {
    const std::lock_guard lock(mutex_);
    --count_;
    changed_.notify_all();
  }
  void Wait() { WaitForFewerThan(1); }
  void WaitForFewerThan(int64_t bound) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return count_ < bound; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int64_t count_ = 0;
};

// Durations and failures, from any thread.
class Tally {
 public:
  void Add(absl::Duration duration);
  void Fail(const std::string& message);
  Status status() const;
  // Milliseconds.
  double At(double share);
  size_t count() const { return all_.size(); }

 private:
  std::mutex mutex_;
  std::vector<double> all_;
  int64_t failures_ = 0;
  std::string first_failure_;
};

// Channels with different numbers have connections of their own. Reconnects at once.
std::shared_ptr<grpc::Channel> Connect(const std::string& server, int number);

// The address in `ready_file` once it is there, or `server`.
StatusOr<std::string> AddressOf(const CallOptions& options);

// Clients that `server` knows, picked at random from those the stream was loaded with.
StatusOr<std::vector<query::v1::Client>> KnownClients(const std::string& server, int64_t clients, size_t wanted);

// One mode each; each prints a line of JSON.
Status MeasureLatency(const CallOptions& options);
Status MeasureLoad(const CallOptions& options);
Status MeasureWatch(const CallOptions& options);
Status ServeEmpty(const CallOptions& options);
Status WaitUntilCurrent(const CallOptions& options);
Status WaitUntilCorrect(const CallOptions& options);
Status ShowRow(const CallOptions& options);
Status AddUpClients(const CallOptions& options);
Status CompareRows(const CallOptions& options);

}  // namespace kefu::bench

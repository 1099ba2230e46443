#pragma once

// An endless, seeded stream of events that admission takes all of: what the benchmark folds.

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "kefu/events/v1/event.pb.h"

namespace kefu::bench {

struct StreamOptions {
  uint64_t seed = 1;
  int64_t clients = 100'000;
  // The power a uniform number is raised to when a client is picked: 1 is uniform; with 3 a tenth of the clients have
  // about half of the events.
  double skew = 3;
};

// A branch's day: contacts, offers, complaints and requests through their lives, now and then a change of the client
// itself; every kind of event there is. About 200 bytes an event. Same options, same events. One thread.
class EventStream {
 public:
  explicit EventStream(const StreamOptions& options);

  // The next event, with id and time, without recorded_at. Replaces what is in `event`.
  void Next(events::v1::Event* event);

 private:
  // What the next event of a case is; in the order of its life.
  enum class Step { kAcknowledge, kAssign, kStart, kResolve, kResume, kSettle, kClose, kGone };
  struct OpenCase {
    int64_t client;
    int64_t number;
    Step next;
  };

  int64_t Below(int64_t bound) { return static_cast<int64_t>(random_() % static_cast<uint64_t>(bound)); }
  int64_t PickClient();
  void Begin(events::v1::Event* event, int64_t client);
  void Register(events::v1::Event* event);
  void ChangeClient(events::v1::Event* event);
  void Contact(events::v1::Event* event);
  void Offer(events::v1::Event* event);
  void Open(events::v1::Event* event, int64_t client);
  void Advance(events::v1::Event* event);
  void TellFact(const std::string& case_id, events::v1::Event* event);
  Step TakeStep(const OpenCase& chosen, const std::string& case_id, events::v1::Event* event);
  void Resolve(const std::string& case_id, events::v1::Event* event);
  Step Conclude(const std::string& case_id, events::v1::Event* event);

  StreamOptions options_;
  std::mt19937_64 random_;
  int64_t number_ = 0;
  std::vector<bool> registered_;
  // Of each client, so that none passes what a view lists in one row: a simpler fold would then count otherwise.
  std::vector<uint8_t> open_of_client_;
  std::vector<OpenCase> open_;
};

}  // namespace kefu::bench

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
  // How densely the events lie: so many a day. What is told by day, and figures by day, hang on it.
  int64_t events_per_day = 8'640'000;
};

// What is published before anything else: the rules in force, calendars, units, a policy pack with clocks, codes. Judged
// in partition 0, in this order; the log of a running server has a copy of each in every other partition (BroadcastCopy).
// With ids and times, as `partitions` partitions of a log hold them, without recorded_at.
std::vector<events::v1::Event> ReferenceData(int32_t partitions);

// The copy, in another partition, of what lies at `first_offset` of partition 0.
events::v1::Event BroadcastCopy(const events::v1::Event& original, int64_t first_offset);

// A branch's days: contacts, offers, promises, call-backs, ratings, complaints and requests through their lives, trades and
// assets by day, now and then a change of the client itself; every kind of event there is about one client. About 200
// bytes an event. Same options, same events. One thread. Admission takes all of it once it has ReferenceData.
class EventStream {
 public:
  explicit EventStream(const StreamOptions& options);

  // The next event, with id and time, without recorded_at. Replaces what is in `event`.
  void Next(events::v1::Event* event);

  // What the classification duty writes at the end of a day: for one client after the other that was registered so far, a
  // segment with its reason. False: each has one.
  bool NextClassification(events::v1::Event* event);

 private:
  // What the next event of a case is; in the order of its life.
  enum class Step { kAcknowledge, kAssign, kStart, kResolve, kResume, kSettle, kClose, kGone };
  struct OpenCase {
    int64_t client;
    int64_t number;
    Step next;
  };

  // A promise or a call-back that is still to be kept.
  struct Undertaking {
    int64_t client;
    int64_t number;
  };

  int64_t Below(int64_t bound) { return static_cast<int64_t>(random_() % static_cast<uint64_t>(bound)); }
  int64_t PickClient();
  void Begin(events::v1::Event* event, int64_t client);
  void Register(events::v1::Event* event);
  void ChangeClient(events::v1::Event* event);
  void Contact(events::v1::Event* event);
  void Offer(events::v1::Event* event);
  void Trade(events::v1::Event* event);
  void Value(events::v1::Event* event);
  void Rate(events::v1::Event* event);
  void Promise(events::v1::Event* event, int64_t client);
  void CallBack(events::v1::Event* event, int64_t client);
  void ChangeIdentity(events::v1::Event* event);
  void Open(events::v1::Event* event, int64_t client);
  void Advance(events::v1::Event* event);
  void TellFact(const OpenCase& chosen, const std::string& case_id, events::v1::Event* event);
  void TellOfCase(const OpenCase& chosen, const std::string& case_id, events::v1::Event* event);
  Step TakeStep(const OpenCase& chosen, const std::string& case_id, events::v1::Event* event);
  void Resolve(const std::string& case_id, events::v1::Event* event);
  Step Conclude(const std::string& case_id, events::v1::Event* event);

  StreamOptions options_;
  std::mt19937_64 random_;
  int64_t number_ = 0;
  int64_t classified_ = 0;
  std::vector<bool> registered_;
  // Of each client, so that none passes what a view lists in one row: a simpler fold would then count otherwise.
  std::vector<uint8_t> open_of_client_;
  std::vector<OpenCase> open_;
  std::vector<Undertaking> promises_;
  std::vector<Undertaking> call_backs_;
};

}  // namespace kefu::bench

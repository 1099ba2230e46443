#pragma once

// Keeps what health says in step with what the server can do.

#include <absl/time/time.h>

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "platform/log/log.h"
#include "platform/rpc/server.h"
#include "platform/runtime/progress.h"
#include "projections/engine/engine.h"

namespace kefu::kefud {

inline constexpr const char* kIngestService = "kefu.ingest.v1.IngestService";
// They serve or do not serve together.
inline constexpr const char* kQueryServices[] = {
    "kefu.query.v1.BookService",
    "kefu.query.v1.ClientService",
    "kefu.query.v1.CaseService",
    "kefu.query.v1.ContactService",
    "kefu.query.v1.SearchService",
    "kefu.query.v1.SegmentService",
    "kefu.query.v1.StatisticsService",
    "kefu.query.v1.ReportService",
    "kefu.query.v1.ClockService",
    "kefu.query.v1.ReferenceService",
    "kefu.query.v1.LeadService",
    "kefu.query.v1.RelationService",
    "kefu.query.v1.SuitabilityService",
    "kefu.query.v1.CatalogueService",
    "kefu.audit.v1.AuditService",
};
// How one sees what is wrong: they serve always, where they are.
inline constexpr const char* kViewService = "kefu.admin.v1.ViewService";
inline constexpr const char* kDutyService = "kefu.admin.v1.DutyService";

// Operation: a thread looks at the engine and the log every second. Query services serve once the views have reached
//   the end that the log had at the start, and while no view is stalled or stopped; ingest serves while the log takes
//   appends; views and duties can always be looked at, for that is how one sees what is wrong. Catching up for more
//   than two seconds is shown.
// Concurrency: start and destroy from one thread. All must outlive it.
class Readiness {
 public:
  // `engine` may be null (no views here); `has_ingest` says whether the door for events is open, `has_duties` whether
  // there are duties.
  Readiness(rpc::Server& server, log::EventLog& events, engine::Engine* engine, bool has_ingest, bool has_duties);
  ~Readiness();
  Readiness(const Readiness&) = delete;
  Readiness& operator=(const Readiness&) = delete;

 private:
  void Run();
  void Look();
  // True once every view has reached `goal_`.
  bool CaughtUp();
  void ShowCatchingUp(int64_t done, int64_t total);
  void Say(const char* service, bool serving, bool* said, const Status& why);
  void SayOfQueries(bool serving);

  rpc::Server& server_;
  log::EventLog& events_;
  engine::Engine* const engine_;
  const bool has_ingest_;

  // Where the log ended at the start, by partition; empty until the log could be asked.
  std::vector<Offset> goal_;
  bool caught_up_ = false;
  const absl::Time started_at_;
  absl::Time last_shown_;
  std::unique_ptr<runtime::Progress> progress_;
  bool said_ingest_ = false;
  bool said_views_ = false;

  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace kefu::kefud

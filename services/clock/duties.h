#pragma once

// Runs duties, each on a thread of its own.

#include <grpcpp/impl/codegen/service_type.h>

#include <functional>
#include <memory>
#include <vector>

#include "kefu/admin/v1/duty.pb.h"
#include "platform/base/status.h"
#include "services/clock/duty.h"

namespace kefu::duties {

// Operation: a duty's thread steps at once, then whenever it is woken, when it is due, and at least every second. A
//   step that fails is logged when what it says is new, and tried again a second later.
// Concurrency: Add and Start before, Stop after; Describe from any thread in between. The engine and the log must
//   outlive it, and run while it does.
class Duties {
 public:
  Duties();
  ~Duties();
  Duties(const Duties&) = delete;
  Duties& operator=(const Duties&) = delete;

  void Add(std::unique_ptr<Duty> duty);
  void Start();
  // Returns once no duty steps any more. What is in flight may still come to be on the log: that is harmless.
  void Stop();

  // Of all duties, in the order in which they were added; by partition.
  std::vector<admin::v1::Duty> Describe() const;

 private:
  class Runner;
  std::vector<std::unique_ptr<Runner>> runners_;
};

// Classifies on demand; calls the callback once, from any thread.
using ClassifyCallback = std::function<void(StatusOr<admin::v1::RunClassificationResponse>)>;
using Classify = std::function<void(const admin::v1::RunClassificationRequest&, ClassifyCallback)>;

// kefu.admin.v1.DutyService. `duties` must outlive it. Without `classify`, RunClassification says that this server has
// no such duty (kFailedPrecondition).
std::unique_ptr<grpc::Service> MakeDutyService(const Duties& duties, Classify classify);

// Ends the classifications under way of a service made here with UNAVAILABLE: a run may take longer than a server that
// drains can wait. For rpc::Server::OnDrain. Nothing for other services.
void EndCalls(grpc::Service& service);

}  // namespace kefu::duties

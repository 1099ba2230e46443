#pragma once

// Returns to regulators: filed as a fact on the log, made again byte for byte, and compared with what would be filed today.

#include <grpcpp/channel.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "kefu/audit/v1/audit.pb.h"
#include "platform/base/status.h"
#include "platform/base/time.h"
#include "platform/log/log.h"
#include "platform/log/position.h"
#include "projections/engine/engine.h"

namespace kefu::returns {

// The query services over views of some moment, as any caller has them.
struct AskedViews {
  std::shared_ptr<grpc::Channel> channel;
  // For the metadata `kefu-as-of`; empty: the present.
  std::string as_of;
  // Keeps the moment open.
  std::shared_ptr<void> moment;
};
// Views as they were at a position, or as they are. May take long: the past is folded again.
using OpenViews = std::function<StatusOr<AskedViews>(const std::optional<log::Position>& position)>;

// Operation: File runs a report over the present views, makes CSV of it (services/report_form), and states
//   RegulatoryReturnFiled with the question, the position and the digest; it answers when the views show that. Get runs the
//   same question over the views as of that position.
// Concurrency: thread-safe; every call blocks, File and a restated Get for seconds and more: not on a thread that serves others.
// Limitations: a report that does not fit in one answer cannot be filed (RETURN_TOO_LARGE); ask for fewer days.
class Returns {
 public:
  // All must outlive it.
  Returns(engine::Engine& engine, log::EventLog& log, OpenViews open, std::string program_version,
          Clock* clock = Clock::Real());

  // kInvalidArgument: RETURN_ID_INVALID, REQUEST_INVALID, AS_OF_MISSING, and what the report refuses. kAlreadyExists:
  // RETURN_EXISTS. kUnavailable: RETURN_NOT_RECORDED; nothing is filed, or it is and answers RETURN_EXISTS next time.
  Status File(const audit::v1::FileReturnRequest& request, audit::v1::FileReturnResponse* response);
  // kNotFound: RETURN_NOT_FOUND.
  Status Get(const audit::v1::GetFiledReturnRequest& request, audit::v1::GetFiledReturnResponse* response);
  // By offset, newest first; the token is an offset.
  Status List(const audit::v1::ListFiledReturnsRequest& request, audit::v1::ListFiledReturnsResponse* response) const;

 private:
  StatusOr<std::optional<audit::v1::FiledReturn>> Find(const std::string& return_id) const;
  StatusOr<Offset> Record(const audit::v1::FileReturnRequest& request, events::v1::RegulatoryReturnFiled filed);

  engine::Engine& engine_;
  log::EventLog& log_;
  const OpenViews open_;
  const std::string program_version_;
  Clock* const clock_;
};

}  // namespace kefu::returns

#pragma once

#include <absl/time/time.h>

#include <memory>

#include "services/cli/import/sink.h"

namespace grpc {
class Channel;
}

namespace kefu::cli {

struct GrpcSinkOptions {
  // Ask what admission decided, not only that the log has it.
  bool wait_applied = true;
  // Events that may be unanswered at once.
  size_t window = 2048;
  // How long to go on trying without one answer: for the first, and later.
  absl::Duration patience_at_start = absl::Seconds(5);
  absl::Duration patience = absl::Minutes(1);
};

// Events over IngestService.StreamEvents.
//
// Operation: writes and lets a thread take the answers. When the stream breaks, or the door says that an event's fate
// is
//   unknown, it opens another one and sends all unanswered events again, in order: their ids make that harmless.
std::unique_ptr<EventSink> MakeGrpcSink(std::shared_ptr<grpc::Channel> channel, const GrpcSinkOptions& options,
                                        EventSink::Answered answered);

}  // namespace kefu::cli

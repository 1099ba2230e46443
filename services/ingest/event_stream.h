#pragma once

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include <deque>
#include <functional>
#include <memory>
#include <mutex>

#include "services/ingest/ingest_service.h"
#include "services/ingest/publisher.h"

namespace kefu::ingest {

// One StreamEvents call.
//
// Operation: reads an event, hands it to the publisher, reads the next while fewer than `max_in_flight` are unanswered.
//   Answers leave in the order of the events, one write at a time.
// Concurrency: gRPC calls the On… functions, the publisher its callbacks, from any threads; one mutex guards all.
// Ownership: lives until gRPC is done with it and no callback of the publisher is outstanding.
class EventStream final : public grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>,
                          public std::enable_shared_from_this<EventStream> {
 public:
  // `on_done` is called last, when gRPC is done with the stream.
  static std::shared_ptr<EventStream> Start(Publisher& publisher, const IngestOptions& options,
                                            std::function<void(EventStream*)> on_done);
  EventStream(Publisher& publisher, const IngestOptions& options, std::function<void(EventStream*)> on_done)
      : publisher_(publisher), options_(options), on_done_(std::move(on_done)) {}

  // Reads no more, answers what it has read, and ends with SERVER_DRAINING.
  void End();

  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

 private:
  // An event that was read; its answer once there is one.
  struct Slot {
    bool answered = false;
    grpc::ByteBuffer answer;
  };

  void Publish(const std::shared_ptr<Slot>& slot, const grpc::ByteBuffer& request);
  void Answer(const std::shared_ptr<Slot>& slot, const Outcome& outcome);
  // With the mutex held: does what can be done now.
  void Proceed();

  Publisher& publisher_;
  const IngestOptions options_;
  const std::function<void(EventStream*)> on_done_;
  std::shared_ptr<EventStream> self_;

  std::mutex mutex_;
  grpc::ByteBuffer request_;
  // Read and not yet answered, oldest first; the front's answer may be being written.
  std::deque<std::shared_ptr<Slot>> unanswered_;
  bool reading_ = false;
  bool publishing_ = false;
  bool writing_ = false;
  bool read_all_ = false;
  bool draining_ = false;
  bool broken_ = false;
  bool finished_ = false;
};

}  // namespace kefu::ingest

#pragma once

#include <memory>

#include "platform/log/log.h"
#include "services/kefud/data_directory.h"
#include "services/kefud/options.h"

namespace kefu::log {
class EmbeddedLog;
class KafkaInbox;
}  // namespace kefu::log

namespace kefu::kefud {

// The two logs of a server, of either kind.
class Logs {
 public:
  // Opens them; makes what is missing. A broker that does not answer: kUnavailable, reason BROKER_UNREACHABLE.
  static StatusOr<std::unique_ptr<Logs>> Open(const Options& options, const DataDirectory& directory);
  ~Logs();

  // What was admitted to be recorded.
  log::EventLog& events() { return *events_; }
  // What the inbox refused.
  log::EventLog& rejected() { return *rejected_; }

 private:
  Logs() = default;
  Status OpenEmbedded(const Options& options, const DataDirectory& directory);
  Status OpenKafka(const Options& options);

  std::unique_ptr<log::EmbeddedLog> embedded_;
  std::unique_ptr<log::EventLog> kafka_events_;
  std::unique_ptr<log::EventLog> kafka_rejected_;
  log::EventLog* events_ = nullptr;
  log::EventLog* rejected_ = nullptr;
};

// The topic that channel systems write to; made like the log's topics if it is missing. Errors as above.
StatusOr<std::unique_ptr<log::KafkaInbox>> OpenKafkaInbox(const Options& options);

}  // namespace kefu::kefud

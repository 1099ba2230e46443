#pragma once

#include <memory>

#include "platform/log/log.h"
#include "services/cli/import/sink.h"

namespace kefu::cli {

struct InboxSinkOptions {
  // Events that may be unconfirmed at once.
  size_t window = 10'000;
};

// Events as protobuf to the inbox topic, in the partition of their client: order within a client is kept. An answer
// says only that Kafka has the event; what ingest and admission make of it, `kefu rejections` and the timelines tell.
std::unique_ptr<EventSink> MakeInboxSink(std::unique_ptr<log::EventLog> inbox, const InboxSinkOptions& options,
                                         EventSink::Answered answered);

// Opens the inbox that "kafka://host:port[,host:port]/topic" names. kInvalidArgument if it is no such address.
StatusOr<std::unique_ptr<log::EventLog>> OpenInbox(const std::string& address);

}  // namespace kefu::cli

#pragma once

// AuditService.ReadView: what one view holds in one partition, as stored.

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "kefu/audit/v1/audit.pb.h"
#include "platform/base/status.h"
#include "projections/engine/engine.h"

namespace kefu::audit {

// Operation: Open takes a snapshot; Next gives it away in messages, keys ascending.
// Concurrency: one thread at a time. The engine outlives it.
// Cost: a walk over the view; memory for one message.
class ViewRows {
 public:
  // kInvalidArgument (NAME_INVALID), kNotFound (VIEW_NOT_FOUND), kInvalidArgument (PARTITION_UNKNOWN), kFailedPrecondition:
  // the partition is stopped and must not be served.
  static StatusOr<std::unique_ptr<ViewRows>> Open(const engine::Engine& engine, const v1::ReadViewRequest& request);

  // Fills `response` with about `bytes` of keys and values, one row at least; the message that says `complete` is the last.
  Status Next(size_t bytes, v1::ReadViewResponse* response);

 private:
  ViewRows() = default;

  std::shared_ptr<const engine::PartitionView> partition_;
  std::string view_;
  int32_t version_ = 0;
  // Tables and indexes still to be walked, by the byte that their keys begin with.
  std::map<uint8_t, std::string_view> left_;
  std::unique_ptr<store::Cursor> cursor_;  // of the first of them; null: not begun
};

}  // namespace kefu::audit

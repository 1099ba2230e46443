#pragma once

// The log of what the inbox refused, page by page.

#include <absl/time/time.h>

#include "kefu/ingest/v1/ingest.pb.h"
#include "platform/base/status.h"
#include "platform/log/log.h"

namespace kefu::ingest {

// Rejections by partition, then offset. Blocks while it reads. A page ends early where it would exceed what a client
// receives at once. kInvalidArgument: PAGE_SIZE_INVALID, PAGE_TOKEN_INVALID (also a token of another log).
StatusOr<v1::ListRejectionsResponse> ListRejections(log::EventLog& rejected, const v1::ListRejectionsRequest& request,
                                                    absl::Time deadline);

}  // namespace kefu::ingest

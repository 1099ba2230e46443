#pragma once

// What range of the log a replay goes through, and where in it a call begins.

#include <optional>
#include <string>
#include <vector>

#include "kefu/audit/v1/audit.pb.h"
#include "platform/base/ids.h"
#include "platform/base/status.h"
#include "platform/log/position.h"
#include "platform/rpc/page_token.h"
#include "projections/engine/engine.h"

namespace kefu::audit {

// One partition's part: [from, until), of which all before `next` is done.
struct ReplayRange {
  Partition partition;
  Offset from;
  Offset until;
  Offset next;
};

class ReplayPlan {
 public:
  // What the views hold now is the end, unless the request or its token names an earlier one: so a replay ends, and goes on
  // to the same end after a break. kInvalidArgument: PARTITION_INVALID, POSITION_INVALID, RESUME_TOKEN_INVALID (broken, or
  // given to another request). kUnavailable (POSITION_NOT_REACHED): the end that is asked for is not there yet. Of a client
  // only its own partition is in it.
  static StatusOr<ReplayPlan> Make(const engine::Engine& engine, const rpc::PageTokens& tokens,
                                   const v1::ReplayRequest& request);

  // In the order in which they are gone through; never empty ones.
  std::vector<ReplayRange>& ranges() { return ranges_; }

  // A token for going on as the ranges stand.
  std::string ResumeToken(const rpc::PageTokens& tokens) const;
  // Where it ends: 0 for partitions that are not looked at.
  const std::string& until_position() const { return until_position_; }
  int64_t records_done() const;
  int64_t records_total() const;

 private:
  Status GoOnAt(const engine::Engine& engine, const rpc::PageTokens& tokens, const std::string& token);

  std::string query_hash_;
  std::string until_position_;
  // By partition.
  log::Position until_;
  std::vector<ReplayRange> ranges_;
};

}  // namespace kefu::audit

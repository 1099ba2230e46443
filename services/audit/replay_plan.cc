#include "services/audit/replay_plan.h"

#include <algorithm>

#include "platform/base/hash.h"
#include "platform/base/reason.h"
#include "platform/codec/key.h"
#include "projections/journal/journal.h"

namespace kefu::audit {
namespace {

StatusOr<std::optional<log::Position>> ReadPosition(const engine::Engine& engine, const std::string& text,
                                                    std::string_view field) {
  if (text.empty()) return std::optional<log::Position>();
  auto position = log::Position::Decode(text, engine.log_identity().id, engine.partitions());
  if (!position.ok()) return WithReason(Annotate(position.status(), field), "POSITION_INVALID", field);
  return std::optional<log::Position>(*std::move(position));
}

// The one partition that is asked for, if it is one.
StatusOr<std::optional<Partition>> OnlyPartition(const engine::Engine& engine, const v1::ReplayRequest& request) {
  if (!request.has_partition()) return std::optional<Partition>();
  if (request.partition() < 0 || request.partition() >= engine.partitions())
    return WithReason(InvalidArgument("partition {} is none: the log has 0 to {}", request.partition(),
                                      engine.partitions() - 1),
                      "PARTITION_INVALID", "partition");
  return std::optional<Partition>(request.partition());
}

Status TokenInvalid(std::string_view what) {
  return WithReason(InvalidArgument("resume_token: {}; start again without one", what), "RESUME_TOKEN_INVALID",
                    "resume_token");
}

}  // namespace

StatusOr<ReplayPlan> ReplayPlan::Make(const engine::Engine& engine, const rpc::PageTokens& tokens,
                                      const v1::ReplayRequest& request) {
  ReplayPlan plan;
  // Who asks may change in the middle, what is asked may not.
  v1::ReplayRequest asked = request;
  asked.clear_access();
  asked.clear_resume_token();
  plan.query_hash_ = rpc::PageTokens::QueryHash({"Replay", engine.log_identity().id, asked.SerializeAsString()});

  ASSIGN_OR_RETURN(const auto only, OnlyPartition(engine, request));
  ASSIGN_OR_RETURN(const auto from, ReadPosition(engine, request.from_position(), "from_position"));
  ASSIGN_OR_RETURN(const auto until, ReadPosition(engine, request.until_position(), "until_position"));
  const auto home = request.client_id().empty()
                        ? std::optional<Partition>()
                        : std::optional<Partition>(PartitionForKey(request.client_id(), engine.partitions()));
  plan.until_ = engine.CurrentPosition();
  for (int32_t p = 0; p < engine.partitions(); ++p) {
    const Partition partition(p);
    const auto index = static_cast<size_t>(p);
    int64_t& end = plan.until_.next_offsets[index];
    if (home == partition) end = std::min(end, engine.At(partition)->next_offset(journal::JournalView::kName).value());
    const bool left_out = (only.has_value() && *only != partition) || (home.has_value() && *home != partition);
    if (until.has_value() && !left_out && until->next_offsets[index] > end)
      return WithReason(Unavailable("until_position is offset {} of partition {}, which is at {}; try again, or ask for less",
                                    until->next_offsets[index], partition, end),
                        "POSITION_NOT_REACHED", "until_position");
    if (until.has_value()) end = until->next_offsets[index];
    if (left_out) end = 0;
    const int64_t begin = std::min(from.has_value() ? from->next_offsets[index] : 0, end);
    if (begin < end) plan.ranges_.push_back({partition, Offset(begin), Offset(end), Offset(begin)});
  }
  if (!request.resume_token().empty()) RETURN_IF_ERROR(plan.GoOnAt(engine, tokens, request.resume_token()));
  plan.until_position_ = plan.until_.Encode();
  return plan;
}

// The token has the end of every partition, then how far each is.
Status ReplayPlan::GoOnAt(const engine::Engine& engine, const rpc::PageTokens& tokens, const std::string& token) {
  const auto opened = tokens.Open(token, query_hash_);
  if (!opened.ok()) return TokenInvalid("it is not one of ours, was changed, or was given to another request");
  std::string_view rest = *opened;
  std::vector<ReplayRange> ranges;
  for (size_t p = 0; p < until_.next_offsets.size(); ++p) {
    ReplayRange range;
    range.partition = Partition(static_cast<int32_t>(p));
    if (!codec::TakePart(rest, &range.from) || !codec::TakePart(rest, &range.until) || !codec::TakePart(rest, &range.next))
      return TokenInvalid("it is not one of ours");
    const Offset there = Offset(engine.CurrentPosition().next_offsets[p]);
    if (range.until > there)
      return WithReason(Unavailable("the replay that goes on ends at offset {} of partition {}, which is at {} here; try "
                                    "again",
                                    range.until, range.partition, there),
                        "POSITION_NOT_REACHED", "resume_token");
    until_.next_offsets[p] = range.until.value();
    if (range.from < range.until) ranges.push_back(range);
  }
  if (!rest.empty()) return TokenInvalid("it is not one of ours");
  ranges_ = std::move(ranges);
  return OkStatus();
}

std::string ReplayPlan::ResumeToken(const rpc::PageTokens& tokens) const {
  std::string cursor;
  auto range = ranges_.begin();
  for (size_t p = 0; p < until_.next_offsets.size(); ++p) {
    const bool is_in = range != ranges_.end() && static_cast<size_t>(range->partition.value()) == p;
    const Offset none(until_.next_offsets[p]);
    codec::AppendPart(cursor, is_in ? range->from : none);
    codec::AppendPart(cursor, is_in ? range->until : none);
    codec::AppendPart(cursor, is_in ? range->next : none);
    if (is_in) ++range;
  }
  return tokens.Make(query_hash_, cursor);
}

int64_t ReplayPlan::records_done() const {
  int64_t done = 0;
  for (const ReplayRange& range : ranges_) done += range.next - range.from;
  return done;
}

int64_t ReplayPlan::records_total() const {
  int64_t total = 0;
  for (const ReplayRange& range : ranges_) total += range.until - range.from;
  return total;
}

}  // namespace kefu::audit

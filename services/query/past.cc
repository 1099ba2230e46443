#include "services/query/past.h"

#include <absl/time/clock.h>

#include "platform/base/hash.h"
#include "platform/base/reason.h"
#include "platform/base/time.h"
#include "platform/codec/key.h"
#include "services/query/reader.h"

namespace kefu::query {
namespace {

constexpr std::string_view kRecorded = "recorded:";
constexpr std::string_view kOccurred = "occurred:";
constexpr std::string_view kPosition = "position:";

Status NoMoment(std::string_view as_of) {
  return WithReason(InvalidArgument("\"{}\" is no moment: there are \"moments/{{id}}\", \"recorded:{{RFC 3339}}\", "
                                    "\"occurred:{{RFC 3339}}\" and \"position:{{token}}\"",
                                    as_of.substr(0, 80)),
                    "AS_OF_INVALID", rpc::kAsOfMetadata);
}

StatusOr<absl::Time> PastTime(std::string_view text) {
  const auto time = ParseRfc3339(text);
  if (!time.ok()) return WithReason(Annotate(time.status(), rpc::kAsOfMetadata), "AS_OF_INVALID", rpc::kAsOfMetadata);
  const absl::Time now = absl::Now();
  if (*time > now)
    return WithReason(InvalidArgument("{} has not come yet, it is {}", FormatRfc3339(*time), FormatRfc3339(now)),
                      "AS_OF_IN_FUTURE", rpc::kAsOfMetadata);
  return *time;
}

}  // namespace

StatusOr<std::shared_ptr<past::OpenMoment>> MomentNamed(past::Moments* moments, std::string_view as_of) {
  for (const std::string_view kind : {kRecorded, kOccurred, kPosition})
    if (as_of.starts_with(kind))
      return WithReason(FailedPrecondition("only questions about one client (GetClient, ListTimeline, GetCase and "
                                           "ListCases of a client) take a time or a position; open a moment with "
                                           "AuditService.OpenMoment and give its name"),
                        "AS_OF_NEEDS_MOMENT", rpc::kAsOfMetadata);
  if (!as_of.starts_with("moments/")) return NoMoment(as_of);
  if (moments == nullptr)
    return WithReason(NotFound("this server keeps no moments of the past"), "MOMENT_NOT_FOUND", rpc::kAsOfMetadata);
  return moments->Find(as_of);
}

StatusOr<std::unique_ptr<engine::Engine>> OpenClientAsOf(const engine::Engine& live, past::KnownBroadcasts& broadcasts,
                                                         std::string_view as_of, const std::string& client_id) {
  past::ClientsCut cut;
  if (as_of.starts_with(kRecorded)) {
    ASSIGN_OR_RETURN(cut.recorded, PastTime(as_of.substr(kRecorded.size())));
  } else if (as_of.starts_with(kPosition)) {
    ASSIGN_OR_RETURN(cut.position, ReadPosition(live, as_of.substr(kPosition.size()), rpc::kAsOfMetadata));
    if (!cut.position.has_value())
      return WithReason(InvalidArgument("no position is given"), "POSITION_INVALID", rpc::kAsOfMetadata);
  } else if (as_of.starts_with(kOccurred)) {
    return WithReason(FailedPrecondition("by occurred time admission may decide otherwise about what is left: open a "
                                         "moment with AuditService.OpenMoment and give its name"),
                      "AS_OF_NEEDS_MOMENT", rpc::kAsOfMetadata);
  } else {
    return NoMoment(as_of);
  }
  ASSIGN_OR_RETURN(auto engine, past::OpenClientsAsOf(live, broadcasts, cut));
  // Whatever is asked next, the client is read by now.
  const auto home = engine->At(Partition(PartitionForKey(client_id, engine->partitions())));
  store::PinnedValue links;
  const auto read = home->Get("relation", "merges", codec::Key(client_id), &links);
  if (!read.ok() && read.status().code() != StatusCode::kNotFound) return read.status();
  return engine;
}

Status CheckPresent(const grpc::CallbackServerContext& context) {
  if (!rpc::AsOf(context).has_value()) return OkStatus();
  return WithReason(FailedPrecondition("this is about the present only: leave out the metadata {}", rpc::kAsOfMetadata),
                    "AS_OF_NOT_APPLICABLE", rpc::kAsOfMetadata);
}

}  // namespace kefu::query

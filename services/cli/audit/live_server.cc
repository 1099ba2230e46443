#include "services/cli/audit/live_server.h"

#include <map>
#include <optional>
#include <utility>

#include "kefu/admin/v1/view.grpc.pb.h"
#include "kefu/audit/v1/audit.grpc.pb.h"
#include "platform/log/position.h"
#include "services/cli/call.h"

namespace kefu::cli {
namespace {

// Hands every message to `take` until the stream ends or `take` fails. Unlike Follow, streams may lie within each other, and
// Ctrl-C ends the program: nothing is left behind.
template <class Stub, class Request, class Response, class Take>
Status ReadAll(Tool& tool,
               std::unique_ptr<grpc::ClientReader<Response>> (Stub::*method)(grpc::ClientContext*, const Request&),
               const Request& request, Take take) {
  ASSIGN_OR_RETURN(const auto channel, tool.Channel());
  Stub stub(channel);
  grpc::ClientContext context;
  const auto reader = (stub.*method)(&context, request);
  Status taken;
  Response response;
  while (taken.ok() && reader->Read(&response)) taken = take(response);
  if (!taken.ok()) context.TryCancel();
  const grpc::Status status = reader->Finish();
  if (!taken.ok()) return taken;
  return status.ok() ? OkStatus() : Explained(tool, status);
}

std::string NameOf(std::string_view view) { return fmt::format("views/{}", view); }

class GrpcLiveServer final : public replayer::LiveServer {
 public:
  GrpcLiveServer(Tool& tool, audit::v1::Access access, std::string log_id, int32_t partitions,
                 std::map<std::string, int32_t, std::less<>> versions)
      : tool_(tool),
        access_(std::move(access)),
        log_id_(std::move(log_id)),
        partitions_(partitions),
        versions_(std::move(versions)) {}

  int32_t partitions() const override { return partitions_; }

  StatusOr<int32_t> VersionOf(std::string_view view) override {
    const auto found = versions_.find(NameOf(view));
    if (found == versions_.end()) return NotFound("the server has no view \"{}\"", view);
    return found->second;
  }

  StatusOr<std::vector<Digest>> DigestsOf(std::string_view view) override {
    admin::v1::DigestViewRequest request;
    request.set_name(NameOf(view));
    ASSIGN_OR_RETURN(const admin::v1::DigestViewResponse response,
                     Call(tool_, &admin::v1::ViewService::Stub::DigestView, request));
    std::vector<Digest> digests;
    for (const auto& each : response.partitions())
      digests.push_back({Partition(each.partition()), Offset(each.next_offset()), each.entries(), each.digest()});
    return digests;
  }

  Status Records(Partition partition, Offset from, Offset until,
                 const std::function<Status(const Record&)>& take) override {
    audit::v1::ReplayRequest request;
    *request.mutable_access() = access_;
    request.set_partition(partition.value());
    request.set_from_position(PositionAt(partition, from));
    request.set_until_position(PositionAt(partition, until));
    bool complete = false;
    RETURN_IF_ERROR(
        ReadAll(tool_, &audit::v1::AuditService::Stub::Replay, request, [&](const audit::v1::ReplayResponse& response) {
          complete = response.complete();
          return TakeRecords(partition, response, take);
        }));
    return complete ? OkStatus() : CutOff("the replay of the records");
  }

  Status Stored(std::string_view view, Partition partition, const std::function<Status(Offset next)>& begin,
                const std::function<Status(std::string_view key, std::string_view value)>& take) override {
    audit::v1::ReadViewRequest request;
    *request.mutable_access() = access_;
    request.set_name(NameOf(view));
    request.set_partition(partition.value());
    bool begun = false, complete = false;
    const auto take_message = [&](const audit::v1::ReadViewResponse& response) -> Status {
      if (!std::exchange(begun, true)) RETURN_IF_ERROR(begin(Offset(response.next_offset())));
      for (const audit::v1::StoredRow& row : response.rows()) RETURN_IF_ERROR(take(row.key(), row.value()));
      complete = response.complete();
      return OkStatus();
    };
    RETURN_IF_ERROR(ReadAll(tool_, &audit::v1::AuditService::Stub::ReadView, request, take_message));
    return complete ? OkStatus() : CutOff("the stream of rows");
  }

 private:
  std::string PositionAt(Partition partition, Offset offset) const {
    log::Position position{log_id_, std::vector<int64_t>(static_cast<size_t>(partitions_))};
    position.next_offsets[static_cast<size_t>(partition.value())] = offset.value();
    return position.Encode();
  }

  static Status TakeRecords(Partition partition, const audit::v1::ReplayResponse& response,
                            const std::function<Status(const Record&)>& take) {
    for (const audit::v1::RecordedEvent& event : response.events()) {
      if (event.partition() != partition.value())
        return DataLoss("a record of partition {} came, where partition {} was asked for", event.partition(), partition);
      RETURN_IF_ERROR(take({Offset(event.offset()), event.record(), &event.verdict(), event.leaf_index()}));
    }
    return OkStatus();
  }

  static Status CutOff(std::string_view what) {
    return Unavailable("{} ended before its end; the server was stopped? Try again", what);
  }

  Tool& tool_;
  const audit::v1::Access access_;
  const std::string log_id_;
  const int32_t partitions_;
  const std::map<std::string, int32_t, std::less<>> versions_;  // by resource name
};

}  // namespace

StatusOr<std::unique_ptr<replayer::LiveServer>> ConnectLiveServer(Tool& tool, const audit::v1::Access& access) {
  ASSIGN_OR_RETURN(const admin::v1::ServerInfo info, Call(tool, &admin::v1::ViewService::Stub::GetServerInfo, {}));
  ASSIGN_OR_RETURN(const admin::v1::ListViewsResponse views, Call(tool, &admin::v1::ViewService::Stub::ListViews, {}));
  std::map<std::string, int32_t, std::less<>> versions;
  for (const admin::v1::View& view : views.views()) versions[view.name()] = view.version();
  return std::unique_ptr<replayer::LiveServer>(
      std::make_unique<GrpcLiveServer>(tool, access, info.log_id(), info.partitions(), std::move(versions)));
}

}  // namespace kefu::cli

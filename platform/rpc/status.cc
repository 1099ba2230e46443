#include "platform/rpc/status.h"

#include <grpcpp/support/status.h>

#include <optional>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "platform/base/reason.h"

namespace kefu::rpc {

namespace {

constexpr char kDomain[] = "kefu";
constexpr char kFieldKey[] = "field";

// Details travel in a header, and 8 KiB of headers is what peers accept by default; a message may be in it twice.
constexpr size_t kMaxMessageBytes = 2048;

// How long a caller should wait before it tries again; absent where trying again will not help.
std::optional<int64_t> RetryMilliseconds(StatusCode code) {
  if (code == StatusCode::kUnavailable) return 200;
  if (code == StatusCode::kResourceExhausted) return 1000;
  return std::nullopt;
}

// At most kMaxMessageBytes, never cutting a character in two.
std::string Shortened(std::string_view message) {
  if (message.size() <= kMaxMessageBytes) return std::string(message);
  size_t end = kMaxMessageBytes;
  while (end > 0 && (static_cast<uint8_t>(message[end]) & 0xc0) == 0x80) --end;
  return std::string(message.substr(0, end)).append("…");
}

std::string ReasonOrCode(const Status& status) {
  std::string reason = ReasonOf(status);
  return reason.empty() ? absl::StatusCodeToString(status.code()) : reason;
}

}  // namespace

google::rpc::Status ToRpcStatus(const Status& status) {
  google::rpc::Status made;
  if (status.ok()) return made;
  made.set_code(static_cast<int>(status.code()));
  made.set_message(Shortened(MessageOf(status)));
  const std::string field = FieldOf(status);
  google::rpc::ErrorInfo info;
  info.set_reason(ReasonOrCode(status));
  info.set_domain(kDomain);
  if (!field.empty()) (*info.mutable_metadata())[kFieldKey] = field;
  made.add_details()->PackFrom(info);
  if (!field.empty()) {
    google::rpc::BadRequest bad;
    bad.add_field_violations()->set_field(field);
    bad.mutable_field_violations(0)->set_description(made.message());
    made.add_details()->PackFrom(bad);
  }
  if (const auto milliseconds = RetryMilliseconds(status.code())) {
    google::rpc::RetryInfo retry;
    retry.mutable_retry_delay()->set_seconds(*milliseconds / 1000);
    retry.mutable_retry_delay()->set_nanos(static_cast<int32_t>(*milliseconds % 1000) * 1'000'000);
    made.add_details()->PackFrom(retry);
  }
  return made;
}

grpc::Status ToGrpc(const Status& status) {
  if (status.ok()) return grpc::Status::OK;
  const google::rpc::Status made = ToRpcStatus(status);
  return grpc::Status(static_cast<grpc::StatusCode>(made.code()), made.message(), made.SerializeAsString());
}

Status FromRpcStatus(const google::rpc::Status& status) {
  if (status.code() == 0) return OkStatus();
  Status made = MakeStatus(static_cast<StatusCode>(status.code()), status.message());
  for (const auto& detail : status.details()) {
    google::rpc::ErrorInfo info;
    if (!detail.UnpackTo(&info) || info.domain() != kDomain) continue;
    const auto field = info.metadata().find(kFieldKey);
    return WithReason(std::move(made), info.reason(), field == info.metadata().end() ? "" : field->second);
  }
  return made;
}

Status FromGrpc(const grpc::Status& status) {
  if (status.ok()) return OkStatus();
  google::rpc::Status details;
  if (!status.error_details().empty() && details.ParseFromString(status.error_details()) &&
      details.code() == static_cast<int>(status.error_code()))
    return FromRpcStatus(details);
  return MakeStatus(static_cast<StatusCode>(status.error_code()), status.error_message());
}

}  // namespace kefu::rpc

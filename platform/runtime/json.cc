#include "platform/runtime/json.h"

#include <google/protobuf/message.h>
#include <google/protobuf/util/json_util.h>

namespace kefu::runtime {
namespace {

std::string TextOf(const google::protobuf::util::Status& status) {
  return {status.message().data(), status.message().size()};
}

}  // namespace

StatusOr<std::string> ToJson(const google::protobuf::Message& message) {
  std::string json;
  const auto status = google::protobuf::util::MessageToJsonString(message, &json);
  if (!status.ok()) return InvalidArgument("{} cannot be written as JSON: {}", message.GetTypeName(), TextOf(status));
  return json;
}

Status FromJson(std::string_view json, google::protobuf::Message* message) {
  message->Clear();
  const auto status =
      google::protobuf::util::JsonStringToMessage(google::protobuf::StringPiece(json.data(), json.size()), message);
  if (!status.ok()) return InvalidArgument("no JSON of {}: {}", message->GetTypeName(), TextOf(status));
  return OkStatus();
}

}  // namespace kefu::runtime

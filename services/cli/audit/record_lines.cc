#include "services/cli/audit/record_lines.h"

#include <fmt/format.h>
#include <google/protobuf/util/json_util.h>

#include <nlohmann/json.hpp>

#include "kefu/events/v1/event.pb.h"
#include "platform/event/record.h"
#include "services/cli/audit/base64.h"

namespace kefu::cli {
namespace {

using events::v1::Event;

// Empty unless the text says everything: what comes back from it are the same bytes, so a field that this program does not
// know, or a time that JSON cannot say, makes an event undecodable rather than shortened.
std::string JsonOf(const std::string& record) {
  Event event;
  if (!event::ParseRecorded(record, &event).ok()) return "";
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  std::string json;
  if (!google::protobuf::util::MessageToJsonString(event, &json, options).ok()) return "";
  Event again;
  if (!google::protobuf::util::JsonStringToMessage(json, &again).ok()) return "";
  return again.SerializeAsString() == event.SerializeAsString() ? json : "";
}

}  // namespace

std::string EventLine(const audit::v1::RecordedEvent& recorded, Undecodable undecodable) {
  const nlohmann::ordered_json verdict = {
      {"outcome", events::v1::VerdictOutcome_Name(recorded.verdict().outcome())},
      {"rule", recorded.verdict().rule()},
  };
  const std::string json = JsonOf(recorded.record());
  std::string event = "\"event\":" + json;
  if (json.empty()) event = "\"undecodable\":true";
  if (json.empty() && undecodable == Undecodable::kWithBytes)
    event += fmt::format(",\"record\":\"{}\"", Base64(recorded.record()));
  return fmt::format(R"({{"partition":{},"offset":{},"leaf_index":{},"verdict":{},{}}})", recorded.partition(),
                     recorded.offset(), recorded.leaf_index(),
                     verdict.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace), event);
}

std::string ProofLine(const audit::v1::InclusionProof& proof) {
  std::string path;
  for (const std::string& hash : proof.path()) path += fmt::format("{}\"{}\"", path.empty() ? "" : ",", Base64(hash));
  return fmt::format(R"({{"partition":{},"offset":{},"leaf_index":{},"tree_size":{},"leaf_hash":"{}","path":[{}]}})",
                     proof.partition(), proof.offset(), proof.leaf_index(), proof.tree_size(), Base64(proof.leaf_hash()),
                     path);
}

}  // namespace kefu::cli

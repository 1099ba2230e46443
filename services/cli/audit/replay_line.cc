#include "services/cli/audit/replay_line.h"

#include <fmt/format.h>
#include <google/protobuf/util/json_util.h>
#include <openssl/evp.h>

#include <nlohmann/json.hpp>

#include "kefu/events/v1/event.pb.h"
#include "platform/event/record.h"
#include "services/cli/output.h"

namespace kefu::cli {
namespace {

using events::v1::Event;
using nlohmann::ordered_json;

std::string Base64Of(const std::string& bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                   reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  text.resize(static_cast<size_t>(size));
  return text;
}

// Empty where JSON would say less than the bytes, such as a field that this program does not know.
std::string EventJson(const std::string& record) {
  Event event;
  if (!event::ParseRecorded(record, &event).ok()) return {};
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  std::string json;
  if (!google::protobuf::util::MessageToJsonString(event, &json, options).ok()) return {};
  Event again;
  if (!google::protobuf::util::JsonStringToMessage(json, &again).ok()) return {};
  return again.SerializeAsString() == event.SerializeAsString() ? json : std::string();
}

std::string KindOf(const Event& event) {
  const auto* body =
      event.GetReflection()->GetOneofFieldDescriptor(event, event.GetDescriptor()->FindOneofByName("body"));
  return body == nullptr ? std::string() : body->name();
}

}  // namespace

std::string ReplayLine(const audit::v1::RecordedEvent& recorded) {
  const ordered_json verdict = {{"outcome", events::v1::VerdictOutcome_Name(recorded.verdict().outcome())},
                                {"rule", recorded.verdict().rule()}};
  const std::string event = EventJson(recorded.record());
  return fmt::format(R"({{"partition":{},"offset":{},"leaf_index":{},"verdict":{},{}}})", recorded.partition(),
                     recorded.offset(), recorded.leaf_index(),
                     verdict.dump(-1, ' ', false, ordered_json::error_handler_t::replace),
                     event.empty() ? fmt::format(R"("undecodable":true,"record":"{}")", Base64Of(recorded.record()))
                                   : "\"event\":" + event);
}

const std::vector<std::string> kReplayHeadings = {"RECORDED", "PLACE", "WHAT", "CLIENT", "BY", "VERDICT", "EVENT"};

std::vector<std::string> ReplayCells(const audit::v1::RecordedEvent& recorded) {
  Event event;
  const bool is_event = event::ParseRecorded(recorded.record(), &event).ok();
  const auto& verdict = recorded.verdict();
  // Applied is the rule; only what is not needs words.
  std::string decided = verdict.outcome() == events::v1::VERDICT_OUTCOME_APPLIED ? "" : EnumText(verdict.outcome());
  if (!decided.empty() && !verdict.rule().empty()) decided += ": " + verdict.rule();
  return {TimeText(event.recorded_at()),
          fmt::format("{}/{}", recorded.partition(), recorded.offset()),
          is_event ? KindOf(event) : "(no event)",
          event.client_id(),
          event.actor().id(),
          decided,
          event.event_id()};
}

}  // namespace kefu::cli

#include "services/cli/audit/event_words.h"

#include <fmt/format.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/field_mask.pb.h>

#include <algorithm>
#include <array>

#include "platform/base/hash.h"
#include "platform/base/time.h"
#include "platform/event/record.h"
#include "services/cli/audit/document.h"
#include "services/cli/output.h"

namespace kefu::cli {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

struct Kind {
  std::string_view name, words;
};

// Sorted by name. Terms as in docs/GLOSSARY.md.
constexpr auto kKinds = std::to_array<Kind>({
    {"call_back_cancelled", "Call-back cancelled 取消回訪"},
    {"call_back_done", "Call-back made 完成回訪"},
    {"call_back_planned", "Call-back planned 安排回訪"},
    {"case_acknowledged", "Receipt confirmed to the client 告知受理"},
    {"case_assigned", "Case assigned 分派"},
    {"case_closed", "Case closed 結案歸檔"},
    {"case_escalated", "Case escalated 升級"},
    {"case_matter_set", "Matter set 歸入事由"},
    {"case_next_action_set", "Next action set 下一步行動"},
    {"case_note_added", "Note added 備註"},
    {"case_reclassified", "Case reclassified 重新分類"},
    {"case_referred", "Case referred by a regulator 監管轉辦"},
    {"case_reopened", "Case reopened 重新開啟"},
    {"case_resolution_proposed", "Resolution put to the client 提出處理方案"},
    {"case_resolved", "Case resolved 處理完成"},
    {"case_response_sent", "Answer sent to the client 答覆"},
    {"case_resumed", "Work resumed 恢復處理"},
    {"case_started", "Work started 開始處理"},
    {"case_timeliness_reported", "Timeliness reported 時效說明"},
    {"case_wait_started", "Waiting began 開始等待"},
    {"case_withdrawn", "Case withdrawn 撤回"},
    {"case_work_recorded", "Work recorded 處理記錄"},
    {"channel_identity_linked", "Channel identity linked 綁定渠道身份"},
    {"channel_identity_unlinked", "Channel identity unlinked 解除渠道身份"},
    {"client_assigned_to_broker", "Client given to a broker 客戶分配"},
    {"client_classified", "Client classified 客戶分類"},
    {"client_identifiers_changed", "Names or numbers changed 識別資料變更"},
    {"client_informed_of_handover", "Client told of the handover 交接告知"},
    {"client_profile_changed", "Profile changed 資料變更"},
    {"client_registered", "Client registered 開戶"},
    {"client_status_changed", "Client's status changed 客戶狀態變更"},
    {"clock_breached", "Time limit missed 逾期"},
    {"clock_dropped", "Time limit dropped 時限取消"},
    {"clock_met", "Time limit met 時限達成"},
    {"clock_paused", "Time limit paused 時限暫停"},
    {"clock_resumed", "Time limit resumed 時限恢復"},
    {"clock_started", "Time limit began 時限開始"},
    {"complaint_received", "Complaint received 收到投訴"},
    {"consent_changed", "Consent changed 同意變更"},
    {"contact_recorded", "Contact 接觸"},
    {"event_annulled", "Event annulled 撤銷"},
    {"event_corrected", "Event corrected 更正"},
    {"investor_classified", "Investor classified 投資者分類"},
    {"legal_hold_lifted", "Legal hold lifted 解除法律保全"},
    {"legal_hold_placed", "Legal hold placed 法律保全"},
    {"needs_assessed", "Needs assessed 需求評估"},
    {"promise_kept", "Promise kept 履行承諾"},
    {"promise_made", "Promise made 承諾"},
    {"promise_released", "Promise released 解除承諾"},
    {"recommendation_followed_up", "Recommendation followed up 推介跟進"},
    {"recommendation_made", "Product recommended 推介"},
    {"risk_assessed", "Risk assessed 風險測評"},
    {"satisfaction_rated", "Satisfaction rated 滿意度"},
    {"service_configuration_changed", "Service configuration changed 客戶服務配置"},
    {"service_request_opened", "Service requested 提出服務請求"},
    {"work_reassigned", "Work passed to another hand 移交"},
});
static_assert(std::ranges::is_sorted(kKinds, {}, &Kind::name));

// "disputed amount" for disputed_amount.
std::string Words(std::string_view name) {
  std::string words(name);
  std::ranges::replace(words, '_', ' ');
  return words;
}

// Does the field hold the number of a member of staff?
bool IsStaff(const FieldDescriptor& field) {
  static constexpr std::string_view kOthers[] = {"assignee_id", "owner_id", "resolver_id", "caller_id", "raised_by",
                                                 "associated_staff_ids"};
  return field.name().ends_with("staff_id") || std::ranges::find(kOthers, field.name()) != std::end(kOthers);
}

// Deeper than any event of ours; a hostile one must not use up the stack.
constexpr int kMaxDepth = 12;

void AddStaffBelow(const Message& message, int depth, std::set<std::string>* staff_ids) {
  const auto* reflection = message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection->ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    const int count = field->is_repeated() ? reflection->FieldSize(message, field) : 1;
    for (int i = 0; i < count; ++i) {
      if (field->type() == FieldDescriptor::TYPE_STRING && IsStaff(*field)) {
        const std::string id = field->is_repeated() ? reflection->GetRepeatedString(message, field, i)
                                                    : reflection->GetString(message, field);
        if (!id.empty()) staff_ids->insert(id);
      }
      if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE || depth >= kMaxDepth) continue;
      AddStaffBelow(field->is_repeated() ? reflection->GetRepeatedMessage(message, field, i)
                                         : reflection->GetMessage(message, field),
                    depth + 1, staff_ids);
    }
  }
}

class Teller {
 public:
  Teller(const Zone& zone, const StaffNames& names, std::vector<std::string>* lines)
      : zone_(zone), names_(names), lines_(*lines) {}

  void Tell(const Message& message, const std::string& way, const std::vector<std::string_view>& skip, int depth) {
    const auto* reflection = message.GetReflection();
    std::vector<const FieldDescriptor*> fields;
    reflection->ListFields(message, &fields);
    for (const FieldDescriptor* field : fields) {
      if (std::ranges::find(skip, std::string_view(field->name())) != skip.end()) continue;
      const std::string label = way + Words(field->name());
      if (!field->is_repeated()) {
        TellOne(message, field, -1, label, depth);
        continue;
      }
      for (int i = 0; i < reflection->FieldSize(message, field); ++i) TellOne(message, field, i, label, depth);
    }
  }

 private:
  // A value of several lines must not look like several values.
  void Line(const std::string& label, const std::string& value) {
    std::string line = label + ": ";
    for (const char c : Shown(value)) {
      line += c;
      if (c == '\n') line += "\u2003";
    }
    lines_.push_back(std::move(line));
  }

  // Element `index` of a repeated field, or the field itself if negative.
  void TellOne(const Message& message, const FieldDescriptor* field, int index, const std::string& label, int depth) {
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) return Line(label, Scalar(message, field, index));
    const auto* reflection = message.GetReflection();
    const Message& below = index < 0 ? reflection->GetMessage(message, field)
                                     : reflection->GetRepeatedMessage(message, field, index);
    if (const std::string value = ValueOfMessage(below); !value.empty()) return Line(label, value);
    if (depth >= kMaxDepth) return Line(label, "…");
    // What both kinds of case begin with needs no label of its own.
    Tell(below, field->name() == "opening" ? "" : label + ", ", {}, depth + 1);
  }

  std::string Scalar(const Message& message, const FieldDescriptor* field, int index) {
    const auto* reflection = message.GetReflection();
    const bool one = index < 0;
    switch (field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_STRING:
        return Text(field, one ? reflection->GetString(message, field)
                               : reflection->GetRepeatedString(message, field, index));
      case FieldDescriptor::CPPTYPE_ENUM: {
        const std::string word = EnumText(field->enum_type(), one ? reflection->GetEnumValue(message, field)
                                                       : reflection->GetRepeatedEnumValue(message, field, index));
        return Words(word);
      }
      case FieldDescriptor::CPPTYPE_BOOL:
        return (one ? reflection->GetBool(message, field) : reflection->GetRepeatedBool(message, field, index)) ? "yes"
                                                                                                               : "no";
      case FieldDescriptor::CPPTYPE_INT32:
        return fmt::format("{}", one ? reflection->GetInt32(message, field)
                                     : reflection->GetRepeatedInt32(message, field, index));
      case FieldDescriptor::CPPTYPE_INT64:
        return fmt::format("{}", one ? reflection->GetInt64(message, field)
                                     : reflection->GetRepeatedInt64(message, field, index));
      default:
        // No event has other numbers; the JSON says them.
        return "see events.ndjson";
    }
  }

  std::string Text(const FieldDescriptor* field, const std::string& value) {
    if (field->type() != FieldDescriptor::TYPE_BYTES) return IsStaff(*field) ? StaffText(value, names_) : value;
    if (field->name() != "event") return Hex(value);
    // A correction holds a whole event.
    events::v1::Event inner;
    if (!event::ParseRecorded(value, &inner).ok()) return fmt::format("{} bytes that are no event", value.size());
    std::vector<std::string> said;
    // A correction of a correction is said by its bytes only: nothing bounds how often that could go on.
    const Message* body = BodyOf(inner);
    if (body != nullptr && !inner.has_event_corrected()) said = DetailLines(*body, zone_, names_);
    std::string text = KindText(KindOf(inner)) + ", " + zone_.Text(inner.occurred_at());
    for (const std::string& line : said) text += "\n  " + line;
    return text;
  }

  // What is said in one line; empty for other messages.
  std::string ValueOfMessage(const Message& message) {
    const std::string& type = message.GetDescriptor()->full_name();
    if (const auto* time = dynamic_cast<const google::protobuf::Timestamp*>(&message)) return zone_.Text(*time);
    if (const auto* span = dynamic_cast<const google::protobuf::Duration*>(&message))
      return absl::FormatDuration(absl::Seconds(span->seconds()) + absl::Nanoseconds(span->nanos()));
    if (const auto* money = dynamic_cast<const events::v1::Money*>(&message)) {
      const std::string text = MoneyText(*money);
      return text.empty() ? fmt::format("{} minor units", money->minor_units()) : text;
    }
    if (const auto* code = dynamic_cast<const events::v1::Code*>(&message))
      return code->value() + (code->scheme().empty() ? "" : fmt::format(" ({})", Joined({code->scheme(), code->version()}, ", ")));
    if (const auto* day = dynamic_cast<const events::v1::CalendarDate*>(&message))
      return fmt::format("{:04}-{:02}-{:02}", day->year(), day->month(), day->day());
    if (const auto* mask = dynamic_cast<const google::protobuf::FieldMask*>(&message)) return JoinText(mask->paths());
    if (const auto* file = dynamic_cast<const events::v1::Evidence*>(&message))
      return Joined({file->uri(), file->media_type(), file->sha256().empty() ? "" : "SHA-256 " + Hex(file->sha256())}, ", ");
    return type == "google.protobuf.Any" ? "see events.ndjson" : "";
  }

  const Zone& zone_;
  const StaffNames& names_;
  std::vector<std::string>& lines_;
};

// What rules say, for those that a case file shows most; others are named only.
std::string_view RuleWords(std::string_view rule) {
  constexpr std::pair<std::string_view, std::string_view> kRules[] = {
      {"case_not_open", "the case was not open"},
      {"case_unknown", "there was no such case"},
      {"case_exists", "there was such a case already"},
      {"case_of_other_client", "the case is another client's"},
      {"case_not_resolved", "the case was not resolved"},
      {"case_still_open", "the case was still open"},
      {"case_already_acknowledged", "receipt had been confirmed already"},
      {"case_already_closed", "the case was closed already"},
      {"case_not_waiting", "the case was not waiting"},
      {"client_unknown", "there was no such client"},
      {"client_exists", "the client was registered already"},
      {"client_closed", "the client was closed"},
      {"revision_moved", "someone else had changed it meanwhile"},
      {"consent_withdrawn", "the client had withdrawn consent"},
      {"channel_not_allowed", "the client does not allow this channel"},
      {"contact_in_quiet_hours", "it fell into the client's quiet hours"},
      {"unsuitable", "the product did not suit the client"},
      {"assessment_missing", "there was no risk assessment"},
      {"assessment_expired", "the risk assessment had run out"},
      {"event_id_reused", "the event's number had been used for something else"},
  };
  for (const auto& [name, words] : kRules)
    if (name == rule) return words;
  return {};
}

}  // namespace

std::string Joined(const std::vector<std::string>& parts, std::string_view between) {
  std::string text;
  for (const std::string& part : parts) {
    if (part.empty()) continue;
    if (!text.empty()) text += between;
    text += part;
  }
  return text;
}

std::string Zone::Text(const google::protobuf::Timestamp& time) const {
  if (time.seconds() == 0 && time.nanos() == 0) return "";
  int32_t offset = offsets.offset_seconds();
  for (const auto& shift : offsets.shifts()) {
    if (shift.at().seconds() > time.seconds()) break;
    offset = shift.offset_seconds();
  }
  return absl::FormatTime("%Y-%m-%d %H:%M:%S %Ez", FromProto(time), absl::FixedTimeZone(offset));
}

std::string UtcText(const google::protobuf::Timestamp& time) {
  if (time.seconds() == 0 && time.nanos() == 0) return "";
  return absl::FormatTime("%Y-%m-%d %H:%M:%S UTC", FromProto(time), absl::UTCTimeZone());
}

std::string KindText(std::string_view kind) {
  const auto found = std::ranges::lower_bound(kKinds, kind, {}, &Kind::name);
  if (found != kKinds.end() && found->name == kind) return std::string(found->words);
  if (kind.empty()) return "An event of a kind that this program does not know";
  std::string words = Words(kind);
  if (words[0] >= 'a' && words[0] <= 'z') words[0] = static_cast<char>(words[0] - 'a' + 'A');
  return words;
}

std::string KindOf(const events::v1::Event& event) {
  const auto* field = event.GetDescriptor()->FindFieldByNumber(static_cast<int>(event.body_case()));
  return event.body_case() == events::v1::Event::BODY_NOT_SET || field == nullptr ? "" : field->name();
}

const Message* BodyOf(const events::v1::Event& event) {
  const auto* field = event.GetDescriptor()->FindFieldByNumber(static_cast<int>(event.body_case()));
  if (event.body_case() == events::v1::Event::BODY_NOT_SET || field == nullptr) return nullptr;
  return &event.GetReflection()->GetMessage(event, field);
}

std::string VerdictWords(const events::v1::Verdict& verdict) {
  const std::string_view words = RuleWords(verdict.rule());
  const std::string rule = words.empty() ? verdict.rule() : fmt::format("{} ({})", words, verdict.rule());
  switch (verdict.outcome()) {
    case events::v1::VERDICT_OUTCOME_APPLIED:
      return "applied";
    case events::v1::VERDICT_OUTCOME_DUPLICATE:
      return fmt::format("repeated delivery of the record at offset {}", verdict.first_offset());
    case events::v1::VERDICT_OUTCOME_REFUSED:
      return rule.empty() ? "refused" : "refused: " + rule;
    default:
      return "not judged";
  }
}

std::string StaffText(const std::string& staff_id, const StaffNames& names) {
  const auto found = names.find(staff_id);
  return found == names.end() || found->second.empty() ? staff_id : staff_id + " " + found->second;
}

void AddStaff(const events::v1::Event& event, std::set<std::string>* staff_ids) {
  if (event.actor().kind() == events::v1::ACTOR_KIND_STAFF && !event.actor().id().empty())
    staff_ids->insert(event.actor().id());
  if (const Message* body = BodyOf(event)) AddStaffBelow(*body, 0, staff_ids);
}

std::string ActorText(const events::v1::Event& event, const StaffNames& names) {
  const auto& actor = event.actor();
  const std::string id = actor.kind() == events::v1::ACTOR_KIND_CLIENT ? actor.id() : StaffText(actor.id(), names);
  std::string text = Joined({EnumText(actor.kind()) + (id.empty() ? "" : " " + id), actor.team()}, ", ");
  if (!event.source().empty()) text += fmt::format("{}told by {}", text.empty() ? "" : "\n", event.source());
  return text;
}

std::vector<std::string> DetailLines(const Message& message, const Zone& zone, const StaffNames& names,
                                 const std::vector<std::string_view>& skip) {
  std::vector<std::string> lines;
  Teller(zone, names, &lines).Tell(message, "", skip, 0);
  return lines;
}

}  // namespace kefu::cli

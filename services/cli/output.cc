#include "services/cli/output.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>

#include "kefu/privacy/v1/privacy.pb.h"
#include "platform/base/time.h"
#include "platform/runtime/json.h"
#include "platform/runtime/text.h"

namespace kefu::cli {

Status PrintJson(const google::protobuf::Message& message) {
  ASSIGN_OR_RETURN(const std::string json, runtime::ToJson(message));
  fmt::print("{}\n", json);
  std::fflush(stdout);
  return OkStatus();
}

void PrintTable(const runtime::Table& table) {
  fmt::print("{}", table.Text(runtime::IsTerminal(stdout) ? runtime::TerminalWidth(stdout) : 0));
  std::fflush(stdout);
}

void PrintDetails(const Details& details) {
  int width = 0;
  for (const auto& [label, value] : details) {
    if (!value.empty()) width = std::max(width, runtime::DisplayWidth(label));
  }
  for (const auto& [label, value] : details) {
    if (!value.empty()) fmt::print("{}  {}\n", runtime::PadToWidth(label, width), runtime::Printable(value));
  }
  std::fflush(stdout);
}

void Remark(const Tool& tool, std::string_view text) {
  if (!tool.options().quiet) fmt::print(stderr, "{}\n", text);
}

std::string EnumText(const google::protobuf::EnumDescriptor* type, int value) {
  if (value == 0) return "";
  const auto* entry = type->FindValueByNumber(value);
  if (entry == nullptr) return fmt::format("{}", value);
  // All values begin with the type's own name: CaseStatus, CASE_STATUS_OPEN. The zero value ends in UNSPECIFIED.
  constexpr std::string_view kZeroEnd = "UNSPECIFIED";
  const std::string& zero = type->FindValueByNumber(0)->name();
  std::string text = entry->name().substr(zero.size() - kZeroEnd.size());
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

std::string TimeText(const google::protobuf::Timestamp& time) {
  if (time.seconds() == 0 && time.nanos() == 0) return "";
  return absl::FormatTime("%Y-%m-%d %H:%M:%S", FromProto(time), absl::LocalTimeZone());
}

std::string MoneyText(const events::v1::Money& money) {
  if (money.currency().empty()) return "";
  // ISO 4217: these have no minor unit.
  for (const std::string_view whole : {"JPY", "KRW", "VND", "ISK", "CLP", "XAF", "XOF", "XPF"}) {
    if (money.currency() == whole) return fmt::format("{} {}", runtime::WithThousands(money.minor_units()), whole);
  }
  const int64_t units = money.minor_units() / 100;
  const int cents = std::abs(static_cast<int>(money.minor_units() % 100));
  const char* sign = money.minor_units() < 0 && units == 0 ? "-" : "";
  return fmt::format("{}{}.{:02} {}", sign, runtime::WithThousands(units), cents, money.currency());
}

std::string JoinText(const google::protobuf::RepeatedPtrField<std::string>& texts) {
  return fmt::format("{}", fmt::join(texts.begin(), texts.end(), ", "));
}

void ClearPersonal(google::protobuf::Message* message) {
  const auto* reflection = message->GetReflection();
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  reflection->ListFields(*message, &fields);
  for (const auto* field : fields) {
    const auto sensitivity = field->options().GetExtension(privacy::v1::sensitivity);
    if (sensitivity != privacy::v1::SENSITIVITY_UNSPECIFIED) {
      reflection->ClearField(message, field);
    } else if (field->cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE) {
      if (!field->is_repeated()) {
        ClearPersonal(reflection->MutableMessage(message, field));
        continue;
      }
      for (int i = 0; i < reflection->FieldSize(*message, field); ++i) {
        ClearPersonal(reflection->MutableRepeatedMessage(message, field, i));
      }
    }
  }
}

}  // namespace kefu::cli

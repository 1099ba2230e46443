#pragma once

// What verbs print: tables and details for people, one JSON object a line for programs.

#include <google/protobuf/message.h>
#include <google/protobuf/timestamp.pb.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kefu/events/v1/common.pb.h"
#include "platform/base/status.h"
#include "platform/runtime/table.h"
#include "services/cli/verb.h"

namespace kefu::cli {

// One line of JSON on stdout, flushed, so that a pipe sees it at once.
Status PrintJson(const google::protobuf::Message& message);

// On stdout, cut to the terminal's width.
void PrintTable(const runtime::Table& table);

// "Label   value" lines; pairs with an empty value are left out.
using Details = std::vector<std::pair<std::string, std::string>>;
void PrintDetails(const Details& details);

// On stderr, unless --quiet.
void Remark(const Tool& tool, std::string_view text);

// "open" for CASE_STATUS_OPEN; empty for the zero value.
std::string EnumText(const google::protobuf::EnumDescriptor* type, int value);
template <class Enum>
std::string EnumText(Enum value) {
  return EnumText(google::protobuf::GetEnumDescriptor<Enum>(), static_cast<int>(value));
}

// "2026-03-01 09:30:00" in the zone of TZ; empty for the zero time.
std::string TimeText(const google::protobuf::Timestamp& time);
// "1,234.56 CNY"; empty without a currency.
std::string MoneyText(const events::v1::Money& money);
std::string JoinText(const google::protobuf::RepeatedPtrField<std::string>& texts);

// Clears every field that the protos mark as personal, at any depth. Lists over many clients go through it unless
// --personal is given.
void ClearPersonal(google::protobuf::Message* message);

}  // namespace kefu::cli

#include "platform/event/plan.h"

#include <google/protobuf/duration.pb.h>
#include <google/protobuf/field_mask.pb.h>
#include <google/protobuf/timestamp.pb.h>
#include <google/protobuf/util/field_mask_util.h>

#include <map>
#include <memory>
#include <set>
#include <string_view>

#include "kefu/events/v1/event.pb.h"

namespace kefu::event::internal {

namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::util::FieldMaskUtil;

struct RuleFor {
  std::string_view field;  // within kefu.events.v1
  Rule rule;
  int64_t min = 0;
  int64_t max = std::numeric_limits<int64_t>::max();
};

// The rules that a type alone does not say. Case ids of all case bodies are added below.
constexpr RuleFor kRules[] = {
    {"ClientRegistered.kind", Rule::kRequired},
    {"ClientProfileChanged.changed", Rule::kRequired},
    {"ServiceConfigurationChanged.configuration", Rule::kRequired},
    {"ClientStatusChanged.status", Rule::kRequired},
    {"Consent.purpose", Rule::kRequired},
    {"ContactRecorded.channel", Rule::kRequired},
    {"ContactRecorded.direction", Rule::kRequired},
    {"ContactRecorded.case_id", Rule::kCaseIdIfAny},
    {"OfferProgressed.stage", Rule::kRequired},
    {"OfferProgressed.case_id", Rule::kCaseIdIfAny},
    {"ComplaintReceived.opening", Rule::kRequired},
    {"ServiceRequestOpened.opening", Rule::kRequired},
    {"CaseOpening.channel", Rule::kRequired},
    {"CaseWorkRecorded.activity", Rule::kRequired},
    {"CaseWorkRecorded.phase", Rule::kRequired},
    {"Evidence.sha256", Rule::kSha256},
    {"Evidence.size_bytes", Rule::kRange},
    {"Precondition.revision", Rule::kRange},
    {"QuietHours.from_minute", Rule::kRange, 0, 1439},
    {"QuietHours.to_minute", Rule::kRange, 0, 1439},
    {"FinancialYear.year", Rule::kRange, 1800, 9999},
    {"InvestmentNeeds.horizon_months", Rule::kRange},
    {"InvestmentNeeds.experience_years", Rule::kRange},
    {"InvestmentNeeds.trades_per_month", Rule::kRange},
};

constexpr std::string_view kPackage = "kefu.events.v1.";

// Bodies of the case aggregate, by the ranges of tags at Event.body.
constexpr int kFirstCaseTag = 300;
constexpr int kLastCaseTag = 399;

bool IsCaseBody(const Descriptor* type) {
  const auto* body = events::v1::Event::descriptor()->FindOneofByName("body");
  for (int i = 0; i < body->field_count(); ++i) {
    const FieldDescriptor* field = body->field(i);
    if (field->message_type() == type) return field->number() >= kFirstCaseTag && field->number() <= kLastCaseTag;
  }
  return false;
}

// 0001-01-01 to 9999-12-31, as google/protobuf/timestamp.proto has it.
bool CheckTimestamp(const Message& message, Fault* fault) {
  const auto& time = static_cast<const google::protobuf::Timestamp&>(message);
  if (time.seconds() >= -62135596800 && time.seconds() <= 253402300799 && time.nanos() >= 0 &&
      time.nanos() <= 999'999'999)
    return true;
  *fault = {"TIME_INVALID", "is no time between the years 1 and 9999", {}};
  return false;
}

// Up to 10,000 years, both parts of one sign, as google/protobuf/duration.proto has it. No duration of ours runs
// backwards.
bool CheckDuration(const Message& message, Fault* fault) {
  const auto& duration = static_cast<const google::protobuf::Duration&>(message);
  if (duration.seconds() >= 0 && duration.seconds() <= 315'576'000'000 && duration.nanos() >= 0 &&
      duration.nanos() <= 999'999'999)
    return true;
  *fault = {"DURATION_INVALID", "is no duration from 0 to 10,000 years", {}};
  return false;
}

bool IsProfilePath(std::string_view path) {
  // protobuf's own check passes over empty parts.
  if (path.empty() || path.front() == '.' || path.back() == '.' || path.find("..") != std::string_view::npos)
    return false;
  return FieldMaskUtil::IsValidPath<events::v1::ClientProfile>(std::string(path));
}

bool CheckProfileMask(const Message& message, Fault* fault) {
  const auto& mask = static_cast<const google::protobuf::FieldMask&>(message);
  if (mask.paths().empty()) {
    *fault = {"FIELD_MASK_INVALID", "names no field", "paths"};
    return false;
  }
  for (int i = 0; i < mask.paths_size(); ++i) {
    if (IsProfilePath(mask.paths(i))) continue;
    *fault = {"FIELD_MASK_INVALID", "is no path below ClientProfile", fmt::format("paths[{}]", i)};
    return false;
  }
  return true;
}

bool CheckMoney(const Message& message, Fault* fault) {
  const std::string& currency = static_cast<const events::v1::Money&>(message).currency();
  const auto is_capital = [](char c) { return c >= 'A' && c <= 'Z'; };
  if (currency.size() == 3 && std::all_of(currency.begin(), currency.end(), is_capital)) return true;
  *fault = {"CURRENCY_INVALID", "must be three capitals of ISO 4217, such as CNY", "currency"};
  return false;
}

bool CheckDate(const Message& message, Fault* fault) {
  const auto& date = static_cast<const events::v1::CalendarDate&>(message);
  const absl::CivilDay day(date.year(), date.month(), date.day());
  // CivilDay carries what is too large over into the next month, so a day that does not exist comes back changed.
  if (date.year() >= 1800 && date.year() <= 9999 && day.month() == date.month() && day.day() == date.day()) return true;
  *fault = {"DATE_INVALID", "is no day of the calendar between the years 1800 and 9999", {}};
  return false;
}

WholeCheck WholeCheckOf(const Descriptor* type) {
  static const std::map<const Descriptor*, WholeCheck> checks = {
      {google::protobuf::Timestamp::descriptor(), &CheckTimestamp},
      {google::protobuf::Duration::descriptor(), &CheckDuration},
      {google::protobuf::FieldMask::descriptor(), &CheckProfileMask},
      {events::v1::Money::descriptor(), &CheckMoney},
      {events::v1::CalendarDate::descriptor(), &CheckDate},
  };
  const auto found = checks.find(type);
  return found == checks.end() ? nullptr : found->second;
}

class Planner {
 public:
  const MessagePlan* PlanOf(const Descriptor* type) {
    auto& slot = plans_[type];
    if (slot != nullptr) return slot.get();
    slot = std::make_unique<MessagePlan>();
    MessagePlan* plan = slot.get();
    plan->whole = WholeCheckOf(type);
    const bool case_body = IsCaseBody(type);
    for (int i = 0; i < type->field_count(); ++i) {
      const FieldDescriptor* field = type->field(i);
      if (field->real_containing_oneof() != nullptr) continue;
      FieldPlan planned = PlanField(field);
      if (case_body && field->name() == "case_id") planned.rule = Rule::kCaseId;
      if (NeedsLook(planned)) plan->fields.push_back(planned);
    }
    for (int i = 0; i < type->real_oneof_decl_count(); ++i) {
      OneofPlan oneof{type->oneof_decl(i), {}};
      for (int j = 0; j < oneof.oneof->field_count(); ++j) oneof.fields.push_back(PlanField(oneof.oneof->field(j)));
      plan->oneofs.push_back(std::move(oneof));
    }
    return plan;
  }

 private:
  FieldPlan PlanField(const FieldDescriptor* field) {
    FieldPlan planned;
    planned.field = field;
    for (const RuleFor& rule : kRules) {
      if (field->full_name() != std::string(kPackage).append(rule.field)) continue;
      planned.rule = rule.rule;
      planned.min = rule.min;
      planned.max = rule.max;
    }
    if (field->message_type() != nullptr) planned.message = PlanOf(field->message_type());
    return planned;
  }

  static bool NeedsLook(const FieldPlan& planned) {
    switch (planned.field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_STRING:
      case FieldDescriptor::CPPTYPE_ENUM:
      case FieldDescriptor::CPPTYPE_MESSAGE:
        return true;
      default:
        return planned.rule != Rule::kNone;
    }
  }

  // Filled before its fields are planned, so that a type within itself ends.
  std::map<const Descriptor*, std::unique_ptr<MessagePlan>> plans_;
};

}  // namespace

const MessagePlan& EventPlan() {
  static Planner* planner = new Planner;
  static const MessagePlan* plan = planner->PlanOf(events::v1::Event::descriptor());
  return *plan;
}

std::vector<std::string> RulesWithoutField() {
  std::vector<std::string> missing;
  const auto* pool = google::protobuf::DescriptorPool::generated_pool();
  for (const RuleFor& rule : kRules) {
    const std::string name = std::string(kPackage).append(rule.field);
    if (pool->FindFieldByName(name) == nullptr) missing.push_back(name);
  }
  return missing;
}

bool IsVisibleAscii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

}  // namespace kefu::event::internal

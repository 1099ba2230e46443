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
#include "platform/event/broadcast.h"

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
    {"InvestmentNeeds.expected_return_bp", Rule::kRange, -100'000, 100'000},

    {"ConsentChanged.consent", Rule::kRequired},
    {"ChannelIdentityLinked.identity", Rule::kRequired},
    {"ChannelIdentity.channel", Rule::kRequired},
    {"ChannelIdentity.handle", Rule::kRequired},
    {"ChannelIdentityUnlinked.channel", Rule::kRequired},
    {"ChannelIdentityUnlinked.handle", Rule::kRequired},
    {"OrganisationUnit.unit_id", Rule::kRequired},

    {"TradingDaySummarised.day", Rule::kRequired},
    {"TradingDaySummarised.trades", Rule::kRange},
    {"InstrumentShare.share_bp", Rule::kRange, 0, 10'000},
    {"AssetsValued.day", Rule::kRequired},
    {"AssetsValued.assets", Rule::kRequired},

    {"ClientRecordsMerged.surviving_client_id", Rule::kRequired},
    {"ClientRecordsMerged.merged_client_id", Rule::kRequired},
    {"ClientRecordsSplit.merge_event_id", Rule::kRequired},
    {"ClientRelationStarted.relation_id", Rule::kRequired},
    {"ClientRelationStarted.kind", Rule::kRequired},
    {"ClientRelationStarted.client_id", Rule::kRequired},
    {"ClientRelationStarted.other_client_id", Rule::kRequired},
    {"ClientRelationEnded.relation_id", Rule::kRequired},

    {"PromiseMade.promise_id", Rule::kRequired},
    {"PromiseMade.case_id", Rule::kCaseIdIfAny},
    {"PromiseMade.due_at", Rule::kRequired},
    {"PromiseKept.promise_id", Rule::kRequired},
    {"PromiseReleased.promise_id", Rule::kRequired},
    {"CallBackPlanned.call_back_id", Rule::kRequired},
    {"CallBackPlanned.case_id", Rule::kCaseIdIfAny},
    {"CallBackPlanned.due_at", Rule::kRequired},
    {"CallBackDone.call_back_id", Rule::kRequired},
    {"CallBackCancelled.call_back_id", Rule::kRequired},
    {"SatisfactionRated.scale", Rule::kRequired},
    {"SatisfactionRated.score", Rule::kRange, 0, 10},
    {"SatisfactionRated.case_id", Rule::kCaseIdIfAny},

    {"CaseResponseSent.kind", Rule::kRequired},
    {"CaseReferred.external", Rule::kRequired},

    {"RulesVersionAdopted.version", Rule::kRange, 1, kNewestRulesVersion},
    {"UnitPublished.unit_id", Rule::kRequired},
    {"UnitPublished.level", Rule::kRequired},
    {"CalendarPublished.calendar_id", Rule::kRequired},
    {"CalendarPublished.version", Rule::kRange, 1, std::numeric_limits<int32_t>::max()},
    {"CalendarPublished.kind", Rule::kRequired},
    {"CalendarPublished.zone", Rule::kRequired},
    {"CalendarPublished.covers_from", Rule::kRequired},
    {"CalendarPublished.covers_until", Rule::kRequired},
    {"ZoneOffsets.offset_seconds", Rule::kRange, -64'800, 64'800},
    {"ZoneShift.at", Rule::kRequired},
    {"ZoneShift.offset_seconds", Rule::kRange, -64'800, 64'800},
    {"WeekdayHours.weekday", Rule::kRequired},
    {"DaySpan.from_minute", Rule::kRange, 0, 1440},
    {"DaySpan.until_minute", Rule::kRange, 0, 1440},
    {"CalendarException.day", Rule::kRequired},
    {"PolicyPackPublished.pack_id", Rule::kRequired},
    {"PolicyPackPublished.version", Rule::kRange, 1, std::numeric_limits<int32_t>::max()},
    {"PolicyPackPublished.effective_from", Rule::kRequired},
    {"ClockRule.clock_id", Rule::kRequired},
    {"ClockRule.starts_at", Rule::kRequired},
    {"ClockRule.due", Rule::kRequired},
    {"DueTime.amount", Rule::kRange, 0, 5'270'400},
    {"DueTime.unit", Rule::kRequired},
    {"DueTime.calendar_id", Rule::kRequired},
    {"ClockPauseRule.waiting_on", Rule::kRequired},
    {"ClockPauseRule.limit", Rule::kRange, 0, 5'270'400},
    {"CodeSetPublished.scheme", Rule::kRequired},
    {"CodeSetPublished.version", Rule::kRequired},
    {"CodeEntry.value", Rule::kRequired},
    {"SegmentRulesPublished.scheme", Rule::kRequired},
    {"SegmentRulesPublished.version", Rule::kRange, 1, std::numeric_limits<int32_t>::max()},
    {"SegmentRule.segment", Rule::kRequired},
    {"SegmentRule.condition", Rule::kRequired},
    {"ChurnModelPublished.version", Rule::kRange, 1, std::numeric_limits<int32_t>::max()},
    {"ModelTerm.fact", Rule::kRequired},

    {"StaffPublished.staff_id", Rule::kRequired},
    {"StaffPublished.unit_id", Rule::kRequired},
    {"QualificationRecorded.staff_id", Rule::kRequired},
    {"QualificationRecorded.qualification", Rule::kRequired},
    {"QualificationRecorded.valid_from", Rule::kRequired},
    {"QualificationRecorded.permitted_acts", Rule::kRequired},
    {"TrainingRecorded.staff_id", Rule::kRequired},
    {"TrainingRecorded.completed", Rule::kRequired},
    {"TrainingRecorded.minutes", Rule::kRange},
    {"TrainingRecorded.law_and_ethics_minutes", Rule::kRange},
    {"ClientAssignedToBroker.staff_id", Rule::kRequired},
    {"ClientAssignedToBroker.role", Rule::kRequired},
    {"ClientInformedOfHandover.handover_id", Rule::kRequired},
    {"ClientInformedOfHandover.channel", Rule::kRequired},
    {"ClientInformedOfHandover.choice", Rule::kRequired},
    {"WorkReassigned.kind", Rule::kRequired},
    {"WorkReassigned.work_id", Rule::kRequired},
    {"WorkReassigned.to_staff_id", Rule::kRequired},
    {"HandoverOpened.handover_id", Rule::kRequired},
    {"HandoverOpened.from_staff_id", Rule::kRequired},
    {"HandoverOpened.last_day", Rule::kRequired},
    {"HandoverOpened.book_clients", Rule::kRange},
    {"HandoverSuccessorNamed.handover_id", Rule::kRequired},
    {"HandoverSuccessorNamed.to_staff_id", Rule::kRequired},
    {"HandoverCancelled.handover_id", Rule::kRequired},
    {"HandoverShareSettled.handover_id", Rule::kRequired},
    {"HandoverShareSettled.counts", Rule::kRequired},
    {"HandoverShareSettled.digest", Rule::kSha256},
    {"HandoverCompleted.handover_id", Rule::kRequired},
    {"HandoverCompleted.counts", Rule::kRequired},
    {"HandoverCompleted.digest", Rule::kSha256},
    {"LeadRaised.lead_id", Rule::kRequired},
    {"LeadRaised.direction", Rule::kRequired},
    {"LeadRaised.raised_by", Rule::kRequired},
    {"LeadRaised.due_at", Rule::kRequired},
    {"LeadAccepted.lead_id", Rule::kRequired},
    {"LeadAccepted.staff_id", Rule::kRequired},
    {"LeadDeclined.lead_id", Rule::kRequired},
    {"LeadWorked.lead_id", Rule::kRequired},
    {"LeadWorked.activity", Rule::kRequired},
    {"LeadWon.lead_id", Rule::kRequired},
    {"LeadCredit.staff_id", Rule::kRequired},
    {"LeadCredit.share_bp", Rule::kRange, 0, 10'000},
    {"LeadLost.lead_id", Rule::kRequired},
    {"LeadEscalated.lead_id", Rule::kRequired},
    {"LeadEscalated.due_at", Rule::kRequired},
    {"NextActionAnswered.action_id", Rule::kRequired},
    {"NextActionAnswered.answer", Rule::kRequired},
    {"NeedsAssessed.assessment_id", Rule::kRequired},
    {"NeedsAssessed.staff_id", Rule::kRequired},
    {"NeedsAssessed.needs", Rule::kRequired},
    {"RiskAssessed.assessment_id", Rule::kRequired},
    {"RiskAssessed.investor_class", Rule::kRequired},
    {"RiskAssessed.score", Rule::kRange},
    {"InvestorClassified.status", Rule::kRequired},
    {"RecommendationMade.recommendation_id", Rule::kRequired},
    {"RecommendationMade.product_id", Rule::kRequired},
    {"RecommendationMade.staff_id", Rule::kRequired},
    {"MismatchWarning.text_version", Rule::kRequired},
    {"MismatchWarning.warned_at", Rule::kRequired},
    {"RecommendationFollowedUp.recommendation_id", Rule::kRequired},
    {"RecommendationFollowedUp.result", Rule::kRequired},
    {"RecommendationFollowedUp.horizon_days", Rule::kRange},
    {"SuitabilityPackPublished.pack_id", Rule::kRequired},
    {"SuitabilityPackPublished.version", Rule::kRange, 1, std::numeric_limits<int32_t>::max()},
    {"SuitabilityPackPublished.effective_from", Rule::kRequired},
    {"SuitabilityPackPublished.rows", Rule::kRequired},
    {"SuitabilityPackPublished.assessment_valid_months", Rule::kRange, 1, 1200},
    {"SuitabilityRow.investor_class", Rule::kRequired},
    {"SuitabilityRow.highest_risk", Rule::kRequired},
    {"ServiceProductPublished.product_id", Rule::kRequired},
    {"ServiceProductPublished.version", Rule::kRange, 1, std::numeric_limits<int32_t>::max()},
    {"ServiceProductPublished.name", Rule::kRequired},
    {"ServiceProductPublished.kind", Rule::kRequired},
    {"ServiceProductPublished.risk", Rule::kRequired},
    {"ServiceProductPublished.least_assets", Rule::kRange},
    {"ProductStep.step_id", Rule::kRequired},
    {"ProductStep.within_minutes", Rule::kRange, 0, 5'270'400},
    {"SegmentReference.scheme", Rule::kRequired},
    {"SegmentReference.segment", Rule::kRequired},
    {"ProductAliasPublished.alias", Rule::kRequired},
    {"ProductAliasPublished.product_id", Rule::kRequired},
    {"BundlePublished.bundle_id", Rule::kRequired},
    {"BundlePublished.version", Rule::kRange, 1, std::numeric_limits<int32_t>::max()},
    {"BundlePublished.segment", Rule::kRequired},
    {"BundlePublished.product_ids", Rule::kRequired},
    {"ServiceLevelsPublished.pack_id", Rule::kRequired},
    {"ServiceLevelsPublished.version", Rule::kRange, 1, std::numeric_limits<int32_t>::max()},
    {"ServiceLevelsPublished.effective_from", Rule::kRequired},
    {"ServiceLevelsPublished.levels", Rule::kRequired},
    {"ServiceLevel.contact_every_days", Rule::kRange, 0, 3660},
    {"NextActionRulesPublished.version", Rule::kRange, 1, std::numeric_limits<int32_t>::max()},
    {"NextActionRule.action_id", Rule::kRequired},
    {"NextActionRule.condition", Rule::kRequired},
    {"NextActionRule.rests_days", Rule::kRange, 0, 3660},
    {"CallBackProgrammePublished.programme", Rule::kRequired},
    {"CallBackProgrammePublished.version", Rule::kRange, 1, std::numeric_limits<int32_t>::max()},
    {"CallBackProgrammePublished.selection", Rule::kRequired},
    {"CallBackProgrammePublished.share_bp", Rule::kRange, 0, 10'000},
    {"CallBackProgrammePublished.within_days", Rule::kRange, 0, 3660},
    {"ServiceSubscribed.subscription_id", Rule::kRequired},
    {"ServiceSubscribed.product_id", Rule::kRequired},
    {"ServiceDelivered.subscription_id", Rule::kRequired},
    {"ServiceDelivered.step_id", Rule::kRequired},
    {"ServiceEnded.subscription_id", Rule::kRequired},

    {"ClockStarted.case_id", Rule::kCaseId},
    {"ClockStarted.clock_id", Rule::kRequired},
    {"ClockPaused.case_id", Rule::kCaseId},
    {"ClockPaused.clock_id", Rule::kRequired},
    {"ClockResumed.case_id", Rule::kCaseId},
    {"ClockResumed.clock_id", Rule::kRequired},
    {"ClockMet.case_id", Rule::kCaseId},
    {"ClockMet.clock_id", Rule::kRequired},
    {"ClockBreached.case_id", Rule::kCaseId},
    {"ClockBreached.clock_id", Rule::kRequired},
    {"ClockDropped.case_id", Rule::kCaseId},
    {"ClockDropped.clock_id", Rule::kRequired},
    {"CheckpointSigned.note", Rule::kRequired},
    {"CheckpointSigned.partitions", Rule::kRequired},
    {"PartitionCheckpoint.size", Rule::kRange},
    {"PartitionCheckpoint.next_offset", Rule::kRange},
    {"PartitionCheckpoint.note", Rule::kRequired},
    {"CheckpointKeyChanged.old_key", Rule::kRequired},
    {"CheckpointKeyChanged.new_key", Rule::kRequired},
    {"CheckpointKeyChanged.statement", Rule::kRequired},
    {"CheckpointLossAccepted.reason", Rule::kRequired},
    {"AuditAccessed.call", Rule::kRequired},
    {"AuditAccessed.reason", Rule::kRequired},
    {"RegulatoryReturnFiled.return_id", Rule::kRequired},
    {"RegulatoryReturnFiled.request", Rule::kRequired},
    {"RegulatoryReturnFiled.position", Rule::kRequired},
    {"RegulatoryReturnFiled.sha256", Rule::kSha256},
    {"RegulatoryReturnFiled.size_bytes", Rule::kRange},
    {"ViewSwitched.view", Rule::kRequired},
    {"ViewSwitched.from_build", Rule::kRequired},
    {"ViewSwitched.to_build", Rule::kRequired},
    {"EventCorrected.corrected_event_id", Rule::kRequired},
    {"EventCorrected.reason", Rule::kRequired},
    {"EventCorrected.event", Rule::kRequired},
    {"EventAnnulled.annulled_event_id", Rule::kRequired},
    {"EventAnnulled.reason", Rule::kRequired},
    {"LegalHoldPlaced.hold_id", Rule::kRequired},
    {"LegalHoldPlaced.case_id", Rule::kCaseIdIfAny},
    {"LegalHoldLifted.hold_id", Rule::kRequired},
    {"RetentionPublished.version", Rule::kRange, 1, std::numeric_limits<int32_t>::max()},
    {"RetentionPublished.classes", Rule::kRequired},
    {"RetentionClass.class_id", Rule::kRequired},
    {"RetentionClass.years", Rule::kRange, 1, 100},
    {"RetentionClass.source", Rule::kRequired},

    {"ClientClassified.scheme", Rule::kRequired},
    {"ClientClassified.as_of", Rule::kRequired},
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

// A newer build knows more of them, so admission does not look.
bool CheckRetentionKinds(const Message& message, Fault* fault) {
  const auto& retention = static_cast<const events::v1::RetentionClass&>(message);
  const auto* bodies = events::v1::Event::descriptor()->FindOneofByName("body");
  for (int i = 0; i < retention.kinds_size(); ++i) {
    const auto* field = events::v1::Event::descriptor()->FindFieldByName(retention.kinds(i));
    if (field != nullptr && field->containing_oneof() == bodies) continue;
    *fault = {"KIND_UNKNOWN", "is no kind of event, such as contact_recorded", fmt::format("kinds[{}]", i)};
    return false;
  }
  return true;
}

WholeCheck WholeCheckOf(const Descriptor* type) {
  static const std::map<const Descriptor*, WholeCheck> checks = {
      {google::protobuf::Timestamp::descriptor(), &CheckTimestamp},
      {google::protobuf::Duration::descriptor(), &CheckDuration},
      {google::protobuf::FieldMask::descriptor(), &CheckProfileMask},
      {events::v1::Money::descriptor(), &CheckMoney},
      {events::v1::CalendarDate::descriptor(), &CheckDate},
      {events::v1::RetentionClass::descriptor(), &CheckRetentionKinds},
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

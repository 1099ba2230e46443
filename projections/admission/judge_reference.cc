#include <limits>
#include <string>

#include "projections/admission/admission.h"
#include "projections/admission/judges.h"
#include "projections/admission/reference_rules.h"

namespace kefu::admission {

namespace {

using events::v1::Event;

// Levels of units above one another; more is taken for a cycle, too.
constexpr int kMostLevels = 64;
// A partition begins with this version of the rules.
constexpr int32_t kFirstRules = 1;

const CalendarState* FindCalendar(const std::string& calendar_id, Memory& memory) {
  return memory.Find<Calendars>(calendar_id);
}

bool IsNext(int32_t version, int32_t last) {
  return last < std::numeric_limits<int32_t>::max() && version == last + 1;
}

bool IsAtOrAbove(const std::string& sought, std::string unit_id, Memory& memory) {
  for (int level = 0; level < kMostLevels; ++level) {
    if (unit_id == sought) return true;
    const UnitState* unit = memory.Find<Units>(unit_id);
    if (unit == nullptr || unit->parent_unit_id().empty()) return false;
    unit_id = unit->parent_unit_id();
  }
  return true;
}

Rule JudgeUnit(const events::v1::UnitPublished& unit, Memory& memory) {
  if (!IsUnitId(unit.unit_id())) return Rule::kReferenceIdInvalid;
  const std::string& parent = unit.parent_unit_id();
  if (parent == unit.unit_id()) return Rule::kTreeHasCycle;
  if (!parent.empty() && memory.Find<Units>(parent) == nullptr) return Rule::kUnitUnknown;
  if (!parent.empty() && IsAtOrAbove(unit.unit_id(), parent, memory)) return Rule::kTreeHasCycle;
  if (!unit.calendar_id().empty() && FindCalendar(unit.calendar_id(), memory) == nullptr) return Rule::kCalendarUnknown;
  return Rule::kNone;
}

Rule JudgeCalendar(const events::v1::CalendarPublished& calendar, Memory& memory) {
  const CalendarState* last = FindCalendar(calendar.calendar_id(), memory);
  if (!IsNext(calendar.version(), last != nullptr ? last->version() : 0)) return Rule::kVersionNotNext;
  // Packs were held against its kind.
  if (last != nullptr && calendar.kind() != last->kind()) return Rule::kCalendarOfOtherKind;
  return CheckCalendarContent(calendar);
}

Rule JudgePack(const Event& event, Memory& memory) {
  const auto& pack = event.policy_pack_published();
  const Rule rule = JudgeVersion(event.body_case(), pack.pack_id(), pack.version(), memory);
  if (rule != Rule::kNone) return rule;
  return CheckPack(pack, [&](const std::string& calendar_id) {
    const CalendarState* calendar = FindCalendar(calendar_id, memory);
    return calendar != nullptr ? calendar->kind() : events::v1::CALENDAR_KIND_UNSPECIFIED;
  });
}

Rule JudgeCodeSet(const events::v1::CodeSetPublished& codes, Memory& memory) {
  if (memory.Find<CodeSets>(codes.scheme(), codes.version()) != nullptr) return Rule::kVersionNotNext;
  return CheckCodeSet(codes);
}

Rule JudgeSegmentRules(const Event& event, Memory& memory) {
  const auto& rules = event.segment_rules_published();
  const Rule rule = JudgeVersion(event.body_case(), rules.scheme(), rules.version(), memory);
  if (rule != Rule::kNone) return rule;
  return CheckSegmentRules(rules);
}

Rule JudgeModel(const Event& event, Memory& memory) {
  const auto& model = event.churn_model_published();
  const Rule rule = JudgeVersion(event.body_case(), {}, model.version(), memory);
  if (rule != Rule::kNone) return rule;
  return CheckModel(model);
}

Rule JudgeRetention(const Event& event, Memory& memory) {
  const auto& retention = event.retention_published();
  const Rule rule = JudgeVersion(event.body_case(), {}, retention.version(), memory);
  return rule != Rule::kNone ? rule : CheckRetention(retention);
}

Rule JudgeContent(const Event& event, Memory& memory) {
  switch (event.body_case()) {
    case Event::kRulesVersionAdopted:
      return IsNext(event.rules_version_adopted().version(), RulesVersionOf(memory)) ? Rule::kNone
                                                                                     : Rule::kVersionNotNext;
    case Event::kUnitPublished:
      return JudgeUnit(event.unit_published(), memory);
    case Event::kCalendarPublished:
      return JudgeCalendar(event.calendar_published(), memory);
    case Event::kPolicyPackPublished:
      return JudgePack(event, memory);
    case Event::kCodeSetPublished:
      return JudgeCodeSet(event.code_set_published(), memory);
    case Event::kSegmentRulesPublished:
      return JudgeSegmentRules(event, memory);
    case Event::kChurnModelPublished:
      return JudgeModel(event, memory);
    case Event::kRetentionPublished:
      return JudgeRetention(event, memory);
    default:
      return Rule::kBodyUnknown;
  }
}

Decision Move(const Event& event, Memory& memory) {
  switch (event.body_case()) {
    case Event::kRulesVersionAdopted: {
      const int32_t version = event.rules_version_adopted().version();
      if (version > kRulesVersion) return {.beyond_this_build = true};
      KeepVersion(event.body_case(), {}, version, memory);
      break;
    }
    case Event::kUnitPublished: {
      UnitState& unit = memory.Edit<Units>(event.unit_published().unit_id());
      unit.set_parent_unit_id(event.unit_published().parent_unit_id());
      unit.set_calendar_id(event.unit_published().calendar_id());
      break;
    }
    case Event::kCalendarPublished: {
      const auto& published = event.calendar_published();
      CalendarState& calendar = memory.Edit<Calendars>(published.calendar_id());
      calendar.set_version(published.version());
      calendar.set_kind(published.kind());
      *calendar.mutable_zone() = published.zone();
      break;
    }
    case Event::kPolicyPackPublished: {
      const auto& pack = event.policy_pack_published();
      KeepVersion(event.body_case(), pack.pack_id(), pack.version(), memory);
      break;
    }
    case Event::kCodeSetPublished: {
      const auto& codes = event.code_set_published();
      memory.Edit<CodeSets>(codes.scheme(), codes.version()).set_entries(codes.entries_size());
      break;
    }
    case Event::kSegmentRulesPublished: {
      const auto& rules = event.segment_rules_published();
      KeepVersion(event.body_case(), rules.scheme(), rules.version(), memory);
      break;
    }
    case Event::kChurnModelPublished:
      KeepVersion(event.body_case(), {}, event.churn_model_published().version(), memory);
      break;
    case Event::kRetentionPublished:
      KeepVersion(event.body_case(), {}, event.retention_published().version(), memory);
      break;
    default:
      break;
  }
  return {};
}

}  // namespace

Rule JudgeVersion(Event::BodyCase body, const std::string& id, int32_t version, Memory& memory) {
  const VersionState* last = memory.Find<Versions>(static_cast<int32_t>(body), id);
  return IsNext(version, last != nullptr ? last->version() : 0) ? Rule::kNone : Rule::kVersionNotNext;
}

void KeepVersion(Event::BodyCase body, const std::string& id, int32_t version, Memory& memory) {
  memory.Edit<Versions>(static_cast<int32_t>(body), id).set_version(version);
}

int32_t RulesVersionOf(Memory& memory) {
  const VersionState* adopted = memory.Find<Versions>(static_cast<int32_t>(Event::kRulesVersionAdopted), std::string());
  return adopted != nullptr ? adopted->version() : kFirstRules;
}

Decision TakeReference(const Event& copy, Memory& memory) { return Move(copy, memory); }

Decision JudgeReference(const Event& event, Memory& memory) {
  const Rule rule = OrPrecondition(JudgeContent(event, memory), event);
  return rule == Rule::kNone ? Move(event, memory) : Decision{rule, 0};
}

}  // namespace kefu::admission

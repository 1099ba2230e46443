#include "projections/sdk/suitability_rules.h"

#include <algorithm>

#include "platform/base/time.h"
#include "projections/sdk/branch_time.h"

namespace kefu::sdk {

namespace {

using events::v1::CalendarDate;
using events::v1::MismatchWarning;
using events::v1::RiskLevel;
using events::v1::SuitabilityPackPublished;
using events::v1::SuitabilityRow;
using query::v1::InvestorMoment;

absl::CivilDay DayOf(const CalendarDate& date) { return absl::CivilDay(date.year(), date.month(), date.day()); }

CalendarDate DateOf(absl::CivilDay day) {
  CalendarDate date;
  date.set_year(static_cast<int32_t>(day.year()));
  date.set_month(day.month());
  date.set_day(day.day());
  return date;
}

// The same day of a later month, or that month's last.
absl::CivilDay MonthsAfter(absl::CivilDay day, int32_t months) {
  const absl::CivilMonth month = absl::CivilMonth(day) + months;
  const absl::CivilDay last = absl::CivilDay(month + 1) - 1;
  return absl::CivilDay(month.year(), month.month(), std::min(day.day(), last.day()));
}

const SuitabilityRow* RowOf(const InvestorMoment& investor, const SuitabilityPackPublished& pack) {
  for (const SuitabilityRow& row : pack.rows())
    if (row.investor_class() == investor.investor_class() && row.lowest() == investor.lowest()) return &row;
  return nullptr;
}

bool Proves(const MismatchWarning& warning, absl::Time at) {
  return !warning.text_version().empty() && warning.has_warned_at() && FromProto(warning.warned_at()) <= at &&
         !warning.evidence().empty();
}

SuitabilityVerdict Refused(SuitabilityRefusal refusal, bool may_insist = false) { return {refusal, false, may_insist}; }

SuitabilityVerdict JudgeBy(const SuitabilityPackPublished& pack, const InvestorMoment& investor, RiskLevel risk,
                           absl::Time at, const MismatchWarning* insisted) {
  const absl::CivilDay day = BranchDayOf(at);
  const SuitabilityVerdict fits{SuitabilityRefusal::kNone, true, false};
  if (pack.professional_is_free() && IsProfessional(investor, day)) return fits;
  if (investor.investor_class() == events::v1::INVESTOR_CLASS_UNSPECIFIED)
    return Refused(SuitabilityRefusal::kAssessmentMissing);
  if (const auto last = LastDayOf(investor, pack); last && day > *last)
    return Refused(SuitabilityRefusal::kAssessmentExpired);
  const SuitabilityRow* row = RowOf(investor, pack);
  if (row != nullptr && risk <= row->highest_risk()) return fits;
  const bool may_insist = row != nullptr && risk <= row->highest_insisted_risk();
  if (insisted == nullptr) return Refused(SuitabilityRefusal::kUnsuitable, may_insist);
  if (!may_insist) return Refused(SuitabilityRefusal::kInsistingNotAllowed);
  if (!Proves(*insisted, at)) return Refused(SuitabilityRefusal::kWarningWithoutEvidence, true);
  return {SuitabilityRefusal::kNone, false, true};
}

}  // namespace

std::string_view NameOf(SuitabilityRefusal refusal) {
  switch (refusal) {
    case SuitabilityRefusal::kNone:
      return "";
    case SuitabilityRefusal::kPackMissing:
      return "suitability_pack_missing";
    case SuitabilityRefusal::kAssessmentMissing:
      return "assessment_missing";
    case SuitabilityRefusal::kAssessmentExpired:
      return "assessment_expired";
    case SuitabilityRefusal::kUnsuitable:
      return "unsuitable";
    case SuitabilityRefusal::kInsistingNotAllowed:
      return "insisting_not_allowed";
    case SuitabilityRefusal::kWarningWithoutEvidence:
      return "warning_without_evidence";
  }
  return "";
}

SuitabilityVerdict JudgeSuitability(const InvestorMoment& investor, RiskLevel risk, SuitabilityPacks packs,
                                    absl::Time at, const MismatchWarning* insisted) {
  SuitabilityVerdict all{SuitabilityRefusal::kNone, true, false};
  if (risk == events::v1::RISK_LEVEL_UNSPECIFIED) return all;
  if (packs.empty()) return Refused(SuitabilityRefusal::kPackMissing);
  // Insisting helps only where each pack either finds it fitting or allows that.
  bool each_allows = true;
  for (const SuitabilityPackPublished* pack : packs) {
    const SuitabilityVerdict one = JudgeBy(*pack, investor, risk, at, insisted);
    if (one.refusal != SuitabilityRefusal::kNone &&
        (all.refusal == SuitabilityRefusal::kNone || one.refusal < all.refusal))
      all.refusal = one.refusal;
    all.fits = all.fits && one.fits;
    each_allows = each_allows && (one.fits || one.may_insist);
  }
  all.may_insist = !all.fits && each_allows;
  return all;
}

std::optional<absl::CivilDay> LastDayOf(const InvestorMoment& investor, const SuitabilityPackPublished& pack) {
  if (investor.has_valid_until()) return DayOf(investor.valid_until());
  if (pack.assessment_valid_months() <= 0) return std::nullopt;
  return MonthsAfter(DayOf(investor.assessed_on()), pack.assessment_valid_months());
}

bool IsProfessional(const InvestorMoment& investor, absl::CivilDay day) {
  return investor.status() == events::v1::INVESTOR_STATUS_PROFESSIONAL &&
         (!investor.has_status_valid_until() || day <= DayOf(investor.status_valid_until()));
}

RiskLevel RiskOf(const events::v1::ServiceProductPublished& product) {
  const bool ungraded = product.risk() == events::v1::RISK_LEVEL_UNSPECIFIED;
  return ungraded && product.kind() == events::v1::PRODUCT_KIND_INSTRUMENT ? events::v1::RISK_LEVEL_R5
                                                                           : product.risk();
}

bool TakeAssessment(const events::v1::RiskAssessed& assessed, std::string_view event_id, absl::Time at,
                    InvestorMoment* investor) {
  const absl::CivilDay day = BranchDayOf(at);
  if (investor->has_assessed_on() && day < DayOf(investor->assessed_on())) return false;
  investor->set_investor_class(assessed.investor_class());
  investor->set_lowest(assessed.lowest());
  *investor->mutable_assessed_on() = DateOf(day);
  investor->clear_valid_until();
  if (assessed.has_valid_until()) *investor->mutable_valid_until() = assessed.valid_until();
  investor->set_assessment_event_id(std::string(event_id));
  return true;
}

bool TakeClassification(const events::v1::InvestorClassified& classified, std::string_view event_id, absl::Time at,
                        InvestorMoment* investor) {
  const absl::CivilDay day = BranchDayOf(at);
  if (investor->has_classified_on() && day < DayOf(investor->classified_on())) return false;
  investor->set_status(classified.status());
  *investor->mutable_classified_on() = DateOf(day);
  investor->clear_status_valid_until();
  if (classified.has_valid_until()) *investor->mutable_status_valid_until() = classified.valid_until();
  investor->set_status_event_id(std::string(event_id));
  return true;
}

}  // namespace kefu::sdk

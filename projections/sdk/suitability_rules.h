#pragma once

// Whether a product fits a client (適當性匹配). Admission refuses by these rules what is recommended; the query service
// answers by them what would be refused, matches products, and decides every recommendation again.

#include <absl/time/civil_time.h>
#include <absl/time/time.h>
#include <absl/types/span.h>

#include <optional>
#include <string_view>

#include "kefu/events/v1/product.pb.h"
#include "kefu/events/v1/suitability.pb.h"
#include "kefu/query/v1/suitability.pb.h"

namespace kefu::sdk {

// In the order in which they are looked for: of two packs that refuse, the earlier reason is named.
enum class SuitabilityRefusal {
  kNone,
  kPackMissing,
  kAssessmentMissing,
  kAssessmentExpired,
  kUnsuitable,
  kInsistingNotAllowed,
  kWarningWithoutEvidence,
};

// The rule's name, as in verdicts: "assessment_missing"; empty for kNone.
std::string_view NameOf(SuitabilityRefusal refusal);

struct SuitabilityVerdict {
  SuitabilityRefusal refusal = SuitabilityRefusal::kNone;
  // Nothing stands against it. False with kNone: taken because the client insists.
  bool fits = false;
  // It does not fit, but the packs let a client insist, with a warning and evidence.
  bool may_insist = false;
};

// Each pack's version in force; several packs must all agree. Borrowed.
using SuitabilityPacks = absl::Span<const events::v1::SuitabilityPackPublished* const>;

// What is recommended to `investor` at `at`: something of `risk`, with the client's `insisted` (null: it does not).
//
// 1. Without a level nothing is at risk: it fits everyone, whatever is known of the client.
// 2. No pack: kPackMissing.
// 3. A professional, until the end of its last day, fits where the pack says that professionals are free.
// 4. Without a class kAssessmentMissing; after the assessment's last day kAssessmentExpired.
// 5. The pack's row of this class and sub-class. `risk` up to `highest_risk` fits; a class without a row bears nothing.
// 6. Beyond: kUnsuitable, or if the client insists: kInsistingNotAllowed beyond `highest_insisted_risk`, and
//    kWarningWithoutEvidence unless the warning has a text, a time not after `at`, and evidence.
//
// Days are the branches' (BranchDayOf). Pure; cost: a look at each pack's rows.
SuitabilityVerdict JudgeSuitability(const query::v1::InvestorMoment& investor, events::v1::RiskLevel risk,
                                    SuitabilityPacks packs, absl::Time at,
                                    const events::v1::MismatchWarning* insisted = nullptr);

// The last day on which the assessment is good: its own, or as many months after the day of the assessment as the pack
// says (the month's last day where that has no such day). None: without end, as a pack of 0 months has it.
std::optional<absl::CivilDay> LastDayOf(const query::v1::InvestorMoment& investor,
                                        const events::v1::SuitabilityPackPublished& pack);

// A professional on `day`.
bool IsProfessional(const query::v1::InvestorMoment& investor, absl::CivilDay day);

// The level a product is judged by. An instrument that nobody graded counts as the riskiest there is.
events::v1::RiskLevel RiskOf(const events::v1::ServiceProductPublished& product);

// Of versions of one pack the newest whose first day has come; null if there is none. `Versions`: any order, elements
// with version() and effective_from().
template <class Versions>
auto InForceAt(const Versions& versions, absl::Time at) -> decltype(&*versions.begin());

// What an event says of the investor, taken into `investor`. Told late, an older one changes nothing: false. Of one day
// the one later on the log counts.
bool TakeAssessment(const events::v1::RiskAssessed& assessed, std::string_view event_id, absl::Time at,
                    query::v1::InvestorMoment* investor);
bool TakeClassification(const events::v1::InvestorClassified& classified, std::string_view event_id, absl::Time at,
                        query::v1::InvestorMoment* investor);

template <class Versions>
auto InForceAt(const Versions& versions, absl::Time at) -> decltype(&*versions.begin()) {
  decltype(&*versions.begin()) newest = nullptr;
  for (const auto& version : versions) {
    const auto& from = version.effective_from();
    const absl::Time first = absl::FromUnixSeconds(from.seconds()) + absl::Nanoseconds(from.nanos());
    if (first <= at && (newest == nullptr || newest->version() < version.version())) newest = &version;
  }
  return newest;
}

}  // namespace kefu::sdk

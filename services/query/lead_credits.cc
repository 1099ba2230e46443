#include "services/query/lead_credits.h"

#include <absl/time/civil_time.h>

#include <map>
#include <set>
#include <string>
#include <utility>

#include "platform/base/reason.h"
#include "platform/codec/key.h"
#include "platform/rules/expression.h"
#include "projections/lead/credits.h"
#include "projections/lead/lead.h"
#include "projections/sdk/branch_time.h"
#include "services/query/days.h"
#include "services/query/page.h"

namespace kefu::query {
namespace {

// Staff and currency.
using Sums = std::map<std::pair<std::string, std::string>, query::v1::StaffCredit>;

void AddLead(const query::v1::Lead& won, Sums* sums) {
  const auto parts = lead::SplitAmount(won.amount().minor_units(), won.credits());
  std::set<std::string> counted;
  for (int i = 0; i < won.credits_size(); ++i) {
    const std::string& staff_id = won.credits(i).staff_id();
    auto& sum = (*sums)[{staff_id, won.amount().currency()}];
    sum.set_staff_id(staff_id);
    sum.mutable_amount()->set_currency(won.amount().currency());
    sum.mutable_amount()->set_minor_units(
        rules::AddSaturating(sum.amount().minor_units(), parts[static_cast<size_t>(i)]));
    // Two parts in one lead are still one lead.
    if (counted.insert(staff_id).second) sum.set_leads(sum.leads() + 1);
  }
}

absl::Time StartOf(int32_t day) {
  return absl::FromUnixSeconds(int64_t{day} * 86'400 - sdk::kBranchOffsetSeconds);
}

}  // namespace

StatusOr<CreditDays> CreditDaysOf(const query::v1::ListCreditsRequest& request) {
  CreditDays days;
  ASSIGN_OR_RETURN(days.from, ParseDay(request.from_day(), "from_day"));
  ASSIGN_OR_RETURN(days.to, ParseDay(request.to_day(), "to_day"));
  if (days.to < days.from || days.to - days.from >= kMostCreditDays)
    return WithReason(InvalidArgument("from_day {} to to_day {}: give 1 to {} days", request.from_day(),
                                      request.to_day(), kMostCreditDays),
                      "SPAN_INVALID", "to_day");
  return days;
}

Status ListCredits(const Moment& moment, CreditDays days, const std::function<Status()>& keeps_going,
                   query::v1::ListCreditsResponse* response) {
  const std::string from = codec::Key(StartOf(days.from)), until = codec::Key(StartOf(days.to + 1));
  Sums sums;
  query::v1::Lead won;
  int64_t examined = 0;
  for (const auto& partition : moment.partitions()) {
    ASSIGN_OR_RETURN(const auto cursor,
                     partition->Scan(lead::LeadView::kName, lead::LeadsByWon::kName, from, until));
    for (; cursor->Valid(); cursor->Next()) {
      if (++examined % kRowsBetweenChecks == 0) RETURN_IF_ERROR(keeps_going());
      store::PinnedValue row;
      ASSIGN_OR_RETURN(const bool found,
                       partition->Get(lead::LeadView::kName, lead::Leads::kName, cursor->value(), &row));
      if (!found || !won.ParseFromArray(row.view().data(), static_cast<int>(row.view().size())))
        return DataLoss("a lead of partition {} cannot be read; rebuild the view {}", partition->partition(),
                        lead::LeadView::kName);
      AddLead(won, &sums);
    }
    RETURN_IF_ERROR(cursor->status());
  }
  for (auto& [key, sum] : sums) *response->add_credits() = std::move(sum);
  return OkStatus();
}

}  // namespace kefu::query

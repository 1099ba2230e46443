#include "services/query/book_rows.h"

#include <absl/time/clock.h>

#include <algorithm>
#include <set>

#include "platform/base/reason.h"
#include "platform/base/time.h"
#include "platform/codec/key.h"
#include "projections/sdk/branch_time.h"
#include "services/query/days.h"
#include "services/query/page.h"
#include "services/query/units.h"

namespace kefu::query {
namespace {

Status BadName(std::string_view name, std::string_view field, std::string_view form) {
  return WithReason(InvalidArgument("{} \"{}\" is not of the form \"{}\"", field, name.substr(0, 160), form),
                    "NAME_INVALID", field);
}

std::string_view After(std::string_view name, std::string_view collection) {
  return name.starts_with(collection) ? name.substr(collection.size()) : std::string_view();
}

absl::Time BranchMidnight(absl::CivilDay day) {
  return absl::FromCivil(absl::CivilSecond(day), absl::UTCTimeZone()) - absl::Seconds(sdk::kBranchOffsetSeconds);
}

absl::CivilDay CivilDayOf(const events::v1::CalendarDate& date) {
  return absl::CivilDay(date.year(), date.month(), date.day());
}

void AddCounts(const events::v1::HandoverCounts& more, events::v1::HandoverCounts* sum) {
  sum->set_clients(sum->clients() + more.clients());
  sum->set_cases(sum->cases() + more.cases());
  sum->set_promises(sum->promises() + more.promises());
  sum->set_call_backs(sum->call_backs() + more.call_backs());
  sum->set_leads(sum->leads() + more.leads());
  sum->set_recommendations(sum->recommendations() + more.recommendations());
  sum->set_informed(sum->informed() + more.informed());
  sum->set_stay(sum->stay() + more.stay());
  sum->set_other_broker(sum->other_broker() + more.other_broker());
  sum->set_transfer(sum->transfer() + more.transfer());
  sum->set_undecided(sum->undecided() + more.undecided());
  sum->set_closed(sum->closed() + more.closed());
}

}  // namespace

StatusOr<std::string> StaffOf(std::string_view name, std::string_view field, bool may_be_nobody) {
  const std::string_view staff = After(name, "staff/");
  if (staff.empty() || (staff == "-" && !may_be_nobody)) return BadName(name, field, "staff/{staff}");
  return staff == "-" ? std::string() : std::string(staff);
}

StatusOr<std::string> HandoverOf(std::string_view name, std::string_view field) {
  const std::string_view handover = After(name, "handovers/");
  if (handover.empty()) return BadName(name, field, "handovers/{handover}");
  return std::string(handover);
}

Status UnreadableBook(const engine::PartitionView& partition) {
  return DataLoss("a row of partition {} cannot be read; rebuild the view \"book\"", partition.partition());
}

Status EachKey(const engine::PartitionView& partition, std::string_view table, std::string_view from,
               std::string_view to, const std::function<Status()>& keeps_going,
               const std::function<bool(std::string_view key)>& take) {
  ASSIGN_OR_RETURN(const auto cursor, partition.Scan(kBook, table, from, to));
  for (int64_t examined = 1; cursor->Valid(); cursor->Next(), ++examined) {
    if (examined % kRowsBetweenChecks == 0) RETURN_IF_ERROR(keeps_going());
    if (!take(cursor->key())) return OkStatus();
  }
  return cursor->status();
}

void AddWorkload(const v1::Workload& more, v1::Workload* sum) {
  sum->set_clients(sum->clients() + more.clients());
  sum->set_cases(sum->cases() + more.cases());
  sum->set_promises(sum->promises() + more.promises());
  sum->set_call_backs(sum->call_backs() + more.call_backs());
  sum->set_leads(sum->leads() + more.leads());
  sum->set_recommendations(sum->recommendations() + more.recommendations());
}

StatusOr<v1::Workload> HoldingsOf(const Moment& moment, const std::string& staff_id) {
  v1::Workload sum;
  for (const auto& partition : moment.partitions()) {
    v1::Workload each;
    ASSIGN_OR_RETURN(const bool found, GetBookRow<book::Owners>(*partition, codec::Key(staff_id), &each));
    if (found) AddWorkload(each, &sum);
  }
  return sum;
}

StatusOr<v1::Handover> ReadHandover(const Moment& moment, const std::string& handover_id) {
  const std::string key = codec::Key(handover_id);
  const auto& home = *moment.partitions()[static_cast<size_t>(kReferenceHome.value())];
  v1::Handover sum;
  ASSIGN_OR_RETURN(const bool known, GetBookRow<book::Handovers>(home, key, &sum));
  if (!known)
    return WithReason(NotFound("handover \"{}\" was never opened", handover_id), "HANDOVER_NOT_FOUND", "name");
  sum.clear_last_offset();
  for (const auto& partition : moment.partitions()) {
    if (partition->partition() == kReferenceHome) continue;
    v1::Handover each;
    ASSIGN_OR_RETURN(const bool found, GetBookRow<book::Handovers>(*partition, key, &each));
    // The copy has not come to this partition yet.
    if (!found) continue;
    AddWorkload(each.opened_with(), sum.mutable_opened_with());
    AddCounts(each.moved(), sum.mutable_moved());
    sum.set_not_informed(sum.not_informed() + each.not_informed());
  }
  if (sum.state() == v1::HANDOVER_STATE_OPEN) {
    ASSIGN_OR_RETURN(*sum.mutable_remaining(), HoldingsOf(moment, sum.from_staff_id()));
  }
  sum.set_position(moment.PositionOf(kBook));
  return sum;
}

void CompleteStaff(absl::Time as_of, v1::StaffMember* member) {
  const absl::CivilDay today = sdk::BranchDayOf(as_of);
  std::set<int> acts;
  std::optional<absl::Time> expires;
  for (const auto& each : member->qualifications()) {
    if (each.has_valid_from() && CivilDayOf(each.valid_from()) > today) continue;
    if (each.has_valid_until() && CivilDayOf(each.valid_until()) < today) continue;
    acts.insert(each.permitted_acts().begin(), each.permitted_acts().end());
    if (!each.has_valid_until()) continue;
    // It is good on its last day.
    const absl::Time end = BranchMidnight(CivilDayOf(each.valid_until()) + 1);
    expires = expires.has_value() ? std::min(*expires, end) : end;
  }
  member->clear_permitted_acts();
  for (const int act : acts) member->add_permitted_acts(static_cast<events::v1::StaffAct>(act));
  member->clear_expires_at();
  if (expires.has_value()) *member->mutable_expires_at() = ToProto(*expires);
}

ScanPlan PlanBook(const std::string& staff_id, bool by_neglect, std::optional<absl::Time> below) {
  ScanPlan plan;
  plan.view = kBook;
  plan.rows = book::Clients::kName;
  plan.table = by_neglect ? book::ClientsByNeglect::kName : book::ClientsByBroker::kName;
  ScanPlan::Range range{codec::Key(staff_id), 0};
  range.skip = range.prefix.size();
  // A key has whole microseconds; the row's time may lie a little behind it.
  if (by_neglect && below.has_value()) range.below = range.prefix + codec::Key(*below + absl::Microseconds(1));
  plan.ranges.push_back(std::move(range));
  return plan;
}

StatusOr<DaySpan> DaySpanOf(std::string_view day, std::string_view field) {
  ASSIGN_OR_RETURN(const int32_t number, ParseDay(day, field));
  const absl::CivilDay civil = absl::CivilDay(1970, 1, 1) + number;
  return DaySpan{BranchMidnight(civil), BranchMidnight(civil + 1)};
}

bool HeldOn(const v1::Tenure& tenure, const DaySpan& day) {
  const absl::Time from = FromProto(tenure.from());
  if (!tenure.has_until()) return from < day.until;
  const absl::Time until = FromProto(tenure.until());
  return from < until && from < day.until && until > day.from;
}

}  // namespace kefu::query

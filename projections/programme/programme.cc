#include "projections/programme/programme.h"

#include <algorithm>

#include "platform/base/time.h"
#include "projections/sdk/branch_time.h"

namespace kefu::programme {

using Rows = ProgrammeView::Rows;

namespace {

int32_t YearOf(absl::Time time) { return static_cast<int32_t>(sdk::BranchDayOf(time).year()); }

bool IsOfNewAccounts(const Programme& programme) {
  return programme.published().selection() == events::v1::CALL_BACK_SELECTION_NEW_ACCOUNT;
}

// Counts from `at` on, or from the newest change if news come late.
void ChangeActive(absl::Time at, int32_t change, Client& client, Rows& view) {
  const int32_t year = std::max(YearOf(at), client.newest_year());
  client.set_newest_year(year);
  client.set_active(change > 0);
  auto& years = *client.mutable_years();
  const bool same = !years.empty() && years.rbegin()->year() == year;
  // Gone and come back within one year is as if nothing had been.
  if (same) {
    years.RemoveLast();
  } else {
    YearChange& entry = *years.Add();
    entry.set_year(year);
    entry.set_change(change);
  }
  Clients& all = view.Edit<Years>(year, client.branch_id());
  all.set_active_change(all.active_change() + change);
}

// Settles an open call of a programme; null for all others.
Tally* Settle(const std::string& call_back_id, OpenCall* call, Rows& view) {
  const OpenCall* found = view.Find<OpenCalls>(call_back_id);
  if (found == nullptr) return nullptr;
  *call = *found;
  view.Erase<OpenCalls>(call_back_id);
  return &view.Edit<Tallies>(call->programme(), call->year(), call->branch_id());
}

}  // namespace

void NewClients::Keys(const Client& row, sdk::IndexKeys& out) {
  const bool is_planned = std::any_of(row.planned().begin(), row.planned().end(),
                                      [](const Planned& planned) { return planned.year() == 0; });
  if (!row.imported() && row.active() && !is_planned)
    out.AddEncoded(Key::Encode(FromProto(row.registered_at()), row.client_id()));
}

bool IsActiveAtEndOf(int32_t year, const Client& client) {
  int32_t sum = 0;
  for (const YearChange& change : client.years())
    if (change.year() <= year) sum += change.change();
  return sum > 0;
}

bool IsPlanned(const std::string& programme, int32_t year, const Client& client) {
  return std::any_of(client.planned().begin(), client.planned().end(), [&](const Planned& planned) {
    return planned.programme() == programme && planned.year() == year;
  });
}

sdk::Outcome ProgrammeView::Apply(const sdk::Recorded<events::v1::ClientRegistered>& registered, Rows& view) {
  const auto& event = registered.event();
  Client& row = view.Edit<ClientRows>(event.client_id());
  row.set_client_id(event.client_id());
  row.set_branch_id(event.branch_id());
  *row.mutable_registered_at() = event.occurred_at();
  row.set_imported(event.imported());
  ChangeActive(registered.occurred_at(), 1, row, view);
  if (event.imported()) return sdk::Applied();
  Clients& all = view.Edit<Years>(YearOf(registered.occurred_at()), event.branch_id());
  all.set_registered(all.registered() + 1);
  return sdk::Applied();
}

sdk::Outcome ProgrammeView::Apply(const sdk::Recorded<events::v1::ClientStatusChanged>& changed, Rows& view) {
  const Client* found = view.Find<ClientRows>(changed.event().client_id());
  const bool active = changed.body.status() == events::v1::CLIENT_STATUS_ACTIVE;
  if (found == nullptr || found->active() == active) return sdk::Ignored();
  ChangeActive(changed.occurred_at(), active ? 1 : -1, view.Edit<ClientRows>(changed.event().client_id()), view);
  return sdk::Applied();
}

sdk::Outcome ProgrammeView::Apply(const sdk::Recorded<events::v1::CallBackProgrammePublished>& published, Rows& view) {
  Programme& row = view.Edit<Programmes>(published.body.programme());
  if (!row.has_since()) *row.mutable_since() = published.event().occurred_at();
  *row.mutable_published() = published.body;
  row.set_event_id(published.event().event_id());
  return sdk::Applied();
}

sdk::Outcome ProgrammeView::Apply(const sdk::Recorded<events::v1::CallBackPlanned>& planned, Rows& view) {
  const auto& body = planned.body;
  if (body.programme().scheme() != kScheme) return sdk::Ignored();
  const std::string& name = body.programme().value();
  const Programme* programme = view.Find<Programmes>(name);
  if (programme == nullptr) return sdk::Ignored();
  const std::string& client_id = planned.event().client_id();
  const int32_t year = YearOf(planned.occurred_at());
  const int32_t once_in = IsOfNewAccounts(*programme) ? 0 : year;
  std::string branch_id = planned.event().branch_id();
  if (const Client* found = view.Find<ClientRows>(client_id); found != nullptr) {
    branch_id = found->branch_id();
    if (!IsPlanned(name, once_in, *found)) {
      auto& all = *view.Edit<ClientRows>(client_id).mutable_planned();
      if (all.size() >= kPlannedKept) {
        // The one of its account stays.
        const auto oldest = std::find_if(all.begin(), all.end(), [](const Planned& each) { return each.year() != 0; });
        all.erase(oldest == all.end() ? all.begin() : oldest);
      }
      Planned& entry = *all.Add();
      entry.set_programme(name);
      entry.set_year(once_in);
    }
  }
  OpenCall& call = view.Edit<OpenCalls>(body.call_back_id());
  call.set_programme(name);
  call.set_year(year);
  call.set_branch_id(branch_id);
  if (body.has_due_at()) *call.mutable_due_at() = body.due_at();
  Tally& tally = view.Edit<Tallies>(name, year, branch_id);
  tally.set_planned(tally.planned() + 1);
  return sdk::Applied();
}

sdk::Outcome ProgrammeView::Apply(const sdk::Recorded<events::v1::CallBackDone>& done, Rows& view) {
  OpenCall call;
  Tally* tally = Settle(done.body.call_back_id(), &call, view);
  if (tally == nullptr) return sdk::Ignored();
  tally->set_done(tally->done() + 1);
  if (call.has_due_at() && done.occurred_at() > FromProto(call.due_at())) tally->set_done_late(tally->done_late() + 1);
  if (!done.body.caller_is_independent()) tally->set_not_independent(tally->not_independent() + 1);
  return sdk::Applied();
}

sdk::Outcome ProgrammeView::Apply(const sdk::Recorded<events::v1::CallBackCancelled>& cancelled, Rows& view) {
  OpenCall call;
  Tally* tally = Settle(cancelled.body.call_back_id(), &call, view);
  if (tally == nullptr) return sdk::Ignored();
  tally->set_cancelled(tally->cancelled() + 1);
  return sdk::Applied();
}

}  // namespace kefu::programme

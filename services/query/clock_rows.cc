#include "services/query/clock_rows.h"

#include "platform/base/time.h"

namespace kefu::query {

using clock::CaseClock;
using clock::CaseClocks;
using clock::ClockView;

query::v1::Clock ShowClock(const CaseClocks& row, const CaseClock& clock, absl::Time as_of) {
  query::v1::Clock shown;
  shown.set_name(
      fmt::format("clients/{}/cases/{}/clocks/{}/{}", row.client_id(), row.case_id(), clock.clock_id(), clock.run()));
  shown.set_case_id(row.case_id());
  shown.set_client_id(row.client_id());
  shown.set_clock_id(clock.clock_id());
  shown.set_run(clock.run());
  shown.set_state(clock.state());
  *shown.mutable_policy() = clock.policy();
  *shown.mutable_calendar() = clock.calendar();
  shown.set_confirmed(clock.confirmed());
  *shown.mutable_started_at() = clock.started_at();
  shown.set_started_by_event_id(clock.started_by_event_id());
  if (clock.has_due_at()) *shown.mutable_due_at() = clock.due_at();
  if (clock.has_settled_at()) *shown.mutable_settled_at() = clock.settled_at();
  shown.set_settled_by_event_id(clock.settled_by_event_id());
  shown.set_late(clock.late());
  if (clock.has_breached_at()) *shown.mutable_breached_at() = clock.breached_at();
  shown.set_kind(row.kind());
  shown.set_category(row.category());
  shown.set_branch_id(row.branch_id());
  shown.set_tier(row.tier());
  shown.set_overdue(clock::IsUnsettled(clock) && clock.has_due_at() && FromProto(clock.due_at()) < as_of);
  if (clock.has_paused_at()) *shown.mutable_paused_at() = clock.paused_at();
  if (clock.has_limit_at()) *shown.mutable_limit_at() = clock.limit_at();
  return shown;
}

Status ParseClocks(std::string_view stored, const engine::PartitionView& partition, CaseClocks* row) {
  if (row->ParseFromArray(stored.data(), static_cast<int>(stored.size()))) return OkStatus();
  return DataLoss("clocks of a case in partition {} cannot be read; rebuild the view {}", partition.partition(),
                  ClockView::kName);
}

template <class Table, class Message>
const Message* PublishedPolicies::Read(std::map<std::pair<std::string, int32_t>, std::unique_ptr<Message>>& kept,
                                       const std::string& id, int32_t version) {
  const auto [place, is_new] = kept.try_emplace({id, version});
  if (!is_new) return place->second.get();
  store::PinnedValue stored;
  const auto found = partition_.Get(ClockView::kName, Table::kName, Table::Key::Encode(id, version), &stored);
  if (!found.ok()) {
    fault_ = found.status();
  } else if (*found) {
    auto message = std::make_unique<Message>();
    const std::string_view bytes = stored.view();
    if (message->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
      place->second = std::move(message);
    } else {
      fault_ = DataLoss("{} version {} in partition {} cannot be read; rebuild the view {}", id, version,
                        partition_.partition(), ClockView::kName);
    }
  }
  return place->second.get();
}

const events::v1::PolicyPackPublished* PublishedPolicies::Pack(const std::string& pack_id, int32_t version) {
  return Read<clock::Packs>(packs_, pack_id, version);
}

const events::v1::CalendarPublished* PublishedPolicies::Calendar(const std::string& calendar_id, int32_t version) {
  return Read<clock::Calendars>(calendars_, calendar_id, version);
}

int32_t PublishedPolicies::NewestCalendar(const std::string& calendar_id) {
  if (calendar_list_ == nullptr) {
    calendar_list_ = std::make_unique<clock::PublishedList>();
    store::PinnedValue stored;
    const auto found =
        partition_.Get(ClockView::kName, clock::Lists::kName, clock::Lists::Key::Encode(clock::kCalendarList), &stored);
    if (!found.ok()) fault_ = found.status();
    const std::string_view bytes = found.ok() && *found ? stored.view() : std::string_view();
    if (!calendar_list_->ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
      fault_ = DataLoss("the list of calendars in partition {} cannot be read; rebuild the view {}",
                        partition_.partition(), ClockView::kName);
  }
  return clock::NewestVersion(*calendar_list_, calendar_id);
}

}  // namespace kefu::query

#include "projections/activity/months.h"

#include <algorithm>

namespace kefu::activity {
namespace {

using google::protobuf::RepeatedField;
using query::v1::ClientActivity;

// What stands for a month that nobody valued.
constexpr int64_t kNotValued = -1;

// Drops `drop` from the front, then puts `front` and `back` empty ones before and behind.
template <class Number>
void Move(RepeatedField<Number>* list, int drop, int front, int back, Number empty = 0) {
  RepeatedField<Number> moved;
  moved.Reserve(std::max(list->size() - drop, 0) + front + back);
  for (int i = 0; i < front; ++i) moved.AddAlreadyReserved(empty);
  for (int i = drop; i < list->size(); ++i) moved.AddAlreadyReserved(list->Get(i));
  for (int i = 0; i < back; ++i) moved.AddAlreadyReserved(empty);
  *list = moved;
}

void MoveAll(ClientActivity& row, int drop, int front, int back) {
  for (auto* list :
       {row.mutable_contacts_in(), row.mutable_contacts_out(), row.mutable_complaints(), row.mutable_requests(),
        row.mutable_trades(), row.mutable_rating_sum(), row.mutable_ratings(), row.mutable_breaches()})
    Move(list, drop, front, back);
  Move(row.mutable_turnover(), drop, front, back);
  Move(row.mutable_assets(), drop, front, back, kNotValued);
  Move(row.mutable_net_inflow(), drop, front, back);
}

}  // namespace

int32_t MonthOf(absl::CivilDay day) { return static_cast<int32_t>(absl::CivilMonth(day) - absl::CivilMonth(1970, 1)); }
absl::CivilDay FirstDayOf(int32_t month) { return absl::CivilDay(absl::CivilMonth(1970, 1) + month); }

int32_t NumberOf(absl::CivilDay day) { return static_cast<int32_t>(day - absl::CivilDay(1970, 1, 1)); }
absl::CivilDay DayOf(int32_t number) { return absl::CivilDay(1970, 1, 1) + number; }

std::optional<int> SlotOf(int32_t month, ClientActivity& row) {
  const int size = row.contacts_in_size();
  if (size == 0) {
    row.set_first_month(month);
    MoveAll(row, 0, 0, 1);
    return 0;
  }
  const int slot = month - row.first_month();
  if (slot >= 0 && slot < size) return slot;
  if (slot < 0) {
    if (size - slot > kMonthsKept) return std::nullopt;
    row.set_first_month(month);
    MoveAll(row, 0, -slot, 0);
    return 0;
  }
  // All from the new month back, as far as there is room.
  const int drop = std::max(0, slot + 1 - kMonthsKept);
  const int left = std::max(0, size - drop);
  const int now = std::min(slot + 1, kMonthsKept);
  row.set_first_month(month - now + 1);
  MoveAll(row, drop, 0, now - left);
  return now - 1;
}

}  // namespace kefu::activity

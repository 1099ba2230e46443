#pragma once

// Clocks of cases: when they are due, which run out, and what of it the log does not say yet. One row a case; policies
// and calendars lie in tables beside it, all their versions, for what was judged by one stays so.

#include "platform/base/time.h"
#include "projections/clock/clocks.h"
#include "projections/clock/rows.pb.h"
#include "projections/sdk/case_id.h"
#include "projections/sdk/projection.h"

namespace kefu::clock {

struct Cases {
  static constexpr std::string_view kName = "cases";
  static constexpr uint8_t kId = 1;
  using Key = codec::KeyOf<std::string>;  // case id
  using Row = CaseClocks;
};

// The service tier of a client, as text.
struct Tiers {
  static constexpr std::string_view kName = "tiers";
  static constexpr uint8_t kId = 2;
  using Key = codec::KeyOf<std::string>;  // client id
  using Row = sdk::RawBytes;
};

struct Packs {
  static constexpr std::string_view kName = "packs";
  static constexpr uint8_t kId = 3;
  using Key = codec::KeyOf<std::string, int32_t>;  // pack id, version
  using Row = events::v1::PolicyPackPublished;
};

struct Calendars {
  static constexpr std::string_view kName = "calendars";
  static constexpr uint8_t kId = 4;
  using Key = codec::KeyOf<std::string, int32_t>;  // calendar id, version
  using Row = events::v1::CalendarPublished;
};

inline constexpr int32_t kPackList = 1;
inline constexpr int32_t kCalendarList = 2;

struct Lists {
  static constexpr std::string_view kName = "lists";
  static constexpr uint8_t kId = 5;
  using Key = codec::KeyOf<int32_t>;  // kPackList or kCalendarList
  using Row = PublishedList;
};

// Unsettled clocks with a due time.
struct ClocksByDue {
  static constexpr std::string_view kName = "by_due";
  static constexpr uint8_t kId = 6;
  using Of = Cases;
  using Key = codec::KeyOf<absl::Time, std::string, std::string, int32_t>;  // due time, case, clock, run
  static void Keys(const CaseClocks& row, sdk::IndexKeys& out);
};

// Of those: the ones that the log is to be told of when they run out. Not those it was told of, nor imported ones.
struct ClockAlarms {
  static constexpr std::string_view kName = "alarms";
  static constexpr uint8_t kId = 7;
  using Of = Cases;
  using Key = codec::KeyOf<absl::Time, std::string, std::string, int32_t>;  // due time, case, clock, run
  static void Keys(const CaseClocks& row, sdk::IndexKeys& out);
};

// Cases with facts that the log does not have yet, the longest waiting first.
struct PendingCases {
  static constexpr std::string_view kName = "pending";
  static constexpr uint8_t kId = 8;
  using Of = Cases;
  using Key = codec::KeyOf<absl::Time, std::string>;  // pending since, case
  static void Keys(const CaseClocks& row, sdk::IndexKeys& out);
};

struct ClockView {
  static constexpr std::string_view kName = "clock";
  static constexpr int32_t kVersion = 1;
  using Events = sdk::TypeList<
      events::v1::ServiceConfigurationChanged, events::v1::ContactRecorded, events::v1::ComplaintReceived,
      events::v1::ServiceRequestOpened, events::v1::CaseAcknowledged, events::v1::CaseAssigned, events::v1::CaseStarted,
      events::v1::CaseWaitStarted, events::v1::CaseResumed, events::v1::CaseEscalated, events::v1::CaseReclassified,
      events::v1::CaseResolutionProposed, events::v1::CaseResolved, events::v1::CaseClosed, events::v1::CaseReopened,
      events::v1::CaseWithdrawn, events::v1::CaseResponseSent, events::v1::CaseReferred, events::v1::CalendarPublished,
      events::v1::PolicyPackPublished, events::v1::ClockStarted, events::v1::ClockPaused, events::v1::ClockResumed,
      events::v1::ClockMet, events::v1::ClockBreached, events::v1::ClockDropped>;
  using Tables = sdk::TypeList<Cases, Tiers, Packs, Calendars, Lists>;
  using Indexes = sdk::TypeList<ClocksByDue, ClockAlarms, PendingCases>;

  static void Ahead(const events::v1::Event& event, sdk::RowsAhead& rows);

  using Rows = sdk::View<ClockView>;
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::ServiceConfigurationChanged>& changed, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::ContactRecorded>& contact, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::ComplaintReceived>& received, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::ServiceRequestOpened>& opened, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CaseAcknowledged>& acknowledged, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CaseAssigned>& assigned, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CaseStarted>& started, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CaseWaitStarted>& waiting, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CaseResumed>& resumed, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CaseEscalated>& escalated, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CaseReclassified>& reclassified, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CaseResolutionProposed>& proposed, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CaseResolved>& resolved, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CaseClosed>& closed, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CaseReopened>& reopened, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CaseWithdrawn>& withdrawn, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CaseResponseSent>& sent, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CaseReferred>& referred, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CalendarPublished>& published, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::PolicyPackPublished>& published, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::ClockStarted>& started, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::ClockPaused>& paused, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::ClockResumed>& resumed, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::ClockMet>& met, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::ClockBreached>& breached, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::ClockDropped>& dropped, Rows& view);
};

// The packs that hold for a case received at `received_at`: of each the newest version that was in force, unless it
// ended the pack. By pack id.
google::protobuf::RepeatedPtrField<events::v1::PolicyReference> PacksInForce(const PublishedList& list,
                                                                             absl::Time received_at);
// 0 if none is known.
int32_t NewestVersion(const PublishedList& list, const std::string& id);

}  // namespace kefu::clock

#pragma once

// Complaints and service requests as they stand: one row a case, found by client, status, due time, assignee, team,
// branch, category and kind, matter, number elsewhere, next action, and in the order of change.

#include "kefu/query/v1/case.pb.h"
#include "projections/cases/clock_facts.h"
#include "projections/sdk/case_id.h"
#include "projections/sdk/projection.h"

namespace kefu::cases {

using query::v1::Case;

struct Cases {
  static constexpr std::string_view kName = "cases";
  static constexpr uint8_t kId = 1;
  using Key = codec::KeyOf<std::string>;  // case id
  using Row = Case;
};

struct CasesByClient {
  static constexpr std::string_view kName = "by_client";
  static constexpr uint8_t kId = 2;
  using Of = Cases;
  using Key = codec::KeyOf<std::string, std::string>;  // client, case
  static void Keys(const Case& row, sdk::IndexKeys& out);
};

struct CasesByStatus {
  static constexpr std::string_view kName = "by_status";
  static constexpr uint8_t kId = 3;
  using Of = Cases;
  using Key = codec::KeyOf<int32_t, std::string>;  // CaseStatus, case
  static void Keys(const Case& row, sdk::IndexKeys& out);
};

// Open cases with a due time only.
struct CasesByDue {
  static constexpr std::string_view kName = "by_due";
  static constexpr uint8_t kId = 4;
  using Of = Cases;
  using Key = codec::KeyOf<absl::Time, std::string>;  // due time, case
  static void Keys(const Case& row, sdk::IndexKeys& out);
};

struct CasesByAssignee {
  static constexpr std::string_view kName = "by_assignee";
  static constexpr uint8_t kId = 5;
  using Of = Cases;
  using Key = codec::KeyOf<std::string, int32_t, std::string>;  // staff number, CaseStatus, case
  static void Keys(const Case& row, sdk::IndexKeys& out);
};

struct CasesByTeam {
  static constexpr std::string_view kName = "by_team";
  static constexpr uint8_t kId = 6;
  using Of = Cases;
  using Key = codec::KeyOf<std::string, int32_t, std::string>;  // team, CaseStatus, case
  static void Keys(const Case& row, sdk::IndexKeys& out);
};

struct CasesByBranch {
  static constexpr std::string_view kName = "by_branch";
  static constexpr uint8_t kId = 7;
  using Of = Cases;
  using Key = codec::KeyOf<std::string, int32_t, std::string>;  // branch, CaseStatus, case
  static void Keys(const Case& row, sdk::IndexKeys& out);
};

// By the category's value; its scheme is not in the key.
struct CasesByCategory {
  static constexpr std::string_view kName = "by_category";
  static constexpr uint8_t kId = 8;
  using Of = Cases;
  using Key = codec::KeyOf<std::string, int32_t, std::string>;  // category, CaseStatus, case
  static void Keys(const Case& row, sdk::IndexKeys& out);
};

struct CasesByKind {
  static constexpr std::string_view kName = "by_kind";
  static constexpr uint8_t kId = 9;
  using Of = Cases;
  using Key = codec::KeyOf<int32_t, int32_t, std::string>;  // CaseKind, CaseStatus, case
  static void Keys(const Case& row, sdk::IndexKeys& out);
};

// Each case once, where it changed last: a watcher goes on from the offset it has seen.
struct CasesByChange {
  static constexpr std::string_view kName = "by_change";
  static constexpr uint8_t kId = 10;
  using Of = Cases;
  using Key = codec::KeyOf<Offset, std::string>;  // offset of the last event, case
  static void Keys(const Case& row, sdk::IndexKeys& out);
};

// When something has to be done next, open cases only: each is here once, for each has such a time.
struct CasesByNextAction {
  static constexpr std::string_view kName = "by_next_action";
  static constexpr uint8_t kId = 11;
  using Of = Cases;
  using Key = codec::KeyOf<absl::Time, std::string>;  // next_action_due_at, case
  static void Keys(const Case& row, sdk::IndexKeys& out);
};

// Cases of several complainants about one matter.
struct CasesByMatter {
  static constexpr std::string_view kName = "by_matter";
  static constexpr uint8_t kId = 12;
  using Of = Cases;
  using Key = codec::KeyOf<std::string, std::string>;  // matter, case
  static void Keys(const Case& row, sdk::IndexKeys& out);
};

// By the numbers that regulators and exchanges gave it; whose number it is, is not in the key.
struct CasesByExternal {
  static constexpr std::string_view kName = "by_external";
  static constexpr uint8_t kId = 13;
  using Of = Cases;
  using Key = codec::KeyOf<std::string, std::string>;  // number, case
  static void Keys(const Case& row, sdk::IndexKeys& out);
};

// Staff whose handover was opened: no case comes back to it. The value is the handover; empty once it was cancelled.
struct Leavers {
  static constexpr std::string_view kName = "leavers";
  static constexpr uint8_t kId = 14;
  using Key = codec::KeyOf<std::string>;  // staff id
  using Row = sdk::RawBytes;
};

// Who leaves, or was to leave, by a handover. The value is the member of staff.
struct Leaving {
  static constexpr std::string_view kName = "leaving";
  static constexpr uint8_t kId = 15;
  using Key = codec::KeyOf<std::string>;  // handover id
  using Row = sdk::RawBytes;
};

// Steps kept in a row; older ones are in the client's journal.
inline constexpr int kStepsKept = 64;
// References to it elsewhere kept in a row, one a scheme.
inline constexpr int kReferencesKept = 8;

// Neither resolved, closed nor withdrawn.
bool IsOpen(events::v1::CaseStatus status);

// The end of every fold that changed `row`: where the log is, and what has to be done next.
void EndFold(const sdk::RecordedEvent& record, Case& row);

struct CasesView {
  static constexpr std::string_view kName = "case";
  static constexpr int32_t kVersion = 3;
  using Events =
      sdk::TypeList<events::v1::ComplaintReceived, events::v1::ServiceRequestOpened, events::v1::CaseAcknowledged,
                    events::v1::CaseAssigned, events::v1::CaseStarted, events::v1::CaseWaitStarted,
                    events::v1::CaseResumed, events::v1::CaseEscalated, events::v1::CaseReclassified,
                    events::v1::CaseTimelinessReported, events::v1::CaseNoteAdded, events::v1::CaseWorkRecorded,
                    events::v1::CaseResolutionProposed, events::v1::CaseResolved, events::v1::CaseClosed,
                    events::v1::CaseReopened, events::v1::CaseWithdrawn, events::v1::CaseNextActionSet,
                    events::v1::CaseResponseSent, events::v1::CaseMatterSet, events::v1::CaseReferred,
                    events::v1::ClockStarted, events::v1::ClockPaused, events::v1::ClockResumed, events::v1::ClockMet,
                    events::v1::ClockBreached, events::v1::ClockDropped, events::v1::WorkReassigned,
                    events::v1::HandoverOpened, events::v1::HandoverCancelled>;
  using Tables = sdk::TypeList<Cases, Leavers, Leaving>;
  using Indexes = sdk::TypeList<CasesByClient, CasesByStatus, CasesByDue, CasesByAssignee, CasesByTeam, CasesByBranch,
                                CasesByCategory, CasesByKind, CasesByChange, CasesByNextAction, CasesByMatter,
                                CasesByExternal>;

  static void Ahead(const events::v1::Event& event, sdk::RowsAhead& rows) {
    if (const std::string& case_id = sdk::CaseIdOf(event); !case_id.empty()) rows.Add<Cases>(case_id);
  }

  using Rows = sdk::View<CasesView>;
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::ComplaintReceived>& received, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::ServiceRequestOpened>& opened, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CaseAcknowledged>& acknowledged, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CaseAssigned>& assigned, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CaseStarted>& started, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CaseWaitStarted>& waiting, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CaseResumed>& resumed, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CaseEscalated>& escalated, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CaseReclassified>& reclassified, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CaseTimelinessReported>& reported, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CaseNoteAdded>& note, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CaseWorkRecorded>& work, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CaseResolutionProposed>& proposed, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CaseResolved>& resolved, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CaseClosed>& closed, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CaseReopened>& reopened, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CaseWithdrawn>& withdrawn, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CaseNextActionSet>& set, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CaseResponseSent>& sent, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CaseMatterSet>& set, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CaseReferred>& referred, Rows& view);
  // A case passes to other hands, and who leaves.
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::WorkReassigned>& reassigned, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::HandoverOpened>& opened, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::HandoverCancelled>& cancelled, Rows& view);
  // clock_facts.cc
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::ClockStarted>& started, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::ClockPaused>& paused, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::ClockResumed>& resumed, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::ClockMet>& met, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::ClockBreached>& breached, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::ClockDropped>& dropped, Rows& view);
};

}  // namespace kefu::cases

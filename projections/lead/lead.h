#pragma once

// What service and marketing tell each other (商機): leads until they end, by client, owner, due time and state; and what
// clients answered to actions that rules proposed.

#include "kefu/query/v1/lead.pb.h"
#include "projections/lead/rows.pb.h"
#include "projections/sdk/projection.h"

namespace kefu::lead {

using query::v1::Lead;

struct Leads {
  static constexpr std::string_view kName = "leads";
  static constexpr uint8_t kId = 1;
  using Key = codec::KeyOf<std::string>;  // lead id
  using Row = Lead;
};

// Lists are by due time: a scan that skips what stands before it gives any choice of states in that order. Every lead
// has one; an ended lead stands where it was due last.
struct LeadsByClient {
  static constexpr std::string_view kName = "by_client";
  static constexpr uint8_t kId = 2;
  using Of = Leads;
  using Key = codec::KeyOf<std::string, int32_t, absl::Time, std::string>;  // client, LeadState, due, id
  static void Keys(const Lead& row, sdk::IndexKeys& out);
};

// Open ones whose present due time nobody has told the log to have passed, and that was not imported: what the lead duty
// looks at.
struct LeadsByDue {
  static constexpr std::string_view kName = "by_due";
  static constexpr uint8_t kId = 3;
  using Of = Leads;
  using Key = codec::KeyOf<absl::Time, std::string>;  // due, id
  static void Keys(const Lead& row, sdk::IndexKeys& out);
};

// Under the owner, and under the team if it has one.
struct LeadsByOwner {
  static constexpr std::string_view kName = "by_owner";
  static constexpr uint8_t kId = 4;
  using Of = Leads;
  using Key = codec::KeyOf<std::string, int32_t, absl::Time, std::string>;  // owner or team, LeadState, due, id
  static void Keys(const Lead& row, sdk::IndexKeys& out);
};

struct LeadsByState {
  static constexpr std::string_view kName = "by_state";
  static constexpr uint8_t kId = 5;
  using Of = Leads;
  using Key = codec::KeyOf<int32_t, absl::Time, std::string>;  // LeadState, due, id
  static void Keys(const Lead& row, sdk::IndexKeys& out);
};

// Won ones by when they were.
struct LeadsByWon {
  static constexpr std::string_view kName = "by_won";
  static constexpr uint8_t kId = 6;
  using Of = Leads;
  using Key = codec::KeyOf<absl::Time, std::string>;  // won, id
  static void Keys(const Lead& row, sdk::IndexKeys& out);
};

struct Answers {
  static constexpr std::string_view kName = "answers";
  static constexpr uint8_t kId = 7;
  using Key = codec::KeyOf<std::string>;  // client id
  using Row = AnsweredActions;
};

// Raised or accepted: somebody has to bring it on.
constexpr bool IsOpen(query::v1::LeadState state) {
  return state == query::v1::LEAD_STATE_RAISED || state == query::v1::LEAD_STATE_ACCEPTED;
}

struct LeadView {
  static constexpr std::string_view kName = "lead";
  static constexpr int32_t kVersion = 2;
  using Events = sdk::TypeList<events::v1::LeadRaised, events::v1::LeadAccepted, events::v1::LeadDeclined,
                               events::v1::LeadWorked, events::v1::LeadWon, events::v1::LeadLost,
                               events::v1::LeadEscalated, events::v1::WorkReassigned, events::v1::NextActionAnswered>;
  using Tables = sdk::TypeList<Leads, Answers>;
  using Indexes = sdk::TypeList<LeadsByClient, LeadsByDue, LeadsByOwner, LeadsByState, LeadsByWon>;

  using Rows = sdk::View<LeadView>;
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::LeadRaised>& raised, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::LeadAccepted>& accepted, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::LeadDeclined>& declined, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::LeadWorked>& worked, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::LeadWon>& won, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::LeadLost>& lost, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::LeadEscalated>& escalated, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::WorkReassigned>& reassigned, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::NextActionAnswered>& answered, Rows& view);
};

}  // namespace kefu::lead

#pragma once

// What the firm has undertaken towards clients: promises and call-backs, open and settled, in the order of their dates.

#include "kefu/query/v1/contact.pb.h"
#include "projections/sdk/projection.h"

namespace kefu::undertaking {

using query::v1::Undertaking;

struct Undertakings {
  static constexpr std::string_view kName = "undertakings";
  static constexpr uint8_t kId = 1;
  // The promise's or call-back's id: they share one room of names.
  using Key = codec::KeyOf<std::string>;
  using Row = Undertaking;
};

// All indexes end with state, date and id: a scan that skips what stands before the date gives any choice of states in
// the order of dates.
struct UndertakingsByClient {
  static constexpr std::string_view kName = "by_client";
  static constexpr uint8_t kId = 2;
  using Of = Undertakings;
  using Key = codec::KeyOf<std::string, int32_t, absl::Time, std::string>;  // client, UndertakingState, date, id
  static void Keys(const Undertaking& row, sdk::IndexKeys& out);
};

struct UndertakingsByDue {
  static constexpr std::string_view kName = "by_due";
  static constexpr uint8_t kId = 3;
  using Of = Undertakings;
  using Key = codec::KeyOf<int32_t, absl::Time, std::string>;  // UndertakingState, date, id
  static void Keys(const Undertaking& row, sdk::IndexKeys& out);
};

// Under the owner, and under the team if it has one.
struct UndertakingsByOwner {
  static constexpr std::string_view kName = "by_owner";
  static constexpr uint8_t kId = 4;
  using Of = Undertakings;
  using Key = codec::KeyOf<std::string, int32_t, absl::Time, std::string>;  // owner or team, UndertakingState, date, id
  static void Keys(const Undertaking& row, sdk::IndexKeys& out);
};

// Where it stands in the order of dates: when it is due, or, where nobody named a date, when it was made.
absl::Time DateOf(const Undertaking& row);

struct UndertakingView {
  static constexpr std::string_view kName = "undertaking";
  static constexpr int32_t kVersion = 2;
  using Events = sdk::TypeList<events::v1::PromiseMade, events::v1::PromiseKept, events::v1::PromiseReleased,
                               events::v1::CallBackPlanned, events::v1::CallBackDone, events::v1::CallBackCancelled,
                               events::v1::WorkReassigned>;
  using Tables = sdk::TypeList<Undertakings>;
  using Indexes = sdk::TypeList<UndertakingsByClient, UndertakingsByDue, UndertakingsByOwner>;

  using Rows = sdk::View<UndertakingView>;
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::PromiseMade>& made, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::PromiseKept>& kept, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::PromiseReleased>& released, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CallBackPlanned>& planned, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CallBackDone>& done, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CallBackCancelled>& cancelled, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::WorkReassigned>& reassigned, Rows& view);
};

}  // namespace kefu::undertaking

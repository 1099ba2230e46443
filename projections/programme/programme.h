#pragma once

// Programmes of call-backs (回訪計劃): whom they are to reach, what was planned, and what came of it.

#include <absl/time/civil_time.h>

#include "projections/programme/rows.pb.h"
#include "projections/sdk/projection.h"

namespace kefu::programme {

struct Programmes {
  static constexpr std::string_view kName = "programmes";
  static constexpr uint8_t kId = 1;
  using Key = codec::KeyOf<std::string>;  // programme
  using Row = Programme;
};

struct ClientRows {
  static constexpr std::string_view kName = "clients";
  static constexpr uint8_t kId = 2;
  using Key = codec::KeyOf<std::string>;  // client id
  using Row = Client;
};

// Clients that registered with us, are active, and for whom no call-back of a new account is planned yet.
struct NewClients {
  static constexpr std::string_view kName = "new_clients";
  static constexpr uint8_t kId = 3;
  using Of = ClientRows;
  using Key = codec::KeyOf<absl::Time, std::string>;  // registered at, client id
  static void Keys(const Client& row, sdk::IndexKeys& out);
};

struct OpenCalls {
  static constexpr std::string_view kName = "open_calls";
  static constexpr uint8_t kId = 4;
  using Key = codec::KeyOf<std::string>;  // call-back id
  using Row = OpenCall;
};

struct Tallies {
  static constexpr std::string_view kName = "tallies";
  static constexpr uint8_t kId = 5;
  using Key = codec::KeyOf<std::string, int32_t, std::string>;  // programme, year, branch
  using Row = Tally;
};

struct Years {
  static constexpr std::string_view kName = "years";
  static constexpr uint8_t kId = 6;
  using Key = codec::KeyOf<int32_t, std::string>;  // year, branch
  using Row = Clients;
};

inline constexpr int kPlannedKept = 32;
inline constexpr std::string_view kScheme = "kefu.callback";

// Is the client active at the end of `year`, in the branches' zone?
bool IsActiveAtEndOf(int32_t year, const Client& client);
// Is a call-back of this programme planned with it? Year 0 for programmes of new accounts.
bool IsPlanned(const std::string& programme, int32_t year, const Client& client);

struct ProgrammeView {
  static constexpr std::string_view kName = "programme";
  static constexpr int32_t kVersion = 1;
  using Events = sdk::TypeList<events::v1::ClientRegistered, events::v1::ClientStatusChanged,
                               events::v1::CallBackPlanned, events::v1::CallBackDone, events::v1::CallBackCancelled,
                               events::v1::CallBackProgrammePublished>;
  using Tables = sdk::TypeList<Programmes, ClientRows, OpenCalls, Tallies, Years>;
  using Indexes = sdk::TypeList<NewClients>;

  using Rows = sdk::View<ProgrammeView>;
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::ClientRegistered>& registered, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::ClientStatusChanged>& changed, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CallBackPlanned>& planned, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CallBackDone>& done, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CallBackCancelled>& cancelled, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CallBackProgrammePublished>& published, Rows& view);
};

}  // namespace kefu::programme

#pragma once

// What admission remembers. For admission itself and its tests.

#include "projections/admission/state.pb.h"
#include "projections/sdk/projection.h"

namespace kefu::admission {

// Every event id ever met, by FastHash128; values are SeenEvent.
struct Seen {
  static constexpr std::string_view kName = "seen";
  static constexpr uint8_t kId = 1;
  using Key = codec::KeyOf<int64_t, int64_t>;  // the hash, high half first
  using Row = sdk::RawBytes;
};

struct Clients {
  static constexpr std::string_view kName = "clients";
  static constexpr uint8_t kId = 2;
  using Key = codec::KeyOf<std::string>;  // client id
  using Row = ClientState;
};

struct Cases {
  static constexpr std::string_view kName = "cases";
  static constexpr uint8_t kId = 3;
  using Key = codec::KeyOf<std::string>;  // case id
  using Row = CaseState;
};

struct Admission {
  static constexpr std::string_view kName = "admission";
  static constexpr int32_t kVersion = 1;
  using Events = sdk::TypeList<>;
  using Tables = sdk::TypeList<Seen, Clients, Cases>;
  using Indexes = sdk::TypeList<>;

  static void Ahead(const events::v1::Event& event, sdk::RowsAhead& rows);
};

}  // namespace kefu::admission

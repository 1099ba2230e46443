#pragma once

// Every event of a client as it was recorded, in the order of the log: the timeline, and what as-of folds again.

#include "projections/sdk/projection.h"

namespace kefu::journal {

// Values are entries (entry.h).
struct Entries {
  static constexpr std::string_view kName = "entries";
  static constexpr uint8_t kId = 1;
  using Key = codec::KeyOf<std::string, Offset>;  // client id, offset (an int64)
  using Row = sdk::RawBytes;
};

struct JournalView {
  static constexpr std::string_view kName = "journal";
  static constexpr int32_t kVersion = 1;
  // Attempts that admission refused are part of what happened.
  static constexpr bool kTakesRefused = true;
  using Events = sdk::AllEvents;
  using Tables = sdk::TypeList<Entries>;
  using Indexes = sdk::TypeList<>;

  static sdk::Outcome Apply(const sdk::Recorded<events::v1::Event>& recorded, sdk::View<JournalView>& view);
};

}  // namespace kefu::journal

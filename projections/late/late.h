#pragma once

// Records that came after one with a later recorded time: their writers' clocks differ. What counts as the time of such a
// record is the later one (sdk::RecordedEvent::recorded_at), which only a walk from the log's beginning would tell; so it is
// kept. Of a log with one writer the view is empty.

#include <optional>

#include "projections/sdk/projection.h"

namespace kefu::late {

struct Records {
  static constexpr std::string_view kName = "records";
  static constexpr uint8_t kId = 1;
  using Key = codec::KeyOf<Offset>;
  using Row = sdk::RawBytes;  // EncodeTime
};

// The effective recorded time, to the nanosecond. On disk; frozen.
std::string EncodeTime(absl::Time time);
// Empty if the bytes are none.
std::optional<absl::Time> DecodeTime(std::string_view bytes);

struct LateView {
  static constexpr std::string_view kName = "late";
  static constexpr int32_t kVersion = 1;
  // Whatever a journal may hold.
  static constexpr bool kTakesRefused = true;
  using Events = sdk::AllEvents;
  using Tables = sdk::TypeList<Records>;
  using Indexes = sdk::TypeList<>;

  static sdk::Outcome Apply(const sdk::Recorded<events::v1::Event>& recorded, sdk::View<LateView>& view);
};

}  // namespace kefu::late

#pragma once

// Full text: which events hold which words, newest first, and what a query must know of an event to pass it over. Of an
// event that was corrected it is the words as they should have been, in the place of the first event; of one that was
// annulled none (projections/correction).

#include <optional>
#include <string>

#include "projections/sdk/projection.h"

namespace kefu::text {

// Values are empty: the key says it all, so a posting is written once and never read back.
struct Postings {
  static constexpr std::string_view kName = "postings";
  static constexpr uint8_t kId = 1;
  using Key = codec::KeyOf<int64_t, int64_t>;  // TermNumber, PlaceOf the event
  using Row = sdk::RawBytes;
};

// Events that hold text. Values: see Document.
struct Documents {
  static constexpr std::string_view kName = "documents";
  static constexpr uint8_t kId = 2;
  using Key = codec::KeyOf<int64_t>;  // PlaceOf the event
  using Row = sdk::RawBytes;
};

// Newer events come first. On disk; frozen.
inline int64_t PlaceOf(Offset offset) { return -offset.value(); }
inline Offset OffsetOf(int64_t place) { return Offset(-place); }

// What filters look at. On disk, as key parts; frozen.
struct Document {
  // The body's tag in Event.
  int32_t body = 0;
  // To the microsecond.
  absl::Time occurred_at;
  std::string client_id;

  std::string Encode() const { return codec::Key(body, occurred_at, client_id); }
  // Empty if the bytes are none.
  static std::optional<Document> Decode(std::string_view bytes);
};

struct TextView {
  static constexpr std::string_view kName = "text";
  static constexpr int32_t kVersion = 2;
  using Events = sdk::AllEvents;
  using Tables = sdk::TypeList<Postings, Documents>;
  using Indexes = sdk::TypeList<>;

  static sdk::Outcome Apply(const sdk::Recorded<events::v1::Event>& recorded, sdk::View<TextView>& view);
};

}  // namespace kefu::text

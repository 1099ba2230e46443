#pragma once

// Every event of a client as it was recorded, in the order of the log: the timeline, and what as-of folds again. A fact
// about two clients is in the journals of both.

#include <optional>
#include <string>

#include "projections/sdk/projection.h"

namespace kefu::journal {

// Values are entries (entry.h).
struct Entries {
  static constexpr std::string_view kName = "entries";
  static constexpr uint8_t kId = 1;
  using Key = codec::KeyOf<std::string, Offset>;  // client id, offset (an int64)
  using Row = sdk::RawBytes;
};

// What kinds of facts about two clients have ids of their own.
enum class PairKind : int32_t { kMerge = 1, kRelation = 2 };

// The two clients that a merge or a relation is about, for events that name only it. Values are both ids, as
// codec::Key(client, other); kept where either lives.
struct Pairs {
  static constexpr std::string_view kName = "pairs";
  static constexpr uint8_t kId = 2;
  using Key = codec::KeyOf<int32_t, std::string>;  // PairKind; the merge's event id, the relation's id
  using Row = sdk::RawBytes;
};

// What is broadcast, as it was applied in this partition, in order: with a client's entries it is all that the rows of
// that client were folded from. Values are entries.
struct Broadcasts {
  static constexpr std::string_view kName = "broadcasts";
  static constexpr uint8_t kId = 3;
  using Key = codec::KeyOf<Offset>;
  using Row = sdk::RawBytes;
};

// Which of a client's events were corrected or annulled, and by which event last. Empty for most clients, so one look at
// it says that nothing was.
struct Corrections {
  static constexpr std::string_view kName = "corrections";
  static constexpr uint8_t kId = 4;
  using Key = codec::KeyOf<std::string, Offset>;  // client id, offset of the first event
  using Row = sdk::RawBytes;                      // CorrectedBy
};

// The partition's effective recorded time, of entries and of what was broadcast, where it is not the record's own: a clock
// went back. What a walk from the log's beginning alone would tell. Of a log with one writer the table is empty.
struct Late {
  static constexpr std::string_view kName = "late";
  static constexpr uint8_t kId = 5;
  using Key = codec::KeyOf<std::string, Offset>;  // client id, empty for what was broadcast; offset
  using Row = sdk::RawBytes;                      // EncodeTime
};

// A serialised google.protobuf.Timestamp. On disk; frozen.
std::string EncodeTime(absl::Time time);
// Empty if the bytes are none.
std::optional<absl::Time> DecodeTime(std::string_view bytes);

// On disk, as key parts; frozen.
struct CorrectedBy {
  std::string event_id;
  bool annulled = false;
  // Of that event, in the same journal.
  Offset offset;

  std::string Encode() const { return codec::Key(event_id, static_cast<int32_t>(annulled), offset); }
  // Empty if the bytes are none.
  static std::optional<CorrectedBy> Decode(std::string_view bytes);
};

struct JournalView {
  static constexpr std::string_view kName = "journal";
  static constexpr int32_t kVersion = 4;
  // Attempts that admission refused are part of what happened.
  static constexpr bool kTakesRefused = true;
  using Events = sdk::AllEvents;
  using Tables = sdk::TypeList<Entries, Pairs, Broadcasts, Corrections, Late>;
  using Indexes = sdk::TypeList<>;

  static sdk::Outcome Apply(const sdk::Recorded<events::v1::Event>& recorded, sdk::View<JournalView>& view);
};

}  // namespace kefu::journal

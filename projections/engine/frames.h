#pragma once

// What the engine itself keeps in a partition's store, byte by byte. On disk; frozen. Views are disposable, so a new
// form simply gets a new kFormat, and stores of another format are rebuilt from the log.

#include <absl/time/time.h>

#include <optional>
#include <string>
#include <string_view>

#include "platform/base/hash.h"
#include "platform/base/ids.h"

namespace kefu::engine {

inline constexpr int kFormat = 2;

// Tables beside the views' own.
inline constexpr char kMetaTable[] = "meta";
inline constexpr char kVerdictTable[] = "verdicts";  // offset → Verdict, only where it is not APPLIED
inline constexpr char kParkedTable[] = "parked";     // view table, client, offset → ParkedFrame

// Keys of the meta table.
inline constexpr char kIdentityKey[] = "identity";  // format, log id and partition, as text
std::string ServingKey(std::string_view view);      // → name of the table that serves
std::string BuildingKey(std::string_view view);     // → name of the table that is being built
std::string PreviousKey(std::string_view view);     // → name of the table that served before
std::string RefusedKey(std::string_view view);      // → name of a table that was built and must not serve by itself
std::string ComparedKey(std::string_view view);     // → CompareBuildsResponse of the one being built, in this partition
std::string NoteKey(std::string_view key);          // → what the engine has to tell: a serialised Event
std::string RetriedKey(std::string_view table);     // there if parked events of the table were applied out of turn
std::string PlaceKey(std::string_view table);       // → Place

// The folder of a partition's store below that of the engine.
std::string StoreFolder(const std::string& directory, Partition partition);
// What stands under kIdentityKey.
std::string IdentityText(std::string_view log_id, Partition partition, int32_t partitions);

// How far a view is, and what it saw last: enough to notice that the log is not the one it was folded from.
struct Place {
  Offset next;
  Hash128 last_record;  // of the bytes of the record before `next`; zero at the start
  absl::Time effective_time = absl::UnixEpoch();

  std::string Encode() const;
  static std::optional<Place> Decode(std::string_view bytes);
};

// An event that a view could not take, with all that is needed to try again without the log.
struct ParkedFrame {
  absl::Time recorded_at;
  std::string_view reason;   // empty: waits behind an earlier one
  std::string_view verdict;  // serialised
  std::string_view record;

  std::string Encode() const;
  // Views into `bytes`.
  static std::optional<ParkedFrame> Decode(std::string_view bytes);
};

// "client@3.1": the view, its version, and which build of it.
struct TableName {
  std::string view;
  int32_t version = 0;
  int32_t build = 0;

  std::string Encode() const;
  static std::optional<TableName> Decode(std::string_view text);
  friend bool operator==(const TableName&, const TableName&) = default;
};

}  // namespace kefu::engine

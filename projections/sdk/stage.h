#pragma once

// What lies between folds and storage. The engine has one implementation, the test driver and the auditor have
// another of their own, so that they can disagree.

#include <absl/time/time.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "kefu/events/v1/event.pb.h"
#include "platform/base/ids.h"
#include "projections/sdk/row.h"

namespace kefu::sdk {

// One event as the log has it. Borrowed: dead once Apply returns.
struct RecordedEvent {
  const events::v1::Event* event = nullptr;
  // The recorded bytes.
  std::string_view bytes;
  Partition partition;
  Offset offset;
  // The partition's effective recorded time: the running maximum of `recorded_at`. The only clock there is.
  absl::Time recorded_at;
  // What admission decided. In admission itself: nothing yet.
  const events::v1::Verdict* verdict = nullptr;
};

// The rows of one view in one partition, as of the event in hand. Table ids are those the tables declare.
class Stage {
 public:
  virtual ~Stage() = default;
  // Null if there is no such row. Valid until the event ends.
  virtual const Row* Find(uint8_t table, std::string_view key) = 0;
  // The row to change in place; an empty one if there was none. Valid until the event ends.
  virtual Row* Edit(uint8_t table, std::string_view key) = 0;
  virtual void Erase(uint8_t table, std::string_view key) = 0;
  // Tables of raw bytes.
  virtual std::optional<std::string_view> FindRaw(uint8_t table, std::string_view key) = 0;
  virtual void PutRaw(uint8_t table, std::string_view key, std::string_view value) = 0;
};

// Rows that an event will need, said before it is folded, so that those of many events are read together. A hint: what is
// not named, or named in vain, only costs time.
class RowsAhead {
 public:
  virtual ~RowsAhead() = default;
  virtual void AddEncoded(uint8_t table, std::string key) = 0;

  template <class Table, class... Parts>
  void Add(const Parts&... key) {
    AddEncoded(Table::kId, Table::Key::Encode(key...));
  }
};

// Index entries of one row, gathered.
class IndexKeys {
 public:
  virtual ~IndexKeys() = default;
  virtual void AddEncoded(std::string key) = 0;
};

}  // namespace kefu::sdk

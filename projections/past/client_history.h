#pragma once

// What was recorded of one client up to a cut, read from its journal.

#include <google/protobuf/arena.h>

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "kefu/events/v1/event.pb.h"
#include "projections/engine/engine.h"

namespace kefu::past {

// Up to where. One of them.
struct PartitionCut {
  std::optional<absl::Time> recorded;
  std::optional<Offset> next;
};

// Effective recorded times of a client's records, or of what was broadcast, asked in the order of offsets.
class EffectiveTimes {
 public:
  // `client_id` is empty for what was broadcast.
  static StatusOr<EffectiveTimes> Open(const engine::PartitionView& partition, const std::string& client_id);
  StatusOr<absl::Time> Of(Offset offset, absl::Time stamped);

 private:
  EffectiveTimes(std::string client_id, std::unique_ptr<store::Cursor> late)
      : client_id_(std::move(client_id)), late_(std::move(late)) {}

  std::string client_id_;
  std::unique_ptr<store::Cursor> late_;
};

class ClientHistory {
 public:
  // Its parts belong to the history, or, of a broadcast fact, to what knows those: entries are copied and merged.
  struct Entry {
    Offset offset;
    absl::Time recorded_at;  // effective
    const events::v1::Verdict* verdict = nullptr;
    const events::v1::Event* event = nullptr;
    std::string_view bytes;
  };

  // kFailedPrecondition AS_OF_NEEDS_MOMENT: too many entries, or events of it were corrected. kDataLoss: no entry.
  static StatusOr<std::unique_ptr<ClientHistory>> Read(const engine::PartitionView& partition,
                                                       const std::string& client_id, const PartitionCut& cut);

  const std::vector<Entry>& entries() const { return entries_; }
  // The key of the journal's table that ends what is shown of it.
  const std::string& journal_end() const { return journal_end_; }
  // The offset after the last entry.
  Offset next() const { return entries_.empty() ? Offset(0) : entries_.back().offset.Next(); }

 private:
  google::protobuf::Arena arena_{Blocks()};
  static google::protobuf::ArenaOptions Blocks();
  std::deque<std::string> records_;
  std::vector<Entry> entries_;
  std::string journal_end_;
};

}  // namespace kefu::past
